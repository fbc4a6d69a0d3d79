// Half a window for a while, to see the path without a queue. Used by the BBR window, for two reasons: no RTT was as
// low as the least for long, or so much is lost that it may not be the path's own loss.

import { TIMER_GRANULARITY_MS } from '../path/limits.js'
import {
  DOUBTED_LOSS_MIN,
  EMPTY_RTT_RATIO,
  JUDGE_RTTS,
  LOSS_TRUST_MS_MAX,
  LOSS_TRUST_MS_MIN,
  MIN_RTT_MS_MAX_AGE,
  MIN_RTT_PROBE_AFTER_MS,
  PROBE_RTTS,
  TOGETHER_MS_MAX,
  TOGETHER_MS_MIN,
  TOGETHER_RTTS,
} from './limits.js'
import type { RandomLoss } from './random-loss.js'

export class ProbeRtt {
  isOn = false
  /** The least RTT, infinite until there was one. */
  minRttMs = Number.POSITIVE_INFINITY
  private untilMs = Number.NEGATIVE_INFINITY
  private judgeAtMs = Number.POSITIVE_INFINITY
  /** How long the path's loss is believed until it is seen again with half a window. */
  private lossTrustMs = LOSS_TRUST_MS_MIN

  constructor(private minRttAtMs: number) {}

  forgetRtt(): void {
    this.minRttMs = Number.POSITIVE_INFINITY
  }

  /** `leastRttMs`: what the session knows from when nothing was pulled; 0 where it does not. Answers whether the least
   *  RTT became less, or the time has come to halve the window. */
  handleRtt(rttMs: number, leastRttMs: number, nowMs: number): boolean {
    if (rttMs < this.minRttMs) {
      const isFirst = this.minRttMs === Number.POSITIVE_INFINITY && leastRttMs > 0
      // A flow that comes late to a queue would take the queue for the path, and more than its share of it.
      this.minRttMs = isFirst ? Math.min(rttMs, leastRttMs) : rttMs
      this.minRttAtMs = nowMs
      return true
    }
    // As good as the least there was: the queue was empty.
    if (rttMs < this.minRttMs * EMPTY_RTT_RATIO + TIMER_GRANULARITY_MS / 2) this.minRttAtMs = nowMs
    if (nowMs - Math.max(this.minRttAtMs, this.untilMs) < MIN_RTT_PROBE_AFTER_MS) return false
    if (nowMs - this.minRttAtMs > MIN_RTT_MS_MAX_AGE) {
      this.minRttMs = rttMs
      this.minRttAtMs = nowMs
    }
    const togetherMs = Math.min(TOGETHER_MS_MAX, Math.max(TOGETHER_MS_MIN, TOGETHER_RTTS * this.minRttMs))
    this.begin(nowMs, togetherMs)
    return true
  }

  private begin(nowMs: number, leastMs: number): void {
    this.isOn = true
    this.untilMs = nowMs + Math.max(leastMs, PROBE_RTTS * this.minRttMs)
  }

  /** Answers whether the window changes by it. `cruiseAtMs`: since when the path's loss can be doubted, undefined where it
   *  cannot. */
  handleTime(
    loss: RandomLoss,
    facts: { nowMs: number; cruiseAtMs: number | undefined; lastRttMs: number; leastBytes: number },
  ): boolean {
    const { nowMs, cruiseAtMs, lastRttMs, leastBytes } = facts
    const isJudged = nowMs >= this.judgeAtMs
    if (isJudged) this.judge(loss, leastBytes)
    if (this.isOn && nowMs >= this.untilMs) {
      this.isOn = false
      // Segments asked for until now come, or are called lost, within the next round trips.
      this.judgeAtMs = this.untilMs + JUDGE_RTTS * Math.max(this.minRttMs, lastRttMs) + TIMER_GRANULARITY_MS
      return true
    }
    if (this.isOn || cruiseAtMs === undefined || loss.ratio <= DOUBTED_LOSS_MIN) return isJudged
    if (nowMs < Math.max(this.untilMs, cruiseAtMs) + this.lossTrustMs) return isJudged
    this.begin(nowMs, 0)
    return true
  }

  private judge(loss: RandomLoss, leastBytes: number): void {
    this.judgeAtMs = Number.POSITIVE_INFINITY
    const isConfirmed = loss.handleProbed(leastBytes)
    this.lossTrustMs = isConfirmed ? Math.min(LOSS_TRUST_MS_MAX, 2 * this.lossTrustMs) : LOSS_TRUST_MS_MIN
  }
}
