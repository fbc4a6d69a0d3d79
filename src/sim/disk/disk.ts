// The simulated disk of one share, for the simulator and for tests: everything that the port promises, and
// everything that a disk can do wrong: fail, fill up, lose what was not synced, and be there when the
// process dies in the middle of an operation.
//
// The share is a folder in a small world of its own, so that links may point out of it.

import { assert } from '../../base/assert.js'
import {
  type Disk,
  DiskError,
  type DiskErrorCode,
  type DiskRoom,
  type FileAccess,
  type FileHandle,
  type FileStat,
  type FolderListing,
  type NewFile,
  type Random,
} from '../../base/ports.js'
import { SimSecrets } from '../secrets.js'
import { type DeathMoment, DiskFaults, type DiskOperation } from './disk-faults.js'
import { Inode, isEmpty, isWithin, resolvePath, statOf, USUAL_MODES, visit } from './inode.js'
import { type NameChange, NameLog } from './name-log.js'
import {
  type Place,
  present,
  refuseExisting,
  refuseToReplace,
  refuseUnreadable,
  writablePlace,
} from './places.js'

export { type DeathMoment, type DiskOperation, SimulatedDeath } from './disk-faults.js'

export interface SimDiskOptions {
  /** What the machine believes the time is: mtimes and ctimes come from it. */
  readonly nowMs: () => number
  /** Step of the file system's timestamps. ext4 has the kernel's tick, FAT two seconds. */
  readonly timestampStepMs?: number
  /** Bytes of file content that fit; no limit where undefined. */
  readonly capacityBytes?: number
  /** Whether a loss of power keeps changes of names in their order, as journalling file systems do; true
   *  unless said otherwise. */
  readonly namesInOrder?: boolean
  /** Whether it keeps modes; true unless said otherwise. FAT does not, nor do folders shared with a virtual machine. */
  readonly keepsModes?: boolean
  /** Paths of the share at which the user's secrets are, or will be. */
  readonly privatePaths?: readonly string[]
}

/** What is at a path, for comparing whole disks in tests. */
export interface SnapshotEntry {
  readonly kind: 'file' | 'folder' | 'link'
  readonly bytes: Uint8Array
  readonly target: string
  readonly executable: boolean
  readonly mtimeMs: number
}

const SHARE_NAME = 'share'
/** Who may read may run. */
const executableMode = (mode: number, executable: boolean): number =>
  executable ? mode | ((mode & 0o444) >> 2) : mode & ~0o111
const DISK_IS_FULL = 'the simulated disk is full'
interface OpenFile {
  readonly inode: Inode
  readonly writable: boolean
}

export class SimDisk implements Disk {
  capacityBytes: number | undefined

  private readonly options: SimDiskOptions
  private readonly world: Inode
  private readonly share: Inode
  private readonly nameLog: NameLog
  private readonly faults = new DiskFaults()
  private readonly openFiles = new Map<FileHandle, OpenFile>()
  private readonly secrets: SimSecrets
  private isByPerson = false
  private nextInode = 2
  private nextHandle = 3
  private usedBytesNow = 0

  constructor(options: SimDiskOptions) {
    this.options = options
    this.capacityBytes = options.capacityBytes
    this.nameLog = new NameLog(options.namesInOrder ?? true)
    this.secrets = new SimSecrets(options.privatePaths ?? [], (path, followLast) =>
      this.tryResolve(path, followLast),
    )
    this.world = this.makeInode('folder')
    this.share = this.makeInode('folder')
    this.world.names.set(SHARE_NAME, this.share)
    this.share.nameCount = 1
  }

  // — Faults. —

  /** The next operation, or the next of that name, throws a DiskError and does nothing. */
  failNext(code: DiskErrorCode, operation?: DiskOperation): void {
    this.faults.failNext(code, operation)
  }

  /** The process dies at the `count`-th operation from now that changes the disk, 1 being the next. */
  dieAfterOperations(count: number, moment: DeathMoment = 'after'): void {
    this.faults.dieAfterOperations(count, moment)
  }

  /** Operations so far that changed the disk or made a change durable, those of `unharmed` left out. */
  get operationCount(): number {
    return this.faults.mutationCount
  }

  get usedBytes(): number {
    return this.usedBytesNow
  }

  /** Ends the process: open files are closed, and the disk works again for the next one. With `power` the
   *  machine goes down too: of what was not synced each file keeps all, some or nothing. */
  crash(options: { readonly power: boolean; readonly random: Random }): void {
    this.openFiles.clear()
    this.faults.reset()
    if (!options.power) return
    const draw = () => options.random.next()
    this.nameLog.losePower(draw)
    const reached = new Set<Inode>()
    this.usedBytesNow = 0
    visit(this.world, '', (_, inode) => {
      if (reached.has(inode)) {
        inode.nameCount++
        return
      }
      reached.add(inode)
      inode.nameCount = 1
      inode.losePower(draw)
      this.usedBytesNow += inode.sizeBytes
    })
  }

  /** Everything reaches stable storage, as it does by itself within seconds on a running machine. */
  settle(): void {
    this.nameLog.commitAll()
    visit(this.world, '', (_, inode) => inode.sync())
  }

  /** What somebody else does to the disk (the person, another program): no fault meets it, it does not count
   *  as the process's operation, and it works while the process is dead. */
  unharmed<T>(action: (disk: Disk) => T): T {
    const { isByPerson } = this
    this.isByPerson = true
    try {
      return this.faults.without(() => action(this))
    } finally {
      this.isByPerson = isByPerson
    }
  }

  /** Writes a whole file as the person would, making the folders on the way. */
  putFile(
    path: string,
    bytes: Uint8Array,
    attributes: { mtimeMs?: number; executable?: boolean; mode?: number } = {},
  ): void {
    this.unharmed(() => {
      for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
        const folder = path.slice(0, slash)
        if (this.statLink(folder) === undefined) this.makeFolder(folder)
      }
      const handle = this.create(path)
      this.truncate(handle, 0)
      this.write(handle, bytes, 0)
      this.close(handle)
      if (attributes.mode !== undefined) this.setMode(this.resolve(path, true), attributes.mode)
      if (attributes.executable !== undefined) this.setExecutable(path, attributes.executable)
      if (attributes.mtimeMs !== undefined) this.setTimes(path, attributes.mtimeMs)
    })
  }

  /** The content of a file, links followed; undefined where there is none. */
  contentOf(path: string): Uint8Array | undefined {
    const inode = this.tryResolve(path, true)
    return inode?.kind === 'file' ? inode.content() : undefined
  }

  /** A file beside the share, at `/<name>`, for links to point at: `../<name>` from the top of the share. */
  putOutside(name: string, bytes: Uint8Array): void {
    const inode = this.world.names.get(name) ?? this.attach(this.world, name, this.makeInode('file'))
    this.resize(inode, bytes.length)
    inode.truncate(0)
    inode.write(bytes, 0)
    inode.sync()
    this.nameLog.commit(this.world)
  }

  /** Reading or listing what is at the path fails with 'denied' from now on. */
  deny(path: string, denied = true): void {
    this.resolve(path, false).unreadable = denied
  }

  /** A name that is not UTF-8 appears in a folder. */
  putIllegibleName(folder: string, printable: string): void {
    this.resolve(folder, true).illegibleNames.push(printable)
  }

  /** Everything below the share (or with `world` below the whole world), links not followed, by path. */
  snapshot(of: 'share' | 'world' = 'share'): Map<string, SnapshotEntry> {
    const entries = new Map<string, SnapshotEntry>()
    visit(of === 'share' ? this.share : this.world, '', (path, inode) => {
      const { kind, target, executable, mtimeMs } = inode
      assert(kind !== 'other' && kind !== 'private', 'the simulated disk has no other things')
      if (path !== '') entries.set(path, { kind, bytes: inode.content(), target, executable, mtimeMs })
    })
    return entries
  }

  // — The port: reading. —

  statLink(path: string): FileStat | undefined {
    this.faults.begin('statLink')
    return this.seen(path, this.tryResolve(path, false))
  }

  stat(path: string): FileStat | undefined {
    this.faults.begin('stat')
    return this.seen(path, this.tryResolve(path, true))
  }

  list(path: string): FolderListing {
    this.faults.begin('list')
    const folder = this.resolve(path, true)
    if (folder.kind !== 'folder') throw new DiskError('changed-kind', `${path} is not a folder`)
    refuseUnreadable(folder, path)
    return { names: [...folder.names.keys()], unreadable: [...folder.illegibleNames] }
  }

  readLink(path: string): string {
    this.faults.begin('readLink')
    const inode = this.resolve(path, false)
    if (inode.kind !== 'link') throw new DiskError('io', `${path} is not a link`)
    return inode.target
  }

  open(path: string): FileHandle {
    this.faults.begin('open')
    const inode = this.resolve(path, true)
    if (this.secrets.has(inode)) throw new DiskError('private', `${path} is one of the user's secrets`)
    refuseUnreadable(inode, path)
    if (inode.kind !== 'file') throw new DiskError('changed-kind', `${path} is not a file`)
    return this.handleFor(inode, false)
  }

  stateOf(handle: FileHandle): FileStat {
    this.faults.begin('stateOf')
    return statOf(this.fileOf(handle).inode)
  }

  read(handle: FileHandle, target: Uint8Array, position: number): number {
    this.faults.begin('read')
    return this.fileOf(handle).inode.read(target, position)
  }

  close(handle: FileHandle): void {
    this.faults.refuseDead()
    this.fileOf(handle)
    this.openFiles.delete(handle)
  }

  // — The port: writing. —

  create(path: string): FileHandle {
    const place = this.placeFor('create', path)
    const known = place.inode
    if (known !== undefined) {
      if (known.kind === 'link') throw new DiskError('link', `${path} is a symbolic link`)
      if (known.kind !== 'file') throw new DiskError('changed-kind', `${path} is not a file`)
      refuseUnreadable(known, path)
      return this.handleFor(known, true)
    }
    const inode = this.faults.mutate(() => {
      const made = this.makeInode('file')
      // A person's programs make files as usual.
      if (!this.isByPerson) made.mode = 0o600
      return this.attach(place.folder, place.name, made)
    })
    return this.handleFor(inode, true)
  }

  /** In steps: a process may die between any two of them. */
  writeNew(path: string, { bytes, mtimeMs, sync }: NewFile): FileStat {
    const there = this.statLink(path)
    if (there !== undefined && there.kind !== 'private') throw new DiskError('exists', `${path} exists`)
    const handle = this.create(path)
    try {
      this.write(handle, bytes, 0)
      if (sync) this.sync(handle)
    } finally {
      this.close(handle)
    }
    this.setTimes(path, mtimeMs)
    return this.statLink(path)!
  }

  write(handle: FileHandle, source: Uint8Array, position: number): void {
    this.faults.begin('write')
    const inode = this.writable(handle)
    this.faults.mutate(
      () => this.writeWithin(inode, source, position),
      () => this.writeWithin(inode, source.subarray(0, source.length >> 1), position),
    )
  }

  truncate(handle: FileHandle, sizeBytes: number): void {
    this.faults.begin('truncate')
    const inode = this.writable(handle)
    this.faults.mutate(() => {
      // No sparse files here: what is made longer takes its room at once.
      if (sizeBytes - inode.sizeBytes > this.roomBytes()) throw new DiskError('no-space', DISK_IS_FULL)
      this.resize(inode, sizeBytes)
      inode.truncate(sizeBytes)
      this.stamp(inode)
    })
  }

  sync(handle: FileHandle): void {
    this.faults.begin('sync')
    const { inode } = this.fileOf(handle)
    this.faults.mutate(() => inode.sync())
  }

  rename(from: string, to: string): void {
    const source = this.placeFor('rename', from)
    const target = this.placeFor('rename', to)
    const inode = present(source, from)
    if (inode === target.inode) return
    refuseToReplace(inode, target.inode, to)
    if (inode.kind === 'folder' && isWithin(inode, target.folder))
      throw new DiskError('io', `${from} cannot go into itself`)
    this.faults.mutate(() => {
      this.changeNames(inode, [
        { folder: target.folder, name: target.name, inode, before: target.inode },
        { folder: source.folder, name: source.name, inode: undefined, before: inode },
      ])
      inode.ctimeMs = this.now()
    })
  }

  linkFile(from: string, to: string): void {
    const source = this.placeFor('linkFile', from)
    const target = this.placeFor('linkFile', to)
    const inode = present(source, from)
    if (inode.kind === 'folder') throw new DiskError('denied', `${from} is a folder`)
    refuseExisting(target, to)
    this.faults.mutate(() => {
      this.attach(target.folder, target.name, inode)
      inode.ctimeMs = this.now()
    })
  }

  moveNew(from: string, to: string): FileStat {
    this.linkFile(from, to)
    this.removeFile(from)
    return this.statLink(to)!
  }

  makeFolder(path: string, access: 'usual' | 'private' = 'usual'): void {
    const place = this.placeFor('makeFolder', path)
    refuseExisting(place, path)
    this.faults.mutate(() => {
      const made = this.makeInode('folder')
      if (access === 'private') made.mode = 0o700
      this.attach(place.folder, place.name, made)
    })
  }

  makeLink(path: string, target: string): void {
    const place = this.placeFor('makeLink', path)
    refuseExisting(place, path)
    this.faults.mutate(() => {
      const inode = this.makeInode('link')
      inode.target = target
      this.attach(place.folder, place.name, inode)
    })
  }

  removeFile(path: string): void {
    const place = this.placeFor('removeFile', path)
    const inode = present(place, path)
    if (inode.kind === 'folder') throw new DiskError('changed-kind', `${path} is a folder`)
    this.faults.mutate(() => this.changeNames(inode, [{ ...place, inode: undefined, before: inode }]))
  }

  removeFolder(path: string): void {
    const place = this.placeFor('removeFolder', path)
    const inode = present(place, path)
    if (inode.kind !== 'folder') throw new DiskError('changed-kind', `${path} is not a folder`)
    if (!isEmpty(inode)) throw new DiskError('not-empty', `${path} is not empty`)
    this.faults.mutate(() => this.changeNames(inode, [{ ...place, inode: undefined, before: inode }]))
  }

  setTimes(path: string, mtimeMs: number): void {
    const inode = present(this.placeFor('setTimes', path), path)
    this.faults.mutate(() => {
      inode.mtimeMs = this.toStep(mtimeMs)
      inode.ctimeMs = this.now()
      inode.touched()
    })
  }

  setExecutable(path: string, executable: boolean): void {
    const inode = present(this.placeFor('setExecutable', path), path)
    if (inode.kind === 'link') throw new DiskError('link', `${path} is a symbolic link`)
    this.setMode(inode, executableMode(inode.mode, executable))
  }

  setAccess(path: string, { executable, replaces }: FileAccess): void {
    const inode = present(this.placeFor('setAccess', path), path)
    if (inode.kind === 'link') throw new DiskError('link', `${path} is a symbolic link`)
    const replaced = replaces === undefined ? undefined : this.tryResolve(replaces, true)
    const mode = replaced?.mode ?? USUAL_MODES.file
    const wanted = ((mode & 0o100) !== 0) === executable ? mode : executableMode(mode, executable)
    if (this.options.keepsModes ?? true) this.setMode(inode, wanted)
  }

  room(): DiskRoom | undefined {
    this.faults.begin('room')
    const { capacityBytes } = this
    return capacityBytes === undefined
      ? undefined
      : { freeBytes: Math.max(0, this.roomBytes()), totalBytes: capacityBytes }
  }

  syncFolder(path: string): void {
    this.faults.begin('syncFolder')
    const folder = this.resolve(path, true)
    if (folder.kind !== 'folder') throw new DiskError('changed-kind', `${path} is not a folder`)
    this.faults.mutate(() => this.nameLog.commit(folder))
  }

  // — How it is done. —

  private writeWithin(inode: Inode, source: Uint8Array, position: number): void {
    const growth = Math.max(0, position + source.length - inode.sizeBytes)
    // A disk that fills up takes what it can, and the caller finds out from the error.
    const missing = Math.max(0, growth - Math.max(0, this.roomBytes()))
    const fitting = source.subarray(0, Math.max(0, source.length - missing))
    if (fitting.length > 0) {
      this.resize(inode, Math.max(inode.sizeBytes, position + fitting.length))
      inode.write(fitting, position)
      this.stamp(inode)
    }
    if (missing > 0) throw new DiskError('no-space', DISK_IS_FULL)
  }

  private setMode(inode: Inode, mode: number): void {
    this.faults.mutate(() => {
      inode.mode = mode
      inode.ctimeMs = this.now()
      inode.touched()
    })
  }

  private roomBytes(): number {
    return this.capacityBytes === undefined
      ? Number.POSITIVE_INFINITY
      : this.capacityBytes - this.usedBytesNow
  }

  private resize(inode: Inode, sizeBytes: number): void {
    if (inode.nameCount > 0) this.usedBytesNow += sizeBytes - inode.sizeBytes
  }

  private makeInode(kind: 'file' | 'folder' | 'link'): Inode {
    return new Inode(this.nextInode++, kind, this.now())
  }

  private attach(folder: Inode, name: string, inode: Inode): Inode {
    this.changeNames(inode, [{ folder, name, inode, before: undefined }])
    return inode
  }

  private changeNames(subject: Inode, changes: readonly NameChange[]): void {
    this.nameLog.apply(subject, changes)
    for (const { folder, inode, before } of changes) {
      this.stamp(folder)
      if (inode !== undefined) inode.nameCount++
      if (before === undefined) continue
      before.nameCount--
      before.ctimeMs = this.now()
      if (before.nameCount === 0) this.usedBytesNow -= before.sizeBytes
    }
  }

  private stamp(inode: Inode): void {
    inode.mtimeMs = this.now()
    inode.ctimeMs = inode.mtimeMs
  }

  private now(): number {
    return this.toStep(this.options.nowMs())
  }

  private toStep(timeMs: number): number {
    const stepMs = this.options.timestampStepMs
    return stepMs === undefined ? timeMs : Math.floor(timeMs / stepMs) * stepMs
  }

  private handleFor(inode: Inode, writable: boolean): FileHandle {
    const handle = this.nextHandle++
    this.openFiles.set(handle, { inode, writable })
    return handle
  }

  private fileOf(handle: FileHandle): OpenFile {
    const file = this.openFiles.get(handle)
    assert(file !== undefined, 'a file handle is used while it is open')
    return file
  }

  private writable(handle: FileHandle): Inode {
    const file = this.fileOf(handle)
    assert(file.writable, 'a file that is written was opened by create')
    return file.inode
  }

  private resolve(path: string, followLast: boolean): Inode {
    const inode = this.tryResolve(path, followLast)
    if (inode === undefined) throw new DiskError('missing', `there is no ${path || 'share'}`)
    return inode
  }

  private tryResolve(path: string, followLast: boolean): Inode | undefined {
    return resolvePath({ world: this.world, share: this.share, path, followLast })
  }

  private placeFor(operation: DiskOperation, path: string): Place {
    this.faults.begin(operation)
    const place = writablePlace(this.share, path)
    if (!this.isByPerson && this.secrets.isPlace(path, place))
      throw new DiskError('private', `${path} is a place of secrets`)
    return place
  }

  private seen(path: string, inode: Inode | undefined): FileStat | undefined {
    if (inode === undefined) return undefined
    return path !== '' && this.secrets.has(inode) ? { ...statOf(inode), kind: 'private' } : statOf(inode)
  }
}
