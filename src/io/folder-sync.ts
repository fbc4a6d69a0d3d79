// Brings the names in a folder onto stable storage: in the share (disk.ts) and beside the index (watcher/file-index.ts).
// seal/private-file.ts has a function of its own, because seal imports nothing of io.

import { closeSync, constants, fsyncSync, openSync } from 'node:fs'

/** Throws the error of the system call. */
export function syncFolderAt(place: string, flags = constants.O_RDONLY): void {
  if (process.platform === 'win32') return // folders cannot be opened there
  const handle = openSync(place, flags | constants.O_DIRECTORY)
  try {
    fsyncSync(handle)
  } catch (error) {
    // File systems without the notion (some FUSE and network ones) say EINVAL: there is nothing to do.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    closeSync(handle)
  }
}
