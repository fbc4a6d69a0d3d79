// Finds peers on the local network, for --discover: the beacons machine drained into sockets, the neighbour table and the
// addresses of this machine. Whoever is found goes to FoundPeers. Used by Peer.

import { DEFAULT_PORT } from '../base/limits.js'
import type { Random } from '../base/ports.js'
import { Beacons } from '../beacons/beacons.js'
import { BEACON_GROUP_IPV4, BEACON_GROUP_IPV6, BEACON_PORT } from '../beacons/limits.js'
import { broadcastOf } from '../beacons/own-address.js'
import { nowMs } from '../io/clock.js'
import { formatAddress } from '../io/net/address.js'
import { BeaconSockets } from '../io/net/beacon-sockets.js'
import { isOwnAddress } from '../io/net/interfaces.js'
import { readNeighbours } from '../io/net/neighbours.js'
import { type LocalAddress, localAddresses } from '../io/net/own-addresses.js'
import { hmac } from '../seal/keys.js'
import type { FoundPeers } from './found-peers.js'
import { OWN_ADDRESSES_LOOK_MS } from './limits.js'

/** Once at the start, where it is so. */
export const DEAF_NOTE = `beacons cannot be heard: another program has UDP port ${BEACON_PORT}. Others may find this peer all the same`

export interface DiscoveryOptions {
  /** UDP port of the sessions. */
  readonly port: number
  readonly bind: string | undefined
  /** Whether sessions can be had over IPv6. */
  readonly ipv6: boolean
  readonly keys: readonly Uint8Array[]
  readonly takesAny: boolean
  readonly random: Random
  readonly found: FoundPeers
  /** Somebody may have been found. */
  readonly onFound: () => void
  /** An address of this machine is gone. */
  readonly onMoved: () => void
}

export class Discovery {
  private readonly machine: Beacons
  private sockets!: BeaconSockets
  private looking: NodeJS.Timeout | undefined
  private timer: NodeJS.Timeout | undefined
  private addresses: readonly LocalAddress[] = []
  private isStopped = false

  constructor(private readonly options: DiscoveryOptions) {
    const { port, keys, takesAny, random } = options
    this.machine = new Beacons({ port, neighbourPort: DEFAULT_PORT, keys, takesAny, random, hmac })
  }

  get counters() {
    return this.machine.counters
  }

  /** Answers whether beacons of others can be heard. */
  async start(): Promise<boolean> {
    this.sockets = await BeaconSockets.open({
      port: BEACON_PORT,
      groupIpv4: BEACON_GROUP_IPV4,
      groupIpv6: BEACON_GROUP_IPV6,
      onBeacon: (host, bytes) => {
        this.machine.handleBeacon(host, bytes, nowMs())
        this.takeFound()
      },
    })
    if (this.isStopped) {
      await this.sockets.close()
      return true
    }
    this.looking = setInterval(() => this.look(), OWN_ADDRESSES_LOOK_MS)
    this.look()
    return this.sockets.hears
  }

  async stop(): Promise<void> {
    this.isStopped = true
    clearInterval(this.looking)
    clearTimeout(this.timer)
    await this.sockets?.close()
  }

  private look(): void {
    const { bind, ipv6, found, onMoved } = this.options
    const before = this.addresses
    this.addresses = localAddresses(bind).filter(({ host }) => ipv6 || !host.includes(':'))
    if (JSON.stringify(before) !== JSON.stringify(this.addresses)) {
      this.sockets.setAddresses(this.addresses)
      this.machine.handleAddresses(this.addresses, nowMs())
      this.drain()
      if (before.some(({ host }) => this.addresses.every((own) => own.host !== host))) onMoved()
    }
    found.sweep(nowMs())
  }

  private drain(): void {
    clearTimeout(this.timer)
    if (this.isStopped) return
    this.machine.handleTimeout(nowMs())
    for (let beacon = this.machine.pollBeacon(); beacon !== undefined; beacon = this.machine.pollBeacon())
      void this.sockets.send(beacon.from, beacon.bytes, broadcastOf(beacon.from))
    if (this.machine.pollLook()) void this.readNeighbours()
    const dueMs = this.machine.pollTimeout()
    if (dueMs !== undefined) this.timer = setTimeout(() => this.drain(), Math.max(1, dueMs - nowMs()))
  }

  private async readNeighbours(): Promise<void> {
    const hosts = await readNeighbours()
    if (this.isStopped) return
    this.machine.handleNeighbours(hosts)
    this.takeFound()
  }

  private takeFound(): void {
    const { bind, ipv6, port, found, onFound } = this.options
    let isNew = false
    for (let one = this.machine.pollFound(); one !== undefined; one = this.machine.pollFound()) {
      if (isOwnAddress(one, { bind, port }) || (one.host.includes(':') && !ipv6)) continue
      found.add(formatAddress(one.host, one.port), one.source, nowMs())
      isNew = true
    }
    if (isNew) onFound()
  }
}
