// How the peer at an address is asked: by the pin that was met there, else by a secret, else by neither. With secrets the
// attempts walk the pairs of an own one and a share of the answerer's, for nobody sees which of them fit. At an address that was
// only found each hello tries another pin. Used by sealed.ts.

import { ADDRESSES_WALKED_MAX } from '../limits.js'
import type { Trust } from '../trust.js'
import type { Approach } from './asking.js'

export class Approaches {
  /** Pairs that did not fit, by address. */
  private readonly wrongCounts = new Map<string, number>()

  /** Pins that were tried, by address. */
  private readonly trialCounts = new Map<string, number>()

  constructor(
    private readonly trust: Trust,
    private readonly generators: readonly Uint8Array[],
  ) {}

  /** A pinned peer is asked by its pin alone: two that know each other are not kept apart by a secret that one of them has
   *  replaced. Undefined where an address was only found, and nothing is there to know somebody by. */
  to(address: string): Approach | undefined {
    const { trust, generators } = this
    const trials = trust.trialsAt?.(address)
    if (trials !== undefined)
      return generators.length > 0 ? this.pairAt(address) : this.trialAt(address, trials)
    const fingerprint = trust.keyAt(address)
    const staticKey = fingerprint === undefined ? undefined : trust.staticOf(fingerprint)
    if (fingerprint !== undefined && staticKey !== undefined) return { used: 1, fingerprint, staticKey }
    if (fingerprint !== undefined || generators.length === 0) return { used: 0, requires: fingerprint }
    return this.pairAt(address)
  }

  private pairAt(address: string): Approach {
    const { generators } = this
    const pair = (this.wrongCounts.get(address) ?? 0) % (2 * generators.length)
    return { used: pair % 2 === 0 ? 2 : 3, generator: generators[pair >> 1]! }
  }

  /** A stranger at the address cannot even see that it is asked for somebody: without the static key a first flight is random. */
  private trialAt(address: string, trials: readonly string[]): Approach | undefined {
    const count = this.trialCounts.get(address) ?? 0
    countOnce(this.trialCounts, address)
    const fingerprint = trials[count % Math.max(1, trials.length)]
    const staticKey = fingerprint === undefined ? undefined : this.trust.staticOf(fingerprint)
    if (fingerprint === undefined || staticKey === undefined) return undefined
    return { used: 1, fingerprint, staticKey, isTrial: trials.length > 1 }
  }

  /** Flight 3 was not answered. */
  handleWrong(address: string): void {
    countOnce(this.wrongCounts, address)
  }
}

function countOnce(counts: Map<string, number>, address: string): void {
  const count = counts.get(address) ?? 0
  counts.delete(address)
  counts.set(address, count + 1)
  if (counts.size > ADDRESSES_WALKED_MAX) counts.delete(counts.keys().next().value!)
}
