// Decides which blocks are worth compressing. Used by sealed frames.

import { itemKey } from '../../base/item.js'
import type { BlockName } from '../../rdt/protection.js'
import {
  COMPRESSION_BLOCK_BYTES_MIN,
  COMPRESSION_GAIN_BYTES_MIN,
  COMPRESSION_ITEMS_MAX,
  COMPRESSION_RETRY_BLOCKS,
  COMPRESSION_TRIES,
} from '../limits.js'
import type { Codec } from './codec.js'
import { compressParts } from './lz4-joined.js'

/** Compresses what shrinks, and remembers which items do not, so that a film costs almost nothing. What it decides
 *  about a block is the same each time, but for the one moment in which an item turns out to shrink after all. */
export class Compressor {
  /** By item: blocks tried in vain, or 'shrinks'. */
  private readonly items = new Map<string, number | 'shrinks'>()

  constructor(private readonly codec: Codec) {}

  /** Whether this block is worth trying at all. */
  tries({ kind, digest, blockIndex }: BlockName): boolean {
    const known = this.items.get(itemKey(kind, digest)) ?? 0
    const isHopeless = known !== 'shrinks' && known >= COMPRESSION_TRIES
    return !isHopeless || blockIndex % COMPRESSION_RETRY_BLOCKS === 0
  }

  /** Valid until the next call; undefined where the block is better sent as it is. Files of a pack are compressed each by
   *  itself, by their lengths (lz4-joined.ts); a pack of which these are not known is not compressed. */
  compress(name: BlockName, block: Uint8Array, fileLengths?: readonly number[]): Uint8Array | undefined {
    if (block.length < COMPRESSION_BLOCK_BYTES_MIN) return undefined
    if (name.kind === 'pack' && fileLengths === undefined) return undefined
    if (!this.tries(name)) return undefined
    const key = itemKey(name.kind, name.digest)
    const known = this.items.get(key) ?? 0
    const bytesMax = block.length - Math.min(COMPRESSION_GAIN_BYTES_MIN, block.length >> 3)
    const compressed =
      fileLengths === undefined
        ? this.codec.compress(block, bytesMax)
        : compressParts(this.codec, block, fileLengths, bytesMax)
    if (known !== 'shrinks') this.remember(key, compressed === undefined ? known + 1 : 'shrinks')
    return compressed
  }

  private remember(key: string, value: number | 'shrinks'): void {
    this.items.delete(key)
    this.items.set(key, value)
    if (this.items.size <= COMPRESSION_ITEMS_MAX) return
    for (const oldest of this.items.keys()) {
      this.items.delete(oldest)
      return
    }
  }
}
