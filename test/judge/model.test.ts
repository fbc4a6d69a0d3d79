// Both sides of what the model asks for: what must stand, what must not, and what nobody can tell.

import { describe, expect, test } from 'vitest'
import { Model, type Standing, UNSEEN_MS_MAX } from '../../src/judge/model.js'

const EMPTY = 'empty'

/** Two machines, A and B; each step comes a second after the one before. */
class Story {
  readonly model = new Model((digest) => digest === EMPTY)
  private nowMs = 0

  did(peer: string, path: string, before: string | undefined, after: string | undefined): this {
    this.model.edited({ peer, path, before, after, atMs: this.tick() })
    return this
  }

  placed(peer: string, path: string, digest: string): boolean {
    return this.model.placed(peer, path, digest, this.tick())
  }

  /** LEFT brings a content over. */
  got(peer: string, path: string, digest: string): this {
    this.placed(peer, path, digest)
    return this
  }

  faults(
    files: Readonly<Record<string, string>>,
    trash: readonly string[] = [],
    unwritable: readonly string[] = [],
  ): string[] {
    const standing: Standing = {
      name: 'A',
      files: new Map(Object.entries(files)),
      unwritable: new Set(unwritable),
      trash: new Set(trash),
    }
    return this.model.judge([standing]).map(({ type, digest }) => `${digest} ${type}`)
  }

  tick(): number {
    this.nowMs += 1_000
    return this.nowMs
  }
}

/** A made it, B got it. */
const shared = () => new Story().did('A', 'a', undefined, 'one').got('B', 'a', 'one')

describe('what must stand', () => {
  test('is what somebody made and nobody replaced: in a share, in a conflict copy, in a trash', () => {
    expect(shared().faults({})).toEqual(['one lost'])
    expect(shared().faults({ a: 'one' })).toEqual([])
    expect(shared().faults({}, ['one'])).toEqual([])
    const apart = new Story().did('A', 'a', undefined, 'one').did('B', 'a', undefined, 'two')
    expect(apart.faults({ a: 'two' })).toEqual(['one lost'])
    expect(apart.faults({ a: 'two', 'a.conflict-20261121-000000-12345678': 'one' })).toEqual([])
  })

  test('is not what somebody deleted or replaced who had it', () => {
    expect(shared().did('B', 'a', 'one', undefined).faults({})).toEqual([])
    expect(shared().did('B', 'a', 'one', 'two').faults({ a: 'two' })).toEqual([])
  })

  test('is an edit that the deletion had not seen', () => {
    const story = shared().did('A', 'a', 'one', 'two').did('B', 'a', 'one', undefined)
    expect(story.faults({})).toEqual(['two lost'])
    expect(story.faults({ a: 'two' })).toEqual([])
  })

  test('is not an empty file', () => {
    expect(new Story().did('A', 'a', undefined, EMPTY).faults({})).toEqual([])
  })

  test('is not what only a lost disk held', () => {
    const story = new Story().did('A', 'a', undefined, 'one')
    story.model.lost('A', 'a', 'one')
    expect(story.faults({})).toEqual([])
  })

  test('is a content that was made anew after its deletion', () => {
    const story = shared().did('B', 'a', 'one', undefined).did('B', 'a', undefined, 'one')
    expect(story.faults({})).toEqual(['one lost'])
    expect(story.faults({ a: 'one' })).toEqual([])
  })
})

describe('what must not stand', () => {
  test('is what nobody made', () => {
    expect(shared().faults({ a: 'one', b: 'other' })).toEqual(['other nobody-made-it'])
  })

  test('is what was deleted or replaced by somebody who had seen it', () => {
    expect(shared().did('B', 'a', 'one', undefined).faults({ a: 'one' })).toEqual(['one came-back'])
    expect(shared().did('B', 'a', 'one', 'two').faults({ a: 'one' }, ['two'])).toEqual(['one came-back'])
  })

  test('may stand where LEFT writes nothing, and only there', () => {
    const story = shared().did('B', 'a', 'one', undefined)
    expect(story.faults({ a: 'one' }, [], ['a'])).toEqual([])
    expect(story.faults({ a: 'one' }, [], ['b'])).toEqual(['one came-back'])
  })

  test('is what a later edit of the maker replaced, whoever deletes that', () => {
    const story = shared().did('A', 'a', 'one', 'two').got('B', 'a', 'two').did('B', 'a', 'two', undefined)
    expect(story.faults({ a: 'one' })).toEqual(['one came-back'])
  })

  test('is what was deleted or replaced, unless the same befell another that nobody had seen who did it', () => {
    const apart = () => new Story().did('A', 'a', undefined, 'one').did('B', 'a', undefined, 'two')
    const deleted = apart().did('A', 'a', 'one', undefined).did('B', 'a', 'two', undefined)
    expect(deleted.faults({ a: 'one' })).toEqual([])
    const replaced = apart().did('A', 'a', 'one', 'three').did('B', 'a', 'two', 'four')
    expect(replaced.faults({ a: 'one' }, ['three', 'four'])).toEqual([])
    expect(apart().did('A', 'a', 'one', undefined).faults({ a: 'one' }, ['two'])).toEqual(['one came-back'])
    const seen = apart().got('A', 'a', 'two').did('A', 'a', 'one', undefined).did('B', 'a', 'two', undefined)
    expect(seen.faults({ a: 'one' })).toEqual(['one came-back'])
    expect(seen.faults({ a: 'two' })).toEqual(['two came-back'])
  })

  test('is a conflict copy of what met no other edit', () => {
    const copy = 'a.conflict-20261121-000000-12345678'
    expect(
      shared()
        .did('B', 'a', 'one', 'two')
        .faults({ a: 'two', [copy]: 'one' }),
    ).toEqual(['one came-back'])
    const met = shared().did('A', 'a', 'one', 'three').did('B', 'a', 'one', 'two')
    expect(met.faults({ a: 'two', [copy]: 'three' })).toEqual([])
  })

  test('is a conflict copy of what somebody replaced long before the power went, and not just before', () => {
    const copy = 'a.conflict-20261121-000000-12345678'
    const faultsWithLoss = (afterMs: number): string[] => {
      const story = shared().did('B', 'a', 'one', 'two')
      story.model.handlePowerLoss('B', story.tick() + afterMs, false)
      story.got('A', copy, 'one').got('A', 'a', 'two').did('A', 'a', 'two', 'three')
      return story.faults({ a: 'three', [copy]: 'one' })
    }
    expect(faultsWithLoss(UNSEEN_MS_MAX)).toEqual(['one came-back'])
    expect(faultsWithLoss(0)).toEqual([])
  })

  test('is not what somebody else touched or made anew meanwhile', () => {
    const touched = shared().did('A', 'a', 'one', 'one').did('B', 'a', 'one', undefined)
    expect(touched.faults({ a: 'one' })).toEqual([])
    const anew = shared()
      .did('A', 'a', 'one', 'two')
      .did('B', 'a', 'one', undefined)
      .did('A', 'a', 'two', 'one')
    expect(anew.faults({ a: 'one' }, ['two'])).toEqual([])
  })

  test('is not what lost to the content that somebody touched, and is what that somebody wrote over', () => {
    // B's loses against A's, which A deletes meanwhile: then B's is the only edit left.
    const met = () =>
      new Story().did('A', 'a', undefined, 'one').did('B', 'a', undefined, 'two').got('B', 'a', 'one')
    expect(met().did('A', 'a', 'one', undefined).did('B', 'a', 'one', 'one').faults({ a: 'two' })).toEqual([])
    const written = met().did('A', 'a', 'one', undefined).did('B', 'a', 'one', 'three')
    expect(written.faults({ a: 'two' }, ['three'])).toEqual(['two came-back'])
    const touched = shared().did('B', 'a', 'one', 'two').did('B', 'a', 'two', 'two')
    expect(touched.faults({ a: 'one' }, ['two'])).toEqual(['one came-back'])
  })

  test('is not what lost to a folder whose mode somebody changed, and is what somebody made a folder of', () => {
    const one = () => new Story().did('A', 'a', undefined, 'one')
    const touched = one()
    touched.model.placedFolder('A', 'a')
    touched.model.touchedFolder('A', 'a', touched.tick())
    expect(touched.faults({ a: 'one' })).toEqual([])
    const made = one()
    made.model.madeFolder('A', 'a', made.tick())
    expect(made.faults({ a: 'one' })).toEqual(['one came-back'])
  })

  test('is not what somebody deleted and took back, and is what that somebody wrote over once it had come', () => {
    const copy = 'a.conflict-20261121-000000-12345678'
    const undone = () => {
      const story = shared().did('B', 'a', 'one', undefined)
      story.model.takeRemovalBack('B', 'a')
      return story
    }
    const meanwhile = undone().did('B', 'a', undefined, 'two')
    expect(meanwhile.faults({ a: 'one', [copy]: 'two' })).toEqual([])
    expect(meanwhile.faults({ a: 'two', [copy]: 'one' })).toEqual([])
    const afterwards = undone().got('B', 'a', 'one').did('B', 'a', 'one', 'two')
    expect(afterwards.faults({ a: 'one' }, ['two'])).toEqual(['one came-back'])
    expect(undone().got('B', 'a', 'one').did('B', 'a', 'one', undefined).faults({ a: 'one' })).toEqual([
      'one came-back',
    ])
  })

  test('shows at once where it comes back to the machine that deleted it', () => {
    expect(shared().did('B', 'a', 'one', undefined).placed('B', 'a', 'one')).toBe(true)
    const edited = shared().did('A', 'a', 'one', 'two').did('B', 'a', 'one', undefined)
    expect(edited.placed('B', 'a', 'two')).toBe(false)
    expect(
      new Story().did('A', 'a', undefined, 'one').did('B', 'a', undefined, undefined).placed('B', 'a', 'one'),
    ).toBe(false)
  })
})

describe('what nobody can tell', () => {
  test('is what was placed just before LEFT died', () => {
    const died = shared()
    died.model.handleDeath('B', died.tick() - 500)
    died.did('B', 'a', 'one', 'two')
    expect(died.faults({ a: 'one', 'a.conflict-20261121-000000-12345678': 'two' })).toEqual([])
    const late = shared()
    late.tick()
    late.model.handleDeath('B', late.tick())
    late.did('B', 'a', 'one', 'two')
    expect(late.faults({ a: 'one' }, ['two'])).toEqual(['one came-back'])
  })

  test('is a link that was placed just before LEFT died, and removed or replaced before that', () => {
    const removed = (after: string | undefined, isLink: boolean, seconds: number) => {
      const story = new Story().did('A', 'a', undefined, 'one')
      story.model.placed('B', 'a', 'one', story.tick(), isLink)
      for (let second = 1; second < seconds; second++) story.tick()
      story.did('B', 'a', 'one', after)
      story.model.handleDeath('B', story.tick() - 1_000)
      return story.faults({ a: 'one' }, ['two'])
    }
    for (const after of [undefined, 'two']) {
      expect(removed(after, true, 1)).toEqual([])
      expect(removed(after, true, 2)).toEqual(['one came-back'])
      expect(removed(after, false, 1)).toEqual(['one came-back'])
    }
  })

  test('is a deletion just before a loss of power', () => {
    const story = shared().did('B', 'a', 'one', undefined)
    story.model.handlePowerLoss('B', story.tick(), false)
    expect(story.faults({ a: 'one' })).toEqual([])
  })

  test('is a deletion after a loss of power, until LEFT has looked, where it had not been stopped', () => {
    for (const [isStopped, isLookedAt, comesBack] of [
      [false, false, false],
      [false, true, true],
      [true, false, true],
    ] as const) {
      const story = new Story().did('B', 'a', undefined, 'one').got('A', 'a', 'one')
      story.model.handleDeath('B', story.tick())
      story.model.handlePowerLoss('B', story.tick(), isStopped)
      if (isLookedAt) story.model.handleOpened('B')
      story.did('B', 'a', 'one', undefined)
      expect(story.placed('B', 'a', 'one')).toBe(comesBack)
      expect(story.faults({ a: 'one' })).toEqual(comesBack ? ['one came-back'] : [])
      expect(story.faults({})).toEqual([])
    }
  })

  test('is not what somebody wrote over after a loss of power, before LEFT looked', () => {
    const story = new Story().did('B', 'a', undefined, 'one').got('A', 'a', 'one')
    story.model.handlePowerLoss('B', story.tick(), false)
    story.did('B', 'a', 'one', 'two')
    expect(story.faults({ a: 'one' }, ['two'])).toEqual(['one came-back'])
  })

  test('is what others have of a file that a loss of power tore, where a person removes the torn one', () => {
    for (const [isStopped, isLookedAt, faults] of [
      [false, true, []],
      [false, false, []],
      [true, false, ['one came-back']],
    ] as const) {
      const story = shared()
      // Long before the loss.
      for (let seconds = 0; seconds < 60; seconds++) story.tick()
      story.model.handleDeath('A', story.tick())
      story.model.handlePowerLoss('A', story.tick(), isStopped)
      story.model.damaged({ peer: 'A', path: 'a', before: 'one', after: 'torn', atMs: story.tick() })
      if (isLookedAt) story.model.handleOpened('A')
      story.did('A', 'a', 'torn', undefined)
      expect(story.faults({ a: 'one' })).toEqual(faults)
    }
  })

  test('is what an older copy of the share brought back', () => {
    const story = shared()
    const memory = story.model.memoryOf('A', story.tick())
    story.did('B', 'a', 'one', undefined)
    story.model.putBack('A', memory, new Map([['a', 'one']]), story.tick())
    expect(story.faults({ a: 'one' })).toEqual([])
    expect(story.faults({})).toEqual([])
  })

  test('is gone with an only copy, and no more than that', () => {
    const story = shared().did('A', 'a', 'one', 'two')
    story.model.loseOnlyCopy('a', story.tick(), (digest) => digest === 'one')
    expect([...story.model.goneAt('a')]).toEqual(['two'])
    expect(story.model.isBeforeLoss('a', 'one')).toBe(true)
    story.did('A', 'a', undefined, 'three')
    expect(story.model.isBeforeLoss('a', 'three')).toBe(false)
    expect([...story.model.goneAt('a')]).toEqual(['two'])
  })

  test('is gone where its last copy was replaced and nobody is told, and what was made since is after it', () => {
    const story = shared().did('A', 'a', 'one', 'two').did('A', 'a', 'two', 'three')
    story.model.replaceLastUntold('a', 'two')
    expect([...story.model.goneAt('a')]).toEqual(['two'])
    expect(['one', 'two', 'three'].map((digest) => story.model.isBeforeLoss('a', digest))).toEqual([
      true,
      true,
      false,
    ])
    story.model.replaceLastUntold('a', 'one')
    expect(story.model.isBeforeLoss('a', 'two')).toBe(true)
    story.model.replaceLastUntold('b', 'three')
    expect([...story.model.goneAt('b')]).toEqual([])
  })
})
