// Waits for datagrams of the target. An attacker hands in all that comes; whoever waits is given the first that fits.

import type { Control } from '../rdt/wire/control.js'
import { REPEAT_MS, WAIT_MS_MAX } from './limits.js'

/** A datagram of the target; one of the session is opened. */
export interface HeardDatagram {
  readonly bytes: Uint8Array
  /** Undefined where it is none, or none that can be read. */
  readonly control: Control | undefined
}

export class Replies {
  private readonly waiting = new Set<(arrival: HeardDatagram) => void>()

  handle(arrival: HeardDatagram): void {
    for (const look of [...this.waiting]) look(arrival)
  }

  /** The first datagram from now on that fits; undefined after `timeoutMs`. */
  waitFor(fits: (arrival: HeardDatagram) => boolean, timeoutMs: number): Promise<HeardDatagram | undefined> {
    return new Promise((resolve) => {
      const finish = (arrival: HeardDatagram | undefined) => {
        clearTimeout(timer)
        this.waiting.delete(look)
        resolve(arrival)
      }
      const timer = setTimeout(() => finish(undefined), timeoutMs)
      const look = (arrival: HeardDatagram) => {
        if (fits(arrival)) finish(arrival)
      }
      this.waiting.add(look)
    })
  }

  /** Repeats `say` until what fits comes. */
  async insist(
    say: () => void,
    fits: (arrival: HeardDatagram) => boolean,
    timeoutMs = WAIT_MS_MAX,
  ): Promise<HeardDatagram | undefined> {
    const repeating = setInterval(say, REPEAT_MS)
    const answer = this.waitFor(fits, timeoutMs)
    say()
    try {
      return await answer
    } finally {
      clearInterval(repeating)
    }
  }
}
