// What all handshakes of a peer share, and the rules that both sides of one follow. Used by asking.ts, answering.ts and
// resumption.ts; made by src/seal/sealed.ts.

import { hexOf } from '../../base/bytes.js'
import type { KnownEdits } from '../../base/known-edits.js'
import type { Agreement, Opening } from '../../rdt/protection.js'
import type { Curves } from '../curves.js'
import type { KeyExchange } from '../exchange.js'
import type { Fingerprint } from '../fingerprint.js'
import type { Party, Trust, Welcome } from '../trust.js'
import type { Run, Self } from './flights.js'
import type { Guesses } from './guesses.js'
import type { Steps } from './steps.js'

export interface HandshakeContext {
  readonly trust: Trust
  readonly steps: Steps
  readonly curves: Curves
  /** Our own RSA modulus. */
  readonly modulus: Uint8Array
  /** The static key that is pinned with it. */
  readonly staticKey: KeyExchange
  readonly peer: Uint8Array
  readonly life: Uint8Array
  /** Of the shared secrets, for CPace: SECRETS_MAX at most. */
  readonly generators: readonly Uint8Array[]
  readonly guesses: Guesses
  randomBytes(count: number): Uint8Array
  /** The handshake is through. `master` and `said` give its keys, and the tickets of the next. */
  agree(
    side: 'asker' | 'answerer',
    other: Other,
    keys: { readonly master: Uint8Array; readonly said: Uint8Array },
    opening: Opening,
    weKnow: KnownEdits | undefined,
  ): Agreement
}

/** The other side, proved. */
export interface Other extends Self {
  readonly fingerprint: Fingerprint
  readonly staticKey: Uint8Array
}

/** Our own terms, said to a peer of which we know these edits. */
export function runOf({ life }: HandshakeContext, opening: Opening, knows: KnownEdits | undefined): Run {
  return { life, session: opening.local, datagramBytesMax: opening.datagramBytesMax, knows }
}

/** The key is proved; meanwhile a person may have removed it, and the peer id may be another's. */
export function admits(trust: Trust, party: Party, verdict: Welcome, other: Other): boolean {
  if (trust.judge(party) === 'removed') {
    trust.handleRefused(party, 'removed')
    return false
  }
  const shown = { peerId: hexOf(other.peer), staticKey: other.staticKey }
  if (!trust.mayShow(party, shown)) return false
  trust.handleProved(party, verdict, shown)
  return true
}
