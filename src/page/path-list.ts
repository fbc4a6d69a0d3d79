// A list of paths, each with why it is in it, behind its title. Cut as the peer cuts it, with how many there are.

import { formatCount } from '../cli/format.js'
import { printable, printableName } from '../cli/names.js'
import { element, Rows, setText } from './dom.js'

interface Item {
  readonly path: string
  readonly reason: string
}

export class PathList {
  private readonly summary = element('summary')
  private readonly more = element('p', { class: 'dim' })
  private readonly rows: Rows<Item>
  readonly node: HTMLDetailsElement

  /** `act` makes what stands behind each path. */
  constructor(
    private readonly title: string,
    act?: (path: string) => HTMLElement,
  ) {
    const list = element('ul', { 'aria-label': title })
    this.rows = new Rows(
      list,
      ({ path }) => path,
      ({ path }) => makeRow(path, act),
    )
    this.node = element('details', {}, this.summary, list, this.more)
    this.node.hidden = true
  }

  update(count: number, items: readonly Item[]): void {
    this.node.hidden = count === 0
    setText(this.summary, `${this.title} (${formatCount(count)})`)
    this.rows.update(items)
    const rest = count - items.length
    setText(this.more, rest > 0 ? `and ${formatCount(rest)} more` : '')
  }
}

function makeRow(path: string, act: ((path: string) => HTMLElement) | undefined) {
  const reason = element('span', { class: 'dim' })
  const name = element('bdi', { class: 'path' }, printableName(path))
  const what = element('span', { class: 'what' }, name, ' ', reason)
  const node = element('li', { class: 'item' }, what, ...(act === undefined ? [] : [act(path)]))
  return { node, update: (item: Item) => setText(reason, printable(item.reason)) }
}
