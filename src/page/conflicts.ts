// Files that two machines changed at once: both sides beside each other, and the choice between them.

import { formatBytes, formatCount } from '../cli/format.js'
import { printable, printableName } from '../cli/names.js'
import type {
  ConflictResult,
  ConflictsListed,
  ConflictsSettled,
  SideResult,
} from '../control/conflict-results.js'
import type { Status } from '../control/status.js'
import { ask } from './ask.js'
import { button, element, Rows, section, setText } from './dom.js'
import { say } from './notice.js'

const TITLES = { this: 'Stands here', other: 'Kept beside it' } as const

export class Conflicts {
  private readonly section = section('conflicts', 'Conflicts')
  private readonly more = element('p', { class: 'dim' })
  private readonly rows: Rows<ConflictResult>
  /** As the status has it: the sides are asked for where that changes. */
  private known = ''
  private peers: ReadonlyMap<string, string> = new Map()

  constructor() {
    const list = element('ul')
    this.rows = new Rows(
      list,
      (conflict) => JSON.stringify(conflict),
      (conflict) => ({ node: this.nodeOf(conflict), update: () => {} }),
    )
    this.section.body.append(list, this.more)
    this.section.show(false)
  }

  update({ holds, peers, peer }: Status): void {
    const conflicts = holds?.conflicts ?? { count: 0, first: [] }
    this.section.show(conflicts.count > 0)
    this.peers = new Map([
      ...peers.flatMap(({ peer: id, address }): [string, string][] => (id === null ? [] : [[id, address]])),
      [peer, 'this machine'],
    ])
    const known = JSON.stringify(conflicts)
    if (known === this.known) return
    this.known = known
    if (conflicts.count > 0) void this.list()
    else this.rows.update([])
  }

  private async list(): Promise<void> {
    const listed = await ask<ConflictsListed>('conflicts', { path: '' })
    if (listed === undefined) return
    this.section.setCount(formatCount(listed.count))
    this.rows.update(listed.first)
    const rest = listed.count - listed.first.length
    setText(this.more, rest > 0 ? `and ${formatCount(rest)} more files` : '')
  }

  private nodeOf(conflict: ConflictResult): HTMLElement {
    const { path, this: standing, others } = conflict
    const newest = Math.max(...[standing, ...others.first].map((side) => side?.mtimeMs ?? 0))
    const rest = others.count - others.first.length
    return element(
      'li',
      {},
      element('h3', {}, element('bdi', {}, printableName(path))),
      element(
        'div',
        { class: 'sides' },
        this.sideOf(
          standing,
          'this',
          newest,
          button('Keep this', () => this.keep(path, 'this'), { class: 'main' }),
        ),
        ...others.first.map((side) =>
          this.sideOf(
            side,
            'other',
            newest,
            button('Keep this', () => this.keep(side.path, 'other'), { class: 'main' }),
          ),
        ),
      ),
      element(
        'div',
        { class: 'choices' },
        button('Keep both', () => this.keep(path, 'both')),
        element('span', { class: 'dim' }, rest > 0 ? `and ${formatCount(rest)} more copies` : ''),
      ),
    )
  }

  private sideOf(
    side: SideResult | null,
    which: 'this' | 'other',
    newest: number,
    keep: HTMLElement,
  ): HTMLElement {
    if (side === null)
      return element(
        'div',
        { class: 'side' },
        element('strong', {}, TITLES[which]),
        element('span', {}, 'deleted'),
        keep,
      )
    const { kind, bytes, mtimeMs, author, path } = side
    const time = element(
      'time',
      { datetime: new Date(mtimeMs).toISOString() },
      new Date(mtimeMs).toLocaleString(),
    )
    keep.setAttribute('aria-label', `Keep the version of ${this.nameOf(author)}: ${printableName(path)}`)
    return element(
      'div',
      { class: 'side' },
      element('strong', {}, TITLES[which]),
      element('span', {}, `by ${this.nameOf(author)}`),
      element('span', {}, time, ...(mtimeMs === newest ? [' ', element('mark', {}, 'newest')] : [])),
      element('span', {}, kind === 'file' ? formatBytes(bytes) : kind),
      ...(which === 'other' ? [element('small', {}, printableName(path))] : []),
      element('div', { class: 'choices' }, keep),
    )
  }

  private nameOf(author: string): string {
    return printable(this.peers.get(author) ?? author)
  }

  private async keep(path: string, choice: 'this' | 'other' | 'both'): Promise<void> {
    const result = await ask<ConflictsSettled>('conflicts-keep', { path, choice })
    if (result === undefined) return
    const [refused] = result.refused
    if (refused !== undefined)
      say(`not settled: ${printableName(refused.path)}: ${printable(refused.reason)}`, 'bad')
    else say(choice === 'both' ? 'both are kept' : 'settled: what was not kept is in the trash')
  }
}
