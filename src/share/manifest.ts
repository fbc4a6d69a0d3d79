// All entries of a share, and the digest tree over them that lets two peers find a small difference in a
// large share by comparing downwards. The keeper holds one; `TreeWalk` reads it; the server answers its items.
// `README.md` describes the items' format.
//
// Every folder keeps its names sorted and already cut into pages, so that an edit touches one page, its
// folder and the folders above. Digests are computed when the root is asked for. Entries are kept packed, and are made
// again whenever one is asked for.

import { assert } from '../base/assert.js'
import { copyOfText } from '../base/bytes.js'
import type { Digest, Hash, ItemRef } from '../base/item.js'
import type { Entry } from './entry.js'
import { FolderPages } from './folder-pages.js'
import { PAGE_LIST_LINES_MAX } from './limits.js'
import { EntryPacker, fileBytesOf, kindOf, noteOf, sameHead, withNote } from './packed-entry.js'
import { NO_RECORD, type Rows } from './page.js'
import { joinPath, nameOf, parentOf } from './path.js'
import { encodeLines, encodePages, type TreeRow } from './tree-item.js'
import { TreeItems } from './tree-items.js'

/** One folder that has entries or subfolders with entries. Its own entry, if any, lives in its parent. */
interface Folder {
  readonly path: string
  readonly depth: number
  readonly parent: Folder | undefined
  readonly subfolders: Map<string, Folder>
  readonly pages: FolderPages
  /** Names that have an entry. */
  entryCount: number
  /** Entries below, at any depth, that are not tombstones. */
  liveCount: number
  /** The listing as of the last `root()`, undefined before the first. */
  item: ItemRef | undefined
  /** Lists of its pages that are held for this folder: none where it has one page. */
  lists: readonly ItemRef[]
}

/** An entry with what its owner keeps with it. */
export interface NotedEntry {
  readonly entry: Entry
  readonly note: string
}

export class Manifest {
  readonly hash: Hash

  private readonly top: Folder = makeFolder('', undefined)
  private readonly folderAt = new Map<string, Folder>([['', this.top]])
  private readonly packer = new EntryPacker()
  private readonly items: TreeItems
  /** The last path that was looked up: a scan asks for the entry and then for its note. */
  private foundPath = ''
  private foundRecord: string | undefined
  /** Folders whose listing has changed since the last `root()`. */
  private readonly dirty = new Set<Folder>([this.top])
  private entryCount = 0
  private files = 0
  private liveFolders = 0
  private bytes = 0

  constructor(hash: Hash) {
    this.hash = hash
    this.items = new TreeItems(hash, (rows) => encodeLines(this.treeRows(rows)))
  }

  get(path: string): Entry | undefined {
    const record = this.recordAt(path)
    return record === undefined ? undefined : this.packer.unpack(record, path)
  }

  /** The note that was given with the entry, '' where there is none. */
  note(path: string): string {
    const record = this.recordAt(path)
    return record === undefined ? '' : noteOf(record)
  }

  /** The texts of its path as they are held here, for whoever keeps many. The path must have an entry. */
  placeOf(path: string): { readonly folder: string; readonly name: string } {
    const folder = this.folderAt.get(parentOf(path))
    const name = folder?.pages.nameAs(nameOf(path))
    assert(folder !== undefined && name !== undefined, 'an entry has a place')
    return { folder: folder.path, name }
  }

  /** Adds the entry or replaces the one at its path, which must have passed `checkPath`. `note` is kept with it: at most
   *  NOTE_LENGTH_MAX characters, one byte each. */
  set(entry: Entry, note = ''): void {
    const folder = this.folderFor(parentOf(entry.path))
    const name = nameOf(entry.path)
    const known = folder.pages.get(name)
    const before = known === NO_RECORD ? undefined : known
    const record = this.packer.pack(entry, note)
    if (record === before) return
    this.forgetFound()
    if (before !== undefined && sameHead(record, before)) {
      folder.pages.annotate(name, record)
      return
    }
    if (known === undefined) folder.pages.add(name, record)
    else folder.pages.replace(name, record)
    this.account(folder, before, record)
    this.dirty.add(folder)
  }

  /** Gives the entry at the path, which must be there, another note. */
  setNote(path: string, note: string): void {
    const pages = this.folderAt.get(parentOf(path))?.pages
    const record = this.recordAt(path)
    assert(pages !== undefined && record !== undefined, 'a note is of an entry')
    this.forgetFound()
    pages.annotate(nameOf(path), withNote(record, note))
  }

  /** Forgets the path altogether. Rare: a deletion that peers should hear of is a tombstone. */
  delete(path: string): void {
    const folder = this.folderAt.get(parentOf(path))
    const name = nameOf(path)
    const before = this.recordAt(path)
    if (folder === undefined || before === undefined) return
    this.forgetFound()
    if (folder.subfolders.has(name)) folder.pages.replace(name, NO_RECORD)
    else folder.pages.remove(name)
    this.account(folder, before, undefined)
    this.dirty.add(folder)
    this.dropEmpty(folder)
  }

  /** The entries directly in `folder` ('' for the share), tombstones too. Nothing may be set or deleted meanwhile. */
  *children(folder: string): Generator<Entry> {
    const known = this.folderAt.get(folder)
    if (known === undefined) return
    for (const [name, record] of known.pages.records())
      yield this.packer.unpack(record, joinPath(folder, name))
  }

  /** The entries anywhere below `folder`, tombstones too; a folder's own entry before what is in it. Nothing may be set or
   *  deleted meanwhile. */
  *below(folder: string): Generator<Entry> {
    for (const [path, record] of this.recordsBelow(folder)) yield this.packer.unpack(record, path)
  }

  /** The entries that have a note. Nothing may be set or deleted meanwhile; notes may. */
  *noted(): Generator<NotedEntry> {
    for (const [path, record] of this.recordsBelow('')) {
      const note = noteOf(record)
      if (note !== '') yield { entry: this.packer.unpack(record, path), note }
    }
  }

  entries(): Iterable<Entry> {
    return this.below('')
  }

  /** The deletions. Nothing may be set or deleted meanwhile. */
  *tombstones(): Generator<Entry> {
    for (const [path, record] of this.recordsBelow(''))
      if (kindOf(record) === 'tombstone') yield this.packer.unpack(record, path)
  }

  /** The folders that have an entry. */
  *folders(): Generator<Entry> {
    for (const [path, record] of this.recordsBelow(''))
      if (kindOf(record) === 'folder') yield this.packer.unpack(record, path)
  }

  /** Entries, tombstones included. */
  get size(): number {
    return this.entryCount
  }

  get fileCount(): number {
    return this.files
  }

  get folderCount(): number {
    return this.liveFolders
  }

  /** Bytes of all files. */
  get totalBytes(): number {
    return this.bytes
  }

  /** Entries below `folder`, at any depth, that are not tombstones. */
  liveCountBelow(folder: string): number {
    return this.folderAt.get(folder)?.liveCount ?? 0
  }

  /** The listing of the share itself: two shares with equal roots hold the same. Computes what has changed
   *  since the last call only. */
  root(): ItemRef {
    // Deepest first, since a folder's line stands in the listing of the one above.
    const levels: Folder[][] = []
    for (const folder of this.dirty) levelOf(levels, folder.depth).push(folder)
    for (let depth = levels.length - 1; depth >= 0; depth--) {
      for (const folder of levels[depth] ?? []) {
        const before = folder.item
        const item = this.listFolder(folder)
        const { parent } = folder
        if (item.digest !== before?.digest && parent !== undefined) {
          parent.pages.beforeChange(nameOf(folder.path))
          if (!this.dirty.has(parent)) {
            this.dirty.add(parent)
            levelOf(levels, parent.depth).push(parent)
          }
        }
        folder.item = item
      }
    }
    this.dirty.clear()
    return this.top.item!
  }

  /** The bytes of a tree item that is current, as of the last `root()`, or was until recently. Written out anew each time. */
  item(digest: Digest): Uint8Array | undefined {
    return this.items.get(digest)
  }

  hasItem(digest: Digest): boolean {
    return this.items.has(digest)
  }

  /** The listings that were current before the last `root()` are served no more. */
  forgetReplaced(): void {
    this.root()
    this.items.forgetReplaced()
  }

  /** The listing of `folder` as of the last `root()`. */
  folderItem(folder: string): ItemRef | undefined {
    return this.folderAt.get(folder)?.item
  }

  /** Whether the listing of `folder`, or one page of it, is this item, as of the last `root()`. */
  folderHas(folder: string, digest: Digest): boolean {
    const known = this.folderAt.get(folder)
    if (known === undefined) return false
    return known.item?.digest === digest || known.pages.hasOneOf(this.items.pagesOf(digest))
  }

  /** Lists the changed pages of a folder whose subfolders are listed, and the folder itself. */
  private listFolder(folder: Folder): ItemRef {
    const { pages, lists } = folder
    pages.refresh(this.items)
    const held: ItemRef[] = []
    const hold = (bytes: Uint8Array) => {
      const item = this.items.addList(bytes)
      held.push(item)
      return item
    }
    let level = [...pages.items()]
    // A list of a single page is that page.
    while (level.length > 1)
      level = chunksOf(level).map((chunk) => (chunk.length === 1 ? chunk[0]! : hold(encodePages(chunk))))
    const item = level[0] ?? hold(encodeLines([]))
    folder.lists = held
    for (const list of lists) this.items.releaseList(list)
    return item
  }

  private recordAt(path: string): string | undefined {
    if (path === this.foundPath) return this.foundRecord
    const record = this.folderAt.get(parentOf(path))?.pages.get(nameOf(path))
    this.foundPath = path
    this.foundRecord = record === NO_RECORD ? undefined : record
    return this.foundRecord
  }

  /** Before each change of a record. */
  private forgetFound(): void {
    this.foundPath = ''
    this.foundRecord = undefined
  }

  private *recordsBelow(folder: string): Generator<readonly [path: string, record: string]> {
    const first = this.folderAt.get(folder)
    const pending = first === undefined ? [] : [first]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const [name, record] of next.pages.records()) yield [joinPath(next.path, name), record]
      for (const subfolder of next.subfolders.values()) pending.push(subfolder)
    }
  }

  private treeRows({ names, records, subtrees }: Rows): TreeRow[] {
    return names.map((name, index) => {
      const record = records[index]!
      const entry = record === NO_RECORD ? undefined : this.packer.unpack(record, name)
      return { name, entry, subtree: subtrees?.[index] }
    })
  }

  private folderFor(path: string): Folder {
    const known = this.folderAt.get(path)
    if (known !== undefined) return known
    // Made from the top down.
    let folder = this.top
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const folderPath = end < 0 ? path : path.slice(0, end)
      let next = this.folderAt.get(folderPath)
      if (next === undefined) {
        const name = nameOf(folderPath)
        next = makeFolder(copyOfText(folderPath), folder)
        this.folderAt.set(next.path, next)
        this.dirty.add(next)
        if (folder.pages.get(name) === undefined) folder.pages.add(name, NO_RECORD)
        else folder.pages.beforeChange(name)
        folder.subfolders.set(folder.pages.nameAs(name)!, next)
        this.dirty.add(folder)
      }
      folder = next
      if (end < 0) return folder
    }
  }

  /** Takes the folder out of the tree if nothing is in it, and those above that this leaves empty. */
  private dropEmpty(folder: Folder): void {
    for (let empty = folder; empty.entryCount === 0 && empty.subfolders.size === 0; ) {
      const { parent } = empty
      if (parent === undefined) return
      empty.pages.dismiss(this.items)
      for (const list of empty.lists) this.items.releaseList(list)
      this.folderAt.delete(empty.path)
      this.dirty.delete(empty)
      const name = nameOf(empty.path)
      parent.pages.beforeChange(name)
      parent.subfolders.delete(name)
      this.dirty.add(parent)
      if (parent.pages.get(name) === NO_RECORD) parent.pages.remove(name)
      empty = parent
    }
  }

  private account(folder: Folder, before: string | undefined, after: string | undefined): void {
    const growthOf = (count: (record: string) => number) =>
      (after === undefined ? 0 : count(after)) - (before === undefined ? 0 : count(before))
    const entries = growthOf(() => 1)
    this.entryCount += entries
    folder.entryCount += entries
    this.files += growthOf((record) => (kindOf(record) === 'file' ? 1 : 0))
    this.liveFolders += growthOf((record) => (kindOf(record) === 'folder' ? 1 : 0))
    this.bytes += growthOf(fileBytesOf)
    const live = growthOf((record) => (kindOf(record) === 'tombstone' ? 0 : 1))
    if (live === 0) return
    for (let above: Folder | undefined = folder; above !== undefined; above = above.parent)
      above.liveCount += live
  }
}

function makeFolder(path: string, parent: Folder | undefined): Folder {
  const subfolders = new Map<string, Folder>()
  return {
    path,
    depth: parent === undefined ? 0 : parent.depth + 1,
    parent,
    subfolders,
    pages: new FolderPages(subfolders),
    entryCount: 0,
    liveCount: 0,
    item: undefined,
    lists: [],
  }
}

function chunksOf(pages: readonly ItemRef[]): ItemRef[][] {
  const chunks: ItemRef[][] = []
  for (let start = 0; start < pages.length; start += PAGE_LIST_LINES_MAX)
    chunks.push(pages.slice(start, start + PAGE_LIST_LINES_MAX))
  return chunks
}

function levelOf(levels: Folder[][], depth: number): Folder[] {
  levels[depth] ??= []
  return levels[depth]
}
