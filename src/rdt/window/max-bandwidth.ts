// How fast a path delivers: the most of the last ten rounds, as BBR has it, unless others have come to it. Used by the
// BBR window, which says when a round is over.

import { LINK_PART_MIN, RATE_ROUNDS, RATE_ROUNDS_SHARED } from './limits.js'
import { SustainedRate } from './sustained-rate.js'

export class MaxBandwidth {
  /** Delivered to us, 0 until known. */
  bytesPerMs = 0
  private readonly byRound = new Float64Array(RATE_ROUNDS)
  private round = 0
  /** The most that it ever was. */
  private mostBytesPerMs = 0
  private readonly sustained = new SustainedRate()

  /** Estimated rate of the link, for us and for others: the most that we ever had, or bursts came at. */
  linkBytesPerMs(trainBytesPerMs: number): number {
    const most = Math.max(this.bytesPerMs, this.mostBytesPerMs, trainBytesPerMs)
    return Math.min(this.bytesPerMs / LINK_PART_MIN, most)
  }

  /** `isBounded`: whether what came all at once is not believed. Answers whether the path is faster than was known. */
  handleDelivered(
    {
      rateBytesPerMs,
      isAppLimited,
      deliveredBytes,
      nowMs,
    }: {
      readonly rateBytesPerMs: number
      readonly isAppLimited: boolean
      readonly deliveredBytes: number
      readonly nowMs: number
    },
    isBounded: boolean,
  ): boolean {
    const sustained = this.sustained.handleDelivered(deliveredBytes, nowMs)
    const rate = isBounded ? Math.min(rateBytesPerMs, sustained) : rateBytesPerMs
    if (rate <= 0 || (isAppLimited && rate <= this.bytesPerMs)) return false
    const slot = this.round % RATE_ROUNDS
    if (rate <= this.byRound[slot]!) return false
    this.byRound[slot] = rate
    if (rate <= this.bytesPerMs) return false
    this.bytesPerMs = rate
    this.mostBytesPerMs = Math.max(this.mostBytesPerMs, rate)
    return true
  }

  /** `isShared`: whether others turn out to be on the path. */
  beginRound(isShared: boolean): void {
    this.round++
    this.byRound[this.round % RATE_ROUNDS] = 0
    if (isShared) this.forget()
    let best = 0
    for (const rate of this.byRound) if (rate > best) best = rate
    this.bytesPerMs = best
  }

  private forget(): void {
    for (let age = RATE_ROUNDS_SHARED; age < RATE_ROUNDS && age <= this.round; age++)
      this.byRound[(this.round - age) % RATE_ROUNDS] = 0
  }

  reset(): void {
    this.byRound.fill(0)
    this.bytesPerMs = this.mostBytesPerMs = 0
  }
}
