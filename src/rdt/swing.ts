// How far up and down the rate of asking goes in a cycle, and so how much of the queue that a flow would keep it keeps:
// as much as the path holds. Loss over a cycle, beyond the path's own, makes it less. Used by the measured window.
//
//   loss usual:    grows by a quarter each cycle, by little where it last was too much (as CUBIC does, RFC 9438)
//   too much:      shrinks by three tenths, in the round that shows it
//   too much, though it is the least: the loss is not ours to cure, and is usual from now on until it becomes less

/** Never so little that more would not be found. */
export const SWING_MAX = 0.25
const SWING_MIN = 0.0625
const GROWTH = 1.25
const SHRINK = 0.7
const NEAR_PART = 0.75
const GROWTH_NEAR = 1.05

/** Loss beyond the usual that is blamed on the swing, at EXCESS_RATE_BYTES_PER_MS (1 Gbit/s). More is borne where a flow
 *  is slower: of those that share a queue the fast one gives way first, as by TCP's response to loss (RFC 5348). */
const EXCESS_MAX = 0.01
const EXCESS_RATE_BYTES_PER_MS = 125_000
const SLOWNESS_POWER = 1 / 2
/** What of a usual loss that became less is forgotten each cycle. */
const BORNE_DECAY = 1 / 8

/** What was lost and delivered of late, how little that says, and what is usual. */
export interface RecentLoss {
  readonly lostBytes: number
  readonly deliveredBytes: number
  /** What the path itself loses, and how far that may be off. */
  readonly pathLoss: number
  readonly doubt: number
  readonly rateBytesPerMs: number
}

export class Swing {
  private value = SWING_MAX
  private valueAtLoss = Number.POSITIVE_INFINITY
  private borneLoss = 0
  private loss = 0
  private hasShrunk = false

  /** Part of the rate, up to SWING_MAX. */
  get part(): number {
    return this.value
  }

  /** At the end of each round with what became of those since the cycle began, or since the last shrinking was felt.
   *  Answers whether it was too much. */
  handleRound({ lostBytes, deliveredBytes, pathLoss, doubt, rateBytesPerMs }: RecentLoss): boolean {
    const loss = lostBytes === 0 ? 0 : lostBytes / (lostBytes + deliveredBytes)
    const slowness = (EXCESS_RATE_BYTES_PER_MS / rateBytesPerMs) ** SLOWNESS_POWER
    const usual = Math.max(pathLoss, this.borneLoss) + EXCESS_MAX * slowness + doubt
    this.loss = loss
    if (loss <= usual) return false
    if (this.value === SWING_MIN) this.borneLoss = loss
    this.valueAtLoss = this.value
    this.value = Math.max(SWING_MIN, this.value * SHRINK)
    this.hasShrunk = true
    return true
  }

  handleCycle(): void {
    if (this.loss < this.borneLoss) this.borneLoss += (this.loss - this.borneLoss) * BORNE_DECAY
    const { hasShrunk } = this
    this.hasShrunk = false
    if (hasShrunk) return
    const isNear = this.value > NEAR_PART * this.valueAtLoss
    this.value = Math.min(SWING_MAX, this.value * (isNear ? GROWTH_NEAR : GROWTH))
    if (this.value > this.valueAtLoss) this.valueAtLoss = Number.POSITIVE_INFINITY
  }
}
