// Talks ecp with every peer: one PeerTalk for each session, whose requests it sends, and whose requests it answers once the
// keeper has said how the two shares compare. Used by the engine.
//
//   peer ── have, update ──▶ Talk ── claim ──▶ keeper
//   peer ◀─ same, excess ─── Talk ◀─ answer ── keeper

import { earliest } from '../../base/earliest.js'
import type { Digest } from '../../base/item.js'
import type { KnownEdits } from '../../base/known-edits.js'
import { decodeMessage, encodeMessage, type Message, type StateMessage } from '../../ecp/message.js'
import type { Peering } from '../../peering/peering.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { Endpoint, EndpointEvent, SessionId } from '../../rdt/endpoint.js'
import { EARLY_BYTES_MAX } from '../../rdt/protection.js'
import { WORKING_RETRY_MS } from '../limits.js'
import type { Outbox } from '../outbox.js'
import type { LargeFiles } from '../receive/large-files.js'
import type { RequestedBlock, Serving } from '../serve/serving.js'
import { Holdings } from './holdings.js'
import { TOLD_FIRST_MAX } from './limits.js'
import { OwnState } from './own-state.js'
import { type PeerSession, PeerSessions } from './peer-sessions.js'
import { PeerTalk } from './peer-talk.js'
import { claimOf, equalClaim, type Question, QuestionBook } from './question-book.js'
import { VettedPeers } from './vetted-peers.js'

export interface TalkOptions {
  readonly endpoint: Endpoint
  readonly peering: Pick<Peering, 'callsAll'>
  readonly files: LargeFiles
  readonly serving: Serving
  readonly toKeeper: Outbox
}

export class Talk {
  readonly sessions = new PeerSessions()
  private readonly own = new OwnState()
  private readonly endpoint: Endpoint
  private readonly peering: Pick<Peering, 'callsAll'>
  private readonly files: LargeFiles
  private readonly questions: QuestionBook
  private readonly holdings: Holdings
  private readonly vetted = new VettedPeers(this.sessions)
  private readonly serving: Serving

  constructor({ endpoint, peering, files, serving, toKeeper }: TalkOptions) {
    this.endpoint = endpoint
    this.peering = peering
    this.files = files
    this.serving = serving
    this.questions = new QuestionBook(toKeeper)
    this.holdings = new Holdings({
      files,
      serving,
      reply: (session, number, message) => this.reply(session, number, message),
    })
  }

  // — Sessions —

  /** Early data: our state, sent with the hello to a peer that is met again. */
  greeting(peer: string): Uint8Array | undefined {
    return this.talkWith(peer, false, undefined).tidings(this.own, EARLY_BYTES_MAX)
  }

  /** Edits of a peer that are known here, told to it with a session. */
  knownOf(peer: string): KnownEdits | undefined {
    return this.own.knownOf(peer)
  }

  /** Our state goes along with the answer, so that the peer can begin to pull as soon as it has a session; and what it
   *  told with its hello can be pulled at once. */
  handleAnswered(event: EndpointEvent & { type: 'answered' }, nowMs: number): void {
    const peerTalk = this.talkWith(event.peerId, false, event.weKnow)
    if (this.own.root !== undefined) peerTalk.tellFirst()
    this.addSession(event, peerTalk, nowMs)
    const message = event.early && decodeMessage(event.early)
    if (message?.ok && message.value.type === 'update' && this.own.root !== undefined)
      this.handleState(event.session, message.value, undefined)
  }

  handleOpened(event: EndpointEvent & { type: 'opened' }, nowMs: number): void {
    const { session, peerId, initiator, weKnow } = event
    const opened =
      this.sessions.get(session) ?? this.addSession(event, this.talkWith(peerId, initiator, weKnow), nowMs)
    this.sessions.handleOpened(opened)
  }

  /** Answers whether the peer is gone with this session. */
  handleClosed({ session, peerId }: EndpointEvent & { type: 'closed' | 'withdrawn' }): boolean {
    const isPeerGone = this.sessions.handleClosed(session, peerId)
    this.holdings.handleClosed(session)
    this.vetted.handleClosed(session)
    this.questions.handleClosed(session)
    return isPeerGone
  }

  private addSession(
    { session, peerId: peer, address, theyKnow }: EndpointEvent & { type: 'answered' | 'opened' },
    peerTalk: PeerTalk,
    nowMs: number,
  ): PeerSession {
    const added = { session, peer, address, peerTalk }
    this.sessions.add(added)
    this.files.handleOpened(session, peer, nowMs)
    this.handleTold(added, theyKnow)
    return added
  }

  private talkWith(peer: string, isInitiator: boolean, weKnow: KnownEdits | undefined): PeerTalk {
    const peerTalk = new PeerTalk(peer, isInitiator, weKnow)
    if (this.vetted.has(peer)) peerTalk.handleVetted()
    return peerTalk
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
    this.handleState(session, request, { number, type: request.type, theirs: request.root.digest })
  }

  handleReply(session: SessionId, body: Uint8Array, nowMs: number): void {
    const found = this.sessions.get(session)
    if (found === undefined) return
    const { peerTalk } = found
    const message = decodeMessage(body)
    const reply = message.ok ? message.value : undefined
    const asked = peerTalk.takeAskedHolding()
    if (asked !== undefined) {
      if (reply?.type === 'holding') this.files.handleHolding(session, reply, nowMs)
      else this.files.handleNotHolding(session, asked, nowMs)
      return
    }
    if (reply?.type === 'excess') {
      peerTalk.handleSettled('excess', reply.root.digest)
      this.handleState(session, reply, undefined)
    } else if (reply?.type === 'same') {
      const root = peerTalk.handleSettled('same')
      if (root !== undefined)
        this.questions.ask(equalClaim(found.peer, root, peerTalk.theirNotHeldCount), {
          session,
          request: undefined,
        })
    } else {
      peerTalk.handleWorking(reply?.type === 'working' ? reply.retryMs : WORKING_RETRY_MS, nowMs)
    }
  }

  /** Sends each peer the request that is due: states come first, then who holds what of a file. A large file is told to a few
   *  of many peers first, who pass it on: told at once, all pull it from here, and none has it before all have. */
  sendRequests(nowMs: number): void {
    const root = this.own.root?.digest
    const isRationed = root !== undefined && this.own.hasLargeNews && !this.peering.callsAll
    let behindCount = 0
    if (isRationed) for (const { peerTalk } of this.sessions.all()) if (peerTalk.isBehind(root)) behindCount++
    for (const { session, peerTalk } of this.sessions.all()) {
      const wasBehind = isRationed && peerTalk.isBehind(root)
      const isHeld = peerTalk.holdBack(this.own, isRationed && behindCount >= TOLD_FIRST_MAX, nowMs)
      const request = this.nextRequest(session, peerTalk, { isHeld, nowMs })
      if (request !== undefined) this.endpoint.sendRequest(session, encodeMessage(request), nowMs)
      if (isRationed && !wasBehind && peerTalk.isBehind(root)) behindCount++
    }
  }

  private nextRequest(
    session: SessionId,
    peerTalk: PeerTalk,
    { isHeld, nowMs }: { isHeld: boolean; nowMs: number },
  ): Message | undefined {
    const state = isHeld ? undefined : peerTalk.pollRequest(this.own, nowMs)
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

  private handleState(session: SessionId, message: StateMessage, request: Question['request']): void {
    const found = this.sessions.get(session)
    if (found === undefined) return
    if (request !== undefined) found.peerTalk.handleRequest(message)
    found.peerTalk.handleState(message)
    this.handleTold(found, message.knows)
    this.questions.ask(claimOf(found.peer, message), { session, request })
  }

  private handleTold(session: PeerSession, theyKnow: KnownEdits | undefined): void {
    for (const requested of this.vetted.handleTold(session, this.own.counts, theyKnow))
      this.serving.handleRequested(requested)
  }

  private reply(session: SessionId, number: number, message: Message): void {
    if (this.sessions.get(session) !== undefined)
      this.endpoint.sendReply(session, number, encodeMessage(message))
  }

  private replyWorking(session: SessionId, number: number): void {
    this.reply(session, number, { type: 'working', retryMs: WORKING_RETRY_MS })
  }

  // — What the keeper says —

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
    for (const requested of this.vetted.handleOwn(message.own)) this.serving.handleRequested(requested)
  }

  handleKnows(message: KeeperToEngine & { type: 'knows' }): void {
    this.own.updateKnown(message)
  }

  /** Whether the peer may be told of entries. Answers the listings that it asked for before. */
  handleVerdict(peer: string, verdict: 'vetted' | 'refused'): readonly RequestedBlock[] {
    return this.vetted.handleVerdict(peer, verdict)
  }

  admitsListing(requested: RequestedBlock): 'yes' | 'no' | 'waits' {
    return this.vetted.admitsListing(requested)
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
    this.vetted.handleKeeperLost()
    for (const { session, request } of this.questions.takeAll())
      if (request !== undefined) this.replyWorking(session, request.number)
    this.holdings.handleKeeperLost()
    for (const { peerTalk } of this.sessions.all()) peerTalk.handleKeeperLost()
  }
}
