// The key schedule of a sealed handshake, and the rules that both sides of it share (asking.ts, answering.ts). The flights
// are in flights.ts, the picture in README.md. H is SHA-256 and every `said` the hash of all that was said up to then:
//
//   said₀    = H(label, version, both suites, nonce, flight 0, exchange of the answerer)
//   shaking  = Extract(said₀, X25519)                    seals flights 1 and 2: nobody reads a name on the way
//   said₁    = H(said₀, answerer's key)
//   said₂    = H(said₁, asker's ids and key, OAEP secret)         the asker signs it
//   said₃    = H(said₂, proof, asker's signature, mixed, answerer's ids and terms)   the answerer signs it
//   master   = Extract(shaking, OAEP secret ‖ shared secret where both hold it)     seals flight 3
//              (and flight 4, which the asker sends with flight 2: ‖ the shared secret if it holds one itself)
//   keys     = Expand(master, label, H(said₃, answerer's signature))
//
// A man in the middle can take no part in it: each signature covers both exchanges and both keys. What is recorded
// today stays closed when keys are stolen tomorrow, for the X25519 keys are gone. Nothing costs RSA before the
// address is proved, and nothing costs the private key before the other's key is found to be welcome; its signature
// is checked before ours is made.

import { timingSafeEqual } from 'node:crypto'
import { concatBytes, utf8 } from '../base/bytes.js'
import { WIRE_VERSION } from '../base/limits.js'
import type { Agreement, Claim, Opening } from '../rdt/protection.js'
import type { MakeExchange } from './exchange.js'
import type { Terms } from './flights.js'
import { expand, extract, hmac, type SessionKeys, sha256 } from './keys.js'
import { SECRET_PROOF_BYTES } from './limits.js'
import type { Steps } from './steps.js'
import type { Party, Trust, Verdict } from './trust.js'

/** Shared by all handshakes of a peer. */
export interface HandshakeContext {
  readonly trust: Trust
  readonly steps: Steps
  /** Our own RSA modulus. */
  readonly modulus: Uint8Array
  readonly peer: Uint8Array
  readonly boot: Uint8Array
  readonly sharedSecret: Uint8Array | undefined
  readonly makeExchange: MakeExchange
  randomBytes(count: number): Uint8Array
  agree(
    side: 'asker' | 'answerer',
    other: Claim & { readonly terms: Terms; readonly fingerprint: string },
    keys: SessionKeys,
    address: string,
  ): Agreement
}

export const NOTHING = new Uint8Array(0)
/** plain 0, sealed 1: of the asker, of the answerer. A peer that wants encryption shakes hands with no other. */
const SUITES = Uint8Array.of(1, 1)

type Welcome = Exclude<Verdict, 'removed' | 'changed' | 'stranger'>

/** The key is proved; meanwhile a person may have removed it, and the peer id may be another's. */
export function admits(trust: Trust, party: Party, verdict: Welcome, peerId: string): boolean {
  if (trust.judge(party) === 'removed') {
    trust.handleRefused(party, 'removed')
    return false
  }
  if (!trust.mayShow(party, peerId)) return false
  trust.handleProved(party, verdict, peerId)
  return true
}

/** The other side, met and not yet proved. */
export interface Met {
  readonly modulus: Uint8Array
  readonly party: Party
  readonly verdict: Welcome
  readonly shaking: Uint8Array
  readonly said: Uint8Array
}

export interface ProvedSecret extends Met {
  readonly secret: Uint8Array
}

export function termsOf({ local, datagramBytesMax }: Opening): Terms {
  return { session: local, datagramBytesMax }
}

export function saidFirst({ nonce }: Opening, open: Uint8Array, exchange: Uint8Array): Uint8Array {
  return sha256(utf8('LEFT handshake'), Uint8Array.of(WIRE_VERSION), SUITES, nonce, open, exchange)
}

export function masterOf({ shaking, secret }: ProvedSecret, sharedSecret: Uint8Array): Uint8Array {
  return extract(shaking, concatBytes([secret, sharedSecret]))
}

export function earlyKey(proved: ProvedSecret, sharedSecret: Uint8Array): Uint8Array {
  return expand(masterOf(proved, sharedSecret), 'early', proved.said)
}

export function signedText(side: 'asker' | 'answerer', said: Uint8Array): Uint8Array {
  return concatBytes([utf8(`LEFT 1 handshake, ${side}: `), said])
}

/** Nothing but zeros where we hold none. */
export function secretProof(sharedSecret: Uint8Array | undefined, said: Uint8Array): Uint8Array {
  if (sharedSecret === undefined) return new Uint8Array(SECRET_PROOF_BYTES)
  return hmac(sharedSecret, utf8('LEFT 1 shared secret: '), said).subarray(0, SECRET_PROOF_BYTES)
}

export function holdsSecret(
  sharedSecret: Uint8Array | undefined,
  said: Uint8Array,
  proof: Uint8Array,
): boolean {
  return sharedSecret !== undefined && timingSafeEqual(secretProof(sharedSecret, said), proof)
}
