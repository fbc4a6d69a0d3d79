// The block digests of a file as the index keeps them, perhaps with the weak sums of the blocks. Used by Catalogue.
//
//     stored = digest:32{n}  |  digest:32{n} sum:4{n} 1:u8
//
// The lengths tell the two apart: the second is odd.

import { concatBytes } from '../../base/bytes.js'
import { DIGEST_BYTES, WEAK_SUM_BYTES } from '../../base/limits.js'

export interface BlockList {
  readonly list: Uint8Array
  readonly sums: Uint8Array | undefined
}

export function storedList({ list, sums }: BlockList): Uint8Array {
  return sums === undefined ? list : concatBytes([list, sums, WITH_SUMS])
}

export function blockListOf(stored: Uint8Array): BlockList {
  if (stored.length % 2 === 0) return { list: stored, sums: undefined }
  const count = (stored.length - 1) / (DIGEST_BYTES + WEAK_SUM_BYTES)
  const listBytes = count * DIGEST_BYTES
  return { list: stored.slice(0, listBytes), sums: stored.slice(listBytes, -1) }
}

const WITH_SUMS = Uint8Array.of(1)
