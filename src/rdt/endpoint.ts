// One socket's worth of reliable data transfer: opens and closes sessions and gives each what is its own.
// Performs no I/O: the caller brings datagrams and time, and carries away datagrams and events.
//
// session/rivals.ts decides which of two sessions with one peer stays.

import type { BlockSet } from '../base/blockset.js'
import { earliest } from '../base/earliest.js'
import type { Digest, ItemKind, ItemRef } from '../base/item.js'
import { isVisitor } from '../base/visitor.js'
import type {
  Address,
  BlockSupply,
  Caller,
  CloseReason,
  EndpointCounters,
  EndpointEvent,
  EndpointOptions,
  Outgoing,
  PullPriority,
  SessionId,
  SessionStats,
} from './api.js'
import { Demux } from './demux.js'
import { Handshake } from './handshake/handshake.js'
import { FORGERIES_MAX, FRAMES_CACHED_MAX, POOL_BUFFERS_MAX, POOL_SHARE_MIN, REJECTS_MAX } from './limits.js'
import { PathMemory } from './path/path-memory.js'
import { BundlePool, type FrameBuffer, FramePool } from './pool.js'
import type { BlockName, FrameSeal, SlowStep } from './protection.js'
import { TokenBucket } from './pull/bucket.js'
import { FrameCache } from './serve/framecache.js'
import { Clones } from './session/clones.js'
import { rivalsOver } from './session/rivals.js'
import { type AgreedSession, Session, type SessionHost } from './session/session.js'
import { SessionTable } from './session/sessions.js'

export type * from './api.js'

/** After each `handle*` or command, drain `pollEvent` and `pollDatagram` until they answer undefined, then ask
 *  `pollTimeout` when to call `handleTimeout`. */
export class Endpoint {
  readonly counters: EndpointCounters = {
    datagramsIn: 0,
    datagramsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    dropped: 0,
    strangers: 0,
  }
  /** Memory for frames that are going to be served: `serveBlock` takes them over. */
  readonly rooms = new FramePool(Number.POSITIVE_INFINITY, FRAMES_CACHED_MAX)
  private readonly host: SessionHost
  private readonly sessions: SessionTable
  private readonly handshake: Handshake
  private readonly demux: Demux
  private readonly clones = new Clones()
  private readonly events: EndpointEvent[] = []
  private eventsHead = 0
  /** Of what is sent; undefined without a limit. */
  private readonly sendBucket: TokenBucket | undefined
  private readonly outbox: Outgoing[] = []
  private readonly serveTurn: Session[] = []
  private nextSessionId = 1
  private isClosed = false

  /** Throws where the peer id is none. */
  constructor(
    private readonly options: EndpointOptions,
    nowMs: number,
  ) {
    const { limitBytesPerS, limitSendBytesPerS } = options
    this.sendBucket =
      limitSendBytesPerS === undefined ? undefined : new TokenBucket(limitSendBytesPerS, nowMs)
    const emit = (event: EndpointEvent) => this.events.push(event)
    this.sessions = new SessionTable(options.random)
    this.host = {
      options,
      pool: new FramePool(),
      bundles: new BundlePool(),
      frames: new FrameCache(),
      paths: new PathMemory(),
      bucket: limitBytesPerS === undefined ? undefined : new TokenBucket(limitBytesPerS, nowMs),
      poolShare: () => this.poolShare(),
      emit,
    }
    this.handshake = new Handshake({
      options,
      sessions: this.sessions,
      emit,
      send: (to, bytes) => this.send(to, bytes),
      isCloned: (peerId, life, atMs) => this.clones.isCloned(peerId, life, atMs),
      addSession: (facts, atMs) => this.addSession(facts, atMs),
      settle: (session, atMs) => this.settle(session, atMs),
      handleEarly: (from, bytes, atMs) => this.demux.handleEarly(from, bytes, atMs),
    })
    this.demux = new Demux({
      options,
      sessions: this.sessions,
      handshake: this.handshake,
      counters: this.counters,
      emit,
      send: (to, bytes) => this.send(to, bytes),
      settle: (session, atMs) => this.settle(session, atMs),
      handleRenewed: (session, atMs) => this.handleRenewed(session, atMs),
      closeSession: (session, reason, atMs) => this.closeSession(session, reason, atMs, false),
    })
  }

  // — Peers —

  /** Tries now and for ever, with backoff, until `disconnect`; again when a session is lost. */
  connect(address: Address, nowMs: number): void {
    if (!this.isClosed) this.handshake.connect(address, nowMs)
  }

  /** Tries no more; a session with this address stays. */
  stopConnecting(address: Address): void {
    this.handshake.disconnect(address)
  }

  disconnect(address: Address, nowMs: number): void {
    this.stopConnecting(address)
    for (const session of this.sessions.all()) {
      if (session.facts.address === address) this.closeSession(session, 'local', nowMs, true)
    }
  }

  /** Ends the sessions of keys that are not trusted any more, and forgets what would resume them. */
  revoke(isTrusted: (fingerprint: string) => boolean, nowMs: number): void {
    if (this.isClosed) return
    this.options.protection.revoke(isTrusted, nowMs)
    for (const session of this.sessions.all()) {
      const { fingerprint } = session.facts
      if (fingerprint !== undefined && !isTrusted(fingerprint))
        this.closeSession(session, 'revoked', nowMs, true)
    }
  }

  /** Asks each peer whether it is still there: datagrams of ours may come from another address by now. */
  doubtSessions(nowMs: number): void {
    for (const session of this.sessions.values()) session.handleReset(nowMs)
  }

  /** Says bye to everybody. Nothing is received afterwards. */
  close(nowMs: number): void {
    this.isClosed = true
    for (const session of this.sessions.all()) this.closeSession(session, 'local', nowMs, true)
  }

  /** Those who say hello and are not admitted. */
  callers(nowMs: number): Iterable<Caller> {
    return this.demux.callers(nowMs)
  }

  // — The world —

  /** `bytes` is one datagram, valid during the call only. Whatever it holds, nothing throws. */
  handleDatagram(from: Address, bytes: Uint8Array, nowMs: number): void {
    this.handleDatagrams(from, bytes, bytes.length, nowMs)
  }

  /** The same for datagrams end to end, each `datagramBytes` long but the last, which may be shorter. */
  handleDatagrams(from: Address, bytes: Uint8Array, datagramBytes: number, nowMs: number): void {
    if (this.isClosed) return
    this.demux.handleDatagrams(from, bytes, datagramBytes, nowMs)
  }

  handleTimeout(nowMs: number): void {
    if (this.isClosed) return
    this.handshake.handleTimeout(nowMs)
    for (const session of this.sessions.values()) {
      if (this.handshake.isOverdue(session, nowMs)) this.closeSession(session, 'worn', nowMs, true)
      else if (!session.handleTimeout(nowMs))
        this.closeSession(session, session.isDoubted ? 'replaced' : 'silent', nowMs, session.isSettled)
    }
  }

  /** The next slow step (RSA) of a handshake; to be answered by `handleStep`. */
  pollStep(): SlowStep | undefined {
    return this.options.protection.pollStep()
  }

  handleStep(id: number, result: Uint8Array | undefined, nowMs: number): void {
    if (this.isClosed) return
    this.options.protection.handleStep(id, result)
    this.handshake.handleProgress(nowMs)
  }

  /** How blocks cross in this session; undefined where it is over. */
  framesOf(session: SessionId): FrameSeal | undefined {
    return this.sessions.get(session)?.facts.protection.frames
  }

  /** The fingerprint of the peer's public key; undefined where it has shown none, or the session is over. */
  fingerprintOf(session: SessionId): string | undefined {
    return this.sessions.get(session)?.facts.fingerprint
  }

  /** When `handleTimeout` and the polls are next due, on the caller's clock. */
  pollTimeout(): number | undefined {
    if (this.isClosed) return undefined
    let atMs = this.handshake.pollTimeout()
    for (const session of this.sessions.values()) {
      atMs = earliest(atMs, session.pollTimeout())
      if (session.server.hasSegments) atMs = earliest(atMs, this.sendBucket?.dueMs())
    }
    return atMs
  }

  pollDatagram(nowMs: number): Outgoing | undefined {
    const outgoing = this.outbox.shift() ?? this.pollControl(nowMs) ?? this.pollSegments(nowMs)
    if (outgoing !== undefined) {
      this.counters.datagramsOut += Math.ceil(outgoing.bytes.length / outgoing.segmentBytes)
      this.counters.bytesOut += outgoing.bytes.length
      this.sendBucket?.take(outgoing.bytes.length)
    }
    return outgoing
  }

  /** The caller is done with the bytes of what `pollDatagram` gave, and they may be used again. Not to be called where
   *  it is not. */
  releaseDatagram(outgoing: Outgoing): void {
    this.host.bundles.release(outgoing.bytes)
  }

  /** Whether `pollEvent` has something. */
  get hasEvents(): boolean {
    return this.eventsHead < this.events.length
  }

  pollEvent(): EndpointEvent | undefined {
    if (!this.hasEvents) return undefined
    const event = this.events[this.eventsHead++]
    if (!this.hasEvents) {
      this.events.length = 0
      this.eventsHead = 0
    }
    return event
  }

  // — Messages, pulling, serving: nothing happens where the session is over —

  /** Waits behind the outstanding request. Throws beyond CONTROL_BYTES_MAX bytes or MESSAGES_QUEUED_MAX waiting. */
  sendRequest(session: SessionId, body: Uint8Array, nowMs: number): void {
    this.sessions.get(session)?.conversation.sendRequest(body, nowMs)
  }

  sendReply(session: SessionId, number: number, body: Uint8Array): void {
    this.sessions.get(session)?.conversation.sendReply(number, body)
  }

  /** Pulls blocks of an item; those of an item that is being pulled are added. `blocks` is copied. */
  pull(session: SessionId, item: ItemRef, blocks: BlockSet, options: { priority: PullPriority }): void {
    this.sessions.get(session)?.puller.pull(item, blocks, options.priority)
  }

  /** Pulls blocks of an item that several sessions share, as `supply` hands them out; said again, looks whether it has
   *  something by now. Ends with `cancelPull`, or with 'gone'. */
  pullFrom(
    session: SessionId,
    item: ItemRef,
    supply: BlockSupply,
    options: { priority: PullPriority },
  ): void {
    this.sessions.get(session)?.puller.pullFrom(item, supply, options.priority)
  }

  /** One block is not wanted from this session any more; the item's others are. */
  cancelBlock(session: SessionId, kind: ItemKind, digest: Digest, blockIndex: number): void {
    this.sessions.get(session)?.puller.cancelBlock(kind, digest, blockIndex)
  }

  /** Since when nothing has come of what was asked for in this session; undefined where nothing is outstanding. */
  silentSinceMs(session: SessionId): number | undefined {
    return this.sessions.get(session)?.puller.silentSinceMs
  }

  cancelPull(session: SessionId, kind: ItemKind, digest: Digest): void {
    this.sessions.get(session)?.puller.cancel(kind, digest)
  }

  /** A frame did not open ('damaged'), or what is in it is not what was asked for ('wrong'): it is asked for again,
   *  REJECTS_MAX times at most. Release it as well. What damages a sealed frame is somebody between us and the
   *  peer, who is not to decide that the peer has nothing to give: that is borne for longer. */
  rejectBlock(
    session: SessionId,
    kind: ItemKind,
    digest: Digest,
    blockIndex: number,
    why: 'damaged' | 'wrong',
  ): void {
    const open = this.sessions.get(session)
    const isForged = why === 'damaged' && open?.facts.protection.isSealed === true
    open?.puller.reject(kind, digest, blockIndex, isForged ? FORGERIES_MAX : REJECTS_MAX)
  }

  /** Answers 'wanted'. Takes the frame over, and releases it in time; it must not change any more. `isKept` false:
   *  it is not used for a second asking, for which the block will be wanted again. */
  serveBlock(session: SessionId, name: BlockName, frame: FrameBuffer, options: { isKept: boolean }): void {
    const isServed = this.sessions.get(session)?.server.serveBlock(name, frame, options)
    if (isServed !== true) frame.release()
  }

  serveGone(session: SessionId, kind: ItemKind, digest: Digest): void {
    this.sessions.get(session)?.server.serveGone(kind, digest)
  }

  /** Answers nothing of what the peer has asked for so far: it asks again while it still wants that. */
  dropAsks(session: SessionId): void {
    this.sessions.get(session)?.server.clear()
  }

  /** Undefined where the session is over. */
  stats(session: SessionId): SessionStats | undefined {
    return this.sessions.get(session)?.stats()
  }

  // — Sessions —

  private addSession(facts: Omit<AgreedSession, 'id'>, nowMs: number): Session {
    const oldest = this.sessions.supernumerary(facts)
    if (oldest !== undefined) this.closeSession(oldest, 'replaced', nowMs, false)
    const session = new Session({ ...facts, id: this.nextSessionId++ }, this.host, nowMs)
    this.sessions.add(session)
    return session
  }

  /** Both sides know of the session. Decides which of the sessions with this peer stays. */
  private settle(session: Session, nowMs: number): void {
    const { facts } = session
    // Each visit has an id of its own, and the memory of lives is for machines.
    const isVisit = isVisitor(facts.peerId)
    if (!isVisit && this.clones.handleHeard(facts.peerId, facts.life, session.openedAtMs, nowMs)) {
      this.endClones(session, nowMs)
      return
    }
    // What it renews goes on until the other side is heard here.
    const rivals = this.sessions.all().filter((other) => other !== session.renews)
    const { stays, over } = rivalsOver(session, rivals, this.options.peerId)
    for (const { session: rival, saysBye } of over) this.closeSession(rival, 'replaced', nowMs, saysBye)
    if (!stays) {
      this.closeSession(session, 'replaced', nowMs, true)
      return
    }
    session.settle(nowMs)
    this.handshake.handleSettled(facts)
    const { id, peerId, address, isInitiator: initiator, fingerprint, life, theyKnow, weKnow } = facts
    const isRenewal = session.renews !== undefined
    const agreed = { peerId, address, fingerprint, life, theyKnow, weKnow }
    this.events.push({ type: 'opened', session: id, initiator, isRenewal, ...agreed })
  }

  /** Two machines have this peer id: each is told when it asks again. */
  private endClones(session: Session, nowMs: number): void {
    const { peerId } = session.facts
    const all = this.sessions.all().filter(({ facts }) => facts.peerId === peerId)
    const addresses = [...new Set([session, ...all].map(({ facts }) => facts.address))]
    this.events.push({ type: 'cloned', peerId, addresses })
    for (const open of all) this.closeSession(open, 'cloned', nowMs, true)
  }

  /** The other side is heard in a session with fresh keys: what it renews is not needed any more. */
  private handleRenewed(session: Session, nowMs: number): void {
    const { renews } = session
    session.renews = undefined
    if (renews !== undefined && this.sessions.get(renews.facts.id) === renews)
      this.closeSession(renews, 'renewed', nowMs, true)
  }

  private closeSession(session: Session, reason: CloseReason, nowMs: number, saysBye: boolean): void {
    const { facts } = session
    session.close(nowMs)
    this.sessions.delete(session)
    session.giveUpRenewal()
    if (saysBye) {
      // Twice, because nothing is left here to repeat it.
      this.send(facts.address, session.encode({ type: 'bye', session: facts.remote }))
      this.send(facts.address, session.encode({ type: 'bye', session: facts.remote }))
    }
    this.handshake.handleClosed(session, nowMs)
    const { id, peerId, address } = facts
    const why = session.isRenewed ? 'renewed' : reason
    if (session.isSettled) this.events.push({ type: 'closed', session: id, peerId, address, reason: why })
    else if (session.isTold) this.events.push({ type: 'withdrawn', session: id, peerId })
  }

  /** Each session that pulls gets an equal part of the buffers. */
  private poolShare(): number {
    let busyCount = 0
    for (const session of this.sessions.values()) if (session.puller.isBusy) busyCount++
    return Math.max(POOL_SHARE_MIN, Math.floor(POOL_BUFFERS_MAX / Math.max(1, busyCount)))
  }

  // — What goes out —

  private send(to: Address, bytes: Uint8Array): void {
    this.outbox.push({ to, bytes, segmentBytes: bytes.length })
  }

  /** Sessions take turns, so that under a limit each gets its part. */
  private pollControl(nowMs: number): Outgoing | undefined {
    for (const session of this.sessions.values()) {
      const bytes = session.pollControl(nowMs)
      if (bytes === undefined) continue
      session.bytesSent += bytes.length
      this.sessions.moveBack(session)
      return { to: session.facts.address, bytes, segmentBytes: bytes.length }
    }
    return undefined
  }

  /** Sessions take turns; under a limit of equal length. */
  private pollSegments(nowMs: number): Outgoing | undefined {
    const { sendBucket } = this
    if (sendBucket !== undefined && !sendBucket.hasTokens(nowMs)) return undefined
    for (;;) {
      const session = this.serveTurn.pop()
      if (session === undefined) {
        for (const open of this.sessions.values()) if (open.server.hasSegments) this.serveTurn.push(open)
        if (this.serveTurn.length === 0) return undefined
        continue
      }
      const outgoing = session.pollSegments(sendBucket?.turnBytes)
      if (outgoing === undefined) continue
      session.bytesSent += outgoing.bytes.length
      return outgoing
    }
  }
}
