// The identity of a simulated machine and the peers that it trusts. Both survive everything that happens to it, as
// they do on a disk that another program writes.

import type { SlowStep } from '../rdt/protection.js'
import type { MakeExchange } from '../seal/exchange.js'
import type { Fingerprint } from '../seal/fingerprint.js'
import type { Party, Trust, Verdict } from '../seal/trust.js'
import { SeededRandom } from './random.js'
import { makeStandInExchange, StandInKey } from './stand-ins.js'

/** A machine's key, and how its slow steps are carried out. */
export interface SimKey {
  readonly modulus: Uint8Array
  carryOut(step: SlowStep): Uint8Array | undefined
  /** Undefined for X25519. */
  readonly makeExchange: MakeExchange | undefined
}

export function standInKey(seed: number): SimKey {
  const random = new SeededRandom(seed)
  const key = new StandInKey(random)
  const makeExchange = makeStandInExchange(random)
  return { modulus: key.modulus, carryOut: (step) => key.carryOut(step), makeExchange }
}

/** Pins whoever is first met at a neighbour's address. */
export class SimTrust implements Trust {
  private readonly pins = new Map<string, Fingerprint>()
  /** Count of refused keys. There must be none: no simulated peer changes its key. */
  refusals = 0

  judge({ fingerprint, address }: Party): Verdict {
    const pinned = this.pins.get(address)
    if (pinned === undefined) return 'first-use'
    return pinned === fingerprint ? 'trusted' : 'changed'
  }

  keyAt(address: string): Fingerprint | undefined {
    return this.pins.get(address)
  }

  mayShow(): boolean {
    return true
  }

  handleProved({ fingerprint, address }: Party): void {
    this.pins.set(address, fingerprint)
  }

  handleRefused(): void {
    this.refusals++
  }
}
