// When a transfer is killed, and where: drawn from a seed, so that a failure can be seen again.

import { SeededRandom } from '../../src/sim/random.js'

export interface Kill {
  /** After the receiver began to fetch, or went on. */
  readonly afterMs: number
  readonly side: 'sender' | 'receiver'
  /** The process with the socket alone, or its watcher process with it. */
  readonly whom: 'engine' | 'both'
}

export const KILL_MS_MIN = 100
export const KILL_MS_MAX = 900

export function drawKills(seed: number, count: number): Kill[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: count }, () => ({
    afterMs: Math.round(KILL_MS_MIN + random.next() * (KILL_MS_MAX - KILL_MS_MIN)),
    side: random.next() < 0.5 ? 'sender' : 'receiver',
    whom: random.next() < 0.5 ? 'engine' : 'both',
  }))
}

/** The rate of a link on which the transfer is still under way at the last kill, with time to spare for the end. */
export function rateFor(sizeBytes: number, kills: readonly Kill[]): number {
  const killedMs = kills.reduce((sum, { afterMs }) => sum + afterMs, 0)
  return Math.round(sizeBytes / ((killedMs + KILL_MS_MAX) / 1_000))
}
