// The caller's time on the clock that stamps files. A step's time is that of its beginning, and the wall clock is read in its middle: what
// lies between the two is too long by how long the step has taken, more on a busy machine. The shortest of the last seconds is taken for
// all, so that files that are seen in different steps are told apart by their own times alone. A clock that is set back gives times once
// more. Settling asks it.

import { SETTLE_MS } from '../limits.js'
import { FILE_CLOCK_MS, HINT_LATE_MS } from './limits.js'

export class FileClock {
  private readonly wallMs: () => number
  /** Wall clock less the caller's, the least since `sinceMs`, and in the span before. */
  private leastMs = Number.POSITIVE_INFINITY
  private leastBeforeMs = Number.POSITIVE_INFINITY
  private sinceMs = Number.NEGATIVE_INFINITY
  /** What was last taken for all. */
  private offsetMs = Number.NEGATIVE_INFINITY
  /** Where the clock stood when it was set back, the latest. */
  private reachedMs = Number.NEGATIVE_INFINITY

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
    const offsetMs = Math.min(this.leastMs, this.leastBeforeMs)
    // A file is read when it has been the same for so long: less makes no time of one that was read come again.
    if (offsetMs < this.offsetMs - SETTLE_MS) this.reachedMs = Math.max(this.reachedMs, nowMs + this.offsetMs)
    this.offsetMs = offsetMs
    return nowMs + offsetMs
  }

  /** Whether a file that was changed at `changedMs`, on this clock, and then read may have been changed a moment ago at the same time
   *  once more, because the clock was set back. */
  comesAgain(changedMs: number, nowMs: number): boolean {
    const agoMs = Math.abs(this.at(nowMs) - changedMs)
    return changedMs <= this.reachedMs && agoMs < HINT_LATE_MS
  }
}
