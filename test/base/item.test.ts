import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockBytes, blockCount, itemKey, listBytes } from '../../src/base/item.js'
import { BLOCK_BYTES, BLOCK_COUNT_MAX, DIGEST_BYTES, FILE_BYTES_MAX } from '../../src/base/limits.js'

describe('the blocks of an item', () => {
  test.each([
    [0, 0, 0],
    [1, 1, 1],
    [BLOCK_BYTES - 1, 1, BLOCK_BYTES - 1],
    [BLOCK_BYTES, 1, BLOCK_BYTES],
    [BLOCK_BYTES + 1, 2, 1],
    [2 * BLOCK_BYTES - 1, 2, BLOCK_BYTES - 1],
    [2 * BLOCK_BYTES, 2, BLOCK_BYTES],
    [2 * BLOCK_BYTES + 1, 3, 1],
    [FILE_BYTES_MAX, BLOCK_COUNT_MAX, BLOCK_BYTES],
    [FILE_BYTES_MAX + 1, BLOCK_COUNT_MAX + 1, 1],
  ])('%i bytes are %i blocks, the last of %i bytes', (sizeBytes, blocks, lastBytes) => {
    expect(blockCount(sizeBytes)).toBe(blocks)
    if (blocks > 0) expect(blockBytes(sizeBytes, blocks - 1)).toBe(lastBytes)
    expect(blockBytes(sizeBytes, blocks)).toBe(0)
    expect(listBytes(sizeBytes)).toBe(blocks * DIGEST_BYTES)
  })

  test('cover it without a gap', () => {
    fc.assert(
      fc.property(fc.nat(20 * BLOCK_BYTES), (sizeBytes) => {
        let bytes = 0
        for (let index = 0; index < blockCount(sizeBytes); index++) {
          expect(blockBytes(sizeBytes, index)).toBeGreaterThan(0)
          bytes += blockBytes(sizeBytes, index)
        }
        expect(bytes).toBe(sizeBytes)
      }),
    )
  })

  test('items of one digest and different kinds have different keys', () => {
    const digest = 'ab'.repeat(32)
    const keys = new Set((['tree', 'list', 'file'] as const).map((kind) => itemKey(kind, digest)))
    expect(keys.size).toBe(3)
  })
})
