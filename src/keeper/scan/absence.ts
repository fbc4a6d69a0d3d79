// Tells a deletion from what only looks like one: a disk that is not mounted, a folder that leads nowhere, a share that is all
// empty at once. The scanner asks it before it records that something is gone.

import type { Disk } from '../../base/ports.js'
import { isOwnPath, OWN_FOLDER, parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { EMPTIED_ENTRIES_MIN } from './limits.js'
import type { Sighting } from './sight.js'

export interface AbsenceOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly sighting: Sighting
}

/** Why what is missing counts as there: at `path`, for the person. `isEmptied`: the share held names and holds none, which may be
 *  meant. */
export interface Doubt {
  readonly path: string
  readonly reason: string
  readonly isEmptied?: boolean
}

export class Absence {
  private readonly options: AbsenceOptions
  /** Folders that were seen to be on another disk than the share, in this life of the process. */
  private readonly mounts = new Set<string>()
  /** A name that was in the share a moment ago: while it stands, the share is not empty. */
  private standing = ''

  constructor(options: AbsenceOptions) {
    this.options = options
  }

  /** A folder is about to be listed. Answers whether what is missing in it may have been deleted. */
  handleFolder(folder: string): Doubt | undefined {
    const { disk } = this.options
    const device = disk.stat(folder)?.device
    if (device === undefined || folder === '') return undefined
    if (device !== disk.stat('')?.device) this.mounts.add(folder)
    else if (this.mounts.has(folder)) return unmounted(folder)
    return undefined
  }

  /** Nothing stands at the path, where the catalogue knows something. Undefined where that is a deletion. */
  doubtAt(path: string): Doubt | undefined {
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
      if (this.mounts.has(folder) && this.handleFolder(folder) !== undefined) return unmounted(folder)
      if (this.options.sighting.isUnshared(folder))
        return { path: folder, reason: 'what is in it cannot be seen now, and counts as there' }
    }
    // A person who removes, moves or unmounts a share takes LEFT's own folder with it.
    const isGone = this.options.disk.statLink(OWN_FOLDER) === undefined
    if (!isGone && !this.isEmptied()) return undefined
    return {
      path: '',
      reason:
        'the share is empty all at once: nothing of that is told to the others, in case a disk is not mounted',
      isEmptied: !isGone,
    }
  }

  private isEmptied(): boolean {
    const { disk, catalogue } = this.options
    if (this.standing !== '' && disk.statLink(this.standing) !== undefined) return false
    const names = disk.list('').names.filter((name) => !isOwnPath(name))
    this.standing = names[0] ?? ''
    if (names.length > 0) return false
    let count = 0
    for (const { kind, path } of catalogue.manifest.children(''))
      if (kind !== 'tombstone' && catalogue.isHeld(path) && ++count >= EMPTIED_ENTRIES_MIN) return true
    return false
  }
}

function unmounted(path: string): Doubt {
  return { path, reason: 'the disk that was mounted there is gone: what was on it counts as there' }
}
