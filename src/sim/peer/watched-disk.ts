// The disk as the simulated watcher process sees it: every operation goes to the simulated disk, and whoever proves
// the invariants is told of each one that changes something. Used by SimPeer.

import type { Access, ModeChange } from '../../base/access.js'
import {
  type Disk,
  DiskError,
  type DiskRoom,
  type FileAccess,
  type FileHandle,
  type FileStat,
  type FolderListing,
  type NewFile,
} from '../../base/ports.js'
import { isOwnPath } from '../../share/path.js'
import type { SimDisk } from '../disk/disk.js'

export interface DiskObserver {
  /** A path outside `.left` was changed by the keeper: what is there now may be looked at. */
  handleSharePath(path: string): void
  /** The keeper has changed a path outside `.left`, or has tried to. */
  handleTried(path: string): void
  /** What was at a path may have another one now. */
  handleRenamed(from: string, to: string): void
  /** A file below `.left` was made, or opened for writing. */
  handleOwnFile(path: string): void
  /** The keeper wrote into a file of the share instead of beside it. */
  handleWrittenInPlace(path: string): void
  /** The name of what stands at the path is about to be taken away: it becomes `to`, is given to another file (`to` is `path`), or goes.
   *  Call what this answers once that is done. */
  handleTaking(path: string, to?: string): () => void
  /** Something on the disk changed, anywhere. */
  handleChange(): void
  /** The disk refused bytes of a file that is open: the log, or content. */
  handleRefusedWrite(): void
}

export class WatchedDisk implements Disk {
  constructor(
    private readonly disk: SimDisk,
    private readonly observer: DiskObserver,
  ) {}

  statLink(path: string): FileStat | undefined {
    return this.disk.statLink(path)
  }

  stat(path: string): FileStat | undefined {
    return this.disk.stat(path)
  }

  list(path: string): FolderListing {
    return this.disk.list(path)
  }

  readLink(path: string): string {
    return this.disk.readLink(path)
  }

  open(path: string): FileHandle {
    return this.disk.open(path)
  }

  stateOf(handle: FileHandle): FileStat {
    return this.disk.stateOf(handle)
  }

  read(handle: FileHandle, target: Uint8Array, position: number): number {
    return this.disk.read(handle, target, position)
  }

  close(handle: FileHandle): void {
    this.disk.close(handle)
  }

  create(path: string): FileHandle {
    return this.made(path, () => this.disk.create(path))
  }

  writeNew(path: string, file: NewFile): FileStat {
    return this.made(path, () => this.disk.writeNew(path, file))
  }

  write(handle: FileHandle, source: Uint8Array, position: number): void {
    try {
      this.watched([], () => this.disk.write(handle, source, position))
    } catch (error) {
      if (error instanceof DiskError) this.observer.handleRefusedWrite()
      throw error
    }
  }

  truncate(handle: FileHandle, sizeBytes: number): void {
    this.watched([], () => this.disk.truncate(handle, sizeBytes))
  }

  sync(handle: FileHandle): void {
    this.disk.sync(handle)
  }

  rename(from: string, to: string): void {
    const checks = [this.observer.handleTaking(from, to), this.observer.handleTaking(to, to)]
    const isOther = this.lookAt(from)
    try {
      this.watched([from, to], () => this.disk.rename(from, to))
    } finally {
      if (isOther()) this.observer.handleRenamed(from, to)
    }
    for (const check of checks) check()
  }

  linkFile(from: string, to: string): void {
    this.watched([to], () => this.disk.linkFile(from, to))
  }

  moveNew(from: string, to: string): FileStat {
    const check = this.observer.handleTaking(from, to)
    const stat = this.watched([to], () => this.disk.moveNew(from, to))
    check()
    return stat
  }

  makeFolder(path: string, access?: 'usual' | 'private'): void {
    this.watched([path], () => this.disk.makeFolder(path, access))
  }

  makeLink(path: string, target: string): void {
    this.watched([path], () => this.disk.makeLink(path, target))
  }

  removeFile(path: string): void {
    const check = this.observer.handleTaking(path)
    this.watched([path], () => this.disk.removeFile(path))
    check()
  }

  removeFolder(path: string): void {
    this.watched([path], () => this.disk.removeFolder(path))
  }

  setTimes(path: string, mtimeMs: number): void {
    this.watched([path], () => this.disk.setTimes(path, mtimeMs))
  }

  setMode(path: string, change: ModeChange): void {
    this.watched([path], () => this.disk.setMode(path, change))
  }

  setAccess(path: string, access: FileAccess): FileStat {
    return this.watched([path], () => this.disk.setAccess(path, access))
  }

  probe(): void {
    this.disk.probe()
  }

  foldsNames(): boolean {
    return this.disk.foldsNames()
  }

  usualAccess(): Access {
    return this.disk.usualAccess()
  }

  room(): DiskRoom | undefined {
    return this.disk.room()
  }

  syncFolder(path: string): void {
    this.disk.syncFolder(path)
  }

  private made<T>(path: string, make: () => T): T {
    if (!isOwnPath(path)) this.observer.handleWrittenInPlace(path)
    try {
      return this.watched([], make)
    } finally {
      if (isOwnPath(path)) this.observer.handleOwnFile(path)
    }
  }

  /** Tells of a change that threw only where it has happened nevertheless: the process may have died before it or after it. What stands
   *  there otherwise is not of the keeper's making. */
  private watched<T>(paths: readonly string[], change: () => T): T {
    const places = paths
      .filter((path) => !isOwnPath(path))
      .map((path) => ({ path, isOther: this.lookAt(path) }))
    let isDone = false
    try {
      const result = change()
      isDone = true
      return result
    } finally {
      this.observer.handleChange()
      for (const { path, isOther } of places) {
        if (isDone || isOther()) this.observer.handleSharePath(path)
        this.observer.handleTried(path)
      }
    }
  }

  /** Answers whether something else is at the path by then, or the same with another mode or time. Works while the process is dead. */
  private lookAt(path: string): () => boolean {
    const look = () => this.disk.unharmed((disk) => disk.statLink(path))
    const before = look()
    return () => !isSame(before, look())
  }
}

function isSame(before: FileStat | undefined, after: FileStat | undefined): boolean {
  return (
    before?.inode === after?.inode &&
    before?.mode === after?.mode &&
    before?.mtimeMs === after?.mtimeMs &&
    before?.ctimeMs === after?.ctimeMs
  )
}
