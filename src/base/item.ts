// The units that the protocol moves: items, immutable bytes named by a digest and cut into blocks.

import { hexOf } from './bytes.js'
import { BLOCK_BYTES, DIGEST_BYTES, WEAK_SUM_BYTES } from './limits.js'

/** BLAKE3 as 64 lowercase hexadecimal characters: a key for maps that is also readable in a log. */
export type Digest = string

/** The input of an item's digest.
 *  - `tree`: a listing of a folder of a share; digest = BLAKE3(bytes)
 *  - `list`: the block digests of a file, 32 bytes each; digest = BLAKE3(bytes)
 *  - `sums`: a weak sum of each block of a file, 4 bytes each; goes by the digest of the file, and nothing proves it
 *  - `file`: the content of a file; digest = BLAKE3 of its list, so a list proves itself and then
 *    proves each block
 *  - `pack`: several files, one after the other, together no longer than a block; digest = BLAKE3 of the digests of
 *    the files, 32 bytes each, which prove them */
export type ItemKind = 'tree' | 'list' | 'file' | 'pack' | 'sums'

/** Names an item and tells how long it is, which is all that is needed to pull it. */
export interface ItemRef {
  readonly kind: ItemKind
  readonly digest: Digest
  readonly sizeBytes: number
  /** The digests of a pack's files, end to end. A server knows a pack by nothing else. */
  readonly members?: Uint8Array
}

/** The injected hash: BLAKE3 of `bytes`, 32 bytes. The core computes none itself. */
export type Hash = (bytes: Uint8Array) => Uint8Array

export function blockCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES)
}

/** Bytes in block `blockIndex` of an item of `sizeBytes`; 0 where there is no such block. */
export function blockBytes(sizeBytes: number, blockIndex: number): number {
  return Math.max(0, Math.min(BLOCK_BYTES, sizeBytes - blockIndex * BLOCK_BYTES))
}

/** Bytes of the digest list of a file of `sizeBytes`. */
export function listBytes(sizeBytes: number): number {
  return blockCount(sizeBytes) * DIGEST_BYTES
}

/** Bytes of the weak sums of the blocks of a file of `sizeBytes`. */
export function sumsBytes(sizeBytes: number): number {
  return blockCount(sizeBytes) * WEAK_SUM_BYTES
}

/** Whether `bytes` are the file of this digest. Only of a file of one block, whose list is the digest of that block. */
export function provesSmall(hash: Hash, bytes: Uint8Array, digest: Digest): boolean {
  return hexOf(hash(hash(bytes))) === digest
}

/** The key of an item in maps: digests of different kinds never meet. */
export function itemKey(kind: ItemKind, digest: Digest): string {
  return kind + digest
}
