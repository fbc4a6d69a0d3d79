import { type Disk, DiskError } from '../../base/ports.js'
import { mtimeOf } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'

/** Gives the file at an entry's path the entry's executable bit and time, where the disk lets us: the content is the same
 *  without them, and that is what counts. */
export function applyMetadata(disk: Disk, entry: Entry): void {
  try {
    disk.setExecutable(entry.path, entry.executable)
    disk.setTimes(entry.path, mtimeOf(entry))
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}
