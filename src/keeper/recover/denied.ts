// Folders into which nobody may look while the share is opened: it is opened all the same, and nothing in them counts as
// missing. Used by recovery.ts.

import { type Disk, DiskError, type FileStat } from '../../base/ports.js'

/** Answers false where nobody may look at what the work is about. */
export function unlessDenied(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'denied') throw error
    return false
  }
}

/** Undefined where nothing is there. */
export function lookAt(disk: Disk, path: string): FileStat | { readonly kind: 'denied' } | undefined {
  let stat: FileStat | undefined
  return unlessDenied(() => {
    stat = disk.statLink(path)
  })
    ? stat
    : { kind: 'denied' }
}
