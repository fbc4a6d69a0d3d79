// The names of one folder with their packed entries, sorted and cut into pages at places that the names themselves choose
// (page-cuts.ts): as many as a listing always has room for. A name that comes or goes goes into the page at its place, and
// `refresh` cuts what is around it again.

import { assert } from '../base/assert.js'
import { copyOfText } from '../base/bytes.js'
import type { ItemRef } from '../base/item.js'
import { PAGE_NAMES_MAX } from './limits.js'
import { NO_RECORD, Page, type Subfolders } from './page.js'
import { cutsOf } from './page-cuts.js'
import type { TreeItems } from './tree-items.js'

/** Names of a page that is to be cut, before it is halved: a name costs a move of those behind it. */
const UNCUT_NAMES_MAX = 4 * PAGE_NAMES_MAX

interface Spot {
  page: Page
  /** Of the name in the page. */
  index: number
}

export class FolderPages {
  private readonly subfolders: Subfolders
  private pages: Page[] = []
  /** Listed pages that are no more, until the next `refresh` or `dismiss` takes them over. */
  private dismissed: Page[] = []

  constructor(subfolders: Subfolders) {
    this.subfolders = subfolders
  }

  get pageCount(): number {
    return this.pages.length
  }

  /** Items of the pages in order, as of the last `refresh`. */
  *items(): Generator<ItemRef> {
    for (const page of this.pages) if (page.item !== undefined) yield page.item
  }

  /** Whether one of these pages is this folder's. A folder may have thousands of pages, and a walk asks for each of a peer's. */
  hasOneOf(pages: Page | ReadonlySet<Page> | undefined): boolean {
    if (pages === undefined) return false
    if (pages instanceof Page) return pages.isIn(this.subfolders)
    if (pages.size < this.pages.length) return someOf(pages, (page) => page.isIn(this.subfolders))
    return this.pages.some((page) => pages.has(page))
  }

  /** Of a name that is there: its record, or NO_RECORD. */
  get(name: string): string | undefined {
    const spot = this.find(name)
    return spot?.page.records[spot.index]
  }

  /** The name as it is held here. */
  nameAs(name: string): string | undefined {
    const spot = this.find(name)
    return spot?.page.names[spot.index]
  }

  /** Names with their records, ascending. Nothing may be added or removed meanwhile. */
  *records(): Generator<readonly [name: string, record: string]> {
    for (const { names, records } of this.pages)
      for (let index = 0; index < names.length; index++)
        if (records[index] !== NO_RECORD) yield [names[index]!, records[index]!]
  }

  /** The name must not be there yet. */
  add(name: string, record: string): void {
    const pageIndex = Math.min(this.pageIndexOf(name), Math.max(this.pages.length - 1, 0))
    this.pages[pageIndex] ??= new Page([], [], this.subfolders)
    const page = this.pages[pageIndex]
    page.beforeChange()
    page.isCut = false
    const { names, records } = page
    const index = lowerBound(names, name)
    assert(names[index] !== name, 'a name is added once')
    names.splice(index, 0, copyOfText(name))
    records.splice(index, 0, record)
    if (names.length <= UNCUT_NAMES_MAX) return
    const half = names.length >> 1
    this.pages.splice(pageIndex + 1, 0, new Page(names.splice(half), records.splice(half), this.subfolders))
  }

  /** The name must be there. */
  remove(name: string): void {
    const pageIndex = this.pageIndexOf(name)
    const { page, index } = this.spotOf(name)
    page.beforeChange()
    page.isCut = false
    page.names.splice(index, 1)
    page.records.splice(index, 1)
    if (page.names.length > 0) return
    this.takeOut(pageIndex)
    const neighbour = this.pages[pageIndex] ?? this.pages[pageIndex - 1]
    if (neighbour !== undefined) neighbour.isCut = false
  }

  /** Gives the name, which must be there, another record and so another line. */
  replace(name: string, record: string): void {
    const { page, index } = this.spotOf(name)
    page.beforeChange()
    page.records[index] = record
  }

  /** Gives the name another record with the same line. */
  annotate(name: string, record: string): void {
    const { page, index } = this.spotOf(name)
    page.records[index] = record
  }

  /** Says that the subfolder of this name, which must be there, is about to have another listing, or to go. */
  beforeChange(name: string): void {
    this.spotOf(name).page.beforeChange()
  }

  /** Cuts the pages anew where names came or went, and lists the changed ones. */
  refresh(items: TreeItems): void {
    for (let index = 0; index < this.pages.length; index++)
      if (!this.pages[index]!.isCut) index = this.cutAround(index)
    for (const page of this.pages) if (page.isChanged) items.list(page)
    for (const page of this.takeDismissed()) items.release(page)
  }

  /** Empties the folder. */
  dismiss(items: TreeItems): void {
    while (this.pages.length > 0) this.takeOut(this.pages.length - 1)
    for (const page of this.takeDismissed()) items.release(page)
  }

  private takeDismissed(): Page[] {
    const taken = this.dismissed
    this.dismissed = []
    return taken
  }

  private takeOut(pageIndex: number): void {
    const [page] = this.pages.splice(pageIndex, 1)
    if (page?.item !== undefined) this.dismissed.push(page)
  }

  private find(name: string): Spot | undefined {
    const page = this.pages[this.pageIndexOf(name)]
    if (page === undefined) return undefined
    const index = lowerBound(page.names, name)
    return page.names[index] === name ? { page, index } : undefined
  }

  private spotOf(name: string): Spot {
    const spot = this.find(name)
    assert(spot !== undefined, 'a changed name is in its folder')
    return spot
  }

  /** Cuts anew what the names of this page have a part in, and of uncut pages that follow closely. Answers the last page of
   *  all that. */
  private cutAround(pageIndex: number): number {
    const first = this.pagesBack(pageIndex)
    const last = this.pagesOn(pageIndex)
    // The names beyond have cuts of their own, and a part in those within.
    const from = this.pagesBack(first)
    const namesBefore = lineSum(this.pages.slice(from, first))
    const old = this.pages.slice(first, last + 1)
    const end = namesBefore + lineSum(old)
    const cuts = cutsOf(this.pages.slice(from, this.pagesOn(last) + 1).flatMap(({ names }) => names))
    const ends = cuts.filter((cut) => cut >= namesBefore && cut < end - 1).map((cut) => cut + 1 - namesBefore)
    const pages = this.pagesWithEnds(old, [...ends, end - namesBefore])
    this.pages = this.pages.slice(0, first).concat(pages, this.pages.slice(last + 1))
    return first + pages.length - 1
  }

  /** The rows of pages with other ends, each given as a number of rows. A page that stays as it is stays. */
  private pagesWithEnds(old: readonly Page[], ends: readonly number[]): Page[] {
    const names = old.flatMap((page) => page.names)
    const records = old.flatMap((page) => page.records)
    const unmatched = new Map<number, Page>()
    let at = 0
    for (const page of old) {
      unmatched.set(at, page)
      at += page.names.length
    }
    let start = 0
    const pages = ends.map((end) => {
      const known = unmatched.get(start)
      const isSame = known?.names.length === end - start
      const page = isSame
        ? known
        : new Page(names.slice(start, end), records.slice(start, end), this.subfolders)
      if (isSame) unmatched.delete(start)
      page.isCut = true
      start = end
      return page
    })
    for (const page of unmatched.values()) if (page.item !== undefined) this.dismissed.push(page)
    return pages
  }

  /** The page before, as far back as names have a part in the cuts of this one. */
  private pagesBack(pageIndex: number): number {
    let first = pageIndex
    for (let names = 0; first > 0 && names < PAGE_NAMES_MAX; ) names += this.pages[--first]!.names.length
    return first
  }

  /** The same the other way, and on beyond each uncut page that is met. */
  private pagesOn(pageIndex: number): number {
    let last = pageIndex
    for (let names = 0; last < this.pages.length - 1 && names < PAGE_NAMES_MAX; ) {
      const page = this.pages[++last]!
      names = page.isCut ? names + page.names.length : 0
    }
    return last
  }

  /** The first page that does not end before `name`; one past the last where all do. */
  private pageIndexOf(name: string): number {
    let low = 0
    let high = this.pages.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.pages[middle]!.names.at(-1)! < name) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lineSum(pages: readonly Page[]): number {
  return pages.reduce((sum, page) => sum + page.names.length, 0)
}

function someOf<T>(items: Iterable<T>, holds: (item: T) => boolean): boolean {
  for (const item of items) if (holds(item)) return true
  return false
}

function lowerBound(names: readonly string[], name: string): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (names[middle]! < name) low = middle + 1
    else high = middle
  }
  return low
}
