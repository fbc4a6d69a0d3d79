// The key schedule of the sealed handshake: hashes and keys as docs/security/handshake.md names them. Pure. A `said` is the
// hash of all that was said up to then.

import { concatBytes, utf8 } from '../../base/bytes.js'
import { WIRE_VERSION } from '../../base/limits.js'
import { INTRODUCTION_BYTES } from '../../rdt/protection.js'
import { expand, extract, hmac, sha256 } from '../keys.js'
import { CPACE_KEY_BYTES, HASH_BYTES, TICKET_ID_BYTES, X25519_BYTES } from '../limits.js'
import type { FirstFields, OfferFields } from './flights.js'

/** 0: without a pin or a secret. 1: by the pin. 2 and 3: by the secret, with the answerer's first share or its second. */
export type Case = 0 | 1 | 2 | 3

/** plain 0, sealed 1: of the asker, of the answerer. A peer that wants encryption shakes hands with no other. */
const SUITES = Uint8Array.of(1, 1)
const VERSION = Uint8Array.of(WIRE_VERSION)

// — First contact —

/** The mac of case 1. `shared` is DH(e_I, s_R), `to` the static key P_R. */
export function introductionOf(
  shared: Uint8Array,
  to: Uint8Array,
  nonce: Uint8Array,
  { exchange, share }: FirstFields,
): Uint8Array {
  const key = expand(extract(new Uint8Array(HASH_BYTES), shared), 'introduction', to)
  return hmac(key, VERSION, SUITES, nonce, exchange, share).subarray(0, INTRODUCTION_BYTES)
}

/** T2. */
export function saidInOffer(
  nonce: Uint8Array,
  { exchange, share }: FirstFields,
  introduction: Uint8Array,
  offer: OfferFields,
): Uint8Array {
  const said = sha256(utf8('LEFT 2 handshake'), VERSION, SUITES, nonce, exchange, share, introduction)
  return sha256(said, offer.exchange, ...offer.shares)
}

/** k1. `shared` is DH(e_I, e_R), `fixed` DH(e_I, s_R) in case 1, `secret` the ISK in cases 2 and 3. */
export function caseKey(
  said: Uint8Array,
  used: Case,
  shared: Uint8Array,
  { fixed, secret }: { readonly fixed?: Uint8Array; readonly secret?: Uint8Array } = {},
): Uint8Array {
  const noFixed = new Uint8Array(X25519_BYTES)
  const noSecret = new Uint8Array(CPACE_KEY_BYTES)
  return extract(said, concatBytes([Uint8Array.of(used), shared, fixed ?? noFixed, secret ?? noSecret]))
}

export function proofKey(key: Uint8Array, said: Uint8Array): Uint8Array {
  return expand(key, 'flight 3', said)
}

/** T3: all fields of flight 3 but its signature. */
export function saidInProof(said: Uint8Array, used: Case, fields: Uint8Array): Uint8Array {
  return sha256(said, Uint8Array.of(used), fields)
}

export function acceptanceKey(key: Uint8Array, said: Uint8Array): Uint8Array {
  return expand(key, 'flight 4', said)
}

/** T3' and T4': a signature is part of what was said. */
export function saidWith(said: Uint8Array, signature: Uint8Array): Uint8Array {
  return sha256(said, signature)
}

/** T4. */
export function saidInAcceptance(said: Uint8Array, modulus: Uint8Array, secret: Uint8Array): Uint8Array {
  return sha256(said, modulus, secret)
}

export function signedText(side: 'asker' | 'answerer', said: Uint8Array): Uint8Array {
  return concatBytes([utf8(`LEFT 2 handshake, ${side}: `), said])
}

export function masterOf(key: Uint8Array, secret: Uint8Array, said: Uint8Array): Uint8Array {
  return extract(key, concatBytes([secret, said]))
}

/** The answerer's two keys and three scalars, which it can make again as long as it knows the seed. */
export function partOfSeed(seed: Uint8Array, part: 'e' | 'c' | 'c2', nonce: Uint8Array): Uint8Array {
  return expand(seed, part, nonce)
}

// — Met before —

/** R1. */
export function saidInResume(nonce: Uint8Array, id: Uint8Array, exchange: Uint8Array): Uint8Array {
  return sha256(utf8('LEFT 2 resumption'), VERSION, nonce, id, exchange)
}

export function resumeKey(ticket: Uint8Array, said: Uint8Array): Uint8Array {
  return expand(ticket, 'resume', said)
}

/** R3. */
export function saidInResumed(said: Uint8Array, sealed: Uint8Array, exchange: Uint8Array): Uint8Array {
  return sha256(sha256(said, sealed), exchange)
}

/** m. */
export function resumedSecret(ticket: Uint8Array, shared: Uint8Array): Uint8Array {
  return extract(ticket, shared)
}

export function resumedKey(secret: Uint8Array, said: Uint8Array): Uint8Array {
  return expand(secret, 'resumed', said)
}

/** R4 and the master of the session. */
export function resumedMaster(
  secret: Uint8Array,
  said: Uint8Array,
  sealed: Uint8Array,
): { readonly master: Uint8Array; readonly said: Uint8Array } {
  const last = sha256(said, sealed)
  return { master: extract(secret, last), said: last }
}

/** One side of a session, for the tickets that come of it. */
export interface TicketParty {
  /** 32 bytes. */
  readonly fingerprint: Uint8Array
  readonly peer: Uint8Array
  readonly life: Uint8Array
}

export interface Ticket {
  readonly id: Uint8Array
  readonly secret: Uint8Array
}

/** Tickets for the next session of these two: one for each of them to ask with, by the side that it was in this one. */
export function ticketsOf(
  master: Uint8Array,
  said: Uint8Array,
  asker: TicketParty,
  answerer: TicketParty,
): { readonly asker: Ticket; readonly answerer: Ticket } {
  const context = sha256(
    said,
    asker.fingerprint,
    answerer.fingerprint,
    asker.peer,
    answerer.peer,
    asker.life,
    answerer.life,
  )
  const ticket = (side: string): Ticket => ({
    id: expand(master, `ticket id ${side}`, context).subarray(0, TICKET_ID_BYTES),
    secret: expand(master, `ticket ${side}`, context),
  })
  return { asker: ticket('asker'), answerer: ticket('answerer') }
}
