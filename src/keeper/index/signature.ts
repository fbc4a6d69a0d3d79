// Stat of a file from when its content was read: as long as the stat stays the same, the file is not read again.

import type { FileStat } from '../../base/ports.js'

/** Stat of a file from when its content was known: as long as the stat is the same, the content is. */
export interface Signature {
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly inode: number
  readonly executable: boolean
}

export function signatureOf(stat: FileStat): Signature {
  const { sizeBytes, mtimeMs, ctimeMs, inode, executable } = stat
  return { sizeBytes, mtimeMs, ctimeMs, inode, executable }
}

export function sameSignature(left: Signature | undefined, right: Signature | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return (
    left.sizeBytes === right.sizeBytes &&
    left.mtimeMs === right.mtimeMs &&
    left.ctimeMs === right.ctimeMs &&
    left.inode === right.inode &&
    left.executable === right.executable
  )
}

/** Whether a disk that was given `mtimeMs` may say `seenMs`: they keep nanoseconds, 10 ms (exFAT), 1 s or 2 s (FAT). */
export function isKeptTime(seenMs: number, mtimeMs: number): boolean {
  return [1, 10, 1_000, 2_000].some((stepMs) => Math.floor(mtimeMs / stepMs) * stepMs === Math.round(seenMs))
}
