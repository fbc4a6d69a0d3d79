// The real disk of one share: the watcher process scans, builds and places files through it.
//
// Writing never passes through a symbolic link: folders on the way by confinement.ts, the last component by
// O_NOFOLLOW. Reading follows the links that the person asked for (`--links`): reading.ts.

import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { isAbsolute } from 'node:path'
import { type Access, accessOf, type ModeChange } from '../base/access.js'
import { assert } from '../base/assert.js'
import { isZeros, textOf } from '../base/bytes.js'
import { OWN_FOLDER } from '../base/own-folder.js'
import {
  type Disk,
  DiskError,
  type DiskRoom,
  type FileAccess,
  type FileHandle,
  type FileStat,
  type FolderListing,
  type FolderTrust,
  type NewFile,
  NO_PRIVATE_PLACES,
} from '../base/ports.js'
import {
  changeMode,
  giveAccess,
  keepsModes,
  PRIVATE_FILE_MODE,
  PRIVATE_FOLDER_MODE,
  USUAL_FOLDER_MODE,
  usualModes,
} from './access.js'
import { type Confinement, confine, notAFolder } from './confinement.js'
import { attempt } from './disk-errors.js'
import { syncFolderAt } from './folder-sync.js'
import { refuseForeignName } from './foreign-names.js'
import { PrivateFiles } from './private-files.js'
import { type Following, READ_FLAGS, Reading } from './reading.js'
import { fileStat, STAT_OPTIONS, secondsText, sortedByLegibility, statOrNothing } from './stats.js'

const CREATE_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW
const PROBE = 'probe-\u00e9'

export interface RealDiskOptions {
  /** Which links reading follows; all unless given. What is behind another is as good as not there, also when the link came into
   *  its place a moment ago, and `stat` answers of it what `statLink` does. */
  readonly following?: Following
  /** Files that are never read or written, wherever they are: none unless given. The disk does not close this. */
  readonly privateFiles?: PrivateFiles
}

export class RealDisk implements Disk {
  private readonly confinement: Confinement
  private readonly privateFiles: PrivateFiles
  private readonly reading: Reading
  private readonly usual = usualModes(process.umask())
  private keepsModes = true
  private hasOneName = false

  /** `root` is the absolute path of the share folder, which is there; it may itself be reached through links. Throws a
   *  DiskError where it cannot be opened. */
  constructor(root: string, options: RealDiskOptions = {}) {
    const { following = 'all', privateFiles = new PrivateFiles(NO_PRIVATE_PLACES) } = options
    assert(isAbsolute(root), 'a share has an absolute path')
    this.confinement = attempt('open the share', root, () => confine(root))
    this.reading = new Reading(this.confinement, following)
    this.privateFiles = privateFiles
  }

  /** Gives back the folders that are held open. The disk is not used afterwards. */
  dispose(): void {
    this.confinement.close()
  }

  statLink(path: string, trust?: FolderTrust): FileStat | undefined {
    return attempt('look at', path, () =>
      this.seen(
        path,
        statOrNothing(() => lstatSync(this.readablePlaceOf(path, trust), STAT_OPTIONS)),
      ),
    )
  }

  stat(path: string, trust?: FolderTrust): FileStat | undefined {
    const own = this.reading.following === 'all' ? undefined : this.statLink(path, trust)
    return attempt('look at', path, () => {
      if (own !== undefined && (own.kind !== 'link' || !this.reading.isFollowed(path))) return own
      return this.seen(
        path,
        statOrNothing(() => statSync(this.readablePlaceOf(path), STAT_OPTIONS)),
      )
    })
  }

  list(path: string): FolderListing {
    return attempt('list', path, () => {
      assertInside(path)
      const place = this.reading.listedPlaceOf(path)
      const names = readdirSync(place)
      // Bytes that are not UTF-8 decode to U+FFFD. Only then is it worth reading the names again as bytes,
      // which is three times slower: a legal name may hold that character too.
      if (!names.some((name) => name.includes('\ufffd'))) return { names, unreadable: [] }
      return sortedByLegibility(readdirSync(place, { encoding: 'buffer' }))
    })
  }

  readLink(path: string): string {
    return attempt('read the link', path, () => {
      assertInside(path)
      const target = textOf(this.reading.targetOf(path))
      if (target === undefined)
        throw new DiskError('io', `read the link ${path}: what it points at is not UTF-8`)
      return target
    })
  }

  open(path: string, trust?: FolderTrust): FileHandle {
    return attempt('open', path, () => {
      assertInside(path)
      return this.publicFile(this.reading.open(path, trust), path)
    })
  }

  create(path: string): FileHandle {
    return attempt('create', path, () => {
      const handle = openSync(this.writablePlaceOf(path), CREATE_FLAGS, PRIVATE_FILE_MODE)
      try {
        this.confinement.confirm(path, handle)
      } catch (error) {
        closeSync(handle)
        throw error
      }
      return this.publicFile(handle, path)
    })
  }

  writeNew(path: string, file: NewFile): FileStat {
    return attempt('make', path, () => {
      const handle = openSync(this.writablePlaceOf(path), CREATE_FLAGS | constants.O_EXCL, PRIVATE_FILE_MODE)
      try {
        this.confinement.confirm(path, handle)
        if (isZeros(file.bytes)) ftruncateSync(handle, file.bytes.length)
        else writeAll(handle, file.bytes, 0)
        if (file.sync) fdatasyncSync(handle)
        const time = secondsText(file.mtimeMs)
        futimesSync(handle, time, time)
        return this.fileStat(fstatSync(handle))
      } finally {
        closeSync(handle)
      }
    })
  }

  stateOf(handle: FileHandle): FileStat {
    return attempt('look at', 'an open file', () => this.fileStat(fstatSync(handle)))
  }

  read(handle: FileHandle, target: Uint8Array, position: number): number {
    return attempt('read', 'an open file', () => {
      let done = 0
      while (done < target.length) {
        const count = readSync(handle, target, done, target.length - done, position + done)
        if (count === 0) break
        done += count
      }
      return done
    })
  }

  write(handle: FileHandle, source: Uint8Array, position: number): void {
    attempt('write', 'an open file', () => writeAll(handle, source, position))
  }

  truncate(handle: FileHandle, sizeBytes: number): void {
    attempt('resize', 'an open file', () => ftruncateSync(handle, sizeBytes))
  }

  sync(handle: FileHandle): void {
    attempt('sync', 'an open file', () => fdatasyncSync(handle))
  }

  close(handle: FileHandle): void {
    attempt('close', 'an open file', () => closeSync(handle))
  }

  rename(from: string, to: string): void {
    attempt('rename', `${from} to ${to}`, () =>
      renameSync(this.writablePlaceOf(from), this.writablePlaceOf(to)),
    )
  }

  linkFile(from: string, to: string): void {
    attempt('link', `${from} to ${to}`, () => {
      const source = this.writablePlaceOf(from)
      this.makeName(to, (place) => linkSync(source, place))
    })
  }

  moveNew(from: string, to: string): FileStat {
    return attempt('move', `${from} to ${to}`, () => {
      const source = this.writablePlaceOf(from)
      const target = this.makeName(to, (place) => linkSync(source, place))
      unlinkSync(source)
      return this.fileStat(lstatSync(target))
    })
  }

  makeFolder(path: string, access: 'usual' | 'private' = 'usual'): void {
    const mode = access === 'private' ? PRIVATE_FOLDER_MODE : USUAL_FOLDER_MODE
    attempt('make the folder', path, () => mkdirSync(this.writablePlaceOf(path), mode))
  }

  makeLink(path: string, target: string): void {
    attempt('make the link', path, () => symlinkSync(target, this.writablePlaceOf(path)))
  }

  removeFile(path: string): void {
    attempt('remove', path, () => {
      const place = this.writablePlaceOf(path)
      // unlink(2) of a folder says EISDIR on Linux and EPERM elsewhere.
      if (process.platform !== 'linux' && lstatSync(place).isDirectory())
        throw new DiskError('changed-kind', `remove ${path}: it is a folder`)
      unlinkSync(place)
    })
  }

  removeFolder(path: string): void {
    attempt('remove', path, () => rmdirSync(this.writablePlaceOf(path)))
  }

  setTimes(path: string, mtimeMs: number): void {
    attempt('set the time of', path, () => {
      const time = secondsText(mtimeMs)
      lutimesSync(this.writablePlaceOf(path), time, time)
    })
  }

  setMode(path: string, change: ModeChange): void {
    attempt('set the mode of', path, () => {
      const handle = openSync(this.writablePlaceOf(path), READ_FLAGS | constants.O_NOFOLLOW)
      try {
        changeMode(handle, change, this.usual)
      } finally {
        closeSync(handle)
      }
    })
  }

  setAccess(path: string, { replaces, ...change }: FileAccess): FileStat {
    return attempt('set the mode of', path, () => {
      const handle = openSync(this.writablePlaceOf(path), READ_FLAGS | constants.O_NOFOLLOW)
      try {
        const replaced =
          replaces === undefined
            ? undefined
            : statOrNothing(() => statSync(this.readablePlaceOf(replaces), STAT_OPTIONS))
        giveAccess(handle, { change, replaced, usual: this.usual })
        return this.fileStat(fstatSync(handle))
      } finally {
        closeSync(handle)
      }
    })
  }

  probe(folder: string): void {
    const path = `${folder}/${PROBE}`
    attempt('try a file in', folder, () => {
      const place = this.writablePlaceOf(path)
      const handle = openSync(place, CREATE_FLAGS, PRIVATE_FILE_MODE)
      try {
        this.keepsModes = keepsModes(handle)
        const others = [PROBE.toUpperCase(), PROBE.normalize('NFD')]
        this.hasOneName = others.some((name) => this.statLink(`${folder}/${name}`) !== undefined)
      } finally {
        closeSync(handle)
        unlinkSync(place)
      }
    })
  }

  foldsNames(): boolean {
    return this.hasOneName
  }

  usualAccess(): Access {
    return this.keepsModes ? accessOf(this.usual.file) : 'none'
  }

  room(): DiskRoom | undefined {
    try {
      const { blocks, bavail, bsize } = statfsSync(this.confinement.followedPlaceOf(''))
      // Some network file systems count nothing.
      return blocks === 0 ? undefined : { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    } catch {
      return undefined
    }
  }

  syncFolder(path: string): void {
    attempt('sync the folder', path, () => {
      const place = this.writablePlaceOf(path)
      try {
        syncFolderAt(place, FOLDER_FLAGS)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') throw notAFolder(lstatSync(place), path)
        throw error
      }
    })
  }

  private readablePlaceOf(path: string, trust?: FolderTrust): string {
    assertInside(path)
    return this.reading.placeOf(path, trust)
  }

  /** Where something may be changed, replaced or removed. */
  private writablePlaceOf(path: string): string {
    const place = this.freePlaceOf(path)
    this.refuseStanding(path, place)
    return place
  }

  /** Makes a name where nothing may stand, and answers its place. `make` fails with EEXIST where something does: only then is it worth
   *  a look whether that is private. */
  private makeName(path: string, make: (place: string) => void): string {
    const place = this.freePlaceOf(path)
    try {
      make(place)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') this.refuseStanding(path, place)
      throw error
    }
    return place
  }

  /** Nothing is made in the place of the user's secrets, or in the folder that they are in. */
  private freePlaceOf(path: string): string {
    assertInside(path)
    const place = this.confinement.placeOf(path)
    if (!this.mayBePrivate(path)) return place
    const way = this.confinement.wayTo(path)
    const isPrivate =
      this.privateFiles.claimsName(way.at(-1)!, path.slice(path.lastIndexOf('/') + 1)) ||
      // The share itself the person chose.
      way.some((folder, depth) => depth > 0 && this.privateFiles.has(folder))
    if (isPrivate) throw isOneOfYours(path)
    return place
  }

  /** Nothing is written over the user's secrets. */
  private refuseStanding(path: string, place: string): void {
    if (!this.mayBePrivate(path)) return
    const there = lstatSync(place, STAT_OPTIONS)
    if (there !== undefined && this.privateFiles.has(there)) throw isOneOfYours(path)
  }

  /** No peer names anything in LEFT's own folder. */
  private mayBePrivate(path: string): boolean {
    return !path.startsWith(OWN_PREFIX) && !this.privateFiles.isEmpty
  }

  /** Looks at the opened file, because another may have stood at the path a moment ago. */
  private publicFile(handle: number, path: string): FileHandle {
    const stats = fstatSync(handle)
    const isFile = stats.isFile()
    if (isFile && !this.privateFiles.has(stats)) return handle
    closeSync(handle)
    throw isFile ? isOneOfYours(path) : new DiskError('changed-kind', `${path} is not a file`)
  }

  /** A share that is such a folder itself was chosen by the person. */
  private seen(path: string, stats: Stats | undefined): FileStat | undefined {
    if (stats === undefined) return undefined
    const seen = this.fileStat(stats)
    return path !== '' && this.privateFiles.has(stats) ? { ...seen, kind: 'private' } : seen
  }

  private fileStat(stats: Stats): FileStat {
    return fileStat(stats, this.keepsModes)
  }
}

const OWN_PREFIX = `${OWN_FOLDER}/`

function isOneOfYours(path: string): DiskError {
  return new DiskError('private', `${path} is this user's identity, trusted peers or secret, or their place`)
}

function writeAll(handle: number, source: Uint8Array, position: number): void {
  let done = 0
  while (done < source.length) {
    done += writeSync(handle, source, done, source.length - done, position + done)
  }
}

const DOT_NAMES = /(?:^|\/)\.\.?(?:\/|$)/

/** Paths are checked where they come in; one that leads out of the share here is a mistake of ours, and one that only
 *  this system takes for something else is not. */
function assertInside(path: string): void {
  if (path === '') return
  const suspicious = path.startsWith('/') || path.endsWith('/') || path.includes('//') || path.includes('\0')
  assert(!suspicious, 'a path of a share is relative and clean')
  assert(!DOT_NAMES.test(path), 'a path stays inside its share')
  refuseForeignName(path)
}
