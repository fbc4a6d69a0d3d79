// Compares a peer's tree with ours, from the root downwards: pulls the listings whose digests differ and
// answers the entries that differ. Performs no I/O. The keeper starts one for each new root of a peer:
//
//     pollPull() → pull that item from the peer → handleItem() → … until `done`
//
// It only finds what the peer has and we have not; the peer's own walk finds the reverse.

import { hexOf, textOf, utf8 } from '../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import type { Digest, ItemRef } from '../base/item.js'
import { TREE_ITEM_BYTES_MAX } from '../base/limits.js'
import type { Entry } from './entry.js'
import { sameEntry } from './entry-line.js'
import { WALK_ANSWER_ENTRIES_MAX, WALK_LINES_MAX, WALK_PATH_UNITS_MAX, WALK_PLACES_MAX } from './limits.js'
import type { Manifest } from './manifest.js'
import { decodeTreeItem, type TreeFault, type TreeItem } from './tree-item.js'

export type WalkFault = TreeFault | 'wrong-digest' | 'wrong-size' | 'nested-pages' | 'too-many'

/** Where in the tree a listing stands: it lists this folder, or one page of it. */
interface Place {
  readonly folder: string
  readonly isPage: boolean
}

/** An item that must come from the peer. */
interface Awaited {
  readonly item: ItemRef
  readonly places: Place[]
}

/** A listing whose bytes are here, to be compared at one place. */
interface Open {
  readonly item: ItemRef
  readonly bytes: Uint8Array
  readonly place: Place
}

export class TreeWalk {
  private readonly local: Manifest
  private readonly awaited = new Map<Digest, Awaited>()
  /** Not given out by `pollPull` yet; the newest first, so that the walk goes deep before it goes wide. */
  private readonly unpulled: Digest[] = []
  private placeCount = 0
  private pathUnits = 0
  private lineCount = 0
  private fault: WalkFault | undefined

  /** `root` is the peer's, of kind 'tree'. */
  constructor(local: Manifest, root: ItemRef) {
    this.local = local
    if (root.sizeBytes > TREE_ITEM_BYTES_MAX) this.fault = 'too-long'
    else if (local.root().digest !== root.digest) this.awaitItem(root, { folder: '', isPage: false })
  }

  /** Whether everything that differs has been answered. Never true after a fault. */
  get done(): boolean {
    return this.fault === undefined && this.awaited.size === 0
  }

  /** The next item to pull from the peer; each is asked for once until it is handled. */
  pollPull(): ItemRef | undefined {
    while (this.fault === undefined) {
      const digest = this.unpulled.pop()
      if (digest === undefined) return undefined
      const awaited = this.awaited.get(digest)
      if (awaited !== undefined) return awaited.item
    }
    return undefined
  }

  /** Answers the peer's entries that are not ours line for line. An item that is not awaited, as may come
   *  late, is none. After a reason the walk is over: the peer's tree is broken or hostile. */
  handleItem(digest: Digest, bytes: Uint8Array): Decoded<Entry[], WalkFault> {
    if (this.fault !== undefined) return undecoded(this.fault)
    const awaited = this.takeAwaited(digest)
    if (awaited === undefined) return decoded([])
    if (bytes.length !== awaited.item.sizeBytes) return this.fail('wrong-size')
    if (hexOf(this.local.hash(bytes)) !== digest) return this.fail('wrong-digest')
    this.local.root()
    const differing: Entry[] = []
    const open: Open[] = awaited.places.map((place) => ({ item: awaited.item, bytes, place }))
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      this.countPlace(next.place, -1)
      if (differing.length >= WALK_ANSWER_ENTRIES_MAX) {
        this.awaitItem(next.item, next.place)
        continue
      }
      const listing = decodeTreeItem(next.bytes, next.place.folder)
      if (!listing.ok) return this.fail(listing.reason)
      const fault = this.compare(listing.value, next.place, differing, open)
      if (fault !== undefined) return this.fail(fault)
    }
    return decoded(differing)
  }

  private compare(listing: TreeItem, place: Place, differing: Entry[], open: Open[]): WalkFault | undefined {
    if (listing.kind === 'pages') {
      this.lineCount += listing.pages.length
      // A page list within a page list has no meaning, and no end.
      if (place.isPage) return 'nested-pages'
      const pagePlace = { folder: place.folder, isPage: true }
      for (const page of listing.pages) this.lookInto(page, pagePlace, open)
    } else {
      this.lineCount += listing.entries.length + listing.subtrees.length
      for (const entry of listing.entries) {
        const ours = this.local.get(entry.path)
        if (ours === undefined || !sameEntry(ours, entry)) differing.push(standalone(entry))
      }
      for (const subtree of listing.subtrees) {
        this.lookInto(subtree.item, { folder: standaloneText(subtree.path), isPage: false }, open)
        if (this.pathUnits > WALK_PATH_UNITS_MAX) return 'too-many'
      }
    }
    return this.lineCount > WALK_LINES_MAX || this.placeCount > WALK_PLACES_MAX ? 'too-many' : undefined
  }

  /** An item that our folder has too holds nothing new; one that we have elsewhere need not be pulled. */
  private lookInto(item: ItemRef, place: Place, open: Open[]): void {
    if (this.local.folderHas(place.folder, item.digest)) return
    const bytes = this.local.item(item.digest)
    if (bytes === undefined) this.awaitItem(item, place)
    else {
      open.push({ item, bytes, place })
      this.countPlace(place, 1)
    }
  }

  private awaitItem(item: ItemRef, place: Place): void {
    const awaited = this.awaited.get(item.digest)
    if (awaited === undefined) {
      this.awaited.set(item.digest, { item, places: [place] })
      this.unpulled.push(item.digest)
    } else awaited.places.push(place)
    this.countPlace(place, 1)
  }

  private countPlace(place: Place, change: 1 | -1): void {
    this.placeCount += change
    this.pathUnits += change * place.folder.length
  }

  private takeAwaited(digest: Digest): Awaited | undefined {
    const awaited = this.awaited.get(digest)
    if (awaited === undefined) return undefined
    this.awaited.delete(digest)
    return awaited
  }

  private fail(fault: WalkFault): { readonly ok: false; readonly reason: WalkFault } {
    this.fault = fault
    this.awaited.clear()
    return undecoded(fault)
  }
}

/** A copy that does not keep the listing's whole text alive, as parts of a string do in today's engines. */
function standalone(entry: Entry): Entry {
  return {
    ...entry,
    path: standaloneText(entry.path),
    digest: standaloneText(entry.digest),
    target: standaloneText(entry.target),
    version: standaloneText(entry.version),
  }
}

function standaloneText(text: string): string {
  return textOf(utf8(text)) ?? text
}
