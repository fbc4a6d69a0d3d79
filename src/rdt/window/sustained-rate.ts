// The delivery rate over the last few milliseconds. Used by the filter of the path's rate.

import { SUSTAINED_MS } from './limits.js'

export class SustainedRate {
  private newerBytes = 0
  private newerAtMs = Number.NEGATIVE_INFINITY
  private olderBytes = 0
  private olderAtMs = Number.NEGATIVE_INFINITY

  /** Bytes per millisecond of the last SUSTAINED_MS, give or take half of them. */
  handleDelivered(deliveredBytes: number, nowMs: number): number {
    if (nowMs - this.newerAtMs >= SUSTAINED_MS / 2) {
      this.olderBytes = this.newerBytes
      this.olderAtMs = this.newerAtMs
      this.newerBytes = deliveredBytes
      this.newerAtMs = nowMs
    }
    return (deliveredBytes - this.olderBytes) / (nowMs - this.olderAtMs)
  }
}
