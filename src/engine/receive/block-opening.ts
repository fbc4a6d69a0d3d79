// A received block of a large file as it goes to the disk: opened here where its frame was compressed, else still sealed, for
// whoever writes it to open. Used by LargeFiles.

import { FRAME_BLOCK_AT, FRAME_OVERHEAD_BYTES } from '../../base/limits.js'
import type { FrameCipher, FrameSeal } from '../../rdt/protection.js'
import type { ReceivedBlock } from './received-block.js'

/** The bytes to write it from, and how long it will be. */
export interface BlockToWrite {
  readonly bytes: Uint8Array
  readonly textBytes: number
  readonly cipher: FrameCipher | undefined
  readonly savedBytes: number
}

/** Undefined where its seal is broken, as far as that is known before it is opened. `frames`: undefined where the session is
 *  over. */
export function openOrLeaveSealed(
  frames: FrameSeal | undefined,
  block: ReceivedBlock,
): BlockToWrite | undefined {
  const frame = block.frame.bytes
  const cipher = frames?.openingOf(block, frame)
  if (cipher !== undefined) {
    const textBytes = frame.length - FRAME_OVERHEAD_BYTES
    return { bytes: frame.subarray(FRAME_BLOCK_AT), textBytes, cipher, savedBytes: 0 }
  }
  const opened = frames?.open(block, frame)
  if (!opened?.ok) return undefined
  const { block: bytes, savedBytes } = opened.value
  return { bytes, textBytes: bytes.length, cipher: undefined, savedBytes }
}
