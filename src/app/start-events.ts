// The events that a peer tells when it starts. Used by Peer.

import type { UdpSocket } from '../io/net/udp.js'
import type { PeerEvent } from './events.js'
import type { PeerOptions } from './options.js'
import { isSuperuser, SUPERUSER_NOTE } from './superuser.js'
import { PROGRAM_VERSION } from './version.js'

export interface StartFacts {
  readonly options: PeerOptions
  readonly socket: UdpSocket
  readonly peerId: string
  readonly fingerprint: string | undefined
  /** Why the kernel does, or does not, cut and merge datagrams. */
  readonly offloadWhy: string
  /** Of the page; undefined where there is none. */
  readonly link: string | undefined
}

export function* startEvents(facts: StartFacts): Iterable<PeerEvent> {
  const { options, socket, peerId, fingerprint, offloadWhy, link } = facts
  yield {
    event: 'started',
    version: PROGRAM_VERSION,
    share: options.share,
    listening: socket.listening,
    peer: peerId,
    window: String(options.window),
    encryption: options.encryption,
    fingerprint: fingerprint ?? null,
    peers: options.peers.map(({ text }) => text),
    trackers: options.trackers.map(({ text }) => text),
  }
  if (link !== undefined) yield { event: 'page', link }
  const words = DIRECTION_WORDS[options.direction]
  if (words !== undefined) yield { event: 'note', message: words }
  if (isSuperuser()) yield { event: 'note', message: SUPERUSER_NOTE }
  if (options.verbose) yield { event: 'debug', message: offloadWords(socket, offloadWhy) }
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
