import { describe, expect, test } from 'vitest'
import { Breaker, OWN, PEERS } from '../../../src/keeper/breaker/breaker.js'
import {
  COUNTED_PATHS_MAX,
  COUNTED_TEXT_MAX,
  HOUR_MS,
  ORIGINS_MAX,
} from '../../../src/keeper/breaker/limits.js'
import { MAX_DELETE, type MaxDelete, NO_MAX_DELETE } from '../../../src/pipe/settings.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { SeededRandom } from '../../../src/sim/random.js'

const A = 'a'.repeat(16)
const B = 'b'.repeat(16)

class Setting {
  nowMs = 1_700_000_000_000
  files = 100
  readonly index = new SimIndex()
  breaker = this.opened()

  constructor(private readonly maxDelete: MaxDelete = MAX_DELETE) {
    this.breaker = this.opened()
  }

  /** As after a kill. */
  opened(): Breaker {
    const { index } = this
    const maxDelete = this.maxDelete ?? MAX_DELETE
    this.breaker = new Breaker({ index, wallMs: () => this.nowMs, maxDelete, files: () => this.files })
    return this.breaker
  }

  /** Files are deleted one after the other. */
  delete(origin: string, count: number, from = 0): void {
    for (let each = from; each < from + count; each++) {
      this.files--
      this.breaker.handleDeleted([origin], [`${each}`])
    }
  }
}

describe('deletions of one origin', () => {
  test('are too many above 25% of the files that there were, at once or one after the other', () => {
    const setting = new Setting()
    expect(setting.breaker.exceeds(A, 25)).toBe(false)
    expect(setting.breaker.exceeds(A, 26)).toBe(true)
    setting.delete(A, 24)
    expect(setting.breaker.exceeds(A, 1)).toBe(false)
    expect(setting.breaker.exceeds(A, 2)).toBe(true)
    expect(setting.breaker.exceeds(B, 25)).toBe(false)
  })

  test('are never too many up to 20', () => {
    const setting = new Setting()
    setting.files = 30
    expect(setting.breaker.exceeds(A, 20)).toBe(false)
    expect(setting.breaker.exceeds(A, 21)).toBe(true)
  })

  test('are forgotten after 24 hours, and not before', () => {
    const setting = new Setting()
    setting.delete(A, 25)
    setting.nowMs += 23 * HOUR_MS
    expect(setting.breaker.exceeds(A, 1)).toBe(true)
    setting.nowMs += HOUR_MS
    expect(setting.breaker.exceeds(A, 1)).toBe(false)
  })

  test('are counted on after a kill, from the last commit on', () => {
    const setting = new Setting()
    setting.delete(A, 25)
    setting.breaker.trip(B)
    setting.index.commit()
    setting.delete(A, 1, 100)
    setting.index.crash()
    setting.files = 75
    const breaker = setting.opened()
    expect(breaker.exceeds(A, 0)).toBe(false)
    expect(breaker.exceeds(A, 1)).toBe(true)
    expect(breaker.isTripped(B)).toBe(true)
  })

  test('of one path count once', () => {
    const setting = new Setting()
    for (let time = 0; time < 100; time++)
      if (!setting.breaker.wasCounted(A, 'log')) setting.breaker.handleReplaced([A], 'log')
    expect(setting.breaker.exceeds(A, 24)).toBe(false)
    expect(setting.breaker.wasCounted(B, 'log')).toBe(false)
    setting.nowMs += 24 * HOUR_MS
    expect(setting.breaker.wasCounted(A, 'log')).toBe(false)
  })

  test('are counted where a clock is set back', () => {
    const setting = new Setting()
    setting.delete(A, 25)
    setting.nowMs -= 1_000 * HOUR_MS
    expect(setting.breaker.exceeds(A, 1)).toBe(true)
  })
})

test.each([
  ['short', 10, COUNTED_PATHS_MAX],
  ['long', 4_000, Math.floor(COUNTED_TEXT_MAX / 4_017)],
])('as many %s paths as there is room for count once, and those before them again', (_, units, countMax) => {
  const { breaker } = new Setting()
  const pathOf = (index: number) => String(index).padStart(units, '0')
  for (let index = 0; index < countMax; index++) breaker.handleDeleted([A], [pathOf(index)])
  expect(breaker.wasCounted(A, pathOf(0))).toBe(true)
  breaker.handleDeleted([A], [pathOf(countMax)])
  const counted = [0, 1, countMax].map((index) => breaker.wasCounted(A, pathOf(index)))
  expect(counted).toEqual([false, true, true])
})

test('a path that is counted again takes its room once', () => {
  const { breaker } = new Setting()
  const long = 'x'.repeat(COUNTED_TEXT_MAX / 4)
  breaker.handleDeleted([A], ['first'])
  for (let time = 0; time < 10; time++) breaker.handleDeleted([A], [long])
  expect(breaker.wasCounted(A, 'first')).toBe(true)
})

test('all peers together may delete twice as much as one', () => {
  const setting = new Setting()
  expect(setting.breaker.exceeds(PEERS, 50)).toBe(false)
  expect(setting.breaker.exceeds(PEERS, 51)).toBe(true)
})

test('authors that a peer invents count as one where they are too many', () => {
  const setting = new Setting()
  for (let each = 0; each < ORIGINS_MAX + 26; each++)
    setting.breaker.handleReplaced([`${each}`.padStart(16, '0')], `${each}`)
  expect(setting.breaker.exceeds('f'.repeat(16), 0)).toBe(true)
  expect(setting.index.getMeta('breaker-counts')!.length).toBeLessThan(ORIGINS_MAX * 50)
})

test('nothing is too much where a person says so, and all of the share is allowed with a larger part', () => {
  expect(new Setting(NO_MAX_DELETE).breaker.exceeds(A, 1_000)).toBe(false)
  const half = new Setting({ ...MAX_DELETE, percent: 50 })
  expect(half.breaker.exceeds(A, 50)).toBe(false)
  expect(half.breaker.exceeds(A, 51)).toBe(true)
})

test('what a person confirms may go, once, whoever tells of it', () => {
  const setting = new Setting()
  setting.delete(A, 10)
  setting.breaker.trip(A)
  setting.breaker.close(new Map([[A, 60]]))
  expect(setting.breaker.isTripped(A)).toBe(false)
  expect(setting.breaker.exceeds(A, 60)).toBe(false)
  setting.delete(A, 60, 200)
  expect(setting.breaker.exceeds(A, 26)).toBe(true)
  setting.breaker.trip(OWN)
  setting.breaker.close()
  expect(setting.breaker.exceeds(A, 20)).toBe(false)
})

test('whatever stands in the index is read without a fault', () => {
  const random = new SeededRandom(8)
  const pieces = ['own', ' ', ':', ',', '\n', '5', '-', 'x', '1e9', A, 'NaN']
  for (let run = 0; run < 300; run++) {
    const setting = new Setting()
    const text = Array.from({ length: random.below(30) }, () => pieces[random.below(pieces.length)]).join('')
    setting.index.putMeta('breaker-counts', text)
    setting.index.putMeta('breaker-tripped', text)
    const breaker = setting.opened()
    breaker.handleDeleted([A], ['x'])
    expect(typeof breaker.exceeds(A, 1)).toBe('boolean')
  }
})
