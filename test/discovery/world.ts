// A tracker and peers that know only it, on the simulated network. Each test drives one.

import { utf8 } from '../../src/base/bytes.js'
import { TrackerClient } from '../../src/discovery/tracker-client.js'
import { TrackerServer } from '../../src/discovery/tracker-server.js'
import { crc32, hash } from '../../src/io/hash.js'
import { groupKeysOf } from '../../src/seal/group-keys.js'
import { type LinkFaults, Network } from '../../src/sim/network.js'
import { SeededRandom } from '../../src/sim/random.js'
import { Scheduler } from '../../src/sim/scheduler.js'

export const TRACKER = '10.0.0.100:22100'
const TICK_MS = 50

export function groupOf(secret: string, peerId: string) {
  const { name, memberOf, mark } = groupKeysOf(utf8(secret))
  return { name, member: memberOf(peerId), mark }
}

export function addressOf(peer: number): string {
  return `10.0.${1 + Math.floor(peer / 200)}.${1 + (peer % 200)}:22001`
}

/** One that runs until it is stopped; what it found, as its events tell. */
class Node {
  readonly found = new Set<string>()
  client: TrackerClient | undefined
}

export class TrackedWorld {
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly nodes: Node[] = []
  server: TrackerServer
  private readonly random: SeededRandom

  constructor(seed: number, faults: Partial<LinkFaults> = {}) {
    this.random = new SeededRandom(seed)
    this.network = new Network(this.scheduler, this.random.fork(), { delayMs: 10, ...faults })
    this.server = this.startTracker()
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  /** Another one in its place where one runs already: it knows nobody. */
  startTracker(): TrackerServer {
    this.server = new TrackerServer({ random: this.random.fork(), hash, crc32 })
    this.network.attach(TRACKER, (from, bytes) => {
      this.server.handleDatagram(from, bytes, this.nowMs)
      this.drainServer()
    })
    return this.server
  }

  stopTracker(): void {
    this.network.detach(TRACKER)
  }

  start(peer: number, secret = 'left-00000000-secret'): Node {
    this.nodes[peer] ??= new Node()
    const node = this.nodes[peer]
    node.found.clear()
    const groups = [groupOf(secret, `peer ${peer}`)]
    node.client = new TrackerClient({ groups, random: this.random.fork(), crc32 })
    node.client.addTracker(TRACKER, this.nowMs)
    this.network.attach(addressOf(peer), (from, bytes) => {
      node.client?.handleDatagram(from, bytes, this.nowMs)
      this.drain(peer)
    })
    this.drain(peer)
    return node
  }

  /** In order where it `leaves`; else as a killed process. */
  stop(peer: number, { leaves }: { leaves: boolean }): void {
    const { client } = this.nodes[peer]!
    if (leaves) client?.close()
    this.drain(peer)
    this.nodes[peer]!.client = undefined
    this.network.detach(addressOf(peer))
  }

  run(forMs: number): void {
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; ) {
      this.scheduler.runUntil(Math.min(untilMs, this.nowMs + TICK_MS))
      this.server.handleTimeout(this.nowMs)
      this.nodes.forEach(({ client }, peer) => {
        client?.handleTimeout(this.nowMs)
        this.drain(peer)
      })
    }
  }

  private drain(peer: number): void {
    const { client, found } = this.nodes[peer]!
    if (client === undefined) return
    for (let event = client.pollEvent(); event !== undefined; event = client.pollEvent()) {
      if (event.type === 'found') found.add(event.address)
      else found.delete(event.address)
    }
    for (
      let next = client.pollDatagram(this.nowMs);
      next !== undefined;
      next = client.pollDatagram(this.nowMs)
    )
      this.network.send(addressOf(peer), next.to, next.bytes)
  }

  private drainServer(): void {
    for (let next = this.server.pollDatagram(); next !== undefined; next = this.server.pollDatagram())
      this.network.send(TRACKER, next.to, next.bytes)
  }
}
