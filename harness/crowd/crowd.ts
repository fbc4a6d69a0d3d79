// Many whole peers in virtual time, each behind a line of its own, who all know each other's addresses: engines and keepers
// as they run, simulated disks and network. Counts what each sends. Nothing is judged here but who holds which file; worlds
// that judge everything are src/sim/world.ts, of a few peers. Used by bench/scale.ts and the tests of many peers.

import { crc32, hash } from '../../src/io/hash.js'
import { contentOf } from '../../src/sim/edits.js'
import { Network } from '../../src/sim/network.js'
import { SimPeer } from '../../src/sim/peer/peer.js'
import type { PeerObserver } from '../../src/sim/peer/peer-options.js'
import { calmPeer } from '../../src/sim/plan.js'
import { SeededRandom } from '../../src/sim/random.js'
import { Scheduler } from '../../src/sim/scheduler.js'
import { standInKey } from '../../src/sim/trust.js'
import { addressOf } from '../../src/sim/world.js'

export interface CrowdOptions {
  readonly count: number
  readonly seed: number
  /** Of the line of each peer, the same both ways. */
  readonly rateBitPerS: number
  readonly delayMs: number
  readonly loss?: number
}

/** Sums over the life of a peer. */
export interface Sent {
  datagrams: number
  bytes: number
}

/** A whole file that a simulated person writes. */
export interface WrittenFile {
  readonly path: string
  readonly content: number
  readonly sizeBytes: number
}

export class Crowd {
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly peers: readonly SimPeer[]
  readonly sent: readonly Sent[]
  private readonly alive: Set<number>
  private readonly numberOf = new Map<string, number>()
  /** Open sessions, by peer: the numbers of the others. */
  private readonly sessions: readonly Set<number>[]
  private readonly awaited = new Set<number>()
  private awaitedFile: { readonly path: string; readonly bytes: Uint8Array } | undefined
  /** Of the file that was awaited last: when each peer had it, since it was written. */
  readonly arrivedMs = new Map<number, number>()
  private writtenAtMs = 0

  constructor(readonly options: CrowdOptions) {
    const { count, seed, rateBitPerS, delayMs, loss = 0 } = options
    const random = new SeededRandom(seed)
    const line = { rateBitPerS, queueBytes: QUEUE_BYTES }
    this.network = new Network(this.scheduler, random.fork(), { delayMs, loss, mtuBytes: 1_500 })
    const addresses = Array.from({ length: count }, (_, peer) => addressOf(peer))
    addresses.forEach((address, peer) => {
      this.numberOf.set(address, peer)
      this.network.connectBy(address, line)
    })
    this.sent = addresses.map(() => ({ datagrams: 0, bytes: 0 }))
    this.sessions = addresses.map(() => new Set<number>())
    this.alive = new Set(addresses.keys())
    const observer = this.observer()
    this.peers = addresses.map(
      (address, number) =>
        new SimPeer({
          number,
          plan: calmPeer(number, { id: hexId(random) }),
          address,
          neighbours: new Set(addresses.filter((other) => other !== address)),
          scheduler: this.scheduler,
          network: this.network,
          random: random.fork(),
          hash,
          crc32,
          key: standInKey(number),
          observer,
        }),
    )
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  /** Each some time within `withinMs`: nobody starts 500 machines at one instant. */
  startAll(withinMs: number): void {
    const random = new SeededRandom(this.options.seed + 1)
    for (const peer of this.peers) this.scheduler.at(random.next() * withinMs, () => peer.start())
  }

  run(forMs: number): void {
    this.scheduler.runUntil(this.nowMs + forMs)
  }

  /** Machines without power: they say no goodbye. */
  lose(peers: Iterable<number>): void {
    for (const peer of peers) {
      this.peers[peer]!.losePower()
      this.alive.delete(peer)
      this.awaited.delete(peer)
      this.sessions[peer]!.clear()
    }
  }

  powerUp(peers: Iterable<number>): void {
    for (const peer of peers) {
      this.alive.add(peer)
      this.peers[peer]!.start()
    }
  }

  /** A person writes a whole file at once; all others are waited for. */
  write(peer: number, file: WrittenFile): void {
    const at = this.peers[peer]!
    const handle = at.disk.create(file.path)
    at.disk.truncate(handle, 0)
    const bytes = contentOf(file.content, file.sizeBytes)
    at.disk.write(handle, bytes, 0)
    at.disk.close(handle)
    at.hint(file.path)
    this.awaitedFile = { path: file.path, bytes }
    this.writtenAtMs = this.nowMs
    this.arrivedMs.clear()
    this.awaited.clear()
    for (const other of this.alive) if (other !== peer) this.awaited.add(other)
  }

  /** Whether all who are there have the file, within that time; time stops when they have it. */
  runUntilHeld(withinMs: number): boolean {
    return this.scheduler.runWhile(() => this.awaited.size > 0, this.nowMs + withinMs)
  }

  /** Peers who are there and lack it. */
  get lacking(): readonly number[] {
    return [...this.awaited]
  }

  /** Peers with which each one has a session. */
  sessionCounts(): number[] {
    return [...this.alive].map((peer) => this.sessions[peer]!.size)
  }

  /** Whether sessions lead from each who is there to each other. */
  get isConnected(): boolean {
    const [first] = this.alive
    if (first === undefined) return true
    const seen = new Set([first])
    for (const peer of seen)
      for (const other of this.sessions[peer]!) if (this.alive.has(other)) seen.add(other)
    return seen.size === this.alive.size
  }

  private observer(): PeerObserver {
    return {
      handleSharePath: (peer, path) => this.handlePlaced(peer, path),
      handleRenamed: () => {},
      handleOwnFile: () => {},
      handleWrittenInPlace: () => {},
      handleRefusedWrite: () => {},
      handleTaking: () => () => {},
      handleActivity: () => {},
      handleEvent: (peer, event) => {
        if (event.event === 'connected') this.sessions[peer]!.add(this.numberOf.get(event.address)!)
        if (event.event === 'disconnected') this.noteClosed(peer, event.address)
      },
      handleDatagram: (peer, _, bytes) => {
        const sent = this.sent[peer]!
        sent.datagrams++
        sent.bytes += bytes.length
      },
      handleOpened: () => {},
      handleMessage: () => {},
      handleBlockWritten: () => {},
      handlePowerLoss: (_, __, lose) => lose(),
      handleDeath: () => {},
      handleRefusal: (peer, reason) => {
        throw new Error(`peer ${peer} cannot open its share: ${reason}`)
      },
      handleError: (_, error) => {
        throw error
      },
    }
  }

  private noteClosed(peer: number, address: string): void {
    const { engine } = this.peers[peer]!
    const isOpen = engine !== undefined && [...engine.peers('')].some((each) => each.address === address)
    if (!isOpen) this.sessions[peer]!.delete(this.numberOf.get(address)!)
  }

  private handlePlaced(peer: number, path: string): void {
    const file = this.awaitedFile
    if (file === undefined || path !== file.path || !this.awaited.has(peer)) return
    const bytes = this.peers[peer]!.disk.contentOf(path)
    if (bytes === undefined || Buffer.compare(bytes, file.bytes) !== 0) return
    this.awaited.delete(peer)
    this.arrivedMs.set(peer, this.nowMs - this.writtenAtMs)
  }
}

/** 20 ms at 100 Mbit/s. */
const QUEUE_BYTES = 256 * 1024

function hexId(random: SeededRandom): string {
  return Buffer.from(random.bytes(8)).toString('hex')
}
