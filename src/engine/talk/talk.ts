// Talks ecp with every peer: one PeerTalk for each session, whose requests it sends, and whose requests it answers once the
// keeper has said how the two shares compare. Used by the engine.
//
//   peer ── have, update ──▶ Talk ── claim ──▶ keeper
//   peer ◀─ same, excess ─── Talk ◀─ answer ── keeper

import { earliest } from '../../base/earliest.js'
import type { Digest, ItemRef } from '../../base/item.js'
import { decodeMessage, encodeMessage, type Message, type StateMessage } from '../../ecp/message.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { Endpoint, EndpointEvent, SessionId } from '../../rdt/endpoint.js'
import { EARLY_BYTES_MAX } from '../../rdt/protection.js'
import { WORKING_RETRY_MS } from '../limits.js'
import type { Outbox } from '../outbox.js'
import type { LargeFiles } from '../receive/large-files.js'
import type { RequestedBlock, Serving } from '../serve/serving.js'
import { Holdings } from './holdings.js'
import { UNVETTED_REQUESTS_MAX } from './limits.js'
import { OwnState } from './own-state.js'
import { type PeerSession, PeerSessions } from './peer-sessions.js'
import { PeerTalk, tidings } from './peer-talk.js'
import { type Question, QuestionBook } from './question-book.js'

export interface TalkOptions {
  readonly endpoint: Endpoint
  readonly files: LargeFiles
  readonly serving: Serving
  readonly toKeeper: Outbox
}

export class Talk {
  readonly sessions = new PeerSessions()
  private readonly own = new OwnState()
  private readonly endpoint: Endpoint
  private readonly files: LargeFiles
  private readonly questions: QuestionBook
  private readonly holdings: Holdings
  /** Listings that peers asked for which are not vetted yet. */
  private readonly unvetted = new Map<SessionId, RequestedBlock[]>()

  constructor({ endpoint, files, serving, toKeeper }: TalkOptions) {
    this.endpoint = endpoint
    this.files = files
    this.questions = new QuestionBook(toKeeper)
    this.holdings = new Holdings({
      files,
      serving,
      reply: (session, number, message) => this.reply(session, number, message),
    })
  }

  // — Sessions —

  /** Early data: our root, sent with the hello to a peer that is met again. No entry goes along: whether the share was put back
   *  to an older copy shows only when the peer has told what it knows. */
  greeting(): Uint8Array | undefined {
    const message = tidings(this.own)
    const body = message && encodeMessage(message)
    return body === undefined || body.length > EARLY_BYTES_MAX ? undefined : body
  }

  /** Our state goes along with the answer, so that the peer can begin to pull as soon as it has a session; and what it
   *  told with its hello can be pulled at once. */
  handleAnswered(event: EndpointEvent & { type: 'answered' }, nowMs: number): void {
    const peerTalk = new PeerTalk(false)
    if (this.own.root !== undefined) peerTalk.tellFirst()
    this.addSession(event, peerTalk, nowMs)
    const message = event.early && decodeMessage(event.early)
    if (message?.ok && message.value.type === 'update' && this.own.root !== undefined) {
      peerTalk.handleState(message.value)
      this.askKeeper(message.value, { session: event.session, request: undefined })
    }
  }

  handleOpened(event: EndpointEvent & { type: 'opened' }, nowMs: number): void {
    const opened =
      this.sessions.get(event.session) ?? this.addSession(event, new PeerTalk(event.initiator), nowMs)
    this.sessions.handleOpened(opened)
  }

  /** Answers whether the peer is gone with this session. */
  handleClosed({ session, peerId }: EndpointEvent & { type: 'closed' | 'withdrawn' }): boolean {
    const isPeerGone = this.sessions.handleClosed(session, peerId)
    this.holdings.handleClosed(session)
    this.unvetted.delete(session)
    this.questions.handleClosed(session)
    return isPeerGone
  }

  private addSession(
    { session, peerId: peer, address }: EndpointEvent & { type: 'answered' | 'opened' },
    peerTalk: PeerTalk,
    nowMs: number,
  ): PeerSession {
    const added = { session, peer, address, peerTalk }
    this.sessions.add(added)
    this.files.handleOpened(session, peer, nowMs)
    return added
  }

  // — What peers ask and answer —

  handleRequest(session: SessionId, number: number, body: Uint8Array, nowMs: number): void {
    const message = decodeMessage(body)
    const request = message.ok ? message.value : undefined
    if (request?.type === 'holding') {
      this.holdings.handleRequest(session, number, request, this.own.root !== undefined, nowMs)
      return
    }
    if ((request?.type !== 'have' && request?.type !== 'update') || this.own.root === undefined) {
      this.replyWorking(session, number)
      return
    }
    this.sessions.get(session)?.peerTalk.handleState(request)
    this.askKeeper(request, { session, request: { number, type: request.type, theirs: request.root.digest } })
  }

  handleReply(session: SessionId, body: Uint8Array, nowMs: number): void {
    const peerTalk = this.sessions.get(session)?.peerTalk
    if (peerTalk === undefined) return
    const message = decodeMessage(body)
    const reply = message.ok ? message.value : undefined
    const asked = peerTalk.takeAskedHolding()
    if (asked !== undefined) {
      if (reply?.type === 'holding') this.files.handleHolding(session, reply, nowMs)
      else this.files.handleNotHolding(session, asked, nowMs)
      return
    }
    if (reply?.type === 'excess') {
      peerTalk.handleState(reply)
      peerTalk.handleSettled('excess')
      this.askKeeper(reply, { session, request: undefined })
    } else if (reply?.type === 'same') {
      const root = peerTalk.handleSettled('same')
      if (root !== undefined)
        this.askKeeper(equalState(root, peerTalk.theirNotHeldCount), { session, request: undefined })
    } else {
      peerTalk.handleWorking(reply?.type === 'working' ? reply.retryMs : WORKING_RETRY_MS, nowMs)
    }
  }

  /** Sends each peer the request that is due: states come first, then who holds what of a file. */
  sendRequests(nowMs: number): void {
    for (const { session, peerTalk } of this.sessions.all()) {
      const request = this.nextRequest(session, peerTalk, nowMs)
      if (request !== undefined) this.endpoint.sendRequest(session, encodeMessage(request), nowMs)
    }
  }

  private nextRequest(session: SessionId, peerTalk: PeerTalk, nowMs: number): Message | undefined {
    const state = peerTalk.pollRequest(this.own, nowMs)
    if (state !== undefined || !peerTalk.isFree) return state
    const holding = this.files.pollHolding(session, nowMs)
    if (holding !== undefined) peerTalk.handleAskedHolding(holding)
    return holding
  }

  /** When `sendRequests` has something that waits for time alone. */
  pollTimeout(): number | undefined {
    let firstMs: number | undefined
    for (const { peerTalk } of this.sessions.all()) firstMs = earliest(firstMs, peerTalk.pollTimeout())
    return firstMs
  }

  private reply(session: SessionId, number: number, message: Message): void {
    if (this.sessions.get(session) !== undefined)
      this.endpoint.sendReply(session, number, encodeMessage(message))
  }

  private replyWorking(session: SessionId, number: number): void {
    this.reply(session, number, { type: 'working', retryMs: WORKING_RETRY_MS })
  }

  // — What the keeper says —

  private askKeeper(message: StateMessage, question: Question): void {
    const peer = this.sessions.get(question.session)?.peer
    if (peer !== undefined) this.questions.ask(peer, message, question)
  }

  /** The sessions in which peers are asked, and whether each peer has been told the state of ours with this root. */
  *standings(root: Digest): Iterable<PeerSession & { readonly isTold: boolean }> {
    for (const session of this.sessions.all()) {
      if (this.sessions.ofPeer(session.peer) !== session) continue
      const isTold = this.own.root?.digest === root && session.peerTalk.isTold(this.own)
      yield { ...session, isTold }
    }
  }

  handleRoot(message: KeeperToEngine & { type: 'root' }): void {
    this.own.update(message)
  }

  handleKnows({ knows }: KeeperToEngine & { type: 'knows' }): void {
    this.own.updateKnows(knows)
  }

  /** From here on the peer is told of entries. Answers what it asked for before. */
  handleVetted(peer: string): readonly RequestedBlock[] {
    return this.handleVerdict(peer, (peerTalk) => peerTalk.handleVetted())
  }

  /** The peer is not told of entries. Answers what it asked for before. */
  handleRefused(peer: string): readonly RequestedBlock[] {
    return this.handleVerdict(peer, (peerTalk) => peerTalk.handleRefused())
  }

  private handleVerdict(peer: string, tell: (peerTalk: PeerTalk) => void): readonly RequestedBlock[] {
    const waiting: RequestedBlock[] = []
    for (const { session, peer: ofSession, peerTalk } of this.sessions.all()) {
      if (ofSession !== peer) continue
      tell(peerTalk)
      waiting.push(...(this.unvetted.get(session) ?? []))
      this.unvetted.delete(session)
    }
    return waiting
  }

  /** Whether the peer may have a listing: it may not, or what it asks for waits until that is known. */
  admitsListing(requested: RequestedBlock): 'yes' | 'no' | 'waits' {
    const { session } = requested
    const verdict = this.sessions.get(session)?.peerTalk.verdict
    if (verdict === 'vetted') return 'yes'
    if (verdict === 'refused') return 'no'
    const waiting = this.unvetted.get(session)
    if (waiting === undefined) this.unvetted.set(session, [requested])
    else if (waiting.length < UNVETTED_REQUESTS_MAX) waiting.push(requested)
    return 'waits'
  }

  handleAnswer({ question: id, answer }: KeeperToEngine & { type: 'answer' }): void {
    const question = this.questions.take(id)
    if (question?.request === undefined) return
    const { session, request } = question
    const peerTalk = this.sessions.get(session)?.peerTalk
    if (peerTalk === undefined) return
    if (answer === 'working') {
      this.replyWorking(session, request.number)
      return
    }
    const reply = peerTalk.replyTo(request, answer === 'same', this.own) ?? { type: 'same' }
    this.reply(session, request.number, reply)
  }

  /** The keeper has said where a file is, or that it is not here. */
  handleLocated(digest: Digest, isHere: boolean): void {
    this.holdings.handleLocated(digest, isHere)
  }

  /** The keeper wants to know the peer's state anew. */
  greet(peer: string): void {
    this.sessions.ofPeer(peer)?.peerTalk.greet()
  }

  /** Nothing is known of the own share until the next keeper has read it: who waits for an answer is asked to come again. */
  handleKeeperLost(): void {
    this.own.forget()
    for (const { session, request } of this.questions.takeAll())
      if (request !== undefined) this.replyWorking(session, request.number)
    this.holdings.handleKeeperLost()
    for (const { peerTalk } of this.sessions.all()) peerTalk.handleKeeperLost()
  }
}

function equalState(root: ItemRef, notHeldCount: number): StateMessage {
  return { type: 'have', root, knows: '', scope: { type: 'some' }, notHeldCount, lines: [] }
}
