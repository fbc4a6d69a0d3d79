// The network side of a running peer: sessions, conversations, serving and receiving, put together. Performs no
// I/O and knows no share: what the share holds and lacks, the keeper decides (src/keeper/keeper.ts). In a running
// peer src/app drains it into a socket, a disk and the watcher process; in the simulator src/sim does.
//
//     network ── Endpoint ──┬── Conversation (one a session) ──┐
//                           ├── Receiving ─────────────────────┼── keeper
//                           └── Serving ───────────────────────┘
//                                  │ reads and writes of blocks
//                                 disk

import { type Digest, type Hash, listBytes } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { decodeMessage, encodeMessage, type Message, type StateMessage } from '../ecp/message.js'
import type { EngineToKeeper, KeeperToEngine, PeerClaim } from '../pipe/messages.js'
import {
  type Address,
  Endpoint,
  type EndpointEvent,
  type EndpointOptions,
  type Outgoing,
  type SessionId,
  type SessionStats,
} from '../rdt/endpoint.js'
import { EARLY_BYTES_MAX, type SlowStep } from '../rdt/protection.js'
import type { Entry } from '../share/entry.js'
import { decodeEntry } from '../share/entry-line.js'
import type { EngineEvent } from './engine-event.js'
import { ANNOUNCED_AHEAD_MAX, PROGRESS_MS, WORKING_RETRY_MS } from './limits.js'
import { Outbox } from './outbox.js'
import { ReceiptBook } from './receipt.js'
import type { FinishOp, ReleaseOp, WriteFailure, WriteOp } from './receive/large-files.js'
import { Receiving } from './receive/receiving.js'
import { type ReadOp, Serving } from './serve/serving.js'
import { Conversation, tidings } from './talk/conversation.js'
import { Holdings } from './talk/holdings.js'
import { OwnState } from './talk/own-state.js'

export type { EngineEvent }

/** What the engine asks of the disk. 'read' is answered by `handleRead`, 'write' and 'finish' by
 *  `handleWritten`, 'release' by nothing. */
export type DiskOp = ReadOp | WriteOp | FinishOp | ReleaseOp

interface PeerSession {
  readonly session: SessionId
  readonly peer: string
  readonly address: Address
  readonly conversation: Conversation
}

interface Question {
  readonly session: SessionId
  /** Undefined where the claim came in a reply, which is not answered. */
  readonly request: RequestToAnswer | undefined
}

interface RequestToAnswer {
  readonly number: number
  readonly type: 'have' | 'update'
  /** The root that the peer named. */
  readonly theirs: Digest
}

export interface EngineOptions extends EndpointOptions {
  readonly hash: Hash
}

/** After each `handle*`, drain every `poll*` until it answers undefined. */
export class Engine {
  readonly endpoint: Endpoint
  private readonly receiving: Receiving
  private readonly serving: Serving
  private readonly own = new OwnState()
  private readonly receipts = new ReceiptBook()
  private readonly sessions = new Map<SessionId, PeerSession>()
  private readonly sessionOfPeer = new Map<string, PeerSession>()
  private readonly questions = new Map<number, Question>()
  private readonly holdings: Holdings
  private readonly toKeeper = new Outbox()
  private readonly events: EngineEvent[] = []
  private nextQuestion = 1
  /** No watcher process is there to read what is said to it: it waits until the next one speaks. */
  private keeperLost = false
  private progressAtMs: number | undefined

  constructor(options: EngineOptions, nowMs: number) {
    this.endpoint = new Endpoint({ ...options, greeting: () => this.greeting() }, nowMs)
    this.receiving = new Receiving(this.endpoint, options.hash, options.peerId, this.toKeeper)
    this.serving = new Serving({
      hash: options.hash,
      framesOf: (session) => this.endpoint.framesOf(session),
      buildingOf: (digest) => this.receiving.large.buildingOf(digest),
      rooms: this.endpoint.rooms,
      toKeeper: this.toKeeper,
    })
    this.holdings = new Holdings({
      files: this.receiving.large,
      serving: this.serving,
      reply: (session, number, message, atMs) => this.reply(session, number, message, atMs),
    })
  }

  get receivedBytes(): number {
    return this.receiving.receivedBytes
  }

  /** What compression kept from crossing for them. */
  get savedBytes(): number {
    return this.receiving.savedBytes
  }

  *sessionStats(): Iterable<{ readonly peer: string; readonly stats: SessionStats }> {
    for (const { peer, session } of this.sessions.values()) {
      const stats = this.endpoint.stats(session)
      if (stats !== undefined) yield { peer, stats }
    }
  }

  connect(address: Address, nowMs: number): void {
    this.endpoint.connect(address, nowMs)
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
    this.carryOut(message, nowMs)
    this.settle(nowMs)
  }

  /** The watcher process died; the next one starts from the index and the log. */
  handleKeeperLost(nowMs: number): void {
    this.keeperLost = true
    this.own.forget()
    this.receiving.handleKeeperLost()
    this.serving.handleKeeperLost()
    for (const { session, request } of this.questions.values()) {
      if (request !== undefined) this.replyWorking(session, request.number, nowMs)
    }
    this.questions.clear()
    this.holdings.handleKeeperLost(nowMs)
    this.toKeeper.handleKeeperLost()
    for (const { conversation } of this.sessions.values()) conversation.greet()
    this.settle(nowMs)
  }

  handleTimeout(nowMs: number): void {
    this.endpoint.handleTimeout(nowMs)
    this.receiving.large.handleTimeout(nowMs)
    if (this.progressAtMs !== undefined && nowMs >= this.progressAtMs) this.showProgress(nowMs)
    this.settle(nowMs)
  }

  /** When `handleTimeout` is next due, on the caller's clock. */
  pollTimeout(): number | undefined {
    let dueMs = earlier(this.endpoint.pollTimeout(), this.receiving.large.pollTimeout())
    for (const { conversation } of this.sessions.values()) dueMs = earlier(dueMs, conversation.pollTimeout())
    return earlier(dueMs, this.progressAtMs)
  }

  /** Drain this before the other polls: what is sent makes room, and then more is to be read or asked. */
  pollDatagram(nowMs: number): Outgoing | undefined {
    this.receiving.pullSmall(nowMs)
    const outgoing = this.endpoint.pollDatagram(nowMs)
    this.settleEvents(nowMs)
    return outgoing
  }

  /** Sessions of keys that are not trusted any more end, in both directions. */
  revoke(isTrusted: (fingerprint: string) => boolean, nowMs: number): void {
    this.endpoint.revoke(isTrusted, nowMs)
    this.settle(nowMs)
  }

  /** What handshakes need and is slow; answered by `handleStep`. */
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
    return this.events.shift()
  }

  /** Most datagrams are segments in the middle of a block, which change nothing outside rdt: with several peers, looking
   *  at every conversation after each of them would cost more than the segment itself. */
  private settleEvents(nowMs: number): void {
    if (this.endpoint.hasEvents) this.settle(nowMs)
  }

  /** Carries what one part produced to the parts that wait for it. */
  private settle(nowMs: number): void {
    for (let event = this.endpoint.pollEvent(); event !== undefined; event = this.endpoint.pollEvent()) {
      this.handleEndpointEvent(event, nowMs)
    }
    for (let served = this.serving.pollServed(); served !== undefined; served = this.serving.pollServed()) {
      const { wanted, frame } = served
      const { session, kind, digest } = wanted
      if (frame === undefined) this.endpoint.serveGone(session, kind, digest, nowMs)
      else this.endpoint.serveBlock(session, wanted, frame, { isKept: served.isProved }, nowMs)
    }
    for (
      let built = this.receiving.large.pollBuilt();
      built !== undefined;
      built = this.receiving.large.pollBuilt()
    )
      this.serving.handleBuilt(built.digest, built.building)
    for (const { session, conversation } of this.sessions.values()) {
      const request = this.nextRequest(session, conversation, nowMs)
      if (request !== undefined) this.endpoint.sendRequest(session, encodeMessage(request), nowMs)
    }
  }

  private nextRequest(session: SessionId, conversation: Conversation, nowMs: number): Message | undefined {
    const state = conversation.pollRequest(this.own, nowMs)
    if (state !== undefined || !conversation.isFree) return state
    const holding = this.receiving.large.pollHolding(session, nowMs)
    if (holding !== undefined) conversation.handleAskedHolding(holding)
    return holding
  }

  private handleEndpointEvent(event: EndpointEvent, nowMs: number): void {
    switch (event.type) {
      case 'block':
        this.receiving.handleBlock(event, nowMs)
        break
      case 'wanted':
        this.serving.handleWanted({
          session: event.session,
          kind: event.kind,
          digest: event.digest,
          blockIndex: event.blockIndex,
          members: event.members,
        })
        break
      case 'gone':
        this.receiving.handleGone(event, nowMs)
        break
      case 'request':
        this.handleRequest(event.session, event.number, event.body, nowMs)
        break
      case 'reply':
        this.handleReply(event.session, event.body, nowMs)
        break
      case 'answered':
        this.handleAnswered(event, nowMs)
        break
      case 'opened':
        this.handleOpened(event, nowMs)
        break
      case 'closed':
        this.handleClosed(event, nowMs)
        this.events.push({
          event: 'disconnected',
          peer: event.peerId,
          address: event.address,
          reason: event.reason,
        })
        break
      case 'withdrawn':
        this.handleClosed(event, nowMs)
        break
      case 'unreachable':
        this.events.push({ event: 'waiting', address: event.address, answers: event.answers })
        break
      case 'refused':
        this.events.push({
          event: 'refused',
          address: event.address,
          reason: event.reason,
          agent: event.agent,
          wireVersion: event.wireVersion,
        })
        break
      case 'crowded':
        this.events.push({ event: 'crowded', address: event.address, fingerprint: event.fingerprint })
        break
      case 'stranger':
        this.events.push({ event: 'stranger', address: event.address })
        break
    }
  }

  /** What goes along with the hello to a peer that is met again. */
  private greeting(): Uint8Array | undefined {
    const message = tidings(this.own)
    if (message === undefined) return undefined
    const body = encodeMessage(message)
    return body.length <= EARLY_BYTES_MAX
      ? body
      : encodeMessage({ ...message, scope: { type: 'some' }, lines: [] })
  }

  /** What is here goes along with the answer, so that the peer can begin to pull as soon as it has a session; and what it
   *  told with its hello can be pulled at once. */
  private handleAnswered(event: EndpointEvent & { type: 'answered' }, nowMs: number): void {
    const conversation = new Conversation(false)
    if (this.own.root !== undefined) conversation.tellFirst()
    this.addSession(event, conversation, nowMs)
    const message = event.early && decodeMessage(event.early)
    if (message?.ok && message.value.type === 'update' && this.own.root !== undefined)
      this.askKeeper(message.value, { session: event.session, request: undefined })
  }

  private handleOpened(event: EndpointEvent & { type: 'opened' }, nowMs: number): void {
    const opened =
      this.sessions.get(event.session) ?? this.addSession(event, new Conversation(event.initiator), nowMs)
    this.sessionOfPeer.set(event.peerId, opened)
    const { peerId: peer, address, fingerprint } = event
    this.events.push({ event: 'connected', peer, address, fingerprint })
  }

  private addSession(
    { session, peerId: peer, address }: EndpointEvent & { type: 'answered' | 'opened' },
    conversation: Conversation,
    nowMs: number,
  ): PeerSession {
    const added = { session, peer, address, conversation }
    this.sessions.set(session, added)
    // One that is open is as good as any, until another is.
    if (!this.sessionOfPeer.has(peer)) this.sessionOfPeer.set(peer, added)
    this.receiving.large.handleOpened(session, peer, nowMs)
    return added
  }

  private handleClosed(event: EndpointEvent & { type: 'closed' | 'withdrawn' }, nowMs: number): void {
    this.sessions.delete(event.session)
    this.holdings.handleClosed(event.session)
    this.receiving.handleClosed(event.session, nowMs)
    for (const [id, question] of this.questions)
      if (question.session === event.session) this.questions.delete(id)
    // A session that replaces this one may already be open: then the peer is not gone.
    if (this.sessionOfPeer.get(event.peerId)?.session === event.session) {
      this.sessionOfPeer.delete(event.peerId)
      this.toKeeper.push({ type: 'peer-gone', peer: event.peerId })
    }
  }

  private handleRequest(session: SessionId, number: number, body: Uint8Array, nowMs: number): void {
    const message = decodeMessage(body)
    const request = message.ok ? message.value : undefined
    if (request?.type === 'holding') {
      this.holdings.handleRequest(session, number, request, this.own.root !== undefined, nowMs)
      return
    }
    if ((request?.type !== 'have' && request?.type !== 'update') || this.own.root === undefined) {
      this.replyWorking(session, number, nowMs)
      return
    }
    this.askKeeper(request, { session, request: { number, type: request.type, theirs: request.root.digest } })
  }

  private handleReply(session: SessionId, body: Uint8Array, nowMs: number): void {
    const conversation = this.sessions.get(session)?.conversation
    if (conversation === undefined) return
    const message = decodeMessage(body)
    const reply = message.ok ? message.value : undefined
    const asked = conversation.takeAskedHolding()
    if (asked !== undefined) {
      if (reply?.type === 'holding') this.receiving.large.handleHolding(session, reply, nowMs)
      else this.receiving.large.handleNotHolding(session, asked, nowMs)
      return
    }
    if (reply?.type === 'excess') {
      conversation.handleSettled('excess')
      this.askKeeper(reply, { session, request: undefined })
    } else if (reply?.type === 'same') {
      const root = conversation.handleSettled('same')
      const equal = { type: 'have', scope: { type: 'some' }, lines: [] } as const
      if (root !== undefined) this.askKeeper({ ...equal, root }, { session, request: undefined })
    } else {
      conversation.handleWorking(reply?.type === 'working' ? reply.retryMs : WORKING_RETRY_MS, nowMs)
    }
  }

  /** Hands a peer's state to the keeper, which answers how it compares with ours. */
  private askKeeper(message: StateMessage, question: Question): void {
    const peer = this.sessions.get(question.session)?.peer
    if (peer === undefined) return
    const id = this.nextQuestion++
    this.questions.set(id, question)
    this.toKeeper.push({ type: 'claim', question: id, claim: claimOf(peer, message) })
  }

  private replyWorking(session: SessionId, number: number, nowMs: number): void {
    this.reply(session, number, { type: 'working', retryMs: WORKING_RETRY_MS }, nowMs)
  }

  private reply(session: SessionId, number: number, message: Message, nowMs: number): void {
    if (this.sessions.has(session)) this.endpoint.sendReply(session, number, encodeMessage(message), nowMs)
  }

  private carryOut(message: KeeperToEngine, nowMs: number): void {
    switch (message.type) {
      case 'root':
        this.own.update(message.root, message.changes, message.whole)
        for (const { kind, sizeBytes, digest } of message.changes?.slice(-ANNOUNCED_AHEAD_MAX) ?? [])
          if (kind === 'file' && sizeBytes > BLOCK_BYTES && listBytes(sizeBytes) <= BLOCK_BYTES)
            this.serving.handleAnnounced(digest)
        break
      case 'answer':
        this.handleAnswer(message.question, message.answer, nowMs)
        break
      case 'ask':
        this.sessionOfPeer.get(message.peer)?.conversation.greet()
        break
      case 'pull-tree':
        this.withSession(message, (session) =>
          this.receiving.pullTree(session, message.peer, message.item, nowMs),
        )
        break
      case 'fetch-small':
        this.withSession(message, (session) => this.receiving.fetchSmall(session, message))
        break
      case 'fetch-list':
        this.withSession(message, (session) =>
          this.receiving.fetchList(session, message.peer, message, nowMs),
        )
        break
      case 'fetch-blocks':
        this.receiving.large.fetchBlocks(message, nowMs)
        this.progressAtMs ??= nowMs + PROGRESS_MS
        break
      case 'cancel':
        this.receiving.cancel(message.fetch)
        break
      case 'located':
        for (const { name, location } of message.items) {
          this.serving.handleLocated(name, location)
          if (name.kind === 'file') this.holdings.handleLocated(name.digest, location.type === 'file', nowMs)
        }
        break
      case 'work':
        this.events.push({ ...message, event: 'work' })
        this.keepReceipt(message.filesDone === message.filesWanted)
        break
      case 'in-step': {
        const address = this.sessionOfPeer.get(message.peer)?.address
        if (address !== undefined)
          this.events.push({
            event: 'in-step',
            peer: message.peer,
            address,
            equal: message.equal,
            files: message.files,
          })
        break
      }
      case 'notice':
        if (message.notice.event === 'received') this.receipts.handleArrival(message.notice, nowMs)
        this.events.push(message.notice)
        break
    }
  }

  private keepReceipt(isOver: boolean): void {
    for (const { session } of this.sessions.values()) {
      const stats = this.endpoint.stats(session)
      if (stats !== undefined) this.receipts.handleSession(session, stats)
    }
    const receipt = isOver ? this.receipts.finish() : undefined
    if (receipt !== undefined) this.events.push({ ...receipt, event: 'receipt' })
  }

  /** Runs an order for a peer, or tells the keeper that the peer is gone. */
  private withSession(
    order: KeeperToEngine & { type: 'pull-tree' | 'fetch-small' | 'fetch-list' },
    run: (session: SessionId) => void,
  ): void {
    const session = this.sessionOfPeer.get(order.peer)?.session
    if (session !== undefined) run(session)
    else if (order.type !== 'pull-tree')
      this.toKeeper.push({ type: 'fetch-failed', fetch: order.fetch, reason: 'peer-gone' })
    else this.toKeeper.push({ type: 'tree', peer: order.peer, digest: order.item.digest, bytes: undefined })
  }

  private handleAnswer(id: number, answer: 'same' | 'differs' | 'working', nowMs: number): void {
    const question = this.questions.get(id)
    this.questions.delete(id)
    if (question?.request === undefined) return
    const { session, request } = question
    const conversation = this.sessions.get(session)?.conversation
    if (conversation === undefined) return
    if (answer === 'working') {
      this.replyWorking(session, request.number, nowMs)
      return
    }
    const reply = conversation.replyTo(request, answer === 'same', this.own) ?? { type: 'same' }
    this.reply(session, request.number, reply, nowMs)
  }

  private showProgress(nowMs: number): void {
    let any = false
    for (const { path, sizeBytes, doneBytes } of this.receiving.large.inFlight()) {
      this.events.push({ event: 'progress', path, sizeBytes, doneBytes })
      any = true
    }
    this.progressAtMs = any ? nowMs + PROGRESS_MS : undefined
  }
}

/** Entry lines that cannot be read are left out, and then the list is no longer complete: the tree is walked,
 *  where the same line is refused with a reason. */
function claimOf(peer: string, message: StateMessage): PeerClaim {
  const entries: Entry[] = []
  for (const line of message.lines) {
    const entry = decodeEntry(line)
    if (entry.ok) entries.push(entry.value)
  }
  const complete = entries.length === message.lines.length
  const { scope } = message
  return { peer, root: message.root, scope: !complete ? { type: 'some' } : scope, entries }
}

function earlier(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return Math.min(left, right)
}
