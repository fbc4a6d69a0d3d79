import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packLooks, unpackLooks } from '../../../src/keeper/index/packed-looks.js'
import { modeOf, type Signature } from '../../../src/keeper/index/signature.js'
import type { Mode } from '../../../src/share/entry.js'
import { NOTE_LENGTH_MAX } from '../../../src/share/limits.js'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const arbitraryMode: fc.Arbitrary<Mode> = fc.record({
  access: fc.constantFrom('owner' as const, 'group' as const, 'all' as const, 'none' as const),
  executable: fc.boolean(),
})
const arbitrarySignature: fc.Arbitrary<Signature> = fc.record({
  sizeBytes: fc.oneof(fc.maxSafeNat(), finite),
  mtimeMs: finite,
  ctimeMs: finite,
  inode: fc.oneof(fc.maxSafeNat(), finite),
  mode: arbitraryMode,
})

describe('a packed signature', () => {
  test('is the signature with its mode, in one byte a character', () => {
    fc.assert(
      fc.property(arbitrarySignature, (signature) => {
        const packed = packLooks({ signature, mode: undefined })
        expect(unpackLooks(packed)).toEqual({ signature, mode: signature.mode })
        expect(packed.length).toBeLessThanOrEqual(NOTE_LENGTH_MAX)
        for (let index = 0; index < packed.length; index++) expect(packed.charCodeAt(index)).toBeLessThan(256)
      }),
    )
  })

  test.each([0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 63, -1, 0.5])(
    'keeps an inode of %d',
    (inode) => {
      const mode = modeOf({ access: 'group', executable: true })
      const signature = { sizeBytes: inode, mtimeMs: 1.5, ctimeMs: -8.64e15, inode, mode }
      expect(unpackLooks(packLooks({ signature, mode })).signature).toEqual(signature)
    },
  )
})

describe('a packed mode', () => {
  test('without a signature is one byte', () => {
    fc.assert(
      fc.property(arbitraryMode, (mode) => {
        const packed = packLooks({ signature: undefined, mode })
        expect(packed).toHaveLength(1)
        expect(packed.charCodeAt(0)).toBeLessThan(256)
        expect(unpackLooks(packed)).toEqual({ signature: undefined, mode })
      }),
    )
  })

  test('that is not known is nothing', () => {
    const nothing = { signature: undefined, mode: undefined }
    expect(packLooks(nothing)).toBe('')
    expect(unpackLooks('')).toEqual(nothing)
  })
})
