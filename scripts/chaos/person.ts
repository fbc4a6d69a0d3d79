// Somebody at one peer, who edits the share as people and their programs do, and writes every state that a file went
// through into the history. What was replaced is read from the descriptor that was written to, not from the path: LEFT may
// have put another file there in between.

import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { contentChunks } from '../../harness/peers/content.js'
import { sleep } from '../../harness/peers/wait.js'
import { isOwnPath } from '../../src/share/path.js'
import { EMPTY_DIGEST, type History } from './history.js'

/** How the bytes of a new content look. */
export interface Content {
  readonly seed: string
  readonly sizeBytes: number
  readonly compressible: boolean
}

/** A timer may be late. */
const BLIND_MORE_MS = 200

export class Person {
  readonly name: string
  readonly share: string
  private readonly history: History
  private readonly outside: string
  private outsideCount = 0
  /** Writers that are not done yet. */
  private readonly slow = new Set<Promise<void>>()
  /** Modes of the paths that must be readable again in the end. */
  private readonly locked = new Map<string, number>()
  /** Until then there are folders into which not even he can look: he does nothing. */
  blindUntilMs = 0

  constructor(options: { name: string; share: string; outside: string; history: History }) {
    this.name = options.name
    this.share = options.share
    this.history = options.history
    this.outside = options.outside
    mkdirSync(options.outside, { recursive: true })
  }

  /** Does one thing; what the share as it stands does not allow is left undone. */
  attempt(what: string, work: () => void): void {
    this.history.note(`${this.name} ${what}`)
    try {
      work()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      this.history.note(`${this.name} ${what}: ${code}`)
    }
  }

  /** A whole new content, in place: truncated, then written in so many steps with a pause between them. */
  write(path: string, content: Content, steps = 1, pauseMs = 0): void {
    this.makeFolders(dirname(path))
    this.inFile(path, constants.O_RDWR | constants.O_CREAT, (file) => {
      file.change(() => ftruncateSync(file.fd, 0))
      return file.inSteps(chunksOf(content, steps), pauseMs)
    })
  }

  append(path: string, content: Content, steps = 1, pauseMs = 0): void {
    this.inFile(path, constants.O_RDWR, (file) => file.inSteps(chunksOf(content, steps), pauseMs))
  }

  truncate(path: string, part: number): void {
    this.inFile(path, constants.O_RDWR, (file) =>
      file.change(() => ftruncateSync(file.fd, Math.floor(fstatSync(file.fd).size * part))),
    )
  }

  overwrite(path: string, content: Content, part: number): void {
    this.inFile(path, constants.O_RDWR, (file) => {
      const position = Math.floor(fstatSync(file.fd).size * part)
      file.change(() => writeAll(file.fd, Buffer.concat([...chunksOf(content, 1)]), position))
    })
  }

  /** As careful editors save: written beside, then renamed over. */
  replace(path: string, content: Content, pauseMs = 0): void {
    this.makeFolders(dirname(path))
    const draft = join(dirname(path), `.draft-${content.seed}`)
    this.write(draft, content)
    if (pauseMs === 0) this.rename(draft, path)
    else
      this.later(sleep(pauseMs).then(() => this.attempt('renames its draft', () => this.rename(draft, path))))
  }

  rename(path: string, to: string): void {
    if (path === to || `${to}/`.startsWith(`${path}/`)) return
    this.makeFolders(dirname(to))
    if (lstatOf(this.at(to))?.isDirectory()) return
    const below = this.below(path)
    if (below.length === 0) return
    // The link shows a folder: what is seen in it goes with it.
    if (isFolder(this.at(to))) this.remove(to)
    const replaced = openIfFile(this.at(to))
    const sources = below.map((from) => ({
      from,
      fd: openIfFile(this.at(from)),
      isFolder: isFolder(this.at(from)),
    }))
    try {
      renameSync(this.at(path), this.at(to))
      const before = replaced === undefined ? undefined : digestOf(replaced)
      for (const { from, fd, isFolder } of sources) {
        const place = to + from.slice(path.length)
        if (isFolder) {
          if (place === to && before !== undefined) this.history.edited(this.name, place, before, undefined)
          this.history.removedFolder(this.name, from)
          this.history.madeFolder(this.name, place)
        } else if (fd !== undefined) {
          const digest = digestOf(fd)
          this.history.edited(this.name, place, place === to ? before : undefined, digest)
          this.history.edited(this.name, from, digest, undefined)
        }
      }
    } finally {
      for (const { fd } of sources) if (fd !== undefined) closeSync(fd)
      if (replaced !== undefined) closeSync(replaced)
    }
  }

  copy(path: string, to: string): void {
    if (path === to || !statSync(this.at(path)).isFile()) return
    const from = openSync(this.at(path), 'r')
    try {
      const bytes = Buffer.alloc(fstatSync(from).size)
      readSync(from, bytes, 0, bytes.length, 0)
      this.makeFolders(dirname(to))
      this.inFile(to, constants.O_RDWR | constants.O_CREAT, (file) => {
        file.change(() => ftruncateSync(file.fd, 0))
        file.change(() => writeAll(file.fd, bytes, 0))
      })
    } finally {
      closeSync(from)
    }
  }

  touch(path: string, byMs: number): void {
    const at = (Date.now() + byMs) / 1_000
    utimesSync(this.at(path), at, at)
    this.history.touched(this.name, path, this.digestAt(path))
  }

  toggleExecutable(path: string): void {
    const stat = statSync(this.at(path))
    if (!stat.isFile()) return
    chmodSync(this.at(path), stat.mode ^ 0o111)
    this.history.touched(this.name, path, this.digestAt(path))
  }

  folder(path: string): void {
    this.makeFolders(path)
  }

  remove(path: string): void {
    const stat = lstatOf(this.at(path))
    if (stat === undefined) return
    if (stat.isDirectory()) {
      for (const name of readdirSync(this.at(path))) this.remove(join(path, name))
      rmdirSync(this.at(path))
      this.history.removedFolder(this.name, path)
      return
    }
    const below = this.below(path)
    const files = below.map((inside) => ({ inside, fd: openIfFile(this.at(inside)) }))
    try {
      unlinkSync(this.at(path))
      for (const { inside, fd } of files) {
        if (fd === undefined) this.history.removedFolder(this.name, inside)
        else this.history.edited(this.name, inside, digestOf(fd), undefined)
      }
    } finally {
      for (const { fd } of files) if (fd !== undefined) closeSync(fd)
    }
  }

  /** A file becomes a folder with a file in it, a folder becomes a file. */
  swap(path: string, content: Content): void {
    const wasFolder = isFolder(this.at(path))
    this.remove(path)
    this.write(wasFolder ? path : join(path, 'inside'), content)
  }

  /** A link to a new file, or to a new folder with files, beside the share. */
  link(path: string, content: Content, toFolder: boolean): void {
    this.makeFolders(dirname(path))
    if (isFolder(this.at(path))) return
    const target = join(this.outside, String(++this.outsideCount))
    if (toFolder) mkdirSync(target)
    const names = toFolder ? ['one', 'two'] : ['']
    for (const name of names) {
      const fd = openSync(join(target, name), 'wx')
      for (const chunk of chunksOf({ ...content, seed: content.seed + name }, 1))
        writeAll(fd, chunk, fstatSync(fd).size)
      closeSync(fd)
    }
    this.remove(path)
    symlinkSync(target, this.at(path))
    if (toFolder) this.history.madeFolder(this.name, path)
    for (const name of names) {
      const inside = name === '' ? path : join(path, name)
      this.history.edited(this.name, inside, undefined, this.digestAt(inside))
    }
  }

  /** Nobody may read it for a while. */
  lock(path: string, forMs: number): void {
    const at = this.at(path)
    const stat = lstatSync(at)
    if (stat.isSymbolicLink() || this.locked.has(at)) return
    this.locked.set(at, stat.mode)
    chmodSync(at, 0)
    if (stat.isDirectory()) this.blindUntilMs = performance.now() + forMs + BLIND_MORE_MS
    this.later(sleep(forMs).then(() => this.unlock(at)))
  }

  /** Answers whether everything in the share may be read: what was renamed while nobody could is opened for that. */
  opensAll(): boolean {
    if (this.locked.size > 0) return false
    this.unlockAll(this.share)
    return true
  }

  /** Until all that takes its time is done. */
  async finish(): Promise<void> {
    while (this.slow.size > 0) await Promise.all(this.slow)
    for (const at of this.locked.keys()) this.unlock(at)
    this.unlockAll(this.share)
  }

  /** Unlocks paths that were renamed while nobody could read them, too. */
  private unlockAll(folder: string): void {
    for (const name of readdirSync(folder)) {
      const at = join(folder, name)
      try {
        const stat = lstatSync(at)
        if (!stat.isSymbolicLink() && (stat.mode & 0o700) === 0)
          chmodSync(at, stat.isDirectory() ? 0o755 : 0o644)
        if (stat.isDirectory()) this.unlockAll(at)
      } catch (error) {
        // LEFT is at work: what it makes in its own folder goes again.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }

  private unlock(at: string): void {
    const mode = this.locked.get(at)
    if (mode === undefined) return
    this.locked.delete(at)
    // The path was removed or replaced meanwhile, perhaps by a file of LEFT's.
    if (existsSync(at) && (lstatSync(at).mode & 0o777) === 0) chmodSync(at, mode)
  }

  at(path: string): string {
    return join(this.share, path)
  }

  /** Digest of the file at a path, links followed; undefined where there is none. */
  digestAt(path: string): string | undefined {
    const fd = openIfFile(this.at(path))
    if (fd === undefined) return undefined
    try {
      return digestOf(fd)
    } finally {
      closeSync(fd)
    }
  }

  makeFolders(path: string): void {
    if (path === '.' || path === '') return
    this.makeFolders(dirname(path))
    try {
      mkdirSync(this.at(path))
      this.history.madeFolder(this.name, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }

  private inFile(
    path: string,
    flags: number,
    work: (file: OpenFile) => Promise<void> | undefined | void,
  ): void {
    const existed = lstatOf(this.at(path)) !== undefined
    const file = new OpenFile(this, this.history, path, openSync(this.at(path), flags, 0o644), !existed)
    let pending: Promise<void> | undefined
    try {
      pending = work(file) ?? undefined
    } finally {
      if (pending === undefined) file.close()
    }
    if (pending !== undefined) this.later(pending.finally(() => file.close()))
  }

  private later(work: Promise<void>): void {
    const settled = work.catch((error) => {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
    })
    this.slow.add(settled)
    void settled.finally(() => this.slow.delete(settled))
  }

  /** The path and all below it, links to folders followed. */
  below(path: string): string[] {
    const stat = statOf(this.at(path))
    if (stat === undefined) return lstatOf(this.at(path)) === undefined ? [] : [path]
    if (!stat.isDirectory()) return [path]
    return [path, ...namesIn(this.at(path)).flatMap((name) => this.below(join(path, name)))]
  }
}

/** A file that is being written to. */
class OpenFile {
  readonly fd: number
  private readonly person: Person
  private readonly history: History
  private readonly path: string
  private digest: string | undefined
  /** How the file looked when its digest was taken: others may write to it too. */
  private look = ''

  constructor(person: Person, history: History, path: string, fd: number, isNew: boolean) {
    this.person = person
    this.history = history
    this.path = path
    this.fd = fd
    if (isNew) {
      this.record(undefined, EMPTY_DIGEST)
    }
    this.read()
  }

  /** One system call's worth of change. What it could not do wholly is recorded as it is. */
  change(work: () => void): void {
    if (lookOf(this.fd) !== this.look) this.read()
    const before = this.digest
    try {
      work()
    } finally {
      this.read()
      if (this.digest === before) this.history.touched(this.person.name, this.path, before)
      else this.record(before, this.digest!)
    }
  }

  inSteps(chunks: Iterable<Uint8Array>, pauseMs: number): Promise<void> | undefined {
    const pieces = [...chunks]
    if (pauseMs === 0) {
      for (const piece of pieces) this.change(() => writeAll(this.fd, piece, fstatSync(this.fd).size))
      return undefined
    }
    return (async () => {
      for (const piece of pieces) {
        this.change(() => writeAll(this.fd, piece, fstatSync(this.fd).size))
        await sleep(pauseMs)
      }
    })()
  }

  close(): void {
    closeSync(this.fd)
  }

  private read(): void {
    this.look = lookOf(this.fd)
    this.digest = digestOf(this.fd)
  }

  private record(before: string | undefined, after: string): void {
    const { ino, nlink } = fstatSync(this.fd)
    // Into a file that has no name any more: nobody will ever see it, whoever replaced it.
    if (nlink === 0) return
    if (statOf(this.person.at(this.path))?.ino === ino) {
      this.history.edited(this.person.name, this.path, before, after)
      return
    }
    // The file has been renamed meanwhile, or is kept as the copy of a conflict.
    const place = this.person.below('').find((path) => statOf(this.person.at(path))?.ino === ino)
    // Behind a link that is gone, or where nobody may look; or in LEFT's own folder, where it has no path that lasts.
    if (place === undefined || isOwnPath(place))
      this.history.editedOutOfSight(this.person.name, this.path, before, after)
    else this.history.edited(this.person.name, place, before, after)
  }
}

function lookOf(fd: number): string {
  const { size, mtimeMs, ctimeMs } = fstatSync(fd)
  return `${size} ${mtimeMs} ${ctimeMs}`
}

const READ_BYTES = 1 << 20
const buffer = Buffer.alloc(READ_BYTES)

export function digestOf(fd: number): string {
  const hash = createHash('sha256')
  for (let at = 0; ; ) {
    const length = readSync(fd, buffer, 0, READ_BYTES, at)
    if (length === 0) return hash.digest('hex')
    hash.update(buffer.subarray(0, length))
    at += length
  }
}

function* chunksOf({ seed, sizeBytes, compressible }: Content, steps: number): Generator<Uint8Array> {
  if (sizeBytes === 0) return
  const bytes = compressible ? textOf(seed, sizeBytes) : Buffer.concat([...contentChunks(seed, sizeBytes)])
  const stepBytes = Math.ceil(sizeBytes / steps)
  for (let at = 0; at < sizeBytes; at += stepBytes) yield bytes.subarray(at, at + stepBytes)
}

function textOf(seed: string, sizeBytes: number): Buffer {
  const text = Buffer.alloc(sizeBytes, `${seed} the same line again and again\n`)
  // No two blocks alike, or most of it would never cross.
  for (let at = 0; at < sizeBytes; at += 4_096) text.write(String(at), at)
  return text
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, position + at)
}

/** Open for reading, a file that nobody may read too; undefined where no file is there. */
function openIfFile(place: string): number | undefined {
  try {
    const stat = statSync(place)
    if (!stat.isFile()) return undefined
    if ((stat.mode & 0o400) !== 0) return openSync(place, 'r')
    chmodSync(place, 0o400)
    try {
      return openSync(place, 'r')
    } finally {
      chmodSync(place, stat.mode)
    }
  } catch {
    return undefined
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isFolder(place: string): boolean {
  return statOf(place)?.isDirectory() ?? false
}

function statOf(place: string): Stats | undefined {
  try {
    return statSync(place, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function lstatOf(place: string): Stats | undefined {
  try {
    return lstatSync(place, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
