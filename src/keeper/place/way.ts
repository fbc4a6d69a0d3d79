// Folders on the way of something that is about to be placed: which are missing, and making them. Placing uses it.

import { type Disk, DiskError } from '../../base/ports.js'
import { makeFolderOnTheWay } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import type { Scanner } from '../scan/scanner.js'
import { applyMode, makeFolder, shownMode } from './metadata.js'

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

interface WayOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly edits: OwnEdits
  readonly scanner: Pick<Scanner, 'hint' | 'locals'>
}

/** Gives a folder that was deleted, and stands for what is in it, a version of ours again: a file wants its place, and no peer
 *  would take what is in it otherwise. Nobody has told who may look into it. Undefined where nothing is known there, or the disk
 *  shows no folder. */
export function reviveFolder({ disk, catalogue, edits }: WayOptions, path: string): Entry | undefined {
  if (catalogue.get(path) === undefined) return undefined
  try {
    if (disk.statLink(path)?.kind !== 'folder') return undefined
    const folder = makeFolderOnTheWay(path, edits.nextDot())
    applyMode(disk, path, folder, false)
    catalogue.record(folder, undefined, shownMode(disk, path))
    return folder
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return undefined
  }
}

/** Makes one that nobody has told of, with a version of ours, or one whose deletion stands. Throws a DiskError. */
export function makeWay({ disk, catalogue, edits, scanner }: WayOptions, path: string): void {
  const stat = disk.statLink(path)
  if (stat === undefined) {
    const standing = catalogue.live(path)
    if (standing !== undefined && standing.kind !== 'folder') {
      // Somebody removed it. A folder that has seen nothing would hide that, and the file would become a conflict copy at peers that have it.
      scanner.hint(path)
      throw new DiskError('missing', `what stood at ${path} is gone, which is to be recorded first`)
    }
    // A file made here that a person has just removed: the folder in its place hides that from the next look.
    scanner.locals.delete(path)
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
