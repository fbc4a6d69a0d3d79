// The digests that the core is given: BLAKE3 for content, CRC-32 for datagrams and log records. BLAKE3 is the native library's
// where there is one for this machine, else that in WebAssembly.

import { createRequire } from 'node:module'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { assert } from '../base/assert.js'
import type { Hash } from '../base/item.js'

const require = createRequire(import.meta.url)

interface NativeBlake3 {
  blake3(bytes: Uint8Array): Uint8Array
}

let blake3: Hash | undefined = nativeBlake3()

/** Each process and each thread that takes digests waits for this first; at once where there is a native library. No module
 *  awaits it as it is loaded: a thread that is ended while its modules wait ends the process (a check in V8 12). */
export async function loadHash(): Promise<void> {
  blake3 ??= await webAssemblyBlake3()
}

/** BLAKE3, 32 bytes, fresh. */
export const hash: Hash = (bytes) => {
  assert(blake3 !== undefined, 'loadHash comes first')
  return blake3(bytes)
}

export function nativeBlake3(): Hash | undefined {
  try {
    const native = require('@napi-rs/blake-hash') as NativeBlake3
    // The answer is copied onto the JavaScript heap: what the library gives is a Buffer with external memory and a
    // finaliser of its own, which 80,000 kept digests would feel.
    return (bytes) => new Uint8Array(native.blake3(bytes))
  } catch {
    return undefined // not installed, or not for this machine
  }
}

export async function webAssemblyBlake3(): Promise<Hash> {
  const { createBLAKE3 } = await import('hash-wasm')
  const hasher = await createBLAKE3()
  return (bytes) => hasher.init().update(bytes).digest('binary')
}

/** CRC-32 of IEEE 802.3 (ISO-HDLC), unsigned; going on from `seed`, the CRC-32 of what came before. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed)
}
