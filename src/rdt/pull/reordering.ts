// How much later than a later one a segment may come before it is called lost. RFC 8985, section 6.2: hardly at
// all until the path has reordered something, then a quarter of the least RTT, and more for a while where repairs
// turned out to be needless. Used by the puller.

import type { RoundTrip } from '../path/rtt.js'

const STEPS_MAX = 16
/** Reordering that several queues of one machine may cause even on a path that keeps the order. */
const IN_ORDER_MS = 1
/** Rounds without a needless repair until the window is as short as at first. */
const QUIET_ROUNDS = 16

export class Reordering {
  private steps = 1
  private hasReordered = false
  private quietRounds = 0
  private roundEndsAtBytes = 0

  windowMs(roundTrip: RoundTrip): number {
    const stepMs = roundTrip.minMs / 4
    if (!this.hasReordered) return Math.min(stepMs, IN_ORDER_MS)
    return Math.min(roundTrip.smoothedMs, stepMs * this.steps)
  }

  /** Something had been asked for again that was not lost: wait longer, once a round. */
  handleNeedless(deliveredBytes: number, inFlightBytes: number): void {
    this.quietRounds = 0
    this.hasReordered = true
    if (deliveredBytes < this.roundEndsAtBytes) return
    this.roundEndsAtBytes = deliveredBytes + inFlightBytes
    this.steps = Math.min(STEPS_MAX, this.steps + 1)
  }

  /** To be called now and then; counts rounds. */
  handleProgress(deliveredBytes: number, inFlightBytes: number): void {
    if (this.steps === 1 || deliveredBytes < this.roundEndsAtBytes) return
    this.roundEndsAtBytes = deliveredBytes + inFlightBytes
    if (++this.quietRounds >= QUIET_ROUNDS) this.steps = 1
  }
}
