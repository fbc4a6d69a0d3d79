// Which counters have come already, as RFC 6479 keeps them: a ring of bits behind the highest that was seen.
// Used for the datagrams of a session, after their seal has been checked.

import { REPLAY_WINDOW } from './limits.js'

const WORDS = REPLAY_WINDOW / 32

export class ReplayWindow {
  /** None has come. */
  private highest = -1
  private readonly bits = new Uint32Array(WORDS)

  /** Whether it may be new: it is neither known nor too old to tell. */
  mayTake(counter: number): boolean {
    if (counter > this.highest) return true
    if (counter <= this.highest - REPLAY_WINDOW) return false
    return (this.bits[wordOf(counter)]! & bitOf(counter)) === 0
  }

  /** The counter came, and is not taken again. */
  take(counter: number): void {
    if (counter > this.highest) {
      this.clear(this.highest + 1, counter)
      this.highest = counter
    }
    this.bits[wordOf(counter)]! |= bitOf(counter)
  }

  /** The ring turns: places of counters that have fallen out are those of the new ones. */
  private clear(from: number, until: number): void {
    if (until - from >= REPLAY_WINDOW) {
      this.bits.fill(0)
      return
    }
    for (let counter = from; counter <= until; counter++) this.bits[wordOf(counter)]! &= ~bitOf(counter)
  }
}

function wordOf(counter: number): number {
  return (counter >>> 5) % WORDS
}

function bitOf(counter: number): number {
  return 1 << (counter & 31)
}
