import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packSignature, type Signature, unpackSignature } from '../../../src/keeper/index/signature.js'
import { NOTE_LENGTH_MAX } from '../../../src/share/limits.js'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const arbitrarySignature: fc.Arbitrary<Signature> = fc.record({
  sizeBytes: fc.oneof(fc.maxSafeNat(), finite),
  mtimeMs: finite,
  ctimeMs: finite,
  inode: fc.oneof(fc.maxSafeNat(), finite),
  executable: fc.boolean(),
})

describe('a packed signature', () => {
  test('is the signature, in one byte a character', () => {
    fc.assert(
      fc.property(arbitrarySignature, (signature) => {
        const packed = packSignature(signature)
        expect(unpackSignature(packed)).toEqual(signature)
        expect(packed.length).toBeLessThanOrEqual(NOTE_LENGTH_MAX)
        for (let index = 0; index < packed.length; index++) expect(packed.charCodeAt(index)).toBeLessThan(256)
      }),
    )
  })

  test.each([0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 63, -1, 0.5])(
    'keeps an inode of %d',
    (inode) => {
      const signature = { sizeBytes: inode, mtimeMs: 1.5, ctimeMs: -8.64e15, inode, executable: true }
      expect(unpackSignature(packSignature(signature))).toEqual(signature)
    },
  )
})
