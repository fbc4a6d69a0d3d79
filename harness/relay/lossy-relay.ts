// A real UDP relay between peers on loopback that loses, doubles, delays, reorders and damages what passes, from a
// seed. Tests start it in their process; a person runs it beside real peers.
//
// The address plan. Every peer has a real address, which it binds, and a stand-in, which the relay binds and
// which the other peers are told:
//
//            --bind 127.0.0.1                          --bind 127.0.0.2
//            --ip 127.0.1.2:22001                      --ip 127.0.1.1:22001
//           ┌────────────────────┐                    ┌────────────────────┐
//           │ A  127.0.0.1:22001 │                    │ B  127.0.0.2:22001 │
//           └─────────┬──────────┘                    └──────────┬─────────┘
//                     │ to 127.0.1.2     from 127.0.1.1 to B     │
//                     ▼                                          ▲
//              127.0.1.2:22001  ── loss, delay, … ──►  127.0.1.1:22001
//              (stands for B)                          (stands for A)
//
// What A sends to B's stand-in leaves from A's stand-in, so B answers there, and the answer comes back the
// same way. The sender is known by its source address, so one stand-in for each peer serves any number of
// peers. Without `standIn`, 127.0.0.N has 127.0.1.N with the same port.
//
//     npx tsx harness/relay/lossy-relay.ts --peers 127.0.0.1:22001,127.0.0.2:22001 --loss 0.05 --delay 10

import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Address, formatAddress, parseAddress } from '../../src/io/net/address.js'
import { UdpSocket } from '../../src/io/net/udp.js'
import { SeededRandom } from '../../src/sim/random.js'

/** Probabilities are in [0, 1] and drawn for each datagram. */
export interface RelayFaults {
  readonly loss?: number
  readonly duplication?: number
  /** Datagrams that are held back by `reorderingMs` more than the others. */
  readonly reordering?: number
  readonly reorderingMs?: number
  /** One way. */
  readonly delayMs?: number
  /** Added to the delay, uniform in [0, jitterMs]. Reorders by itself. */
  readonly jitterMs?: number
  /** Rate of each direction; datagrams that do not fit the queue are dropped at its tail. */
  readonly rateBytesPerS?: number
  readonly queueBytes?: number
  /** Larger datagrams vanish, as in a path MTU black hole. UDP payload. */
  readonly datagramBytesMax?: number
  /** Datagrams of which one bit, wherever it is, arrives turned over. */
  readonly bitFlips?: number
}

export interface RelayPeer {
  readonly real: Address
  readonly standIn?: Address
}

export interface RelayOptions extends RelayFaults {
  readonly peers: readonly RelayPeer[]
  readonly seed: number
  /** Shown every datagram as it comes, before anything happens to it. */
  readonly onDatagram?: (bytes: Uint8Array) => void
}

export interface DirectionCounters {
  received: number
  receivedBytes: number
  forwarded: number
  forwardedBytes: number
  lost: number
  duplicated: number
  reordered: number
  /** The queue of `rateBytesPerS` was full. */
  queueDropped: number
  /** Larger than `datagramBytesMax`. */
  tooLarge: number
  flipped: number
}

export interface Relay {
  /** The address that others are told instead of this peer's real one. */
  standInOf(real: Address): Address
  /** Counts of datagrams from one real address to another. */
  counters(from: Address, to: Address): Readonly<DirectionCounters>
  /** Datagrams of nobody in the plan; dropped. */
  readonly strangers: number
  /** From now on; what is under way stays so. */
  setFaults(faults: RelayFaults): void
  close(): Promise<void>
}

/** Bytes on their way through one relay, over all directions; more is dropped as in a full queue. */
const UNDER_WAY_BYTES_MAX = 256 * 1024 * 1024

/** Queue of a rate-limited direction unless told: what 100 Mbit/s sends in 20 ms. */
const QUEUE_BYTES = 250_000

export async function start(options: RelayOptions): Promise<Relay> {
  const relay = new LossyRelay(options)
  await relay.open(options.peers)
  return relay
}

interface Station {
  readonly real: Address
  readonly standIn: Address
  readonly socket: UdpSocket
}

interface Direction {
  readonly from: Station
  readonly to: Station
  readonly counters: DirectionCounters
  /** When the rate-limited line has sent all that is queued. */
  freeMs: number
}

interface Passing {
  readonly dueMs: number
  /** Breaks ties, so that equal delays keep the order. */
  readonly number: number
  readonly direction: Direction
  readonly bytes: Uint8Array
}

class LossyRelay implements Relay {
  strangers = 0
  private faults: RelayFaults
  private readonly random: SeededRandom
  private readonly onDatagram: (bytes: Uint8Array) => void
  private readonly stations = new Map<Address, Station>()
  private readonly directions = new Map<string, Direction>()
  private readonly passing = new PassingHeap()
  private passedCount = 0
  private passingBytes = 0
  private timer: NodeJS.Timeout | undefined
  private timerDueMs = Number.POSITIVE_INFINITY

  constructor(options: RelayOptions) {
    this.faults = options
    this.random = new SeededRandom(options.seed)
    this.onDatagram = options.onDatagram ?? (() => {})
  }

  async open(peers: readonly RelayPeer[]): Promise<void> {
    for (const peer of peers) {
      const standIn = peer.standIn ?? defaultStandIn(peer.real)
      const { host, port } = parseAddress(standIn)!
      const socket = await UdpSocket.open({
        port,
        bind: host,
        ipv6: false,
        onDatagram: (from, bytes) => this.arrived(from, peer.real, bytes),
      })
      this.stations.set(peer.real, { real: peer.real, standIn: formatAddress(host, socket.port), socket })
    }
  }

  standInOf(real: Address): Address {
    return this.stationOf(real).standIn
  }

  counters(from: Address, to: Address): Readonly<DirectionCounters> {
    return this.directionOf(this.stationOf(from), this.stationOf(to)).counters
  }

  setFaults(faults: RelayFaults): void {
    this.faults = faults
  }

  async close(): Promise<void> {
    clearTimeout(this.timer)
    await Promise.all([...this.stations.values()].map(({ socket }) => socket.close()))
  }

  private arrived(from: Address, toReal: Address, bytes: Uint8Array): void {
    const sender = this.stations.get(from)
    if (sender === undefined) {
      this.strangers++
      return
    }
    const direction = this.directionOf(sender, this.stationOf(toReal))
    const { counters } = direction
    counters.received++
    counters.receivedBytes += bytes.length
    this.onDatagram(bytes)
    const { faults } = this
    // Each fault draws whether or not another struck, so that one datagram's luck does not shift the next
    // one's.
    const lost = this.chance(faults.loss)
    const doubled = this.chance(faults.duplication)
    const heldBack = this.chance(faults.reordering)
    const jitterMs = this.random.next() * (faults.jitterMs ?? 0)
    const flipped = this.chance(faults.bitFlips)
    const bit = Math.floor(this.random.next() * 8 * bytes.length)
    if (bytes.length > (faults.datagramBytesMax ?? Number.POSITIVE_INFINITY)) {
      counters.tooLarge++
      return
    }
    if (lost) {
      counters.lost++
      return
    }
    if (heldBack) counters.reordered++
    if (flipped && bytes.length > 0) {
      counters.flipped++
      bytes[bit >> 3]! ^= 1 << (bit & 7)
    }
    const delayMs = (faults.delayMs ?? 0) + jitterMs + (heldBack ? (faults.reorderingMs ?? 5) : 0)
    this.pass(direction, bytes, delayMs)
    if (doubled) {
      counters.duplicated++
      this.pass(direction, bytes, delayMs)
    }
  }

  private pass(direction: Direction, bytes: Uint8Array, delayMs: number): void {
    const nowMs = performance.now()
    const lineMs = this.lineMs(direction, bytes, nowMs)
    if (lineMs === undefined || this.passingBytes + bytes.length > UNDER_WAY_BYTES_MAX) {
      direction.counters.queueDropped++
      return
    }
    if (lineMs + delayMs <= 0) {
      this.forward(direction, bytes)
      return
    }
    this.passingBytes += bytes.length
    this.passing.push({ dueMs: nowMs + lineMs + delayMs, number: this.passedCount++, direction, bytes })
    this.schedule(nowMs)
  }

  /** How long the datagram waits for and takes on a rate-limited line; undefined where the queue is full. */
  private lineMs(direction: Direction, bytes: Uint8Array, nowMs: number): number | undefined {
    const { rateBytesPerS, queueBytes = QUEUE_BYTES } = this.faults
    if (rateBytesPerS === undefined) return 0
    const startMs = Math.max(direction.freeMs, nowMs)
    const queuedBytes = ((startMs - nowMs) / 1_000) * rateBytesPerS
    if (queuedBytes > 0 && queuedBytes + bytes.length > queueBytes) return undefined
    direction.freeMs = startMs + (bytes.length / rateBytesPerS) * 1_000
    return direction.freeMs - nowMs
  }

  private schedule(nowMs: number): void {
    const dueMs = this.passing.first?.dueMs
    if (dueMs === undefined || dueMs >= this.timerDueMs) return
    clearTimeout(this.timer)
    this.timerDueMs = dueMs
    this.timer = setTimeout(() => this.release(), Math.max(1, dueMs - nowMs))
  }

  private release(): void {
    this.timerDueMs = Number.POSITIVE_INFINITY
    const nowMs = performance.now()
    for (
      let next = this.passing.first;
      next !== undefined && next.dueMs <= nowMs;
      next = this.passing.first
    ) {
      this.passing.pop()
      this.passingBytes -= next.bytes.length
      this.forward(next.direction, next.bytes)
    }
    this.schedule(nowMs)
  }

  private forward({ from, to, counters }: Direction, bytes: Uint8Array): void {
    counters.forwarded++
    counters.forwardedBytes += bytes.length
    from.socket.send({ to: to.real, bytes, segmentBytes: bytes.length })
  }

  private chance(probability = 0): boolean {
    return this.random.next() < probability
  }

  private stationOf(real: Address): Station {
    const station = this.stations.get(real)
    if (station === undefined) throw new Error(`${real} is not in this relay's plan`)
    return station
  }

  private directionOf(from: Station, to: Station): Direction {
    const key = `${from.real} ${to.real}`
    let direction = this.directions.get(key)
    if (direction === undefined) {
      direction = { from, to, counters: noCounters(), freeMs: 0 }
      this.directions.set(key, direction)
    }
    return direction
  }
}

/** A binary heap of what is under way, the earliest first. */
class PassingHeap {
  private readonly heap: Passing[] = []

  get first(): Passing | undefined {
    return this.heap[0]
  }

  push(item: Passing): void {
    let at = this.heap.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isEarlier(item, this.heap[parent]!)) break
      this.heap[at] = this.heap[parent]!
      at = parent
    }
    this.heap[at] = item
  }

  pop(): void {
    const last = this.heap.pop()
    if (last === undefined || this.heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && isEarlier(this.heap[child + 1]!, this.heap[child]!)) child++
      if (!isEarlier(this.heap[child]!, last)) break
      this.heap[at] = this.heap[child]!
      at = child
    }
    this.heap[at] = last
  }
}

function isEarlier(left: Passing, right: Passing): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.number < right.number)
}

function noCounters(): DirectionCounters {
  return {
    received: 0,
    receivedBytes: 0,
    forwarded: 0,
    forwardedBytes: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    queueDropped: 0,
    tooLarge: 0,
    flipped: 0,
  }
}

function defaultStandIn(real: Address): Address {
  const { host, port } = parseAddress(real) ?? { host: '', port: 0 }
  if (!host.startsWith('127.0.0.')) throw new Error(`${real} has no stand-in by rule: give one`)
  return formatAddress(host.replace('127.0.0.', '127.0.1.'), port)
}

async function main(): Promise<void> {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    options: {
      peers: text('127.0.0.1:22001,127.0.0.2:22001'),
      loss: text('0'),
      duplication: text('0'),
      reordering: text('0'),
      'reordering-ms': text('5'),
      delay: text('0'),
      jitter: text('0'),
      rate: { type: 'string' },
      queue: text(String(QUEUE_BYTES)),
      'datagram-bytes-max': { type: 'string' },
      'bit-flips': text('0'),
      seed: text(String(Date.now() % 1_000_000)),
    },
  })
  const peers = values.peers.split(',').map((real) => ({ real }))
  const { rate, 'datagram-bytes-max': datagramBytesMax } = values
  const relay = await start({
    peers,
    seed: Number(values.seed),
    loss: Number(values.loss),
    duplication: Number(values.duplication),
    reordering: Number(values.reordering),
    reorderingMs: Number(values['reordering-ms']),
    delayMs: Number(values.delay),
    jitterMs: Number(values.jitter),
    queueBytes: Number(values.queue),
    bitFlips: Number(values['bit-flips']),
    ...(rate === undefined ? {} : { rateBytesPerS: Number(rate) }),
    ...(datagramBytesMax === undefined ? {} : { datagramBytesMax: Number(datagramBytesMax) }),
  })
  console.log(`seed ${values.seed}`)
  for (const { real } of peers) {
    const others = peers.filter((peer) => peer.real !== real).map((peer) => relay.standInOf(peer.real))
    const { host, port } = parseAddress(real)!
    console.log(`left --bind ${host} --port ${port} --ip ${others.join(',')}`)
  }
  const finish = async () => {
    for (const from of peers) {
      for (const to of peers) {
        if (from !== to) console.log(from.real, 'to', to.real, relay.counters(from.real, to.real))
      }
    }
    await relay.close()
  }
  process.once('SIGINT', finish)
  process.once('SIGTERM', finish)
}

const startedFile = process.argv[1]
if (startedFile !== undefined && realpathSync(startedFile) === fileURLToPath(import.meta.url)) await main()
