// The items of the digest tree, as text: one listing per folder, or where that is long, a list of its pages, or of lists of them.
// `Manifest` writes them, `TreeWalk` reads a peer's.
//
//     item    = lines / pages
//     lines   = 'left-tree 2 lines' LF table *( line LF )
//     table   = the peers of all versions (version-table.ts)
//     line    = entry / subtree
//     entry   = an entry line with the name only (entry-line.ts), its version short
//     subtree = 'D ' name ' ' digest ' ' size        the listing of a folder that has content
//     pages   = 'left-tree 2 pages' LF 2*( 'P ' digest ' ' size LF )
//
// Lines ascend by name in UTF-16 code units; of one name, the entry comes before the subtree. A subtree may
// stand without an entry, and an entry of kind folder without a subtree.

import { textOf, utf8 } from '../base/bytes.js'
import { type Decoded, type DecodeFailure, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import type { Digest, ItemRef } from '../base/item.js'
import { TREE_ITEM_BYTES_MAX } from '../base/limits.js'
import type { Entry } from './entry.js'
import { decodeEntryInFolder, encodeEntryInFolder } from './entry-line.js'
import { TREE_ITEM_LINES_MAX } from './limits.js'
import { checkPath, joinPath, nameOf } from './path.js'
import { VersionTable } from './version-table.js'

export interface Subtree {
  /** The folder's path from the top of the share. */
  readonly path: string
  readonly item: ItemRef
}

/** One name of a listing. */
export interface TreeRow {
  readonly name: string
  readonly entry: Entry | undefined
  readonly subtree: ItemRef | undefined
}

export type TreeItem =
  | { readonly kind: 'lines'; readonly entries: readonly Entry[]; readonly subtrees: readonly Subtree[] }
  | { readonly kind: 'pages'; readonly pages: readonly ItemRef[] }

export type TreeFault = DecodeFailure | 'unsorted'

const LINES_HEADER = 'left-tree 2 lines\n'
const PAGES_HEADER = 'left-tree 2 pages\n'
/** The header and the table. */
const HEADER_LINES_MAX = 2
const REFERENCE = /^([0-9a-f]{64}) ([1-9][0-9]{0,8})$/

/** `rows` in order. */
export function encodeLines(rows: readonly TreeRow[]): Uint8Array {
  const entries = rows.flatMap(({ entry }) => (entry === undefined ? [] : [entry.version]))
  const table = VersionTable.of(entries)
  let text = `${LINES_HEADER}${table.text}\n`
  for (const { name, entry, subtree } of rows) {
    if (entry !== undefined) text += `${encodeEntryInFolder(entry, table)}\n`
    if (subtree !== undefined) text += `${subtreeLine(name, subtree)}\n`
  }
  return utf8(text)
}

function subtreeLine(name: string, item: ItemRef): string {
  return `D ${escapeField(name)} ${item.digest} ${item.sizeBytes}`
}

export function encodePages(pages: Iterable<ItemRef>): Uint8Array {
  let text = PAGES_HEADER
  for (const page of pages) text += `P ${page.digest} ${page.sizeBytes}\n`
  return utf8(text)
}

/** Decodes a listing of `folder`, a checked path or ''. What it holds is within all limits. Never throws. */
export function decodeTreeItem(bytes: Uint8Array, folder: string): Decoded<TreeItem, TreeFault> {
  const reader = TreeItemReader.open(bytes, folder)
  return reader.ok ? reader.value.read(TREE_ITEM_LINES_MAX) : reader
}

/** Decodes a listing piece by piece, so that the longest takes no more time at once than its reader has. Each piece is
 *  within all limits; what is wrong further down shows when it is read. Never throws. */
export class TreeItemReader {
  private lineCount = 0
  private previousName = ''
  private previousIsSubtree = true

  private constructor(
    private readonly text: string,
    private readonly folder: string,
    private readonly kind: TreeItem['kind'],
    private readonly table: VersionTable | undefined,
    /** Where the next line begins. */
    private at: number,
  ) {}

  /** `folder` is what it lists: a checked path, or ''. */
  static open(bytes: Uint8Array, folder: string): Decoded<TreeItemReader, TreeFault> {
    if (bytes.length === 0) return undecoded('empty')
    if (bytes.length > TREE_ITEM_BYTES_MAX) return undecoded('too-long')
    const text = textOf(bytes)
    if (text === undefined) return undecoded('not-utf8')
    if (!text.endsWith('\n')) return undecoded('truncated')
    if (!hasLinesAtMost(text, HEADER_LINES_MAX + TREE_ITEM_LINES_MAX)) return undecoded('too-long')
    if (text.startsWith(PAGES_HEADER))
      return decoded(new TreeItemReader(text, folder, 'pages', undefined, PAGES_HEADER.length))
    if (!text.startsWith(LINES_HEADER)) return undecoded('unknown-kind')
    const end = text.indexOf('\n', LINES_HEADER.length)
    if (end < 0) return undecoded('truncated')
    const table = VersionTable.parse(text.slice(LINES_HEADER.length, end))
    if (!table.ok) return table
    return decoded(new TreeItemReader(text, folder, 'lines', table.value, end + 1))
  }

  /** Nothing is left to read. */
  get isDone(): boolean {
    return this.at === this.text.length
  }

  /** The next lines, so many at most. After a reason the listing is refused. */
  read(linesMax: number): Decoded<TreeItem, TreeFault> {
    return this.kind === 'lines' ? this.readLines(linesMax) : this.readPages(linesMax)
  }

  private readLines(linesMax: number): Decoded<TreeItem, TreeFault> {
    const entries: Entry[] = []
    const subtrees: Subtree[] = []
    for (let count = 0; count < linesMax && !this.isDone; count++) {
      const line = this.nextLine()
      const isSubtree = line.startsWith('D ')
      let name: string
      if (isSubtree) {
        const subtree = decodeSubtree(line, this.folder)
        if (!subtree.ok) return subtree
        subtrees.push(subtree.value)
        name = nameOf(subtree.value.path)
      } else {
        const entry = decodeEntryInFolder(line, this.folder, this.table)
        if (!entry.ok) return entry
        entries.push(entry.value)
        name = nameOf(entry.value.path)
      }
      const { previousName, previousIsSubtree } = this
      const follows = name > previousName || (name === previousName && isSubtree && !previousIsSubtree)
      if (!follows) return undecoded('unsorted')
      this.previousName = name
      this.previousIsSubtree = isSubtree
    }
    if (this.isDone && this.table?.isExact === false) return undecoded('bad-field')
    return decoded({ kind: 'lines', entries, subtrees })
  }

  private readPages(linesMax: number): Decoded<TreeItem, TreeFault> {
    const pages: ItemRef[] = []
    for (let count = 0; count < linesMax && !this.isDone; count++) {
      const line = this.nextLine()
      const item = line.startsWith('P ') ? decodeReference(line.slice(2)) : undefined
      if (item === undefined) return undecoded('bad-field')
      pages.push(item)
    }
    // A single page is the folder's item itself.
    return this.isDone && this.lineCount < 2 ? undecoded('truncated') : decoded({ kind: 'pages', pages })
  }

  private nextLine(): string {
    const end = this.text.indexOf('\n', this.at)
    const line = this.text.slice(this.at, end)
    this.at = end + 1
    this.lineCount++
    return line
  }
}

function hasLinesAtMost(text: string, linesMax: number): boolean {
  if (text.length <= linesMax) return true
  let lines = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1))
    if (++lines > linesMax) return false
  return true
}

function decodeSubtree(line: string, folder: string): Decoded<Subtree> {
  const space = line.indexOf(' ', 2)
  if (space < 0) return undecoded('truncated')
  const name = unescapeField(line.slice(2, space))
  const item = decodeReference(line.slice(space + 1))
  if (name === undefined || name === '' || name.includes('/') || item === undefined)
    return undecoded('bad-field')
  const path = joinPath(folder, name)
  return checkPath(path) === undefined ? decoded({ path, item }) : undecoded('bad-field')
}

function decodeReference(text: string): ItemRef | undefined {
  const [, digest, size] = REFERENCE.exec(text) ?? []
  if (digest === undefined || Number(size) > TREE_ITEM_BYTES_MAX) return undefined
  return { kind: 'tree', digest: digest satisfies Digest, sizeBytes: Number(size) }
}
