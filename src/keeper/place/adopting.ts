// Takes over what a peer knows of content that is here already: its version, and the time and mode that the peer gave it. Used by
// Placing and Keeping.

import { PRIVACY } from '../../base/access.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { Direction } from '../../pipe/settings.js'
import { mtimeOf, sameMode } from '../../share/edit.js'
import type { Entry, Mode } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import { signatureOf } from '../index/signature.js'
import type { Scanner } from '../scan/scanner.js'
import { syncFile } from './file-sync.js'
import { applyMode, widens } from './metadata.js'

export interface AdoptingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly direction: Direction
}

/** Answers false where the file must be looked at first. Throws a DiskError where nobody may look. */
export function adoptStanding(options: AdoptingOptions, entry: Entry): boolean {
  const { disk, catalogue, scanner, direction } = options
  if (entry.kind === 'tombstone') {
    catalogue.record(entry, undefined)
    return true
  }
  if (!catalogue.isHeld(entry.path)) {
    catalogue.recordNotHeld(entry)
    return true
  }
  const local = catalogue.get(entry.path)
  const isMode = local !== undefined && !sameMode(local, entry)
  const isTime = entry.kind === 'file' && (local === undefined || mtimeOf(local) !== mtimeOf(entry))
  // An entry that nobody has looked at yet must not be counted as having seen the peer's version.
  if (!scanner.matches(entry.path)) {
    const isHidden = catalogue.isHidden(entry.path)
    const isMissing = catalogue.isMissing(entry.path)
    if (!isHidden && !scanner.isUnshared(entry.path)) return false
    // Nothing of it is looked at or touched: that the peer has the same is all there is to know.
    catalogue.record(entry, undefined, lastShown(catalogue, entry))
    if (isMissing) catalogue.stopDeletion(entry.path)
    else if (isHidden) catalogue.setHidden(entry.path, true)
    return true
  }
  const isTaken = direction !== 'send-only'
  if ((!isMode && !isTime) || !isTaken || (entry.kind !== 'file' && entry.kind !== 'folder')) {
    recordStanding(catalogue, entry)
    return true
  }
  try {
    // With its new time, recovery could not tell a torn file from a person's.
    if (entry.kind === 'file') {
      syncFile(disk, entry.path)
      // That takes a while, and with the new time nobody would find what was written meanwhile.
      if (!scanner.matches(entry.path)) return false
    }
    const isWidened = widens(local, entry)
    if (isMode) applyMode(disk, entry.path, entry, isWidened)
    if (isTime) disk.setTimes(entry.path, mtimeOf(entry))
  } catch (error) {
    // Behind a link, or not ours to touch: the content is the same, and that is what counts.
    if (!(error instanceof DiskError)) throw error
  }
  // As it looks now is how it is known, even where the disk keeps coarser times or it is a link's file that was
  // left as it is: else the next scan would tell of a change, and the peers would answer it, for ever.
  const stat = disk.stat(entry.path)
  const isFile = stat?.kind === 'file' && stat.sizeBytes === entry.sizeBytes
  catalogue.record(entry, entry.kind === 'file' && isFile ? signatureOf(stat) : undefined, stat)
  return true
}

/** The mode that the disk counts as having shown last of what is not looked at: another one is then a person's edit. Undefined
 *  where it showed one that a peer has changed since, and that is none. */
function lastShown(catalogue: Catalogue, entry: Entry): Mode | undefined {
  const local = catalogue.get(entry.path)
  const known = catalogue.mode(entry.path)
  if (local === undefined || known === undefined || sameMode(local, entry)) return known
  // What is gone from here and put back must not open what the peer closed.
  const isClosed = PRIVACY[entry.access] > PRIVACY[local.access]
  if (isClosed || !catalogue.isMissing(entry.path)) return undefined
  return {
    access: entry.access === local.access ? known.access : entry.access,
    executable: entry.executable === local.executable ? known.executable : entry.executable,
  }
}

/** Takes note of an entry whose file or folder stays as it is. */
export function recordStanding(catalogue: Catalogue, entry: Entry): void {
  catalogue.record(entry, catalogue.signature(entry.path), catalogue.mode(entry.path))
}
