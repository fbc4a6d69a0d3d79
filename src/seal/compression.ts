// LZ4 for blocks: the native library where it could be built, else the one in WebAssembly; both write raw LZ4 blocks
// (github.com/lz4/lz4, doc/lz4_Block_format.md). Used by sealed frames.

import { createRequire } from 'node:module'
import { itemKey } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import type { BlockName } from '../base/protection.js'
import {
  COMPRESSION_BLOCK_BYTES_MIN,
  COMPRESSION_GAIN_BYTES_MIN,
  COMPRESSION_ITEMS_MAX,
  COMPRESSION_RETRY_BLOCKS,
  COMPRESSION_TRIES,
} from './limits.js'
import { decodeBlock } from './lz4-block.js'
import { compressParts } from './lz4-joined.js'

export interface Codec {
  readonly name: string
  /** The compressed block, a view that the next call writes over; undefined where it is longer than `bytesMax`. */
  compress(block: Uint8Array, bytesMax: number): Uint8Array | undefined
  /** Fresh bytes, at most BLOCK_BYTES whatever the input claims; undefined where it is none. */
  decompress(compressed: Uint8Array): Uint8Array | undefined
}

export function loadCodec(): Codec {
  return nativeCodec() ?? webAssemblyCodec()
}

const require = createRequire(import.meta.url)

interface NativeLz4 {
  encodeBlock(input: Uint8Array, output: Uint8Array): number
  decodeBlock(input: Uint8Array, output: Uint8Array): number
}

export function nativeCodec(): Codec | undefined {
  let lz4: NativeLz4
  try {
    lz4 = require('lz4') as NativeLz4
  } catch {
    return undefined
  }
  const room = Buffer.alloc(BLOCK_BYTES)
  return {
    name: 'lz4',
    compress: (block, bytesMax) => {
      // Given less room than the block takes, it gives up early on what does not shrink.
      const bytes = lz4.encodeBlock(asBuffer(block), room.subarray(0, bytesMax))
      return bytes > 0 ? new Uint8Array(room.buffer, room.byteOffset, bytes) : undefined
    },
    decompress: (compressed) => {
      const bytes = lz4.decodeBlock(asBuffer(compressed), room)
      return bytes >= 0 && bytes <= BLOCK_BYTES ? new Uint8Array(room.subarray(0, bytes)) : undefined
    },
  }
}

interface WebAssemblyLz4 {
  /** The length (4 bytes, little-endian) and the compressed bytes. */
  compress(input: Uint8Array): Uint8Array
}

export function webAssemblyCodec(): Codec {
  const lz4 = require('lz4-wasm-nodejs') as WebAssemblyLz4
  const room = new Uint8Array(BLOCK_BYTES)
  return {
    name: 'lz4-wasm-nodejs',
    compress: (block, bytesMax) => {
      const compressed = lz4.compress(block)
      return compressed.length - 4 <= bytesMax ? compressed.subarray(4) : undefined
    },
    decompress: (compressed) => {
      const bytes = decodeBlock(compressed, room)
      return bytes >= 0 ? room.slice(0, bytes) : undefined
    },
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

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
