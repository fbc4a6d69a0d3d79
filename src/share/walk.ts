// Compares a peer's tree with ours, from the root downwards: pulls the listings whose digests differ and
// answers the entries that differ. Performs no I/O. The keeper starts one for each new root of a peer:
//
//     pollPull() → pull that item from the peer → handleItem() → read(), while `isReadable` → … until `done`
//
// What has come is read a bounded piece at a time, whenever its owner has time and room for what it answers: small
// listings may stand for any number of paths. It only finds what the peer has and we have not; the peer's own walk finds
// the reverse.

import { hexOf, textOf, utf8 } from '../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import type { Digest, ItemRef } from '../base/item.js'
import { TREE_ITEM_BYTES_MAX } from '../base/limits.js'
import type { Entry } from './entry.js'
import { sameEntry } from './entry-line.js'
import {
  PAGE_LIST_DEPTH_MAX,
  WALK_CHUNK_LINES,
  WALK_LINE_BYTES,
  WALK_LINES_MAX,
  WALK_PATH_UNITS_MAX,
  WALK_PLACES_MAX,
  WALK_STEP_LINES,
} from './limits.js'
import type { Manifest } from './manifest.js'
import { type TreeFault, type TreeItem, TreeItemReader } from './tree-item.js'

export type WalkFault = TreeFault | 'wrong-digest' | 'wrong-size' | 'nested-pages' | 'too-many'

/** Where in the tree a listing stands: it lists this folder, or a part of it. */
interface ListingPlace {
  readonly folder: string
  /** Lists of pages above it, 0 where it lists the whole folder. */
  readonly listDepth: number
}

/** An item that must come from the peer. */
interface Awaited {
  readonly item: ItemRef
  readonly places: ListingPlace[]
}

/** A listing that is here, to be compared at these places. */
interface Open {
  readonly item: ItemRef
  /** Those that came from the peer are held until the last place is read. Undefined for a listing of ours, which is written
   *  out when it is read: a small listing of the peer may name thousands of them. */
  readonly bytes: Uint8Array | undefined
  readonly places: ListingPlace[]
}

interface Reading {
  readonly reader: TreeItemReader
  readonly place: ListingPlace
}

export interface WalkOptions {
  /** Which folders are of interest; all of them where it is left out. */
  readonly looksInto?: (folder: string) => boolean
  /** The entries are not kept for long: each may keep the whole text of its listing alive. */
  readonly isBrief?: boolean
}

export class TreeWalk {
  private readonly local: Manifest
  private readonly options: WalkOptions
  private readonly awaited = new Map<Digest, Awaited>()
  /** Not given out by `pollPull` yet; the newest first, so that the walk goes deep before it goes wide. */
  private readonly unpulled: Digest[] = []
  /** Read from the end, for the same reason. */
  private readonly open: Open[] = []
  /** The same by their digests. */
  private readonly opened = new Map<Digest, Open>()
  private reading: Reading | undefined
  private placeCount = 0
  private pathUnits = 0
  private lineCount = 0
  private fault: WalkFault | undefined
  private heldItems = 0
  private heldBytesSum = 0

  /** `root` is the peer's, of kind 'tree'. */
  constructor(local: Manifest, root: ItemRef, options: WalkOptions = {}) {
    this.local = local
    this.options = options
    if (root.sizeBytes > TREE_ITEM_BYTES_MAX) this.fault = 'too-long'
    else if (local.root().digest !== root.digest) this.awaitItem(root, { folder: '', listDepth: 0 })
  }

  /** Whether everything that differs has been answered. Never true after a fault. */
  get done(): boolean {
    return this.fault === undefined && this.awaited.size === 0 && !this.isReadable
  }

  /** Whether `read` has something to read. */
  get isReadable(): boolean {
    return this.reading !== undefined || this.open.length > 0
  }

  /** Items that came from the peer and are not read to their ends, and their bytes. */
  get heldCount(): number {
    return this.heldItems
  }

  get heldBytes(): number {
    return this.heldBytesSum
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

  /** Takes the bytes of an item, to be read. One that is not awaited, as may come late, is none. After a reason the walk
   *  is over: the peer's tree is broken or hostile. */
  handleItem(digest: Digest, bytes: Uint8Array): WalkFault | undefined {
    if (this.fault !== undefined) return this.fault
    const awaited = this.awaited.get(digest)
    if (awaited === undefined) return undefined
    this.awaited.delete(digest)
    if (bytes.length !== awaited.item.sizeBytes) return this.fail('wrong-size')
    if (hexOf(this.local.hash(bytes)) !== digest) return this.fail('wrong-digest')
    this.push({ ...awaited, bytes })
    this.heldItems++
    this.heldBytesSum += bytes.length
    return undefined
  }

  /** Reads about WALK_STEP_LINES lines of what is here, and answers the peer's entries among them that are not ours line for
   *  line. After a reason the walk is over. */
  read(): Decoded<Entry[], WalkFault> {
    if (this.fault !== undefined) return undecoded(this.fault)
    this.local.root()
    const differing: Entry[] = []
    for (let cost = 0; cost < WALK_STEP_LINES && this.isReadable; ) {
      if (this.reading === undefined) {
        const opened = this.openNext()
        if (!opened.ok) return undecoded(this.fail(opened.reason))
        cost += opened.value
        continue
      }
      const { reader, place } = this.reading
      const listing = reader.read(WALK_CHUNK_LINES)
      if (!listing.ok) return undecoded(this.fail(listing.reason))
      if (reader.isDone) this.reading = undefined
      const countBefore = differing.length
      const fault = this.compare(listing.value, place, differing)
      if (fault !== undefined) return undecoded(this.fail(fault))
      cost += linesOf(listing.value)
      for (let index = countBefore; index < differing.length; index++) cost += unitsOf(differing[index]!)
    }
    return decoded(differing)
  }

  /** Begins to read the newest listing, in the newest of its places. Answers what that cost, in lines. */
  private openNext(): Decoded<number, WalkFault> {
    const { item, bytes, places } = this.open.at(-1)!
    const place = places.pop()
    // Where another has taken its folder since, ours may be here no more.
    const known = place === undefined ? undefined : (bytes ?? this.local.item(item.digest))
    if (places.length === 0) this.closeLast()
    if (place === undefined) return decoded(1)
    this.countPlace(place, -1)
    if (known === undefined) {
      this.awaitItem(item, place)
      return decoded(1)
    }
    const reader = TreeItemReader.open(known, place.folder)
    if (!reader.ok) return reader
    this.reading = { reader: reader.value, place }
    return decoded(1 + Math.floor(known.length / WALK_LINE_BYTES))
  }

  private push(open: Open): void {
    this.open.push(open)
    this.opened.set(open.item.digest, open)
  }

  /** The reader keeps the bytes that it still needs. */
  private closeLast(): void {
    const { item, bytes } = this.open.pop()!
    this.opened.delete(item.digest)
    if (bytes === undefined) return
    this.heldItems--
    this.heldBytesSum -= bytes.length
  }

  private compare(listing: TreeItem, place: ListingPlace, differing: Entry[]): WalkFault | undefined {
    this.lineCount += linesOf(listing)
    if (listing.kind === 'pages') {
      if (place.listDepth >= PAGE_LIST_DEPTH_MAX) return 'nested-pages'
      const pagePlace = { folder: place.folder, listDepth: place.listDepth + 1 }
      for (const page of listing.pages) this.lookInto(page, pagePlace)
    } else {
      const { isBrief } = this.options
      for (const entry of listing.entries) {
        const ours = this.local.get(entry.path)
        if (ours === undefined || !sameEntry(ours, entry)) differing.push(isBrief ? entry : standalone(entry))
      }
      for (const subtree of listing.subtrees)
        if (this.options.looksInto?.(subtree.path) !== false)
          this.lookInto(subtree.item, { folder: standaloneText(subtree.path), listDepth: 0 })
    }
    const isTooMany =
      this.lineCount > WALK_LINES_MAX ||
      this.placeCount > WALK_PLACES_MAX ||
      this.pathUnits > WALK_PATH_UNITS_MAX
    return isTooMany ? 'too-many' : undefined
  }

  /** An item that our folder has too holds nothing new; one that we have elsewhere need not be pulled. */
  private lookInto(item: ItemRef, place: ListingPlace): void {
    if (this.local.folderHas(place.folder, item.digest)) return
    const open = this.opened.get(item.digest)
    if (open === undefined && !this.local.hasItem(item.digest)) {
      this.awaitItem(item, place)
      return
    }
    if (open !== undefined) open.places.push(place)
    else this.push({ item, bytes: undefined, places: [place] })
    this.countPlace(place, 1)
  }

  private awaitItem(item: ItemRef, place: ListingPlace): void {
    const awaited = this.awaited.get(item.digest)
    if (awaited === undefined) {
      this.awaited.set(item.digest, { item, places: [place] })
      this.unpulled.push(item.digest)
    } else awaited.places.push(place)
    this.countPlace(place, 1)
  }

  private countPlace(place: ListingPlace, change: 1 | -1): void {
    this.placeCount += change
    this.pathUnits += change * place.folder.length
  }

  private fail(fault: WalkFault): WalkFault {
    this.fault = fault
    this.awaited.clear()
    this.open.length = 0
    this.opened.clear()
    this.heldItems = 0
    this.heldBytesSum = 0
    this.reading = undefined
    return fault
  }
}

function linesOf(listing: TreeItem): number {
  return listing.kind === 'pages' ? listing.pages.length : listing.entries.length + listing.subtrees.length
}

/** The cost of reading an entry, in lines. */
function unitsOf({ path, version, target }: Entry): number {
  return Math.floor((path.length + version.seen.length + target.length) / WALK_LINE_BYTES)
}

/** A copy that does not keep the listing's whole text alive, as parts of a string do in today's engines. */
function standalone(entry: Entry): Entry {
  return {
    ...entry,
    path: standaloneText(entry.path),
    digest: standaloneText(entry.digest),
    target: standaloneText(entry.target),
    version: {
      content: standaloneText(entry.version.content),
      attributes: standaloneText(entry.version.attributes),
      seen: standaloneText(entry.version.seen),
    },
  }
}

function standaloneText(text: string): string {
  return textOf(utf8(text)) ?? text
}
