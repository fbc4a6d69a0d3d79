// Lists the trash, gives things back from it and empties it, for the commands of a person: with a disk of the share, whether LEFT
// runs on it or not. A thing that comes back is an edit of the share like any other, which the next look of LEFT finds.

import { TRASH_FOLDER } from '../../base/own-folder.js'
import { type Disk, DiskError } from '../../base/ports.js'
import { joinPath, parentOf } from '../../share/path.js'
import { Trash, type TrashOptions } from './trash.js'
import { contentsOf, removeAll, rootOf, slotsOn, type Trashed } from './walking.js'

export type { Trashed } from './walking.js'

/** All that is in the trash but for the folders that only lead to it, what was taken in first before the rest. */
export function listTrash(disk: Disk): Trashed[] {
  const things: Trashed[] = []
  for (const slot of slotsOn(disk)) {
    const inSlot = [...contentsOf(disk, slot)].filter((thing) => thing !== undefined)
    const parents = new Set(inSlot.map(({ place }) => parentOf(place)))
    things.push(...inSlot.filter(({ kind, place }) => kind !== 'folder' || !parents.has(place)))
  }
  return things.sort((left, right) => left.takenMs - right.takenMs)
}

export interface RestoreOptions extends TrashOptions {
  /** As the share was then: of each path the version that was taken in first after that. The newest one of each, where undefined. */
  readonly asOfMs?: number | undefined
  /** Whether what stands at a path by now goes to the trash itself. Else the path is left. */
  readonly replaces?: boolean
}

export interface Restored {
  readonly restored: readonly string[]
  /** Paths that could not be given back, and why. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[]
}

/** Gives back a file, a link, or all that was in a folder, '' being the share. */
export function restore(path: string, options: RestoreOptions): Restored {
  const { disk } = options
  const chosen = new Map<string, Trashed>()
  for (const thing of listTrash(disk)) {
    if (path !== '' && thing.path !== path && !thing.path.startsWith(`${path}/`)) continue
    if (options.asOfMs === undefined) chosen.set(thing.path, thing)
    else if (thing.takenMs >= options.asOfMs && !chosen.has(thing.path)) chosen.set(thing.path, thing)
  }
  const restored: string[] = []
  const refused: { path: string; reason: string }[] = []
  for (const thing of chosen.values()) {
    try {
      giveBack(thing, options)
      restored.push(thing.path)
      removeEmptied(disk, parentOf(thing.place))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      const reason = error.code === 'exists' ? 'something stands there by now' : error.message
      refused.push({ path: thing.path, reason })
    }
  }
  return { restored, refused }
}

/** Removes all that LEFT has put there. Answers how much that was. */
export function emptyTrash(disk: Disk): { readonly things: number; readonly bytes: number } {
  const things = listTrash(disk).length
  let bytes = 0
  for (const slot of slotsOn(disk)) {
    const removing = removeAll(disk, rootOf(slot))
    for (let next = removing.next(); ; next = removing.next()) {
      if (next.done !== true) continue
      bytes += next.value
      break
    }
  }
  return { things, bytes }
}

/** Throws a DiskError, 'exists' where something stands in its place. */
function giveBack({ path, place, kind }: Trashed, options: RestoreOptions): void {
  const { disk, replaces = false } = options
  makeFolders(disk, parentOf(path))
  if (kind === 'folder') {
    if (disk.statLink(path)?.kind !== 'folder') disk.makeFolder(path)
    disk.removeFolder(place)
    return
  }
  const standing = disk.statLink(path)
  if (replaces && (standing?.kind === 'file' || standing?.kind === 'link')) {
    // The path is at no moment empty.
    new Trash(options).keepVersion(path)
    disk.rename(place, path)
  } else disk.moveNew(place, path)
}

/** Folders of the trash that led to it, and the slot, where nothing is left in them. */
function removeEmptied(disk: Disk, place: string): void {
  try {
    for (let folder = place; folder !== TRASH_FOLDER; folder = parentOf(folder)) disk.removeFolder(folder)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

function makeFolders(disk: Disk, path: string): void {
  let folder = ''
  for (const name of path === '' ? [] : path.split('/')) {
    folder = joinPath(folder, name)
    if (disk.statLink(folder) === undefined) disk.makeFolder(folder)
  }
}
