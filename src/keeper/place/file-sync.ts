// Brings the content of one file of the share onto stable storage: before it is replaced, and for the checkpoint.

import type { Disk } from '../../base/ports.js'

/** Throws a DiskError. */
export function syncFile(disk: Disk, path: string): void {
  const handle = disk.open(path)
  try {
    disk.sync(handle)
  } finally {
    disk.close(handle)
  }
}
