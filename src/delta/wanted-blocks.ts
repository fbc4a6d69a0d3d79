// The blocks that a search looks for, by weak sum and by digest. A peer chose both: neither table does more than PROBES_MAX looks
// for anything, and what does not fit into one is not found. Used by ShiftSearch.

import type { BlockSet } from '../base/blockset.js'
import { blockBytes } from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, WEAK_SUM_BYTES } from '../base/limits.js'
import { PROBES_MAX } from './limits.js'
import { NO_SUM, SumFilter, type SumTable, toldSum } from './weak-sum.js'

export interface WantedInput {
  readonly sizeBytes: number
  /** Block digests of the file, proved. */
  readonly list: Uint8Array
  /** Weak sums of its blocks, big endian; NO_SUM for those that are not told. Proved by nothing. */
  readonly sums: Uint8Array
  readonly needed: BlockSet
}

export class WantedBlocks implements SumTable {
  readonly filter: SumFilter
  private readonly input: WantedInput
  private readonly sums: DataView
  private readonly slotMask: number
  /** In each slot of the sums, how many wanted blocks have that sum. */
  private readonly sumOf: Uint32Array
  private readonly countOf: Int32Array
  /** In each slot of the digests, the first wanted block that has it, or -1; and after each block the next one. */
  private readonly firstOf: Int32Array
  private readonly nextOf: Int32Array

  constructor(input: WantedInput) {
    const { sizeBytes, sums, needed } = input
    this.input = input
    this.sums = viewOf(sums)
    const slotCount = 2 ** Math.ceil(Math.log2(needed.size * 2 + 2))
    this.slotMask = slotCount - 1
    this.sumOf = new Uint32Array(slotCount)
    this.countOf = new Int32Array(slotCount)
    this.firstOf = new Int32Array(slotCount).fill(-1)
    this.nextOf = new Int32Array(needed.blockCount).fill(-1)
    this.filter = new SumFilter(needed.size)
    for (const index of needed)
      if (blockBytes(sizeBytes, index) === BLOCK_BYTES && this.sumAt(index) !== NO_SUM) this.insert(index)
  }

  get size(): number {
    return this.input.needed.size
  }

  has(blockIndex: number): boolean {
    return this.input.needed.has(blockIndex)
  }

  /** Whether this is the digest of the block. */
  isDigest(blockIndex: number, digest: Uint8Array): boolean {
    const start = blockIndex * DIGEST_BYTES
    for (let at = 0; at < DIGEST_BYTES; at++) if (this.input.list[start + at] !== digest[at]) return false
    return true
  }

  /** Whether a wanted block has the sum of this window. */
  hasSum(rawSum: number): boolean {
    const slot = this.slotOfSum(toldSum(rawSum))
    return slot !== undefined && this.countOf[slot]! > 0
  }

  /** Wanted blocks of this digest that are in the table. */
  ofDigest(digest: Uint8Array): readonly number[] {
    const slot = this.slotOfDigest(digest)
    const first = slot === undefined ? -1 : this.firstOf[slot]!
    const blocks: number[] = []
    if (first < 0) return blocks
    // Blocks found meanwhile leave the row, but for the first, by which the slot is known: a list may have one digest 2^18
    // times, and false sums have it looked up again and again.
    let last = first
    for (let index = first; index >= 0; index = this.nextOf[index]!) {
      if (!this.has(index)) continue
      blocks.push(index)
      if (index !== first) this.nextOf[last] = index
      last = index
    }
    this.nextOf[last] = -1
    return blocks
  }

  /** Takes a block that was found out of the wanted ones. */
  delete(blockIndex: number): void {
    if (!this.input.needed.delete(blockIndex)) return
    const sum = this.sumAt(blockIndex)
    const slot = sum === NO_SUM ? undefined : this.slotOfSum(sum)
    if (slot !== undefined && this.countOf[slot]! > 0) this.countOf[slot]!--
  }

  private insert(index: number): void {
    const sum = this.sumAt(index)
    const digest = this.input.list.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES)
    const sumSlot = this.slotOfSum(sum)
    const digestSlot = this.slotOfDigest(digest)
    if (sumSlot === undefined || digestSlot === undefined) return
    this.sumOf[sumSlot] = sum
    this.countOf[sumSlot]!++
    this.filter.add(sum)
    this.nextOf[index] = this.firstOf[digestSlot]!
    this.firstOf[digestSlot] = index
  }

  /** The slot that has this sum, or a free one; undefined where neither is near. */
  private slotOfSum(sum: number): number | undefined {
    let slot = Math.imul(sum, SCATTER) >>> 7
    for (let probes = 0; probes < PROBES_MAX; probes++, slot++) {
      const at = slot & this.slotMask
      if (this.sumOf[at] === NO_SUM || this.sumOf[at] === sum) return at
    }
    return undefined
  }

  private slotOfDigest(digest: Uint8Array): number | undefined {
    let slot = viewOf(digest).getUint32(0)
    for (let probes = 0; probes < PROBES_MAX; probes++, slot++) {
      const at = slot & this.slotMask
      const first = this.firstOf[at]!
      if (first < 0 || this.isDigest(first, digest)) return at
    }
    return undefined
  }

  private sumAt(index: number): number {
    return this.sums.getUint32(index * WEAK_SUM_BYTES)
  }
}

/** 2^32 divided by the golden ratio: brings all bits of a sum into the high ones (Knuth, TAOCP 3, 6.4). */
const SCATTER = 0x9e3779b1

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
