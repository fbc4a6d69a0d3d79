// The simulated network: nodes by address, and between each two of them one link per direction with the
// faults of a real one. Used by the tests of rdt, the packet-loss bench and the simulated peers.

import type { SeededRandom } from './random.js'
import type { Scheduler } from './scheduler.js'

/** IPv4 (20) and UDP (8) headers: what a datagram takes on the link besides its payload. */
export const HEADER_BYTES = 28

/** Losses that come together (Gilbert–Elliott): in the bad state each datagram is lost with `loss`. */
export interface Bursts {
  /** Probability, per datagram, of turning bad. */
  readonly enter: number
  /** Probability, per datagram, of turning good again; 1 / mean length. */
  readonly leave: number
  readonly loss: number
}

/** One direction of a link. All probabilities are per datagram, in [0, 1]. */
export interface LinkFaults {
  rateBitPerS: number
  /** One way. */
  delayMs: number
  /** Added to the delay, uniform in [0, jitterMs); alone it does not overtake. */
  jitterMs: number
  loss: number
  bursts: Bursts | undefined
  duplication: number
  /** A reordered datagram is held back by up to `reorderMs`, and others overtake it. */
  reordering: number
  reorderMs: number
  bitFlips: number
  truncation: number
  /** Bytes that wait for the link at most; packets beyond that are dropped (drop tail). */
  queueBytes: number
  /** IP packets larger than this vanish, as where ICMP is filtered. */
  mtuBytes: number
  /** While it is down everything vanishes. */
  down: boolean
}

const PERFECT_LINK: Readonly<LinkFaults> = {
  rateBitPerS: Number.POSITIVE_INFINITY,
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  bursts: undefined,
  duplication: 0,
  reordering: 0,
  reorderMs: 0,
  bitFlips: 0,
  truncation: 0,
  queueBytes: Number.POSITIVE_INFINITY,
  mtuBytes: 65_535,
  down: false,
}

export interface LinkCounters {
  sent: number
  sentBytes: number
  delivered: number
  deliveredBytes: number
  lost: number
  lostBytes: number
  overflowed: number
  oversized: number
}

/** A transmitter, for which packets wait one after the other. */
interface Wire {
  /** When the last datagram that was put on it will have left it. */
  freeAtMs: number
}

/** Called with each datagram that arrives; the bytes may be kept. */
export type Receive = (from: string, bytes: Uint8Array) => void

export class Link {
  /** Changed at will while it runs. */
  readonly faults: LinkFaults
  readonly counters: LinkCounters = {
    sent: 0,
    sentBytes: 0,
    delivered: 0,
    deliveredBytes: 0,
    lost: 0,
    lostBytes: 0,
    overflowed: 0,
    oversized: 0,
  }
  /** Its own until it shares a bottleneck with others. */
  wire: Wire = { freeAtMs: 0 }
  private lastArrivalMs = 0
  private inBurst = false

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: SeededRandom,
    private readonly deliver: (bytes: Uint8Array) => void,
    faults: Partial<LinkFaults>,
  ) {
    this.faults = { ...PERFECT_LINK, ...faults }
  }

  /** The datagram is the link's from here on. */
  send(bytes: Uint8Array): void {
    const { faults, counters, random } = this
    counters.sent++
    counters.sentBytes += bytes.length
    const packetBytes = bytes.length + HEADER_BYTES
    if (packetBytes > faults.mtuBytes) {
      counters.oversized++
      return
    }
    const nowMs = this.scheduler.nowMs
    const bytesPerMs = faults.rateBitPerS / 8_000
    const startMs = Math.max(nowMs, this.wire.freeAtMs)
    if ((startMs - nowMs) * bytesPerMs + packetBytes > faults.queueBytes && startMs > nowMs) {
      counters.overflowed++
      return
    }
    this.wire.freeAtMs = startMs + packetBytes / bytesPerMs
    if (this.isLost()) {
      counters.lost++
      counters.lostBytes += bytes.length
      return
    }
    this.arrive(bytes)
    if (random.chance(faults.duplication)) this.arrive(bytes)
  }

  private arrive(bytes: Uint8Array): void {
    const { faults, random } = this
    let arrivalMs = this.wire.freeAtMs + faults.delayMs
    if (faults.jitterMs > 0) arrivalMs += random.next() * faults.jitterMs
    if (random.chance(faults.reordering)) {
      arrivalMs += random.next() * faults.reorderMs
    } else {
      arrivalMs = Math.max(arrivalMs, this.lastArrivalMs)
      this.lastArrivalMs = arrivalMs
    }
    const damaged = this.damage(bytes)
    this.scheduler.at(arrivalMs, () => {
      this.counters.delivered++
      this.counters.deliveredBytes += damaged.length
      this.deliver(damaged)
    })
  }

  private isLost(): boolean {
    const { faults, random } = this
    if (faults.down) return true
    if (faults.bursts !== undefined) {
      if (random.chance(this.inBurst ? faults.bursts.leave : faults.bursts.enter))
        this.inBurst = !this.inBurst
      if (this.inBurst && random.chance(faults.bursts.loss)) return true
    }
    return random.chance(faults.loss)
  }

  private damage(bytes: Uint8Array): Uint8Array {
    const { faults, random } = this
    let damaged = bytes
    if (random.chance(faults.bitFlips) && bytes.length > 0) {
      damaged = bytes.slice()
      damaged[random.below(bytes.length)]! ^= 1 << random.below(8)
    }
    if (random.chance(faults.truncation)) damaged = damaged.slice(0, random.below(bytes.length))
    return damaged
  }
}

/** The line of a node to all others, the same both ways: its links share it. */
export interface LineFaults {
  readonly rateBitPerS: number
  readonly queueBytes: number
}

/** One direction of a line. */
class Line {
  private freeAtMs = 0

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: LineFaults,
  ) {}

  /** Calls `onward` when so many bytes have passed; never where the queue has no room (drop tail). */
  pass(bytes: number, onward: () => void): void {
    const { rateBitPerS, queueBytes } = this.faults
    const bytesPerMs = rateBitPerS / 8_000
    const startMs = Math.max(this.scheduler.nowMs, this.freeAtMs)
    const packetBytes = bytes + HEADER_BYTES
    if ((startMs - this.scheduler.nowMs) * bytesPerMs + packetBytes > queueBytes) return
    this.freeAtMs = startMs + packetBytes / bytesPerMs
    this.scheduler.at(this.freeAtMs, onward)
  }
}

/** Nodes and the links between them. A link is made when it is first named or used. */
export class Network {
  private readonly nodes = new Map<string, Receive>()
  /** By the receiving address and the sender's. */
  private readonly parts = new Map<string, Receive>()
  private readonly links = new Map<string, Map<string, Link>>()
  private readonly lines = new Map<string, { readonly outward: Line; readonly homeward: Line }>()

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: SeededRandom,
    /** The properties of a link that the plan does not describe. */
    private readonly defaults: Partial<LinkFaults> = {},
  ) {}

  attach(address: string, receive: Receive): void {
    this.nodes.set(address, receive)
  }

  /** Packets of this sender are received by another part of the node, for as long as the node is there. */
  attachPart(address: string, from: string, receive: Receive): void {
    this.parts.set(`${address} ${from}`, receive)
  }

  /** Packets on their way to a detached node vanish. */
  detach(address: string): void {
    this.nodes.delete(address)
  }

  /** The direction `from` → `to`. */
  link(from: string, to: string): Link {
    let outward = this.links.get(from)
    if (outward === undefined) {
      outward = new Map()
      this.links.set(from, outward)
    }
    let link = outward.get(to)
    if (link === undefined) {
      link = new Link(this.scheduler, this.random, (bytes) => this.arrive(from, to, bytes), this.defaults)
      outward.set(to, link)
    }
    return link
  }

  /** Lets links share one wire and the queue before it. Their rates and queue lengths are to be the same. */
  bottleneck(links: readonly Link[]): void {
    const wire: Wire = { freeAtMs: 0 }
    for (const link of links) link.wire = wire
  }

  /** Changes both directions between two nodes. */
  shape(one: string, other: string, faults: Partial<LinkFaults>): void {
    Object.assign(this.link(one, other).faults, faults)
    Object.assign(this.link(other, one).faults, faults)
  }

  /** All that goes to and from this node shares a line. */
  connectBy(address: string, faults: LineFaults): void {
    const outward = new Line(this.scheduler, faults)
    const homeward = new Line(this.scheduler, faults)
    this.lines.set(address, { outward, homeward })
  }

  send(from: string, to: string, bytes: Uint8Array): void {
    const link = this.link(from, to)
    const line = this.lines.get(from)?.outward
    if (line === undefined) link.send(bytes)
    else line.pass(bytes.length, () => link.send(bytes))
  }

  private arrive(from: string, to: string, bytes: Uint8Array): void {
    const line = this.lines.get(to)?.homeward
    const receive = () => {
      const node = this.nodes.get(to)
      if (node !== undefined) (this.parts.get(`${to} ${from}`) ?? node)(from, bytes)
    }
    if (line === undefined) receive()
    else line.pass(bytes.length, receive)
  }
}
