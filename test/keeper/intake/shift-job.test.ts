import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../../src/base/blockset.js'
import { concatBytes } from '../../../src/base/bytes.js'
import { blockCount } from '../../../src/base/item.js'
import { BLOCK_BYTES, WEAK_SUM_BYTES } from '../../../src/base/limits.js'
import { DiskError } from '../../../src/base/ports.js'
import type { BlockSearch, SearchOrder, SearchReport } from '../../../src/delta/search-port.js'
import { weakSum } from '../../../src/delta/weak-sum.js'
import { hash } from '../../../src/io/hash.js'
import { beginShift, type ShiftJob } from '../../../src/keeper/intake/shift-job.js'
import { STEP_BYTES } from '../../../src/keeper/limits.js'
import { SimDisk } from '../../../src/sim/disk/disk.js'
import { contentOf, digestOfContent, listOf } from '../share-on-disk.js'

const BLOCKS = 80
const old = contentOf(BLOCKS * BLOCK_BYTES)
const wanted = concatBytes([Uint8Array.of(1, 2, 3), old])
const count = blockCount(wanted.length)
const temporary = `.left/tmp/${digestOfContent(wanted)}`
const report = (facts: Partial<SearchReport>): SearchReport => ({
  search: 1,
  found: [],
  isLagging: false,
  isOver: false,
  ...facts,
})
const foundAt = (blockIndex: number) => ({ blockIndex, position: blockIndex * BLOCK_BYTES - 3 })

/** Searches nothing: the test tells what was found. */
class PlayedSearch implements BlockSearch {
  order: SearchOrder | undefined
  cancelled = 0
  begin(order: SearchOrder): void {
    this.order = order
  }
  cancel(): void {
    this.cancelled++
  }
  poll(): undefined {}
}

function begin(
  capacityBytes?: number,
  path = 'a',
): { disk: SimDisk; search: PlayedSearch; job: ShiftJob | undefined } {
  const disk = new SimDisk({ nowMs: () => 0, ...(capacityBytes === undefined ? {} : { capacityBytes }) })
  disk.putFile('a', old)
  disk.makeFolder('.left')
  disk.makeFolder('.left/tmp')
  const sums = new Uint8Array(count * WEAK_SUM_BYTES)
  for (let index = 0; index < count; index++)
    new DataView(sums.buffer).setUint32(
      index * WEAK_SUM_BYTES,
      weakSum(wanted.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)),
    )
  const search = new PlayedSearch()
  const built = {
    temporary,
    needed: BlockSet.full(count),
    held: new BlockSet(count),
    resumedBytes: 0,
    reusedBytes: 0,
    covered: new BlockSet(BLOCKS),
  }
  const source = { path, list: listOf(old), sizeBytes: old.length }
  const list = listOf(wanted)
  const job = beginShift({ disk, hash, search, id: 1, sizeBytes: wanted.length, list, sums, source, built })
  return { disk, search, job }
}

describe('shifted blocks of a temporary file', () => {
  test('are copied where they belong, in steps that write no more than they may', () => {
    const { disk, job } = begin()
    const found = Array.from({ length: BLOCKS }, (_, index) => foundAt(index + 1)).slice(0, -1)
    job!.handleReport(report({ found, isOver: true }))
    const written: number[] = []
    while (job!.busy) {
      const step = job!.step()
      expect(2 * step.length * BLOCK_BYTES).toBeLessThan(STEP_BYTES + 2 * BLOCK_BYTES)
      written.push(...step)
    }
    expect(written).toEqual(found.map(({ blockIndex }) => blockIndex))
    expect([...job!.needed]).toEqual([0, BLOCKS])
    const there = disk.contentOf(temporary)!
    expect(
      Buffer.compare(there.subarray(BLOCK_BYTES), wanted.subarray(BLOCK_BYTES, BLOCKS * BLOCK_BYTES)),
    ).toBe(0)
    expect(job!.isOver).toBe(true)
  })

  test('count only where the old version still has them', () => {
    const { disk, job } = begin()
    const edited = old.slice()
    edited[2 * BLOCK_BYTES]! ^= 1
    disk.putFile('a', edited)
    job!.handleReport(
      report({ found: [foundAt(1), foundAt(2), { blockIndex: 5, position: old.length - 7 }, foundAt(4)] }),
    )
    expect(job!.step()).toEqual([1, 4])
    expect(job!.needed.has(2)).toBe(true)
    expect(job!.needed.has(5)).toBe(true)
  })

  test('are waited for until the search is over, or lags behind', () => {
    const lagging = begin().job!
    expect(lagging.mayFetch).toBe(false)
    lagging.handleReport(report({ found: [foundAt(1)], isLagging: true }))
    expect(lagging.mayFetch).toBe(false)
    lagging.step()
    expect([lagging.mayFetch, lagging.isOver]).toEqual([true, false])
    const over = begin().job!
    over.handleReport(report({ isOver: true }))
    expect([over.mayFetch, over.isOver]).toEqual([true, true])
  })

  test('are not looked for in what cannot be read', () => {
    const { job, search } = begin(undefined, 'nothing there')
    expect(job).toBeUndefined()
    expect(search.order).toBeUndefined()
  })

  test('fail with the disk that is full', () => {
    const { job } = begin(old.length + 3 * BLOCK_BYTES)
    job!.handleReport(report({ found: [1, 2, 3, 4, 5, 6].map(foundAt) }))
    expect(() => job!.step()).toThrow(DiskError)
    job!.close()
  })

  test('are written by nobody after the end, which ends the search', () => {
    const { job, search } = begin()
    job!.close()
    expect(search.cancelled).toBe(1)
  })
})
