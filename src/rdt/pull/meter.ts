// Measures how fast a path delivers: for each segment that comes, what was delivered since its request was sent,
// over the time that took. draft-cheng-iccrg-delivery-rate-estimation, at the receiver. Used by the puller.

import type { SentSegments } from './sent-segments.js'

/** The weight of one sample in the rate that is shown to a person. */
const SHOWN_WEIGHT = 1 / 16

export class DeliveryMeter {
  deliveredBytes = 0
  deliveredAtMs = 0
  /** When the oldest request was sent whose answers the next sample covers. */
  firstAskedAtMs = 0
  /** Smoothed, for show. */
  shownBytesPerMs = 0
  private limitedUntilBytes = 0

  /** Nothing is in flight, or all of it is lost: time begins anew. */
  restart(nowMs: number): void {
    this.deliveredAtMs = nowMs
    this.firstAskedAtMs = nowMs
  }

  /** Deliveries until everything in flight has come say nothing about the path. */
  markLimited(inFlightBytes: number): void {
    this.limitedUntilBytes = this.deliveredBytes + inFlightBytes
  }

  get isLimited(): boolean {
    return this.deliveredBytes < this.limitedUntilBytes
  }

  count(bytes: number, nowMs: number): void {
    this.deliveredBytes += bytes
    this.deliveredAtMs = nowMs
  }

  /** Bytes per millisecond since a request was sent; 0 where the time is shorter than the path takes at all, an
   *  artefact of bursts. */
  rateSince(request: number, sent: SentSegments, minRttMs: number): number {
    const arrivedMs = this.deliveredAtMs - sent.deliveredAtMsOf(request)
    const askedAtMs = sent.askedAtMsOf(request)
    const intervalMs = Math.max(arrivedMs, askedAtMs - sent.firstAskedAtMsOf(request))
    if (askedAtMs > this.firstAskedAtMs) this.firstAskedAtMs = askedAtMs
    if (intervalMs < minRttMs) return 0
    const rate = (this.deliveredBytes - sent.deliveredBytesOf(request)) / intervalMs
    this.shownBytesPerMs += (rate - this.shownBytesPerMs) * SHOWN_WEIGHT
    return rate
  }
}
