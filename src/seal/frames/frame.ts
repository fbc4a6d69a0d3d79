// Frames: what a block looks like between its plaintext and its segments. Without encryption a frame is
//
//     file         codec (1 byte, 0 = as it is) ‖ block (0 … 65,300 bytes)
//     tree, list,  the same ‖ CRC-32 (4 bytes, big-endian)
//     pack
//
// The check covers the codec, the block and the name of the block (kind, digest, index), so that a frame put together
// from the wrong segments does not open. A block of a file needs none: whoever pulls it holds it against its digest
// before it counts (src/engine/receive/receiving.ts), and at 1 GB/s a second look at every byte costs each side a sixth
// of a core. Trees and lists are only proved when all of their blocks are here, and a pack by its files. Sealed frames:
// sealed-frame.ts.

import { utf8 } from '../../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../../base/decoded.js'
import { BLOCK_BYTES, FRAME_BLOCK_AT } from '../../base/limits.js'
import type { BlockName, FrameFailure } from '../../rdt/protection.js'

export type { BlockName }

export const CODEC_PLAIN = 0
const CODEC_BYTES = FRAME_BLOCK_AT
const CRC_BYTES = 4

/** CRC-32 (IEEE 802.3) of `bytes`, going on from `seed`. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number

/** A frame around `block`: in `room` where there is one, of which the block may be what begins at FRAME_BLOCK_AT; else in
 *  fresh bytes. */
export function sealBlock(name: BlockName, block: Uint8Array, crc32: Crc32, room?: Uint8Array): Uint8Array {
  const frameBytes = CODEC_BYTES + block.length + checkBytes(name)
  const frame = room?.subarray(0, frameBytes) ?? freshBytes(frameBytes)
  frame[0] = CODEC_PLAIN
  if (!isInPlace(block, frame)) frame.set(block, CODEC_BYTES)
  if (checkBytes(name) > 0) {
    const checkOffset = CODEC_BYTES + block.length
    const check = crc32(frame.subarray(0, checkOffset), nameCheck(name, crc32))
    new DataView(frame.buffer, frame.byteOffset).setUint32(checkOffset, check)
  }
  return frame
}

function isInPlace(block: Uint8Array, frame: Uint8Array): boolean {
  return block.buffer === frame.buffer && block.byteOffset === frame.byteOffset + FRAME_BLOCK_AT
}

function checkBytes({ kind }: BlockName): number {
  return kind === 'file' ? 0 : CRC_BYTES
}

/** Not cleared, for a frame is filled whole; and no Buffer, of which views cost several times as much. */
export function freshBytes(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

/** The block inside `frame`, as a view of it: of a file, not proved yet. */
export function openFrame(
  name: BlockName,
  frame: Uint8Array,
  crc32: Crc32,
): Decoded<Uint8Array, FrameFailure> {
  const checkOffset = frame.length - checkBytes(name)
  if (checkOffset < CODEC_BYTES) return undecoded('truncated')
  if (checkOffset > CODEC_BYTES + BLOCK_BYTES) return undecoded('too-long')
  if (checkOffset < frame.length) {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
    if (crc32(frame.subarray(0, checkOffset), nameCheck(name, crc32)) !== view.getUint32(checkOffset))
      return undecoded('damaged')
  }
  if (frame[0] !== CODEC_PLAIN) return undecoded('unknown-codec')
  return decoded(frame.subarray(CODEC_BYTES, checkOffset))
}

function nameCheck(name: BlockName, crc32: Crc32): number {
  return crc32(utf8(`${name.kind} ${name.digest} ${name.blockIndex}`))
}
