// How a flow in the background gives way: a queue through a whole round is somebody who wants the link. RFC 6817's
// idea, with the multiplicative decrease of LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus). Used by the BBR
// window, whose queue is shorter than what is taken for somebody else's.

import {
  SCAVENGER_PART_MIN,
  SCAVENGER_SHRINK,
  SCAVENGER_STEP,
  SCAVENGER_TARGET_MS,
  SCAVENGER_TARGET_RTT_PART,
} from './limits.js'

export class Scavenger {
  /** The part of its window that the flow uses: 1 where nobody else is. */
  part = 1

  /** `roundMinRttMs`: the least RTT of the round. Answers whether somebody else wants the link. */
  handleRound(roundMinRttMs: number, minRttMs: number): boolean {
    if (roundMinRttMs === Number.POSITIVE_INFINITY) return false
    const isWanted = roundMinRttMs > minRttMs + SCAVENGER_TARGET_MS + SCAVENGER_TARGET_RTT_PART * minRttMs
    this.part = isWanted
      ? Math.max(SCAVENGER_PART_MIN, this.part * SCAVENGER_SHRINK)
      : Math.min(1, this.part + SCAVENGER_STEP)
    return isWanted
  }
}
