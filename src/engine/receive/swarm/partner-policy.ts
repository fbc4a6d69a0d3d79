// Finds partners that give so little that a whole source gives too what they alone hold. Used by Spread at each tick.

import { BLOCK_BYTES } from '../../../base/limits.js'
import { BEHIND_FACTOR, BEHIND_MS } from './limits.js'
import type { Source } from './source.js'

/** Missing blocks that nobody was asked for: in all, and in each piece. */
export interface FreeBlocks {
  readonly freeBlocks: number
  readonly freeIn: Uint16Array
}

/** A partner that gives less than it keeps to itself holds up nobody: what only it has comes from a whole source. */
export function judgePartners(sources: readonly Source[], { freeBlocks, freeIn }: FreeBlocks): void {
  let allBytesPerMs = 0
  for (const { bytesPerMs, isDoubted } of sources) if (!isDoubted) allBytesPerMs += bytesPerMs
  const allMs = (freeBlocks * BLOCK_BYTES) / allBytesPerMs
  const aloneBlocks = countAlone(sources, freeIn)
  for (const source of sources) {
    const aloneMs = ((aloneBlocks.get(source) ?? 0) * BLOCK_BYTES) / source.bytesPerMs
    source.isBehind = source.bytesPerMs > 0 && aloneMs > BEHIND_FACTOR * allMs + BEHIND_MS
  }
}

/** Free blocks that one partner holds and no other. */
function countAlone(sources: readonly Source[], freeIn: Uint16Array): Map<Source, number> {
  const aloneBlocks = new Map<Source, number>()
  const partners = sources.filter(({ isWhole, isUsable }) => !isWhole && isUsable)
  for (const partner of partners) aloneBlocks.set(partner, countAloneAt(partner, partners, freeIn))
  return aloneBlocks
}

function countAloneAt(partner: Source, partners: readonly Source[], freeIn: Uint16Array): number {
  const { pieces } = partner
  let blocks = 0
  for (let piece = pieces.next(); piece !== undefined; piece = pieces.next(piece + 1)) {
    if (freeIn[piece]! > 0 && !partners.some((other) => other !== partner && other.pieces.has(piece!)))
      blocks += freeIn[piece]!
  }
  return blocks
}
