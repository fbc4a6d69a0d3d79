// The identity of a simulated machine and the peers that it trusts. Both survive everything that happens to it, as
// they do on a disk that another program writes.

import { hexOf } from '../base/bytes.js'
import type { Protection, SlowStep } from '../rdt/protection.js'
import type { Curves } from '../seal/curves.js'
import type { KeyExchange } from '../seal/exchange.js'
import type { Fingerprint } from '../seal/fingerprint.js'
import { type Codec, loadCodec } from '../seal/frames/codec.js'
import { SealedProtection } from '../seal/sealed.js'
import type { Party, Shown, Trust, Verdict, Welcome } from '../seal/trust.js'
import { SeededRandom } from './random.js'
import { StandInKey, standInCurves } from './stand-ins.js'

/** A machine's key, and how its slow steps are carried out. */
export interface SimKey {
  readonly modulus: Uint8Array
  readonly staticKey: KeyExchange
  carryOut(step: SlowStep): Uint8Array | undefined
  /** Undefined for the real ones. */
  readonly curves: Curves | undefined
}

export function standInKey(seed: number): SimKey {
  const random = new SeededRandom(seed)
  const key = new StandInKey(random)
  const { modulus, staticKey } = key
  return { modulus, staticKey, carryOut: (step) => key.carryOut(step), curves: standInCurves(random) }
}

let codec: Codec | undefined

/** The seal of one start of a machine's engine. */
export function protectionOf(options: {
  readonly peerId: string
  readonly key: SimKey
  readonly trust: SimTrust
  readonly random: SeededRandom
}): Protection {
  const { peerId, key, trust, random } = options
  const { modulus, staticKey, curves } = key
  codec ??= loadCodec()
  return new SealedProtection({
    peerId,
    random,
    modulus,
    staticKey,
    curves,
    trust,
    codec,
    compresses: true,
  })
}

/** Pins whoever is first met at a neighbour's address. */
export class SimTrust implements Trust {
  private readonly pins = new Map<string, Fingerprint>()
  private readonly statics = new Map<Fingerprint, Uint8Array>()
  private readonly ids = new Map<string, Fingerprint>()
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

  staticOf(fingerprint: Fingerprint): Uint8Array | undefined {
    return this.statics.get(fingerprint)
  }

  idsOf(fingerprint: Fingerprint): readonly string[] {
    return [...this.ids].flatMap(([id, owner]) => (owner === fingerprint ? [id] : []))
  }

  mayShow({ fingerprint }: Party, { staticKey }: Shown): boolean {
    const known = this.statics.get(fingerprint)
    return known === undefined || hexOf(known) === hexOf(staticKey)
  }

  handleProved({ fingerprint, address }: Party, _verdict: Welcome, { peerId, staticKey }: Shown): void {
    this.pins.set(address, fingerprint)
    this.statics.set(fingerprint, staticKey)
    this.ids.set(peerId, fingerprint)
  }

  handleRefused(): void {
    this.refusals++
  }

  handleWrongGuess(): void {
    this.refusals++
  }
}
