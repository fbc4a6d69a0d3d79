// Beacons of whoever is on the link: garbage, floods, strangers in the name of many hosts, and each of them again.

import { createSocket, type Socket } from 'node:dgram'
import { encodeBeacon } from '../../beacons/beacon.js'
import { BEACON_PORT } from '../../beacons/limits.js'
import { SystemRandom } from '../../io/random.js'
import { type Attack, sleep } from '../attack.js'
import { Target } from '../target.js'

/** Hosts in whose name beacons come, and beacons of each. */
const HOSTS = 200
const BEACONS_EACH = { quick: 20, full: 200 }

/** Bytes that come of one beacon of a host that nobody knows: six hellos. */
const CALLED_BYTES_MAX = 4_000

/** Addresses that are called at once (FOUND_PEERS_MAX), and those that take the place of others meanwhile. */
const CALLED_HOSTS_MAX = 128

export const beacons: Attack = {
  name: 'beacons',
  only: 'yes',
  async run({ quick }) {
    const random = new SystemRandom()
    const finding = await Target.start('yes', { options: ['--discover'] })
    const sockets: Socket[] = []
    try {
      const { host } = finding.endpoint
      const network = host.split('.').slice(0, 2).join('.')
      const calledBytes = new Map<Socket, number>()
      for (let count = 0; count < HOSTS; count++) {
        const socket = await boundTo(`${network}.250.${count + 1}`)
        socket.on('message', (bytes) =>
          calledBytes.set(socket, (calledBytes.get(socket) ?? 0) + bytes.length),
        )
        sockets.push(socket)
      }
      const each = quick ? BEACONS_EACH.quick : BEACONS_EACH.full
      for (let round = 0; round < each; round++) {
        for (const socket of sockets) {
          const { port } = socket.address()
          const beacon = encodeBeacon({ port, nonce: random.bytes(16), tag: random.bytes(16) })
          for (const bytes of [beacon, beacon, random.bytes(40), beacon.subarray(0, 39), new Uint8Array(0)])
            socket.send(bytes, BEACON_PORT, host)
        }
        await sleep(10)
      }
      await sleep(2_000)
      const most = Math.max(0, ...calledBytes.values())
      const friend = await finding.attacker()
      const isWell = (await friend.getsIn()) && (await friend.isAlive())
      await friend.close()
      const connected = finding.said.filter(
        ({ event, address }) => event === 'connected' && isOf(address, network),
      )
      const fault = !isWell
        ? 'a peer that was named is not let in any more'
        : connected.length > 0
          ? 'whoever sent a beacon was let in'
          : calledBytes.size > CALLED_HOSTS_MAX
            ? `${calledBytes.size} hosts were called`
            : most > CALLED_BYTES_MAX
              ? `a host was sent ${most} bytes for its beacons`
              : undefined
      const sent = 5 * HOSTS * each
      return {
        fault,
        seen: `${sent} beacons of ${HOSTS} hosts: ${calledBytes.size} called, ${most} bytes at most`,
      }
    } finally {
      for (const socket of sockets) socket.close()
      finding.stop()
    }
  },
}

function boundTo(host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind({ address: host, port: 0 }, () => resolve(socket))
  })
}

function isOf(address: unknown, network: string): boolean {
  return String(address).startsWith(`${network}.250.`)
}
