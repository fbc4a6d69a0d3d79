import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OwnEdits } from '../../../src/keeper/index/own-edits.js'
import { COUNTS_PER_SECOND, countOf, dotOf, peerOf } from '../../../src/share/dots.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { OURS, START_MS } from '../share-on-disk.js'

/** A share's counts over restarts, on a clock that tests set. */
class Counting {
  nowMs = START_MS
  drawn = 0
  readonly index = new SimIndex()
  private edits = this.opened()

  next(): number {
    const dot = this.edits.nextDot()
    expect(peerOf(dot)).toBe(OURS)
    return countOf(dot)
  }

  restart(): void {
    this.index.crash()
    this.edits = this.opened()
  }

  private opened(): OwnEdits {
    const { index } = this
    return new OwnEdits({
      index,
      firstAuthor: OURS,
      newAuthor: () => 'd'.repeat(16),
      wallMs: () => this.nowMs,
      random: () => this.drawn,
    })
  }
}

const ofSecond = (ms: number) => Math.floor(ms / 1_000) * COUNTS_PER_SECOND

describe('the count of an edit', () => {
  test('runs with the clock', () => {
    const counting = new Counting()
    counting.drawn = 5
    expect(counting.next()).toBe(ofSecond(START_MS) + 5)
    counting.nowMs += 1_000
    expect(counting.next()).toBe(ofSecond(START_MS + 1_000) + 5)
  })

  test('is a later one within a millisecond, whatever is drawn', () => {
    const counting = new Counting()
    counting.drawn = 7
    const first = counting.next()
    for (const [index, drawn] of [7, 0, 3].entries()) {
      counting.drawn = drawn
      expect(counting.next()).toBe(first + 1 + index)
    }
  })

  test('runs ahead of the clock where a second has more edits than counts', () => {
    const counting = new Counting()
    counting.drawn = COUNTS_PER_SECOND - 1
    const last = ofSecond(START_MS) + COUNTS_PER_SECOND - 1
    expect([counting.next(), counting.next()]).toEqual([last, last + 1])
    counting.drawn = 0
    counting.nowMs += 1_000
    // The first count of the next second is taken.
    expect(counting.next()).toBe(last + 2)
  })

  test('goes on from the highest one over a restart, on a clock that was set back by years', () => {
    const counting = new Counting()
    const first = counting.next()
    counting.index.commit()
    counting.nowMs = 0
    counting.restart()
    expect(counting.next()).toBe(first + 1)
    counting.nowMs = START_MS - 365 * 86_400_000
    expect(counting.next()).toBe(first + 2)
  })

  test('is given again after a kill before the commit, of which nobody was told', () => {
    const counting = new Counting()
    counting.index.commit()
    const lost = counting.next()
    counting.restart()
    expect(counting.next()).toBe(lost)
    counting.index.commit()
    counting.restart()
    expect(counting.next()).toBe(lost + 1)
  })

  test('is above those that an older copy of the index does not remember, where the clock went on', () => {
    const counting = new Counting()
    const remembered = counting.next()
    counting.index.commit()
    const forgotten = Array.from({ length: 10 }, () => counting.next())
    counting.nowMs += 1_000
    counting.restart()
    const next = counting.next()
    expect(next).toBeGreaterThan(remembered + forgotten.length)
    expect(forgotten).not.toContain(next)
  })

  test('is none twice among those that survive, whatever happens and whatever the clock says', () => {
    const arbitraryStep = fc.oneof(
      fc.constant('edit' as const),
      fc.constant('commit' as const),
      fc.constant('kill' as const),
      fc.integer({ min: 0, max: 4 * 365 * 86_400 }).map((seconds) => ({ seconds })),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(arbitraryStep, fc.nat(COUNTS_PER_SECOND - 1)), { maxLength: 60 }),
        (steps) => {
          const counting = new Counting()
          const told: number[] = []
          let untold: number[] = []
          for (const [step, drawn] of steps) {
            counting.drawn = drawn
            if (step === 'edit') untold.push(counting.next())
            else if (step === 'commit') {
              counting.index.commit()
              told.push(...untold)
              untold = []
            } else if (step === 'kill') {
              untold = []
              counting.restart()
            } else counting.nowMs = step.seconds * 1_000
          }
          const survived = [...told, ...untold]
          expect(new Set(survived).size).toBe(survived.length)
          expect([...survived].sort((left, right) => left - right)).toEqual(survived)
        },
      ),
    )
  })

  test('has an end, where no edit is given one', () => {
    const counting = new Counting()
    counting.index.putMeta('highest-count', String(Number.MAX_SAFE_INTEGER - 1))
    counting.index.commit()
    counting.restart()
    expect(counting.next()).toBe(Number.MAX_SAFE_INTEGER)
    expect(() => counting.next()).toThrow('run out')
    expect(() => counting.next()).toThrow('run out')
  })
})

test('an edit is of the author that the share has now', () => {
  const index = new SimIndex()
  const edits = new OwnEdits({
    index,
    firstAuthor: 'c'.repeat(16),
    newAuthor: () => 'd'.repeat(16),
    wallMs: () => 1_000,
    random: () => 0,
  })
  expect(edits.author).toBe('c'.repeat(16))
  expect(edits.nextDot()).toBe(dotOf('c'.repeat(16), COUNTS_PER_SECOND))
})
