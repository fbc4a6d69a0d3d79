// The network side of a running peer: sessions, conversations, serving and receiving, put together. Performs no
// I/O and knows no share: what the share holds and lacks, the keeper decides (src/keeper/keeper.ts). In a running
// peer src/app drains it into a socket, a disk and the watcher process; in the simulator src/sim does.
//
//     network ── Endpoint ── EventRouter ──┬── Talk ───────┐
//                                          ├── Receiving ──┼── keeper: Outbox, KeeperOrders
//                                          └── Serving ────┘
//                                                 │ reads and writes of blocks
//                                                disk

import { earliest } from '../base/earliest.js'
import type { Digest, Hash } from '../base/item.js'
import { Peering } from '../peering/peering.js'
import type { EngineToKeeper, KeeperToEngine } from '../pipe/messages.js'
import {
  type Address,
  type Caller,
  Endpoint,
  type EndpointOptions,
  type Outgoing,
  type SessionStats,
} from '../rdt/endpoint.js'
import type { SlowStep } from '../rdt/protection.js'
import type { EngineEvent } from './engine-event.js'
import { EventRouter } from './event-router.js'
import { KeeperOrders } from './keeper-orders.js'
import { Outbox } from './outbox.js'
import type { FinishOp, ReleaseOp, WriteFailure, WriteOp } from './receive/disk-op.js'
import type { FileMap } from './receive/large-fetch.js'
import { Receiving } from './receive/receiving.js'
import { Reports } from './reports.js'
import type { SentFile, SentToSession } from './serve/sent-files.js'
import { type ReadOp, Serving } from './serve/serving.js'
import type { AskedCheck, PeerAnswer } from './talk/peer-questions.js'
import type { PauseTarget } from './talk/stops.js'
import { type PeerFacts, Talk } from './talk/talk.js'
import { Visits } from './talk/visits.js'

export type { AskedCheck, EngineEvent, FileMap, PauseTarget, PeerAnswer }

/** Disk operations of the engine. 'read' is answered by `handleRead`, 'write' and 'finish' by
 *  `handleWritten`, 'release' by nothing. */
export type DiskOp = ReadOp | WriteOp | FinishOp | ReleaseOp

export interface EngineOptions extends EndpointOptions {
  readonly hash: Hash
}

export interface EnginePeer extends PeerFacts {
  readonly peer: string
  readonly address: Address
  readonly session: number
  readonly stats: SessionStats | undefined
}

/** After each `handle*`, drain every `poll*` until it answers undefined. */
export class Engine {
  readonly endpoint: Endpoint
  private readonly peering: Peering
  private readonly receiving: Receiving
  private readonly serving: Serving
  private readonly talk: Talk
  private readonly visits: Visits
  private readonly reports: Reports
  private readonly router: EventRouter
  private readonly orders: KeeperOrders
  private readonly toKeeper = new Outbox()
  private readonly program: string
  /** No watcher process is there to read what is said to it: it waits until the next one speaks. */
  private keeperLost = false

  constructor(options: EngineOptions, nowMs: number) {
    const { toKeeper } = this
    const ofPeers: Pick<EndpointOptions, 'greeting' | 'knownOf'> = {
      greeting: (peer) => this.talk.greeting(peer),
      knownOf: (peer) => this.talk.knownOf(peer),
    }
    const endpoint = new Endpoint({ ...options, ...ofPeers }, nowMs)
    const receiving = new Receiving(endpoint, options.hash, options.peerId, toKeeper)
    const files = receiving.large
    const serving = new Serving({
      hash: options.hash,
      framesOf: (session) => endpoint.framesOf(session),
      buildingOf: (digest) => files.buildingOf(digest),
      rooms: endpoint.rooms,
      toKeeper,
    })
    const peering = new Peering(options)
    const talk = new Talk({ endpoint, peering, files, serving, toKeeper })
    const visits = new Visits({ endpoint, hash: options.hash, serving, toKeeper })
    const reports = new Reports({ endpoint, sessions: talk.sessions, files })
    const parts = { endpoint, peering, talk, visits, receiving, serving, toKeeper, reports }
    this.program = options.agent
    this.endpoint = endpoint
    this.peering = peering
    this.receiving = receiving
    this.serving = serving
    this.talk = talk
    this.visits = visits
    this.reports = reports
    this.router = new EventRouter(parts)
    this.orders = new KeeperOrders(parts)
  }

  get receivedBytes(): number {
    return this.receiving.receivedBytes
  }

  /** Bytes that compression saved for them. */
  get savedBytes(): number {
    return this.receiving.savedBytes
  }

  *sessionStats(): Iterable<{ readonly peer: string; readonly stats: SessionStats }> {
    for (const { peer, session } of this.talk.sessions.all()) {
      const stats = this.endpoint.stats(session)
      if (stats !== undefined) yield { peer, stats }
    }
  }

  /** The peers that have a session. `isTold`: the peer knows that our share is at this root. */
  *peers(root: Digest): Iterable<EnginePeer> {
    for (const { peerTalk: _, ...standing } of this.talk.standings(root))
      yield { ...standing, stats: this.endpoint.stats(standing.session) }
  }

  /** Those who call and whom nobody named. */
  callers(nowMs: number): Iterable<Caller> {
    return this.endpoint.callers(nowMs)
  }

  isConnected(address: Address): boolean {
    for (const standing of this.talk.standings('')) if (standing.address === address) return true
    return false
  }

  /** Pictures of the files that are being fetched. */
  fileMaps(): Iterable<FileMap> {
    return this.receiving.large.maps()
  }

  /** Files that peers have pulled of late, of sessions that may be over. */
  sentFiles(): Iterable<SentFile> {
    return this.serving.sent.all()
  }

  /** How much each session has pulled since it began; of sessions that may be over. */
  sentToSessions(): Iterable<SentToSession> {
    return this.serving.sent.bySession()
  }

  /** There is a peer at this address: it is called, or where there are many perhaps others instead. */
  connect(address: Address, nowMs: number): void {
    this.peering.add(address, nowMs)
    this.settlePeering(nowMs)
  }

  /** There is none at this address any more: a session with it ends. */
  disconnect(address: Address, nowMs: number): void {
    this.peering.remove(address, nowMs)
    this.settle(nowMs)
  }

  /** Gives nothing to these peers and takes nothing of them, until `resume`. Answers false where as many are paused as may be. */
  pause(whom: PauseTarget | 'all', nowMs: number): boolean {
    const isDone = this.talk.pause(whom, nowMs)
    this.settle(nowMs)
    return isDone
  }

  resume(whom: PauseTarget | 'all', nowMs: number): void {
    this.talk.resume(whom, nowMs)
    this.settle(nowMs)
  }

  get stopped(): { readonly isAllPaused: boolean; readonly paused: PauseTarget } {
    return this.talk.stopped
  }

  /** Asks a peer how a path stands there; `pollPeerAnswer` answers, in any case. */
  askPath(id: number, { peer, path }: { readonly peer: string; readonly path: string }, nowMs: number): void {
    this.talk.askPeer(id, peer, { type: 'why', path })
    this.settle(nowMs)
  }

  /** Asks a peer for its clock and program, and for a knock with this token; `pollPeerAnswer` answers, in any case. */
  askCheck(
    id: number,
    { peer, knock }: { readonly peer: string; readonly knock: string },
    nowMs: number,
  ): void {
    this.talk.askPeer(id, peer, { type: 'check', knock })
    this.settle(nowMs)
  }

  /** A peer asks for our clock, and for a knock at its address; answered by `answerCheck`. */
  pollCheck(): AskedCheck | undefined {
    return this.talk.pollCheck()
  }

  answerCheck(check: AskedCheck, wallMs: number): void {
    this.talk.answerCheck(check, { type: 'checked', wallMs, program: this.program })
  }

  pollPeerAnswer(): PeerAnswer | undefined {
    return this.talk.pollPeerAnswer()
  }

  /** Whether it is known and not called: no session with it is waited for. */
  isPassedOver(address: Address): boolean {
    return this.peering.isPassedOver(address)
  }

  /** An address of this machine is gone. */
  doubtSessions(nowMs: number): void {
    this.endpoint.doubtSessions(nowMs)
  }

  close(nowMs: number): void {
    this.endpoint.close(nowMs)
    this.settle(nowMs)
  }

  handleDatagram(from: Address, bytes: Uint8Array, nowMs: number): void {
    this.handleDatagrams(from, bytes, bytes.length, nowMs)
  }

  /** Several, end to end, each `datagramBytes` long but the last. */
  handleDatagrams(from: Address, bytes: Uint8Array, datagramBytes: number, nowMs: number): void {
    this.endpoint.handleDatagrams(from, bytes, datagramBytes, nowMs)
    this.settleEvents(nowMs)
  }

  /** `read` is in the operation's room: the block, or where it was to be sealed the frame. */
  handleRead(id: number, read: Uint8Array | undefined, nowMs: number): void {
    this.serving.handleRead(id, read)
    this.settle(nowMs)
  }

  handleWritten(id: number, failure: WriteFailure | undefined, nowMs: number): void {
    this.receiving.large.handleWritten(id, failure, nowMs)
    this.settle(nowMs)
  }

  handleKeeper(message: KeeperToEngine, nowMs: number): void {
    this.keeperLost = false
    this.orders.carryOut(message, nowMs)
    this.settle(nowMs)
  }

  /** The watcher process died; the next one starts from the index and the log. */
  handleKeeperLost(nowMs: number): void {
    this.keeperLost = true
    this.receiving.handleKeeperLost()
    this.serving.handleKeeperLost()
    this.talk.handleKeeperLost()
    this.visits.handleKeeperLost()
    this.toKeeper.handleKeeperLost()
    this.settle(nowMs)
  }

  handleTimeout(nowMs: number): void {
    this.endpoint.handleTimeout(nowMs)
    this.peering.handleTimeout(nowMs)
    this.receiving.large.handleTimeout(nowMs)
    this.reports.handleTimeout(nowMs)
    this.settle(nowMs)
  }

  /** When `handleTimeout` is next due, on the caller's clock. */
  pollTimeout(): number | undefined {
    const { endpoint, peering, receiving, talk, reports } = this
    return earliest(
      endpoint.pollTimeout(),
      peering.pollTimeout(),
      receiving.large.pollTimeout(),
      talk.pollTimeout(),
      reports.pollTimeout(),
    )
  }

  /** Drain this before the other polls: what is sent makes room, and then more is to be read or asked. */
  pollDatagram(nowMs: number): Outgoing | undefined {
    this.receiving.pullSmall()
    const outgoing = this.endpoint.pollDatagram(nowMs)
    this.settleEvents(nowMs)
    return outgoing
  }

  /** Sessions of keys that are not trusted any more end, in both directions. */
  revoke(isTrusted: (fingerprint: string) => boolean, nowMs: number): void {
    this.endpoint.revoke(isTrusted, nowMs)
    this.settle(nowMs)
  }

  /** Slow steps of handshakes; answered by `handleStep`. */
  pollStep(): SlowStep | undefined {
    return this.endpoint.pollStep()
  }

  handleStep(id: number, result: Uint8Array | undefined, nowMs: number): void {
    this.endpoint.handleStep(id, result, nowMs)
    this.settle(nowMs)
  }

  pollDisk(): DiskOp | undefined {
    return this.serving.pollRead() ?? this.receiving.pollOp()
  }

  pollKeeper(): EngineToKeeper | undefined {
    return this.keeperLost ? undefined : this.toKeeper.poll()
  }

  pollEvent(): EngineEvent | undefined {
    return this.reports.poll()
  }

  /** Most datagrams are segments in the middle of a block, which change nothing outside rdt: with several peers, looking
   *  at every conversation after each of them would cost more than the segment itself. */
  private settleEvents(nowMs: number): void {
    if (this.endpoint.hasEvents) this.settle(nowMs)
  }

  /** Carries what one part produced to the parts that wait for it. */
  private settle(nowMs: number): void {
    this.settlePeering(nowMs)
    for (let event = this.endpoint.pollEvent(); event !== undefined; event = this.endpoint.pollEvent()) {
      this.router.handle(event, nowMs)
      this.settlePeering(nowMs)
    }
    for (let served = this.serving.pollServed(); served !== undefined; served = this.serving.pollServed()) {
      const { requested, frame } = served
      const { session, kind, digest } = requested
      if (frame === undefined) this.endpoint.serveGone(session, kind, digest)
      else this.endpoint.serveBlock(session, requested, frame, { isKept: served.isProved })
    }
    for (
      let built = this.receiving.large.pollBuilt();
      built !== undefined;
      built = this.receiving.large.pollBuilt()
    )
      this.serving.handleBuilt(built.digest, built.building)
    this.settlePauses(nowMs)
    this.talk.sendRequests(nowMs)
  }

  /** A paused peer is as good as gone, for the keeper and for what is fetched. */
  private settlePauses(nowMs: number): void {
    const { endpoint, talk, receiving, toKeeper } = this
    talk.settleDuePauses(nowMs)
    for (let change = talk.pollPause(); change !== undefined; change = talk.pollPause()) {
      const { session, peer, isPaused, isPeers } = change
      if (isPaused) {
        endpoint.dropAsks(session)
        receiving.handlePaused(session)
        if (!isPeers) continue
        // While the keeper starts, what the peer told before the pause waits here.
        for (const question of toKeeper.withdrawClaims(peer))
          talk.handleAnswer({ type: 'answer', question, answer: 'working' })
        toKeeper.push({ type: 'peer-gone', peer })
      } else receiving.large.handleOpened(session, peer, nowMs)
    }
  }

  private settlePeering(nowMs: number): void {
    const { peering, endpoint } = this
    for (let order = peering.pollOrder(); order !== undefined; order = peering.pollOrder()) {
      if (order.type === 'call') endpoint.connect(order.address, nowMs)
      else if (order.type === 'leave') endpoint.disconnect(order.address, nowMs)
      else endpoint.stopConnecting(order.address)
    }
  }
}
