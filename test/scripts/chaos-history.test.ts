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
    story.touched('A', 'a')
    expect(story.placed('B', 'a', 'first')).toBe(false)
  })
})
