// Hashes, keys and the seal of the handshake: SHA-256, HMAC, HKDF (RFC 5869) and AES-256-GCM, from node:crypto.

import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'
import { utf8 } from '../base/bytes.js'
import type { FrameCipher } from '../rdt/protection.js'
import { GCM_NONCE_BYTES, HASH_BYTES, KEY_BYTES, TAG_BYTES } from './limits.js'

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** HKDF-Extract. */
export function extract(salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return hmac(salt, secret)
}

/** HKDF-Expand, one output block of 32 bytes: every label and context gives a key of its own. */
export function expand(key: Uint8Array, label: string, context: Uint8Array): Uint8Array {
  return hmac(key, utf8(`LEFT 2 ${label}`), Uint8Array.of(0), context, Uint8Array.of(1))
}

const ZERO_NONCE = new Uint8Array(GCM_NONCE_BYTES)

/** Seals one text with a key that is used for no other; its nonce may be zero for that reason. */
export function sealOnce(key: Uint8Array, text: Uint8Array, associated: Uint8Array): Uint8Array {
  return sealGcm(key, ZERO_NONCE, text, associated)
}

export function openOnce(
  key: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  return openGcm(key, ZERO_NONCE, sealed, associated)
}

/** Ciphertext and tag, fresh. */
export function sealGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  text: Uint8Array,
  associated: Uint8Array,
): Uint8Array {
  const room = new Uint8Array(text.length + TAG_BYTES)
  sealGcmInto({ key, nonce, associated }, text, room, 0)
  return room
}

/** Puts the ciphertext of `text` and its tag into `room` from `at` on, where the text may stand already; answers how
 *  many bytes that takes. */
export function sealGcmInto(
  { key, nonce, associated }: FrameCipher,
  text: Uint8Array,
  room: Uint8Array,
  at: number,
): number {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated)
  const sealed = cipher.update(text)
  cipher.final()
  room.set(sealed, at)
  room.set(cipher.getAuthTag(), at + sealed.length)
  return sealed.length + TAG_BYTES
}

/** The text; undefined where anything was changed. */
export function openGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined
  const textBytes = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(textBytes))
  const text = decipher.update(sealed.subarray(0, textBytes))
  try {
    decipher.final()
    return text
  } catch {
    return undefined
  }
}

/** Keys of a session, from the one secret that both sides have agreed on. */
export interface SessionKeys {
  readonly asker: DirectionKeys
  readonly answerer: DirectionKeys
}

/** Keys for what one of the two sends. */
export interface DirectionKeys {
  readonly datagrams: Uint8Array
  readonly frames: Uint8Array
  /** Makes the nonces of frames. */
  readonly nonces: Uint8Array
}

/** `transcript` is the hash of all that was said. */
export function sessionKeys(master: Uint8Array, transcript: Uint8Array): SessionKeys {
  const key = (label: string) => expand(master, label, transcript)
  const direction = (side: string): DirectionKeys => ({
    datagrams: key(`${side} datagrams`),
    frames: key(`${side} frames`),
    nonces: key(`${side} nonces`),
  })
  return { asker: direction('asker'), answerer: direction('answerer') }
}

if (HASH_BYTES !== KEY_BYTES) throw new Error('left is broken: one HKDF block must be one key')
