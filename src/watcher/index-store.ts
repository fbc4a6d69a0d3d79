// The index of one share, in lmdb at `.left/index`. The watcher process alone opens it.
//
// Changes wait in memory and go into the tree in one synchronous transaction per commit. Measured with 80,000
// entries of 250 bytes: a commit of everything takes 90 ms and 45 MB for its dirty pages, commits of a
// thousand 105 ms and 10 MB. So: commit every 2,000 changes (COMMIT_CHANGES_MAX in src/keeper/index/limits.ts), or before
// announcing any. Reading 80,000 takes 55 ms, and the 35 MB of the file that are read through (118 MB of 300,000) count as
// resident memory as long as they are mapped. So: map the file anew every 50,000 entries (MAPPED_ENTRIES_MAX).

import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { assert } from '../base/assert.js'
import { bytesOfHex, hexOf } from '../base/bytes.js'
import type { Index, IndexedValue } from '../base/index-port.js'
import type { Digest } from '../base/item.js'
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from '../base/limits.js'
import { DiskError } from '../base/ports.js'
import { MAPPED_ENTRIES_MAX } from './limits.js'

/** lmdb-js takes keys of 1,978 bytes. Longer paths are kept under their hash, with the path in the value. */
const KEY_PATH_BYTES_MAX = 1_900

/** Address space, not memory or disk, for an index that no share outgrows. A map that grows is mapped anew while the old one
 *  still counts: that was 30 MB more for 84,000 files. */
const MAP_BYTES = 2 ** 34

const LMDB_FILES = ['data.mdb', 'lock.mdb'] as const

/** First byte of a key in the tree of entries. A path is a key by itself, or by its hash where it is long. */
const BY_PATH = 1
const BY_HASH = 2

/** Between path and value where the key is a hash: no path holds it. */
const PATH_END = '\0'

const { EIO, ENOSPC } = constants.errno

/** With less room than a large commit takes, a write that failed is taken to have failed for that. */
const FREE_BYTES_MIN = 64 * 1024 * 1024

/** With less room than a small commit takes none is even tried: lmdb itself writes a line on stderr for each that fails. */
const COMMIT_FREE_BYTES_MIN = 256 * 1024

/** Changes that were not committed: undefined is a removal. */
type Pending<T> = Map<string, T | undefined>

interface Maps {
  readonly root: RootDatabase<Uint8Array, Uint8Array>
  readonly entries: Database<Uint8Array, Uint8Array>
  readonly lists: Database<Uint8Array, Uint8Array>
  readonly meta: Database<Uint8Array, Uint8Array>
}

export class IndexStore implements Index {
  private readonly folder: string
  private maps: Maps
  /** Since it was mapped. */
  private committedEntries = 0
  private readonly pendingEntries: Pending<string> = new Map()
  private readonly pendingLists: Pending<Uint8Array> = new Map()
  private readonly pendingMeta: Pending<string> = new Map()

  /** `folder` (absolute) is made if missing; its parent exists. Throws a DiskError. */
  constructor(folder: string) {
    this.folder = folder
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // lmdb writes a new file through its map, and a full disk answers that with a signal that ends the process.
      const isNew = LMDB_FILES.some((name) => sizeOf(join(folder, name)) === 0)
      if (isNew && hasLessFree(folder, COMMIT_FREE_BYTES_MIN)) throw full('open')
      // lmdb would make them for everybody to read.
      for (const name of LMDB_FILES) closeSync(openSync(join(folder, name), 'a', 0o600))
      this.maps = mapsAt(folder)
    } catch (error) {
      throw failure('open', folder, error)
    }
  }

  *load(): Generator<IndexedValue> {
    assert(this.pendingEntries.size === 0, 'an index is loaded before it is changed')
    let start: Uint8Array | undefined
    for (let isMore = true; isMore; ) {
      const options = start === undefined ? {} : { start, exclusiveStart: true }
      let count = 0
      for (const { key, value } of this.maps.entries.getRange({
        ...options,
        snapshot: false,
        limit: MAPPED_ENTRIES_MAX,
      })) {
        start = key
        count++
        yield indexedValueOf(key, value)
      }
      isMore = count === MAPPED_ENTRIES_MAX
      this.remap()
    }
  }

  /** What lmdb reads stays resident as long as it is mapped, and a commit reads a page for nearly each entry. */
  private remap(): void {
    this.committedEntries = 0
    try {
      // Closed when this returns: writes are in synchronous transactions alone.
      void this.maps.root.close()
      this.maps = mapsAt(this.folder)
    } catch (error) {
      throw failure('open', this.folder, error)
    }
  }

  put(path: string, value: string): void {
    this.pendingEntries.set(path, value)
  }

  remove(path: string): void {
    this.pendingEntries.set(path, undefined)
  }

  getList(digest: Digest): Uint8Array | undefined {
    if (this.pendingLists.has(digest)) return this.pendingLists.get(digest)
    const list = this.maps.lists.get(digestKey(digest))
    return list === undefined ? undefined : new Uint8Array(list) // lmdb's own buffer is its page
  }

  putList(digest: Digest, list: Uint8Array): void {
    this.pendingLists.set(digest, list)
  }

  removeList(digest: Digest): void {
    this.pendingLists.set(digest, undefined)
  }

  *listDigests(): Generator<Digest> {
    for (const key of [...this.maps.lists.getKeys()]) {
      const digest = hexOf(key)
      if (!this.pendingLists.has(digest)) yield digest
    }
    for (const [digest, list] of [...this.pendingLists]) if (list !== undefined) yield digest
  }

  getMeta(name: string): string | undefined {
    if (this.pendingMeta.has(name)) return this.pendingMeta.get(name)
    const value = this.maps.meta.get(bytesOfText(name))
    return value === undefined ? undefined : textOfBytes(value)
  }

  putMeta(name: string, value: string): void {
    this.pendingMeta.set(name, value)
  }

  /** Changes of this commit, in memory until then. */
  get pendingCount(): number {
    return this.pendingEntries.size + this.pendingLists.size + this.pendingMeta.size
  }

  commit(): void {
    if (this.pendingCount === 0) return
    if (hasLessFree(this.folder, COMMIT_FREE_BYTES_MIN)) throw full('write')
    const { root, entries, lists, meta } = this.maps
    try {
      root.transactionSync(() => {
        for (const [path, value] of this.pendingEntries) applyEntry(entries, path, value)
        for (const [digest, list] of this.pendingLists) apply(lists, digestKey(digest), list)
        for (const [name, value] of this.pendingMeta) apply(meta, bytesOfText(name), bytesOfText(value!))
      })
    } catch (error) {
      throw failure('write', this.folder, error) // nothing was written: everything is pending still
    }
    this.committedEntries += this.pendingEntries.size
    this.pendingEntries.clear()
    this.pendingLists.clear()
    this.pendingMeta.clear()
    if (this.committedEntries >= MAPPED_ENTRIES_MAX) this.remap()
  }

  /** Discards changes that were not committed. */
  async close(): Promise<void> {
    await this.maps.root.close()
  }
}

/** Throws lmdb's errors. */
function mapsAt(folder: string): Maps {
  const options = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const
  // Without overlapping sync a commit that returned is on the disk, as lmdb itself promises.
  const shape = { noSubdir: false, maxDbs: 3, overlappingSync: false, mapSize: MAP_BYTES }
  const root = open({ ...options, ...shape, path: folder })
  const database = (name: string) => root.openDB(name, options)
  return { root, entries: database('entries'), lists: database('lists'), meta: database('meta') }
}

function indexedValueOf(key: Uint8Array, value: Uint8Array): IndexedValue {
  const text = textOfBytes(value)
  if (key[0] === BY_PATH) return { path: textOfBytes(key.subarray(1)), value: text }
  const pathEnd = text.indexOf(PATH_END)
  return { path: text.slice(0, pathEnd), value: text.slice(pathEnd + 1) }
}

function applyEntry(
  entries: Database<Uint8Array, Uint8Array>,
  path: string,
  value: string | undefined,
): void {
  const pathBytes = bytesOfText(path)
  assert(pathBytes.length <= PATH_BYTES_MAX, 'paths are checked where they come in')
  const long = pathBytes.length > KEY_PATH_BYTES_MAX
  const key = long
    ? keyOf(BY_HASH, createHash('sha256').update(pathBytes).digest())
    : keyOf(BY_PATH, pathBytes)
  apply(entries, key, value === undefined ? undefined : bytesOfText(long ? path + PATH_END + value : value))
}

function apply(tree: Database<Uint8Array, Uint8Array>, key: Uint8Array, value: Uint8Array | undefined): void {
  if (value === undefined) tree.removeSync(key)
  else tree.putSync(key, value)
}

function keyOf(kind: typeof BY_PATH | typeof BY_HASH, rest: Uint8Array): Uint8Array {
  const key = Buffer.allocUnsafe(1 + rest.length)
  key[0] = kind
  key.set(rest, 1)
  return key
}

function digestKey(digest: Digest): Uint8Array {
  const key = bytesOfHex(digest)
  assert(key !== undefined && key.length > 0, 'a digest is hexadecimal')
  return key
}

function bytesOfText(text: string): Buffer {
  return Buffer.from(text, 'utf8')
}

function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

/** A full disk cuts lmdb's write short, and it calls every short write an I/O error (5, EIO): the file system
 *  itself is asked which of the two it was. */
function failure(operation: string, folder: string, error: unknown): DiskError {
  if (error instanceof DiskError) return error
  const { message, code } = error as Error & { code?: unknown }
  const isFull = code === 'ENOSPC' || code === ENOSPC || (code === EIO && hasLessFree(folder, FREE_BYTES_MIN))
  return isFull ? full(operation, error) : new DiskError('io', `${operation} the index: ${message}`, error)
}

function full(operation: string, cause?: unknown): DiskError {
  return new DiskError('no-space', `${operation} the index: no space left on device`, cause)
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function hasLessFree(folder: string, bytes: number): boolean {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder)
    // Some network file systems count nothing.
    return blocks > 0 && bavail * bsize < bytes
  } catch {
    return false
  }
}

assert(NAME_BYTES_MAX <= KEY_PATH_BYTES_MAX, 'every path in the top folder is a key by itself')
