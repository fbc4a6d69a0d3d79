// The share as this machine knows it: the manifest, what each file looked like when its content was read, where
// each digest is found; kept in the index on disk so that a restart does not read every file again.

import { assert } from '../../base/assert.js'
import type { Index } from '../../base/index-port.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { DiskError } from '../../base/ports.js'
import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import { countOf, dotsOf, isOfFormat1, type PeerId, peerOf } from '../../share/dots.js'
import type { Entry, Mode } from '../../share/entry.js'
import { sameEntry } from '../../share/entry-line.js'
import { Manifest } from '../../share/manifest.js'
import { FoldedPaths } from './folded.js'
import { Holders } from './holders.js'
import { decodeFormat1Record, decodeRecord, encodeNotHeld, encodeRecord } from './index-line.js'
import { COMMIT_CHANGES_MAX, COUNTED_AUTHORS_MAX } from './limits.js'
import { NotHeldPaths } from './not-held-paths.js'
import { packLooks, unpackLooks } from './packed-looks.js'
import type { Signature } from './signature.js'

/** In the index: the format of its lines, where it is not the first one. */
const FORMAT = 'format'
const FORMAT_NOW = '2'

export class Catalogue {
  readonly manifest: Manifest
  readonly folded = new FoldedPaths()
  private readonly index: Index
  /** Paths of which the entry is known and nothing is here. */
  private readonly notHeld = new NotHeldPaths()
  private readonly holders = new Holders()
  /** Contents whose list is here and whose file is not yet: the list stays even when another file of the content goes. */
  private readonly awaited = new Set<Digest>()
  private changes: Entry[] | undefined = []
  private uncommitted = 0
  private beforeCommit: () => void = () => {}
  private recorded: (path: string) => void = () => {}
  /** The highest count of each author that an entry here has ever seen. */
  private readonly counts = new Map<PeerId, number>()
  /** Authors whose highest count is another one since `takeCounted`. */
  private counted = new Set<PeerId>()

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

  /** Live: something that is in this share, not the memory of a deletion nor what is only known. */
  live(path: string): Entry | undefined {
    const entry = this.manifest.get(path)
    return entry?.kind === 'tombstone' || !this.isHeld(path) ? undefined : entry
  }

  /** Whether what is known of the path is here too. A deletion is held. */
  isHeld(path: string): boolean {
    return !this.notHeld.has(path)
  }

  /** Entries that are known and not held. */
  get notHeldCount(): number {
    return this.notHeld.size
  }

  notHeldPaths(): Iterable<string> {
    return this.notHeld
  }

  /** Counts of what is held in this share, in files, folders and bytes. */
  heldTotals(): { files: number; folders: number; bytes: number } {
    let { fileCount: files, folderCount: folders, totalBytes: bytes } = this.manifest
    for (const path of this.notHeld) {
      const { kind, sizeBytes } = this.manifest.get(path)!
      if (kind === 'file') files--
      if (kind === 'folder') folders--
      bytes -= sizeBytes
    }
    return { files, folders, bytes }
  }

  /** Whether anything live of ours lies below `folder`, at any depth. */
  hasHeldBelow(folder: string): boolean {
    // Whatever is not held is live.
    return this.manifest.liveCountBelow(folder) > this.notHeld.countBelow(folder)
  }

  signature(path: string): Signature | undefined {
    return unpackLooks(this.manifest.note(path)).signature
  }

  /** What the disk last showed of who may read what is there. A change of it is an edit, and what it lacks of the entry's is
   *  none: the umask took it. */
  mode(path: string): Mode | undefined {
    return unpackLooks(this.manifest.note(path)).mode
  }

  /** Takes note of an entry. `signature` of a file is what its stat told while its content was known;
   *  undefined where that is not sure, so that the next scan reads it again. `mode`: of what has none. */
  record(entry: Entry, signature: Signature | undefined, mode?: Mode): void {
    const before = this.notHeld.delete(entry.path) ? undefined : this.manifest.get(entry.path)
    this.manifest.set(entry, packLooks({ signature, mode: entry.kind === 'tombstone' ? undefined : mode }))
    this.handleSeen(entry)
    this.awaited.delete(entry.digest)
    if (before?.kind !== entry.kind || before.digest !== entry.digest) {
      this.unhold(before)
      this.hold(entry)
    }
    this.put(entry)
    this.handleChanged(entry)
  }

  /** Takes note of a live entry that cannot be had here now: it is known and not held. Nothing live of ours stands at its
   *  path. Answers whether that is news. */
  recordNotHeld(entry: Entry): boolean {
    const { path } = entry
    assert(this.live(path) === undefined && entry.kind !== 'tombstone', 'only a free path is not held')
    const before = this.manifest.get(path)
    if (!this.isHeld(path) && before !== undefined && sameEntry(before, entry)) return false
    this.manifest.set(entry)
    this.handleSeen(entry)
    this.notHeld.add(path)
    this.put(entry)
    this.handleChanged(entry)
    return true
  }

  /** Takes note that the keeper removed what stood at the path, to make room for this entry: it is known and not held until it is
   *  recorded. */
  recordVacated(entry: Entry): void {
    this.unhold(this.live(entry.path))
    this.notHeld.add(entry.path)
    this.recordNotHeld(entry)
  }

  private handleChanged(entry: Entry): void {
    this.recorded(entry.path)
    if (this.changes === undefined) return
    this.changes.push(entry)
    if (this.changes.length > CHANGES_LISTED_MAX) this.changes = undefined
  }

  /** The highest count of an author that an entry here has ever seen; 0 where none has. */
  countOf(author: PeerId): number {
    return this.counts.get(author) ?? 0
  }

  /** Authors whose highest count is another one than at the last call. */
  takeCounted(): ReadonlySet<PeerId> {
    const { counted } = this
    // Asked for after each step of the keeper.
    if (counted.size > 0) this.counted = new Set()
    return counted
  }

  private handleSeen({ version }: Entry): void {
    for (const dot of dotsOf(version.seen)) {
      // Nobody counts in it, and each entry of a share of format 1 has one of its own.
      if (isOfFormat1(dot)) continue
      const peer = peerOf(dot)
      const count = countOf(dot)
      const known = this.counts.get(peer)
      if (known === undefined ? this.counts.size >= COUNTED_AUTHORS_MAX : count <= known) continue
      this.counts.set(peer, count)
      this.counted.add(peer)
    }
  }

  /** Files whose content is known for sure, and what they looked like then. */
  *signedFiles(): Iterable<{ readonly entry: Entry; readonly signature: Signature }> {
    for (const { entry, note } of this.manifest.noted()) {
      const { signature } = unpackLooks(note)
      if (entry.kind === 'file' && signature !== undefined) yield { entry, signature }
    }
  }

  /** The content of a file is not what it should be: it counts as unknown until it has been read again. */
  doubt(path: string): void {
    const entry = this.manifest.get(path)
    if (entry === undefined || this.signature(path) === undefined) return
    this.setLooks(path, undefined, this.mode(path))
    this.put(entry)
  }

  /** The same folder looked at again: nothing to tell anyone. */
  refreshMode(path: string, mode: Mode): void {
    const entry = this.manifest.get(path)
    if (entry === undefined) return
    this.setLooks(path, this.signature(path), mode)
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
    if (!this.notHeld.delete(path)) this.unhold(this.manifest.get(path))
    this.manifest.delete(path)
    this.index.remove(path)
    this.handleUncommitted()
    this.changes = undefined
  }

  /** A path whose file held this content when it was last read. */
  holderOf(digest: Digest): string | undefined {
    for (const path of this.holders.candidates(digest))
      if (this.manifest.get(path)?.digest === digest) return path
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
    if (this.uncommitted > 0) this.commitAll()
  }

  /** Also what the index was told beside entries, for which alone nothing is committed. */
  commitAll(): void {
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
    this.manifest.setNote(path, packLooks({ signature, mode }))
  }

  private put(entry: Entry): void {
    this.index.put(entry.path, this.lineOf(entry))
    this.handleUncommitted()
  }

  private lineOf(entry: Entry): string {
    const { path } = entry
    if (!this.isHeld(path)) return encodeNotHeld(entry)
    return encodeRecord({ entry, ...unpackLooks(this.manifest.note(path)) })
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
    this.manifest.set(record.entry, packLooks(record))
    this.handleSeen(record.entry)
    if (record.isHeld) this.hold(record.entry)
    else this.notHeld.add(path)
    return now === undefined
  }

  /** Writes the lines of format 1 as lines of today. A kill on the way leaves some of either, and the next start goes on. */
  private writeFormat(translated: readonly string[]): void {
    for (const [at, path] of translated.entries()) {
      this.index.put(path, this.lineOf(this.manifest.get(path)!))
      if ((at + 1) % COMMIT_CHANGES_MAX === 0) this.index.commit()
    }
    this.index.putMeta(FORMAT, FORMAT_NOW)
    if (translated.length > 0) this.index.commit()
  }

  private hold(entry: Entry): void {
    if (entry.kind === 'file') this.holders.add(entry.digest as Digest, this.manifest.placeOf(entry.path))
  }

  /** Of an entry that the manifest still has, or has replaced by another one. */
  private unhold(entry: Entry | undefined): void {
    if (entry?.kind !== 'file') return
    this.holders.remove(entry.digest, this.manifest.placeOf(entry.path))
    const { digest, sizeBytes } = entry
    if (sizeBytes <= BLOCK_BYTES || this.awaited.has(digest)) return
    if (this.holderOf(digest) === undefined) this.index.removeList(digest)
  }
}
