// Round-trip time as one session measures it. RFC 6298, with the timeouts of RFC 9002.

import {
  PEER_DELAY_MS,
  PROBE_TIMEOUT_MS_MAX,
  RTO_MS_FIRST,
  RTO_MS_MAX,
  RTO_MS_MIN,
  RTT_MS_FIRST,
  TIMER_GRANULARITY_MS,
} from './limits.js'

/** How long a least RTT is believed: routes change. */
const MIN_MS_AGE = 10_000

export class RoundTrip {
  /** 0 until measured, as is `variationMs`. */
  smoothedMs = 0
  variationMs = 0
  /** The least of the last MIN_MS_AGE to twice that; 0 until measured. */
  minMs = 0
  private recentMinMs = Number.POSITIVE_INFINITY
  private minSinceMs = 0
  private sampledAtMs = Number.NEGATIVE_INFINITY

  get isMeasured(): boolean {
    return this.smoothedMs > 0
  }

  /** `sampleMs` must not be that of something sent twice, unless the answer tells which (Karn). */
  handleSample(sampleMs: number, nowMs: number): void {
    const sample = Math.max(sampleMs, 0.001)
    this.takeMin(sample, nowMs)
    // Segments that the kernel handed over together are one sample.
    if (nowMs === this.sampledAtMs) return
    this.sampledAtMs = nowMs
    if (!this.isMeasured) {
      this.smoothedMs = sample
      this.variationMs = sample / 2
      return
    }
    this.variationMs += (Math.abs(this.smoothedMs - sample) - this.variationMs) / 4
    this.smoothedMs += (sample - this.smoothedMs) / 8
  }

  private takeMin(sample: number, nowMs: number): void {
    this.recentMinMs = Math.min(this.recentMinMs, sample)
    if (this.minMs === 0 || sample < this.minMs) {
      this.minMs = sample
    } else if (nowMs - this.minSinceMs > MIN_MS_AGE) {
      this.minMs = this.recentMinMs
      this.recentMinMs = Number.POSITIVE_INFINITY
      this.minSinceMs = nowMs
    }
  }

  /** When, after the last thing asked or received, to probe for what is missing. RFC 9002, 6.2. */
  probeTimeoutMs(backoff: number): number {
    const smoothedMs = this.isMeasured ? this.smoothedMs : RTT_MS_FIRST
    const timeoutMs = smoothedMs + Math.max(4 * this.variationMs, TIMER_GRANULARITY_MS) + PEER_DELAY_MS
    return Math.min(PROBE_TIMEOUT_MS_MAX, timeoutMs * 2 ** Math.min(backoff, 16))
  }

  /** How long a message waits for its reply. RFC 6298, section 2, with bounds of our own. */
  retransmissionTimeoutMs(backoff: number): number {
    const timeoutMs = this.isMeasured
      ? this.smoothedMs + Math.max(4 * this.variationMs, TIMER_GRANULARITY_MS) + PEER_DELAY_MS
      : RTO_MS_FIRST
    return Math.min(RTO_MS_MAX, Math.max(RTO_MS_MIN, timeoutMs) * 2 ** Math.min(backoff, 16))
  }
}
