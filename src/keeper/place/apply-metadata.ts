import { type Disk, DiskError } from '../../base/ports.js'
import type { Entry } from '../../share/entry.js'

/** Gives the file at an entry's path the entry's executable bit and time, where the disk lets us: the content is the same
 *  without them, and that is what counts. */
export function applyMetadata(disk: Disk, { path, executable, mtimeMs }: Entry): void {
  try {
    disk.setExecutable(path, executable)
    disk.setTimes(path, mtimeMs)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}
