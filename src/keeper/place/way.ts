// Folders on the way of something that is about to be placed: which are missing, and making them. Placing uses it.

import { type Disk, DiskError } from '../../base/ports.js'
import { makeFolderOnTheWay } from '../../share/edit.js'
import { parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { makeFolder } from './metadata.js'

/** The parents of `path` that are no folders, outermost first; those that are one are added to `folders`. */
export function missingFolders(disk: Disk, path: string, folders: Set<string>): string[] {
  const missing: string[] = []
  for (let parent = parentOf(path); parent !== '' && !folders.has(parent); parent = parentOf(parent)) {
    const stat = disk.statLink(parent)
    if (stat?.kind === 'folder') folders.add(parent)
    else missing.unshift(parent)
    if (stat !== undefined) break
  }
  return missing
}

/** Makes one that nobody has told of, with a version of ours, or one whose deletion stands. Throws a DiskError. */
export function makeWay(
  {
    disk,
    catalogue,
    edits,
  }: { readonly disk: Disk; readonly catalogue: Catalogue; readonly edits: OwnEdits },
  path: string,
): void {
  const stat = disk.statLink(path)
  if (stat === undefined) {
    const known = catalogue.get(path)
    if (known?.kind === 'tombstone') {
      // The deletion stands. What it had not seen has a folder as long as it is there.
      catalogue.setRemaining(path, true)
      makeFolder(disk, path, 'owner')
      return
    }
    const made = known?.kind === 'folder' ? known : makeFolderOnTheWay(path, edits.nextDot())
    catalogue.record(made, undefined, makeFolder(disk, path, made.access))
  }
  // A folder is wanted here too, and its place is not free yet: once it is there, what is in it can follow.
  if (stat?.kind === 'file') throw new DiskError('missing', `${path} is not a folder yet`)
}
