// Files, folders and links of the simulated disk, and what of them would outlive a loss of power. Content is a byte
// array that is shared with its stable copy until the next write.

import { foldedName } from '../../base/folded-name.js'
import { innerTarget } from '../../base/link-text.js'
import type { FileKind } from '../../base/ports.js'
import { DiskError } from '../../base/ports.js'

export interface StableContent {
  readonly bytes: Uint8Array
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly mode: number
}

/** A file, folder or link. Names lead to it; it does not know them. */
export class Inode {
  readonly number: number
  readonly kind: FileKind
  mtimeMs: number
  ctimeMs: number
  /** The nine bits of chmod(2). */
  mode: number
  /** Reading and listing it fails with 'denied'. */
  unreadable = false
  /** How many names lead here; its content takes room while any does. */
  nameCount = 0

  // — A file. —
  sizeBytes = 0
  private bytes: Uint8Array = NOTHING
  private sharedWithStable = false
  private stable: StableContent = EMPTY
  private unsynced = false

  // — A link. —
  target = ''

  // — A folder. —
  readonly names: Map<string, Inode>
  /** Names that are not UTF-8, made printable. */
  readonly illegibleNames: string[] = []
  /** The names on stable storage; undefined while they are the same as `names`. */
  stableNames: Map<string, Inode> | undefined

  constructor(
    inodeNumber: number,
    kind: FileKind,
    options: { nowMs: number; mode: number; foldsNames: boolean },
  ) {
    const { nowMs, mode, foldsNames } = options
    this.number = inodeNumber
    this.kind = kind
    this.mode = mode
    this.mtimeMs = nowMs
    this.ctimeMs = nowMs
    const names = foldsNames ? new FoldedNames() : new Map()
    this.names = kind === 'folder' ? names : NO_NAMES
  }

  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.sizeBytes - position))
    target.set(this.bytes.subarray(position, position + count))
    return count
  }

  content(): Uint8Array {
    return this.bytes.slice(0, this.sizeBytes)
  }

  write(source: Uint8Array, position: number): void {
    const end = position + source.length
    this.makeRoom(end)
    this.bytes.set(source, position)
    this.sizeBytes = Math.max(this.sizeBytes, end)
    this.unsynced = true
  }

  truncate(sizeBytes: number): void {
    this.makeRoom(sizeBytes)
    if (sizeBytes < this.sizeBytes) this.bytes.fill(0, sizeBytes, this.sizeBytes)
    this.sizeBytes = sizeBytes
    this.unsynced = true
  }

  /** Metadata that a sync makes durable together with the content. */
  touched(): void {
    this.unsynced = true
  }

  sync(): void {
    if (!this.unsynced) return
    const { bytes, sizeBytes, mtimeMs, ctimeMs, mode } = this
    this.stable = { bytes, sizeBytes, mtimeMs, ctimeMs, mode }
    this.sharedWithStable = true
    this.unsynced = false
  }

  /** Loss of power: it leaves everything, what was synced, or a mixture of both page by page, as when the kernel had
   *  begun to write back. `draw` answers uniformly in [0, 1). */
  losePower(draw: () => number): void {
    if (!this.unsynced || this.kind !== 'file') return
    const fate = draw()
    if (fate < 1 / 3) this.sync()
    else if (fate < 2 / 3) this.restoreStable()
    else this.restoreMixture(draw)
  }

  private restoreStable(): void {
    this.bytes = this.stable.bytes
    this.sizeBytes = this.stable.sizeBytes
    this.mtimeMs = this.stable.mtimeMs
    this.ctimeMs = this.stable.ctimeMs
    this.mode = this.stable.mode
    this.sharedWithStable = true
    this.unsynced = false
  }

  private restoreMixture(draw: () => number): void {
    const { bytes, sizeBytes, stable } = this
    // The size is metadata and reaches the disk by itself: data that did not is read as zeros.
    const mixed = new Uint8Array(sizeBytes)
    for (let start = 0; start < sizeBytes; start += PAGE_BYTES) {
      const end = Math.min(start + PAGE_BYTES, sizeBytes)
      const source = draw() < 0.5 ? bytes : stable.bytes
      mixed.set(source.subarray(start, Math.min(end, source.length)), start)
    }
    this.bytes = mixed
    this.sharedWithStable = false
    this.sync()
  }

  private makeRoom(sizeBytes: number): void {
    const grows = sizeBytes > this.bytes.length
    if (!grows && !this.sharedWithStable) return
    const capacity = grows
      ? Math.max(sizeBytes, Math.min(2 * this.bytes.length, sizeBytes + SPARE_BYTES_MAX))
      : 0
    const larger = new Uint8Array(Math.max(capacity, this.bytes.length))
    larger.set(this.bytes.subarray(0, this.sizeBytes))
    this.bytes = larger
    this.sharedWithStable = false
  }
}

/** Names of a folder of which those that differ in case or Unicode form are one: the spelling that came first stays. */
class FoldedNames extends Map<string, Inode> {
  override get(name: string): Inode | undefined {
    return super.get(this.spelt(name))
  }

  override has(name: string): boolean {
    return super.has(this.spelt(name))
  }

  override set(name: string, inode: Inode): this {
    return super.set(this.spelt(name), inode)
  }

  override delete(name: string): boolean {
    return super.delete(this.spelt(name))
  }

  private spelt(name: string): string {
    if (super.has(name)) return name
    const folded = foldedName(name)
    for (const known of this.keys()) if (foldedName(known) === folded) return known
    return name
  }
}

const NOTHING = new Uint8Array(0)
const EMPTY: StableContent = { bytes: NOTHING, sizeBytes: 0, mtimeMs: 0, ctimeMs: 0, mode: 0o600 }
const NO_NAMES: Map<string, Inode> = new Map()
/** Bytes that the kernel writes back at once. */
const PAGE_BYTES = 4096
const SPARE_BYTES_MAX = 1 << 20

export function isEmpty(inode: Inode): boolean {
  return inode.names.size === 0 && inode.illegibleNames.length === 0
}

export function isWithin(folder: Inode, inode: Inode): boolean {
  if (folder === inode) return true
  for (const child of folder.names.values())
    if (child.kind === 'folder' && isWithin(child, inode)) return true
  return false
}

/** Calls back for a thing and everything below it, links not followed. */
export function visit(inode: Inode, path: string, callback: (path: string, inode: Inode) => void): void {
  callback(path, inode)
  for (const [name, child] of inode.names) visit(child, path === '' ? name : `${path}/${name}`, callback)
}

/** Where a path of the share leads, links followed on the way and, if asked for, at its end. With 'outward' a link that leads to a
 *  place of the share by its text is the end of the way. */
export function resolvePath(from: {
  readonly world: Inode
  readonly share: Inode
  readonly path: string
  readonly followLast: boolean
  readonly following: 'all' | 'outward'
}): Inode | undefined {
  const { world, share, path, followLast, following } = from
  const names = from.path.split('/')
  const above: Inode[] = [world]
  let current = share
  let linkCount = 0
  /** Names of the path itself that were passed, and those up to the last link. */
  let depth = 0
  let floor = 0
  /** Names that are still to come of what links point at. */
  let borrowedCount = 0
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const isBorrowed = borrowedCount > 0
    if (isBorrowed) borrowedCount--
    else depth++
    if (name === '' || name === '.') continue
    if (name === '..') {
      current = above.pop() ?? world
      continue
    }
    if (current.unreadable) throw new DiskError('denied', `${from.path}: its folder may not be read`)
    const next = current.names.get(name)
    if (next === undefined) return undefined
    if (next.kind !== 'link' || (names.length === 0 && !followLast)) {
      above.push(current)
      current = next
      continue
    }
    if (following === 'outward' && !isBorrowed) {
      const prefix = path.split('/').slice(0, depth).join('/')
      if (innerTarget(prefix, next.target, floor) !== undefined) return names.length === 0 ? next : undefined
      floor = depth
    }
    linkCount++
    if (linkCount > LINKS_MAX) return undefined
    const borrowed = next.target.split('/')
    borrowedCount += borrowed.length
    names.unshift(...borrowed)
    if (next.target.startsWith('/')) {
      above.length = 0
      current = world
    }
  }
  return current
}

/** Links followed in one path, as Linux has it. */
const LINKS_MAX = 40
