// The names of one folder with their packed entries, sorted and cut into pages at places that the names themselves choose: a
// name whose hash is a multiple of PAGE_LINES_MEAN is the last of its page. Two peers with the same names have
// the same pages whatever order they came in, and an edit changes one page (two when it makes or takes
// away such a name).

import { assert } from '../base/assert.js'
import { copyOfText } from '../base/bytes.js'
import type { ItemRef } from '../base/item.js'
import { PAGE_LINES_MEAN } from './limits.js'
import { NO_RECORD, Page, type Subfolders } from './page.js'
import { hashName } from './path.js'
import type { TreeItems } from './tree-items.js'

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
    const pageIndex = this.pageIndexOf(name)
    const page = this.pages[pageIndex] ?? this.openPage()
    page.beforeChange()
    const { names, records } = page
    const index = lowerBound(names, name)
    assert(names[index] !== name, 'a name is added once')
    names.splice(index, 0, copyOfText(name))
    records.splice(index, 0, record)
    if (!endsPage(name) || index === names.length - 1) return
    const rest = new Page(names.splice(index + 1), records.splice(index + 1), this.subfolders)
    this.pages.splice(pageIndex + 1, 0, rest)
  }

  /** The name must be there. */
  remove(name: string): void {
    const pageIndex = this.pageIndexOf(name)
    const { page, index } = this.spotOf(name)
    page.beforeChange()
    page.names.splice(index, 1)
    page.records.splice(index, 1)
    if (page.names.length === 0) this.takeOut(pageIndex)
    else if (endsPage(name)) {
      const next = this.pages[pageIndex + 1]
      if (next === undefined) return
      next.beforeChange()
      page.names = page.names.concat(next.names)
      page.records = page.records.concat(next.records)
      this.takeOut(pageIndex + 1)
    }
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

  /** Lists the changed pages anew. */
  refresh(items: TreeItems): void {
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

  /** The page for names beyond the last one: the last page, unless a name has ended it. */
  private openPage(): Page {
    const last = this.pages.at(-1)
    if (last !== undefined && !endsPage(last.names.at(-1)!)) return last
    const page = new Page([], [], this.subfolders)
    this.pages.push(page)
    return page
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

export function endsPage(name: string): boolean {
  return hashName(name) % PAGE_LINES_MEAN === 0
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
