// The content of the simulated disk: inodes, the names that lead to them, the room that they take, and the times that they
// get. SimDisk adds the port, faults, open files and secrets.

import { type Access, accessOf, fileBits, folderBits, type ModeChange } from '../../base/access.js'
import { assert } from '../../base/assert.js'
import { DiskError, type FileStat } from '../../base/ports.js'
import { Inode, resolvePath, visit } from './inode.js'
import { type NameChange, NameLog } from './name-log.js'

export interface VolumeOptions {
  /** Time as the machine believes it to be: mtimes and ctimes come from it. */
  readonly nowMs: () => number
  /** Step of the file system's timestamps. ext4 has the kernel's tick, FAT two seconds. */
  readonly timestampStepMs?: number
  /** Bytes of file content that fit; no limit where undefined. */
  readonly capacityBytes?: number
  /** Whether a loss of power keeps changes of names in their order, as journalling file systems do; true
   *  unless said otherwise. */
  readonly namesInOrder?: boolean
  /** Of the machine's user; 022 unless said otherwise. */
  readonly umask?: number
  /** Which links reading follows, as src/io/reading.ts has it; all unless said otherwise. */
  readonly following?: 'all' | 'outward'
  /** Whether names that differ in case or Unicode form are one; false unless said otherwise. */
  readonly foldsNames?: boolean
  /** Whether it keeps modes; true unless said otherwise. FAT does not, nor do folders shared with a virtual machine. */
  readonly keepsModes?: boolean
}

/** File, folder or link at a path, for comparing whole disks in tests. */
export interface SnapshotEntry {
  readonly kind: 'file' | 'folder' | 'link'
  readonly bytes: Uint8Array
  readonly target: string
  readonly executable: boolean
  readonly mode: number
  readonly mtimeMs: number
}

const PRIVATE_MODES = { file: 0o600, folder: 0o700, link: 0o777 }
const DEVICE = 1
const SHARE_NAME = 'share'
const DISK_IS_FULL = 'the simulated disk is full'

export class Volume {
  capacityBytes: number | undefined
  readonly world: Inode
  readonly share: Inode
  readonly nameLog: NameLog
  private readonly options: VolumeOptions
  private nextInode = 2
  private usedBytesNow = 0

  constructor(options: VolumeOptions) {
    this.options = options
    this.capacityBytes = options.capacityBytes
    this.nameLog = new NameLog(options.namesInOrder ?? true)
    this.world = this.makeInode('folder')
    this.share = this.makeInode('folder')
    this.world.names.set(SHARE_NAME, this.share)
    this.share.nameCount = 1
  }

  get foldsNames(): boolean {
    return this.options.foldsNames ?? false
  }

  get usedBytes(): number {
    return this.usedBytesNow
  }

  get roomBytes(): number {
    return this.capacityBytes === undefined
      ? Number.POSITIVE_INFINITY
      : this.capacityBytes - this.usedBytesNow
  }

  /** Loss of power: of what was not synced each file keeps all, some or nothing. */
  losePower(draw: () => number): void {
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

  syncAll(): void {
    this.nameLog.commitAll()
    visit(this.world, '', (_, inode) => inode.sync())
  }

  /** Everything below the share (or with `world` below the whole world), links not followed, by path. */
  snapshot(of: 'share' | 'world'): Map<string, SnapshotEntry> {
    const entries = new Map<string, SnapshotEntry>()
    visit(of === 'share' ? this.share : this.world, '', (path, inode) => {
      const { kind, target, mode, mtimeMs } = inode
      const { executable } = this.statOf(inode)
      assert(kind !== 'other' && kind !== 'private', 'the simulated disk has no other things')
      if (path !== '') entries.set(path, { kind, bytes: inode.content(), target, executable, mode, mtimeMs })
    })
    return entries
  }

  resolve(path: string, followLast: boolean): Inode {
    const inode = this.tryResolve(path, followLast)
    if (inode === undefined) throw new DiskError('missing', `there is no ${path || 'share'}`)
    return inode
  }

  tryResolve(path: string, followLast: boolean): Inode | undefined {
    const { world, share } = this
    return resolvePath({ world, share, path, followLast, following: this.options.following ?? 'all' })
  }

  // — Content. —

  /** A disk that fills up takes what it can, and the caller finds out from the error. */
  write(inode: Inode, source: Uint8Array, position: number): void {
    const growth = Math.max(0, position + source.length - inode.sizeBytes)
    const missing = Math.max(0, growth - Math.max(0, this.roomBytes))
    const fitting = source.subarray(0, Math.max(0, source.length - missing))
    if (fitting.length > 0) {
      this.resize(inode, Math.max(inode.sizeBytes, position + fitting.length))
      inode.write(fitting, position)
      this.stamp(inode)
    }
    if (missing > 0) throw new DiskError('no-space', DISK_IS_FULL)
  }

  truncate(inode: Inode, sizeBytes: number): void {
    // No sparse files here: what is made longer takes its room at once.
    if (sizeBytes - inode.sizeBytes > this.roomBytes) throw new DiskError('no-space', DISK_IS_FULL)
    this.resize(inode, sizeBytes)
    inode.truncate(sizeBytes)
    this.stamp(inode)
  }

  /** A file beside the share, whatever there is room for, and on stable storage at once. */
  putOutside(name: string, bytes: Uint8Array): void {
    const inode = this.world.names.get(name) ?? this.attach(this.world, name, this.makeInode('file'))
    this.resize(inode, bytes.length)
    inode.truncate(0)
    inode.write(bytes, 0)
    inode.sync()
    this.nameLog.commit(this.world)
  }

  // — Modes. —

  get keepsModes(): boolean {
    return this.options.keepsModes ?? true
  }

  /** Of what the machine's user makes. */
  usualMode(kind: 'file' | 'folder' | 'link'): number {
    if (!this.keepsModes || kind === 'link') return 0o777
    return (kind === 'file' ? 0o666 : 0o777) & ~(this.options.umask ?? 0o022)
  }

  get usualAccess(): Access {
    return this.keepsModes ? accessOf(this.usualMode('file')) : 'none'
  }

  /** Of a thing, or of a new file, after a change. */
  modeAfter(inode: Inode | undefined, change: ModeChange): number {
    const kind = inode?.kind === 'folder' ? 'folder' : 'file'
    const usual = this.usualMode(kind)
    const mode = inode?.mode ?? usual
    return kind === 'folder' ? folderBits(mode, change, usual) : fileBits(mode, change, usual)
  }

  setMode(inode: Inode, mode: number): void {
    if (!this.keepsModes) return
    inode.mode = mode
    inode.ctimeMs = this.now()
    inode.touched()
  }

  statOf(inode: Inode): FileStat {
    const { kind, sizeBytes, mtimeMs, ctimeMs, mode, number: inodeNumber } = inode
    const { keepsModes } = this
    const access = keepsModes ? accessOf(mode) : 'none'
    const executable = keepsModes && (mode & 0o100) !== 0
    return { kind, sizeBytes, mtimeMs, ctimeMs, inode: inodeNumber, device: DEVICE, executable, access, mode }
  }

  // — Names. —

  makeInode(kind: 'file' | 'folder' | 'link', access: 'usual' | 'private' = 'usual'): Inode {
    const isPrivate = access === 'private' && this.keepsModes
    const mode = isPrivate ? PRIVATE_MODES[kind] : this.usualMode(kind)
    return new Inode(this.nextInode++, kind, { nowMs: this.now(), mode, foldsNames: this.foldsNames })
  }

  attach(folder: Inode, name: string, inode: Inode): Inode {
    this.changeNames(inode, [{ folder, name, inode, before: undefined }])
    return inode
  }

  changeNames(subject: Inode, changes: readonly NameChange[]): void {
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

  // — Times. —

  now(): number {
    return this.toStep(this.options.nowMs())
  }

  /** As the file system keeps it. */
  toStep(timeMs: number): number {
    const stepMs = this.options.timestampStepMs
    return stepMs === undefined ? timeMs : Math.floor(timeMs / stepMs) * stepMs
  }

  private stamp(inode: Inode): void {
    inode.mtimeMs = this.now()
    inode.ctimeMs = inode.mtimeMs
  }

  private resize(inode: Inode, sizeBytes: number): void {
    if (inode.nameCount > 0) this.usedBytesNow += sizeBytes - inode.sizeBytes
  }
}
