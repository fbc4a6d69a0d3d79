// Looks through the trash, and removes from it. A bounded number of names between two yields: whoever drives a generator of these
// may do something else in between.

import type { Access } from '../../base/access.js'
import { TRASH_FOLDER } from '../../base/own-folder.js'
import { type Disk, DiskError, type FileStat } from '../../base/ports.js'
import { SWEEP_STEP_NAMES } from './limits.js'
import { type Slot, slotOf } from './names.js'

/** One thing in the trash. */
export interface Trashed {
  /** Its path in the share. */
  readonly path: string
  /** Where it is, from the share on. */
  readonly place: string
  readonly kind: 'file' | 'folder' | 'link'
  readonly sizeBytes: number
  /** When it was taken in, by the disk's clock. */
  readonly takenMs: number
}

/** Slots, the oldest first. */
export function slotsOn(disk: Disk): Slot[] {
  if (lookAt(disk, TRASH_FOLDER)?.kind !== 'folder') return []
  const slots = namesIn(disk, TRASH_FOLDER).flatMap((name) => slotOf(name) ?? [])
  return slots.sort(byAge)
}

/** Numbers of an hour have no leading zeros: the longer one is the larger. */
function byAge(left: Slot, right: Slot): number {
  const order = left.sinceMs - right.sinceMs || left.name.length - right.name.length
  return order || (left.name < right.name ? -1 : 1)
}

export function rootOf({ name }: Slot): string {
  return `${TRASH_FOLDER}/${name}`
}

/** All that a slot holds, folders before what is in them. Yields undefined where somebody else may have a turn. */
export function* contentsOf(disk: Disk, slot: Slot): Generator<Trashed | undefined> {
  const root = rootOf(slot)
  const folders = [root]
  let count = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of namesIn(disk, folder)) {
      const place = `${folder}/${name}`
      const stat = lookAt(disk, place)
      if (stat === undefined || (stat.kind !== 'file' && stat.kind !== 'folder' && stat.kind !== 'link'))
        continue
      if (stat.kind === 'folder') folders.push(place)
      const { kind, sizeBytes, ctimeMs } = stat
      const path = place.slice(root.length + 1)
      yield { path, place, kind, sizeBytes: kind === 'file' ? sizeBytes : 0, takenMs: ctimeMs }
      if (++count % SWEEP_STEP_NAMES === 0) yield undefined
    }
  }
}

/** Removes a folder of the trash with all that is in it. Answers the bytes of its files. */
export function* removeAll(disk: Disk, root: string): Generator<undefined, number> {
  const folders = [root]
  let bytes = 0
  let count = 0
  while (folders.length > 0) {
    const folder = folders.at(-1)!
    const before = folders.length
    for (const name of namesIn(disk, folder)) {
      const place = `${folder}/${name}`
      const stat = lookAt(disk, place)
      if (stat?.kind === 'folder') folders.push(place)
      else if (attempt(() => disk.removeFile(place)) && stat?.kind === 'file') bytes += stat.sizeBytes
      if (++count % SWEEP_STEP_NAMES === 0) yield undefined
    }
    if (folders.length > before) continue
    folders.pop()
    // Something that is not ours to remove is in it, and stays.
    if (!attempt(() => disk.removeFolder(folder))) return bytes
  }
  return bytes
}

function namesIn(disk: Disk, folder: string): readonly string[] {
  let names: readonly string[] = []
  attempt(() => {
    names = disk.list(folder).names
  })
  return names
}

/** Undefined also for what cannot be looked at. */
export function lookAt(disk: Disk, place: string): FileStat | undefined {
  let stat: FileStat | undefined
  attempt(() => {
    stat = disk.statLink(place)
  })
  return stat
}

/** Lets those into a folder, its user's alone until now, who may look into it. Where the disk refuses that, it stays as it is. */
export function openTo(disk: Disk, folder: string, access: Access): void {
  if (access === 'owner' || access === 'none') return
  attempt(() => disk.setMode(folder, { access, executable: false, widens: true }))
}

function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return false
  }
}
