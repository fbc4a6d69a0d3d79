// The digests that the core is given: BLAKE3 for content, CRC-32 for datagrams and log records.

import { crc32 as zlibCrc32 } from 'node:zlib'
import { blake3 } from '@napi-rs/blake-hash'
import type { Hash } from '../base/item.js'

/** BLAKE3, 32 bytes. The answer is copied onto the JavaScript heap: what the library gives is a Buffer with
 *  external memory and a finaliser of its own, which 80,000 kept digests would feel. */
export const hash: Hash = (bytes) => new Uint8Array(blake3(bytes as Buffer)) // any view of bytes will do

/** CRC-32 of IEEE 802.3 (ISO-HDLC), unsigned; going on from `seed`, the CRC-32 of what came before. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed)
}
