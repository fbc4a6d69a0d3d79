import { describe, expect, it } from 'vitest'
import { History } from '../../scripts/chaos/history.js'

function history(): History {
  let nowMs = 0
  return new History(() => ++nowMs)
}

/** A made a file, B got it and removed it. */
function removedAtB(): History {
  const story = history()
  story.edited('A', 'a', undefined, 'first')
  story.placed('B', 'a', 'first')
  story.edited('B', 'a', 'first', undefined)
  return story
}

describe('what the people of a chaos run did', () => {
  it('tells that a content came back to the peer where it was removed', () => {
    const story = removedAtB()
    expect(story.placed('B', 'a', 'first')).toBe(true)
  })

  it('tells that the last one of a chain of edits came back', () => {
    const story = history()
    story.edited('A', 'a', undefined, 'first')
    story.placed('B', 'a', 'first')
    story.edited('B', 'a', 'first', 'second')
    story.edited('B', 'a', 'second', undefined)
    expect(story.placed('B', 'a', 'second')).toBe(true)
  })

  it('excuses a content that met another one in a conflict, though that was removed since', () => {
    const story = history()
    story.edited('C', 'a', undefined, 'of C')
    story.edited('A', 'a', undefined, 'of A')
    story.edited('C', 'a', 'of C', undefined)
    story.placed('B', 'a', 'of A')
    story.edited('B', 'a', 'of A', undefined)
    expect(story.placed('B', 'a', 'of A')).toBe(false)
  })

  it('excuses a content that somebody touched after it was removed', () => {
    const story = removedAtB()
    story.touched('A', 'a', 'first')
    expect(story.placed('B', 'a', 'first')).toBe(false)
  })

  describe('where an older copy of a share is put back', () => {
    const files = (contents: Readonly<Record<string, string>>) =>
      new Map(Object.entries(contents).map(([path, digest]) => [path, { kind: 'file', digest }]))
    const requiredOf = (story: History) => story.judge([]).map(({ digest }) => digest)

    /** A wrote two versions; `copied` was in the copy that is put back. */
    function putBackAtA(
      copied: Readonly<Record<string, string>>,
      atB: Readonly<Record<string, string>>,
    ): History {
      const story = history()
      story.edited('A', 'a', undefined, 'first')
      const memory = story.memoryOf('A')
      story.edited('A', 'a', 'first', 'second')
      story.putBack('A', {
        before: files({ a: 'second' }),
        after: files(copied),
        elsewhere: [files(atB)],
        memory,
      })
      return story
    }

    it.each([
      { standing: [], required: [] },
      { standing: ['loser'], required: ['loser'] },
    ])(
      'asks for a content of the trash only where it stands elsewhere: $standing',
      ({ standing, required }) => {
        const story = history()
        story.edited('B', 'a', undefined, 'loser')
        story.emptiedTrash('A', [{ path: 'a', digest: 'loser' }], new Set(standing))
        expect(requiredOf(story)).toEqual(required)
      },
    )

    it('lets a content go that no other share had received', () => {
      const story = putBackAtA({ a: 'first' }, { a: 'first' })
      expect(requiredOf(story)).toEqual([])
      expect([...story.givenUpAt('a')]).toEqual(['second'])
    })

    it.each(['a', 'a.conflict-20261121-000005-883a8414'])(
      'asks for one that another share has at %s',
      (path) => {
        const story = putBackAtA({ a: 'first' }, { [path]: 'second' })
        expect(requiredOf(story)).toEqual(['second'])
        expect([...story.givenUpAt('a')]).toEqual([])
      },
    )

    it('lets it go where another share has the same by chance at another path', () => {
      expect(requiredOf(putBackAtA({ a: 'first' }, { b: 'second' }))).toEqual([])
    })

    it('asks for one that stands in the copy as well', () => {
      expect(requiredOf(putBackAtA({ a: 'second' }, {}))).toEqual(['second'])
    })

    it('asks for what is edited after that', () => {
      const story = putBackAtA({ a: 'first' }, {})
      story.edited('A', 'a', 'first', 'third')
      expect(requiredOf(story)).toEqual(['third'])
    })

    it('excuses what comes back to another peer that had removed it', () => {
      const story = removedAtB()
      const memory = story.memoryOf('A')
      story.putBack('A', {
        before: files({}),
        after: files({ a: 'first' }),
        elsewhere: [],
        memory,
      })
      expect(story.placed('B', 'a', 'first')).toBe(false)
    })
  })
})
