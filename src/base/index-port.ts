// The index port: what a share remembers between runs so that it need not read every file again. Its real bodies, under
// `.left/index`, are lmdb (src/watcher/index-store.ts) and, where that does not load, one file (src/watcher/file-index.ts);
// its simulated one is a map (src/sim/peer/index.ts).

import type { Digest } from './item.js'

/** One remembered path. The value is its owner's to write and read; the index keeps it as it is. */
export interface IndexedValue {
  readonly path: string
  readonly value: string
}

/** Changes are seen at once by whoever asks, and survive a kill from the next `commit` on: all of them or, if the
 *  kill comes first, none. Failures throw a DiskError. */
export interface Index {
  /** Every path, in no order that means anything. Not to be mixed with changes. */
  load(): Iterable<IndexedValue>
  put(path: string, value: string): void
  remove(path: string): void
  /** Block digests of a file, by the digest of the list. */
  getList(digest: Digest): Uint8Array | undefined
  putList(digest: Digest, list: Uint8Array): void
  removeList(digest: Digest): void
  /** Digests of all lists: what nobody holds any more can be removed. */
  listDigests(): Iterable<Digest>
  /** A few facts about the whole share, by name. */
  getMeta(name: string): string | undefined
  putMeta(name: string, value: string): void
  /** Returns when everything above is on stable storage. */
  commit(): void
}
