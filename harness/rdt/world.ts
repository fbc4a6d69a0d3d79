// Endpoints in a simulated world: each `Node` is one endpoint with a little peer around it that serves and pulls
// items. Used by the tests of rdt and by the packet-loss bench.

import { crc32 } from 'node:zlib'
import { BlockSet } from '../../src/base/blockset.js'
import { blockBytes, blockCount, type Digest, type ItemRef } from '../../src/base/item.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { hash } from '../../src/io/hash.js'
import {
  Endpoint,
  type EndpointEvent,
  type EndpointOptions,
  type PullPriority,
  type SessionId,
} from '../../src/rdt/endpoint.js'
import { FrameBuffer } from '../../src/rdt/pool.js'
import type { BlockName, Protection } from '../../src/rdt/protection.js'
import { PlainProtection } from '../../src/seal/plain.js'
import { type LinkFaults, Network } from '../../src/sim/network.js'
import { SeededRandom } from '../../src/sim/random.js'
import { Scheduler } from '../../src/sim/scheduler.js'
import { contentChunks } from '../peers/content.js'

export class World {
  readonly scheduler = new Scheduler(1_000)
  readonly random: SeededRandom
  readonly network: Network

  constructor(seed: number, faults: Partial<LinkFaults> = {}) {
    this.random = new SeededRandom(seed)
    this.network = new Network(this.scheduler, this.random.fork(), faults)
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  node(address: string, options: Partial<NodeOptions> = {}): Node {
    return new Node(this, address, options)
  }

  /** Runs on for this long. */
  run(ms: number): void {
    this.scheduler.runUntil(this.nowMs + ms)
  }

  /** Runs until `isDone`, `ms` at most; answers whether it was done. */
  runUntil(isDone: () => boolean, ms: number): boolean {
    return this.scheduler.runWhile(() => !isDone(), this.nowMs + ms)
  }
}

/** A frame of the tests: the block and its CRC-32, as an unencrypted one has. */
export function sealTest(block: Uint8Array): Uint8Array {
  const frame = new Uint8Array(block.length + 4)
  frame.set(block)
  new DataView(frame.buffer).setUint32(block.length, crc32(block))
  return frame
}

export function openTest(frame: Uint8Array): Uint8Array | undefined {
  if (frame.length < 4) return undefined
  const block = frame.subarray(0, frame.length - 4)
  const claimed = new DataView(frame.buffer, frame.byteOffset + block.length).getUint32(0)
  return crc32(block) === claimed ? block : undefined
}

let itemCount = 0

/** Bytes to serve under a digest that nothing else has. */
export function makeItem(sizeBytes: number, seed = 1): { ref: ItemRef; bytes: Uint8Array } {
  const bytes = new Uint8Array(sizeBytes)
  let at = 0
  for (const chunk of contentChunks(`${seed} ${sizeBytes}`, sizeBytes)) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  itemCount++
  const digest = itemCount.toString(16).padStart(64, '0')
  return { ref: { kind: 'file', digest, sizeBytes }, bytes }
}

/** An item that a node wants, and what it has of it. */
interface Pulled {
  readonly ref: ItemRef
  readonly priority: PullPriority
  /** Undefined where only the blocks are counted. */
  readonly bytes: Uint8Array | undefined
  readonly missing: BlockSet
}

export interface NodeOptions extends Omit<EndpointOptions, 'protection'> {
  /** Made anew for every life. */
  protect: (own: Omit<EndpointOptions, 'protection'>, address: string) => Protection
}

export class Node {
  endpoint: Endpoint
  readonly options: NodeOptions
  readonly events: EndpointEvent[] = []
  /** The items that it serves. */
  readonly held = new Map<Digest, Uint8Array>()
  readonly pulled = new Map<Digest, Pulled>()
  /** The session that was opened last and is not closed. */
  session: SessionId | undefined
  wantedCount = 0
  rejectedCount = 0
  gone: Digest[] = []
  /** Whether datagrams that it sends at once cross as one, as where a kernel merges them. */
  mergesBundles = false
  /** Whether it releases frames as they come. */
  releases = true
  readonly kept: FrameBuffer[] = []
  /** How long loading a block takes. */
  loadMs = 0
  answer: (body: Uint8Array) => Uint8Array | undefined = (body) => body
  onEvent: (event: EndpointEvent) => void = () => {}
  seal: (block: Uint8Array, name: BlockName) => Uint8Array = sealTest
  /** Where frames come from and go to; the bench replaces both, for it measures neither. */
  frameOf: (digest: Digest, blockIndex: number) => Uint8Array | undefined = (digest, blockIndex) => {
    const bytes = this.held.get(digest)
    const from = blockIndex * BLOCK_BYTES
    const block = bytes?.subarray(from, from + blockBytes(bytes.length, blockIndex))
    return block && this.seal(block, { kind: 'file', digest, blockIndex })
  }
  open: (frame: Uint8Array, name: BlockName) => Uint8Array | undefined = openTest
  private armedAtMs = Number.POSITIVE_INFINITY
  private life = 0

  constructor(
    readonly world: World,
    public address: string,
    options: Partial<NodeOptions>,
  ) {
    this.options = {
      peerId: hash16(address),
      random: world.random.fork(),
      hash,
      crc32,
      window: 'auto',
      agent: 'left test',
      admit: () => true,
      datagramBytesMax: () => 1_472,
      receiveBufferBytes: 4 << 20,
      protect: (own) => new PlainProtection(own),
      ...options,
    }
    this.endpoint = this.makeEndpoint()
    this.attach()
  }

  private makeEndpoint(): Endpoint {
    const { options, world } = this
    return new Endpoint({ ...options, protection: options.protect(options, this.address) }, world.nowMs)
  }

  private attach(): void {
    this.world.network.attach(this.address, (from, bytes) => {
      this.endpoint.handleDatagram(from, bytes, this.world.nowMs)
      this.drain()
    })
  }

  /** Dies without a word, and comes back as another process. */
  restart(options: Partial<NodeOptions> = {}): void {
    this.life++
    this.session = undefined
    Object.assign(this.options, options)
    this.endpoint = this.makeEndpoint()
    this.armedAtMs = Number.POSITIVE_INFINITY
    this.attach()
  }

  /** Dies without a word. */
  kill(): void {
    this.life++
    this.world.network.detach(this.address)
  }

  /** Has another address from now on, and not the one before. */
  moveTo(address: string): void {
    this.world.network.detach(this.address)
    this.address = address
    this.attach()
  }

  connect(other: Node | string): void {
    this.endpoint.connect(typeof other === 'string' ? other : other.address, this.world.nowMs)
    this.drain()
  }

  hold(item: { ref: ItemRef; bytes: Uint8Array }): void {
    this.held.set(item.ref.digest, item.bytes)
  }

  pull(ref: ItemRef, priority: PullPriority = 'bulk', keepsBytes = true): void {
    let state = this.pulled.get(ref.digest)
    if (state === undefined) {
      state = {
        ref,
        priority,
        bytes: keepsBytes ? new Uint8Array(ref.sizeBytes) : undefined,
        missing: BlockSet.full(blockCount(ref.sizeBytes)),
      }
      this.pulled.set(ref.digest, state)
    }
    this.endpoint.pull(this.session!, ref, state.missing, { priority })
    this.drain()
  }

  /** Pulls the missing items again, from the session that took the place of another. */
  private pullAgain(): void {
    for (const { ref, priority, missing } of this.pulled.values()) {
      this.endpoint.pull(this.session!, ref, missing, { priority })
    }
  }

  has(ref: ItemRef): boolean {
    return this.pulled.get(ref.digest)?.missing.size === 0
  }

  request(body: Uint8Array): void {
    this.endpoint.sendRequest(this.session!, body, this.world.nowMs)
    this.drain()
  }

  count(type: EndpointEvent['type']): number {
    return this.events.filter((event) => event.type === type).length
  }

  /** Carries everything out of the endpoint, as the real loop does. */
  drain(): void {
    const { endpoint, world } = this
    for (;;) {
      const event = endpoint.pollEvent()
      if (event !== undefined) {
        this.handleEvent(event)
        continue
      }
      const outgoing = endpoint.pollDatagram(world.nowMs)
      if (outgoing === undefined) break
      const { to, bytes, segmentBytes } = outgoing
      if (bytes.length <= segmentBytes || this.mergesBundles) {
        world.network.send(this.address, to, bytes)
        continue
      }
      for (let at = 0; at < bytes.length; at += segmentBytes) {
        world.network.send(this.address, to, bytes.subarray(at, Math.min(bytes.length, at + segmentBytes)))
      }
    }
    this.arm()
  }

  /** Asks the scheduler for a call at the next timeout, unless an earlier one is on its way. */
  private arm(): void {
    const atMs = this.endpoint.pollTimeout()
    if (atMs === undefined || atMs >= this.armedAtMs) return
    this.armedAtMs = atMs
    const { life } = this
    this.world.scheduler.at(atMs, () => {
      if (this.life !== life || this.armedAtMs > this.world.nowMs) return
      this.armedAtMs = Number.POSITIVE_INFINITY
      const dueAtMs = this.endpoint.pollTimeout()
      if (dueAtMs !== undefined && dueAtMs <= this.world.nowMs) this.endpoint.handleTimeout(this.world.nowMs)
      this.drain()
    })
  }

  private handleEvent(event: EndpointEvent): void {
    if (event.type !== 'block' && event.type !== 'wanted') this.events.push(event)
    this.onEvent(event)
    switch (event.type) {
      case 'opened':
        this.session = event.session
        this.pullAgain()
        return
      case 'closed':
        if (this.session === event.session) this.session = undefined
        return
      case 'request': {
        const reply = this.answer(event.body)
        if (reply !== undefined) this.endpoint.sendReply(event.session, event.number, reply)
        return
      }
      case 'gone':
        this.gone.push(event.digest)
        return
      case 'wanted':
        this.wantedCount++
        if (this.loadMs === 0) this.load(event)
        else this.loadLater(event)
        return
      case 'block':
        this.handleBlock(event)
        return
    }
  }

  private loadLater(event: Extract<EndpointEvent, { type: 'wanted' }>): void {
    this.world.scheduler.at(this.world.nowMs + this.loadMs, () => {
      this.load(event)
      this.drain()
    })
  }

  private load(event: Extract<EndpointEvent, { type: 'wanted' }>): void {
    const { session, kind, digest, blockIndex } = event
    const frame = this.frameOf(digest, blockIndex)
    if (frame === undefined) this.endpoint.serveGone(session, kind, digest)
    else
      this.endpoint.serveBlock(session, { kind, digest, blockIndex }, new FrameBuffer(frame), {
        isKept: true,
      })
  }

  private handleBlock(event: Extract<EndpointEvent, { type: 'block' }>): void {
    const { session, kind, digest, blockIndex, frame } = event
    const block = this.open(frame.bytes, { kind, digest, blockIndex })
    if (block === undefined) {
      this.rejectedCount++
      this.endpoint.rejectBlock(session, kind, digest, blockIndex, 'damaged')
    } else {
      const state = this.pulled.get(digest)
      state?.bytes?.set(block, blockIndex * BLOCK_BYTES)
      state?.missing.delete(blockIndex)
    }
    if (this.releases) frame.release()
    else this.kept.push(frame)
  }
}

function hash16(text: string): string {
  let peerId = ''
  for (const byte of hash(Buffer.from(text)).subarray(0, 8)) peerId += byte.toString(16).padStart(2, '0')
  return peerId
}

/** Two nodes that have found each other over a link with these faults. */
export function openPair(
  world: World,
  options: { left?: Partial<NodeOptions>; right?: Partial<NodeOptions> } = {},
): { left: Node; right: Node } {
  const left = world.node('10.0.0.1:1', options.left)
  const right = world.node('10.0.0.2:1', options.right)
  left.connect(right)
  right.connect(left)
  const isOpen = world.runUntil(() => left.session !== undefined && right.session !== undefined, 300_000)
  if (!isOpen) throw new Error('the pair did not open')
  return { left, right }
}
