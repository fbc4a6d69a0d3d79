// Finding peers in the simulated network: the beacons machine of one peer, whose beacons reach all other peers over their links.
// Used by the peer where its plan says so.

import { Beacons } from '../../beacons/beacons.js'
import { BEACON_PORT } from '../../beacons/limits.js'
import type { Engine } from '../../engine/engine.js'
import type { Address } from '../../rdt/endpoint.js'
import { hmac } from '../../seal/keys.js'
import { FOUND_MS } from '../limits.js'
import type { SeededRandom } from '../random.js'
import type { SimPeerOptions } from './peer-options.js'

export interface DiscoveryHost {
  readonly random: SeededRandom
  readonly engine: () => Engine | undefined
  /** Something was told to the engine. */
  readonly onFound: () => void
}

export class SimDiscovery {
  private readonly machine: Beacons
  private readonly host: string
  private isOver = false

  /** Runs from here until `stop`. */
  constructor(
    private readonly peer: SimPeerOptions,
    private readonly owner: DiscoveryHost,
    group: number,
  ) {
    const { address, network, scheduler } = peer
    const { host, port } = partsOf(address)
    this.host = host
    const keys = [new Uint8Array(32).fill(group)]
    const { random } = owner
    this.machine = new Beacons({ port, neighbourPort: port, keys, takesAny: false, random, hmac })
    network.attach(beaconAddress(address), (from, bytes) => this.hear(partsOf(from).host, bytes))
    this.machine.handleAddresses([{ link: 'sim', host, prefixBits: 0 }], scheduler.nowMs)
    this.drain()
  }

  stop(): void {
    this.isOver = true
    this.peer.network.detach(beaconAddress(this.peer.address))
  }

  private hear(host: string, bytes: Uint8Array): void {
    const { scheduler } = this.peer
    if (this.isOver) return
    this.machine.handleBeacon(host, bytes, scheduler.nowMs)
    for (let found = this.machine.pollFound(); found !== undefined; found = this.machine.pollFound()) {
      const address = `${found.host}:${found.port}`
      this.owner.engine()?.connect(address, scheduler.nowMs)
      this.owner.onFound()
      scheduler.at(scheduler.nowMs + FOUND_MS, () => this.forget(address))
    }
  }

  /** Nobody was met there, as with a beacon that was replayed. */
  private forget(address: Address): void {
    const engine = this.owner.engine()
    if (!this.isOver && engine?.isConnected(address) === false)
      engine.disconnect(address, this.peer.scheduler.nowMs)
  }

  private drain(): void {
    const { scheduler, network, neighbours } = this.peer
    if (this.isOver) return
    this.machine.handleTimeout(scheduler.nowMs)
    for (let beacon = this.machine.pollBeacon(); beacon !== undefined; beacon = this.machine.pollBeacon())
      for (const neighbour of neighbours)
        network.send(`${this.host}:${BEACON_PORT}`, beaconAddress(neighbour), beacon.bytes)
    const dueMs = this.machine.pollTimeout()
    if (dueMs !== undefined) scheduler.at(dueMs, () => this.drain())
  }
}

/** Where the peer at this address hears beacons. */
export function beaconAddress(address: Address): Address {
  return `${partsOf(address).host}:${BEACON_PORT}`
}

function partsOf(address: Address): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':')
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) }
}
