// What peers deleted or replaced here: the newest first, each to be given back. Read from the disk when it is asked for, not all
// the time.

import { formatBytes, formatCount } from '../cli/format.js'
import { printable, printableName } from '../cli/names.js'
import type { TrashListed, TrashRestored } from '../control/trash-results.js'
import { ask } from './ask.js'
import { button, element, Rows, section, setText } from './dom.js'
import { say } from './notice.js'
import type { LogLine } from './stream.js'

type Thing = TrashListed['first'][number]

/** Events after which the trash may hold something else, and how long until it is looked at again then, milliseconds. */
const CHANGING = new Set(['removed', 'received', 'moved', 'conflict'])
const LOOK_MS = 3_000

export class Trash {
  private readonly section = section('trash', 'Trash')
  private readonly words = element('p', { class: 'dim' })
  private readonly input = element('input', {
    id: 'trash-path',
    name: 'path',
    autocomplete: 'off',
    spellcheck: 'false',
  })
  private readonly rows: Rows<Thing>
  private path = ''
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    const list = element('ul')
    this.rows = new Rows(
      list,
      ({ path, takenMs }) => `${takenMs} ${path}`,
      (thing) => this.rowOf(thing),
    )
    const form = element(
      'form',
      {},
      element('label', { for: 'trash-path' }, 'Of this file or folder (empty for all)', this.input),
      element('button', { type: 'submit' }, 'Show'),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.path = this.input.value.replace(/^\.?\/+|\/+$/g, '')
      void this.list()
    })
    this.section.body.append(
      form,
      this.words,
      element(
        'div',
        { class: 'lines', tabindex: '0', 'aria-label': 'Things in the trash', role: 'group' },
        list,
      ),
    )
    void this.list()
  }

  handle(lines: readonly LogLine[]): void {
    if (lines.some(({ event }) => CHANGING.has(event.event)))
      this.timer ??= setTimeout(() => this.list(), LOOK_MS)
  }

  private async list(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    const listed = await ask<TrashListed>('trash-list', { path: this.path })
    if (listed === undefined) return
    const { count, first, bytes } = listed
    this.section.setCount(count > 0 ? formatCount(count) : '')
    const cut = count > first.length ? `; the newest ${first.length} are shown` : ''
    setText(
      this.words,
      count === 0
        ? 'nothing is in it'
        : `${formatCount(count)} ${count === 1 ? 'thing' : 'things'}, ${formatBytes(bytes)}${cut}`,
    )
    this.rows.update(first)
  }

  private rowOf({ path, kind, bytes, takenMs }: Thing) {
    const time = element(
      'time',
      { datetime: new Date(takenMs).toISOString() },
      new Date(takenMs).toLocaleString(),
    )
    const size = kind === 'file' ? formatBytes(bytes) : printable(kind)
    const what = element(
      'span',
      { class: 'what' },
      element('bdi', { class: 'path' }, printableName(path)),
      element('small', {}, `${size} · `, time),
    )
    const restore = button('Restore', () => this.restore(path), {
      'aria-label': `Restore ${printableName(path)}`,
    })
    return { node: element('li', { class: 'item' }, what, restore), update: () => {} }
  }

  private async restore(path: string): Promise<void> {
    const result = await ask<TrashRestored>('trash-restore', { path })
    if (result === undefined) return
    const { restored, beside, refused } = result
    const [other] = beside.first
    const [kept] = refused.first
    if (kept !== undefined)
      say(`left in the trash: ${printableName(kept.path)}: ${printable(kept.reason)}`, 'bad')
    else if (other !== undefined) say(`restored as ${printableName(other.as)}: something stands there by now`)
    else if (restored.count > 0) say(`restored ${printableName(path)}`)
    else say('it is not in the trash any more', 'bad')
    await this.list()
  }
}
