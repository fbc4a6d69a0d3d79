// How long a queue a flow keeps at the bottleneck. Used by the BBR window, which fills the pipe and this.
//
// A flow that has less of a link than another keeps more of the queue for its rate, so it gains: that makes flows equal.
// FAST TCP (Wei, Jin, Low, Hegde, 2006) does it with a constant number of packets, which suits one link. Here the
// queue of a flow alone goes with the fourth root of the link's rate, which suits all, and grows nearly as FAST's does
// with the part of the link that it lacks.

import { TIMER_GRANULARITY_MS } from '../path/limits.js'
import {
  BACKGROUND_PART,
  OTHERS_PART,
  QUEUE_MS,
  QUEUE_MS_OVER_RTT_MAX,
  QUEUE_RTT_PART,
  REFERENCE_BYTES_PER_MS,
  SHARE_POWER,
  SILENCE_MS_MAX,
  SILENCE_RTT_PART_MAX,
  SILENCE_WEIGHT,
  SLOWNESS_POWER,
} from './limits.js'

export class QueueTarget {
  private cycleMinRttMs = Number.POSITIVE_INFINITY
  /** The queue that was there for a whole cycle, drained though we had what we kept of it. */
  private standingMs = 0
  private arrivedAtMs = Number.POSITIVE_INFINITY
  private cycleSilenceMs = 0
  private silenceMs = 0

  constructor(private readonly isBackground: boolean) {}

  /** `isAppLimited`: nothing could have come. */
  handleDelivered(isAppLimited: boolean, nowMs: number): void {
    const silenceMs = nowMs - this.arrivedAtMs
    if (silenceMs > this.cycleSilenceMs && !isAppLimited) this.cycleSilenceMs = silenceMs
    this.arrivedAtMs = nowMs
  }

  handleRtt(rttMs: number): void {
    if (rttMs < this.cycleMinRttMs) this.cycleMinRttMs = rttMs
  }

  /** In a cycle the window drains once what it keeps. */
  handleCycle(minRttMs: number): void {
    this.standingMs = this.cycleMinRttMs === Number.POSITIVE_INFINITY ? 0 : this.cycleMinRttMs - minRttMs
    this.cycleMinRttMs = Number.POSITIVE_INFINITY
    const stallMs = Math.min(
      SILENCE_MS_MAX,
      SILENCE_RTT_PART_MAX * minRttMs + 2 * TIMER_GRANULARITY_MS,
      Math.max(0, this.cycleSilenceMs - TIMER_GRANULARITY_MS),
    )
    this.silenceMs += SILENCE_WEIGHT * (stallMs - this.silenceMs)
    this.cycleSilenceMs = 0
  }

  /** How long the queue may be that this flow fills, as time at its rate. `part`: 1, or less where the queue of the
   *  path does not hold it. */
  keptMs({
    rateBytesPerMs,
    linkBytesPerMs,
    minRttMs,
    part,
  }: {
    rateBytesPerMs: number
    linkBytesPerMs: number
    minRttMs: number
    part: number
  }): number {
    const slowness = (REFERENCE_BYTES_PER_MS / linkBytesPerMs) ** SLOWNESS_POWER
    const lack = (linkBytesPerMs / rateBytesPerMs) ** SHARE_POWER
    const ownMs = (QUEUE_MS + QUEUE_RTT_PART * minRttMs) * slowness * lack
    if (this.isBackground) return BACKGROUND_PART * ownMs
    const wantedMs = ownMs + this.silenceMs + OTHERS_PART * Math.max(0, this.standingMs)
    return Math.min(part * wantedMs, minRttMs + QUEUE_MS_OVER_RTT_MAX)
  }
}
