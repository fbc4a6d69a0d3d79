// The index in the simulated world: survives a crash as far as it was committed.

import type { Index, IndexedValue } from '../../base/index-port.js'
import type { Digest } from '../../base/item.js'

/** Entries, lists and meta. */
export type IndexCopy = readonly [
  ReadonlyMap<string, string>,
  ReadonlyMap<string, Uint8Array>,
  ReadonlyMap<string, string>,
]

export class SimIndex implements Index {
  private readonly entries = new CommittedMap<string>()
  private readonly lists = new CommittedMap<Uint8Array>()
  private readonly meta = new CommittedMap<string>()

  load(): Iterable<IndexedValue> {
    return [...this.entries.current].map(([path, value]) => ({ path, value }))
  }

  put(path: string, value: string): void {
    this.entries.change(path, value)
  }

  remove(path: string): void {
    this.entries.change(path, undefined)
  }

  getList(digest: Digest): Uint8Array | undefined {
    return this.lists.current.get(digest)?.slice()
  }

  putList(digest: Digest, list: Uint8Array): void {
    this.lists.change(digest, list.slice())
  }

  removeList(digest: Digest): void {
    this.lists.change(digest, undefined)
  }

  listDigests(): Iterable<Digest> {
    return [...this.lists.current.keys()]
  }

  getMeta(name: string): string | undefined {
    return this.meta.current.get(name)
  }

  putMeta(name: string, value: string): void {
    this.meta.change(name, value)
  }

  commit(): void {
    for (const map of [this.entries, this.lists, this.meta]) map.commit()
  }

  /** As it is on the disk: what was committed. */
  copy(): IndexCopy {
    return [this.entries, this.lists, this.meta].map((map) => map.committedCopy()) as unknown as IndexCopy
  }

  putBack([entries, lists, meta]: IndexCopy): void {
    this.entries.putBack(entries)
    this.lists.putBack(lists)
    this.meta.putBack(meta)
  }

  /** The process dies: what was not committed has never been. */
  crash(): void {
    for (const map of [this.entries, this.lists, this.meta]) map.crash()
  }
}

class CommittedMap<T> {
  readonly current = new Map<string, T>()
  /** The value of each key that changed since the last commit, as of that commit; undefined for none. */
  private readonly committed = new Map<string, T | undefined>()

  change(key: string, value: T | undefined): void {
    if (!this.committed.has(key)) this.committed.set(key, this.current.get(key))
    this.assign(key, value)
  }

  commit(): void {
    this.committed.clear()
  }

  committedCopy(): ReadonlyMap<string, T> {
    const copy = new Map(this.current)
    for (const [key, value] of this.committed) {
      if (value === undefined) copy.delete(key)
      else copy.set(key, value)
    }
    return copy
  }

  putBack(copy: ReadonlyMap<string, T>): void {
    this.current.clear()
    this.committed.clear()
    for (const [key, value] of copy) this.current.set(key, value)
  }

  crash(): void {
    for (const [key, value] of this.committed) this.assign(key, value)
    this.committed.clear()
  }

  private assign(key: string, value: T | undefined): void {
    if (value === undefined) this.current.delete(key)
    else this.current.set(key, value)
  }
}
