import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { concatBytes } from '../../src/base/bytes.js'
import { blockBytes, blockCount } from '../../src/base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, WEAK_SUM_BYTES } from '../../src/base/limits.js'
import {
  FOUND_EXTENDS_BYTES,
  FRUITLESS_BYTES_MAX,
  HEAD_START_BYTES,
  PROBES_MAX,
  SEARCH_BLOCKS_MAX,
  SEARCH_BUFFER_BYTES,
  SEARCH_NEEDED_MIN,
} from '../../src/delta/limits.js'
import { planReuse } from '../../src/delta/reuse.js'
import { isWorthSearching, type ShiftInput, ShiftSearch } from '../../src/delta/shift-search.js'
import { WantedBlocks } from '../../src/delta/wanted-blocks.js'
import { weakSum } from '../../src/delta/weak-sum.js'
import { hash } from '../../src/io/hash.js'

/** Bytes that look random, the same for the same seed. */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed | 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}

function blocksOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: blockCount(bytes.length) }, (_, index) =>
    bytes.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES),
  )
}

function listOf(bytes: Uint8Array): Uint8Array {
  return concatBytes(blocksOf(bytes).map(hash))
}

function sumsOf(bytes: Uint8Array): Uint8Array {
  const sums = new Uint8Array(blockCount(bytes.length) * WEAK_SUM_BYTES)
  const view = new DataView(sums.buffer)
  for (const [index, block] of blocksOf(bytes).entries())
    view.setUint32(index * WEAK_SUM_BYTES, weakSum(block))
  return sums
}

function inputOf(old: Uint8Array, fresh: Uint8Array): ShiftInput {
  const list = listOf(fresh)
  const oldList = listOf(old)
  const { needed, copies } = planReuse({
    list,
    sizeBytes: fresh.length,
    old: oldList,
    oldSizeBytes: old.length,
  })
  const covered = new BlockSet(blockCount(old.length))
  for (const { fromIndex, count } of copies)
    for (let offset = 0; offset < count; offset++) covered.add(fromIndex + offset)
  return {
    sizeBytes: fresh.length,
    list,
    sums: sumsOf(fresh),
    needed: needed.toBytes(),
    oldSizeBytes: old.length,
    covered: covered.toBytes(),
  }
}

interface Outcome {
  /** Position of each block that was found. */
  readonly found: ReadonlyMap<number, number>
  readonly hashed: number
  readonly steps: number
}

function searchIn(old: Uint8Array, input: ShiftInput): Outcome {
  let hashed = 0
  const search = new ShiftSearch(input, {
    hash: (bytes) => {
      hashed++
      return hash(bytes)
    },
    read: (target, position) => {
      const part = old.subarray(position, position + target.length)
      target.set(part)
      return part.length
    },
  })
  const found = new Map<number, number>()
  let steps = 0
  for (; !search.isOver; steps++) {
    search.step()
    for (const { blockIndex, position } of search.takeFound()) found.set(blockIndex, position)
  }
  return { found, hashed, steps }
}

function expectProved(old: Uint8Array, fresh: Uint8Array, { found }: Outcome): void {
  for (const [index, position] of found) {
    const length = blockBytes(fresh.length, index)
    const there = Buffer.from(old.buffer, old.byteOffset + position, length)
    expect(there.equals(fresh.subarray(index * BLOCK_BYTES, index * BLOCK_BYTES + length))).toBe(true)
  }
}

describe('a search for shifted blocks', () => {
  test('finds all but one block behind some bytes at the head', () => {
    const old = noise(100 * BLOCK_BYTES + 777, 1)
    const fresh = concatBytes([noise(100, 2), old])
    const outcome = searchIn(old, inputOf(old, fresh))
    expectProved(old, fresh, outcome)
    expect(outcome.found.size).toBe(blockCount(fresh.length) - 1)
  })

  test('finds every block of the old version that is spliced in, from any offset to any place', () => {
    const old = noise(40 * BLOCK_BYTES + 4_321, 3)
    const part = fc.record({
      skip: fc.nat(2 * BLOCK_BYTES),
      blocks: fc.integer({ min: 1, max: 4 }),
      order: fc.nat(),
      freshBytes: fc.nat(BLOCK_BYTES),
    })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        let from = 0
        const runs = parts.flatMap(({ skip, blocks, order, freshBytes }, seed) => {
          const start = from + skip
          from = start + blocks * BLOCK_BYTES
          return from <= old.length ? [{ start, end: from, order, freshBytes, seed: seed + 10 }] : []
        })
        const spliced = runs
          .sort((left, right) => left.order - right.order)
          .flatMap(({ start, end, freshBytes, seed }) => [noise(freshBytes, seed), old.subarray(start, end)])
        const fresh = concatBytes([...spliced, noise(77, 5)])
        const outcome = searchIn(old, inputOf(old, fresh))
        expectProved(old, fresh, outcome)
        expect(outcome.found.size).toBeGreaterThanOrEqual(wholeBlocksIn(old, fresh, inputOf(old, fresh)))
      }),
      { numRuns: 60, seed: 11 },
    )
  })

  test('finds equal blocks once each, and one where it stands several times', () => {
    const [one, two] = [noise(BLOCK_BYTES, 8), noise(BLOCK_BYTES, 9)]
    const old = concatBytes([noise(10, 1), one, two, one])
    const fresh = concatBytes([two, two, one, two, one, one, one, one, noise(5, 2)])
    const outcome = searchIn(old, inputOf(old, fresh))
    expectProved(old, fresh, outcome)
    expect([...outcome.found.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  test('finds the end of a file that is shorter than a block, behind what it followed and at the end of the old one', () => {
    const old = noise(12 * BLOCK_BYTES + 500, 1)
    const atEnd = concatBytes([noise(50, 2), old.subarray(0, -550 + 50)])
    for (const fresh of [
      concatBytes([noise(9, 2), old]),
      concatBytes([noise(9, 2), old, noise(1, 3)]),
      atEnd,
    ]) {
      const outcome = searchIn(old, inputOf(old, fresh))
      expectProved(old, fresh, outcome)
    }
    const cut = concatBytes([noise(BLOCK_BYTES, 2), old.subarray(7, 9 * BLOCK_BYTES + 7 + 300)])
    const outcome = searchIn(old, inputOf(old, cut))
    expectProved(old, cut, outcome)
    expect([...outcome.found.keys()].sort((left, right) => left - right)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ])
  })

  test('does not roll over what the new version has at its place anyway', () => {
    const old = noise(60 * BLOCK_BYTES, 1)
    const fresh = concatBytes([
      old.subarray(0, 40 * BLOCK_BYTES),
      noise(3, 2),
      old.subarray(40 * BLOCK_BYTES),
    ])
    let firstRead = old.length
    const search = new ShiftSearch(inputOf(old, fresh), {
      hash,
      read: (target, position) => {
        // The end is looked at first, for the last block.
        if (target.length >= BLOCK_BYTES) firstRead = Math.min(firstRead, position)
        target.set(old.subarray(position, position + target.length))
        return Math.min(target.length, old.length - position)
      },
    })
    while (!search.isOver) search.step()
    expect(search.takeFound()).toHaveLength(19 + 1)
    expect(firstRead).toBe(40 * BLOCK_BYTES)
  })

  test('ends where the old version is shorter than it was, or cannot be read', () => {
    const old = noise(20 * BLOCK_BYTES, 1)
    const input = inputOf(old, concatBytes([noise(1, 2), old]))
    expect(searchIn(old.subarray(0, 5 * BLOCK_BYTES + 3), input).found.size).toBe(4)
    expect(searchIn(new Uint8Array(0), input).found.size).toBe(0)
    const failing = new ShiftSearch(input, {
      hash,
      read: () => {
        throw new Error('EIO')
      },
    })
    expect(() => failing.step()).toThrow('EIO')
  })

  test('takes nothing for proved but what has the digest', () => {
    const old = noise(20 * BLOCK_BYTES, 1)
    const input = inputOf(old, concatBytes([noise(1, 2), old]))
    const lying = {
      ...input,
      list: input.list.map((byte, at) => (at % DIGEST_BYTES === 31 ? byte ^ 1 : byte)),
    }
    expect(searchIn(old, lying).found.size).toBe(0)
    const moved = { ...input, sums: concatBytes([input.sums.subarray(4), input.sums.subarray(0, 4)]) }
    expectProved(old, concatBytes([noise(1, 2), old]), searchIn(old, moved))
  })
})

describe('the work of a search', () => {
  const freshBlocks = 16
  const fresh = noise(freshBlocks * BLOCK_BYTES, 7)
  /** Noise, with the new version from `sharedAt` on. */
  const inputFor = (oldSizeBytes: number): ShiftInput => ({
    sizeBytes: fresh.length,
    list: listOf(fresh),
    sums: sumsOf(fresh),
    needed: BlockSet.full(freshBlocks).toBytes(),
    oldSizeBytes,
    covered: new Uint8Array(Math.ceil(blockCount(oldSizeBytes) / 8)),
  })
  const others = noise(1 << 20, 99)
  const readerOf = (sharedAt: number) => (target: Uint8Array, position: number) => {
    for (let at = 0; at < target.length; ) {
      const start = (position + at) % others.length
      const part = others.subarray(start, start + target.length - at)
      target.set(part, at)
      at += part.length
    }
    const from = Math.max(position, sharedAt)
    const to = Math.min(position + target.length, sharedAt + fresh.length)
    if (from < to) target.set(fresh.subarray(from - sharedAt, to - sharedAt), from - position)
    return target.length
  }
  const run = (search: ShiftSearch) => {
    let found = 0
    let isLaggingAfter = 0
    while (!search.isOver) {
      search.step()
      found += search.takeFound().length
      if (!search.isLagging) isLaggingAfter++
    }
    return { found, isLaggingAfter }
  }

  test.each([
    [FRUITLESS_BYTES_MAX - 3 * BLOCK_BYTES, freshBlocks],
    [FRUITLESS_BYTES_MAX + SEARCH_BUFFER_BYTES, 0],
  ])('ends in vain after 64 MB: of blocks behind %d bytes %d are found', (sharedAt, count) => {
    const input = inputFor(3 * FRUITLESS_BYTES_MAX)
    expect(run(new ShiftSearch(input, { hash, read: readerOf(sharedAt) })).found).toBe(count)
  })

  test('lets the fetch begin after 8 MB in vain, and goes on', () => {
    const search = new ShiftSearch(inputFor(FRUITLESS_BYTES_MAX), {
      hash,
      read: readerOf(Number.POSITIVE_INFINITY),
    })
    const { isLaggingAfter } = run(search)
    expect(isLaggingAfter).toBe(Math.floor(HEAD_START_BYTES / (SEARCH_BUFFER_BYTES - BLOCK_BYTES)))
  })

  test('is bounded where every place has the sum of some block: false ones count as a block each', () => {
    // One byte all over: each window has one sum, and the list says that all blocks have it.
    const old = new Uint8Array(40 * BLOCK_BYTES).fill(7)
    const sum = sumsOf(old).subarray(0, WEAK_SUM_BYTES)
    const input = {
      ...inputFor(old.length),
      sums: concatBytes(Array.from({ length: freshBlocks }, () => sum)),
    }
    const { hashed, found } = searchIn(old, input)
    expect(found.size).toBe(0)
    expect(hashed).toBeLessThanOrEqual(FRUITLESS_BYTES_MAX / BLOCK_BYTES + 1)
  })

  test('is bounded where each found block buys more of it', () => {
    // The true blocks stand between stretches in which every place has a wanted sum.
    const bait = new Uint8Array(2 * BLOCK_BYTES).fill(7)
    const old = concatBytes(blocksOf(fresh).flatMap((block) => [bait, block]))
    const input = inputFor(old.length)
    const sums = input.sums.slice()
    sums.set(sumsOf(bait).subarray(0, WEAK_SUM_BYTES), (freshBlocks - 1) * WEAK_SUM_BYTES)
    const { hashed, found } = searchIn(old, { ...input, sums })
    const bytesMax = FRUITLESS_BYTES_MAX + found.size * FOUND_EXTENDS_BYTES
    expect(hashed * BLOCK_BYTES).toBeLessThanOrEqual(bytesMax + (found.size + 1) * BLOCK_BYTES)
  })

  test('looks through equal blocks once, however often their digest is met after they were found', () => {
    const count = 1_000
    const list = new Uint8Array(count * DIGEST_BYTES).fill(5)
    const sums = new Uint8Array(count * WEAK_SUM_BYTES).fill(3)
    const needed = BlockSet.full(count)
    const { has } = needed
    let looks = 0
    needed.has = (index) => {
      looks++
      return has.call(needed, index)
    }
    const wanted = new WantedBlocks({ sizeBytes: count * BLOCK_BYTES, list, sums, needed })
    const digest = list.subarray(0, DIGEST_BYTES)
    const blocks = wanted.ofDigest(digest)
    expect(blocks).toHaveLength(count)
    for (const index of blocks) wanted.delete(index)
    looks = 0
    for (let time = 0; time < count; time++) expect(wanted.ofDigest(digest)).toEqual([])
    expect(looks).toBeLessThanOrEqual(2 * count)
  })

  test('is bounded where digests or sums are made to meet in one slot of a table', () => {
    const count = 100
    const list = new Uint8Array(count * DIGEST_BYTES)
    const sums = new Uint8Array(count * WEAK_SUM_BYTES)
    const view = new DataView(sums.buffer)
    for (let index = 0; index < count; index++) {
      list[index * DIGEST_BYTES + 31] = index
      view.setUint32(index * WEAK_SUM_BYTES, index + 1)
    }
    const sizeBytes = count * BLOCK_BYTES
    const digests = new WantedBlocks({ sizeBytes, list, sums, needed: BlockSet.full(count) })
    const found = blocksOf(list).length
    expect(found).toBe(1)
    const hits = Array.from({ length: count }, (_, index) =>
      digests.ofDigest(list.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES)),
    )
    expect(hits.filter((blocks) => blocks.length > 0)).toHaveLength(PROBES_MAX)
    // The inverse of what scatters sums.
    for (let index = 0; index < count; index++) {
      view.setUint32(index * WEAK_SUM_BYTES, Math.imul((5 << 7) + index, INVERSE) >>> 0)
      list[index * DIGEST_BYTES] = index
      list[index * DIGEST_BYTES + 3] = index
    }
    const wanted = new WantedBlocks({ sizeBytes, list, sums, needed: BlockSet.full(count) })
    const known = Array.from({ length: count }, (_, index) =>
      wanted.hasSum(view.getUint32(index * WEAK_SUM_BYTES)),
    )
    expect(known.filter(Boolean)).toHaveLength(PROBES_MAX)
  })

  test.each([
    [SEARCH_NEEDED_MIN - 1, false],
    [SEARCH_NEEDED_MIN, true],
  ])('is not begun for few blocks: for %d %s', (needed, isWorth) => {
    const set = new BlockSet(freshBlocks)
    for (let index = 0; index < needed; index++) set.add(index)
    const input = { ...inputFor(fresh.length), needed: set.toBytes() }
    expect(isWorthSearching(input)).toBe(isWorth)
    expect(isWorthSearching({ ...input, sums: input.sums.subarray(1) })).toBe(false)
    expect(isWorthSearching({ ...input, covered: Uint8Array.of(0xff, 0xff) })).toBe(false)
  })

  test.each([
    [SEARCH_BLOCKS_MAX, true],
    [SEARCH_BLOCKS_MAX + 1, false],
  ])('is not begun in files of too many blocks: of %d %s', (count, isWorth) => {
    const sums = new Uint8Array(count * WEAK_SUM_BYTES)
    const input = {
      ...inputFor(1e9),
      sizeBytes: count * BLOCK_BYTES,
      sums,
      needed: Uint8Array.of(0xff, 0xff),
    }
    expect(isWorthSearching(input)).toBe(isWorth)
  })
})

/** 1 / 0x9e3779b1 modulo 2^32. */
const INVERSE = inverseOf(0x9e3779b1)

function inverseOf(odd: number): number {
  let inverse = odd
  for (let round = 0; round < 5; round++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse))
  return inverse
}

/** How many needed blocks stand somewhere in the old version. */
function wholeBlocksIn(old: Uint8Array, fresh: Uint8Array, { needed }: ShiftInput): number {
  const there = Buffer.from(old.buffer, old.byteOffset, old.length)
  let count = 0
  for (const index of new BlockSet(blockCount(fresh.length), needed)) {
    const block = fresh.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)
    if (block.length === BLOCK_BYTES && there.includes(Buffer.from(block))) count++
  }
  return count
}
