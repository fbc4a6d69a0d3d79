// `left peers`: whom a running peer exchanges with, a peer a line, and what is known of each.

import type { PeersResult } from '../../control/peers-results.js'
import { type PeerStatus, TRACKER_WORDS } from '../../control/status.js'
import { formatBytes, formatDuration, formatRate } from '../format.js'
import { fitted, printable } from '../names.js'
import type { AskCommand } from './ask-command.js'
import { STATE_WORDS } from './state-words.js'
import { pauseWords } from './steer.js'

export const peersCommand: AskCommand = {
  name: 'peers',
  description: 'list the peers of a running peer: how each stands and why, its key, rates, RTT and loss',
  words: '',
  asksPeer: true,
  given: () => ({}),
  lines: (result) => peersLines(result as PeersResult, new Date()),
}

export function peersLines({ peers, trackers, pause }: PeersResult, now: Date): string[] {
  if (peers.length === 0) return ['no peer is known yet', ...trackerLines(trackers)]
  const columns = Math.max(...peers.map(({ address }) => printable(address).length))
  return [
    ...peers.flatMap((peer) => [
      `${fitted(printable(peer.address), columns)}  ${standing(peer, now)}`,
      ...details(peer).map((line) => `    ${line}`),
    ]),
    ...trackerLines(trackers),
    ...(pause === null ? [] : ['', pauseWords(pause)]),
  ]
}

function standing({ state, reason, code, since }: PeerStatus, now: Date): string {
  const age = since === null ? '' : ` (${formatDuration(Math.max(0, now.getTime() - Date.parse(since)))})`
  const why = state === 'paused' ? (code === 'paused-there' ? ' there' : ' here') : ''
  return `${STATE_WORDS[state]}${why}${age}${reason === '' ? '' : `: ${printable(reason)}`}`
}

function details(peer: PeerStatus): string[] {
  const { peer: id, fingerprint, receivedBytes, sentBytes, receivedBytesPerS, sentBytesPerS } = peer
  const { rttMs, minRttMs, loss, wanted, notHeldThere } = peer
  const name = [
    ...(id === null ? [] : [`peer ${printable(id)}`]),
    ...(fingerprint === null ? [] : [`key ${printable(fingerprint)}`]),
  ]
  const link = [
    ...(receivedBytes > 0 ? [`in ${formatRate(receivedBytesPerS)}, ${formatBytes(receivedBytes)}`] : []),
    ...(sentBytes > 0 ? [`out ${formatRate(sentBytesPerS)}, ${formatBytes(sentBytes)}`] : []),
    ...(rttMs === null
      ? []
      : [`RTT ${rttMs.toFixed(1)} ms${minRttMs === null ? '' : `, at least ${minRttMs.toFixed(1)} ms`}`]),
    ...(loss === null ? [] : [`loss ${(100 * loss).toFixed(1)}%`]),
  ]
  const rest = [
    ...(wanted > 0 ? [`${wanted} to come`] : []),
    ...(notHeldThere > 0 ? [`${notHeldThere} not held there`] : []),
  ]
  return [name, link, rest].filter((parts) => parts.length > 0).map((parts) => parts.join(', '))
}

function trackerLines(trackers: PeersResult['trackers']): string[] {
  if (trackers.length === 0) return []
  return [
    '',
    ...trackers.map(
      ({ address, state, peers }) => `tracker ${printable(address)}  ${TRACKER_WORDS[state]}, names ${peers}`,
    ),
  ]
}
