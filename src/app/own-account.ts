// The account that a running peer gives of itself: what it is, how its sessions did, and what it sent and received. Used by Peer.

import type { Engine } from '../engine/engine.js'
import type { UdpSocket } from '../io/net/udp.js'
import type { PeerOptions } from './options.js'
import type { Reporter } from './reporter.js'
import { isSuperuser, SUPERUSER_NOTE } from './superuser.js'
import { PROGRAM_VERSION } from './version.js'

export interface Started {
  readonly options: PeerOptions
  readonly reporter: Reporter
  readonly socket: UdpSocket
  readonly peerId: string
  readonly fingerprint: string | undefined
  readonly offloadWhy: string
}

export function sayStarted({ options, reporter, socket, peerId, fingerprint, offloadWhy }: Started): void {
  reporter.say({
    event: 'started',
    version: PROGRAM_VERSION,
    share: options.share,
    listening: socket.listening,
    peer: peerId,
    window: String(options.window),
    encryption: options.encryption,
    fingerprint: fingerprint ?? null,
    peers: options.peers.map(({ text }) => text),
  })
  const words = DIRECTION_WORDS[options.direction]
  if (words !== undefined) reporter.say({ event: 'note', message: words })
  if (isSuperuser()) reporter.say({ event: 'note', message: SUPERUSER_NOTE })
  if (options.verbose) reporter.say({ event: 'debug', message: offloadWords(socket, offloadWhy) })
}

/** How each session did, for whoever wonders why a link is slow. */
export function saySessions(reporter: Reporter, engine: Engine): void {
  for (const { peer, stats } of engine.sessionStats()) {
    const parts = Object.entries(stats).map(([name, value]) => `${name} ${Math.round(value * 1000) / 1000}`)
    reporter.say({ event: 'debug', message: `session with ${peer}: ${parts.join(', ')}` })
  }
}

export function saySummary(reporter: Reporter, { endpoint, savedBytes }: Engine): void {
  const { counters } = endpoint
  reporter.say({
    event: 'summary',
    receivedBytes: counters.bytesIn,
    sentBytes: counters.bytesOut,
    savedBytes,
    receivedDatagrams: counters.datagramsIn,
    sentDatagrams: counters.datagramsOut,
    droppedDatagrams: counters.dropped,
    strangers: counters.strangers,
  })
}

const DIRECTION_WORDS = {
  both: undefined,
  'send-only': 'send-only: what others change is not taken over; left status shows it',
  'receive-only': 'receive-only: what is changed here is told to nobody; left status shows it',
} as const

function offloadWords({ offloads }: UdpSocket, why: string): string {
  const ways = [offloads.segments ? 'cuts datagrams' : '', offloads.merges ? 'merges datagrams' : '']
  const used = ways.filter((way) => way !== '').join(' and ')
  return used === '' ? `no offload (${why})` : `offload: the kernel ${used} (${why})`
}
