// Builds and updates elements. Text comes from other machines and is only ever put in as text. Used by all parts of the page.

export type Child = Node | string

type Attributes = Readonly<Record<string, string | boolean | undefined>>

/** An attribute that is true is there and empty; one that is false or undefined is not. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value)
  made.append(...children)
  return made
}

/** `act` may take its time: the button is disabled meanwhile, and what goes wrong is told by `act` itself. */
export function button(label: string, act: () => void | Promise<void>, attributes: Attributes = {}) {
  const made = element('button', { type: 'button', ...attributes }, label)
  made.addEventListener('click', async () => {
    if (made.getAttribute('aria-disabled') === 'true') return
    // Not `disabled`, which would take the focus away.
    made.setAttribute('aria-disabled', 'true')
    try {
      await act()
    } finally {
      made.removeAttribute('aria-disabled')
    }
  })
  return made
}

/** Leaves the node alone where nothing changes, so that selections stay and screen readers are silent. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export function setAttribute(node: Element, name: string, value: string | boolean | undefined): void {
  if (value === undefined || value === false) node.removeAttribute(name)
  else {
    const text = value === true ? '' : value
    if (node.getAttribute(name) !== text) node.setAttribute(name, text)
  }
}

export interface Row<T> {
  readonly node: HTMLElement
  update(item: T): void
}

/** Keeps one element for each item of a list, in its order. Elements of items that stay are kept, with the focus in them. */
export class Rows<T> {
  private readonly rows = new Map<string, Row<T>>()

  constructor(
    readonly parent: HTMLElement,
    private readonly keyOf: (item: T) => string,
    private readonly make: (item: T) => Row<T>,
  ) {}

  update(items: readonly T[]): void {
    const keys = new Set(items.map(this.keyOf))
    for (const [key, { node }] of this.rows)
      if (!keys.has(key)) {
        this.rows.delete(key)
        if (node.contains(document.activeElement)) focusSection(node)
        node.remove()
      }
    let before: Element | null = null
    for (const item of items) {
      const key = this.keyOf(item)
      let row = this.rows.get(key)
      if (row === undefined) {
        row = this.make(item)
        this.rows.set(key, row)
      }
      const place: Element | null =
        before === null ? this.parent.firstElementChild : before.nextElementSibling
      if (place !== row.node) this.parent.insertBefore(row.node, place)
      // In the document it has a width and colours to draw with.
      row.update(item)
      before = row.node
    }
  }
}

/** The heading of the section takes the focus when the row that had it goes. */
function focusSection(node: Element): void {
  node.closest('section')?.querySelector<HTMLElement>('h2')?.focus()
}

export interface Section {
  readonly node: HTMLElement
  readonly body: HTMLElement
  /** Hides the section, and its place in the navigation, where it has nothing to show. */
  show(isShown: boolean): void
  /** Shown beside its title and in the navigation; '' for nothing. */
  setCount(text: string): void
}

/** A part of the page with a heading, which the navigation leads to. */
export function section(id: string, title: string): Section {
  const count = element('span', { class: 'count' })
  const navCount = element('span', { class: 'count' })
  const heading = element('h2', { id: `${id}-title`, tabindex: '-1' }, title, ' ', count)
  const body = element('div', { class: 'body' })
  const node = element('section', { id, class: id, 'aria-labelledby': `${id}-title` }, heading, body)
  const link = element('a', { href: `#${id}` }, title, ' ', navCount)
  document.getElementById('main')!.append(node)
  document.getElementById('sections')!.append(link)
  return {
    node,
    body,
    show: (isShown) => {
      node.hidden = !isShown
      link.hidden = !isShown
    },
    setCount: (text) => {
      setText(count, text)
      setText(navCount, text)
    },
  }
}
