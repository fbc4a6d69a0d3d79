// Which blocks of a new version the old one already holds. The keeper calls it once per fetch, copies the
// runs on the disk and pulls only what is needed. Whole blocks only.

import { assert } from '../base/assert.js'
import { BlockSet } from '../base/blockset.js'
import { blockBytes, blockCount } from '../base/item.js'
import { DIGEST_BYTES } from '../base/limits.js'

export interface ReuseInput {
  /** Block digests of the new version, 32 bytes each. */
  readonly list: Uint8Array
  readonly sizeBytes: number
  /** Block digests of the old version, undefined where there is none. */
  readonly old: Uint8Array | undefined
  readonly oldSizeBytes: number
}

/** `count` blocks of the old version from `fromIndex` are those of the new one from `toIndex`. */
export interface CopyRun {
  readonly fromIndex: number
  readonly toIndex: number
  readonly count: number
}

export interface ReusePlan {
  /** Ascending by `toIndex`, none overlapping another. */
  readonly copies: readonly CopyRun[]
  /** Blocks of the new version that must be pulled. */
  readonly needed: BlockSet
}

/** The list must be as long as the size says; the caller has checked it against the file's digest. */
export function planReuse(input: ReuseInput): ReusePlan {
  const count = blockCount(input.sizeBytes)
  assert(input.list.length === count * DIGEST_BYTES, 'a digest list has 32 bytes for each block')
  const oldCount = input.old === undefined ? 0 : blockCount(input.oldSizeBytes)
  if (input.old === undefined || oldCount === 0) return { copies: [], needed: BlockSet.full(count) }
  assert(input.old.length === oldCount * DIGEST_BYTES, 'a digest list has 32 bytes for each block')
  const old = new BlockIndex(input.old, oldCount)
  const list = wordsOf(input.list)
  const needed = new BlockSet(count)
  const copies: Array<{ fromIndex: number; toIndex: number; count: number }> = []
  for (let toIndex = 0; toIndex < count; toIndex++) {
    const run = copies.at(-1)
    const next = run !== undefined && run.toIndex + run.count === toIndex ? run.fromIndex + run.count : -1
    // The same place first, since a copy within one place costs nothing where the old file itself is
    // changed; then what follows the block before, so that runs stay long; then anywhere.
    const fromIndex = old.find(list, toIndex, [toIndex, next])
    if (fromIndex < 0 || blockBytes(input.sizeBytes, toIndex) !== blockBytes(input.oldSizeBytes, fromIndex)) {
      // A digest that fits but with another length is a list that lies; pulling the block will tell.
      needed.add(toIndex)
    } else if (run !== undefined && fromIndex === next) run.count++
    else copies.push({ fromIndex, toIndex, count: 1 })
  }
  return { copies, needed }
}

const WORDS = DIGEST_BYTES / 4

/** Finds blocks by digest: open addressing over the first word of each digest. A hex string as a key would
 *  cost more than the search. */
class BlockIndex {
  private readonly words: Uint32Array
  private readonly slots: Int32Array
  private readonly mask: number

  constructor(
    list: Uint8Array,
    private readonly count: number,
  ) {
    this.words = wordsOf(list)
    this.mask = 2 ** Math.ceil(Math.log2(count * 2 + 1)) - 1
    this.slots = new Int32Array(this.mask + 1).fill(-1)
    for (let index = 0; index < count; index++) this.insert(index)
  }

  /** The index of the block with digest `wantedIndex` of `wanted`, or -1. Blocks of `tryFirst` that exist
   *  are looked at before any other. */
  find(wanted: Uint32Array, wantedIndex: number, tryFirst: readonly number[]): number {
    for (const candidate of tryFirst) {
      if (candidate >= 0 && candidate < this.count && this.equals(candidate, wanted, wantedIndex))
        return candidate
    }
    let slot = wanted[wantedIndex * WORDS]! & this.mask
    for (;;) {
      const candidate = this.slots[slot]!
      if (candidate < 0 || this.equals(candidate, wanted, wantedIndex)) return candidate
      slot = (slot + 1) & this.mask
    }
  }

  /** The first of equal blocks stays: a file of zeros is one entry, not a long chain. */
  private insert(index: number): void {
    let slot = this.words[index * WORDS]! & this.mask
    for (;;) {
      const other = this.slots[slot]!
      if (other < 0) {
        this.slots[slot] = index
        return
      }
      if (this.equals(other, this.words, index)) return
      slot = (slot + 1) & this.mask
    }
  }

  private equals(index: number, others: Uint32Array, otherIndex: number): boolean {
    for (let word = 0; word < WORDS; word++) {
      if (this.words[index * WORDS + word] !== others[otherIndex * WORDS + word]) return false
    }
    return true
  }
}

/** The digests as words, copied where they do not lie on a word boundary. */
function wordsOf(list: Uint8Array): Uint32Array {
  const aligned = list.byteOffset % 4 === 0 ? list : list.slice()
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4)
}
