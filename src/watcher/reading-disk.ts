// The disk of a share that is only looked at: reads pass, nothing is written. LEFT's own folder is another one, which belongs to whoever
// looks, so that an index and a log can be kept there meanwhile. Used by rehearsal.ts.

import type { Access, ModeChange } from '../base/access.js'
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
} from '../base/ports.js'

export class ReadingDisk implements Disk {
  private readonly share: Disk
  private readonly own: Disk
  private readonly disks = new Map<FileHandle, Disk>()

  /** `own` has a folder `.left` of its own. */
  constructor(share: Disk, own: Disk) {
    this.share = share
    this.own = own
  }

  statLink(path: string, trust?: FolderTrust): FileStat | undefined {
    return this.diskOf(path).statLink(path, trust)
  }

  stat(path: string, trust?: FolderTrust): FileStat | undefined {
    return this.diskOf(path).stat(path, trust)
  }

  list(path: string): FolderListing {
    return this.diskOf(path).list(path)
  }

  readLink(path: string): string {
    return this.diskOf(path).readLink(path)
  }

  open(path: string, trust?: FolderTrust): FileHandle {
    return this.opened(this.diskOf(path), (disk) => disk.open(path, trust))
  }

  create(path: string): FileHandle {
    return this.opened(this.writable(path), (disk) => disk.create(path))
  }

  writeNew(path: string, file: NewFile): FileStat {
    return this.writable(path).writeNew(path, file)
  }

  stateOf(handle: FileHandle): FileStat {
    return this.disks.get(handle)!.stateOf(handle)
  }

  read(handle: FileHandle, target: Uint8Array, position: number): number {
    return this.disks.get(handle)!.read(handle, target, position)
  }

  write(handle: FileHandle, source: Uint8Array, position: number): void {
    this.disks.get(handle)!.write(handle, source, position)
  }

  truncate(handle: FileHandle, sizeBytes: number): void {
    this.disks.get(handle)!.truncate(handle, sizeBytes)
  }

  sync(handle: FileHandle): void {
    this.disks.get(handle)!.sync(handle)
  }

  close(handle: FileHandle): void {
    this.disks.get(handle)!.close(handle)
    this.disks.delete(handle)
  }

  rename(from: string, to: string): void {
    this.writable(from, to).rename(from, to)
  }

  linkFile(from: string, to: string): void {
    this.writable(from, to).linkFile(from, to)
  }

  moveNew(from: string, to: string): FileStat {
    return this.writable(from, to).moveNew(from, to)
  }

  makeFolder(path: string, access?: 'usual' | 'private'): void {
    this.writable(path).makeFolder(path, access)
  }

  makeLink(path: string, target: string): void {
    this.writable(path).makeLink(path, target)
  }

  removeFile(path: string): void {
    this.writable(path).removeFile(path)
  }

  removeFolder(path: string): void {
    this.writable(path).removeFolder(path)
  }

  setTimes(path: string, mtimeMs: number): void {
    this.writable(path).setTimes(path, mtimeMs)
  }

  setMode(path: string, change: ModeChange): void {
    this.writable(path).setMode(path, change)
  }

  setAccess(path: string, access: FileAccess): FileStat {
    return this.writable(path).setAccess(path, access)
  }

  probe(folder: string): void {
    this.writable(folder).probe(folder)
  }

  foldsNames(): boolean {
    return this.share.foldsNames()
  }

  usualAccess(): Access {
    return this.share.usualAccess()
  }

  room(): DiskRoom | undefined {
    return this.share.room()
  }

  /** Nothing was written in the share. */
  syncFolder(path: string): void {
    if (isOwn(path)) this.own.syncFolder(path)
  }

  private diskOf(path: string): Disk {
    return isOwn(path) ? this.own : this.share
  }

  private writable(...paths: readonly string[]): Disk {
    if (paths.every(isOwn)) return this.own
    throw new DiskError('denied', `${paths.join(', ')}: the share is only looked at`)
  }

  private opened(disk: Disk, open: (disk: Disk) => FileHandle): FileHandle {
    const handle = open(disk)
    this.disks.set(handle, disk)
    return handle
  }
}

function isOwn(path: string): boolean {
  return path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)
}
