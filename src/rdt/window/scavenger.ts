// How a flow in the background gives way: a queue through a whole round is somebody who wants the link. RFC 6817's
// idea, with the multiplicative decrease of LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus). Used by the BBR
// window, whose queue is shorter than what is taken for somebody else's.

/** Target delay. Flows that are not in the background keep more, see queue.ts. */
const TARGET_MS = 2
const TARGET_RTT_PART = 0.03
const SHRINK = 0.5
/** Taken back each round. */
const STEP = 1 / 16
const PART_MIN = 1 / 64

export class Scavenger {
  /** The part of its window that the flow uses: 1 where nobody else is. */
  part = 1

  /** `roundMinRttMs`: the least RTT of the round. Answers whether somebody else wants the link. */
  handleRound(roundMinRttMs: number, minRttMs: number): boolean {
    if (roundMinRttMs === Number.POSITIVE_INFINITY) return false
    const isWanted = roundMinRttMs > minRttMs + TARGET_MS + TARGET_RTT_PART * minRttMs
    this.part = isWanted ? Math.max(PART_MIN, this.part * SHRINK) : Math.min(1, this.part + STEP)
    return isWanted
  }
}
