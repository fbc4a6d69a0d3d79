// Response to loss beyond the path's own, which means that a queue overflows. Used by the BBR window.
//
//   beyond:                        the queue that is kept becomes shorter (probe-gain.ts)
//   far beyond, while it starts:   startup is over

import { TIMER_GRANULARITY_MS } from '../path/limits.js'
import {
  DOUBT_DEVIATIONS,
  EXCESS_LOSS_MAX,
  EXCESS_SEGMENTS_MIN,
  KNOWN_SEGMENTS_MIN,
  LOSS_FLOOR,
  PROBE_FELT_ROUNDS,
  PROBE_SEGMENTS_MIN,
} from './limits.js'
import { ProbeGain } from './probe-gain.js'
import type { RandomLoss } from './random-loss.js'

/** The path as it is known in this round. */
export interface PathFacts {
  readonly round: number
  readonly segmentBytes: number
  readonly quantumBytes: number
  readonly minRttMs: number
  readonly rateBytesPerMs: number
  readonly linkBytesPerMs: number
}

export class LossResponse {
  readonly probeGain = new ProbeGain()
  /** Since `takeHasOverflowed` was asked last. */
  private hasOverflowed = false
  private roundLostBytes = 0
  private roundDeliveredBytes = 0
  /** Since the swing was last judged. */
  private cycleLostBytes = 0
  private cycleDeliveredBytes = 0
  private swingFeltRound = 0

  constructor(private readonly loss: RandomLoss) {}

  handleDelivered(bytes: number): void {
    this.roundDeliveredBytes += bytes
  }

  handleLost(bytes: number): void {
    this.roundLostBytes += bytes
  }

  handleFound(bytes: number): void {
    this.roundLostBytes = Math.max(0, this.roundLostBytes - bytes)
  }

  /** Whether what was lost of late was too much for the swing. */
  takeHasOverflowed(): boolean {
    const { hasOverflowed } = this
    this.hasOverflowed = false
    return hasOverflowed
  }

  /** `round`: the one that ends. */
  endRound(round: number): void {
    if (round < this.swingFeltRound) this.forgetCycle()
    this.cycleLostBytes += this.roundLostBytes
    this.cycleDeliveredBytes += this.roundDeliveredBytes
    this.roundLostBytes = this.roundDeliveredBytes = 0
  }

  forgetCycle(): void {
    this.cycleLostBytes = this.cycleDeliveredBytes = 0
  }

  endCycle(segmentBytes: number): void {
    this.probeGain.handleCycle()
    // A slow flow is judged more rarely, and grows as often: that it is slow is what makes it gain.
    if (this.cycleSaysEnough(segmentBytes)) this.forgetCycle()
  }

  /** A loss is known of in the round after it, so what comes until then after a shrinking was sent before it. */
  judgeSwing(facts: PathFacts): void {
    const { cycleLostBytes: lostBytes, cycleDeliveredBytes: deliveredBytes, loss } = this
    if (facts.round < this.swingFeltRound || !this.cycleSaysEnough(facts.segmentBytes)) return
    const totalBytes = lostBytes + deliveredBytes
    // A queue that never empties keeps the path's loss unknown, and must be shortened all the same.
    const isPathLossKnown = this.isLossKnown(facts)
    const saidByBytes = isPathLossKnown ? Math.min(totalBytes, loss.knownBytes) : totalBytes
    const doubt = lossDeviation(loss.ratio, facts.quantumBytes, saidByBytes)
    const { minRttMs, rateBytesPerMs, linkBytesPerMs } = facts
    const recent = {
      lostBytes,
      deliveredBytes,
      pathLoss: loss.ratio,
      isPathLossKnown,
      doubt,
      minRttMs,
      rateBytesPerMs,
      linkBytesPerMs,
    }
    if (!this.probeGain.handleRound(recent)) return
    this.swingFeltRound = facts.round + PROBE_FELT_ROUNDS
    this.hasOverflowed = this.probeGain.isFar
  }

  private cycleSaysEnough(segmentBytes: number): boolean {
    return this.cycleLostBytes + this.cycleDeliveredBytes >= PROBE_SEGMENTS_MIN * segmentBytes
  }

  /** Losses come in bursts, so that little of a round says nothing; and a queue that overflows makes one wait. */
  isStartupTooFast(
    facts: PathFacts,
    { pipeBytes, lastRttMs, minRttMs }: { pipeBytes: number; lastRttMs: number; minRttMs: number },
  ): boolean {
    if (this.roundLostBytes + this.roundDeliveredBytes < pipeBytes / 2) return false
    return lastRttMs > minRttMs + TIMER_GRANULARITY_MS && this.isExcess(facts)
  }

  private isExcess(facts: PathFacts): boolean {
    const total = this.roundLostBytes + this.roundDeliveredBytes
    if (this.roundLostBytes < EXCESS_SEGMENTS_MIN * facts.segmentBytes) return false
    return this.roundLostBytes / total > this.loss.ratio + EXCESS_LOSS_MAX + this.roundDoubt(facts, total)
  }

  /** How far the loss of so many bytes may be from the path's by chance. Where that is not known it is taken for none: startup
   *  would have seen it, had the queue been empty. */
  private roundDoubt(facts: PathFacts, bytes: number): number {
    const saidByBytes = this.isLossKnown(facts) ? Math.min(bytes, this.loss.knownBytes) : bytes
    return (
      DOUBT_DEVIATIONS * lossDeviation(Math.max(LOSS_FLOOR, this.loss.ratio), facts.quantumBytes, saidByBytes)
    )
  }

  private isLossKnown({ segmentBytes }: PathFacts): boolean {
    return this.loss.knownBytes >= KNOWN_SEGMENTS_MIN * segmentBytes
  }
}

/** Requests are lost whole, so it is they that count. */
function lossDeviation(loss: number, quantumBytes: number, bytes: number): number {
  return Math.sqrt((loss * (1 - loss) * quantumBytes) / bytes)
}
