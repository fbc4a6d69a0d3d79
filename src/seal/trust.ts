// The question that a handshake asks: may whoever holds this key have a session? Its answer is the pins'
// (src/seal/pins.ts, through src/app/trust.ts); tests and the simulator answer it themselves.

import type { Fingerprint } from './fingerprint.js'

export interface Party {
  readonly fingerprint: Fingerprint
  readonly address: string
}

/** What a party shows beside its key, and the key signs. */
export interface Shown {
  readonly peerId: string
  /** Its static X25519 key, public. */
  readonly staticKey: Uint8Array
}

export type Verdict =
  | 'trusted' // pinned, or our own key
  | 'first-use' // unknown, at an address of --ip of which we know no key: to be pinned
  | 'secret' // unknown; to be pinned if it shows that it holds the shared secret
  | 'removed' // trusted once, until a person removed it
  | 'changed' // unknown, at an address of which we know another key, or knew one that was removed
  | 'stranger' // unknown

export type Refusal = Extract<Verdict, 'removed' | 'secret' | 'changed' | 'stranger'>

export type Welcome = Exclude<Verdict, 'removed' | 'changed' | 'stranger'>

/** `judge` is asked before anything is proved, and again whenever a peer returns. Those that begin with handle are told
 *  how it ended: each may be called for one party many times. */
export interface Trust {
  judge(party: Party): Verdict
  /** The key that we know to be at this address. */
  keyAt(address: string): Fingerprint | undefined
  /** The keys that may be at an address that was found and that nobody named, the likeliest first; undefined for any other
   *  address. Nobody there is shown anything that does not hold one of them, or a secret. */
  trialsAt?(address: string): readonly Fingerprint[] | undefined
  /** The static key that was pinned with this key; undefined where none was. */
  staticOf(fingerprint: Fingerprint): Uint8Array | undefined
  /** The peer ids of this key. */
  idsOf(fingerprint: Fingerprint): readonly string[]
  /** Whether this proved key may show that: an id belongs to the first trusted key that showed it, and the static key is
   *  the pinned one. Tells the person where it may not. */
  mayShow(party: Party, shown: Shown): boolean
  /** The party has proved that it holds the key, and may show what it does. */
  handleProved(party: Party, verdict: Welcome, shown: Shown): void
  /** Nothing is said to it any more. */
  handleRefused(party: Party, verdict: Refusal): void
  /** Somebody at this address, whose key is not seen, holds another secret than ours, or guesses. */
  handleWrongGuess(address: string): void
}
