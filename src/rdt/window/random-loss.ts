// Random loss: the path's own, told apart from the drops of a full queue by measuring while the queue is seen to be empty.
// Used by the BBR window, which asks for as much more as is lost. Were overflow counted as well, asking would become
// faster by it, and more would overflow.

import { TIMER_GRANULARITY_MS } from '../path/limits.js'
import { CONFIRMED_PART, EMPTIED_AFTER, EMPTY_RTT_RATIO, LOSS_MEMORY, PATH_LOSS_MAX } from './limits.js'

/** Bytes of one round that found no queue, delivered and lost. */
export interface LossRound {
  lostBytes: number
  deliveredBytes: number
}

export class RandomLoss {
  private lostBytes = 0
  private deliveredBytes = 0
  /** Longest RTT of late. */
  private recentRttMs = 0
  private recentAtMs = 0
  private isQueueEmpty = false
  private round: LossRound = { lostBytes: 0, deliveredBytes: 0 }

  /** Counts of segments that were asked for with half a window. */
  readonly probed = { lostBytes: 0, deliveredBytes: 0 }

  /** The part of what is asked for that the path itself loses. */
  get ratio(): number {
    const total = this.knownBytes
    return total === 0 ? 0 : Math.min(PATH_LOSS_MAX, this.lostBytes / total)
  }

  /** How much `ratio` is judged by. */
  get knownBytes(): number {
    return this.deliveredBytes + this.lostBytes
  }

  /** `rttMs`: 0 where it is not known. `reachMs`: how far jitter makes an RTT longer though there is no queue, if that is
   *  known. `isCounted`: whether it was asked for in a round to be learnt from. */
  handleDelivered(
    { bytes, rttMs, nowMs }: { readonly bytes: number; readonly rttMs: number; readonly nowMs: number },
    { minRttMs, reachMs, isCounted }: { minRttMs: number; reachMs: number; isCounted: boolean },
  ): void {
    if (rttMs <= 0) return
    const emptiedMs = (nowMs - this.recentAtMs) / EMPTIED_AFTER
    this.recentRttMs = Math.max(rttMs, this.recentRttMs - emptiedMs)
    this.recentAtMs = nowMs
    const leastRttMs = EMPTY_RTT_RATIO * Math.min(rttMs, minRttMs)
    this.isQueueEmpty = this.recentRttMs <= leastRttMs + Math.max(TIMER_GRANULARITY_MS, reachMs)
    if (this.isQueueEmpty && isCounted) this.round.deliveredBytes += bytes
  }

  /** Something of such a round. */
  handleLost(bytes: number): void {
    if (this.isQueueEmpty) this.round.lostBytes += bytes
  }

  handleFound(bytes: number): void {
    this.round.lostBytes = Math.max(0, this.round.lostBytes - bytes)
  }

  /** Counts since the last call. */
  takeRound(): LossRound {
    const { round } = this
    this.round = { lostBytes: 0, deliveredBytes: 0 }
    return round
  }

  /** Less was in flight for a while. Answers whether as much was lost as ever; if not, what was lost before was no
   *  loss of the path's. Fewer than `leastBytes` say nothing. */
  handleProbed(leastBytes: number): boolean {
    const { lostBytes, deliveredBytes } = this.probed
    const seenBytes = lostBytes + deliveredBytes
    const isLess = seenBytes >= leastBytes && lostBytes / seenBytes < CONFIRMED_PART * this.ratio
    if (isLess) {
      this.lostBytes = lostBytes
      this.deliveredBytes = deliveredBytes
    }
    this.probed.lostBytes = this.probed.deliveredBytes = 0
    return !isLess
  }

  learn(round: LossRound): void {
    // A known loss is not forgotten for rounds that could not tell, nor learnt from rounds that hardly found the queue
    // empty.
    if (round.deliveredBytes === 0 || round.lostBytes > round.deliveredBytes) return
    this.lostBytes = LOSS_MEMORY * this.lostBytes + round.lostBytes
    this.deliveredBytes = LOSS_MEMORY * this.deliveredBytes + round.deliveredBytes
  }
}
