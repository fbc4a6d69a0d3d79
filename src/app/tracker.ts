// A running tracker: the machine of src/discovery drained into a socket. Holds no share, no key and no secret, and writes nothing.
// Used by `left tracker`.

import { setFlagsFromString } from 'node:v8'
import { TrackerServer } from '../discovery/tracker-server.js'
import { nowMs } from '../io/clock.js'
import { crc32, hash, loadHash } from '../io/hash.js'
import { UdpSocket } from '../io/net/udp.js'
import { SystemRandom } from '../io/random.js'
import { knowsOption } from './heap.js'
import { TRACKER_HEAP, TRACKER_LOOK_MS, TRACKER_TOLD_MS } from './limits.js'
import { PROGRAM_VERSION } from './version.js'

export interface TrackerOptions {
  readonly port: number
  /** Local address to bind, undefined for every one. */
  readonly bind: string | undefined
}

/** For the person, and with `--json` for programs. Nobody's address is told. */
export type TrackerEvent =
  | { event: 'started'; version: string; listening: string }
  | { event: 'members'; groups: number; members: number } // where that has changed, at most every 10 s
  | {
      event: 'summary'
      answered: number
      challenged: number
      dropped: number
      refused: number
    }
  | { event: 'stopped' }

export interface RunningTracker {
  stop(): Promise<void>
}

/** Throws a LeftError 'port-in-use' where the port cannot be had. */
export async function startTracker(
  options: TrackerOptions,
  onEvent: (event: TrackerEvent) => void,
): Promise<RunningTracker> {
  await loadHash()
  for (const option of TRACKER_HEAP) if (await knowsOption(option)) setFlagsFromString(option)
  const server = new TrackerServer({ random: new SystemRandom(), hash, crc32 })
  let socket: UdpSocket | undefined
  const drain = (): void => {
    // What finds no room is lost: a peer asks again, and nobody can make the tracker hold what others are to get.
    for (let datagram = server.pollDatagram(); datagram !== undefined; datagram = server.pollDatagram())
      if (socket?.hasRoom()) socket.send({ ...datagram, segmentBytes: datagram.bytes.length })
  }
  socket = await UdpSocket.open({
    ...options,
    // Peers come over both; on a machine without IPv6 the socket is one of IPv4.
    ipv6: true,
    onDatagram: (from, bytes) => server.handleDatagram(from, bytes, nowMs()),
    onReadable: drain,
  })
  onEvent({ event: 'started', version: PROGRAM_VERSION, listening: socket.listening })
  let told = { groups: 0, members: 0 }
  let toldMs = Number.NEGATIVE_INFINITY
  const looking = setInterval(() => {
    server.handleTimeout(nowMs())
    const now = { groups: server.groupCount, members: server.memberCount }
    const isNews = now.groups !== told.groups || now.members !== told.members
    if (!isNews || nowMs() - toldMs < TRACKER_TOLD_MS) return
    told = now
    toldMs = nowMs()
    onEvent({ event: 'members', ...now })
  }, TRACKER_LOOK_MS)
  return {
    stop: async () => {
      clearInterval(looking)
      await socket.close()
      onEvent({ event: 'summary', ...server.counters })
      onEvent({ event: 'stopped' })
    },
  }
}
