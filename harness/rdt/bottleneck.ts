// Several flows through one bottleneck, for the tests of sharing: each LEFT flow is a puller and a server of its
// own, TCP is modelled, and what waits at the bottleneck can be read off.

import { BLOCK_BYTES } from '../../src/base/limits.js'
import type { Link } from '../../src/sim/network.js'
import { TcpFlow } from './tcp.js'
import { type Node, sealTest, World } from './world.js'

const PACKET_BYTES = 1_472
const FRAME = sealTest(new Uint8Array(BLOCK_BYTES))

export interface FlowOptions {
  readonly rttMs: number
  readonly isBackground?: boolean
  /** Whose blocks it pulls; a server of its own unless given. */
  readonly server?: Node
}

export interface Flow {
  readonly puller: Node
  readonly server: Node
  deliveredBytes(): number
  /** Takes as long as it takes. */
  begin(): void
  end(): void
}

export class Bottleneck {
  readonly world: World
  private readonly links: Link[] = []
  private count = 0

  constructor(
    seed: number,
    private readonly rate: { bitPerS: number; queueBytes: number; loss?: number },
  ) {
    const { bitPerS: rateBitPerS, queueBytes, loss = 0 } = rate
    this.world = new World(seed, { rateBitPerS, queueBytes, loss, mtuBytes: 1_500 })
  }

  flow({ rttMs, isBackground = false, server: given }: FlowOptions): Flow {
    const { world } = this
    const number = this.count++
    const server = given ?? world.node(`10.0.1.${number}:1`)
    const puller = world.node(`10.0.2.${number}:1`, { background: isBackground })
    world.network.shape(server.address, puller.address, { delayMs: rttMs / 2 })
    this.join(world.network.link(server.address, puller.address))
    server.frameOf = () => FRAME
    puller.open = (frame) => frame
    puller.connect(server)
    if (!world.runUntil(() => puller.session !== undefined, 60_000)) throw new Error('the flow did not open')
    world.run(500)
    const ref = { kind: 'file', digest: 'ab'.repeat(32), sizeBytes: 200_000 * BLOCK_BYTES } as const
    return {
      puller,
      server,
      deliveredBytes: () => puller.endpoint.stats(puller.session!)!.bytesReceived,
      begin: () => puller.pull(ref, 'bulk', false),
      end: () => puller.endpoint.cancelPull(puller.session!, ref.kind, ref.digest),
    }
  }

  tcp(control: 'reno' | 'cubic', rttMs: number): TcpFlow {
    const { network } = this.world
    const to = `tcp-${this.count++}`
    const link = network.link(`from-${to}`, to)
    link.faults.delayMs = rttMs / 2
    this.join(link)
    return new TcpFlow(this.world, { control, to, link, ackDelayMs: rttMs / 2 })
  }

  /** How long a packet that comes now would wait. */
  get queueMs(): number {
    return Math.max(0, this.links[0]!.wire.freeAtMs - this.world.nowMs)
  }

  /** Delays every datagram over it by up to so much. */
  jitter(jitterMs: number): void {
    for (const link of this.links) link.faults.jitterMs = jitterMs
  }

  /** Bytes that the queue had no room for, counted in packets of full size. */
  get overflowedBytes(): number {
    return this.links.reduce((bytes, { counters }) => bytes + PACKET_BYTES * counters.overflowed, 0)
  }

  /** The part of the link that each of them gets over so long. */
  parts(flows: readonly { deliveredBytes: number | (() => number) }[], ms: number): number[] {
    const bytes = () =>
      flows.map(({ deliveredBytes }) =>
        typeof deliveredBytes === 'function' ? deliveredBytes() : deliveredBytes,
      )
    const before = bytes()
    this.world.run(ms)
    return bytes().map((after, index) => (after - before[index]!) / ((this.rate.bitPerS / 8_000) * ms))
  }

  private join(link: Link): void {
    link.wire = this.links[0]?.wire ?? link.wire
    this.links.push(link)
  }
}

/** 1 where all have the same, 1/n where one has everything. Jain, Chiu and Hawe, 1984. */
export function jain(parts: readonly number[]): number {
  const sum = parts.reduce((total, part) => total + part, 0)
  return sum ** 2 / (parts.length * parts.reduce((total, part) => total + part ** 2, 0))
}
