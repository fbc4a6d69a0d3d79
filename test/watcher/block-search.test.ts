import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { concatBytes } from '../../src/base/bytes.js'
import { BLOCK_BYTES, WEAK_SUM_BYTES } from '../../src/base/limits.js'
import type { SearchReport } from '../../src/delta/search-port.js'
import { weakSum } from '../../src/delta/weak-sum.js'
import { hash } from '../../src/io/hash.js'
import { contentOf } from '../../src/sim/edits.js'
import { ThreadedSearch } from '../../src/watcher/block-search.js'

const BLOCKS = 40
const old = contentOf(1, BLOCKS * BLOCK_BYTES)
const fresh = concatBytes([contentOf(2, 100), old])
let folder: string
let search: ThreadedSearch
let onReport: () => void
const closed: number[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'left-search-'))
  writeFileSync(join(folder, 'old'), old)
  closed.length = 0
  onReport = () => {}
  const close = (handle: number) => {
    closeSync(handle)
    closed.push(handle)
  }
  search = new ThreadedSearch({ close }, () => onReport())
})

afterEach(() => rmSync(folder, { recursive: true }))

function begin(id: number, blocks = fresh): number {
  const count = Math.ceil(blocks.length / BLOCK_BYTES)
  const parts = Array.from({ length: count }, (_, index) =>
    blocks.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES),
  )
  const sums = new Uint8Array(count * WEAK_SUM_BYTES)
  for (const [index, part] of parts.entries())
    new DataView(sums.buffer).setUint32(index * WEAK_SUM_BYTES, weakSum(part))
  const handle = openSync(join(folder, 'old'), 'r')
  search.begin({
    search: id,
    handle,
    input: {
      sizeBytes: blocks.length,
      list: concatBytes(parts.map(hash)),
      sums,
      needed: BlockSet.full(count).toBytes(),
      oldSizeBytes: old.length,
      covered: new Uint8Array(BLOCKS / 8),
    },
  })
  return handle
}

/** Reports until these searches are over. */
function untilOver(...ids: readonly number[]): Promise<SearchReport[]> {
  const reports: SearchReport[] = []
  const left = new Set(ids)
  return new Promise((resolve) => {
    onReport = () => {
      for (let report = search.poll(); report !== undefined; report = search.poll()) {
        reports.push(report)
        if (report.isOver) left.delete(report.search)
      }
      if (left.size === 0) resolve(reports)
    }
    onReport()
  })
}

async function untilClosed(count: number): Promise<void> {
  while (closed.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a search in a thread', () => {
  test('finds what the search finds, one search after the other, and closes the files', async () => {
    const handles = [begin(1), begin(2)]
    const reports = await untilOver(1, 2)
    for (const id of [1, 2]) {
      const found = reports.filter((report) => report.search === id).flatMap((report) => report.found)
      expect(found.map(({ blockIndex }) => blockIndex).sort((left, right) => left - right)).toEqual(
        Array.from({ length: BLOCKS }, (_, index) => index + 1),
      )
      for (const { blockIndex, position } of found) expect(position).toBe(blockIndex * BLOCK_BYTES - 100)
    }
    await untilClosed(2)
    expect(closed).toEqual(handles)
  })

  test('tells nothing more once it is cancelled, whether it has begun or not, and closes the file', async () => {
    const handles = [begin(1), begin(2), begin(3)]
    search.cancel(2)
    expect(closed).toEqual([handles[1]])
    search.cancel(1)
    const reports = await untilOver(3)
    expect(new Set(reports.map((report) => report.search))).toEqual(new Set([3]))
    await untilClosed(3)
    expect(() => fstatSync(handles[0]!)).toThrow('EBADF')
  })

  test('is over where the file cannot be read', async () => {
    const handle = openSync(folder, 'r')
    search.begin({
      search: 1,
      handle,
      input: {
        sizeBytes: 16 * BLOCK_BYTES,
        list: new Uint8Array(16 * 32),
        sums: new Uint8Array(16 * WEAK_SUM_BYTES).fill(1),
        needed: BlockSet.full(16).toBytes(),
        oldSizeBytes: 20 * BLOCK_BYTES,
        covered: new Uint8Array(3),
      },
    })
    expect(await untilOver(1)).toEqual([{ search: 1, found: [], isLagging: false, isOver: true }])
    await untilClosed(1)
  })
})
