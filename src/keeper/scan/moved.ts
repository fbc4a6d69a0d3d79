// Pairs what vanished with what appeared: a file that has the inode of one that is missing was moved, and edited where its digest is
// another one. The deletion then names the new path, a hint that spares the others a fetch and a copy. Disks give the inode of a
// removed file to a new one: then the hint is of no use, and does no harm. Both halves are told together: until the other
// half is recorded nothing is announced. The scanner asks it.

import type { Digest } from '../../base/item.js'
import type { Disk } from '../../base/ports.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { type Signature, sameSignature } from '../index/signature.js'
import { MOVE_MS_MAX, REPLACED_MS_MAX, SAME_CONTENT_LOOKED_AT_MAX } from './limits.js'

export class Moved {
  private readonly disk: Disk
  private readonly catalogue: Catalogue
  /** Missing paths of which the files are not among `missing` yet. */
  private readonly unlisted = new Set<string>()
  /** Files that are missing, by inode. */
  private readonly missing = new Map<number, string>()
  /** Where files are that are missing at their old paths. */
  private readonly targets = new Map<string, string>()
  /** Old paths of which nothing is recorded yet, and how long nothing is announced for that. */
  private readonly open = new Map<string, number>()

  constructor({ disk, catalogue }: { readonly disk: Disk; readonly catalogue: Catalogue }) {
    this.disk = disk
    this.catalogue = catalogue
  }

  /** Nothing is at the path any more, where the catalogue knows something. A folder may have been recorded elsewhere already. */
  handleMissing(path: string, nowMs: number): void {
    this.unlisted.add(path)
    if (this.catalogue.live(path)?.kind === 'folder') this.open.set(path, nowMs + MOVE_MS_MAX)
  }

  /** Something stands at the path, or its deletion was recorded. */
  handleRecorded(path: string): void {
    this.open.delete(path)
    this.targets.delete(path)
  }

  /** Nothing is missing any more. */
  handleIdle(): void {
    this.unlisted.clear()
    this.missing.clear()
    this.targets.clear()
  }

  /** The digest of a file that is all that a missing one was, ctime too, as those are whose folder was renamed. */
  digestOf(signature: Signature): Digest | undefined {
    const from = this.missingFile(signature.inode)
    if (from === undefined || !sameSignature(this.catalogue.signature(from), signature)) return undefined
    return this.disk.statLink(from) === undefined ? (this.catalogue.live(from)?.digest as Digest) : undefined
  }

  /** A file is about to be recorded at a path. Answers where it was before, if it was elsewhere. */
  handleFile(path: string, { inode }: Signature, digest: Digest, nowMs: number): string | undefined {
    if (this.catalogue.live(path)?.digest === digest) return undefined
    const from = this.oldPath(path, inode, digest)
    if (from === undefined) return undefined
    const isGone = this.disk.statLink(from) === undefined
    if (isGone) this.targets.set(from, path)
    this.open.set(from, nowMs + (isGone ? MOVE_MS_MAX : REPLACED_MS_MAX))
    return from
  }

  /** A file that was missing for longer than that is waited for turned up at `to`. */
  handleLate(from: string, to: string): void {
    this.targets.set(from, to)
  }

  /** Where the content of an entry that is missing is now; '' where it is nowhere. */
  targetOf({ path }: Entry): string {
    const target = this.targets.get(path)
    return target === undefined || this.catalogue.live(target) === undefined ? '' : target
  }

  /** Whether one of these inodes is that of a file that is missing at the path, or below it. */
  isAwaited(path: string, inodes: Pick<ReadonlyMap<number, unknown>, 'has' | 'keys'>): boolean {
    const own = this.catalogue.live(path)?.kind === 'file' ? this.catalogue.signature(path)?.inode : undefined
    if (own !== undefined) return inodes.has(own) && this.missingFile(own) === path
    for (const inode of inodes.keys()) {
      const from = this.missingFile(inode)
      if (from === path || from?.startsWith(`${path}/`)) return true
    }
    return false
  }

  /** Whether one half of a move is recorded and the other is not. */
  isOpen(nowMs: number): boolean {
    for (const [path, untilMs] of this.open) {
      if (nowMs < untilMs) return true
      this.open.delete(path)
    }
    return false
  }

  private oldPath(path: string, inode: number, digest: Digest): string | undefined {
    const missing = this.missingFile(inode)
    if (missing !== undefined && missing !== path && this.wasFile(missing, inode)) return missing
    // Its absence may not have been seen yet, or something else stands there by now.
    for (const holder of this.catalogue.holdersOf(digest, SAME_CONTENT_LOOKED_AT_MAX))
      if (holder !== path && this.wasFile(holder, inode)) return holder
    return undefined
  }

  /** Whether this very file was last seen at the path, and is there no more. */
  private wasFile(path: string, inode: number): boolean {
    if (this.catalogue.live(path)?.kind !== 'file') return false
    if (this.catalogue.signature(path)?.inode !== inode) return false
    return this.disk.statLink(path)?.inode !== inode
  }

  private missingFile(inode: number): string | undefined {
    for (const path of this.unlisted) {
      const entry = this.catalogue.live(path)
      if (entry !== undefined) this.list(entry)
      else this.listBelow(path)
    }
    this.unlisted.clear()
    return this.missing.get(inode)
  }

  private list({ path, kind }: Entry): void {
    if (kind === 'folder') this.listBelow(path)
    const inode = kind === 'file' ? this.catalogue.signature(path)?.inode : undefined
    if (inode !== undefined) this.missing.set(inode, path)
  }

  private listBelow(folder: string): void {
    for (const entry of this.catalogue.manifest.children(folder)) this.list(entry)
  }
}

/** Where a folder is now of which one part is at `target`: '' where that does not tell. */
export function movedFolder(part: string, target: string): string {
  const name = part.slice(part.lastIndexOf('/'))
  return target.endsWith(name) && part.includes('/') ? parentOf(target) : ''
}
