// The real disk of one share: the watcher process scans, builds and places files through it.
//
// Writing refuses to pass through a symbolic link: each folder on the way is looked at before the operation,
// and the last component is opened with O_NOFOLLOW. Node has no openat(2), so someone who swaps a folder
// for a link in the microseconds between look and operation is not caught; such a someone already writes to
// the share.

import {
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { isAbsolute } from 'node:path'
import { assert } from '../base/assert.js'
import { textOf } from '../base/bytes.js'
import {
  type Disk,
  DiskError,
  type FileHandle,
  type FileKind,
  type FileStat,
  type FolderListing,
} from '../base/ports.js'
import { diskError } from './disk-errors.js'

const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK // opening a pipe must not wait for a writer
const CREATE_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
const EXECUTE_BITS = 0o111

export class RealDisk implements Disk {
  private readonly root: string

  /** `root` is the absolute path of the share folder; it may itself be reached through links. */
  constructor(root: string) {
    assert(isAbsolute(root), 'a share has an absolute path')
    this.root = root
  }

  statLink(path: string): FileStat | undefined {
    return attempt('look at', path, () => statOrNothing(() => lstatSync(this.placeOf(path), STAT_OPTIONS)))
  }

  stat(path: string): FileStat | undefined {
    return attempt('look at', path, () => statOrNothing(() => statSync(this.placeOf(path), STAT_OPTIONS)))
  }

  list(path: string): FolderListing {
    return attempt('list', path, () => {
      const place = this.placeOf(path)
      const names = readdirSync(place)
      // Bytes that are not UTF-8 decode to U+FFFD. Only then is it worth reading the names again as bytes,
      // which is three times slower: a legal name may hold that character too.
      if (!names.some((name) => name.includes('\ufffd'))) return { names, unreadable: [] }
      return sortedByLegibility(readdirSync(place, { encoding: 'buffer' }))
    })
  }

  readLink(path: string): string {
    return attempt('read the link', path, () => {
      const target = textOf(readlinkSync(this.placeOf(path), { encoding: 'buffer' }))
      if (target === undefined)
        throw new DiskError('io', `read the link ${path}: what it points at is not UTF-8`)
      return target
    })
  }

  open(path: string): FileHandle {
    return attempt('open', path, () => fileOnly(openSync(this.placeOf(path), READ_FLAGS), path))
  }

  create(path: string): FileHandle {
    return attempt('create', path, () => {
      const place = this.writablePlaceOf(path)
      return fileOnly(openSync(place, CREATE_FLAGS, 0o666), path)
    })
  }

  stateOf(handle: FileHandle): FileStat {
    return attempt('look at', 'an open file', () => fileStat(fstatSync(handle)))
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
    attempt('write', 'an open file', () => {
      let done = 0
      while (done < source.length) {
        done += writeSync(handle, source, done, source.length - done, position + done)
      }
    })
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
    attempt('link', `${from} to ${to}`, () => linkSync(this.writablePlaceOf(from), this.writablePlaceOf(to)))
  }

  makeFolder(path: string): void {
    attempt('make the folder', path, () => mkdirSync(this.writablePlaceOf(path)))
  }

  makeLink(path: string, target: string): void {
    attempt('make the link', path, () => symlinkSync(target, this.writablePlaceOf(path)))
  }

  removeFile(path: string): void {
    attempt('remove', path, () => {
      const place = this.writablePlaceOf(path)
      // unlink(2) of a folder says EISDIR on Linux and EPERM elsewhere.
      if (lstatSync(place).isDirectory())
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

  /** Who may read may run; nobody else. */
  setExecutable(path: string, executable: boolean): void {
    attempt('set the mode of', path, () => {
      const handle = openSync(this.writablePlaceOf(path), READ_FLAGS | constants.O_NOFOLLOW)
      try {
        const mode = fstatSync(handle).mode & 0o7777
        const wanted = executable ? mode | ((mode & 0o444) >> 2) : mode & ~EXECUTE_BITS
        if (wanted !== mode) fchmodSync(handle, wanted)
      } finally {
        closeSync(handle)
      }
    })
  }

  syncFolder(path: string): void {
    if (process.platform === 'win32') return // folders cannot be opened there
    attempt('sync the folder', path, () => {
      const handle = openSync(this.placeOf(path), constants.O_RDONLY | constants.O_DIRECTORY)
      try {
        fsyncSync(handle)
      } catch (error) {
        // File systems without the notion (some FUSE and network ones) say EINVAL: there is nothing to do.
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
      } finally {
        closeSync(handle)
      }
    })
  }

  private placeOf(path: string): string {
    if (path === '') return this.root
    assertInside(path)
    return `${this.root}/${path}`
  }

  /** The same, after a look at every folder on the way. The root may be a link: the person chose it. */
  private writablePlaceOf(path: string): string {
    const place = this.placeOf(path)
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const stats = lstatSync(`${this.root}/${folder}`)
      if (stats.isSymbolicLink()) throw new DiskError('link', `${path}: ${folder} is a symbolic link`)
      if (!stats.isDirectory()) throw new DiskError('changed-kind', `${path}: ${folder} is not a folder`)
    }
    return place
  }
}

const STAT_OPTIONS = { throwIfNoEntry: false } as const

function attempt<T>(operation: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    // What no system call said is a mistake of ours, and stays what it is.
    if ((error as NodeJS.ErrnoException).errno === undefined) throw error
    throw diskError(error, operation, path)
  }
}

/** There is nothing where a name is missing (which need not even throw, and then costs a tenth), below what
 *  is no folder, and where a link leads in a circle. */
function statOrNothing(look: () => Stats | undefined): FileStat | undefined {
  try {
    const stats = look()
    return stats === undefined ? undefined : fileStat(stats)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw error
  }
}

function fileStat(stats: Stats): FileStat {
  return {
    kind: kindOf(stats.mode),
    sizeBytes: stats.size,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
    inode: stats.ino,
    device: stats.dev,
    executable: (stats.mode & 0o100) !== 0,
  }
}

function kindOf(mode: number): FileKind {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file'
    case constants.S_IFDIR:
      return 'folder'
    case constants.S_IFLNK:
      return 'link'
    default:
      return 'other'
  }
}

function fileOnly(handle: number, path: string): FileHandle {
  if (fstatSync(handle).isFile()) return handle
  closeSync(handle)
  throw new DiskError('changed-kind', `${path} is not a file`)
}

function sortedByLegibility(rawNames: readonly Buffer[]): FolderListing {
  const names: string[] = []
  const unreadable: string[] = []
  for (const raw of rawNames) {
    const name = textOf(raw)
    if (name === undefined) unreadable.push(printable(raw))
    else names.push(name)
  }
  return { names, unreadable }
}

/** ASCII as it is, every other byte as `\xff`. */
function printable(raw: Uint8Array): string {
  let text = ''
  for (const byte of raw) {
    text +=
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/** Seconds for utimes(2). The double that Node takes is off by up to 0.2 µs at today's dates, which would put
 *  half of all whole milliseconds just below themselves: half a microsecond more keeps them. As a text,
 *  because Node replaces negative numbers (files from before 1970) by the present. */
function secondsText(mtimeMs: number): string {
  return String((Number.isInteger(mtimeMs) ? mtimeMs + 0.0005 : mtimeMs) / 1000)
}

/** Paths are checked where they come in; one that leads out of the share here is a mistake of ours. */
function assertInside(path: string): void {
  const suspicious = path.startsWith('/') || path.endsWith('/') || path.includes('//') || path.includes('\0')
  assert(!suspicious, 'a path of a share is relative and clean')
  if (!path.includes('.')) return
  for (const name of path.split('/')) assert(name !== '.' && name !== '..', 'a path stays inside its share')
}
