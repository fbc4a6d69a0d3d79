// AES-256-GCM of one frame, apart from the session that it belongs to: so that another thread can do it. Used by
// sealed-frame.ts, and by whoever reads and writes blocks for the engine (src/io/block-thread.ts).

import { createCipheriv, createDecipheriv } from 'node:crypto'
import { FRAME_BLOCK_AT } from '../../base/limits.js'
import type { FrameCipher } from '../../rdt/protection.js'
import { TAG_BYTES } from '../limits.js'
import { CODEC_PLAIN } from './frame.js'

/** Puts the ciphertext of `text` and its tag into `room` from `at` on, where the text may stand already; answers how
 *  many bytes that takes. */
export function encipher(
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

/** Makes a frame of a block that stands in its room, `room` from FRAME_BLOCK_AT on. The block is what its name says. */
export function sealInPlace(cipher: FrameCipher, room: Uint8Array, blockBytes: number): Uint8Array {
  room[0] = CODEC_PLAIN
  const block = room.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + blockBytes)
  return room.subarray(0, FRAME_BLOCK_AT + encipher(cipher, block, room, FRAME_BLOCK_AT))
}

/** The text of ciphertext and tag; undefined where they are not what was enciphered. */
export function decipher(
  { key, nonce, associated }: FrameCipher,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const tagAt = sealed.length - TAG_BYTES
  if (tagAt < 0) return undefined
  const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(associated)
  cipher.setAuthTag(sealed.subarray(tagAt))
  const text = cipher.update(sealed.subarray(0, tagAt))
  try {
    cipher.final()
    return text
  } catch {
    return undefined
  }
}
