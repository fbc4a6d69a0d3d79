// How fast something gets on, smoothed for a person who watches. Used by reporter.ts, totals.ts, sending.ts and status-book.ts.

import { RATE_GAIN } from './limits.js'

export interface Rate {
  readonly bytesPerS: number
  readonly doneBytes: number
  readonly atMs: number
}

/** The rate after a later look; the first look, and one at which less is done than before, begin anew. */
export function advance(rate: Rate | undefined, doneBytes: number, nowMs: number): Rate {
  if (rate === undefined || doneBytes < rate.doneBytes) return { bytesPerS: 0, doneBytes, atMs: nowMs }
  const elapsedMs = Math.max(1, nowMs - rate.atMs)
  const newest = ((doneBytes - rate.doneBytes) / elapsedMs) * 1000
  const bytesPerS = rate.bytesPerS === 0 ? newest : rate.bytesPerS + RATE_GAIN * (newest - rate.bytesPerS)
  return { bytesPerS, doneBytes, atMs: nowMs }
}
