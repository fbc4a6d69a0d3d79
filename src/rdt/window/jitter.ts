// How unevenly a path delays what finds no queue, as Wi-Fi does, and busy machines. Used by the BBR window, which
// would else take it for a queue that never goes away, and what the path loses for what such a queue drops.
//
// Jitter is the difference of the longest and the least RTT in a round that was drained. A queue that others keep makes
// that longer now and then, jitter does always; therefore the least of the last few rounds counts.

import { JITTER_ROUNDS, JITTER_ROUNDS_MIN, LONGEST_QUEUE_RATIO, STANDING_SPREADS } from './limits.js'

/** The RTTs of what was asked for in one drained round. */
interface Spread {
  leastMs: number
  mostMs: number
}

const NONE: Readonly<Spread> = { leastMs: Number.POSITIVE_INFINITY, mostMs: 0 }

export class Jitter {
  private round: Spread = { ...NONE }
  private readonly rounds: Spread[] = []
  private evenest: Spread | undefined
  private longestQueueMs = 0

  /** How far above the least an RTT may be that found no queue; 0 until known, and where a full queue cannot be told
   *  from none. */
  reachMs(minRttMs: number): number {
    if (this.evenest === undefined) return 0
    const { leastMs, mostMs } = this.evenest
    if (leastMs - minRttMs > STANDING_SPREADS * spreadOf(this.evenest)) return 0
    const reachMs = mostMs - minRttMs
    return this.longestQueueMs >= LONGEST_QUEUE_RATIO * reachMs ? reachMs : 0
  }

  /** `rttMs`: of a segment that was asked for while the queue was drained; 0 where it is not known. */
  handleDrainedRtt(rttMs: number): void {
    if (rttMs <= 0) return
    if (rttMs < this.round.leastMs) this.round.leastMs = rttMs
    if (rttMs > this.round.mostMs) this.round.mostMs = rttMs
  }

  /** All that was asked for in the last round of that kind has come. */
  endDrainedRound(): void {
    const { round, rounds } = this
    if (round.mostMs === 0) return
    rounds.push(round)
    this.round = { ...NONE }
    if (rounds.length > JITTER_ROUNDS) rounds.shift()
    if (rounds.length < JITTER_ROUNDS_MIN) return
    this.evenest = rounds.reduce((best, next) => (spreadOf(next) < spreadOf(best) ? next : best))
  }

  /** At the end of any round, whose least RTT tells the queue that stood throughout it; infinite where nothing came. */
  handleRound(roundMinRttMs: number, minRttMs: number): void {
    if (roundMinRttMs === Number.POSITIVE_INFINITY) return
    this.longestQueueMs = Math.max(this.longestQueueMs, roundMinRttMs - minRttMs)
  }

  /** The path is another one. */
  reset(): void {
    this.round = { ...NONE }
    this.rounds.length = 0
    this.evenest = undefined
    this.longestQueueMs = 0
  }
}

function spreadOf({ leastMs, mostMs }: Spread): number {
  return mostMs - leastMs
}
