// The bytes of tree items by their digest: those of the current tree, each as long as something holds it, and
// for a while those that were replaced. `Manifest` keeps one.

import { assert } from '../base/assert.js'
import { hexOf } from '../base/bytes.js'
import type { Digest, Hash, ItemRef } from '../base/item.js'
import { RECENT_ITEM_BYTES_MAX } from './limits.js'

interface HeldItem {
  readonly bytes: Uint8Array
  /** Two folders with the same content have one listing. */
  holderCount: number
}

export class TreeItems {
  private readonly held = new Map<Digest, HeldItem>()
  /** Least recently replaced first. */
  private readonly recent = new Map<Digest, Uint8Array>()
  private recentBytes = 0

  constructor(private readonly hash: Hash) {}

  get(digest: Digest): Uint8Array | undefined {
    return this.held.get(digest)?.bytes ?? this.recent.get(digest)
  }

  /** Keeps the item until it is released as often as it was added or held. */
  add(bytes: Uint8Array): ItemRef {
    const digest = hexOf(this.hash(bytes))
    const known = this.held.get(digest)
    if (known !== undefined) known.holderCount++
    else {
      this.held.set(digest, { bytes, holderCount: 1 })
      this.forgetRecent(digest)
    }
    return { kind: 'tree', digest, sizeBytes: bytes.length }
  }

  /** Holds an item that is held already. */
  hold(item: ItemRef): ItemRef {
    const known = this.held.get(item.digest)
    assert(known !== undefined, 'an item to hold again is held')
    known.holderCount++
    return item
  }

  release(digest: Digest): void {
    const known = this.held.get(digest)
    assert(known !== undefined, 'an item to release is held')
    known.holderCount--
    if (known.holderCount > 0) return
    this.held.delete(digest)
    this.recent.set(digest, known.bytes)
    this.recentBytes += known.bytes.length
    for (const [oldest] of this.recent) {
      if (this.recentBytes <= RECENT_ITEM_BYTES_MAX) break
      this.forgetRecent(oldest)
    }
  }

  /** Nobody is to be served what was replaced. */
  forgetReplaced(): void {
    this.recent.clear()
    this.recentBytes = 0
  }

  private forgetRecent(digest: Digest): void {
    const bytes = this.recent.get(digest)
    if (bytes === undefined) return
    this.recent.delete(digest)
    this.recentBytes -= bytes.length
  }
}
