// The simulated disk of one share, for the simulator and for tests: everything that the port promises, and everything that
// a disk can do wrong: fail, fill up, lose what was not synced, and be there when the process dies in the middle of an
// operation. The share is a folder in a small world of its own, so that links may point out of it.

import type { Access, ModeChange } from '../../base/access.js'
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
import { type Inode, isEmpty, isWithin } from './inode.js'
import { linkContent } from './link-content.js'
import { OpenFiles } from './open-files.js'
import {
  type Place,
  present,
  refuseExisting,
  refuseToReplace,
  refuseUnreadable,
  writablePlace,
} from './places.js'
import { type SnapshotEntry, Volume, type VolumeOptions } from './volume.js'

export { type DeathMoment, type DiskOperation, SimulatedDeath } from './disk-faults.js'

export interface SimDiskOptions extends VolumeOptions {
  /** Paths of the share at which the user's secrets are, or will be. */
  readonly privatePaths?: readonly string[]
}

export class SimDisk implements Disk {
  private readonly volume: Volume
  readonly faults = new DiskFaults()
  private readonly openFiles = new OpenFiles()
  private readonly secrets: SimSecrets
  private isByPerson = false

  constructor(options: SimDiskOptions) {
    this.volume = new Volume(options)
    this.secrets = new SimSecrets(options.privatePaths ?? [], (path, followLast) =>
      this.volume.tryResolve(path, followLast),
    )
  }

  // — Faults. —

  /** The next operation, or the next of that name, throws a DiskError and does nothing. */
  failNext(code: DiskErrorCode, operation?: DiskOperation): void {
    this.faults.failNext(code, operation)
  }

  /** The `count`-th operation from now that names such a path, 1 being the next, throws a DiskError and does nothing. */
  failAt(count: number, code: DiskErrorCode, isMeant: (path: string) => boolean): void {
    this.faults.failAt(count, code, isMeant)
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
    return this.volume.usedBytes
  }

  /** Bytes of file content that fit; no limit where undefined. */
  get capacityBytes(): number | undefined {
    return this.volume.capacityBytes
  }

  set capacityBytes(bytes: number | undefined) {
    this.volume.capacityBytes = bytes
  }

  /** Ends the process: open files are closed, and the disk works again for the next one. With `power` the
   *  machine goes down too: of what was not synced each file keeps all, some or nothing. */
  crash(options: { readonly power: boolean; readonly random: Random }): void {
    this.openFiles.closeAll()
    this.faults.reset()
    if (options.power) this.volume.losePower(() => options.random.next())
  }

  /** Everything reaches stable storage, as it does by itself within seconds on a running machine. */
  settle(): void {
    this.volume.syncAll()
  }

  /** Runs what somebody else does to the disk (the person, another program): no fault meets it, it does not count as
   *  the process's operation, and it works while the process is dead. */
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
      for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
        if (this.statLink(path.slice(0, slash)) === undefined) this.makeFolder(path.slice(0, slash))
      const handle = this.create(path)
      this.truncate(handle, 0)
      this.write(handle, bytes, 0)
      this.close(handle)
      if (attributes.mode !== undefined) this.chmod(path, attributes.mode)
      if (attributes.executable === true) this.chmod(path, 0o755)
      if (attributes.mtimeMs !== undefined) this.setTimes(path, attributes.mtimeMs)
    })
  }

  /** Sets the nine bits of what is there, as its person does. */
  chmod(path: string, mode: number): void {
    this.volume.setMode(this.volume.resolve(path, true), mode)
  }

  /** The content of a file, links followed; what stands for it of a link that is not followed; undefined where there is neither. */
  contentOf(path: string): Uint8Array | undefined {
    const inode = this.volume.tryResolve(path, true)
    if (inode?.kind === 'link') return linkContent(inode.target)
    return inode?.kind === 'file' ? inode.content() : undefined
  }

  /** Looks up the file with content at this path; `isNamed` tells later whether it still has a name, anywhere on the machine. */
  fileAt(path: string): { readonly number: number; readonly isNamed: () => boolean } | undefined {
    const inode = this.volume.tryResolve(path, false)
    if (inode?.kind !== 'file' || inode.sizeBytes === 0) return undefined
    return { number: inode.number, isNamed: () => inode.nameCount > 0 }
  }

  /** A file beside the share, at `/<name>`, for links to point at: `../<name>` from the top of the share. */
  putOutside(name: string, bytes: Uint8Array): void {
    this.volume.putOutside(name, bytes)
  }

  /** Reading or listing what is at the path fails with 'denied' from now on. */
  deny(path: string, denied = true): void {
    this.volume.resolve(path, false).unreadable = denied
  }

  /** A name that is not UTF-8 appears in a folder. */
  putIllegibleName(folder: string, printable: string): void {
    this.volume.resolve(folder, true).illegibleNames.push(printable)
  }

  /** Everything below the share (or with `world` below the whole world), links not followed, by path. */
  snapshot(of: 'share' | 'world' = 'share'): Map<string, SnapshotEntry> {
    return this.volume.snapshot(of)
  }

  // — The port: reading. —

  statLink(path: string): FileStat | undefined {
    this.faults.begin('statLink', path)
    return this.seen(path, this.volume.tryResolve(path, false))
  }

  stat(path: string): FileStat | undefined {
    this.faults.begin('stat', path)
    return this.seen(path, this.volume.tryResolve(path, true))
  }

  list(path: string): FolderListing {
    this.faults.begin('list', path)
    const folder = this.volume.resolve(path, true)
    if (folder.kind !== 'folder') throw new DiskError('changed-kind', `${path} is not a folder`)
    refuseUnreadable(folder, path)
    return { names: [...folder.names.keys()], unreadable: [...folder.illegibleNames] }
  }

  readLink(path: string): string {
    this.faults.begin('readLink', path)
    const inode = this.volume.resolve(path, false)
    if (inode.kind !== 'link') throw new DiskError('changed-kind', `${path} is not a link`)
    return inode.target
  }

  open(path: string): FileHandle {
    this.faults.begin('open', path)
    const inode = this.volume.resolve(path, true)
    if (this.secrets.has(inode)) throw new DiskError('private', `${path} is one of the user's secrets`)
    refuseUnreadable(inode, path)
    if (inode.kind === 'link') throw new DiskError('link', `${path} is a link that is not followed`)
    if (inode.kind !== 'file') throw new DiskError('changed-kind', `${path} is not a file`)
    return this.openFiles.open(inode, 'read')
  }

  stateOf(handle: FileHandle): FileStat {
    this.faults.begin('stateOf')
    return this.volume.statOf(this.openFiles.at(handle))
  }

  read(handle: FileHandle, target: Uint8Array, position: number): number {
    this.faults.begin('read')
    return this.openFiles.at(handle).read(target, position)
  }

  close(handle: FileHandle): void {
    this.faults.refuseDead()
    this.openFiles.close(handle)
  }

  // — The port: writing. —

  create(path: string): FileHandle {
    const place = this.placeFor('create', path)
    const known = place.inode
    if (known !== undefined) {
      if (known.kind === 'link') throw new DiskError('link', `${path} is a symbolic link`)
      if (known.kind !== 'file') throw new DiskError('changed-kind', `${path} is not a file`)
      refuseUnreadable(known, path)
      return this.openFiles.open(known, 'write')
    }
    const inode = this.faults.mutate(() => {
      // A person's programs make files as usual.
      const made = this.volume.makeInode('file', this.isByPerson ? 'usual' : 'private')
      return this.volume.attach(place.folder, place.name, made)
    })
    return this.openFiles.open(inode, 'write')
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
    const inode = this.openFiles.writableAt(handle)
    this.faults.mutate(
      () => this.volume.write(inode, source, position),
      () => this.volume.write(inode, source.subarray(0, source.length >> 1), position),
    )
  }

  truncate(handle: FileHandle, sizeBytes: number): void {
    this.faults.begin('truncate')
    const inode = this.openFiles.writableAt(handle)
    this.faults.mutate(() => this.volume.truncate(inode, sizeBytes))
  }

  sync(handle: FileHandle): void {
    this.faults.begin('sync')
    const inode = this.openFiles.at(handle)
    this.faults.mutate(() => inode.sync())
  }

  rename(from: string, to: string): void {
    const source = this.placeFor('rename', from)
    const target = this.placeFor('rename', to)
    const inode = present(source, from)
    if (inode === target.inode) {
      if (from !== to && this.foldsNames()) this.respell(source, target, inode)
      return
    }
    refuseToReplace(inode, target.inode, to)
    if (inode.kind === 'folder' && isWithin(inode, target.folder))
      throw new DiskError('io', `${from} cannot go into itself`)
    this.faults.mutate(() => {
      this.volume.changeNames(inode, [
        { folder: target.folder, name: target.name, inode, before: target.inode },
        { folder: source.folder, name: source.name, inode: undefined, before: inode },
      ])
      inode.ctimeMs = this.volume.now()
    })
  }

  /** The same name for this disk, spelt in another way. */
  private respell(source: Place, target: Place, inode: Inode): void {
    const change = { folder: source.folder, name: source.name, inode: undefined, before: inode }
    const { folder, name } = target
    this.faults.mutate(() =>
      this.volume.changeNames(inode, [change, { folder, name, inode, before: undefined }]),
    )
  }

  linkFile(from: string, to: string): void {
    const source = this.placeFor('linkFile', from)
    const target = this.placeFor('linkFile', to)
    const inode = present(source, from)
    if (inode.kind === 'folder') throw new DiskError('denied', `${from} is a folder`)
    refuseExisting(target, to)
    this.faults.mutate(() => {
      this.volume.attach(target.folder, target.name, inode)
      inode.ctimeMs = this.volume.now()
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
      const made = this.volume.makeInode('folder', access)
      this.volume.attach(place.folder, place.name, made)
    })
  }

  makeLink(path: string, target: string): void {
    const place = this.placeFor('makeLink', path)
    refuseExisting(place, path)
    this.faults.mutate(() => {
      const inode = this.volume.makeInode('link')
      inode.target = target
      this.volume.attach(place.folder, place.name, inode)
    })
  }

  removeFile(path: string): void {
    const place = this.placeFor('removeFile', path)
    const inode = present(place, path)
    if (inode.kind === 'folder') throw new DiskError('changed-kind', `${path} is a folder`)
    this.faults.mutate(() => this.volume.changeNames(inode, [{ ...place, inode: undefined, before: inode }]))
  }

  removeFolder(path: string): void {
    const place = this.placeFor('removeFolder', path)
    const inode = present(place, path)
    if (inode.kind !== 'folder') throw new DiskError('changed-kind', `${path} is not a folder`)
    if (!isEmpty(inode)) throw new DiskError('not-empty', `${path} is not empty`)
    this.faults.mutate(() => this.volume.changeNames(inode, [{ ...place, inode: undefined, before: inode }]))
  }

  setTimes(path: string, mtimeMs: number): void {
    const inode = present(this.placeFor('setTimes', path), path)
    this.faults.mutate(() => {
      inode.mtimeMs = this.volume.toStep(mtimeMs)
      inode.ctimeMs = this.volume.now()
      inode.touched()
    })
  }

  setMode(path: string, change: ModeChange): void {
    const inode = this.toChange('setMode', path)
    const mode = this.volume.modeAfter(inode, change)
    if (mode !== inode.mode) this.faults.mutate(() => this.volume.setMode(inode, mode))
  }

  setAccess(path: string, { replaces, ...change }: FileAccess): FileStat {
    const inode = this.toChange('setAccess', path)
    const replaced = replaces === undefined ? undefined : this.volume.tryResolve(replaces, true)
    const mode = this.volume.modeAfter(replaced, change)
    this.faults.mutate(() => this.volume.setMode(inode, mode))
    return this.volume.statOf(inode)
  }

  probe(): void {}

  foldsNames(): boolean {
    return this.volume.foldsNames
  }

  usualAccess(): Access {
    return this.volume.usualAccess
  }

  room(): DiskRoom | undefined {
    this.faults.refuseDead()
    const { capacityBytes } = this
    return capacityBytes === undefined
      ? undefined
      : { freeBytes: Math.max(0, this.volume.roomBytes), totalBytes: capacityBytes }
  }

  syncFolder(path: string): void {
    this.faults.begin('syncFolder', path)
    const { share } = this.volume
    const folder = path === '' ? share : present(writablePlace(share, path), path)
    if (folder.kind === 'link') throw new DiskError('link', `${path} is a symbolic link`)
    if (folder.kind !== 'folder') throw new DiskError('changed-kind', `${path} is not a folder`)
    this.faults.mutate(() => this.volume.nameLog.commit(folder))
  }

  // — How it is done. —

  private toChange(operation: DiskOperation, path: string): Inode {
    const inode = present(this.placeFor(operation, path), path)
    if (inode.kind === 'link') throw new DiskError('link', `${path} is a symbolic link`)
    return inode
  }

  private placeFor(operation: DiskOperation, path: string): Place {
    this.faults.begin(operation, path)
    const place = writablePlace(this.volume.share, path)
    if (place.inode === undefined) this.faults.refuseNew(operation, path)
    if (!this.isByPerson && this.secrets.isPlace(path, place))
      throw new DiskError('private', `${path} is a place of secrets`)
    return place
  }

  private seen(path: string, inode: Inode | undefined): FileStat | undefined {
    if (inode === undefined) return undefined
    const isSecret = path !== '' && this.secrets.has(inode)
    return isSecret ? { ...this.volume.statOf(inode), kind: 'private' } : this.volume.statOf(inode)
  }
}
