// The trash of a share: what a peer deletes is renamed into it, and of what a peer replaces it gets a second name before that. What
// is in it stands below `.left/trash` under the path that it had (names.ts). Removing and placing use it; sweeping.ts makes
// room, restoring.ts gives back.

import type { Access } from '../../base/access.js'
import { TEMPORARY_FOLDER, TRASH_FOLDER } from '../../base/own-folder.js'
import { type Disk, DiskError, type FileStat } from '../../base/ports.js'
import type { TrashPolicy } from '../../pipe/settings.js'
import { parentOf } from '../../share/path.js'
import { COPY_BYTES, KNOWN_FOLDERS_MAX } from './limits.js'
import { pathIn, placeIn, slotsFor } from './names.js'
import { lookAt, openTo } from './walking.js'

/** Where a thing goes that no trash keeps, until it has been looked at once more. */
const ON_ITS_WAY_OUT = `${TEMPORARY_FOLDER}/removed`

export interface TrashOptions {
  readonly disk: Disk
  readonly wallMs: () => number
  readonly policy: TrashPolicy
}

export class Trash {
  private readonly options: TrashOptions
  private readonly folders = new Set<string>()
  /** Folders among these that were seen in this turn. */
  private readonly seen = new Set<string>()

  constructor(options: TrashOptions) {
    this.options = options
  }

  /** Whether what is taken stays for a time. */
  get isKept(): boolean {
    return this.options.policy.days > 0
  }

  /** Others may have removed folders since: they are looked at anew. */
  handleTurn(): void {
    this.seen.clear()
  }

  /** Takes the file or the link at a path of the share, whatever it points at, or where things are kept a folder with all in it. Answers its new place. Throws a DiskError. */
  take(path: string): string {
    const { disk } = this.options
    const place = this.isKept ? this.freePlace(path) : ON_ITS_WAY_OUT
    disk.rename(path, place)
    return place
  }

  /** The thing taken from the share to this place stays out of it. */
  settle(place: string): void {
    if (place === ON_ITS_WAY_OUT) this.options.disk.removeFile(place)
  }

  /** Gives back a thing that is not what was to be taken, unless something stands at its path by now. */
  giveBack(place: string, path: string): void {
    const { disk } = this.options
    try {
      disk.moveNew(place, path)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'exists' || place !== ON_ITS_WAY_OUT) throw error
      // Nothing that nobody has seen is lost, trash or no trash.
      disk.rename(place, this.freePlace(path))
    }
  }

  /** A folder that was taken with all that is in it goes back, unless something stands at its path by now: then it stays here. */
  giveFolderBack(place: string, path: string): void {
    const { disk } = this.options
    if (disk.statLink(path) === undefined) disk.rename(place, path)
  }

  /** Keeps the folder of a path, which was empty and is gone, as far as its name goes, and who could look into it. */
  takeFolder(path: string, access: Access): void {
    if (!this.isKept) return
    for (const slot of slotsFor(this.options.wallMs())) {
      const place = placeIn(slot, path)
      if (!this.makeWay(place)) continue
      this.open(place, access)
      return
    }
  }

  /** Keeps the version that stands at a path, a file or a link, which keeps its name there: beside the first one of the day one for
   *  each path and hour. Where things of another kind are in the way in one slot, the next one has room: they are no version of it.
   *  Throws a DiskError, 'exists' where they are in the way in all. */
  keepVersion(path: string): void {
    if (!this.isKept) return
    const slots = slotsFor(this.options.wallMs())
    for (const slot of slots) {
      const place = placeIn(slot, path)
      if (this.isFree(place)) {
        this.linkOrCopy(path, place, { syncs: false })
        return
      }
      if (slot !== slots[0] && this.holdsVersion(place)) return
    }
    throw tooOften(path)
  }

  /** The loser of a conflict, or what was changed here and told to nobody: it keeps its name until something else takes that. Nothing
   *  that nobody has seen is lost, trash or no trash, nor with a loss of power: its caller has synced the file. Answers its place.
   *  Throws a DiskError, 'exists' where it was taken too often, 'missing' where somebody changed it meanwhile. */
  keepLoser(path: string): string {
    const { disk } = this.options
    const before = disk.statLink(path)
    const place = this.freePlace(path)
    this.linkOrCopy(path, place, { syncs: true })
    this.syncPlace(place)
    // The copy takes a while, and nobody has looked at what came to the path meanwhile.
    const after = disk.statLink(path)
    if (isUntouched(before, after)) return place
    if (before?.inode === after?.inode) disk.removeFile(place)
    throw new DiskError('missing', `${path} was changed while it went to the trash`)
  }

  /** The same of what makes room for something that no rename can put in its place. */
  takeUnseen(path: string): void {
    const place = this.freePlace(path)
    this.options.disk.rename(path, place)
    this.syncPlace(place)
  }

  /** Brings the name of a thing in the trash onto the disk. */
  syncPlace(place: string): void {
    this.options.disk.syncFolder(parentOf(place))
  }

  private freePlace(path: string): string {
    for (const slot of slotsFor(this.options.wallMs())) {
      const place = placeIn(slot, path)
      if (this.isFree(place)) return place
    }
    throw tooOften(path)
  }

  /** Whether something can be put there. Makes the folders on the way. */
  private isFree(place: string): boolean {
    return this.makeWay(parentOf(place)) && this.options.disk.statLink(place) === undefined
  }

  /** Whether a file or a link is there, and no folder, nor a file where a folder is needed on the way. */
  private holdsVersion(place: string): boolean {
    const kind = lookAt(this.options.disk, place)?.kind
    return kind !== undefined && kind !== 'folder'
  }

  /** Answers false where a file or a link stands in the way. */
  private makeWay(folder: string): boolean {
    if (this.seen.has(folder)) return true
    if (this.folders.has(folder)) {
      // A sweep, or a person, may have removed it.
      if (this.options.disk.statLink(folder)?.kind === 'folder') {
        this.seen.add(folder)
        return true
      }
      this.folders.clear()
    }
    if (folder !== TRASH_FOLDER && !this.makeWay(parentOf(folder))) return false
    const { disk } = this.options
    const kind = disk.statLink(folder)?.kind
    if (kind === undefined) {
      disk.makeFolder(folder, 'private')
      this.open(folder, lookAt(disk, pathIn(folder))?.access ?? 'owner')
    } else if (kind !== 'folder') return false
    if (this.folders.size >= KNOWN_FOLDERS_MAX) this.folders.clear()
    this.folders.add(folder)
    return true
  }

  /** A folder of the trash has the access of the one in the share, for when it comes back: the trash itself keeps all out. */
  private open(place: string, access: Access): void {
    if (pathIn(place) !== '') openTo(this.options.disk, place, access)
  }

  /** Where the disk makes no hard links (exFAT, FAT), the path must not be empty for a moment either. */
  private linkOrCopy(path: string, place: string, { syncs }: { readonly syncs: boolean }): void {
    const { disk } = this.options
    try {
      disk.linkFile(path, place)
    } catch (error) {
      if (!(error instanceof DiskError) || (error.code !== 'denied' && error.code !== 'io')) throw error
      this.copy(path, place, syncs)
    }
  }

  private copy(path: string, place: string, syncs: boolean): void {
    const { disk } = this.options
    const stat = disk.statLink(path)
    if (stat?.kind === 'link') {
      disk.makeLink(place, disk.readLink(path))
      return
    }
    const source = disk.open(path)
    try {
      const target = disk.create(place)
      try {
        const buffer = new Uint8Array(COPY_BYTES)
        let position = 0
        for (;;) {
          const bytes = disk.read(source, buffer, position)
          if (bytes === 0) break
          disk.write(target, buffer.subarray(0, bytes), position)
          position += bytes
        }
        if (syncs) disk.sync(target)
      } finally {
        disk.close(target)
      }
      if (stat !== undefined) disk.setTimes(place, stat.mtimeMs)
    } finally {
      disk.close(source)
    }
  }
}

function tooOften(path: string): DiskError {
  return new DiskError('exists', `the trash has taken ${path} too often within this hour`)
}

/** Whether nobody wrote into it, or put another in its place. */
function isUntouched(before: FileStat | undefined, after: FileStat | undefined): boolean {
  const isContent = before?.sizeBytes === after?.sizeBytes && before?.mtimeMs === after?.mtimeMs
  return before?.inode === after?.inode && isContent
}
