// Which paths hold a content, in about 40 bytes a path: a table by the first four bytes of the digest, with open addressing
// and linear probing (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithms L and R). A slot has the two parts of
// a path, which its owner has anyway. Digests that begin alike share slots, so whoever asks has to check.

import { assert } from '../../base/assert.js'
import type { Digest } from '../../base/item.js'
import { joinPath } from '../../share/path.js'
import { SAME_CONTENT_SLOTS_MAX } from './limits.js'

export interface Place {
  readonly folder: string
  readonly name: string
}

const SLOTS_MIN = 16
/** Slots in use at most, of four: more make long ways to search. */
const FULL_QUARTERS = 3

export class Holders {
  /** 1 and more; 0 is a free slot. */
  private tags = new Uint32Array(SLOTS_MIN)
  private folders: (string | undefined)[] = new Array(SLOTS_MIN).fill(undefined)
  private names: (string | undefined)[] = new Array(SLOTS_MIN).fill(undefined)
  private used = 0
  /** Paths of a content beyond the first that have slots: a million files may be one content. */
  private readonly more = new Map<Digest, Set<string>>()

  /** Each path is added under one digest at a time. */
  add(digest: Digest, place: Place): void {
    const tag = tagOf(digest)
    let alike = 0
    let slot = this.homeOf(tag)
    for (; this.tags[slot] !== 0; slot = this.after(slot)) if (this.tags[slot] === tag) alike++
    if (alike >= SAME_CONTENT_SLOTS_MAX) this.addMore(digest, joinPath(place.folder, place.name))
    else this.put(slot, tag, place)
  }

  remove(digest: Digest, { folder, name }: Place): void {
    const tag = tagOf(digest)
    for (let slot = this.homeOf(tag); this.tags[slot] !== 0; slot = this.after(slot)) {
      if (this.tags[slot] !== tag || this.names[slot] !== name || this.folders[slot] !== folder) continue
      this.free(slot)
      return
    }
    const more = this.more.get(digest)
    const isRemoved = more?.delete(joinPath(folder, name)) ?? false
    assert(more !== undefined && isRemoved, 'a holder to remove is there')
    if (more.size === 0) this.more.delete(digest)
  }

  /** Paths that may hold the content. Those that do are all among them, or some are if they are very many. */
  *candidates(digest: Digest): Generator<string> {
    const tag = tagOf(digest)
    for (let slot = this.homeOf(tag); this.tags[slot] !== 0; slot = this.after(slot))
      if (this.tags[slot] === tag) yield joinPath(this.folders[slot]!, this.names[slot]!)
    yield* this.more.get(digest) ?? []
  }

  private addMore(digest: Digest, path: string): void {
    const more = this.more.get(digest)
    if (more === undefined) this.more.set(digest, new Set([path]))
    else more.add(path)
  }

  private put(slot: number, tag: number, { folder, name }: Place): void {
    this.tags[slot] = tag
    this.folders[slot] = folder
    this.names[slot] = name
    this.used++
    if (4 * this.used > FULL_QUARTERS * this.tags.length) this.grow()
  }

  /** Slots behind the freed one move up, so that no search ends before what it looks for. */
  private free(freed: number): void {
    let hole = freed
    for (let slot = this.after(hole); this.tags[slot] !== 0; slot = this.after(slot)) {
      const home = this.homeOf(this.tags[slot]!)
      const mask = this.tags.length - 1
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.tags[hole] = this.tags[slot]!
      this.folders[hole] = this.folders[slot]
      this.names[hole] = this.names[slot]
      hole = slot
    }
    this.tags[hole] = 0
    this.folders[hole] = undefined
    this.names[hole] = undefined
    this.used--
  }

  private grow(): void {
    const { tags, folders, names } = this
    const slotCount = 2 * tags.length
    this.tags = new Uint32Array(slotCount)
    this.folders = new Array(slotCount).fill(undefined)
    this.names = new Array(slotCount).fill(undefined)
    this.used = 0
    for (let old = 0; old < tags.length; old++) {
      const tag = tags[old]!
      if (tag === 0) continue
      let slot = this.homeOf(tag)
      while (this.tags[slot] !== 0) slot = this.after(slot)
      this.put(slot, tag, { folder: folders[old]!, name: names[old]! })
    }
  }

  private homeOf(tag: number): number {
    return tag & (this.tags.length - 1)
  }

  private after(slot: number): number {
    return (slot + 1) & (this.tags.length - 1)
  }
}

function tagOf(digest: Digest): number {
  // One in four thousand million begins with zeros alone.
  return Number.parseInt(digest.slice(0, 8), 16) || 1
}
