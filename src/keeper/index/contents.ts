// Which contents are in this share, at which paths, and the lists of their blocks, which stay while anything has or awaits them. The
// catalogue owns it.

import type { Index } from '../../base/index-port.js'
import type { Digest } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import type { Entry } from '../../share/entry.js'
import type { Manifest } from '../../share/manifest.js'
import { ConflictCopies } from './conflict-copies.js'
import { Holders } from './holders.js'
import { type BlockList, blockListOf, storedList } from './stored-list.js'

export class Contents {
  /** Losers of conflicts that are held beside their winners. */
  readonly copies = new ConflictCopies()
  private readonly holders = new Holders()
  /** Contents whose list is here and whose file is not yet: the list stays even when another file of the content goes. */
  private readonly awaited = new Set<Digest>()

  constructor(
    private readonly manifest: Manifest,
    private readonly index: Index,
  ) {}

  hold(entry: Entry): void {
    this.copies.handleHeld(entry)
    if (entry.kind === 'file') this.holders.add(entry.digest as Digest, this.manifest.placeOf(entry.path))
  }

  /** Releases the content of an entry that the manifest still has, or has replaced by another one. */
  unhold(entry: Entry | undefined): void {
    if (entry?.kind !== 'file') return
    this.copies.handleGone(entry)
    this.holders.remove(entry.digest, this.manifest.placeOf(entry.path))
    const { digest, sizeBytes } = entry
    if (sizeBytes > BLOCK_BYTES && !this.needsList(digest)) this.index.removeList(digest)
  }

  needsList(digest: Digest): boolean {
    return this.awaited.has(digest) || this.holderOf(digest) !== undefined
  }

  /** A path whose file held this content when it was last read. */
  holderOf(digest: Digest): string | undefined {
    for (const path of this.holders.candidates(digest))
      if (this.manifest.get(path)?.digest === digest) return path
    return undefined
  }

  /** The same, some of them where there are many. */
  *holdersOf(digest: Digest, countMax: number): Generator<string> {
    let count = 0
    for (const path of this.holders.candidates(digest)) {
      if (++count > countMax) return
      if (this.manifest.get(path)?.digest === digest) yield path
    }
  }

  /** The digests of the blocks of a content of several blocks, and their weak sums where they are known. */
  blockList(digest: Digest): BlockList | undefined {
    const stored = this.index.getList(digest)
    return stored && blockListOf(stored)
  }

  /** Weak sums that are known already stay. */
  putList(digest: Digest, list: Uint8Array, sums: Uint8Array | undefined): void {
    this.await(digest)
    this.index.putList(digest, storedList({ list, sums: this.blockList(digest)?.sums ?? sums }))
  }

  /** The list of the content stays until `handleCame`. */
  await(digest: Digest | ''): void {
    if (digest !== '') this.awaited.add(digest)
  }

  handleCame(digest: Digest | ''): void {
    if (digest !== '') this.awaited.delete(digest)
  }
}
