// The names of one folder, sorted and cut into pages at places that the names themselves choose: a name
// whose hash is a multiple of PAGE_LINES_MEAN is the last of its page. Two peers with the same names have
// the same pages whatever order they came in, and an edit changes one page (two when it makes or takes
// away such a name).

import { assert } from '../base/assert.js'
import type { ItemRef } from '../base/item.js'
import { PAGE_LINES_MEAN } from './limits.js'
import { hashName } from './path.js'

interface Page {
  /** Ascending by UTF-16 code units; never empty. */
  names: string[]
  /** As last listed. */
  item: ItemRef | undefined
  changed: boolean
}

export class FolderPages {
  private pages: Page[] = []
  /** Items of pages that are no more, until the next `refresh` or `dismiss` takes them over. */
  private dismissed: ItemRef[] = []

  get pageCount(): number {
    return this.pages.length
  }

  /** Items of the pages in order, as of the last `refresh`. */
  *items(): Generator<ItemRef> {
    for (const page of this.pages) if (page.item !== undefined) yield page.item
  }

  /** The name must not be there yet. */
  add(name: string): void {
    const pageIndex = this.pageIndexOf(name)
    const page = this.pages[pageIndex] ?? this.openPage()
    const { names } = page
    const index = lowerBound(names, name)
    assert(names[index] !== name, 'a name is added once')
    names.splice(index, 0, name)
    page.changed = true
    if (!endsPage(name) || index === names.length - 1) return
    const rest = names.splice(index + 1)
    this.pages.splice(pageIndex + 1, 0, { names: rest, item: undefined, changed: true })
  }

  /** The name must be there. */
  remove(name: string): void {
    const pageIndex = this.pageIndexOf(name)
    const page = this.pageWith(name)
    page.names.splice(lowerBound(page.names, name), 1)
    page.changed = true
    if (page.names.length === 0) this.takeOut(pageIndex)
    else if (endsPage(name)) {
      const next = this.pages[pageIndex + 1]
      if (next === undefined) return
      page.names = page.names.concat(next.names)
      this.takeOut(pageIndex + 1)
    }
  }

  /** Says that the lines of this name, which must be there, are not what they were. */
  change(name: string): void {
    this.pageWith(name).changed = true
  }

  /** Lists the changed pages anew; answers the items that no page has any more. */
  refresh(list: (names: readonly string[]) => ItemRef): ItemRef[] {
    for (const page of this.pages) {
      if (!page.changed && page.item !== undefined) continue
      if (page.item !== undefined) this.dismissed.push(page.item)
      page.item = list(page.names)
      page.changed = false
    }
    return this.takeDismissed()
  }

  /** Empties the folder; answers the items that its pages had. */
  dismiss(): ItemRef[] {
    while (this.pages.length > 0) this.takeOut(this.pages.length - 1)
    return this.takeDismissed()
  }

  private takeDismissed(): ItemRef[] {
    const taken = this.dismissed
    this.dismissed = []
    return taken
  }

  private takeOut(pageIndex: number): void {
    const [page] = this.pages.splice(pageIndex, 1)
    if (page?.item !== undefined) this.dismissed.push(page.item)
  }

  private pageWith(name: string): Page {
    const page = this.pages[this.pageIndexOf(name)]
    assert(page?.names[lowerBound(page.names, name)] === name, 'a changed name is in its folder')
    return page
  }

  /** The page for names beyond the last one: the last page, unless a name has ended it. */
  private openPage(): Page {
    const last = this.pages.at(-1)
    if (last !== undefined && !endsPage(last.names.at(-1)!)) return last
    const page: Page = { names: [], item: undefined, changed: true }
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
