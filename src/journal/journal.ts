// The log of one share: what is being fetched, which blocks are on the disk, what has been put in place.
// The keeper opens one at start, acts on what it replays (see src/keeper/recover/recovery.ts), and appends as it works.
//
// The log claims nothing before it is so: `blocks` after the blocks were written, `placed` after the rename.
// It is not synced for each record, so after the machine itself went down its tail may be missing and what
// it claims may be missing too; claims are checked by digest then.

import { BlockSet } from '../base/blockset.js'
import { equalBytes, textOf, utf8 } from '../base/bytes.js'
import { LeftError } from '../base/errors.js'
import { blockCount, type Digest } from '../base/item.js'
import { JOURNAL_PATH, NEW_JOURNAL_PATH, OWN_FOLDER } from '../base/own-folder.js'
import type { Disk, FileHandle } from '../base/ports.js'
import { COMPACT_BATCH_RECORDS, COMPACT_BYTES_MIN, COMPACT_GROWTH, REPLAY_CHUNK_BYTES } from './limits.js'
import { PlacedPaths } from './placed-paths.js'
import {
  type Crc32,
  decodeRecord,
  type EntryCodec,
  encodeRecords,
  type JournalRecord,
  type Placeable,
  type RecordFault,
  runsOf,
} from './record.js'

export { JOURNAL_PATH }

const HEADER = utf8('left-journal 1\n')
const HEADER_OF_ANY_VERSION = /^left-journal \d/

export interface JournalOptions<E extends Placeable> extends EntryCodec<E> {
  readonly disk: Disk
  readonly crc32: Crc32
}

/** A file of several blocks that is being built in `.left/tmp/<digest>`. */
export interface Fetch {
  readonly path: string
  readonly sizeBytes: number
  /** On the disk and verified, as far as the log knows. */
  readonly blocks: BlockSet
}

/** About to be renamed into place, or just renamed. */
export interface LoggedPlacing<E extends Placeable> {
  readonly entry: E
  /** Digest of what was there; '' for nothing. */
  readonly replaces: Digest | ''
  /** The file that was to be renamed, if any. */
  readonly temporary?: string
}

/** A folder about to be renamed, or just renamed, with all that is in it. */
export interface LoggedMoving {
  readonly from: string
  readonly path: string
  readonly line: string
}

/** The findings of the replay of a log. */
export interface Replay {
  readonly recordCount: number
  /** Identifies the run of the machine that wrote the last records; '' in a new log. */
  readonly boot: string
  /** Where reading stopped before the end of the file and why; the rest was cut off. */
  readonly cut: { readonly offset: number; readonly reason: RecordFault | 'bad-header' } | undefined
}

export class Journal<E extends Placeable> {
  /** The findings when the log was opened. */
  readonly replay: Replay

  private readonly options: JournalOptions<E>
  private readonly fetchOf = new Map<Digest, Fetch>()
  private readonly placingAt = new Map<string, LoggedPlacing<E>>()
  /** By the new path. */
  private readonly movingAt = new Map<string, LoggedMoving>()
  /** With the digest that was placed: all that received files leave in memory. */
  private readonly placedAt = new PlacedPaths()
  private bootNow = ''
  private handle: FileHandle
  private endOffset = 0
  /** Bytes that the last compaction left. */
  private compactedBytes = 0
  /** A failed append may have left part of itself behind the end. */
  private torn = false
  private unsynced = true

  /** Opens or makes `.left/journal` (`.left` exists), replays it and cuts off what cannot be read. Throws a
   *  DiskError, or a LeftError 'state-newer' where another format wrote it. */
  constructor(options: JournalOptions<E>) {
    this.options = options
    if (options.disk.statLink(NEW_JOURNAL_PATH) !== undefined) options.disk.removeFile(NEW_JOURNAL_PATH)
    this.handle = options.disk.create(JOURNAL_PATH)
    try {
      this.replay = this.readAll()
    } catch (error) {
      options.disk.close(this.handle)
      throw error
    }
  }

  /** Files being built, by digest. Live: what is appended shows here. */
  get fetches(): ReadonlyMap<Digest, Fetch> {
    return this.fetchOf
  }

  /** Renames that were announced and are not known to have happened. */
  get placing(): LoggedPlacing<E>[] {
    return [...this.placingAt.values()]
  }

  /** Whether one was announced for this path. */
  isPlacing(path: string): boolean {
    return this.placingAt.has(path)
  }

  /** The same of folders. */
  get moving(): LoggedMoving[] {
    return [...this.movingAt.values()]
  }

  /** Files that were put in place and may not be on stable storage yet. */
  get placedSinceCheckpoint(): Omit<PlacedPaths, 'set' | 'clear'> {
    return this.placedAt
  }

  /** Whether what was put at this path may not be on stable storage: a loss of power may bring it back, torn, even where it
   *  was removed since. */
  mayBeUnsynced(path: string): boolean {
    return this.placedAt.has(path) || this.placingAt.has(path)
  }

  /** The run of the machine that the last `opened` named; '' before any. */
  get boot(): string {
    return this.bootNow
  }

  get sizeBytes(): number {
    return this.endOffset
  }

  /** Appends in one write; returns when the kernel has it. On a DiskError nothing was appended. */
  append(records: JournalRecord<E> | readonly JournalRecord<E>[]): void {
    const batch = 'kind' in records ? [records] : records
    const bytes = encodeRecords(batch, this.options, this.options.crc32)
    if (bytes.length === 0) return
    this.mendTornEnd()
    try {
      this.options.disk.write(this.handle, bytes, this.endOffset)
    } catch (error) {
      this.torn = true
      throw error
    }
    this.endOffset += bytes.length
    this.unsynced = true
    for (const record of batch) this.apply(record)
  }

  /** Returns when everything appended is on stable storage. */
  sync(): void {
    if (!this.unsynced) return
    this.options.disk.sync(this.handle)
    this.unsynced = false
  }

  /** Rewrites the log to what still matters, once it has `bytesMin` and has grown since the last time. Answers whether it did.
   *  On a DiskError the old log goes on as it was. */
  compactIfLarge(bytesMin = COMPACT_BYTES_MIN): boolean {
    if (this.endOffset < Math.max(bytesMin, this.compactedBytes * COMPACT_GROWTH)) return false
    const { disk } = this.options
    const fresh = disk.create(NEW_JOURNAL_PATH)
    let endOffset: number
    try {
      disk.truncate(fresh, 0)
      endOffset = this.writeLive(fresh)
      disk.sync(fresh)
      disk.rename(NEW_JOURNAL_PATH, JOURNAL_PATH)
    } catch (error) {
      disk.close(fresh)
      throw error
    }
    disk.close(this.handle)
    this.handle = fresh
    this.endOffset = endOffset
    this.torn = false
    this.compactedBytes = endOffset
    disk.syncFolder(OWN_FOLDER)
    return true
  }

  close(): void {
    this.options.disk.close(this.handle)
  }

  private readAll(): Replay {
    const { disk, crc32 } = this.options
    const fileBytes = disk.stateOf(this.handle).sizeBytes
    const header = new Uint8Array(HEADER.length)
    const headerBytes = disk.read(this.handle, header, 0)
    if (!equalBytes(header, HEADER)) {
      // A torn header is a beginning of ours or zeros; anything that names a version is not ours to cut.
      if (
        HEADER_OF_ANY_VERSION.test(textOf(header.subarray(0, headerBytes)) ?? '') &&
        headerBytes === HEADER.length
      ) {
        throw new LeftError(
          'state-newer',
          'the share was used by a newer left; install that version to go on',
        )
      }
      this.startAfresh()
      const cut = fileBytes === 0 ? undefined : { offset: 0, reason: 'bad-header' as const }
      return { recordCount: 0, boot: '', cut }
    }
    this.endOffset = HEADER.length
    let recordCount = 0
    let reason: RecordFault | undefined
    while (reason === undefined && this.endOffset < fileBytes) {
      const chunk = new Uint8Array(Math.min(REPLAY_CHUNK_BYTES, fileBytes - this.endOffset))
      const length = disk.read(this.handle, chunk, this.endOffset)
      const isLast = this.endOffset + length >= fileBytes || length < chunk.length
      let offset = 0
      while (offset < length) {
        const next = decodeRecord(chunk.subarray(0, length), offset, this.options, crc32)
        if (next.ok) {
          this.apply(next.value.record)
          offset = next.value.nextOffset
          recordCount++
          continue
        }
        // Cut by the end of what was read at once, not by the end of the file.
        if (next.reason !== 'truncated' || isLast || offset === 0) reason = next.reason
        break
      }
      this.endOffset += offset
      if (length === 0) break
    }
    if (this.endOffset < fileBytes) disk.truncate(this.handle, this.endOffset)
    const cut = reason === undefined ? undefined : { offset: this.endOffset, reason }
    return { recordCount, boot: this.bootNow, cut }
  }

  private startAfresh(): void {
    const { disk } = this.options
    disk.truncate(this.handle, 0)
    disk.write(this.handle, HEADER, 0)
    this.endOffset = HEADER.length
  }

  /** Cuts the bytes of a failed append before the next one: otherwise a whole record among them could follow the next
   *  batch and be believed. */
  private mendTornEnd(): void {
    if (!this.torn) return
    this.options.disk.truncate(this.handle, this.endOffset)
    this.torn = false
  }

  private apply(record: JournalRecord<E>): void {
    switch (record.kind) {
      case 'opened':
        this.bootNow = record.boot
        return
      case 'fetch':
        this.applyFetch(record.digest, record.path, record.sizeBytes)
        return
      case 'blocks': {
        const blocks = this.fetchOf.get(record.digest)?.blocks
        if (blocks === undefined) return
        for (const run of record.runs) {
          for (let index = run.first; index <= run.last && index < blocks.blockCount; index++)
            blocks.add(index)
        }
        return
      }
      case 'placing':
        this.placingAt.set(record.entry.path, record)
        return
      case 'moving':
        this.movingAt.set(record.path, record)
        return
      case 'placed':
        for (const path of record.paths) {
          this.applyPlaced(path)
          this.applyMoved(path)
        }
        return
      case 'unplaced':
        this.movingAt.delete(record.path)
        this.placingAt.delete(record.path)
        return
      case 'unsynced':
        this.placedAt.set(record.path, record.digest)
        return
      case 'dropped':
        this.fetchOf.delete(record.digest)
        return
      case 'checkpoint':
        this.placedAt.clear()
        return
    }
  }

  /** A second fetch of the same content goes on in the same temporary file. */
  private applyFetch(digest: Digest, path: string, sizeBytes: number): void {
    const known = this.fetchOf.get(digest)
    const blocks = known?.sizeBytes === sizeBytes ? known.blocks : new BlockSet(blockCount(sizeBytes))
    this.fetchOf.set(digest, { path, sizeBytes, blocks })
  }

  private applyPlaced(path: string): void {
    const placing = this.placingAt.get(path)
    if (placing === undefined) return
    this.placingAt.delete(path)
    this.placedAt.set(path, placing.entry.digest)
    // The rename took the temporary file away.
    if (placing.entry.digest !== '') this.fetchOf.delete(placing.entry.digest)
  }

  /** Renames the paths in the moved folder that may not be on stable storage: they are at its new place now. */
  private applyMoved(path: string): void {
    const moving = this.movingAt.get(path)
    if (moving === undefined) return
    this.movingAt.delete(path)
    const inside = `${moving.from}/`
    const moved = [...this.placedAt].filter(([placed]) => placed.startsWith(inside))
    for (const [placed, digest] of moved) this.placedAt.set(`${path}/${placed.slice(inside.length)}`, digest)
  }

  /** Writes the header and the live records, a batch at once: those of a million placed files would take hundreds of MB
   *  in memory. Answers where they end. */
  private writeLive(handle: FileHandle): number {
    const { disk, crc32 } = this.options
    let offset = 0
    const write = (bytes: Uint8Array): void => {
      disk.write(handle, bytes, offset)
      offset += bytes.length
    }
    write(HEADER)
    let batch: JournalRecord<E>[] = []
    for (const record of this.liveRecords()) {
      batch.push(record)
      if (batch.length < COMPACT_BATCH_RECORDS) continue
      write(encodeRecords(batch, this.options, crc32))
      batch = []
    }
    if (batch.length > 0) write(encodeRecords(batch, this.options, crc32))
    return offset
  }

  /** The shortest log that replays to the present state. */
  private *liveRecords(): Generator<JournalRecord<E>> {
    if (this.bootNow !== '') yield { kind: 'opened', boot: this.bootNow }
    for (const [path, digest] of this.placedAt) yield { kind: 'unsynced', digest, path }
    for (const [digest, { path, sizeBytes, blocks }] of this.fetchOf) {
      yield { kind: 'fetch', digest, sizeBytes, path }
      if (blocks.size > 0) yield { kind: 'blocks', digest, runs: runsOf(blocks) }
    }
    for (const placing of this.placingAt.values()) yield { kind: 'placing', ...placing }
    for (const { from, path, line } of this.movingAt.values()) yield { kind: 'moving', from, path, line }
  }
}
