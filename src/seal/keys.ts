// Hashes, keys and the seal of the handshake: SHA-256, HMAC and HKDF (RFC 5869) from node:crypto, AES-256-GCM from gcm.ts.

import { createHash, createHmac } from 'node:crypto'
import { utf8 } from '../base/bytes.js'
import { openGcm, sealGcm } from './gcm.js'
import { GCM_NONCE_BYTES, HASH_BYTES, KEY_BYTES } from './limits.js'

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
  return sealGcm({ key, nonce: ZERO_NONCE, associated }, text)
}

export function openOnce(
  key: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  return openGcm({ key, nonce: ZERO_NONCE, associated }, sealed)
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
