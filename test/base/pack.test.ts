import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOfHex, concatBytes, hexOf } from '../../src/base/bytes.js'
import type { ItemRef } from '../../src/base/item.js'
import { BLOCK_BYTES, PACK_FILES_MAX } from '../../src/base/limits.js'
import { cutIntoPacks, membersOf, packOf, packProves } from '../../src/base/pack.js'
import { hash } from '../../src/io/hash.js'

const digestOf = (index: number): string => hexOf(hash(Uint8Array.of(index, index >> 8)))
const filesOf = (sizes: readonly number[]): { file: ItemRef }[] =>
  sizes.map((sizeBytes, index) => ({ file: { kind: 'file', digest: digestOf(index), sizeBytes } }))
const sizesOf = (sizes: readonly number[]): number[][] =>
  cutIntoPacks(filesOf(sizes)).map((pack) => pack.map(({ file }) => file.sizeBytes))

describe('files that are cut into packs', () => {
  test('keep their order, are all there, and each pack is within its limits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: BLOCK_BYTES }), { maxLength: 80 }), (sizes) => {
        const packs = sizesOf(sizes)
        expect(packs.flat()).toEqual(sizes)
        for (const pack of packs) {
          expect(pack.length).toBeLessThanOrEqual(PACK_FILES_MAX)
          expect(pack.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(BLOCK_BYTES)
        }
      }),
    )
  })

  test('are together up to the length of a block, and up to so many', () => {
    expect(sizesOf([BLOCK_BYTES - 1, 1])).toEqual([[BLOCK_BYTES - 1, 1]])
    expect(sizesOf([BLOCK_BYTES - 1, 2])).toEqual([[BLOCK_BYTES - 1], [2]])
    expect(sizesOf(Array(PACK_FILES_MAX).fill(1))).toHaveLength(1)
    expect(sizesOf(Array(PACK_FILES_MAX + 1).fill(1)).map((pack) => pack.length)).toEqual([PACK_FILES_MAX, 1])
  })
})

describe('a pack', () => {
  const files = filesOf([5, 6, 7]).map(({ file }) => file)

  test('is as long as its files and names them in their order', () => {
    const pack = packOf(hash, files)
    expect(pack).toMatchObject({ kind: 'pack', sizeBytes: 18 })
    expect(membersOf(pack.members)).toEqual(files.map(({ digest }) => digest))
    expect(packProves(hash, pack.digest, pack.members)).toBe(true)
  })

  test('of other files, or of the same in another order, has another name', () => {
    const pack = packOf(hash, files)
    for (const others of [files.slice(1), [...files].reverse(), [...files, files[0]!]]) {
      const members = concatBytes(others.map(({ digest }) => bytesOfHex(digest)!))
      expect(packProves(hash, pack.digest, members)).toBe(false)
    }
  })
})
