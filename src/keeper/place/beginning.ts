// Whether one content is the beginning of another, as an older state of a log is: told without the content of the shorter one, since the
// digest of a file is that of its block digests. Placing asks it about the loser of a conflict.

import { concatBytes, hexOf } from '../../base/bytes.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import type { Disk } from '../../base/ports.js'
import type { Content } from '../../share/entry.js'

export interface BeginningOptions {
  readonly disk: Disk
  readonly hash: Hash
  /** Block digests of the longer content; needed where the shorter one fills a block. */
  readonly list: (digest: Digest) => Uint8Array | undefined
}

/** Whether the file at `path`, which holds `whole`, begins with all of `part` and goes on. Reads less than one block. Throws a
 *  DiskError. */
export function beginsWith(options: BeginningOptions, path: string, whole: Content, part: Content): boolean {
  const { hash, list } = options
  if (whole.kind !== 'file' || part.kind !== 'file' || part.sizeBytes >= whole.sizeBytes) return false
  const fullBytes = part.sizeBytes - (part.sizeBytes % BLOCK_BYTES)
  const full = fullBytes === 0 ? NONE : list(whole.digest)
  if (full === undefined) return false
  const last = readAt(options.disk, path, fullBytes, part.sizeBytes - fullBytes)
  if (last === undefined) return false
  const beginning = [full.subarray(0, (fullBytes / BLOCK_BYTES) * DIGEST_BYTES)]
  if (last.length > 0) beginning.push(hash(last))
  return hexOf(hash(concatBytes(beginning))) === part.digest
}

/** Undefined where the file is shorter. */
function readAt(disk: Disk, path: string, position: number, sizeBytes: number): Uint8Array | undefined {
  const bytes = new Uint8Array(sizeBytes)
  if (sizeBytes === 0) return bytes
  const handle = disk.open(path)
  try {
    return disk.read(handle, bytes, position) === sizeBytes ? bytes : undefined
  } finally {
    disk.close(handle)
  }
}

const NONE = new Uint8Array()
