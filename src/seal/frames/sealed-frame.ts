// Frames of a sealed session: a block, compressed where that pays, then sealed whole.
//
//     codec (1 byte: 0 as it is, 1 LZ4) ‖ AES-256-GCM of the bytes (0 … 65,300) ‖ tag (16 bytes)
//
// Associated data: kind, digest, block index and codec. The nonce is the first 12 bytes of
// HMAC-SHA-256(nonce key, associated data).
//
// Why that is safe, though nothing is drawn at random: a nonce must never cover two texts under one key. The associated
// data names the text. The digest is that of the item's content, the index says which part of it, and the server holds
// every block against that name before it seals it (src/engine/serve/serving.ts), so one name is one block. The codec
// says what became of the block, and LZ4 makes the same of it every time within a process, which is where keys live and
// die: of a pack by the lengths of its files, which their digests name. Weak sums go by the digest of their file, which does not
// name them; the server serves one text of them in the life of a process (src/engine/serve/places.ts). So one nonce is one text, and sealing it again
// gives the same bytes: a repair may mix segments of the first serving and the second. Two names meet in one nonce by
// the birthday of 2⁹⁶ only. Each direction of each session has keys of its own; frames never cross from one into
// another.

import { bytesOfHex } from '../../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../../base/decoded.js'
import type { ItemKind } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import type { BlockName, FrameCipher, FrameFailure, FrameSeal, OpenedFrame } from '../../rdt/protection.js'
import { nonceOf, sealGcmInto } from '../gcm.js'
import type { DirectionKeys } from '../keys.js'
import { FRAMES_PER_KEY_MAX, TAG_BYTES } from '../limits.js'
import type { Codec } from './codec.js'
import type { Compressor } from './compression.js'
import { CODEC_PLAIN, freshBytes } from './frame.js'
import { decipher } from './frame-cipher.js'

export const CODEC_LZ4 = 1
const CODEC_BYTES = 1
const KINDS: readonly ItemKind[] = ['tree', 'list', 'file', 'pack', 'sums']

export class SealedFrames implements FrameSeal {
  readonly needsProof = true
  private sealedCount = 0

  constructor(
    private readonly keys: { readonly ours: DirectionKeys; readonly theirs: DirectionKeys },
    private readonly codec: Codec,
    /** Undefined where nothing is to be compressed. */
    private readonly compressor: Compressor | undefined,
  ) {}

  get isWorn(): boolean {
    return this.sealedCount >= FRAMES_PER_KEY_MAX
  }

  seal(name: BlockName, block: Uint8Array, room?: Uint8Array, fileLengths?: readonly number[]): Uint8Array {
    this.sealedCount++
    const compressed = this.compressor?.compress(name, block, fileLengths)
    const codec = compressed === undefined ? CODEC_PLAIN : CODEC_LZ4
    const text = compressed ?? block
    const frame = room ?? freshBytes(CODEC_BYTES + text.length + TAG_BYTES)
    frame[0] = codec
    return frame.subarray(
      0,
      CODEC_BYTES + sealGcmInto(cipherOf(this.keys.ours, name, codec), text, frame, CODEC_BYTES),
    )
  }

  open(name: BlockName, frame: Uint8Array): Decoded<OpenedFrame, FrameFailure> {
    if (frame.length < CODEC_BYTES + TAG_BYTES) return undecoded('truncated')
    if (frame.length > CODEC_BYTES + BLOCK_BYTES + TAG_BYTES) return undecoded('too-long')
    const codec = frame[0]!
    if (codec !== CODEC_PLAIN && codec !== CODEC_LZ4) return undecoded('unknown-codec')
    const text = decipher(cipherOf(this.keys.theirs, name, codec), frame.subarray(CODEC_BYTES))
    if (text === undefined) return undecoded('damaged')
    if (codec === CODEC_PLAIN) return decoded({ block: text, savedBytes: 0 })
    const block = this.codec.decompress(text)
    if (block === undefined) return undecoded('damaged')
    return decoded({ block, savedBytes: Math.max(0, block.length - text.length) })
  }

  sealingOf(name: BlockName): FrameCipher | undefined {
    if (this.compressor?.tries(name) === true) return undefined
    this.sealedCount++
    return cipherOf(this.keys.ours, name, CODEC_PLAIN)
  }

  openingOf(name: BlockName, frame: Uint8Array): FrameCipher | undefined {
    return frame[0] === CODEC_PLAIN ? cipherOf(this.keys.theirs, name, CODEC_PLAIN) : undefined
  }
}

function cipherOf(keys: DirectionKeys, name: BlockName, codec: number): FrameCipher {
  const associated = associatedOf(name, codec)
  return { key: keys.frames, nonce: nonceOf(keys.nonces, associated), associated }
}

function associatedOf({ kind, digest, blockIndex }: BlockName, codec: number): Uint8Array {
  const associated = new Uint8Array(1 + DIGEST_BYTES + 4 + 1)
  associated[0] = KINDS.indexOf(kind) + 1
  associated.set(bytesOfHex(digest)!, 1)
  new DataView(associated.buffer).setUint32(1 + DIGEST_BYTES, blockIndex)
  associated[1 + DIGEST_BYTES + 4] = codec
  return associated
}
