// LZ4 for blocks: the native library where it could be built, else the one in WebAssembly; both write raw LZ4 blocks
// (github.com/lz4/lz4, doc/lz4_Block_format.md). Used by the compressor and by sealed frames.

import { createRequire } from 'node:module'
import { BLOCK_BYTES } from '../../base/limits.js'
import { decodeBlock } from './lz4-block.js'

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
