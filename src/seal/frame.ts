// Frames: what a block looks like between its plaintext and its segments. Without encryption a frame is
//
//     codec (1 byte, 0 = as it is) ‖ block (0 … 65,300 bytes) ‖ CRC-32 (4 bytes, big-endian)
//
// The check covers the codec, the block and the name of the block (kind, digest, index), so that a frame put
// together from the wrong segments does not open. Sealed frames: sealed-frame.ts.

import { utf8 } from '../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import { BLOCK_BYTES } from '../base/limits.js'
import type { BlockName, FrameFailure } from '../base/protection.js'

export type { BlockName }

export const CODEC_PLAIN = 0
const CODEC_BYTES = 1
const CRC_BYTES = 4

/** CRC-32 (IEEE 802.3) of `bytes`, going on from `seed`. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number

/** A fresh frame around `block`. */
export function sealBlock(name: BlockName, block: Uint8Array, crc32: Crc32): Uint8Array {
  const frame = freshBytes(CODEC_BYTES + block.length + CRC_BYTES)
  frame[0] = CODEC_PLAIN
  frame.set(block, CODEC_BYTES)
  const view = new DataView(frame.buffer)
  const checkOffset = CODEC_BYTES + block.length
  view.setUint32(checkOffset, crc32(frame.subarray(0, checkOffset), nameCheck(name, crc32)))
  return frame
}

/** Not cleared, for a frame is filled whole; and no Buffer, of which views cost several times as much. */
export function freshBytes(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

/** The block inside `frame`, as a view of it. */
export function openFrame(
  name: BlockName,
  frame: Uint8Array,
  crc32: Crc32,
): Decoded<Uint8Array, FrameFailure> {
  if (frame.length < CODEC_BYTES + CRC_BYTES) return undecoded('truncated')
  if (frame.length > CODEC_BYTES + BLOCK_BYTES + CRC_BYTES) return undecoded('too-long')
  const checkOffset = frame.length - CRC_BYTES
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (crc32(frame.subarray(0, checkOffset), nameCheck(name, crc32)) !== view.getUint32(checkOffset))
    return undecoded('damaged')
  if (frame[0] !== CODEC_PLAIN) return undecoded('unknown-codec')
  return decoded(frame.subarray(CODEC_BYTES, checkOffset))
}

function nameCheck(name: BlockName, crc32: Crc32): number {
  return crc32(utf8(`${name.kind} ${name.digest} ${name.blockIndex}`))
}
