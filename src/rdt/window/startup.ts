// How fast a flow starts, when it has found out what the path carries, and what that told about the path's loss. Used by
// the BBR window.

import {
  FLAT_ROUNDS_MAX,
  GROWTH_RATIO,
  STARTUP_GAIN,
  STARTUP_GAIN_MAX,
  STARTUP_LOSS_SEGMENTS_MIN,
  TRAIN_PART,
} from './limits.js'
import { PacketTrainMeter } from './packet-train.js'
import type { LossRound, RandomLoss } from './random-loss.js'

export class Startup {
  readonly train = new PacketTrainMeter()
  private fullRate = 0
  private flatRounds = 0
  /** Loss of the last round: believed once the next one was still faster. */
  private lastRound: LossRound | undefined

  constructor(private readonly loss: RandomLoss) {}

  /** There is more than `rateBytesPerMs`, or nothing is known any more. */
  begin(rateBytesPerMs: number): void {
    this.fullRate = rateBytesPerMs
    this.flatRounds = 0
    this.lastRound = undefined
  }

  gain(rateBytesPerMs: number): number {
    const towardsTrain = (TRAIN_PART * this.train.bytesPerMs) / rateBytesPerMs
    return Math.max(STARTUP_GAIN, Math.min(STARTUP_GAIN_MAX, towardsTrain))
  }

  /** While the rate grows from round to round the queue is empty, and what is lost is the path's own. */
  learnLoss(segmentBytes: number): void {
    if (this.flatRounds > 0) return
    const { lastRound } = this
    const bytes = lastRound === undefined ? 0 : lastRound.lostBytes + lastRound.deliveredBytes
    if (lastRound !== undefined && bytes >= STARTUP_LOSS_SEGMENTS_MIN * segmentBytes)
      this.loss.learn(lastRound)
    this.lastRound = this.loss.takeRound()
  }

  /** At the end of a round: whether the path is full. */
  isFull(rateBytesPerMs: number): boolean {
    if (rateBytesPerMs >= this.fullRate * GROWTH_RATIO) {
      this.fullRate = rateBytesPerMs
      this.flatRounds = 0
      return false
    }
    return ++this.flatRounds >= FLAT_ROUNDS_MAX
  }
}
