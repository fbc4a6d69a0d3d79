// Paths at which the disk refuses something while the share is opened: nobody may look into their folder, or another program
// changes it at this moment. The share is opened all the same, and nothing there counts as missing. Used by recovery.ts.

import { type Disk, DiskError, type FileStat } from '../../base/ports.js'

/** Answers false where the disk refuses what the work is about. Throws a DiskError where there is no room: that is waited for. */
export function unlessRefused(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (!(error instanceof DiskError) || error.code === 'no-space') throw error
    return false
  }
}

/** Undefined where nothing is there. */
export function lookAt(disk: Disk, path: string): FileStat | { readonly kind: 'refused' } | undefined {
  let stat: FileStat | undefined
  return unlessRefused(() => {
    stat = disk.statLink(path)
  })
    ? stat
    : { kind: 'refused' }
}
