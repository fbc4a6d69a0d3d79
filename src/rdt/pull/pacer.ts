// Spreads askings over time at the rate that the window gives. Used by the puller.

import { PACING_SLACK_MS } from '../limits.js'

/** Keeps a debt in bytes, not a time: when the rate is found to be another, so is what is left to wait. */
export class Pacer {
  /** As of `chargedAtMs`; below zero where less was asked for than might have been. */
  private debtBytes = 0
  private chargedAtMs = 0

  charge(bytes: number, bytesPerMs: number, nowMs: number): void {
    const isPaced = bytesPerMs !== Number.POSITIVE_INFINITY
    const paidBytes = isPaced ? (nowMs - this.chargedAtMs) * bytesPerMs : Number.POSITIVE_INFINITY
    const savedBytesMax = isPaced ? PACING_SLACK_MS * bytesPerMs : 0
    this.debtBytes = Math.max(-savedBytesMax, this.debtBytes - paidBytes) + bytes
    this.chargedAtMs = nowMs
  }

  readyAtMs(bytesPerMs: number): number {
    return this.chargedAtMs + Math.max(0, this.debtBytes) / bytesPerMs
  }
}
