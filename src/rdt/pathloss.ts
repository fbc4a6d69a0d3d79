// What a path loses of its own accord, told apart from what a full queue drops: by losses of rounds in which the
// queue was empty. Used by the measured window, which asks for so much more as is lost.

import { TIMER_GRANULARITY_MS } from './limits.js'

/** Loss beyond this is not believed: asking faster would only feed a queue. */
const PATH_LOSS_MAX = 0.5
/** What a round leaves of what was learnt in those before. */
const LOSS_MEMORY = 7 / 8
/** The queue was empty at some time in a round whose least RTT was this near to the least there is. Beside a flow that
 *  fills every queue there is no such round: what overflows then must not be taken for the path's, for asking faster
 *  makes it more. */
const EMPTY_RTT_RATIO = 1.1

/** Loss with half a window that confirms what was believed, as a part of it. */
const CONFIRMED_PART = 0.4

/** Bytes of one round, and the least RTT in it. */
export interface LossRound {
  readonly lostBytes: number
  readonly deliveredBytes: number
  readonly minRttMs: number
}

export class PathLoss {
  private lostBytes = 0
  private deliveredBytes = 0
  /** The round in which the queue should be empty. */
  private readonly quiet = { lostBytes: 0, deliveredBytes: 0, minRttMs: Number.POSITIVE_INFINITY }

  /** What was asked for with half a window. */
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

  /** `rttMs`: 0 where it is not known. */
  handleDelivered(bytes: number, rttMs: number): void {
    this.quiet.deliveredBytes += bytes
    if (rttMs > 0 && rttMs < this.quiet.minRttMs) this.quiet.minRttMs = rttMs
  }

  handleLost(bytes: number): void {
    this.quiet.lostBytes += bytes
  }

  handleFound(bytes: number): void {
    this.quiet.lostBytes = Math.max(0, this.quiet.lostBytes - bytes)
  }

  /** Another quiet round begins; what was counted since the last one began is all of that. */
  handleQuietRound(minRttMs: number): void {
    this.learn(this.quiet, minRttMs)
    this.quiet.lostBytes = this.quiet.deliveredBytes = 0
    this.quiet.minRttMs = Number.POSITIVE_INFINITY
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

  learn(round: LossRound, minRttMs: number): void {
    if (round.minRttMs > EMPTY_RTT_RATIO * minRttMs + TIMER_GRANULARITY_MS) return
    this.lostBytes = LOSS_MEMORY * this.lostBytes + round.lostBytes
    this.deliveredBytes = LOSS_MEMORY * this.deliveredBytes + round.deliveredBytes
  }
}
