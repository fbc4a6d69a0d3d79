import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockCount } from '../../src/base/item.js'
import { BLOCK_BYTES, FILE_BYTES_MAX, PIECE_BLOCKS_MIN, PIECES_MAX } from '../../src/base/limits.js'
import { pieceBlocks, pieceCount } from '../../src/base/pieces.js'

describe('pieces of a file', () => {
  test('cover all its blocks, are a power of two long, and never too many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: FILE_BYTES_MAX }), (sizeBytes) => {
        const run = pieceBlocks(sizeBytes)
        const count = pieceCount(sizeBytes)
        expect(Math.log2(run) % 1).toBe(0)
        expect(run).toBeGreaterThanOrEqual(PIECE_BLOCKS_MIN)
        expect(count).toBeLessThanOrEqual(PIECES_MAX)
        expect(count * run).toBeGreaterThanOrEqual(blockCount(sizeBytes))
        expect((count - 1) * run).toBeLessThan(blockCount(sizeBytes))
      }),
    )
  })

  test('are no longer than they need be', () => {
    const blocks = PIECE_BLOCKS_MIN * PIECES_MAX
    expect(pieceBlocks(1)).toBe(PIECE_BLOCKS_MIN)
    expect(pieceBlocks(blocks * BLOCK_BYTES)).toBe(PIECE_BLOCKS_MIN)
    expect(pieceCount(blocks * BLOCK_BYTES)).toBe(PIECES_MAX)
    expect(pieceBlocks(blocks * BLOCK_BYTES + 1)).toBe(2 * PIECE_BLOCKS_MIN)
    expect(pieceCount(blocks * BLOCK_BYTES + 1)).toBe(PIECES_MAX / 2 + 1)
  })

  test('there are none of an empty file', () => {
    expect(pieceCount(0)).toBe(0)
  })
})
