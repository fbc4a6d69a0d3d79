// Where a share ends: turns a path of a share into a place that a system call may write to, so that no byte lands
// outside, whatever stands on the way and whoever changes it meanwhile. The disk asks for a place before each operation
// that writes; the block writer asks afterwards whether what it opened is what it meant.
//
// Node has no openat(2). Linux has `/proc/self/fd/N/name`, which is the same thing: the folder is opened first, one
// component after the other and never through a link, and the operation starts from what was opened. Who swaps a folder
// for a link in between finds that we are in the folder and not behind the link.
//
//     share ── open, held for ever
//       └ a ── open within it, O_NOFOLLOW, held for a moment
//          └ b ── open within that
//             └ name: mkdir, rename, link, unlink… by /proc/self/fd/<b>/name
//
// A folder that is held may be moved, out of the share even. The kernel tells where it is now (the name of its
// descriptor), and it is used again only where it was. That is one readlink(2) in memory for each operation: 0.9 µs,
// where looking at every component took 0.7 µs each. It is asked again only after FOLDER_TRUSTED_MS of a folder that was
// listed, while its names are looked at (they are as they were when it was listed), of one whose files are read to be hashed or
// served (a digest proves what was read), and of the folder of temporary files, to which each
// small file comes back three times within microseconds: nobody but us works in it, and what lands in it just after
// somebody moved it away is a temporary file of ours in what was a folder of ours.
//
// Elsewhere every folder on the way is looked at just before the operation, and what was opened for writing is compared
// with what stands there just after. A swap in the microseconds between look and operation is not caught there.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { TEMPORARY_FOLDER } from '../base/own-folder.js'
import { DiskError, type FolderTrust } from '../base/ports.js'
import { FOLDER_HELD_MS_MAX, FOLDER_TRUSTED_MS, FOLDERS_HELD_MAX } from './limits.js'
import type { FileIdentity } from './private-files.js'

/** A share's disk writes through this. Paths are clean and relative, '' is the share. */
export interface Confinement {
  /** Where the last component of `path` may be made, moved, removed or opened without following it. Good for the
   *  next system call only, or two of them. Throws a DiskError 'link' or 'changed-kind' where a folder on the way is
   *  none, and what the system says where it is missing. `trusted`: for a look or for reading only, and where the folder is need
   *  not be asked each time. */
  placeOf(path: string, trust?: FolderTrust): string
  /** The folders in which the last component of `path` is, from the share on, as they were at the last `placeOf`. */
  wayTo(path: string): readonly FileIdentity[]
  /** Where reading may begin that follows whatever links there are. */
  followedPlaceOf(path: string): string
  /** Throws a DiskError 'link' where this descriptor, opened at `placeOf(path)`, is not what stands at `path`. */
  confirm(path: string, fd: number): void
  /** Gives back what is held. */
  close(): void
}

/** `root` is the absolute path of a folder that is there; it may itself be reached through links, because the
 *  person chose it. */
export function confine(root: string): Confinement {
  return holdsFolders() ? new HeldFolders(root) : new CheckedFolders(root)
}

/** Answers a check whether a descriptor is of the file at a path of the share and was reached through no link. */
export function openedCheck(root: string): (path: string, fd: number) => boolean {
  const realRoot = realpathSync(root)
  if (holdsFolders()) {
    const prefix = asPrefix(realRoot)
    return (path, fd) => {
      const name = nameOfDescriptor(fd)
      // A file that was removed meanwhile is nobody's: what is written into it is gone.
      return name === prefix + path || name === `${prefix}${path} (deleted)`
    }
  }
  const folders = new CheckedFolders(realRoot)
  return (path, fd) => {
    try {
      folders.confirm(path, fd)
      return true
    } catch {
      return false
    }
  }
}

/** Not in `constants`; the same on every architecture that Node runs on under Linux. open(2). */
const O_PATH = 0o10000000
const FOLDER_FLAGS = O_PATH | constants.O_DIRECTORY

interface HeldFolder {
  readonly fd: number
  /** From the share on to this one. */
  readonly way: readonly FileIdentity[]
  /** Where the kernel says that it is. */
  readonly name: string
  readonly sinceMs: number
  /** When it was seen to be there last. */
  seenMs: number
}

/** Linux. */
class HeldFolders implements Confinement {
  private readonly root: number
  private readonly rootWay: readonly FileIdentity[]
  /** Least recently used first. */
  private readonly held = new Map<string, HeldFolder>()
  private sweeping: NodeJS.Timeout | undefined

  constructor(root: string) {
    this.root = openSync(root, FOLDER_FLAGS)
    this.rootWay = [identityOf(fstatSync(this.root))]
  }

  wayTo(path: string): readonly FileIdentity[] {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return this.rootWay
    const folder = path.slice(0, slash)
    return (this.held.get(folder) ?? this.hold(folder)).way
  }

  placeOf(path: string, trust?: FolderTrust): string {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return this.followedPlaceOf(path)
    return `/proc/self/fd/${this.hold(path.slice(0, slash), trust).fd}${path.slice(slash)}`
  }

  followedPlaceOf(path: string): string {
    // Without the dot it would be the link in /proc that is looked at, and not the share.
    return `/proc/self/fd/${this.root}/${path === '' ? '.' : path}`
  }

  /** The folder that was checked is the one that was used. */
  confirm(): void {}

  close(): void {
    clearTimeout(this.sweeping)
    for (const path of [...this.held.keys()]) this.drop(path)
    closeSync(this.root)
  }

  private hold(folder: string, trust?: FolderTrust): HeldFolder {
    const known = this.held.get(folder)
    if (known !== undefined) {
      const nowMs = performance.now()
      const isTrusted = trust === 'trusted' || folder === TEMPORARY_FOLDER
      if (isTrusted && nowMs - known.seenMs < FOLDER_TRUSTED_MS) return known
      if (nameOfDescriptor(known.fd) === known.name) {
        known.seenMs = nowMs
        this.held.delete(folder)
        this.held.set(folder, known) // at the young end
        return known
      }
      this.drop(folder)
    }
    const slash = folder.lastIndexOf('/')
    const above = slash < 0 ? undefined : this.hold(folder.slice(0, slash))
    const fd = openFolder(above?.fd ?? this.root, folder)
    const name = nameOfDescriptor(fd)
    if (!name.startsWith(asPrefix(nameOfDescriptor(this.root)))) {
      closeSync(fd)
      throw new DiskError('link', `${folder} was moved out of the share`)
    }
    const nowMs = performance.now()
    const way = [...(above?.way ?? this.rootWay), identityOf(fstatSync(fd))]
    const held = { fd, way, name, sinceMs: nowMs, seenMs: nowMs }
    this.held.set(folder, held)
    this.makeRoom()
    return held
  }

  private makeRoom(): void {
    if (this.held.size > FOLDERS_HELD_MAX) this.drop(this.held.keys().next().value!)
    // A folder that is held cannot be unmounted, and something may have been mounted over it.
    this.sweeping ??= setTimeout(() => this.sweep(), FOLDER_HELD_MS_MAX).unref()
  }

  private sweep(): void {
    this.sweeping = undefined
    const oldestMs = performance.now() - FOLDER_HELD_MS_MAX
    for (const [folder, { sinceMs }] of this.held) if (sinceMs <= oldestMs) this.drop(folder)
    if (this.held.size > 0) this.sweeping = setTimeout(() => this.sweep(), FOLDER_HELD_MS_MAX).unref()
  }

  private drop(folder: string): void {
    const known = this.held.get(folder)
    if (known === undefined) return
    this.held.delete(folder)
    closeSync(known.fd)
  }
}

/** Opens the last component of `folder` within the folder above it. */
function openFolder(above: number, folder: string): number {
  const place = `/proc/self/fd/${above}/${folder.slice(folder.lastIndexOf('/') + 1)}`
  try {
    return openSync(place, FOLDER_FLAGS | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') throw notAFolder(lstatSync(place), folder)
    throw error
  }
}

/** Where there is no `/proc`: macOS, Windows, a bare container. */
class CheckedFolders implements Confinement {
  constructor(private readonly root: string) {}

  placeOf(path: string): string {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const stats = lstatSync(`${this.root}/${folder}`)
      if (!stats.isDirectory()) throw notAFolder(stats, folder)
    }
    return this.followedPlaceOf(path)
  }

  wayTo(path: string): readonly FileIdentity[] {
    const way = [identityOf(statSync(this.root))]
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
      way.push(identityOf(lstatSync(`${this.root}/${path.slice(0, slash)}`)))
    return way
  }

  followedPlaceOf(path: string): string {
    return path === '' ? this.root : `${this.root}/${path}`
  }

  confirm(path: string, fd: number): void {
    const opened = fstatSync(fd, { bigint: true })
    const standing = lstatSync(this.placeOf(path), { bigint: true })
    if (opened.ino !== standing.ino || opened.dev !== standing.dev)
      throw new DiskError('link', `${path} was changed while it was opened`)
  }

  close(): void {}
}

function identityOf({ dev, ino }: FileIdentity): FileIdentity {
  return { dev, ino }
}

export function notAFolder(stats: { isSymbolicLink(): boolean }, folder: string): DiskError {
  return stats.isSymbolicLink()
    ? new DiskError('link', `${folder} is a symbolic link`)
    : new DiskError('changed-kind', `${folder} is not a folder`)
}

/** Where the kernel says that an open file or folder is now; it follows every move. proc(5). */
function nameOfDescriptor(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`)
}

function asPrefix(root: string): string {
  return root === '/' ? root : `${root}/`
}

let canHold: boolean | undefined

/** Whether the descriptors of this process can be walked through: Linux with /proc. */
function holdsFolders(): boolean {
  canHold ??= process.platform === 'linux' && walksThroughDescriptors()
  return canHold
}

function walksThroughDescriptors(): boolean {
  try {
    const fd = openSync('/', FOLDER_FLAGS)
    try {
      return nameOfDescriptor(fd) === '/' && lstatSync(`/proc/self/fd/${fd}/.`).ino === lstatSync('/').ino
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}
