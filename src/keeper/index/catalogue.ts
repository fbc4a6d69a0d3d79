// The share as this machine knows it: the manifest, what each file looked like when its content was read, where
// each digest is found; kept in the index on disk so that a restart does not read every file again.

import type { Index } from '../../base/index-port.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { DiskError } from '../../base/ports.js'
import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import type { Entry } from '../../share/entry.js'
import { Manifest } from '../../share/manifest.js'
import { Holders } from './holders.js'
import { decodeFormat1Record, decodeRecord, encodeRecord } from './index-line.js'
import { COMMIT_CHANGES_MAX } from './limits.js'
import { packSignature, type Signature, unpackSignature } from './signature.js'

/** In the index: the format of its lines, where it is not the first one. */
const FORMAT = 'format'
const FORMAT_NOW = '2'

export class Catalogue {
  readonly manifest: Manifest
  private readonly index: Index
  private readonly holders = new Holders()
  /** Contents whose list is here and whose file is not yet: the list stays even when another file of the content goes. */
  private readonly awaited = new Set<Digest>()
  private changes: Entry[] | undefined = []
  private uncommitted = 0
  private beforeCommit: () => void = () => {}
  private recorded: (path: string) => void = () => {}

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
    const note = this.manifest.note(path)
    return note === '' ? undefined : unpackSignature(note)
  }

  /** Takes note of an entry. `signature` of a file is what its stat told while its content was known;
   *  undefined where that is not sure, so that the next scan reads it again. */
  record(entry: Entry, signature: Signature | undefined): void {
    const before = this.manifest.get(entry.path)
    this.manifest.set(entry, noteOf(signature))
    this.awaited.delete(entry.digest)
    if (before?.kind !== entry.kind || before.digest !== entry.digest) {
      this.unhold(before)
      this.hold(entry)
    }
    this.index.put(entry.path, encodeRecord(entry, signature))
    this.handleUncommitted()
    this.recorded(entry.path)
    if (this.changes !== undefined) {
      this.changes.push(entry)
      if (this.changes.length > CHANGES_LISTED_MAX) this.changes = undefined
    }
  }

  /** Files whose content is known for sure, and what they looked like then. */
  *signedFiles(): Iterable<{ readonly entry: Entry; readonly signature: Signature }> {
    for (const { entry, note } of this.manifest.noted())
      if (entry.kind === 'file') yield { entry, signature: unpackSignature(note) }
  }

  /** The content of a file is not what it should be: it counts as unknown until it has been read again. */
  doubt(path: string): void {
    const entry = this.manifest.get(path)
    if (entry === undefined || this.manifest.note(path) === '') return
    this.manifest.setNote(path, '')
    this.index.put(path, encodeRecord(entry, undefined))
    this.handleUncommitted()
  }

  /** The same content looked at again (a link count or an owner changed): nothing to tell anyone. */
  refreshSignature(path: string, signature: Signature): void {
    const entry = this.manifest.get(path)
    if (entry === undefined) return
    this.manifest.setNote(path, noteOf(signature))
    this.awaited.delete(entry.digest)
    this.index.put(path, encodeRecord(entry, signature))
    this.handleUncommitted()
  }

  /** Forgets a path as if it had never been seen: what is there is not what was recorded, and nobody made it so. The
   *  share's later edits need another author then (`authorOf` in recovery.ts). */
  forget(path: string): void {
    this.unhold(this.manifest.get(path))
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
    this.manifest.set(record.entry, noteOf(record.signature))
    this.hold(record.entry)
    return now === undefined
  }

  /** Writes the lines of format 1 as lines of today. A kill on the way leaves some of either, and the next start goes on. */
  private writeFormat(translated: readonly string[]): void {
    for (const [at, path] of translated.entries()) {
      this.index.put(path, encodeRecord(this.manifest.get(path)!, this.signature(path)))
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

function noteOf(signature: Signature | undefined): string {
  return signature === undefined ? '' : packSignature(signature)
}
