// Each peer: how it stands, how fast, how far, and how much of what was asked of it was lost.

import { STATE_WORDS } from '../cli/ask/state-words.js'
import { formatBytes, formatCount, formatRate } from '../cli/format.js'
import { printable } from '../cli/names.js'
import type { PauseStatus, PeerStatus, Status } from '../control/status.js'
import { ask } from './ask.js'
import { button, element, Rows, section, setAttribute, setText } from './dom.js'
import { say } from './notice.js'

interface Shown {
  readonly peer: PeerStatus
  readonly pause: PauseStatus | null
}

const COLUMNS = ['Peer', 'State', 'Receiving', 'Sending', 'Round trip', 'Lost', ''] as const

export class Peers {
  readonly section = section('peers', 'Peers')
  private readonly empty = element('p', { class: 'empty' }, 'no other machine is known yet')
  private readonly rows: Rows<Shown>

  constructor() {
    const body = element('tbody')
    const head = element('tr', {}, ...COLUMNS.map((title) => element('th', { scope: 'col' }, title)))
    const table = element('table', {}, element('thead', {}, head), body)
    this.section.body.append(element('div', { class: 'scroll' }, table), this.empty)
    this.rows = new Rows(body, ({ peer }) => peer.address, makeRow)
  }

  update({ peers, pause }: Status): void {
    const others = peers.filter(({ state }) => state !== 'self')
    this.empty.hidden = others.length > 0
    this.section.setCount(others.length > 1 ? formatCount(others.length) : '')
    this.rows.update(others.map((peer) => ({ peer, pause })))
  }
}

function makeRow({ peer: { address } }: Shown) {
  const id = element('small')
  const state = element('span', { class: 'pill' })
  const why = element('small')
  const cells = Object.fromEntries(
    ['received', 'sent', 'rtt', 'loss'].map((name) => [name, element('span')]),
  ) as Record<'received' | 'sent' | 'rtt' | 'loss', HTMLElement>
  const totals = { received: element('small'), sent: element('small') }
  let isPaused = false
  const pause = button('Pause', async () => {
    const command = isPaused ? 'resume' : 'pause'
    if ((await ask(command, { peer: address })) !== undefined)
      say(
        isPaused
          ? `the exchange with ${printable(address)} is paused`
          : `the exchange with ${printable(address)} goes on`,
      )
  })
  const cell = (title: string, ...children: readonly Node[]) =>
    element('td', { 'data-title': title }, ...children)
  const node = element(
    'tr',
    {},
    element('th', { scope: 'row' }, element('bdi', {}, printable(address)), id),
    cell('State', state, why),
    cell('Receiving', cells.received, totals.received),
    cell('Sending', cells.sent, totals.sent),
    cell('Round trip', cells.rtt),
    cell('Lost', cells.loss),
    element('td', { class: 'act' }, pause),
  )
  return {
    node,
    update: ({ peer, pause: paused }: Shown) => {
      const { receivedBytes, sentBytes, wanted, notHeldThere } = peer
      const isHere = peer.rttMs !== null || peer.fingerprint !== null
      isPaused = paused?.peers.includes(address) === true
      setText(id, peer.peer ?? '')
      setText(state, STATE_WORDS[peer.state])
      setAttribute(state, 'class', `pill ${peer.isInStep ? 'good' : KINDS[peer.state]}`)
      const words = [
        printable(peer.reason),
        wanted > 0 ? `${formatCount(wanted)} to come` : '',
        notHeldThere > 0 ? `${formatCount(notHeldThere)} not held there` : '',
      ]
      setText(why, words.filter((each) => each !== '').join('; '))
      setText(cells.received, isHere ? formatRate(peer.receivedBytesPerS) : '–')
      setText(cells.sent, isHere ? formatRate(peer.sentBytesPerS) : '–')
      setText(totals.received, isHere ? formatBytes(receivedBytes) : '')
      setText(totals.sent, isHere ? formatBytes(sentBytes) : '')
      setText(cells.rtt, peer.rttMs === null ? '–' : formatMs(peer.rttMs))
      setText(cells.loss, peer.loss === null ? '–' : `${Number((100 * peer.loss).toFixed(2))}%`)
      setText(pause, isPaused ? 'Resume' : 'Pause')
      setAttribute(pause, 'aria-label', `${isPaused ? 'Resume' : 'Pause'} ${printable(address)}`)
    },
  }
}

export function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

const KINDS: Readonly<Record<PeerStatus['state'], 'good' | 'busy' | 'off' | 'bad'>> = {
  self: 'off',
  waiting: 'off',
  'not-called': 'off',
  away: 'off',
  paused: 'bad',
  comparing: 'busy',
  receiving: 'busy',
  behind: 'busy',
  'in-step': 'good',
}
