// CPace, a password-authenticated key exchange: CPACE-RISTR255-SHA512 of draft-irtf-cfrg-cpace, in its setting with an
// initiator and a responder. Two that hold one secret come to one key, and whoever does not can test one guess of the secret
// with each exchange, not one with each hash. Names in the comments are those of the draft.

import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type { ristretto255 } from '@noble/curves/ed25519.js'
import { concatBytes, hexOf, utf8 } from '../base/bytes.js'
import { CPACE_SCALAR_TOP_MASK, GROUP_BYTES, SECRETS_MAX } from './limits.js'

type Group = (typeof ristretto255)['Point']
type Element = InstanceType<Group>

const require = createRequire(import.meta.url)
let group: Group | undefined

/** Loaded with the first exchange: it takes 25 ms, and a peer that starts is not asked for one at once. */
function points(): Group {
  group ??= (require('@noble/curves/ed25519.js') as { ristretto255: typeof ristretto255 }).ristretto255.Point
  return group
}

const DSI = utf8('CPaceRistretto255')
const DSI_ISK = utf8('CPaceRistretto255_ISK')
/** s_in_bytes of SHA-512. */
const HASH_BLOCK_BYTES = 128

/** What both sides have to agree on beside the secret. */
export interface Binding {
  /** CI. */
  readonly channel: Uint8Array
  /** sid. */
  readonly session: Uint8Array
}

/** calculate_generator, encoded. `secret` is PRS. */
export function generatorOf(secret: Uint8Array, { channel, session }: Binding): Uint8Array {
  const taken = prefixed(secret).length + prefixed(DSI).length
  const padding = new Uint8Array(Math.max(0, HASH_BLOCK_BYTES - 1 - taken))
  const hashed = sha512(joined(DSI, secret, padding, channel, session))
  // The map of RFC 9496, 4.3.4. Its name is deprecated in this version, which has no other for it: `ristretto255_hasher`
  // hashes once more.
  return points().hashToCurve(hashed).toBytes()
}

/** scalar_mult: the share for a generator. Throws where that is none. */
export function shareOf(generator: Uint8Array, scalar: Uint8Array): Uint8Array {
  return preparedGenerator(generator).multiply(numberOf(scalar)).toBytes()
}

/** A share for no generator that anybody knows, which nobody tells from one. */
export function blindShare(scalar: Uint8Array): Uint8Array {
  base ??= points().BASE.precompute(TABLE_BITS, true)
  return base.multiply(numberOf(scalar)).toBytes()
}

/** scalar_mult_vfy: undefined for the neutral element, and for what encodes none. */
export function agreedPoint(theirs: Uint8Array, scalar: Uint8Array): Uint8Array | undefined {
  const element = decodedElement(theirs)
  const product = element?.multiply(numberOf(scalar))
  return product === undefined || product.equals(points().ZERO) ? undefined : product.toBytes()
}

/** ISK, 64 bytes. The shares go in as initiator and responder sent them, each with its ADa or ADb. */
export function sessionKeyOf(
  point: Uint8Array,
  session: Uint8Array,
  initiator: readonly [share: Uint8Array, associated: Uint8Array],
  responder: readonly [share: Uint8Array, associated: Uint8Array],
): Uint8Array {
  return sha512(concatBytes([joined(DSI_ISK, session, point), joined(...initiator), joined(...responder)]))
}

/** sample_scalar, of 32 random bytes: 252 bits, and not zero. */
export function scalarOf(random: Uint8Array): Uint8Array {
  const scalar = random.slice(0, GROUP_BYTES)
  scalar[GROUP_BYTES - 1]! &= CPACE_SCALAR_TOP_MASK
  if (scalar.every((byte) => byte === 0)) scalar[0] = 1
  return scalar
}

function decodedElement(encoded: Uint8Array): Element | undefined {
  try {
    const element = points().fromBytes(encoded)
    return element.equals(points().ZERO) ? undefined : element
  } catch {
    return undefined
  }
}

/** Bits of a scalar for which one addition is made. A table of 8 bits, the library's for its base point, takes 30 ms to build, longer than all
 *  else that a start computes; one of 5 bits takes 6, and a share 0.3 ms with either. Without a table a share takes 2 ms.
 *  All generators have a table of one size, so that the time does not tell a blind share from a real one. */
const TABLE_BITS = 5
let base: Element | undefined

/** The last few generators are kept. */
const prepared = new Map<string, Element>()

function preparedGenerator(encoded: Uint8Array): Element {
  const name = hexOf(encoded)
  const known = prepared.get(name)
  if (known !== undefined) return known
  const element = points().fromBytes(encoded).precompute(TABLE_BITS, true)
  prepared.set(name, element)
  if (prepared.size > SECRETS_MAX) prepared.delete(prepared.keys().next().value!)
  return element
}

function numberOf(scalar: Uint8Array): bigint {
  let number = 0n
  for (let index = scalar.length - 1; index >= 0; index--) number = (number << 8n) | BigInt(scalar[index]!)
  return number
}

/** lv_cat: each part behind its length. */
function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(parts.map(prefixed))
}

/** prepend_len: the length in LEB128. */
function prefixed(bytes: Uint8Array): Uint8Array {
  const length: number[] = []
  let left = bytes.length
  for (; left >= 0x80; left >>>= 7) length.push((left & 0x7f) | 0x80)
  return concatBytes([Uint8Array.of(...length, left), bytes])
}

function sha512(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(bytes).digest())
}
