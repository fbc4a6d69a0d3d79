// The flights of a sealed handshake, byte for byte. Lengths are fixed, so a flight of another length is none.
//
//   0  asker     exchange:32 session:8 datagramBytesMax:u16 zeros, 160 in all
//   1  answerer  exchange:32 sealed{ modulus:384 }
//   2  asker     sealed{ peer:8 boot:8 modulus:384 secret:384 proof:16 signature:384 }      secret: RSA-OAEP
//   3  answerer  mixed:u8 sealed{ peer:8 boot:8 session:8 datagramBytesMax:u16 signature:384 }
//   4  asker     sealed{ early:0…1024 }, along with flight 2
//
// To resume, in a hello and in the accept that answers it (step 3):
//
//   0  asker     ticket:16 exchange:32 sealed{ boot:8 session:8 datagramBytesMax:u16 early:0…1024 }
//   3  answerer  exchange:32 sealed{ boot:8 session:8 datagramBytesMax:u16 }

import { concatBytes, hexOf } from '../base/bytes.js'
import { EARLY_BYTES_MAX, type WireSession } from '../rdt/protection.js'
import {
  BOOT_BYTES,
  OPEN_FLIGHT_BYTES,
  PEER_ID_BYTES,
  RSA_BYTES,
  SECRET_PROOF_BYTES,
  SESSION_BYTES,
  TAG_BYTES,
  TICKET_BYTES,
  X25519_BYTES,
} from './limits.js'

/** Terms that a side brings beside its keys. */
export interface Terms {
  readonly session: WireSession
  readonly datagramBytesMax: number
}

const TERMS_BYTES = SESSION_BYTES + 2

export function writeTerms({ session, datagramBytesMax }: Terms): Uint8Array {
  const bytes = new Uint8Array(TERMS_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, session.high)
  view.setUint32(4, session.low)
  view.setUint16(SESSION_BYTES, datagramBytesMax)
  return bytes
}

function readTerms(bytes: Uint8Array): Terms {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TERMS_BYTES)
  return {
    session: { high: view.getUint32(0), low: view.getUint32(4) },
    datagramBytesMax: view.getUint16(SESSION_BYTES),
  }
}

/** Cuts bytes into fields of these lengths; undefined where they are not just so long. */
function cut(bytes: Uint8Array, ...lengths: readonly number[]): Uint8Array[] | undefined {
  if (bytes.length !== lengths.reduce((sum, length) => sum + length, 0)) return undefined
  let at = 0
  return lengths.map((length) => {
    at += length
    return bytes.subarray(at - length, at)
  })
}

export function writeOpen(exchange: Uint8Array, terms: Terms): Uint8Array {
  const bytes = new Uint8Array(OPEN_FLIGHT_BYTES)
  bytes.set(exchange)
  bytes.set(writeTerms(terms), X25519_BYTES)
  return bytes
}

export function readOpen(bytes: Uint8Array): (Terms & { exchange: Uint8Array }) | undefined {
  if (bytes.length !== OPEN_FLIGHT_BYTES) return undefined
  const exchange = bytes.slice(0, X25519_BYTES)
  return { exchange, ...readTerms(bytes.subarray(X25519_BYTES, X25519_BYTES + TERMS_BYTES)) }
}

export function readOffer(bytes: Uint8Array): { exchange: Uint8Array; sealed: Uint8Array } | undefined {
  const fields = cut(bytes, X25519_BYTES, RSA_BYTES + TAG_BYTES)
  return fields && { exchange: fields[0]!.slice(), sealed: fields[1]! }
}

export interface ProofFields {
  readonly peer: Uint8Array
  readonly boot: Uint8Array
  readonly modulus: Uint8Array
  readonly secret: Uint8Array
  readonly proof: Uint8Array
  readonly signature: Uint8Array
}

export function writeProof({ peer, boot, modulus, secret, proof, signature }: ProofFields): Uint8Array {
  return concatBytes([peer, boot, modulus, secret, proof, signature])
}

export function readProof(bytes: Uint8Array): ProofFields | undefined {
  const fields = cut(bytes, PEER_ID_BYTES, BOOT_BYTES, RSA_BYTES, RSA_BYTES, SECRET_PROOF_BYTES, RSA_BYTES)
  if (fields === undefined) return undefined
  const [peer, boot, modulus, secret, proof, signature] = fields as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  return { peer, boot, modulus, secret, proof, signature }
}

export interface Acceptance extends Terms {
  readonly peer: Uint8Array
  readonly boot: Uint8Array
  readonly signature: Uint8Array
}

/** All of an acceptance that its signature is over. */
export function writeAcceptanceFields(fields: Omit<Acceptance, 'signature'>): Uint8Array {
  return concatBytes([fields.peer, fields.boot, writeTerms(fields)])
}

export function readAcceptance(bytes: Uint8Array): Acceptance | undefined {
  const fields = cut(bytes, PEER_ID_BYTES, BOOT_BYTES, TERMS_BYTES, RSA_BYTES)
  if (fields === undefined) return undefined
  return { peer: fields[0]!, boot: fields[1]!, ...readTerms(fields[2]!), signature: fields[3]! }
}

export interface ResumingFields extends Terms {
  readonly boot: string
  /** The asker's message before the session; empty where there is none. */
  readonly early: Uint8Array
}

export function writeResuming(
  boot: Uint8Array,
  terms: Terms,
  early: Uint8Array = new Uint8Array(0),
): Uint8Array {
  return concatBytes([boot, writeTerms(terms), early])
}

export function readResuming(bytes: Uint8Array): ResumingFields | undefined {
  const earlyBytes = bytes.length - BOOT_BYTES - TERMS_BYTES
  if (earlyBytes < 0 || earlyBytes > EARLY_BYTES_MAX) return undefined
  const fields = cut(bytes, BOOT_BYTES, TERMS_BYTES, earlyBytes)
  return fields && { boot: hexOf(fields[0]!), ...readTerms(fields[1]!), early: fields[2]! }
}

const RESUMING_SEALED_BYTES = BOOT_BYTES + TERMS_BYTES + TAG_BYTES

export function readResume(
  bytes: Uint8Array,
): { ticket: Uint8Array; exchange: Uint8Array; sealed: Uint8Array } | undefined {
  const sealedBytes = Math.max(RESUMING_SEALED_BYTES, bytes.length - TICKET_BYTES - X25519_BYTES)
  const fields = cut(bytes, TICKET_BYTES, X25519_BYTES, sealedBytes)
  return fields && { ticket: fields[0]!, exchange: fields[1]!.slice(), sealed: fields[2]! }
}

export function readResumed(bytes: Uint8Array): { exchange: Uint8Array; sealed: Uint8Array } | undefined {
  const fields = cut(bytes, X25519_BYTES, RESUMING_SEALED_BYTES)
  return fields && { exchange: fields[0]!.slice(), sealed: fields[1]! }
}
