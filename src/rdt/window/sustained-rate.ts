// The delivery rate over the last few milliseconds. Used by the filter of the path's rate.

/** A rate is bounded by the one that lasted for at least half of SUSTAINED_MS: segments that waited for a busy receiver
 *  come faster than any path carries it, for as long as a short RTT takes. */
const SUSTAINED_MS = 12

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
