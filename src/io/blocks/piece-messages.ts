// Messages between the loop and the threads that prove its blocks. All that is said of the pieces of a message stands in one
// array of bytes, a record of a fixed size for each: an object with arrays for each piece costs both sides several times as
// much, for every array is a buffer of its own. Used by block-prover.ts and block-thread.ts.
//
//   fd:f64 position:f64 length:f64 offset:f64 bytes:f64 associated:f64 digest:32 key:32 nonce:12 … associated:64
//
// `offset` and `bytes` are where the piece's bytes stand in its buffer, which is handed over beside the records. `associated` is
// 0 where there is no cipher, else one more than the bytes of its associated data.

import { assert } from '../../base/assert.js'
import { DIGEST_BYTES } from '../../base/limits.js'
import type { FrameCipher } from '../../rdt/protection.js'
import { ASSOCIATED_BYTES_MAX, GCM_NONCE_BYTES, KEY_BYTES } from '../../seal/frames/frame-cipher.js'

/** Outcome for a block: it is in the file; it is a frame; its seal is broken; it is not the one that was wanted. */
export type Proof = 'written' | 'sealed' | 'damaged' | 'wrong'

/** `bytes` to be written at `position`, if `digest` is theirs; opened before, where there is a cipher. */
export interface PieceToWrite {
  readonly type: 'write'
  readonly fd: number
  readonly position: number
  readonly bytes: Uint8Array
  readonly digest: Uint8Array
  readonly cipher: FrameCipher | undefined
}

/** A block of that many bytes to be read from `position` into `bytes`, the room of its frame, and sealed if it has the
 *  digest. */
export interface PieceToSeal {
  readonly type: 'seal'
  readonly fd: number
  readonly position: number
  readonly length: number
  readonly bytes: Uint8Array
  readonly digest: Uint8Array
  readonly cipher: FrameCipher
}

export type ProvedPiece = PieceToWrite | PieceToSeal

export interface ProofRequest {
  readonly id: number
  readonly type: ProvedPiece['type']
  readonly records: Uint8Array
  /** Those of the pieces, in their order. */
  readonly buffers: ArrayBuffer[]
}

export interface ProofReply {
  readonly id: number
  /** Outcomes, a digit for each piece in their order: its place in PROOFS, or one that is none of them. */
  readonly outcomes: string
  /** Codes of the errors of these. */
  readonly codes: readonly string[]
  /** Those of the request, given back. */
  readonly buffers: ArrayBuffer[]
}

/** Outcome of a piece, or the code of an error. */
export type PieceResult = Proof | { readonly code: string }

const PROOFS: readonly Proof[] = ['written', 'sealed', 'damaged', 'wrong']

const NUMBERS = 6
const DIGEST_AT = NUMBERS * 8
const KEY_AT = DIGEST_AT + DIGEST_BYTES
const NONCE_AT = KEY_AT + KEY_BYTES
const ASSOCIATED_AT = NONCE_AT + GCM_NONCE_BYTES
/** A multiple of eight, for the numbers of the next. */
const RECORD_BYTES = 8 * Math.ceil((ASSOCIATED_AT + ASSOCIATED_BYTES_MAX) / 8)

/** All of them are of the type of the first one, and there is one. */
export function packPieces(id: number, pieces: readonly ProvedPiece[]): ProofRequest {
  const records = new Uint8Array(pieces.length * RECORD_BYTES)
  const numbers = new Float64Array(records.buffer)
  const { type } = pieces[0]!
  for (const [index, piece] of pieces.entries()) {
    const { bytes, cipher } = piece
    assert(piece.type === type, 'pieces of a message are of one type')
    const at = index * RECORD_BYTES
    const first = at / 8
    numbers[first] = piece.fd
    numbers[first + 1] = piece.position
    numbers[first + 2] = piece.type === 'seal' ? piece.length : bytes.length
    numbers[first + 3] = bytes.byteOffset
    numbers[first + 4] = bytes.length
    records.set(piece.digest, at + DIGEST_AT)
    if (cipher === undefined) continue
    const { key, nonce, associated } = cipher
    assert(key.length === KEY_BYTES && nonce.length === GCM_NONCE_BYTES, 'ciphers are AES-256-GCM')
    assert(associated.length <= ASSOCIATED_BYTES_MAX, 'associated data of a frame are short')
    numbers[first + 5] = associated.length + 1
    records.set(key, at + KEY_AT)
    records.set(nonce, at + NONCE_AT)
    records.set(associated, at + ASSOCIATED_AT)
  }
  // Those of the pool and of what was deciphered are no others'.
  return { id, type, records, buffers: pieces.map(({ bytes }) => bytes.buffer as ArrayBuffer) }
}

/** The same pieces; digests and ciphers are views of the records. */
export function unpackPieces({ type, records, buffers }: ProofRequest): PieceToSeal[] | PieceToWrite[] {
  const numbers = new Float64Array(records.buffer, records.byteOffset, records.length / 8)
  const pieces = buffers.map((buffer, index) => {
    const at = index * RECORD_BYTES
    const first = at / 8
    const part = (from: number, length: number) => records.subarray(at + from, at + from + length)
    const associatedBytes = numbers[first + 5]! - 1
    const cipher =
      associatedBytes < 0
        ? undefined
        : {
            key: part(KEY_AT, KEY_BYTES),
            nonce: part(NONCE_AT, GCM_NONCE_BYTES),
            associated: part(ASSOCIATED_AT, associatedBytes),
          }
    return {
      type,
      fd: numbers[first]!,
      position: numbers[first + 1]!,
      length: numbers[first + 2]!,
      bytes: new Uint8Array(buffer, numbers[first + 3], numbers[first + 4]),
      digest: part(DIGEST_AT, DIGEST_BYTES),
      cipher,
    }
  })
  return pieces as PieceToSeal[] | PieceToWrite[]
}

export function packResults({ id, buffers }: ProofRequest, results: readonly PieceResult[]): ProofReply {
  const digits = results.map((result) =>
    typeof result === 'string' ? PROOFS.indexOf(result) : PROOFS.length,
  )
  const codes = results.flatMap((result) => (typeof result === 'string' ? [] : [result.code]))
  return { id, outcomes: digits.join(''), codes, buffers }
}

export function readResults({ outcomes, codes }: ProofReply): PieceResult[] {
  let failures = 0
  return Array.from(outcomes, (digit) => PROOFS[Number(digit)] ?? { code: codes[failures++]! })
}
