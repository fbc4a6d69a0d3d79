// Compresses the files of a pack each by itself and joins what comes of it to one LZ4 block (see lz4-block.ts), which any
// decoder reads. No match reaches from one file into another: how much one of them shrinks says nothing of the others, so
// that who can put a file beside a secret one and sees the size of the frame learns nothing from it.
//
// A block is a run of sequences, of which the last has literals and no match. Two blocks become one where the last
// literals of the first and the first literals of the second are written as those of one sequence. Files that do not
// shrink are literals as a whole.

import { BLOCK_BYTES } from '../../base/limits.js'
import { COMPRESSION_PART_BYTES_MIN } from '../limits.js'
import type { Codec } from './codec.js'

/** The longest length that fits its half of a token; what is more follows in bytes. */
const TOKEN_LENGTH_MAX = 15
const OFFSET_BYTES = 2

/** `partLengths` are those of the parts of `block`, in order. A view that the next call writes over; undefined where it is
 *  longer than `bytesMax`. */
export function compressParts(
  codec: Codec,
  block: Uint8Array,
  partLengths: readonly number[],
  bytesMax: number,
): Uint8Array | undefined {
  const joined = new Joined(Math.min(bytesMax, room.length))
  let from = 0
  for (const length of partLengths) {
    const part = block.subarray(from, from + length)
    from += length
    const compressed = length < COMPRESSION_PART_BYTES_MIN ? undefined : codec.compress(part, length - 1)
    if (compressed === undefined) joined.addLiterals(part)
    else joined.addBlock(compressed)
  }
  return from === block.length ? joined.finish() : undefined
}

/** Shared by all, as none of them outlives a call. */
const room = new Uint8Array(BLOCK_BYTES)
const literalRoom = new Uint8Array(BLOCK_BYTES)

class Joined {
  private at = 0
  /** Literals whose sequence is not written yet. */
  private literalBytes = 0
  private hasRoom = true

  constructor(private readonly bytesMax: number) {}

  addLiterals(bytes: Uint8Array): void {
    literalRoom.set(bytes, this.literalBytes)
    this.literalBytes += bytes.length
  }

  /** A whole block, as an encoder writes it. */
  addBlock(block: Uint8Array): void {
    const literals = literalsOf(block, 0)
    const firstMatchAt = literals.at + literals.length
    this.addLiterals(block.subarray(literals.at, firstMatchAt))
    if (firstMatchAt === block.length) return
    this.writeSequence(block[0]! & TOKEN_LENGTH_MAX)
    const lastAt = lastSequenceAt(block)
    // The match of the first sequence, and all of those between the first and the last.
    this.write(block.subarray(firstMatchAt, lastAt))
    this.addLiterals(block.subarray(literalsOf(block, lastAt).at))
  }

  finish(): Uint8Array | undefined {
    this.writeSequence(0)
    return this.hasRoom ? room.subarray(0, this.at) : undefined
  }

  /** The token and the literals; its match follows. */
  private writeSequence(matchLength: number): void {
    const { literalBytes } = this
    const inToken = Math.min(literalBytes, TOKEN_LENGTH_MAX)
    const lengthBytes = inToken < TOKEN_LENGTH_MAX ? 0 : 1 + Math.floor((literalBytes - inToken) / 255)
    this.literalBytes = 0
    if (this.at + 1 + lengthBytes > this.bytesMax) {
      this.hasRoom = false
      return
    }
    room[this.at++] = (inToken << 4) | matchLength
    if (lengthBytes > 0) {
      room.fill(255, this.at, this.at + lengthBytes - 1)
      this.at += lengthBytes
      room[this.at - 1] = (literalBytes - inToken) % 255
    }
    this.write(literalRoom.subarray(0, literalBytes))
  }

  private write(bytes: Uint8Array): void {
    this.hasRoom &&= this.at + bytes.length <= this.bytesMax
    if (!this.hasRoom) return
    room.set(bytes, this.at)
    this.at += bytes.length
  }
}

/** Where the literals of a sequence stand, of a block that our own encoder wrote. */
function literalsOf(block: Uint8Array, sequenceAt: number): { readonly at: number; readonly length: number } {
  let at = sequenceAt + 1
  let length = block[sequenceAt]! >> 4
  if (length === TOKEN_LENGTH_MAX) {
    do length += block[at]!
    while (block[at++] === 255)
  }
  return { at, length }
}

/** Goes through thousands of sequences for each pack: nothing is made on the way. */
function lastSequenceAt(block: Uint8Array): number {
  const { length } = block
  let at = 0
  for (;;) {
    const sequenceAt = at
    const token = block[at++]!
    let literals = token >> 4
    if (literals === TOKEN_LENGTH_MAX) {
      do literals += block[at]!
      while (block[at++] === 255)
    }
    at += literals
    if (at >= length) return sequenceAt
    at += OFFSET_BYTES
    if ((token & TOKEN_LENGTH_MAX) === TOKEN_LENGTH_MAX) while (block[at++] === 255);
  }
}
