import { beforeEach, describe, expect, test } from 'vitest'
import { hash } from '../../../src/io/hash.js'
import { Catalogue } from '../../../src/keeper/index/catalogue.js'
import { FULL_DISK_RETRY_MS } from '../../../src/keeper/limits.js'
import { Announcer } from '../../../src/keeper/peers/announcer.js'
import {
  ANNOUNCE_MS,
  ANNOUNCE_SPACING_MS,
  ANNOUNCE_SPACING_MS_MIN,
  RELAY_ANNOUNCE_MS,
} from '../../../src/keeper/peers/limits.js'
import { CHANGES_LISTED_MAX } from '../../../src/pipe/limits.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { digestOf, fileEntry } from '../../share/entries.js'
import { countedEdits } from '../share-on-disk.js'

const OWN = true
const RELAYED = false

let index: SimIndex
let catalogue: Catalogue
let announcer: Announcer
let isFull: boolean
beforeEach(() => {
  index = new SimIndex()
  isFull = false
  catalogue = new Catalogue(hash, index)
  announcer = new Announcer(catalogue, countedEdits(index, 'a'.repeat(16)))
})

/** The news that are due, once what they tell is on the disk. */
function poll(nowMs: number): ReturnType<Announcer['take']> {
  if (!announcer.isDue(nowMs)) return undefined
  if (isFull) {
    announcer.handleFull(nowMs)
    return undefined
  }
  catalogue.commit()
  return announcer.take(nowMs)
}

function change(path: string, urgent: boolean, nowMs: number): void {
  catalogue.record(fileEntry(path, { digest: digestOf(`${path} ${nowMs}`) }), undefined)
  announcer.handleChange(urgent, nowMs)
}

/** When the news that are pending are told; they are then told. */
function toldAtMs(): number {
  const dueMs = announcer.pollTimeout()!
  expect(poll(dueMs - 1)).toBeUndefined()
  expect(poll(dueMs)).toBeDefined()
  return dueMs
}

describe('the peers are told', () => {
  test('of a first change almost at once, of a stream of them in batches', () => {
    change('a', OWN, 1_000)
    expect(toldAtMs()).toBe(1_000 + ANNOUNCE_MS)
    let toldMs = 1_000 + ANNOUNCE_MS
    for (const spacingMs of [ANNOUNCE_SPACING_MS_MIN, 2 * ANNOUNCE_SPACING_MS_MIN, ANNOUNCE_SPACING_MS]) {
      change('b', OWN, toldMs + 1)
      change('c', OWN, toldMs + 2)
      expect(toldAtMs()).toBe(toldMs + spacingMs)
      toldMs += spacingMs
    }
    change('d', OWN, toldMs + 1)
    expect(toldAtMs()).toBe(toldMs + ANNOUNCE_SPACING_MS)
    change('d', OWN, 5_000)
    expect(toldAtMs()).toBe(5_000 + ANNOUNCE_MS)
  })

  test('of what came from other peers only now and then, unless something more urgent comes', () => {
    change('a', RELAYED, 1_000)
    change('b', RELAYED, 2_000)
    expect(toldAtMs()).toBe(1_000 + RELAY_ANNOUNCE_MS)
    change('c', RELAYED, 6_000)
    change('d', OWN, 7_000)
    expect(toldAtMs()).toBe(7_000 + ANNOUNCE_MS)
  })

  test('of nothing that a restart would not know: while the disk is full, of nothing at all', () => {
    change('a', OWN, 1_000)
    isFull = true
    expect(poll(2_000)).toBeUndefined()
    expect(announcer.pollTimeout()).toBe(2_000 + FULL_DISK_RETRY_MS)
    isFull = false
    toldAtMs()
  })

  test('when the share is known for the first time, even where it is empty', () => {
    announcer.handleReady(0)
    expect(poll(0)).toEqual({
      type: 'root',
      root: catalogue.manifest.root(),
      own: { author: 'a'.repeat(16), gaps: [{ last: 0, first: 1 }], highest: 0 },
      changes: [],
      whole: [],
      files: 0,
      notHeldCount: 0,
    })
  })

  test('how much is not held, also where nothing else is new', () => {
    const file = fileEntry('a')
    catalogue.recordNotHeld(file)
    announcer.handleChange(OWN, 0)
    expect(poll(10_000)).toMatchObject({ notHeldCount: 1 })
    catalogue.record(file, undefined)
    announcer.handleChange(OWN, 20_000)
    expect(poll(40_000)).toMatchObject({ root: catalogue.manifest.root(), notHeldCount: 0 })
  })

  test('only what a kill cannot take back', () => {
    change('a', OWN, 0)
    toldAtMs()
    index.crash()
    expect(new Catalogue(hash, index).get('a')).toBeDefined()
  })

  test('nothing where the share is as it was told before', () => {
    change('a', OWN, 0)
    toldAtMs()
    announcer.handleChange(OWN, 1_000)
    expect(poll(10_000)).toBeUndefined()
    expect(announcer.pollTimeout()).toBeUndefined()
  })
})

describe('the news', () => {
  test('hold the changes and, where it is little, everything', () => {
    change('a', OWN, 0)
    const news = poll(ANNOUNCE_MS)!
    expect(news.changes).toHaveLength(1)
    expect(news.whole).toEqual([...catalogue.manifest.entries()])
    expect(news.files).toBe(1)
  })

  test.each([
    [CHANGES_LISTED_MAX, true],
    [CHANGES_LISTED_MAX + 1, false],
  ])('of a share of %i entries hold everything: %s', (count, isWhole) => {
    for (let entry = 0; entry < count; entry++) change(`${entry}`, OWN, 0)
    const news = poll(ANNOUNCE_MS)!
    expect(news.whole !== undefined).toBe(isWhole)
    expect(news.changes !== undefined).toBe(isWhole)
  })
})
