// The share as this machine knows it: the manifest, what each file looked like when its content was read, where
// each digest is found; kept in the index on disk so that a restart does not read every file again.

import type { Index } from '../../base/index-port.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { DiskError } from '../../base/ports.js'
import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import { countOf, dotOf, dotsOf, foldSeen, type PeerId, peerOf, type Seen } from '../../share/dots.js'
import type { Entry, Mode } from '../../share/entry.js'
import { Manifest } from '../../share/manifest.js'
import { decodeFormat1Record, decodeRecord, encodeRecord } from './index-line.js'
import { COMMIT_CHANGES_MAX } from './limits.js'
import { modeOf, type Signature } from './signature.js'

/** In the index: the format of its lines, where it is not the first one. */
const FORMAT = 'format'
const FORMAT_NOW = '2'

export class Catalogue {
  readonly manifest: Manifest
  private readonly index: Index
  private readonly signatures = new Map<string, Signature>()
  /** Modes of what has no signature: of folders, and of files whose content is not known for sure. */
  private readonly modes = new Map<string, Mode>()
  /** Paths that hold a digest: one, or several. */
  private readonly holders = new Map<Digest, string | Set<string>>()
  /** Contents whose list is here and whose file is not yet: the list stays even when another file of the content goes. */
  private readonly awaited = new Set<Digest>()
  private changes: Entry[] | undefined = []
  private uncommitted = 0
  private beforeCommit: () => void = () => {}
  private recorded: (path: string) => void = () => {}
  /** The highest count of each author that an entry here has ever seen. */
  private readonly counts = new Map<PeerId, number>()
  private hasNewCounts = true

  constructor(hash: Hash, index: Index) {
    this.manifest = new Manifest(hash)
    this.index = index
    const isFormat1 = index.getMeta(FORMAT) !== FORMAT_NOW
    const translated: string[] = []
    for (const { path, value } of index.load())
      if (this.restore(path, value, isFormat1)) translated.push(path)
    if (isFormat1) this.writeFormat(translated)
  }

  get(path: string): Entry | undefined {
    return this.manifest.get(path)
  }

  /** Live: something that is in the share, not the memory of a deletion. */
  live(path: string): Entry | undefined {
    const entry = this.manifest.get(path)
    return entry?.kind === 'tombstone' ? undefined : entry
  }

  signature(path: string): Signature | undefined {
    return this.signatures.get(path)
  }

  /** What the disk last showed of who may read what is there. A change of it is an edit, and what it lacks of the entry's is
   *  none: the umask took it. */
  mode(path: string): Mode | undefined {
    return this.signatures.get(path)?.mode ?? this.modes.get(path)
  }

  /** Takes note of an entry. `signature` of a file is what its stat told while its content was known;
   *  undefined where that is not sure, so that the next scan reads it again. `mode`: of what has none. */
  record(entry: Entry, signature: Signature | undefined, mode?: Mode): void {
    const before = this.manifest.get(entry.path)
    this.manifest.set(entry)
    this.handleSeen(entry)
    this.awaited.delete(entry.digest)
    if (before?.kind !== entry.kind || before.digest !== entry.digest) {
      this.unhold(before)
      this.hold(entry)
    }
    this.setLooks(entry.path, signature, entry.kind === 'tombstone' ? undefined : mode)
    this.put(entry)
    this.recorded(entry.path)
    if (this.changes !== undefined) {
      this.changes.push(entry)
      if (this.changes.length > CHANGES_LISTED_MAX) this.changes = undefined
    }
  }

  /** The highest counts of all authors that are known here, the latest of them where there are too many. */
  get knows(): Seen {
    const dots = [...this.counts].map(([peer, count]) => dotOf(peer, count))
    return foldSeen(dots.sort().join(','), []).seen
  }

  /** The same where it has changed since the last call. */
  takeKnows(): Seen | undefined {
    if (!this.hasNewCounts) return undefined
    this.hasNewCounts = false
    return this.knows
  }

  private handleSeen({ version }: Entry): void {
    for (const dot of dotsOf(version.seen)) {
      const peer = peerOf(dot)
      const count = countOf(dot)
      if (count <= (this.counts.get(peer) ?? 0)) continue
      this.counts.set(peer, count)
      this.hasNewCounts = true
    }
  }

  /** Files whose content is known for sure, and what they looked like then. */
  *signedFiles(): Iterable<{ readonly entry: Entry; readonly signature: Signature }> {
    for (const [path, signature] of this.signatures) {
      const entry = this.live(path)
      if (entry?.kind === 'file') yield { entry, signature }
    }
  }

  /** The content of a file is not what it should be: it counts as unknown until it has been read again. */
  doubt(path: string): void {
    const entry = this.manifest.get(path)
    if (entry === undefined || !this.signatures.has(path)) return
    this.setLooks(path, undefined, this.mode(path))
    this.put(entry)
  }

  /** The same folder looked at again: nothing to tell anyone. */
  refreshMode(path: string, mode: Mode): void {
    const entry = this.manifest.get(path)
    if (entry === undefined) return
    this.setLooks(path, this.signatures.get(path), mode)
    this.put(entry)
  }

  /** The same content looked at again (a link count or an owner changed): nothing to tell anyone. */
  refreshSignature(path: string, signature: Signature): void {
    const entry = this.manifest.get(path)
    if (entry === undefined) return
    this.setLooks(path, signature, undefined)
    this.awaited.delete(entry.digest)
    this.put(entry)
  }

  /** Forgets a path as if it had never been seen: what is there is not what was recorded, and nobody made it so. The
   *  share's later edits need another author then (recovery.ts). */
  forget(path: string): void {
    this.unhold(this.manifest.get(path))
    this.manifest.delete(path)
    this.setLooks(path, undefined, undefined)
    this.index.remove(path)
    this.handleUncommitted()
    this.changes = undefined
  }

  /** A path whose file held this content when it was last read. */
  holderOf(digest: Digest): string | undefined {
    const holder = this.holders.get(digest)
    if (holder === undefined || typeof holder === 'string') return holder
    for (const path of holder) return path
    return undefined
  }

  /** The block digests of a file of several blocks. */
  list(digest: Digest): Uint8Array | undefined {
    return this.index.getList(digest)
  }

  putList(digest: Digest, list: Uint8Array): void {
    this.awaited.add(digest)
    this.index.putList(digest, list)
    this.handleUncommitted()
  }

  /** Sets the listener for each path whose entry became another one. */
  onRecorded(recorded: (path: string) => void): void {
    this.recorded = recorded
  }

  /** Sets the action before each commit: it syncs the log, which must say that something is in place before the index
   *  does. */
  commitAfter(beforeCommit: () => void): void {
    this.beforeCommit = beforeCommit
  }

  /** Makes everything recorded so far survive a kill. Before anything is announced. */
  commit(): void {
    if (this.uncommitted === 0) return
    this.beforeCommit()
    this.index.commit()
    this.uncommitted = 0
  }

  /** Takes the entries recorded since the last call, or undefined where they are too many to list. */
  takeChanges(): readonly Entry[] | undefined {
    const { changes } = this
    this.changes = []
    return changes
  }

  private setLooks(path: string, signature: Signature | undefined, mode: Mode | undefined): void {
    if (signature === undefined) this.signatures.delete(path)
    else this.signatures.set(path, signature)
    if (signature !== undefined || mode === undefined) this.modes.delete(path)
    else this.modes.set(path, modeOf(mode))
  }

  private put(entry: Entry): void {
    const { path } = entry
    const [signature, mode] = [this.signatures.get(path), this.mode(path)]
    this.index.put(path, encodeRecord({ entry, signature, mode }))
    this.handleUncommitted()
  }

  private handleUncommitted(): void {
    if (++this.uncommitted % COMMIT_CHANGES_MAX !== 0) return
    try {
      this.commit()
    } catch (error) {
      // This bounds what a kill loses, no more: whoever commits before telling the peers says that the disk is full.
      if (!(error instanceof DiskError) || error.code !== 'no-space') throw error
    }
  }

  /** Answers whether the line was one of format 1. */
  private restore(path: string, value: string, mayBeFormat1: boolean): boolean {
    const now = decodeRecord(path, value)
    const record = now ?? (mayBeFormat1 ? decodeFormat1Record(path, value) : undefined)
    if (record === undefined) return false
    this.manifest.set(record.entry)
    this.handleSeen(record.entry)
    this.hold(record.entry)
    this.setLooks(path, record.signature, record.mode)
    return now === undefined
  }

  /** Writes the lines of format 1 as lines of today. A kill on the way leaves some of either, and the next start goes on. */
  private writeFormat(translated: readonly string[]): void {
    for (const [at, path] of translated.entries()) {
      const [entry, signature, mode] = [this.manifest.get(path)!, this.signatures.get(path), this.mode(path)]
      this.index.put(path, encodeRecord({ entry, signature, mode }))
      if ((at + 1) % COMMIT_CHANGES_MAX === 0) this.index.commit()
    }
    this.index.putMeta(FORMAT, FORMAT_NOW)
    if (translated.length > 0) this.index.commit()
  }

  private hold(entry: Entry): void {
    if (entry.kind !== 'file') return
    const holder = this.holders.get(entry.digest)
    if (holder === undefined) this.holders.set(entry.digest, entry.path)
    else if (typeof holder === 'string') this.holders.set(entry.digest, new Set([holder, entry.path]))
    else holder.add(entry.path)
  }

  private unhold(entry: Entry | undefined): void {
    if (entry?.kind !== 'file') return
    const holder = this.holders.get(entry.digest)
    if (holder === undefined) return
    if (typeof holder !== 'string') {
      holder.delete(entry.path)
      if (holder.size > 0) return
    } else if (holder !== entry.path) return
    this.holders.delete(entry.digest)
    if (entry.sizeBytes > BLOCK_BYTES && !this.awaited.has(entry.digest)) this.index.removeList(entry.digest)
  }
}
