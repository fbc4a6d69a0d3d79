// The index of one share in one file, for machines on which lmdb does not load; open-index.ts chooses. Commits are appended,
// and count when their last record is on the disk: one that was cut short is overwritten by the next. Entries are read from the
// file when they are asked for, and of the lists the places are kept. When the file has become much larger than what it says,
// it is written anew.

import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LeftError } from '../base/errors.js'
import type { Index, IndexedValue } from '../base/index-port.js'
import type { Digest } from '../base/item.js'
import { diskError } from '../io/disk-errors.js'
import { syncFolderAt } from '../io/folder-sync.js'
import { MAGIC, type RecordPlace, RecordWriter, readPlace, readRecords } from './index-records.js'
import { INDEX_GARBAGE_BYTES_MAX } from './limits.js'

export const INDEX_FILE = 'left-index'

export class FileIndex implements Index {
  private readonly path: string
  private file: number
  /** The end of the last commit. */
  private end = MAGIC.length
  /** Size of the file when it is written anew, as last counted. */
  private liveBytes = 0
  private lists = new Map<Digest, RecordPlace>()
  private readonly facts = new Map<string, string>()
  private readonly pendingEntries = new Map<string, string | undefined>()
  private readonly pendingLists = new Map<Digest, Uint8Array | undefined>()
  private readonly pendingFacts = new Map<string, string>()

  /** `folder` (absolute) is made if missing; its parent exists. Throws a DiskError, or a LeftError where the file is of a
   *  newer version. */
  constructor(folder: string) {
    this.path = join(folder, INDEX_FILE)
    this.file = guarded('open', () => {
      mkdirSync(folder, { recursive: true })
      return openOrCreate(this.path)
    })
    try {
      guarded('read', () => this.find())
    } catch (error) {
      closeSync(this.file)
      throw error
    }
  }

  *load(): Generator<IndexedValue> {
    for (const [path, value] of guarded('read', () => this.readEntries())) yield { path, value }
  }

  put(path: string, value: string): void {
    this.pendingEntries.set(path, value)
  }

  remove(path: string): void {
    this.pendingEntries.set(path, undefined)
  }

  getList(digest: Digest): Uint8Array | undefined {
    if (this.pendingLists.has(digest)) return this.pendingLists.get(digest)
    const place = this.lists.get(digest)
    return place && guarded('read', () => readPlace(this.file, place))
  }

  putList(digest: Digest, list: Uint8Array): void {
    this.pendingLists.set(digest, list)
  }

  removeList(digest: Digest): void {
    this.pendingLists.set(digest, undefined)
  }

  *listDigests(): Generator<Digest> {
    for (const digest of [...this.lists.keys()]) if (!this.pendingLists.has(digest)) yield digest
    for (const [digest, list] of [...this.pendingLists]) if (list !== undefined) yield digest
  }

  getMeta(name: string): string | undefined {
    return this.pendingFacts.get(name) ?? this.facts.get(name)
  }

  putMeta(name: string, value: string): void {
    this.pendingFacts.set(name, value)
  }

  commit(): void {
    const { pendingEntries, pendingLists, pendingFacts } = this
    if (pendingEntries.size + pendingLists.size + pendingFacts.size === 0) return
    const writer = new RecordWriter(this.file, this.end)
    guarded('write', () => {
      for (const [path, value] of pendingEntries) writer.entry(path, value)
      for (const [digest, list] of pendingLists) writer.list(digest, list)
      for (const [name, value] of pendingFacts) writer.fact(name, value)
      writer.finish()
    })
    this.end = writer.end
    for (const [digest, list] of pendingLists) if (list === undefined) this.lists.delete(digest)
    for (const [digest, place] of writer.lists) this.lists.set(digest, place)
    for (const [name, value] of pendingFacts) this.facts.set(name, value)
    for (const pending of [pendingEntries, pendingLists, pendingFacts]) pending.clear()
    if (this.end > 2 * this.liveBytes + INDEX_GARBAGE_BYTES_MAX) this.compact()
  }

  /** Discards changes that were not committed. */
  async close(): Promise<void> {
    closeSync(this.file)
  }

  /** Where the last commit ends, and what all of them say. */
  private find(): void {
    const bytesOf = new Map<string, number>()
    let lists = new Map<Digest, RecordPlace | undefined>()
    let facts = new Map<string, string>()
    for (const { record, start, end } of readRecords(this.file)) {
      if (record.kind === 'commit') {
        this.end = end
        for (const [digest, place] of lists)
          if (place === undefined) this.lists.delete(digest)
          else this.lists.set(digest, place)
        for (const [name, value] of facts) this.facts.set(name, value)
        lists = new Map()
        facts = new Map()
        continue
      }
      if (record.kind === 'list') lists.set(record.digest, record.place)
      else if (record.kind === 'fact') facts.set(record.name, record.value)
      const isGone = record.kind === 'list' ? record.place === undefined : record.value === undefined
      bytesOf.set(keyOf(record), isGone ? 0 : end - start)
    }
    for (const bytes of bytesOf.values()) this.liveBytes += bytes
  }

  private readEntries(): Map<string, string> {
    const entries = new Map<string, string>()
    for (const { record, end } of readRecords(this.file)) {
      if (end > this.end) break
      if (record.kind !== 'entry') continue
      if (record.value === undefined) entries.delete(record.path)
      else entries.set(record.path, record.value)
    }
    return entries
  }

  /** Into another file, which takes the place of this one when it is whole. Where that fails this one goes on, and grows. */
  private compact(): void {
    const path = `${this.path}.new`
    let file: number | undefined
    try {
      rmSync(path, { force: true })
      file = openOrCreate(path)
      const writer = new RecordWriter(file, MAGIC.length)
      for (const [entry, value] of this.readEntries()) writer.entry(entry, value)
      for (const [digest, place] of this.lists) writer.list(digest, readPlace(this.file, place))
      for (const [name, value] of this.facts) writer.fact(name, value)
      writer.finish()
      renameSync(path, this.path)
      closeSync(this.file)
      this.file = file
      this.end = writer.end
      this.lists = writer.lists
    } catch {
      if (file !== undefined) closeSync(file)
      rmSync(path, { force: true })
    }
    this.liveBytes = this.end
    guarded('write', () => syncFolderAt(dirname(path)))
  }
}

function keyOf(record: { kind: string; path?: string; digest?: string; name?: string }): string {
  return `${record.kind} ${record.path ?? record.digest ?? record.name}`
}

function openOrCreate(path: string): number {
  closeSync(openSync(path, 'a'))
  const file = openSync(path, 'r+')
  try {
    const magic = Buffer.alloc(MAGIC.length)
    const read = readSync(file, magic, 0, magic.length, 0)
    if (magic.equals(MAGIC)) return file
    if (read === MAGIC.length)
      throw new LeftError('state-newer', `${path} was written by a newer left: start that one on this share`)
    // New, or cut short before anything was committed.
    writeSync(file, MAGIC, 0, MAGIC.length, 0)
    fsyncSync(file)
    syncFolderAt(dirname(path))
    return file
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function guarded<T>(operation: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof LeftError) throw error
    throw diskError(error, operation, 'the index')
  }
}
