// The last blocks of a file: which sources take no more of them, and what is late with one is asked of another. Used by
// PiecePicker at each tick.

import { BLOCK_BYTES } from '../../../base/limits.js'
import { SOURCES_TICK_MS } from '../limits.js'
import { AGAIN_BLOCKS_MAX, AGAIN_FACTOR, TAIL_BLOCKS } from './limits.js'
import type { Source } from './source.js'

/** Towards the end, a source that would deliver a block later than the others all that is left takes no more. */
export function judgeTail(sources: readonly Source[], freeBlocks: number): void {
  for (const source of sources) {
    source.isTooSlow = false
    if (freeBlocks > TAIL_BLOCKS || source.bytesPerMs === 0) continue
    let othersBytesPerMs = 0
    let isWholeElsewhere = false
    for (const other of sources) {
      if (other === source || other.isDoubted) continue
      othersBytesPerMs += other.bytesPerMs
      isWholeElsewhere ||= other.isWhole && other.bytesPerMs > source.bytesPerMs
    }
    const elsewhereMs = (freeBlocks * BLOCK_BYTES) / othersBytesPerMs
    source.isTooSlow =
      isWholeElsewhere && source.expectedMs(source.taken.size) > AGAIN_FACTOR * elsewhereMs + SOURCES_TICK_MS
  }
}

/** Everything is asked for. What is expected late from one source is asked of another that would have it sooner. */
export function askAgain(sources: readonly Source[], pieceOf: (blockIndex: number) => number): void {
  let roomBlocks = AGAIN_BLOCKS_MAX
  for (const source of sources) roomBlocks -= source.again.length
  for (const source of sources) {
    if (!source.isUsable || source.bytesPerMs === 0) continue
    for (const slow of sources) {
      if (slow === source || (slow.bytesPerMs === 0 && !slow.isDoubted)) continue
      let ahead = slow.taken.size
      for (const blockIndex of [...slow.taken].reverse()) {
        ahead--
        const hereMs = source.expectedMs(source.taken.size + source.again.length)
        const thereMs = slow.isDoubted ? Number.POSITIVE_INFINITY : slow.expectedMs(ahead)
        if (roomBlocks <= 0 || thereMs <= AGAIN_FACTOR * hereMs + SOURCES_TICK_MS) break
        if (!source.pieces.has(pieceOf(blockIndex)) || isAskedTwice(blockIndex, sources)) continue
        source.again.push(blockIndex)
        roomBlocks--
      }
    }
  }
}

function isAskedTwice(blockIndex: number, sources: readonly Source[]): boolean {
  let count = 0
  for (const { taken, again } of sources) if (taken.has(blockIndex) || again.includes(blockIndex)) count++
  return count > 1
}
