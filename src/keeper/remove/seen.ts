// Compares what was looked at with what was renamed a moment later. Removing and tree-removing ask.

import type { FileStat } from '../../base/ports.js'

/** Whether nobody wrote into it, or put another in its place, in the moment before it was renamed. */
export function isSame(before: FileStat | undefined, after: FileStat | undefined): boolean {
  if (before === undefined || after === undefined) return false
  const isContent = before.sizeBytes === after.sizeBytes && before.mtimeMs === after.mtimeMs
  return before.inode === after.inode && before.kind === after.kind && isContent
}
