// Packs: several small files that cross as one block, chosen by whoever pulls them. A pack is named by the BLAKE3 of the
// digests of its files, so whoever serves it needs no memory of it, and its files prove themselves.

import { bytesOfHex, concatBytes, hexOf } from './bytes.js'
import type { Digest, Hash, ItemRef } from './item.js'
import { BLOCK_BYTES, DIGEST_BYTES, PACK_FILES_MAX } from './limits.js'

/** Cuts files into runs that each fit a pack, in their order. No file is longer than a block. */
export function cutIntoPacks<T extends { readonly file: ItemRef }>(files: readonly T[]): T[][] {
  const packs: T[][] = []
  let bytes = 0
  for (const one of files) {
    const pack = packs.at(-1)
    const fits = pack !== undefined && pack.length < PACK_FILES_MAX
    if (fits && bytes + one.file.sizeBytes <= BLOCK_BYTES) {
      pack.push(one)
      bytes += one.file.sizeBytes
    } else {
      packs.push([one])
      bytes = one.file.sizeBytes
    }
  }
  return packs
}

export function packOf(hash: Hash, files: readonly ItemRef[]): ItemRef & { readonly members: Uint8Array } {
  const members = concatBytes(files.map(({ digest }) => bytesOfHex(digest)!))
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return { kind: 'pack', digest: hexOf(hash(members)), sizeBytes, members }
}

/** Whether the pack of this name has these members. */
export function packProves(hash: Hash, digest: Digest, members: Uint8Array): boolean {
  return hexOf(hash(members)) === digest
}

export function membersOf(members: Uint8Array): Digest[] {
  const digests: Digest[] = []
  for (let at = 0; at < members.length; at += DIGEST_BYTES)
    digests.push(hexOf(members.subarray(at, at + DIGEST_BYTES)))
  return digests
}
