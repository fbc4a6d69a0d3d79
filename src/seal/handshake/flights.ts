// The flights of a sealed handshake, byte for byte; docs/security/handshake.md is their specification. Lengths are fixed, so
// a flight of another length is none. Numbers are big-endian.
//
//   1  asker     exchange:32 share:32
//   2  answerer  exchange:32 share:32 share:32
//   3  asker     flight 1, sealed{ modulus:384 static:32 self:42 signature:384 }
//   4  answerer  sealed{ modulus:384 secret:384 signature:384 }    secret: RSA-OAEP{ z:32 static:32 self:42 }
//
//   self         peer:8 run:34      run: life:8 session:8 datagramBytesMax:u16 author:8 count:u64
//
// To resume, in a hello whose introduction is the id of the ticket, and in the accept that answers it:
//
//      asker     exchange:32 sealed{ run:34 early:0…1024 }
//      answerer  exchange:32 sealed{ run:34 }

import { bytesOfHex, concatBytes, hexOf } from '../../base/bytes.js'
import type { KnownEdits } from '../../base/known-edits.js'
import { EARLY_BYTES_MAX, type WireSession } from '../../rdt/protection.js'
import {
  AUTHOR_BYTES,
  COUNT_BYTES,
  GROUP_BYTES,
  LIFE_BYTES,
  OAEP_SECRET_BYTES,
  PEER_ID_BYTES,
  RSA_BYTES,
  SESSION_BYTES,
  TAG_BYTES,
  X25519_BYTES,
} from '../limits.js'

/** Terms that a side brings beside its keys: of this run of its process. */
export interface Run {
  readonly life: Uint8Array
  readonly session: WireSession
  readonly datagramBytesMax: number
  /** Edits of the other side that it knows; undefined, and zeros, where it does not know in whose name they are. */
  readonly knows: KnownEdits | undefined
}

export interface Self extends Run {
  readonly peer: Uint8Array
}

const RUN_BYTES = LIFE_BYTES + SESSION_BYTES + 2 + AUTHOR_BYTES + COUNT_BYTES
const NO_AUTHOR = '0'.repeat(2 * AUTHOR_BYTES)
const SELF_BYTES = PEER_ID_BYTES + RUN_BYTES
export const FIRST_BYTES = X25519_BYTES + GROUP_BYTES

/** Throws where the author is none. */
export function writeRun({ life, session, datagramBytesMax, knows }: Run): Uint8Array {
  const bytes = new Uint8Array(RUN_BYTES)
  bytes.set(life)
  const view = new DataView(bytes.buffer)
  view.setUint32(8, session.high)
  view.setUint32(12, session.low)
  view.setUint16(16, datagramBytesMax)
  if (knows === undefined) return bytes
  bytes.set(bytesOfHex(knows.author)!, 18)
  view.setUint32(26, Math.floor(knows.count / 2 ** 32))
  view.setUint32(30, knows.count >>> 0)
  return bytes
}

/** Undefined where the count is none. */
function readRun(bytes: Uint8Array): Run | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RUN_BYTES)
  const author = hexOf(bytes.subarray(18, 18 + AUTHOR_BYTES))
  const count = view.getUint32(26) * 2 ** 32 + view.getUint32(30)
  if (!Number.isSafeInteger(count) || (author === NO_AUTHOR && count !== 0)) return undefined
  return {
    life: bytes.slice(0, LIFE_BYTES),
    session: { high: view.getUint32(8), low: view.getUint32(12) },
    datagramBytesMax: view.getUint16(16),
    knows: author === NO_AUTHOR ? undefined : { author, count },
  }
}

export function writeSelf(self: Self): Uint8Array {
  return concatBytes([self.peer, writeRun(self)])
}

export function readSelf(bytes: Uint8Array): Self | undefined {
  if (bytes.length !== SELF_BYTES) return undefined
  const run = readRun(bytes.subarray(PEER_ID_BYTES))
  return run && { peer: bytes.slice(0, PEER_ID_BYTES), ...run }
}

/** Cuts bytes into fields of these lengths, fresh; undefined where they are not just so long. */
function cut<Lengths extends readonly number[]>(
  bytes: Uint8Array,
  ...lengths: Lengths
): { [Index in keyof Lengths]: Uint8Array } | undefined {
  if (bytes.length !== lengths.reduce((sum, length) => sum + length, 0)) return undefined
  let at = 0
  return lengths.map((length) => {
    at += length
    return bytes.slice(at - length, at)
  }) as { [Index in keyof Lengths]: Uint8Array }
}

// — First contact —

export interface FirstFields {
  readonly exchange: Uint8Array
  readonly share: Uint8Array
}

export function writeFirst({ exchange, share }: FirstFields): Uint8Array {
  return concatBytes([exchange, share])
}

export function readFirst(bytes: Uint8Array): FirstFields | undefined {
  const fields = cut(bytes, X25519_BYTES, GROUP_BYTES)
  return fields && { exchange: fields[0], share: fields[1] }
}

export interface OfferFields {
  readonly exchange: Uint8Array
  /** For the first secret of the answerer and for the second. */
  readonly shares: readonly [Uint8Array, Uint8Array]
}

export function writeOffer({ exchange, shares }: OfferFields): Uint8Array {
  return concatBytes([exchange, ...shares])
}

export function readOffer(bytes: Uint8Array): OfferFields | undefined {
  const fields = cut(bytes, X25519_BYTES, GROUP_BYTES, GROUP_BYTES)
  return fields && { exchange: fields[0], shares: [fields[1], fields[2]] }
}

/** Flights 1 and 3, as they come with the proof of the address. */
export function readOpen(bytes: Uint8Array): (FirstFields & { sealed: Uint8Array }) | undefined {
  const sealedBytes = 2 * RSA_BYTES + X25519_BYTES + SELF_BYTES + TAG_BYTES
  const fields = cut(bytes, X25519_BYTES, GROUP_BYTES, sealedBytes)
  return fields && { exchange: fields[0], share: fields[1], sealed: fields[2] }
}

export interface ProofFields extends Self {
  readonly modulus: Uint8Array
  /** X25519, public. */
  readonly staticKey: Uint8Array
}

export function writeProof(fields: ProofFields): Uint8Array {
  return concatBytes([fields.modulus, fields.staticKey, writeSelf(fields)])
}

/** What flight 3 seals. */
export function readProof(
  bytes: Uint8Array,
):
  | { readonly fields: ProofFields; readonly written: Uint8Array; readonly signature: Uint8Array }
  | undefined {
  const parts = cut(bytes, RSA_BYTES, X25519_BYTES, SELF_BYTES, RSA_BYTES)
  const self = parts && readSelf(parts[2])
  if (parts === undefined || self === undefined) return undefined
  const [modulus, staticKey, , signature] = parts
  const written = bytes.slice(0, bytes.length - RSA_BYTES)
  return { fields: { ...self, modulus, staticKey }, written, signature }
}

export interface AcceptanceFields {
  readonly modulus: Uint8Array
  /** `writeSealedSelf` under RSA-OAEP. */
  readonly secret: Uint8Array
  readonly signature: Uint8Array
}

export function writeAcceptance({ modulus, secret, signature }: AcceptanceFields): Uint8Array {
  return concatBytes([modulus, secret, signature])
}

export function readAcceptance(bytes: Uint8Array): AcceptanceFields | undefined {
  const fields = cut(bytes, RSA_BYTES, RSA_BYTES, RSA_BYTES)
  return fields && { modulus: fields[0], secret: fields[1], signature: fields[2] }
}

export interface SealedSelf extends Self {
  /** z. */
  readonly secret: Uint8Array
  readonly staticKey: Uint8Array
}

export function writeSealedSelf(fields: SealedSelf): Uint8Array {
  return concatBytes([fields.secret, fields.staticKey, writeSelf(fields)])
}

export function readSealedSelf(bytes: Uint8Array): SealedSelf | undefined {
  const parts = cut(bytes, OAEP_SECRET_BYTES, X25519_BYTES, SELF_BYTES)
  const self = parts && readSelf(parts[2])
  return parts && self && { ...self, secret: parts[0], staticKey: parts[1] }
}

// — Met before —

export function writeResuming(run: Run, early: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concatBytes([writeRun(run), early])
}

/** The asker's message before the session is empty where there is none. */
export function readResuming(bytes: Uint8Array): (Run & { readonly early: Uint8Array }) | undefined {
  const earlyBytes = bytes.length - RUN_BYTES
  if (earlyBytes < 0 || earlyBytes > EARLY_BYTES_MAX) return undefined
  const run = readRun(bytes.subarray(0, RUN_BYTES))
  return run && { ...run, early: bytes.slice(RUN_BYTES) }
}

export interface ResumeFields {
  readonly exchange: Uint8Array
  readonly sealed: Uint8Array
}

export function writeResume({ exchange, sealed }: ResumeFields): Uint8Array {
  return concatBytes([exchange, sealed])
}

/** No first contact begins with a flight of this length. */
export function readResume(bytes: Uint8Array): ResumeFields | undefined {
  const sealedBytes = bytes.length - X25519_BYTES
  const earlyBytes = sealedBytes - RUN_BYTES - TAG_BYTES
  if (earlyBytes < 0 || earlyBytes > EARLY_BYTES_MAX) return undefined
  const fields = cut(bytes, X25519_BYTES, sealedBytes)
  return fields && { exchange: fields[0], sealed: fields[1] }
}

export function readResumed(bytes: Uint8Array): ResumeFields | undefined {
  const fields = cut(bytes, X25519_BYTES, RUN_BYTES + TAG_BYTES)
  return fields && { exchange: fields[0], sealed: fields[1] }
}

/** As the other side is called in events. */
export function lifeOf({ life }: Run): string {
  return hexOf(life)
}
