// The last events, in the sentences of the terminal, the newest first.

import { sentence } from '../cli/wording.js'
import { element, section } from './dom.js'
import type { LogLine } from './stream.js'

/** As many as the server keeps. */
const LINES_MAX = 300

const BAD = new Set(['problem', 'abandoned', 'refused', 'key-changed', 'paused', 'conflict'])

export class Log {
  readonly section = section('log', 'Log')
  private readonly list = element('ol', { reversed: true })
  private readonly addresses = new Map<string, string>()
  private lastId = 0

  constructor() {
    const scroll = element(
      'div',
      { class: 'lines', role: 'log', 'aria-live': 'off', 'aria-label': 'Events', tabindex: '0' },
      this.list,
    )
    this.section.body.append(scroll)
  }

  add(lines: readonly LogLine[]): void {
    // Ids begin anew where left was started again.
    const first = lines[0]
    if (first !== undefined && first.id <= this.lastId) this.list.replaceChildren()
    for (const line of lines) {
      this.lastId = line.id
      const { event } = line
      if (event.event === 'connected') this.addresses.set(event.peer, event.address)
      if (event.event === 'receipt') continue // For the curious, as in the terminal.
      const words = sentence(event, (peer) => this.addresses.get(peer) ?? peer)
      if (words === undefined) continue
      const time = element(
        'time',
        { datetime: line.time },
        new Date(line.time).toLocaleTimeString([], { hour12: false }),
      )
      this.list.prepend(element('li', { class: BAD.has(event.event) ? 'bad' : undefined }, time, ' ', words))
    }
    while (this.list.childElementCount > LINES_MAX) this.list.lastElementChild!.remove()
  }
}
