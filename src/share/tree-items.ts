// The tree items that a share can give, by their digest: those of the current tree, and for a while those that were replaced.
// A page's listing is written out again from its rows whenever it is asked for: the listings of a share are longer
// than all else that is known of it. `Manifest` keeps one.

import { assert } from '../base/assert.js'
import { hexOf } from '../base/bytes.js'
import type { Digest, Hash, ItemRef } from '../base/item.js'
import { RECENT_ITEM_BYTES_MAX } from './limits.js'
import type { Page, Rows } from './page.js'

interface HeldList {
  readonly bytes: Uint8Array
  /** Two folders with the same content have one listing. */
  holderCount: number
}

interface Replaced {
  readonly content: Uint8Array | Rows
  readonly sizeBytes: number
}

export class TreeItems {
  /** Lists of pages, and the listing of nothing. */
  private readonly lists = new Map<Digest, HeldList>()
  private readonly pages = new Map<Digest, Page | Set<Page>>()
  /** Least recently replaced first. */
  private readonly recent = new Map<Digest, Replaced>()
  private recentBytes = 0

  constructor(
    private readonly hash: Hash,
    private readonly encode: (rows: Rows) => Uint8Array,
  ) {}

  get(digest: Digest): Uint8Array | undefined {
    const list = this.lists.get(digest)
    if (list !== undefined) return list.bytes
    const pages = this.pages.get(digest)
    const page = pages instanceof Set ? firstOf(pages) : pages
    if (page !== undefined) return this.written(page.rowsListed(), page.item!.sizeBytes)
    const replaced = this.recent.get(digest)
    if (replaced === undefined) return undefined
    const { content, sizeBytes } = replaced
    return content instanceof Uint8Array ? content : this.written(content, sizeBytes)
  }

  has(digest: Digest): boolean {
    return this.lists.has(digest) || this.pages.has(digest) || this.recent.has(digest)
  }

  /** The pages that are listed as this item: in many folders where these hold the same. */
  pagesOf(digest: Digest): Page | ReadonlySet<Page> | undefined {
    return this.pages.get(digest)
  }

  /** Keeps a list of pages until it is released as often as it was added. */
  addList(bytes: Uint8Array): ItemRef {
    const item = this.itemOf(bytes)
    const known = this.lists.get(item.digest)
    if (known !== undefined) known.holderCount++
    else this.lists.set(item.digest, { bytes, holderCount: 1 })
    this.forgetRecent(item.digest)
    return item
  }

  releaseList({ digest, sizeBytes }: ItemRef): void {
    const known = this.lists.get(digest)
    assert(known !== undefined, 'a list to release is held')
    known.holderCount--
    if (known.holderCount > 0) return
    this.lists.delete(digest)
    this.keepRecent(digest, { content: known.bytes, sizeBytes })
  }

  /** Lists a page as it is now, and releases what it was listed as before. */
  list(page: Page): void {
    const item = this.itemOf(this.encode(page.rowsNow({ copied: false })))
    if (item.digest !== page.item?.digest) {
      if (page.item !== undefined) this.release(page)
      this.hold(item.digest, page)
      this.forgetRecent(item.digest)
    }
    page.handleListed(item)
  }

  /** The page is no more, or has another item soon. */
  release(page: Page): void {
    const { digest, sizeBytes } = page.item!
    const pages = this.pages.get(digest)
    assert(pages === page || (pages instanceof Set && pages.has(page)), 'a page to release is held')
    if (pages instanceof Set && pages.size > 1) {
      pages.delete(page)
      return
    }
    this.pages.delete(digest)
    this.keepRecent(digest, { content: page.rowsListed(), sizeBytes })
  }

  private hold(digest: Digest, page: Page): void {
    const pages = this.pages.get(digest)
    if (pages === undefined) this.pages.set(digest, page)
    else if (pages instanceof Set) pages.add(page)
    else this.pages.set(digest, new Set([pages, page]))
  }

  private itemOf(bytes: Uint8Array): ItemRef {
    return { kind: 'tree', digest: hexOf(this.hash(bytes)), sizeBytes: bytes.length }
  }

  private written(rows: Rows, sizeBytes: number): Uint8Array {
    const bytes = this.encode(rows)
    assert(bytes.length === sizeBytes, 'a listing that is written out again is the same')
    return bytes
  }

  private keepRecent(digest: Digest, replaced: Replaced): void {
    this.recent.set(digest, replaced)
    this.recentBytes += replaced.sizeBytes
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
    const replaced = this.recent.get(digest)
    if (replaced === undefined) return
    this.recent.delete(digest)
    this.recentBytes -= replaced.sizeBytes
  }
}

function firstOf(pages: ReadonlySet<Page>): Page | undefined {
  for (const page of pages) return page
  return undefined
}
