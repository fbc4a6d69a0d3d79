// AES-256-GCM of one frame, apart from the session that it belongs to: so that another thread can do it. Used by
// sealed-frame.ts, and by whoever reads and writes blocks for the engine (src/io/blocks/block-thread.ts).

import { FRAME_BLOCK_AT } from '../../base/limits.js'
import type { FrameCipher } from '../../rdt/protection.js'
import { openGcm, openGcmInPlace, sealGcmInto } from '../gcm.js'
import { CODEC_PLAIN } from './frame.js'

export { useNativeCrypto } from '../gcm.js'
export { ASSOCIATED_BYTES_MAX, GCM_NONCE_BYTES, KEY_BYTES } from '../limits.js'

/** Makes a frame of a block that stands in its room, `room` from FRAME_BLOCK_AT on. The block is what its name says. */
export function sealInPlace(cipher: FrameCipher, room: Uint8Array, blockBytes: number): Uint8Array {
  room[0] = CODEC_PLAIN
  const block = room.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + blockBytes)
  return room.subarray(0, FRAME_BLOCK_AT + sealGcmInto(cipher, block, room, FRAME_BLOCK_AT))
}

/** The text of ciphertext and tag, fresh; undefined where they are not what was enciphered. */
export function decipher(cipher: FrameCipher, sealed: Uint8Array): Uint8Array | undefined {
  return openGcm(cipher, sealed)
}

/** The same, and may put the text in the place of `sealed`, which is not used any more. */
export function decipherInPlace(cipher: FrameCipher, sealed: Uint8Array): Uint8Array | undefined {
  return openGcmInPlace(cipher, sealed)
}
