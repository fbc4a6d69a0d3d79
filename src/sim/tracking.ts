// A tracker in the simulated world, and beside each peer the client that asks it: as src/app/trackers.ts has it for the real one. For
// worlds without links in their plan: peers meet whom the tracker names, and nobody else.

import type { Hash } from '../base/item.js'
import type { Group } from '../discovery/group.js'
import { TrackerClient } from '../discovery/tracker-client.js'
import { TrackerServer } from '../discovery/tracker-server.js'
import type { Crc32 } from '../seal/frames/frame.js'
import { SeededRandom } from './random.js'
import { addressOf, type World } from './world.js'

export const TRACKER_ADDRESS = '10.0.1.1:22100'

export interface TrackingOptions {
  readonly world: World
  /** The group of this peer. */
  readonly groupOf: (peer: number) => Group
  readonly hash: Hash
  readonly crc32: Crc32
}

export class Tracking {
  server: TrackerServer
  private readonly random: SeededRandom
  private readonly clients = new Map<number, TrackerClient>()

  constructor(private readonly options: TrackingOptions) {
    this.random = new SeededRandom(options.world.plan.seed)
    this.server = this.startTracker()
  }

  /** Another one takes the place of one that runs already: it knows nobody. */
  startTracker(): TrackerServer {
    const { world, hash, crc32 } = this.options
    const server = new TrackerServer({ random: this.random.fork(), hash, crc32 })
    this.server = server
    world.network.attach(TRACKER_ADDRESS, (from, bytes) => {
      server.handleDatagram(from, bytes, world.nowMs)
      for (let next = server.pollDatagram(); next !== undefined; next = server.pollDatagram())
        world.network.send(TRACKER_ADDRESS, next.to, next.bytes)
    })
    return server
  }

  stopTracker(): void {
    this.options.world.network.detach(TRACKER_ADDRESS)
  }

  /** The peer starts, and asks the tracker. */
  start(peer: number): void {
    const { world, groupOf, crc32 } = this.options
    world.peers[peer]!.start()
    const client = new TrackerClient({ groups: [groupOf(peer)], random: this.random.fork(), crc32 })
    this.clients.set(peer, client)
    client.addTracker(TRACKER_ADDRESS, world.nowMs)
    world.network.attachPart(addressOf(peer), TRACKER_ADDRESS, (from, bytes) => {
      if (this.clients.get(peer) !== client) return
      client.handleDatagram(from, bytes, world.nowMs)
      this.drain(peer, client)
    })
    this.turn(peer, client)
  }

  /** The peer stops in order, and says so. */
  stop(peer: number): void {
    const client = this.clients.get(peer)
    client?.close()
    if (client !== undefined) this.drain(peer, client)
    this.clients.delete(peer)
    this.options.world.peers[peer]!.stop()
  }

  private turn(peer: number, client: TrackerClient): void {
    const { world } = this.options
    if (this.clients.get(peer) !== client) return
    client.handleTimeout(world.nowMs)
    this.drain(peer, client)
    const dueMs = client.pollTimeout()
    if (dueMs !== undefined) world.scheduler.at(dueMs, () => this.turn(peer, client))
  }

  private drain(peer: number, client: TrackerClient): void {
    const { world } = this.options
    for (let event = client.pollEvent(); event !== undefined; event = client.pollEvent())
      if (event.type === 'found') world.peers[peer]!.meet(event.address)
    const { network } = world
    for (
      let next = client.pollDatagram(world.nowMs);
      next !== undefined;
      next = client.pollDatagram(world.nowMs)
    )
      network.send(addressOf(peer), next.to, next.bytes)
  }
}
