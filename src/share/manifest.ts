// All entries of a share, and the digest tree over them that lets two peers find a small difference in a
// large share by comparing downwards. The keeper holds one; `TreeWalk` reads it; the server answers its items.
// `README.md` describes the items' format.
//
// Every folder keeps its names sorted and already cut into pages, so that an edit touches one page, its
// folder and the folders above. Digests are computed when the root is asked for.

import type { Digest, Hash, ItemRef } from '../base/item.js'
import type { Entry } from './entry.js'
import { sameEntry } from './entry-line.js'
import { FolderPages } from './folder-pages.js'
import { nameOf, parentOf } from './path.js'
import { encodeLines, encodePages, type TreeRow } from './tree-item.js'
import { TreeItems } from './tree-items.js'

/** One folder that has entries or subfolders with entries. Its own entry, if any, lives in its parent. */
interface Folder {
  readonly path: string
  readonly depth: number
  readonly parent: Folder | undefined
  readonly entries: Map<string, Entry>
  readonly subfolders: Map<string, Folder>
  readonly pages: FolderPages
  /** Entries below, at any depth, that are not tombstones. */
  liveCount: number
  /** The listing as of the last `root()`, undefined before the first. */
  item: ItemRef | undefined
}

export class Manifest {
  readonly hash: Hash

  private readonly top: Folder = makeFolder('', undefined)
  private readonly folderAt = new Map<string, Folder>([['', this.top]])
  private readonly items: TreeItems
  /** Folders whose listing has changed since the last `root()`. */
  private readonly dirty = new Set<Folder>([this.top])
  private entryCount = 0
  private files = 0
  private liveFolders = 0
  private bytes = 0

  constructor(hash: Hash) {
    this.hash = hash
    this.items = new TreeItems(hash)
  }

  get(path: string): Entry | undefined {
    return this.folderAt.get(parentOf(path))?.entries.get(nameOf(path))
  }

  /** Adds the entry or replaces the one at its path, which must have passed `checkPath`. */
  set(entry: Entry): void {
    const folder = this.folderFor(parentOf(entry.path))
    const name = nameOf(entry.path)
    const before = folder.entries.get(name)
    if (before !== undefined && sameEntry(before, entry)) return
    folder.entries.set(name, entry)
    if (before === undefined && !folder.subfolders.has(name)) folder.pages.add(name)
    this.account(folder, before, entry)
    this.touch(folder, name)
  }

  /** Forgets the path altogether. Rare: a deletion that peers should hear of is a tombstone. */
  delete(path: string): void {
    const folder = this.folderAt.get(parentOf(path))
    const name = nameOf(path)
    const before = folder?.entries.get(name)
    if (folder === undefined || before === undefined) return
    folder.entries.delete(name)
    this.account(folder, before, undefined)
    this.touch(folder, name)
    if (!folder.subfolders.has(name)) folder.pages.remove(name)
    this.dropEmpty(folder)
  }

  /** The entries directly in `folder` ('' for the share), tombstones too. */
  children(folder: string): Iterable<Entry> {
    return this.folderAt.get(folder)?.entries.values() ?? []
  }

  /** The entries anywhere below `folder`, tombstones too; a folder's own entry before what is in it. */
  *below(folder: string): Generator<Entry> {
    const first = this.folderAt.get(folder)
    const pending = first === undefined ? [] : [first]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      yield* next.entries.values()
      for (const subfolder of next.subfolders.values()) pending.push(subfolder)
    }
  }

  entries(): Iterable<Entry> {
    return this.below('')
  }

  /** The folders that have an entry. */
  *folders(): Generator<Entry> {
    for (const entry of this.entries()) if (entry.kind === 'folder') yield entry
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

  /** Whether anything that is not a tombstone lies below `folder`, at any depth. */
  hasLiveChildren(folder: string): boolean {
    return (this.folderAt.get(folder)?.liveCount ?? 0) > 0
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
        folder.item = item
        if (before !== undefined) this.items.release(before.digest)
        const { parent } = folder
        if (parent === undefined || item.digest === before?.digest) continue
        parent.pages.change(nameOf(folder.path))
        if (!this.dirty.has(parent)) {
          this.dirty.add(parent)
          levelOf(levels, parent.depth).push(parent)
        }
      }
    }
    this.dirty.clear()
    return this.top.item!
  }

  /** The bytes of a tree item that is current or was until recently. */
  item(digest: Digest): Uint8Array | undefined {
    return this.items.get(digest)
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
    if (known.item?.digest === digest) return true
    for (const page of known.pages.items()) if (page.digest === digest) return true
    return false
  }

  /** Lists the changed pages of a folder whose subfolders are listed, and holds its listing once. */
  private listFolder(folder: Folder): ItemRef {
    const { pages } = folder
    const gone = pages.refresh((names) => this.items.add(encodeLines(rowsOf(folder, names))))
    const [first] = pages.items()
    let item: ItemRef
    if (pages.pageCount > 1) item = this.items.add(encodePages(pages.items()))
    else item = first === undefined ? this.items.add(encodeLines([])) : this.items.hold(first)
    for (const page of gone) this.items.release(page.digest)
    return item
  }

  private folderFor(path: string): Folder {
    const known = this.folderAt.get(path)
    if (known !== undefined) return known
    // Made from the top down without recursion: a path may have two thousand components.
    let folder = this.top
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const folderPath = end < 0 ? path : path.slice(0, end)
      let next = this.folderAt.get(folderPath)
      if (next === undefined) {
        const name = nameOf(folderPath)
        next = makeFolder(folderPath, folder)
        this.folderAt.set(folderPath, next)
        this.dirty.add(next)
        folder.subfolders.set(name, next)
        if (!folder.entries.has(name)) folder.pages.add(name)
        this.touch(folder, name)
      }
      folder = next
      if (end < 0) return folder
    }
  }

  /** Takes the folder out of the tree if nothing is in it, and those above that this leaves empty. */
  private dropEmpty(folder: Folder): void {
    for (let empty = folder; empty.entries.size === 0 && empty.subfolders.size === 0; ) {
      const { parent } = empty
      if (parent === undefined) return
      for (const item of empty.pages.dismiss()) this.items.release(item.digest)
      if (empty.item !== undefined) this.items.release(empty.item.digest)
      this.folderAt.delete(empty.path)
      this.dirty.delete(empty)
      const name = nameOf(empty.path)
      parent.subfolders.delete(name)
      this.touch(parent, name)
      if (!parent.entries.has(name)) parent.pages.remove(name)
      empty = parent
    }
  }

  private touch(folder: Folder, name: string): void {
    folder.pages.change(name)
    this.dirty.add(folder)
  }

  private account(folder: Folder, before: Entry | undefined, after: Entry | undefined): void {
    this.entryCount += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1)
    this.files += (after?.kind === 'file' ? 1 : 0) - (before?.kind === 'file' ? 1 : 0)
    this.liveFolders += (after?.kind === 'folder' ? 1 : 0) - (before?.kind === 'folder' ? 1 : 0)
    this.bytes += fileBytes(after) - fileBytes(before)
    const growth = (isLive(after) ? 1 : 0) - (isLive(before) ? 1 : 0)
    if (growth === 0) return
    for (let above: Folder | undefined = folder; above !== undefined; above = above.parent)
      above.liveCount += growth
  }
}

function makeFolder(path: string, parent: Folder | undefined): Folder {
  return {
    path,
    depth: parent === undefined ? 0 : parent.depth + 1,
    parent,
    entries: new Map(),
    subfolders: new Map(),
    pages: new FolderPages(),
    liveCount: 0,
    item: undefined,
  }
}

function rowsOf(folder: Folder, names: readonly string[]): TreeRow[] {
  return names.map((name) => ({
    name,
    entry: folder.entries.get(name),
    subtree: folder.subfolders.get(name)?.item,
  }))
}

function levelOf(levels: Folder[][], depth: number): Folder[] {
  levels[depth] ??= []
  return levels[depth]
}

function isLive(entry: Entry | undefined): boolean {
  return entry !== undefined && entry.kind !== 'tombstone'
}

function fileBytes(entry: Entry | undefined): number {
  return entry?.kind === 'file' ? entry.sizeBytes : 0
}
