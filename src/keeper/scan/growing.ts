// Files that do not rest: when they are read all the same, and what of them may be told. One that only grows, as a log does, is told as far
// as it was written when it was read; any other waits until it rests. The scanner owns this.
//
//     changes ── for max(5 s, 20 × its last reading) ──▶ read ─┬─ begins with what was known or read before ──▶ told
//        ▲                                                     └─ does not, or nothing was ──▶ remembered ──┐
//        └──────────────────────────────────────────────────────────────────────────────────────────────────┘

import { equalBytes, hexOf } from '../../base/bytes.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import type { Signature } from '../index/signature.js'
import { GROWING_MS_MIN, GROWING_READS, RESTLESS_NAMED_MAX } from './limits.js'

/** A content by the digests of its blocks: with a list, or, of one block, by the digest of that list. */
export interface Beginning {
  readonly sizeBytes: number
  readonly list: Uint8Array | undefined
  readonly digest: Digest
}

export interface Restless {
  /** When it is read again at the latest. */
  readonly dueMs: number
  /** It begins with what was told or read of it before, so that it is told as far as it went. */
  readonly isGrowing: boolean
  /** As it was read last, and of which file. */
  readonly read: (Beginning & { readonly inode: number }) | undefined
}

export interface Reading {
  readonly isGrowing: boolean
  readonly startedMs: number
  readonly signature: Signature
  /** Digests of the blocks that were read; undefined where these were not all that there were to be read. */
  readonly list: Uint8Array | undefined
}

export class Growing {
  private readonly hash: Hash
  private readonly paths = new Map<string, Restless>()
  /** Since they were read last. */
  private readonly shrunk = new Set<string>()
  /** Paths of which a person was told. */
  private readonly named = new Set<string>()

  constructor(hash: Hash) {
    this.hash = hash
  }

  /** When a file that has changed since then is read, though it does not rest. */
  dueMs(path: string, sinceMs: number): number {
    const dueMs = this.paths.get(path)?.dueMs
    return dueMs === undefined || sinceMs > dueMs + GROWING_MS_MIN ? sinceMs + GROWING_MS_MIN : dueMs
  }

  /** A file that was read while it changed, and has not rested since. */
  get(path: string): Omit<Restless, 'read'> | undefined {
    return this.paths.get(path)
  }

  /** Finds the content that the file at the path began with when it was last read. `known`: as the catalogue has it. */
  beginning(
    path: string,
    { inode, sizeBytes }: Signature,
    known: Beginning | undefined,
  ): Beginning | undefined {
    const read = this.paths.get(path)?.read
    const before = read?.inode === inode ? read : known
    // Everything begins with nothing.
    const isGrown = before !== undefined && before.sizeBytes > 0 && before.sizeBytes < sizeBytes
    return isGrown && !this.shrunk.has(path) ? before : undefined
  }

  /** Notes a file that became shorter, or whose place another file took. */
  handleShrunk(path: string): void {
    this.shrunk.add(path)
  }

  /** Remembers a file that was read while it changed. Answers whether that is to be told: once. */
  handleRead(path: string, { isGrowing, startedMs, signature, list }: Reading, nowMs: number): boolean {
    const dueMs = nowMs + Math.max(GROWING_MS_MIN, GROWING_READS * (nowMs - startedMs))
    const { sizeBytes, inode } = signature
    const read = list && { sizeBytes, inode, list, digest: hexOf(this.hash(list)) }
    const isKnown = this.paths.has(path)
    this.shrunk.delete(path)
    this.paths.set(path, { dueMs, isGrowing, read })
    if (!isKnown || this.named.has(path) || this.named.size >= RESTLESS_NAMED_MAX) return false
    this.named.add(path)
    return true
  }

  /** Forgets files that rest: unchanged since they were read last, for longer than until they were to be read again. */
  sweep(nowMs: number): void {
    for (const [path, { dueMs }] of this.paths) if (nowMs > dueMs + GROWING_MS_MIN) this.forget(path)
  }

  /** Forgets a file that rests. */
  forget(path: string): void {
    this.paths.delete(path)
    this.shrunk.delete(path)
    this.named.delete(path)
  }
}

/** Compares a file with what it began with, block by block as it is read. */
export class Comparison {
  private readonly before: Beginning
  private readonly hash: Hash
  isSame = true

  constructor(before: Beginning, hash: Hash) {
    this.before = before
    this.hash = hash
  }

  add(index: number, block: Uint8Array, digest: Uint8Array): void {
    const { sizeBytes, list } = this.before
    const lengthBytes = Math.min(sizeBytes - index * BLOCK_BYTES, block.length)
    if (lengthBytes <= 0 || !this.isSame) return
    const own = lengthBytes === block.length ? digest : this.hash(block.subarray(0, lengthBytes))
    const at = index * DIGEST_BYTES
    this.isSame =
      list === undefined
        ? hexOf(this.hash(own)) === this.before.digest
        : equalBytes(own, list.subarray(at, at + DIGEST_BYTES))
  }
}
