// The first words of a running peer: what it is, and what the person may not expect of it. Used by Peer.

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
