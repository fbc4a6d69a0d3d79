// The cycle of cruise: eight rounds, in each of which the BBR window asks at another gain (bbr-window.ts has the picture).
// Knows which round it is, when that is over, and whether the rate grew from cycle to cycle.

import {
  CYCLE_ROUNDS,
  DOWN_RTTS_MAX,
  LOSSY,
  LOSSY_LEVEL_GAIN_MIN,
  LOSSY_LEVEL_MS,
  PROBE_DOWN_MAX,
  PROBE_GAIN_MAX,
  REVIVAL_CYCLES,
  REVIVAL_RATIO,
  ROUND_MS_MIN,
} from './limits.js'

/** Rounds of the cycle: in the first more is asked for, in this one the queue is drained, in the next it is empty. */
const UP_INDEX = 0
const DOWN_INDEX = 1
const QUIET_INDEX = 2
/** In the others asking is faster than the path, until the window is full: what is kept in the queue is kept at all
 *  times, and an estimate of the loss that is too low does not make the rate fall from round to round. */
const LEVEL_GAIN = PROBE_GAIN_MAX

export class CruiseCycle {
  private index = QUIET_INDEX
  /** The rate when the cycle began, and how many cycles in a row it grew. */
  private rateBytesPerMs = 0
  private growingCycles = 0

  constructor(private roundAtMs: number) {}

  /** The first round of a cycle. */
  get isUp(): boolean {
    return this.index === UP_INDEX
  }

  get isDown(): boolean {
    return this.index === DOWN_INDEX
  }

  get isQuiet(): boolean {
    return this.index === QUIET_INDEX
  }

  /** Cruise begins in the round that finds the queue empty, which draining has made so. */
  begin(nowMs: number): void {
    this.index = QUIET_INDEX
    this.roundAtMs = nowMs
  }

  /** Where the rate grew until the queue was empty, a new cycle begins; `bytesPerMs` is the rate. */
  advance(bytesPerMs: number, nowMs: number): void {
    const hasClimbed = this.isQuiet && this.hasGrown(bytesPerMs)
    this.index = hasClimbed ? UP_INDEX : (this.index + 1) % CYCLE_ROUNDS
    this.roundAtMs = nowMs
  }

  /** Up: until the queue that it makes would show. Down: until that queue is gone. RTT each, at least. */
  isRoundOver(nowMs: number, minRttMs: number): boolean {
    const isShort = this.isDown || this.isQuiet
    return nowMs - this.roundAtMs >= (isShort ? minRttMs : Math.max(minRttMs, ROUND_MS_MIN))
  }

  /** Whether the round that drains the queue may go on until it is empty. */
  mayDrain(nowMs: number, minRttMs: number): boolean {
    return nowMs - this.roundAtMs < DOWN_RTTS_MAX * minRttMs
  }

  /** Times the rate: how fast is asked in this round. `part` is the probe gain, `queueRtts` the queue that is kept, in
   *  RTTs (read in the round that drains it alone), `loss` the path's own. */
  gain(
    part: number,
    { queueRtts, loss, minRttMs }: { queueRtts: number; loss: number; minRttMs: number },
  ): number {
    if (this.isUp) return 1 + part
    if (this.index > QUIET_INDEX) return 1 + levelGain(loss, minRttMs)
    if (this.isQuiet) return 1
    return 1 - Math.max(part, Math.min(PROBE_DOWN_MAX, queueRtts))
  }

  /** At the end of a cycle: answers whether the rate grew in so many in a row that the path has more to give. */
  endCycle(bytesPerMs: number, isReviving: boolean): boolean {
    this.growingCycles = this.rateBytesPerMs > 0 && this.hasGrown(bytesPerMs) ? this.growingCycles + 1 : 0
    this.rateBytesPerMs = bytesPerMs
    if (this.growingCycles < REVIVAL_CYCLES || !isReviving) return false
    this.growingCycles = 0
    return true
  }

  private hasGrown(bytesPerMs: number): boolean {
    return bytesPerMs > this.rateBytesPerMs * REVIVAL_RATIO
  }
}

function levelGain(loss: number, minRttMs: number): number {
  if (loss <= LOSSY) return LEVEL_GAIN
  return Math.min(LEVEL_GAIN, Math.max(LOSSY_LEVEL_GAIN_MIN, LOSSY_LEVEL_MS / minRttMs))
}
