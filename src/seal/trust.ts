// The question that a handshake asks: may whoever holds this key have a session? Its answer is the pins'
// (src/seal/pins.ts, through src/app/trust.ts); tests and the simulator answer it themselves.

import type { Fingerprint } from './fingerprint.js'

export interface Party {
  readonly fingerprint: Fingerprint
  readonly address: string
}

export type Verdict =
  | 'trusted' // pinned, or our own key
  | 'first-use' // unknown, at an address of --ip of which we know no key: to be pinned
  | 'secret' // unknown; to be pinned if it shows that it holds the shared secret
  | 'removed' // trusted once, until a person removed it
  | 'changed' // unknown, at an address of which we know another key, or knew one that was removed
  | 'stranger' // unknown

export type Refusal = Extract<Verdict, 'removed' | 'secret' | 'changed' | 'stranger'>

/** `judge` is asked before anything is proved, and again whenever a peer returns. The other two are told how it
 *  ended: both may be called for one party many times. */
export interface Trust {
  judge(party: Party): Verdict
  /** The key that we know to be at this address. */
  keyAt(address: string): Fingerprint | undefined
  /** Whether this proved key may show this peer id: an id belongs to the first trusted key that showed it. Tells the
   *  person where it may not. */
  mayShow(party: Party, peerId: string): boolean
  /** The party has proved that it holds the key, and may show the id. */
  handleProved(party: Party, verdict: 'trusted' | 'first-use' | 'secret', peerId: string): void
  /** Nothing is said to it any more. */
  handleRefused(party: Party, verdict: Refusal): void
}
