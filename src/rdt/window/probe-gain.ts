// How far up and down the rate of asking goes in a cycle, and so how much of the queue that a flow would keep it keeps:
// as much as the path holds. Loss over a cycle, beyond the path's own, makes it less. Used by the BBR window.
//
//   loss usual:    grows by a quarter each cycle, by little where it last was too much (as CUBIC does, RFC 9438)
//   too much:      shrinks by three tenths, in the round that shows it; further on a long path
//   far too much, though it is the least:
//                  the window gets less room than the path holds by the rate that was measured: where several flows
//                  fill a short queue, each took what the others left for a moment for its own
//   too much, though nothing of this made it less:
//                  the loss is not ours to cure, and is usual from now on until it becomes less
//
// A flow's loss tells nothing of its share, so the loss that is too much depends on the share: of those that share a queue,
// and its losses, whoever has more gives way first (TCP's response to loss, RFC 5348, is of the kind).

import {
  BORNE_DECAY,
  EXCESS_MAX,
  FAR_DOUBTS,
  FAR_EXCESS,
  FAR_EXCESS_UNKNOWN,
  PROBE_GAIN_LEAST,
  PROBE_GAIN_LEAST_QUEUE_MS,
  PROBE_GAIN_MAX,
  PROBE_GAIN_MIN,
  PROBE_GROWTH,
  PROBE_GROWTH_NEAR,
  PROBE_NEAR_PART,
  PROBE_SHRINK,
  REFERENCE_BYTES_PER_MS,
  ROOM_GROWTH,
  ROOM_MIN,
  ROOM_SHRINK,
  SLOWNESS_POWER,
} from './limits.js'

/** Bytes lost and delivered of late, how little that says, and the usual loss. */
export interface RecentLoss {
  readonly lostBytes: number
  readonly deliveredBytes: number
  /** Loss of the path itself, and how far that may be off. */
  readonly pathLoss: number
  readonly doubt: number
  /** Not, where the queue was never seen empty. */
  readonly isPathLossKnown: boolean
  readonly minRttMs: number
  readonly rateBytesPerMs: number
  /** Rate of the link, for this flow and for others. */
  readonly linkBytesPerMs: number
}

export class ProbeGain {
  /** Part of the rate, up to PROBE_GAIN_MAX. */
  part = PROBE_GAIN_MAX
  /** Part of the computed window that is to be used. */
  room = 1
  /** Whether it was far too much when it last was too much. */
  isFar = false
  private partAtLoss = Number.POSITIVE_INFINITY
  private hasShrunk = false
  private borneLoss = 0
  private loss = 0

  /** At the end of each round with what became of those since the last judgement, or since the last shrinking was felt.
   *  Answers whether it was too much. */
  handleRound({
    lostBytes,
    deliveredBytes,
    pathLoss,
    isPathLossKnown,
    doubt,
    minRttMs,
    ...rates
  }: RecentLoss): boolean {
    const least = leastPart(minRttMs)
    const loss = lostBytes === 0 ? 0 : lostBytes / (lostBytes + deliveredBytes)
    const usual = Math.max(pathLoss, this.borneLoss) + bearableLoss(rates)
    this.loss = loss
    if (loss <= usual + doubt) return false
    const farExcess = isPathLossKnown ? FAR_EXCESS : FAR_EXCESS_UNKNOWN
    this.isFar = this.part <= least && loss > usual + farExcess + FAR_DOUBTS * doubt
    if (this.isFar && this.room > ROOM_MIN) this.room = Math.max(ROOM_MIN, this.room * ROOM_SHRINK)
    else if (this.isFar) this.bear(loss)
    else if (this.part <= least && this.room === 1)
      this.borneLoss = Math.max(this.borneLoss, Math.min(loss, pathLoss + FAR_EXCESS))
    this.partAtLoss = this.part
    this.part = Math.max(least, this.part * PROBE_SHRINK)
    this.hasShrunk = true
    return true
  }

  /** Less in flight did not make it less. */
  private bear(loss: number): void {
    this.borneLoss = loss
    this.room = 1
    this.isFar = false
  }

  handleCycle(): void {
    if (this.loss < this.borneLoss) this.borneLoss += (this.loss - this.borneLoss) * BORNE_DECAY
    const { hasShrunk } = this
    this.hasShrunk = false
    if (hasShrunk) return
    if (this.room < 1) {
      this.room = Math.min(1, this.room * ROOM_GROWTH)
      return
    }
    const isNear = this.part > PROBE_NEAR_PART * this.partAtLoss
    this.part = Math.min(PROBE_GAIN_MAX, this.part * (isNear ? PROBE_GROWTH_NEAR : PROBE_GROWTH))
    if (this.part > this.partAtLoss) this.partAtLoss = Number.POSITIVE_INFINITY
  }
}

function leastPart(minRttMs: number): number {
  return Math.max(PROBE_GAIN_MIN, Math.min(PROBE_GAIN_LEAST, PROBE_GAIN_LEAST_QUEUE_MS / minRttMs))
}

function bearableLoss(rates: { rateBytesPerMs: number; linkBytesPerMs: number }): number {
  const slowness = (REFERENCE_BYTES_PER_MS / rates.linkBytesPerMs) ** SLOWNESS_POWER
  return (EXCESS_MAX * slowness * rates.linkBytesPerMs) / rates.rateBytesPerMs
}
