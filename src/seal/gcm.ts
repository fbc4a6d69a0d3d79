// AES-256-GCM and the MAC that nonces are made with: by libcrypto directly where `useNativeCrypto` found that it does the same
// (evp.ts), else and for whatever that refuses by node:crypto. The simulator and most tests have node:crypto alone.

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { equalBytes } from '../base/bytes.js'
import type { FrameCipher } from '../rdt/protection.js'
import { Evp } from './evp.js'
import { GCM_NONCE_BYTES, KEY_BYTES, TAG_BYTES } from './limits.js'

/** One AES block and a part of one; short enough for a MAC. */
const PROVED_LENGTHS = [16, 37]

let evp: Evp | undefined
let isTried = false

/** For each thread that seals or opens much, before it does; loads koffi the first time. Answers whether libcrypto is called
 *  directly from now on. */
export function useNativeCrypto(): boolean {
  if (!isTried) evp = proved(Evp.load())
  isTried = true
  return evp !== undefined
}

/** Ciphertext and tag, fresh. */
export function sealGcm(cipher: FrameCipher, text: Uint8Array): Uint8Array {
  const room = new Uint8Array(text.length + TAG_BYTES)
  sealGcmInto(cipher, text, room, 0)
  return room
}

/** Puts the ciphertext of `text` and its tag into `room` from `at` on, where the text may stand already; answers how
 *  many bytes that takes. */
export function sealGcmInto(cipher: FrameCipher, text: Uint8Array, room: Uint8Array, at: number): number {
  if (evp?.seal(cipher, text, room, at) !== true) sealWithNode(cipher, text, room, at)
  return text.length + TAG_BYTES
}

/** The text, fresh; undefined where anything was changed. */
export function openGcm(cipher: FrameCipher, sealed: Uint8Array): Uint8Array | undefined {
  if (evp === undefined || sealed.length <= TAG_BYTES) return openWithNode(cipher, sealed)
  return openWith(evp, cipher, sealed, new Uint8Array(sealed.length - TAG_BYTES))
}

/** The same, where the ciphertext is not used any more: the text may stand in its place. */
export function openGcmInPlace(cipher: FrameCipher, sealed: Uint8Array): Uint8Array | undefined {
  if (evp === undefined || sealed.length <= TAG_BYTES) return openWithNode(cipher, sealed)
  return openWith(evp, cipher, sealed, sealed.subarray(0, sealed.length - TAG_BYTES))
}

/** The first 12 bytes of HMAC-SHA-256, fresh. */
export function nonceOf(key: Uint8Array, associated: Uint8Array): Uint8Array {
  return (evp?.hmac(key, associated) ?? hmacWithNode(key, associated)).slice(0, GCM_NONCE_BYTES)
}

function openWith(
  native: Evp,
  cipher: FrameCipher,
  sealed: Uint8Array,
  into: Uint8Array,
): Uint8Array | undefined {
  const result = native.open(cipher, sealed, into)
  if (result === 'refused') return openWithNode(cipher, sealed)
  return result === 'opened' ? into : undefined
}

function sealWithNode(
  { key, nonce, associated }: FrameCipher,
  text: Uint8Array,
  room: Uint8Array,
  at: number,
): void {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated)
  const sealed = cipher.update(text)
  cipher.final()
  room.set(sealed, at)
  room.set(cipher.getAuthTag(), at + sealed.length)
}

function openWithNode({ key, nonce, associated }: FrameCipher, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined
  const textBytes = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(textBytes))
  const text = decipher.update(sealed.subarray(0, textBytes))
  try {
    decipher.final()
    // No Buffer: whether libcrypto is called in place is to show in nothing.
    return new Uint8Array(text.buffer, text.byteOffset, text.byteLength)
  } catch {
    return undefined
  }
}

function hmacWithNode(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(bytes).digest())
}

/** Only what answers as node:crypto does, in its place and elsewhere, and finds what was changed. */
function proved(native: Evp | undefined): Evp | undefined {
  if (native === undefined) return undefined
  const bytes = (count: number, from: number) => Uint8Array.from({ length: count }, (_, at) => from + 7 * at)
  for (const length of PROVED_LENGTHS) {
    const cipher = {
      key: bytes(KEY_BYTES, length),
      nonce: bytes(GCM_NONCE_BYTES, 1),
      associated: bytes(13, 2),
    }
    const text = bytes(length, 3)
    const expected = new Uint8Array(1 + length + TAG_BYTES)
    sealWithNode(cipher, text, expected, 1)
    const room = new Uint8Array(1 + length + TAG_BYTES)
    room.set(text, 1)
    const inPlace = room.subarray(1, 1 + length)
    if (!native.seal(cipher, inPlace, room, 1) || !equalBytes(room, expected)) return undefined
    const sealed = room.subarray(1)
    const fresh = new Uint8Array(length)
    if (native.open(cipher, sealed, fresh) !== 'opened' || !equalBytes(fresh, text)) return undefined
    if (native.open(cipher, sealed, inPlace) !== 'opened' || !equalBytes(inPlace, text)) return undefined
    if (native.open(cipher, sealed, fresh) !== 'damaged') return undefined
    const mac = native.hmac(cipher.key, text)
    if (mac === undefined || !equalBytes(mac, hmacWithNode(cipher.key, text))) return undefined
  }
  return native
}
