// Which contents are in this share, at which paths, and the lists of their blocks, which stay while anything has or awaits them. The
// catalogue owns it.

import type { Index } from '../../base/index-port.js'
import type { Digest } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { isConflictCopy } from '../../share/decide.js'
import type { Entry } from '../../share/entry.js'
import type { Manifest } from '../../share/manifest.js'
import { Holders } from './holders.js'

export class Contents {
  /** Losers of conflicts that are held beside their winners. */
  readonly copies: ReadonlySet<string> = new Set<string>()
  private readonly holders = new Holders()
  /** Contents whose list is here and whose file is not yet: the list stays even when another file of the content goes. */
  private readonly awaited = new Set<Digest>()

  constructor(
    private readonly manifest: Manifest,
    private readonly index: Index,
  ) {}

  hold(entry: Entry): void {
    if (isConflictCopy(entry)) (this.copies as Set<string>).add(entry.path)
    if (entry.kind === 'file') this.holders.add(entry.digest as Digest, this.manifest.placeOf(entry.path))
  }

  /** Of an entry that the manifest still has, or has replaced by another one. */
  unhold(entry: Entry | undefined): void {
    if (entry?.kind !== 'file') return
    ;(this.copies as Set<string>).delete(entry.path)
    this.holders.remove(entry.digest, this.manifest.placeOf(entry.path))
    const { digest, sizeBytes } = entry
    if (sizeBytes <= BLOCK_BYTES || this.awaited.has(digest)) return
    if (this.holderOf(digest) === undefined) this.index.removeList(digest)
  }

  /** A path whose file held this content when it was last read. */
  holderOf(digest: Digest): string | undefined {
    for (const path of this.holders.candidates(digest))
      if (this.manifest.get(path)?.digest === digest) return path
    return undefined
  }

  /** The list of the content stays until `handleCame`. */
  await(digest: Digest | ''): void {
    if (digest !== '') this.awaited.add(digest)
  }

  handleCame(digest: Digest | ''): void {
    if (digest !== '') this.awaited.delete(digest)
  }
}
