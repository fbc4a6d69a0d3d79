// Paths that were put in place and may not be on stable storage yet: path and digest, in some 80 bytes each, since a share of any
// size may have come at once. The log has one.
//
// Records stand one after the other in large pieces of memory, outside the heap, and a table with open addressing and linear
// probing (Knuth, The Art of Computer Programming, volume 3, 6.4) finds them by path:
//
//     record = path's length (2 bytes), digest's length, 1 where it is dead, path (UTF-8), digest
//
// A path that is set again gets another record, and its old one is dead: whoever goes through them meets it anew.

import { assert } from '../base/assert.js'
import { bytesOfHex, equalBytes, hexOf, textOf, utf8 } from '../base/bytes.js'
import type { Digest } from '../base/item.js'
import { PATH_BYTES_MAX } from '../base/limits.js'
import { PLACED_CHUNK_BYTES, PLACED_DEAD_BYTES_MIN } from './limits.js'

const HEADER_BYTES = 4
const DIGEST_LENGTH_AT = 2
const IS_DEAD_AT = 3
const SLOTS_MIN = 64
/** Slots in use at most, of four: more make long ways to search. */
const FULL_QUARTERS = 3

export class PlacedPaths implements Iterable<readonly [path: string, digest: Digest | '']> {
  private chunks: Uint8Array[] = []
  /** Where the next record begins, counted through all chunks. */
  private end = 0
  private deadBytes = 0
  private count = 0
  /** By slot: the hash of a path; and where its record begins, and 1 more. 0 is a free slot. */
  private tags = new Uint32Array(SLOTS_MIN)
  private places = new Uint32Array(SLOTS_MIN)
  /** Another one where records have moved. */
  private generation = 0

  get size(): number {
    return this.count
  }

  has(path: string): boolean {
    const bytes = utf8(path)
    return this.places[this.slotOf(bytes, hashOf(bytes))] !== 0
  }

  set(path: string, digest: Digest | ''): void {
    const digestBytes = bytesOfHex(digest)
    assert(digestBytes !== undefined && digestBytes.length < 256, 'a digest is hexadecimal')
    const bytes = utf8(path)
    const tag = hashOf(bytes)
    const slot = this.slotOf(bytes, tag)
    const before = this.places[slot]!
    if (before === 0) this.count++
    else this.bury(before - 1)
    this.tags[slot] = tag
    this.places[slot] = this.append(bytes, digestBytes) + 1
    if (4 * this.count > FULL_QUARTERS * this.tags.length) this.grow()
    if (this.deadBytes >= PLACED_DEAD_BYTES_MIN && 2 * this.deadBytes > this.end) this.moveTogether()
  }

  clear(): void {
    this.chunks = []
    this.end = 0
    this.deadBytes = 0
    this.count = 0
    this.tags = new Uint32Array(SLOTS_MIN)
    this.places = new Uint32Array(SLOTS_MIN)
    this.generation++
  }

  /** In the order in which they were put in place. What is set meanwhile comes too. */
  *keys(): Generator<string> {
    for (const record of this.records()) yield textOf(pathOf(record))!
  }

  *[Symbol.iterator](): Generator<readonly [path: string, digest: Digest | '']> {
    for (const record of this.records())
      yield [textOf(pathOf(record))!, hexOf(record.subarray(record.length - record[DIGEST_LENGTH_AT]!))]
  }

  /** From the first one again where they have moved. */
  private *records(): Generator<Uint8Array> {
    let { generation } = this
    for (let offset = 0; offset < this.end; ) {
      const record = this.recordAt(offset)
      offset = record.length === 0 ? nextChunk(offset) : offset + record.length
      if (record.length === 0 || record[IS_DEAD_AT] !== 0) continue
      yield record
      if (generation === this.generation) continue
      generation = this.generation
      offset = 0
    }
  }

  /** Empty where the rest of a chunk has none. */
  private recordAt(offset: number): Uint8Array {
    const chunk = this.chunks[Math.floor(offset / PLACED_CHUNK_BYTES)]!
    const start = offset % PLACED_CHUNK_BYTES
    if (start + HEADER_BYTES > chunk.length) return chunk.subarray(0, 0)
    const pathLength = (chunk[start]! << 8) | chunk[start + 1]!
    if (pathLength === 0) return chunk.subarray(0, 0)
    return chunk.subarray(start, start + HEADER_BYTES + pathLength + chunk[start + DIGEST_LENGTH_AT]!)
  }

  /** Answers where the record begins. */
  private append(path: Uint8Array, digest: Uint8Array): number {
    const length = HEADER_BYTES + path.length + digest.length
    assert(path.length > 0 && length <= PLACED_CHUNK_BYTES, 'a path has its length')
    const isFull = (this.end % PLACED_CHUNK_BYTES) + length > PLACED_CHUNK_BYTES
    const offset = isFull ? nextChunk(this.end) : this.end
    if (offset === this.chunks.length * PLACED_CHUNK_BYTES)
      this.chunks.push(new Uint8Array(PLACED_CHUNK_BYTES))
    const record = this.chunks.at(-1)!.subarray(offset % PLACED_CHUNK_BYTES)
    record.set([path.length >> 8, path.length & 255, digest.length, 0])
    record.set(path, HEADER_BYTES)
    record.set(digest, HEADER_BYTES + path.length)
    this.end = offset + length
    assert(this.end < 2 ** 32, 'what was placed fits its table')
    return offset
  }

  private bury(offset: number): void {
    const record = this.recordAt(offset)
    record[IS_DEAD_AT] = 1
    this.deadBytes += record.length
  }

  /** The slot of the path, or the free one where it would be. */
  private slotOf(path: Uint8Array, tag: number): number {
    const mask = this.tags.length - 1
    let slot = tag & mask
    for (; this.places[slot] !== 0; slot = (slot + 1) & mask)
      if (this.tags[slot] === tag && equalBytes(pathOf(this.recordAt(this.places[slot]! - 1)), path)) break
    return slot
  }

  private grow(): void {
    const { tags, places } = this
    this.tags = new Uint32Array(2 * tags.length)
    this.places = new Uint32Array(2 * tags.length)
    const mask = this.tags.length - 1
    for (const [old, place] of places.entries()) {
      if (place === 0) continue
      let slot = tags[old]! & mask
      while (this.places[slot] !== 0) slot = (slot + 1) & mask
      this.tags[slot] = tags[old]!
      this.places[slot] = place
    }
  }

  /** Gives back the memory of dead records. */
  private moveTogether(): void {
    const live = new PlacedPaths()
    for (const [path, digest] of this) live.set(path, digest)
    this.chunks = live.chunks
    this.end = live.end
    this.deadBytes = 0
    this.tags = live.tags
    this.places = live.places
    this.generation++
  }
}

function pathOf(record: Uint8Array): Uint8Array {
  return record.subarray(HEADER_BYTES, record.length - record[DIGEST_LENGTH_AT]!)
}

function nextChunk(offset: number): number {
  return Math.ceil((offset + 1) / PLACED_CHUNK_BYTES) * PLACED_CHUNK_BYTES
}

/** FNV-1a of 32 bits, and the last mixing of MurmurHash3, so that the low bits tell the paths of one folder apart. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

assert(PLACED_CHUNK_BYTES >= HEADER_BYTES + PATH_BYTES_MAX + 255, 'the longest path fits a chunk')
assert(PATH_BYTES_MAX < 2 ** 16, 'the length of a path fits its two bytes')
