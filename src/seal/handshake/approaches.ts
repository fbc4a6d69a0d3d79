// How the peer at an address is asked: by the pin that was met there, else by a secret, else by neither. With secrets the
// attempts walk the pairs of an own one and a share of the answerer's, for nobody sees which of them fit. Used by sealed.ts.

import { ADDRESSES_WALKED_MAX } from '../limits.js'
import type { Trust } from '../trust.js'
import type { Approach } from './asking.js'

export class Approaches {
  /** Pairs that did not fit, by address. */
  private readonly wrongCounts = new Map<string, number>()

  constructor(
    private readonly trust: Trust,
    private readonly generators: readonly Uint8Array[],
  ) {}

  /** A pinned peer is asked by its pin alone: two that know each other are not kept apart by a secret that one of them has
   *  replaced. */
  to(address: string): Approach {
    const { trust, generators } = this
    const fingerprint = trust.keyAt(address)
    const staticKey = fingerprint === undefined ? undefined : trust.staticOf(fingerprint)
    if (fingerprint !== undefined && staticKey !== undefined) return { used: 1, fingerprint, staticKey }
    if (fingerprint !== undefined || generators.length === 0) return { used: 0, requires: fingerprint }
    const pair = (this.wrongCounts.get(address) ?? 0) % (2 * generators.length)
    return { used: pair % 2 === 0 ? 2 : 3, generator: generators[pair >> 1]! }
  }

  /** Flight 3 was not answered. */
  handleWrong(address: string): void {
    const count = this.wrongCounts.get(address) ?? 0
    this.wrongCounts.delete(address)
    this.wrongCounts.set(address, count + 1)
    if (this.wrongCounts.size > ADDRESSES_WALKED_MAX)
      this.wrongCounts.delete(this.wrongCounts.keys().next().value!)
  }
}
