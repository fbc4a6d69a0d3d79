// Pieces: runs of blocks, aligned, a power of two long. By them peers tell each other which parts of a file they hold
// while they are building it, and by them the blocks of a file are shared out among its sources.

import { blockCount } from './item.js'
import { PIECE_BLOCKS_MIN, PIECES_MAX } from './limits.js'

/** Blocks in each piece of a file of `sizeBytes` (the last one may have fewer); both ends compute it. */
export function pieceBlocks(sizeBytes: number): number {
  const blocks = blockCount(sizeBytes)
  let run = PIECE_BLOCKS_MIN
  while (run * PIECES_MAX < blocks) run *= 2
  return run
}

/** Never more than PIECES_MAX. */
export function pieceCount(sizeBytes: number): number {
  return Math.ceil(blockCount(sizeBytes) / pieceBlocks(sizeBytes))
}
