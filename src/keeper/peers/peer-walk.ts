// The walk over the tree of one peer, and its listings that are on their way: so many at once, so many bytes, whatever the
// peer claims. The peer book owns one for each peer that is being compared.

import type { Digest, ItemRef } from '../../base/item.js'
import { TREE_PULL_BYTES_MAX, TREE_PULLS_MAX } from '../../pipe/limits.js'
import type { Manifest } from '../../share/manifest.js'
import { TreeWalk, type WalkFault } from '../../share/walk.js'

export class PeerWalk {
  private readonly walk: TreeWalk
  /** Listings on their way, with their sizes in bytes. */
  private readonly pulling = new Map<Digest, number>()
  /** Has to wait for those. */
  private next: ItemRef | undefined

  constructor(manifest: Manifest, root: ItemRef) {
    this.walk = new TreeWalk(manifest, root)
  }

  get done(): boolean {
    return this.walk.done
  }

  /** Whether a listing has come that is not read yet. */
  get isReadable(): boolean {
    return this.walk.isReadable
  }

  isPulling(digest: Digest): boolean {
    return this.pulling.has(digest)
  }

  /** The next listing to ask for, while there is room. */
  pollPull(): ItemRef | undefined {
    this.next ??= this.walk.pollPull()
    const { next } = this
    if (next === undefined || !this.hasRoom(next)) return undefined
    this.pulling.set(next.digest, next.sizeBytes)
    this.next = undefined
    return next
  }

  /** A listing that was asked for. Answers what is wrong with it. */
  handleItem(digest: Digest, bytes: Uint8Array): WalkFault | undefined {
    this.pulling.delete(digest)
    return this.walk.handleItem(digest, bytes)
  }

  /** Entries of the listings that have come, a bounded number of them. */
  read(): ReturnType<TreeWalk['read']> {
    return this.walk.read()
  }

  /** Sizes are what the peer claims; no more than that is taken from it. What has come and waits to be read counts too. */
  private hasRoom(next: ItemRef): boolean {
    let bytes = this.walk.heldBytes + next.sizeBytes
    for (const sizeBytes of this.pulling.values()) bytes += sizeBytes
    return this.walk.heldCount + this.pulling.size < TREE_PULLS_MAX && bytes <= TREE_PULL_BYTES_MAX
  }
}
