// The digests that the core is given: BLAKE3 for content, CRC-32 for datagrams and log records. BLAKE3 is the native library's
// where there is one for this machine, else that in WebAssembly.

import { crc32 as zlibCrc32 } from 'node:zlib'
import type { Hash } from '../base/item.js'

export async function nativeBlake3(): Promise<Hash | undefined> {
  try {
    const { blake3 } = await import('@napi-rs/blake-hash')
    // The answer is copied onto the JavaScript heap: what the library gives is a Buffer with external memory and a
    // finaliser of its own, which 80,000 kept digests would feel.
    return (bytes) => new Uint8Array(blake3(bytes))
  } catch {
    return undefined // not installed, or not for this machine
  }
}

export async function webAssemblyBlake3(): Promise<Hash> {
  const { createBLAKE3 } = await import('hash-wasm')
  const hasher = await createBLAKE3()
  return (bytes) => hasher.init().update(bytes).digest('binary')
}

/** BLAKE3, 32 bytes, fresh. */
export const hash: Hash = (await nativeBlake3()) ?? (await webAssemblyBlake3())

/** CRC-32 of IEEE 802.3 (ISO-HDLC), unsigned; going on from `seed`, the CRC-32 of what came before. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed)
}
