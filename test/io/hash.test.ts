import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexOf } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { hash, nativeBlake3, webAssemblyBlake3 } from '../../src/io/hash.js'
import { readVectors } from '../vectors/read.js'

const native = nativeBlake3()
const webAssembly = await webAssemblyBlake3()
const bodies = [
  { name: 'in WebAssembly', blake3: webAssembly },
  ...(native === undefined ? [] : [{ name: 'of the native library', blake3: native }]),
]

/** The inputs of BLAKE3's own test vectors: 0, 1, … 250, 0, 1, … */
const counted = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251)

describe.each(bodies)('BLAKE3 $name', ({ blake3 }) => {
  it.each(readVectors('blake3.hex'))('gives the digest of its authors for %s', (name, digest) => {
    expect(hexOf(blake3(counted(Number.parseInt(name, 10))))).toBe(hexOf(digest))
  })

  it('gives bytes that the next call leaves alone, and hashes views alone', () => {
    const all = counted(3 * BLOCK_BYTES)
    const first = blake3(all.subarray(1, 1 + BLOCK_BYTES))
    const kept = hexOf(first)
    blake3(all)
    expect(hexOf(first)).toBe(kept)
    expect(kept).toBe(hexOf(blake3(all.slice(1, 1 + BLOCK_BYTES))))
    expect(first.buffer.byteLength).toBe(32)
  })
})

it('both bodies of BLAKE3 give the same digest', ({ skip }) => {
  if (native === undefined) return skip('there is no native library for this machine')
  fc.assert(
    fc.property(fc.nat(3 * BLOCK_BYTES), fc.nat(), (length, factor) => {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * factor) >> 3)
      expect(hexOf(webAssembly(bytes))).toBe(hexOf(native(bytes)))
    }),
    { seed: 8, numRuns: 60 },
  )
})

it('the digest that everything uses is one of them', () => {
  expect(hexOf(hash(counted(1025)))).toBe(hexOf(webAssembly(counted(1025))))
})
