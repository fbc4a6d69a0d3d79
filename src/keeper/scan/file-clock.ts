// The caller's time on the clock that stamps files. A step's time is that of its beginning, and the wall clock is read in its middle: what
// lies between the two is too long by how long the step has taken, more on a busy machine. The shortest of the last seconds is taken for
// all, so that files that are seen in different steps are told apart by their own times alone. Settling asks it.

import { FILE_CLOCK_MS } from './limits.js'

export class FileClock {
  private readonly wallMs: () => number
  /** Wall clock less the caller's, the least since `sinceMs`, and in the span before. */
  private leastMs = Number.POSITIVE_INFINITY
  private leastBeforeMs = Number.POSITIVE_INFINITY
  private sinceMs = Number.NEGATIVE_INFINITY

  constructor(wallMs: () => number) {
    this.wallMs = wallMs
  }

  at(nowMs: number): number {
    if (nowMs - this.sinceMs > FILE_CLOCK_MS) {
      // A measurement of long ago says nothing of today's clock.
      const isRecent = nowMs - this.sinceMs <= 2 * FILE_CLOCK_MS
      this.leastBeforeMs = isRecent ? this.leastMs : Number.POSITIVE_INFINITY
      this.leastMs = Number.POSITIVE_INFINITY
      this.sinceMs = nowMs
    }
    this.leastMs = Math.min(this.leastMs, this.wallMs() - nowMs)
    return nowMs + Math.min(this.leastMs, this.leastBeforeMs)
  }
}
