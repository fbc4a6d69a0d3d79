// I14: what LEFT removes or overwrites in a share is in its trash. Looked at while it happens, since a person may empty the trash
// later. The world tells of each name that a keeper takes away. The loser of a conflict is in its copy.

import { equalBytes } from '../../base/bytes.js'
import { TRASH_FOLDER } from '../../base/own-folder.js'
import { isCopyOf } from '../../judge/copies.js'
import { isOwnPath } from '../../share/path.js'
import type { SimDisk } from '../disk/disk.js'

export class TrashCheck {
  /** Files of the share that have a name of LEFT's outside the trash, on their way out. */
  private readonly leaving = new Set<number>()

  constructor(private readonly disk: Pick<SimDisk, 'contentOf' | 'fileAt' | 'snapshot'>) {}

  /** Before a name is taken away: it becomes `to`, is given to another file (`to` is `path`), or goes. What is answered tells, once that
   *  is done, whether the file is gone; where the disk refused, or the process died, it is not called. */
  handleTaking(path: string, to?: string): () => boolean {
    const file = this.disk.fileAt(path)
    if (file === undefined || path.startsWith(TRASH)) return () => false
    const isShared = !isOwnPath(path) || this.leaving.delete(file.number)
    if (!isShared) return () => false
    const bytes = this.disk.contentOf(path)!
    return () => {
      if (to !== undefined && isOwnPath(to) && !to.startsWith(TRASH)) this.leaving.add(file.number)
      // The trash keeps one overwritten version for each path and hour.
      return !file.isNamed() && !(to === path && (this.hasVersion(path) || this.hasCopy(path, bytes)))
    }
  }

  /** The loser of a conflict is beside the winner already: its copy came from another peer. */
  private hasCopy(path: string, bytes: Uint8Array): boolean {
    for (const [place, entry] of this.disk.snapshot())
      if (entry.kind === 'file' && isCopyOf(place, path) && equalBytes(entry.bytes, bytes)) return true
    return false
  }

  private hasVersion(path: string): boolean {
    for (const [place, { kind }] of this.disk.snapshot())
      if (
        kind !== 'folder' &&
        place.startsWith(TRASH) &&
        place.slice(place.indexOf('/', TRASH.length) + 1) === path
      )
        return true
    return false
  }
}

const TRASH = `${TRASH_FOLDER}/`
