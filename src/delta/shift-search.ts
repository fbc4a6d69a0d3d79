// Finds blocks of a new version at any offset of the old one, as zsync does: the window of a weak sum moves byte by byte over what is
// here, and a match counts when the digest of the block proves it. Performs no I/O but through `read`, and a bounded piece of work
// a step. Runs beside the watcher's turn (src/watcher/block-search.ts), and in the simulator.
//
//             no match                              proved
//     roll ───────────────▶ roll, a byte further,   ─────▶ jump behind it: is the next block there? ─▶ jump …
//          a sum of some block: take the digest ────┘                              └ no ─▶ roll
//
// Work in vain (bytes rolled over, digests taken for nothing) is counted, and what is found counts against it: a file that
// shares nothing, or sums that are made to match everywhere, end the search.

import { assert } from '../base/assert.js'
import { BlockSet } from '../base/blockset.js'
import { blockBytes, blockCount, type Hash } from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, WEAK_SUM_BYTES } from '../base/limits.js'
import {
  COVERED_BLOCKS_MIN,
  FOUND_EXTENDS_BYTES,
  FOUND_LEADS_BYTES,
  FRUITLESS_BYTES_MAX,
  HEAD_START_BYTES,
  SEARCH_BLOCKS_MAX,
  SEARCH_BUFFER_BYTES,
  SEARCH_NEEDED_MIN,
} from './limits.js'
import { WantedBlocks } from './wanted-blocks.js'
import { moved, rawSum, roll } from './weak-sum.js'

export interface ShiftInput {
  /** The new version: its size, its block digests, the weak sums of its blocks, the blocks that are lacking (as bits). */
  readonly sizeBytes: number
  readonly list: Uint8Array
  readonly sums: Uint8Array
  readonly needed: Uint8Array
  /** The old version: its size, and its blocks that the new one has anyway (as bits). */
  readonly oldSizeBytes: number
  readonly covered: Uint8Array
}

/** The block of the new version is at this position of the old one. */
export interface FoundBlock {
  readonly blockIndex: number
  readonly position: number
}

export interface ShiftPorts {
  readonly hash: Hash
  /** Fills `target` from the old version; answers bytes read, short only at its end. */
  readonly read: (target: Uint8Array, position: number) => number
}

/** Bytes of the old version, from `start` up to `end`. */
interface Region {
  readonly start: number
  end: number
}

/** Bytes looked at in one step: what can be rolled over in one buffer. */
const WORK_BYTES = SEARCH_BUFFER_BYTES - BLOCK_BYTES

/** Whether a search for shifted blocks is worth beginning. */
export function isWorthSearching(input: ShiftInput): boolean {
  const { sizeBytes, sums, needed } = input
  const count = blockCount(sizeBytes)
  if (count > SEARCH_BLOCKS_MAX || sums.length !== count * WEAK_SUM_BYTES) return false
  return new BlockSet(count, needed).size >= SEARCH_NEEDED_MIN && uncovered(input).length > 0
}

export class ShiftSearch {
  private readonly input: ShiftInput
  private readonly ports: ShiftPorts
  private readonly wanted: WantedBlocks
  private readonly regions: Region[]
  private readonly buffer: Uint8Array
  /** Position of the buffer in the old version, and how much of it is filled. */
  private bufferAt = 0
  private bufferBytes = 0
  /** Position of the window, and its raw sum where that is known. */
  private at: number
  private sum: number | undefined
  /** The block that follows the one that ends where the window begins. */
  private expected: number | undefined
  private found: FoundBlock[] = []
  private fruitlessBytes = 0
  private lagBytes = 0
  private isTailTried = false

  constructor(input: ShiftInput, ports: ShiftPorts) {
    const { sizeBytes, list, sums, needed } = input
    const count = blockCount(sizeBytes)
    assert(list.length === count * DIGEST_BYTES, 'a digest list has 32 bytes for each block')
    assert(sums.length === count * WEAK_SUM_BYTES, 'there is a weak sum for each block')
    this.input = input
    this.ports = ports
    this.wanted = new WantedBlocks({ sizeBytes, list, sums, needed: new BlockSet(count, needed.slice()) })
    this.regions = uncovered(input)
    this.buffer = new Uint8Array(Math.min(SEARCH_BUFFER_BYTES, Math.max(BLOCK_BYTES, input.oldSizeBytes)))
    this.at = this.regions[0]?.start ?? 0
  }

  /** Whether there is nothing more to find, or it is not worth it. */
  get isOver(): boolean {
    return this.regions.length === 0 || this.wanted.size === 0 || this.fruitlessBytes >= FRUITLESS_BYTES_MAX
  }

  /** Whether a fetch should no longer wait for it. */
  get isLagging(): boolean {
    return this.lagBytes >= HEAD_START_BYTES
  }

  /** Answers what was found since. */
  takeFound(): readonly FoundBlock[] {
    const { found } = this
    this.found = []
    return found
  }

  /** Looks at about as many bytes as the buffer holds. Throws what reading throws. */
  step(): void {
    this.tryTail()
    for (let workBytes = 0; workBytes < WORK_BYTES && !this.isOver; ) workBytes += this.look()
  }

  /** One jump, or one stretch rolled over. Answers the bytes looked at. */
  private look(): number {
    const region = this.regions[0]!
    if (!this.load(region)) {
      this.tryExpected()
      this.regions.shift()
      this.at = this.regions[0]?.start ?? 0
      this.sum = this.expected = undefined
      return 1
    }
    if (this.sum === undefined) {
      if (this.tryExpected()) return BLOCK_BYTES
      this.sum = rawSum(this.buffer, this.at - this.bufferAt, BLOCK_BYTES)
    }
    return this.rollOn(region, this.sum)
  }

  /** Has the window in the buffer. Answers false where the region has no room for a window any more. */
  private load(region: Region): boolean {
    const windowEnd = this.at + BLOCK_BYTES
    if (windowEnd > region.end) return false
    const bufferEnd = this.bufferAt + this.bufferBytes
    const isLast = bufferEnd === region.end
    if (this.at >= this.bufferAt && (isLast ? windowEnd <= bufferEnd : windowEnd < bufferEnd)) return true
    const wantedBytes = Math.min(this.buffer.length, region.end - this.at)
    this.bufferBytes = this.ports.read(this.buffer.subarray(0, wantedBytes), this.at)
    this.bufferAt = this.at
    // The file is shorter than it was.
    if (this.bufferBytes < wantedBytes) region.end = this.at + this.bufferBytes
    return this.bufferBytes >= BLOCK_BYTES
  }

  /** Moves on to a proved block or, in vain, through what is in the buffer. */
  private rollOn(region: Region, sum: number): number {
    const first = this.at - this.bufferAt
    const end = this.bufferBytes - BLOCK_BYTES
    const stop = roll(this.buffer, { at: first, sum }, end, this.wanted)
    const rolledBytes = stop.at - first + 1
    this.countFruitless(rolledBytes)
    this.at = this.bufferAt + stop.at
    this.sum = stop.sum
    const isBufferEnd = stop.at === end
    // The window is looked at once more of the old version is in the buffer behind it.
    if (isBufferEnd && this.bufferAt + this.bufferBytes < region.end) return rolledBytes
    if (this.wanted.hasSum(stop.sum) && this.tryWindow()) return rolledBytes + BLOCK_BYTES
    if (!isBufferEnd) this.sum = moved(this.buffer, stop).sum
    this.at++
    return rolledBytes
  }

  /** The window has the sum of a wanted block. */
  private tryWindow(): boolean {
    const blocks = this.wanted.ofDigest(this.digestAt(this.at, BLOCK_BYTES))
    if (blocks.length === 0) {
      this.countFruitless(BLOCK_BYTES)
      return false
    }
    this.take(blocks, BLOCK_BYTES)
    return true
  }

  /** Whether the block that follows the last found one is at the window. */
  private tryExpected(): boolean {
    const { expected } = this
    if (expected === undefined || !this.wanted.has(expected)) return false
    const length = blockBytes(this.input.sizeBytes, expected)
    if (this.at + length > this.input.oldSizeBytes) return false
    if (!this.wanted.isDigest(expected, this.digestAt(this.at, length))) {
      this.countFruitless(length)
      return false
    }
    this.take([expected], length)
    return true
  }

  /** The last block, where it is shorter than others, has no window; mostly it is the end of the old version too. */
  private tryTail(): void {
    if (this.isTailTried) return
    this.isTailTried = true
    const last = blockCount(this.input.sizeBytes) - 1
    const length = blockBytes(this.input.sizeBytes, last)
    const position = this.input.oldSizeBytes - length
    if (length === BLOCK_BYTES || position < 0 || !this.wanted.has(last)) return
    if (!this.wanted.isDigest(last, this.digestAt(position, length))) return
    this.wanted.delete(last)
    this.found.push({ blockIndex: last, position })
  }

  private take(blocks: readonly number[], length: number): void {
    for (const blockIndex of blocks) {
      this.wanted.delete(blockIndex)
      this.found.push({ blockIndex, position: this.at })
    }
    this.fruitlessBytes = Math.max(0, this.fruitlessBytes - FOUND_EXTENDS_BYTES)
    this.lagBytes = Math.max(0, this.lagBytes - FOUND_LEADS_BYTES)
    this.expected = blocks.at(-1)! + 1
    this.at += length
    this.sum = undefined
  }

  private countFruitless(bytes: number): void {
    this.fruitlessBytes += bytes
    this.lagBytes += bytes
  }

  private digestAt(position: number, length: number): Uint8Array {
    const start = position - this.bufferAt
    const isThere = start >= 0 && start + length <= this.bufferBytes
    const bytes = isThere ? this.buffer.subarray(start, start + length) : new Uint8Array(length)
    if (!isThere) this.ports.read(bytes, position)
    return this.ports.hash(bytes)
  }
}

/** The parts of the old version that the new one does not have anyway, as far as they can hold a block elsewhere than at
 *  the places of the old ones. */
function uncovered({ oldSizeBytes, covered }: ShiftInput): Region[] {
  const count = blockCount(oldSizeBytes)
  const used = new BlockSet(count, covered)
  const regions: Region[] = []
  let first = 0
  const add = (last: number) => {
    const region = { start: first * BLOCK_BYTES, end: Math.min(last * BLOCK_BYTES, oldSizeBytes) }
    if (region.end - region.start > BLOCK_BYTES) regions.push(region)
  }
  for (let index = 0; index < count; ) {
    let end = index
    while (end < count && used.has(end)) end++
    if (end - index >= COVERED_BLOCKS_MIN) {
      add(index)
      first = end
    }
    index = Math.max(end, index + 1)
  }
  add(count)
  return regions
}
