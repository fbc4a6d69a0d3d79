// Engines on simulated lines, for the tests of what several peers do with one file. Keeper and disk are played: the one
// says at once what is here and what is lacking, the other holds everything in memory.

import { BlockSet } from '../../../../src/base/blockset.js'
import { equalBytes } from '../../../../src/base/bytes.js'
import { blockCount, type ItemRef } from '../../../../src/base/item.js'
import { pieceCount } from '../../../../src/base/pieces.js'
import { encodeMessage } from '../../../../src/ecp/message.js'
import { Engine } from '../../../../src/engine/engine.js'
import type { WriteOp } from '../../../../src/engine/receive/disk-op.js'
import { crc32, hash } from '../../../../src/io/hash.js'
import type { EngineToKeeper, ItemName, Location } from '../../../../src/pipe/messages.js'
import { FrameBuffer } from '../../../../src/rdt/pool.js'
import { PlainProtection } from '../../../../src/seal/plain.js'
import { Manifest } from '../../../../src/share/manifest.js'
import { Network } from '../../../../src/sim/network.js'
import { SeededRandom } from '../../../../src/sim/random.js'
import { Scheduler } from '../../../../src/sim/scheduler.js'
import { digestOfContent, listOf } from '../../../keeper/share-on-disk.js'
import { OWN_COUNTS } from '../../talk/tell.js'

const DATAGRAM_BYTES = 8_972
const FETCH = 1

export interface SwarmOptions {
  readonly seed?: number
  readonly delayMs?: number
}

export class Swarm {
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly peers: SwarmPeer[] = []
  readonly file: ItemRef
  readonly list: Uint8Array

  constructor(
    readonly content: Uint8Array,
    { seed = 1, delayMs = 2 }: SwarmOptions = {},
  ) {
    this.network = new Network(this.scheduler, new SeededRandom(seed), { delayMs, mtuBytes: 9_000 })
    this.list = listOf(content)
    this.file = { kind: 'file', digest: digestOfContent(content), sizeBytes: content.length }
  }

  /** A peer behind a line of this rate, both ways, connected with all that are there. */
  add(rateBitPerS: number, { isSource = false } = {}): SwarmPeer {
    const peer = new SwarmPeer(this, this.peers.length, isSource)
    this.network.connectBy(peer.address, { rateBitPerS, queueBytes: rateBitPerS / 800 })
    for (const other of this.peers) peer.engine.connect(other.address, this.scheduler.nowMs)
    this.peers.push(peer)
    peer.drain()
    return peer
  }

  run(ms: number): void {
    this.scheduler.runUntil(this.scheduler.nowMs + ms)
  }

  /** These fetch the file, in the first place from `from`; answers how long the last of them takes. */
  fetch(sinks: readonly SwarmPeer[], from: SwarmPeer, limitMs = 120_000): number {
    const beganAtMs = this.scheduler.nowMs
    for (const sink of sinks) sink.fetch(from)
    const isBusy = () => sinks.some(({ wholeAtMs, isDead }) => wholeAtMs === undefined && !isDead)
    if (!this.scheduler.runWhile(isBusy, beganAtMs + limitMs)) throw new Error(`not whole in ${limitMs} ms`)
    return Math.max(...sinks.map(({ wholeAtMs = beganAtMs }) => wholeAtMs)) - beganAtMs
  }
}

export class SwarmPeer {
  readonly id: string
  readonly address: string
  readonly engine: Engine
  readonly copy: Uint8Array
  /** Messages to its keeper, digest lists left out. */
  readonly told: EngineToKeeper[] = []
  /** Temporary files that are not written into any more. */
  readonly released: string[] = []
  /** Whether its disk ever answers that a file is synced; and whether it is being asked to. */
  syncs = true
  isSyncing = false
  wholeAtMs: number | undefined
  isDead = false
  /** Blocks that it was asked for and had, by whom. */
  private readonly served = new Set<string>()
  private readonly sessions = new Map<string, number>()
  private isWhole: boolean
  private dueMs = Number.POSITIVE_INFINITY

  constructor(
    private readonly swarm: Swarm,
    index: number,
    isSource: boolean,
  ) {
    const { scheduler, network, content } = swarm
    const random = new SeededRandom(100 + index)
    this.id = [...random.bytes(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    this.address = `10.0.0.${index + 1}:1`
    this.isWhole = isSource
    this.copy = isSource ? content.slice() : new Uint8Array(content.length)
    this.engine = new Engine(
      {
        peerId: this.id,
        random,
        protection: new PlainProtection({ peerId: this.id, random, crc32 }),
        hash,
        crc32,
        window: 'auto',
        agent: 'left test',
        admit: () => true,
        datagramBytesMax: () => DATAGRAM_BYTES,
        receiveBufferBytes: 1 << 22,
      },
      scheduler.nowMs,
    )
    const { endpoint } = this.engine
    const serveBlock = endpoint.serveBlock.bind(endpoint)
    endpoint.serveBlock = (...block) => {
      const [session, { kind, blockIndex }] = block
      if (kind === 'file') this.served.add(`${session} ${blockIndex}`)
      serveBlock(...block)
    }
    const pollEvent = endpoint.pollEvent.bind(endpoint)
    endpoint.pollEvent = () => {
      const event = pollEvent()
      if (event?.type === 'opened') this.sessions.set(event.peerId, event.session)
      return event
    }
    network.attach(this.address, (from, bytes) => {
      this.engine.handleDatagram(from, bytes, scheduler.nowMs)
      this.drain()
    })
    const root = new Manifest(hash).root()
    this.engine.handleKeeper(
      { type: 'root', root, own: OWN_COUNTS, notHeldCount: 0, changes: undefined, whole: [], files: 0 },
      scheduler.nowMs,
    )
  }

  get servedBlocks(): number {
    return this.served.size
  }

  /** How often it gave the file; what was lost on the way to the same peer counts once. */
  get copies(): number {
    return this.served.size / blockCount(this.swarm.file.sizeBytes)
  }

  /** Peers that it told its keeper are no sources any more, and why. */
  get lost(): { peer: string; reason: string }[] {
    return this.told.flatMap((told) =>
      told.type === 'source-lost' ? [{ peer: told.peer, reason: told.reason }] : [],
    )
  }

  fetch(from: SwarmPeer): void {
    const { file, scheduler } = this.swarm
    this.engine.handleKeeper(
      { type: 'fetch-list', fetch: FETCH, peer: from.id, file, path: 'film', isNew: true },
      scheduler.nowMs,
    )
    this.drain()
  }

  /** Its keeper does not want the file any more. */
  cancel(): void {
    this.engine.handleKeeper({ type: 'cancel', fetch: FETCH }, this.swarm.scheduler.nowMs)
    this.drain()
  }

  /** Without a word, as a machine that loses power. */
  die(): void {
    this.isDead = true
    this.swarm.network.detach(this.address)
  }

  /** Ends its sessions and begins others, with all that it knows. */
  reconnect(): void {
    const { nowMs } = this.swarm.scheduler
    for (const { address } of this.swarm.peers) {
      if (address === this.address) continue
      this.engine.endpoint.disconnect(address, nowMs)
      this.engine.connect(address, nowMs)
    }
    this.drain()
  }

  /** Serves wrong blocks of the file from now on, of the right length and rightly sealed. */
  serveWrongBytes(): void {
    const { endpoint } = this.engine
    const serveBlock = endpoint.serveBlock.bind(endpoint)
    endpoint.serveBlock = (session, name, frame, options) => {
      const seal = endpoint.framesOf(session)!
      const opened = seal.open(name, frame.bytes)
      if (name.kind !== 'file' || !opened.ok) {
        serveBlock(session, name, frame, options)
        return
      }
      const wrong = opened.value.block.map((byte) => byte ^ 1)
      frame.release()
      serveBlock(session, name, new FrameBuffer(seal.seal(name, wrong)), options)
    }
  }

  /** Says to all that it has every piece but the last, which it has not. */
  claimPieces(): void {
    const { file, scheduler } = this.swarm
    const pieces = BlockSet.full(pieceCount(file.sizeBytes))
    pieces.delete(pieces.blockCount - 1)
    const claim = encodeMessage({ type: 'holding', file, pieces })
    for (const session of this.sessions.values())
      this.engine.endpoint.sendRequest(session, claim, scheduler.nowMs)
    this.drain()
  }

  /** Whatever it is asked for, nothing comes. */
  keepSilent(): void {
    const { endpoint } = this.engine
    endpoint.serveBlock = () => {}
    endpoint.serveGone = () => {}
  }

  drain(): void {
    if (this.isDead) return
    const { engine } = this
    const { scheduler, network } = this.swarm
    const { nowMs } = scheduler
    let any = true
    while (any) {
      any = false
      for (let event = engine.pollEvent(); event !== undefined; event = engine.pollEvent());
      for (let message = engine.pollKeeper(); message !== undefined; message = engine.pollKeeper()) {
        any = true
        this.answer(message, nowMs)
      }
      for (let op = engine.pollDisk(); op !== undefined; op = engine.pollDisk()) {
        any = true
        if (op.type === 'read')
          engine.handleRead(op.id, this.copy.subarray(op.position, op.position + op.length), nowMs)
        else if (op.type === 'write') engine.handleWritten(op.id, this.write(op), nowMs)
        else if (op.type === 'finish') {
          if (this.syncs) engine.handleWritten(op.id, undefined, nowMs)
          else this.isSyncing = true
        } else this.released.push(op.path)
      }
      for (let out = engine.pollDatagram(nowMs); out !== undefined; out = engine.pollDatagram(nowMs)) {
        any = true
        for (let start = 0; start < out.bytes.length; start += out.segmentBytes)
          network.send(this.address, out.to, out.bytes.slice(start, start + out.segmentBytes))
      }
    }
    this.wake(engine.pollTimeout())
  }

  private write({ bytes, digest, position }: WriteOp): 'wrong' | undefined {
    if (!equalBytes(hash(bytes), digest)) return 'wrong'
    this.copy.set(bytes, position)
    return undefined
  }

  private wake(atMs: number | undefined): void {
    if (atMs === undefined || atMs >= this.dueMs) return
    const { scheduler } = this.swarm
    const dueMs = Math.max(atMs, scheduler.nowMs + 0.01)
    this.dueMs = dueMs
    scheduler.at(dueMs, () => {
      if (this.dueMs !== dueMs || this.isDead) return
      this.dueMs = Number.POSITIVE_INFINITY
      this.engine.handleTimeout(scheduler.nowMs)
      this.drain()
    })
  }

  private answer(message: EngineToKeeper, nowMs: number): void {
    const { engine } = this
    this.told.push(message)
    if (message.type === 'claim')
      engine.handleKeeper({ type: 'answer', question: message.question, answer: 'same' }, nowMs)
    else if (message.type === 'locate') {
      const items = message.items.map((name) => ({ name, location: this.locate(name) }))
      engine.handleKeeper({ type: 'located', items }, nowMs)
    } else if (message.type === 'list') {
      const needed = BlockSet.full(blockCount(this.swarm.file.sizeBytes)).toBytes()
      engine.handleKeeper({ type: 'fetch-blocks', fetch: FETCH, temporary: '.left/tmp/film', needed }, nowMs)
    } else if (message.type === 'fetched') {
      this.isWhole = true
      this.wholeAtMs = nowMs
    }
  }

  private locate({ kind, digest }: ItemName): Location {
    const { file, list } = this.swarm
    if (!this.isWhole || digest !== file.digest) return { type: 'gone' }
    if (kind === 'list') return { type: 'bytes', bytes: list }
    return { type: 'file', path: 'film', sizeBytes: file.sizeBytes, mtimeMs: 0, list }
  }
}
