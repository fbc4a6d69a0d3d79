// A TCP sender as far as its congestion control goes, for the tests of sharing: packets of one size, an
// acknowledgement for each, loss by three later ones (RFC 6675), Reno (RFC 5681) or CUBIC (RFC 9438). Not BBR.

import type { Link } from '../../src/sim/network.js'
import type { World } from './world.js'

const PACKET_BYTES = 1_472
const LATER_ACKS_LOST = 3
const RTO_MS = 1_000
const CUBIC_C = 0.4
const CUBIC_BETA = 0.7

export interface TcpOptions {
  readonly control: 'reno' | 'cubic'
  /** Address of its receiver, which is attached to the network here, and the link to it. */
  readonly to: string
  readonly link: Link
  /** From the receiver back. */
  readonly ackDelayMs: number
}

export class TcpFlow {
  deliveredBytes = 0
  private window = 10
  private threshold = Number.POSITIVE_INFINITY
  private next = 0
  private readonly outstanding = new Map<number, number>()
  private recoveryUntil = 0
  private windowMax = 0
  private reducedAtMs = 0
  private ackedAtMs: number

  constructor(
    private readonly world: World,
    private readonly options: TcpOptions,
  ) {
    this.ackedAtMs = world.nowMs
    world.network.attach(options.to, (_from, bytes) => {
      this.deliveredBytes += bytes.length
      const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
      world.scheduler.at(world.nowMs + options.ackDelayMs, () => this.handleAck(number))
    })
    this.fill()
    this.watch()
  }

  private fill(): void {
    while (this.outstanding.size < Math.floor(this.window)) {
      const packet = new Uint8Array(PACKET_BYTES)
      new DataView(packet.buffer).setUint32(0, this.next)
      this.outstanding.set(this.next++, this.world.nowMs)
      this.options.link.send(packet)
    }
  }

  private handleAck(number: number): void {
    const { nowMs } = this.world
    this.ackedAtMs = nowMs
    if (!this.outstanding.delete(number)) return
    this.grow(nowMs)
    // Numbers are of transmissions, so that a repair is a new one: the map keeps the order of sending.
    for (const earlier of this.outstanding.keys()) {
      if (earlier > number - LATER_ACKS_LOST) break
      this.outstanding.delete(earlier)
      if (earlier >= this.recoveryUntil) this.reduce(nowMs)
    }
    this.fill()
  }

  private grow(nowMs: number): void {
    if (this.window < this.threshold) {
      this.window++
      return
    }
    const reno = this.window + 1 / this.window
    if (this.options.control === 'reno') {
      this.window = reno
      return
    }
    const seconds = (nowMs - this.reducedAtMs) / 1_000
    const plateau = Math.cbrt((this.windowMax * (1 - CUBIC_BETA)) / CUBIC_C)
    const target = CUBIC_C * (seconds - plateau) ** 3 + this.windowMax
    this.window = Math.max(
      reno,
      Math.min(1.5 * this.window, this.window + (target - this.window) / this.window),
    )
  }

  private reduce(nowMs: number): void {
    this.recoveryUntil = this.next
    this.windowMax = this.window
    this.reducedAtMs = nowMs
    this.window = Math.max(2, this.window * (this.options.control === 'reno' ? 0.5 : CUBIC_BETA))
    this.threshold = this.window
  }

  /** The retransmission timeout. */
  private watch(): void {
    const { nowMs } = this.world
    if (nowMs - this.ackedAtMs >= RTO_MS) {
      this.outstanding.clear()
      this.threshold = Math.max(2, this.window / 2)
      this.window = 1
      this.ackedAtMs = nowMs
      this.fill()
    }
    this.world.scheduler.at(nowMs + RTO_MS / 4, () => this.watch())
  }
}
