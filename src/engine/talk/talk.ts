// Talks ecp with every peer: one PeerTalk for each session, whose requests it sends, and whose requests it answers once the
// keeper has said how the two shares compare. Used by the engine.
//
//   peer ── have, update ──▶ Talk ── claim ──▶ keeper
//   peer ◀─ same, excess ─── Talk ◀─ answer ── keeper

import { earliest } from '../../base/earliest.js'
import type { Digest } from '../../base/item.js'
import type { KnownEdits } from '../../base/known-edits.js'
import { CONTROL_BYTES_MAX } from '../../base/limits.js'
import type { CheckedMessage } from '../../ecp/check-message.js'
import { decodeMessage, encodeMessage, type Message, type StateMessage } from '../../ecp/message.js'
import type { Stop } from '../../ecp/path-message.js'
import type { Peering } from '../../peering/peering.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { Endpoint, EndpointEvent, SessionId } from '../../rdt/endpoint.js'
import { EARLY_BYTES_MAX } from '../../rdt/protection.js'
import { WORKING_RETRY_MS } from '../limits.js'
import type { Outbox } from '../outbox.js'
import type { LargeFiles } from '../receive/large-files.js'
import type { RequestedBlock, Serving } from '../serve/serving.js'
import { Holdings } from './holdings.js'
import { THEIR_PAUSE_MS_MIN, TOLD_FIRST_MAX } from './limits.js'
import { OwnState } from './own-state.js'
import { type AskedCheck, type PeerAnswer, type PeerQuestion, PeerQuestions } from './peer-questions.js'
import { type PeerSession, PeerSessions } from './peer-sessions.js'
import { PeerTalk } from './peer-talk.js'
import { claimOf, equalClaim, type Question, QuestionBook } from './question-book.js'
import { type PauseTarget, Stops } from './stops.js'
import { VettedPeers } from './vetted-peers.js'

export interface PeerFacts {
  /** The peer knows the state of ours that was asked about. */
  readonly isTold: boolean
  readonly isPausedHere: boolean
  readonly stopThere: Stop | undefined
  /** It asked to be asked again: it reads its share, say. */
  readonly isReadingThere: boolean
  /** It knows edits that this share forgot, and is told nothing. */
  readonly isRefused: boolean
}

/** Nothing is given and taken in a session from now on, or all is again. */
export interface PauseChange {
  readonly session: SessionId
  readonly peer: string
  readonly isPaused: boolean
  /** Whether it is the session in which the peer is asked. */
  readonly isPeers: boolean
}

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
  private readonly stops = new Stops()
  private readonly persons: PeerQuestions
  /** Sessions in which nothing is given and taken, as was told by `pollPause`, and until when at least. */
  private readonly paused = new Map<SessionId, number>()
  private readonly pauses: PauseChange[] = []

  constructor({ endpoint, peering, files, serving, toKeeper }: TalkOptions) {
    this.endpoint = endpoint
    this.peering = peering
    this.files = files
    this.serving = serving
    const reply = (session: SessionId, number: number, message: Message) =>
      this.reply(session, number, message)
    this.persons = new PeerQuestions({ toKeeper, reply })
    this.questions = new QuestionBook(toKeeper)
    this.holdings = new Holdings({
      files,
      serving,
      reply,
    })
  }

  // — Sessions —

  /** Early data: our state, sent with the hello to a peer that is met again. */
  greeting(peer: string): Uint8Array | undefined {
    if (this.stops.isPaused(peer)) return undefined
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
    const isHeard = this.own.root !== undefined && !this.paused.has(event.session)
    if (message?.ok && message.value.type === 'update' && isHeard)
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
    this.persons.handleClosed(session)
    this.paused.delete(session)
    return isPeerGone
  }

  private addSession(
    { session, peerId: peer, address, theyKnow }: EndpointEvent & { type: 'answered' | 'opened' },
    peerTalk: PeerTalk,
    nowMs: number,
  ): PeerSession {
    const added = { session, peer, address, peerTalk }
    this.sessions.add(added)
    this.handleTold(added, theyKnow)
    if (this.stops.isPaused(peer, address)) this.settlePause(added, nowMs)
    else this.files.handleOpened(session, peer, nowMs)
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
    const found = this.sessions.get(session)
    if (found !== undefined && request?.type === 'stop') {
      found.peerTalk.handleTheirStop(request.stop)
      this.reply(session, number, { type: 'same' })
      this.settlePause(found, nowMs)
      return
    }
    if (found !== undefined && request?.type === 'why') {
      this.handlePathAsked(found, { number, path: request.path }, nowMs)
      return
    }
    if (found !== undefined && request?.type === 'check') {
      const { address } = found
      this.persons.handleCheckAsked({ session, number, address, knock: request.knock })
      return
    }
    if (found !== undefined && this.stops.isPaused(found.peer, found.address)) {
      found.peerTalk.handleStopReplied('paused')
      this.reply(session, number, { type: 'stop', stop: 'paused' })
      return
    }
    if (request?.type === 'holding' && !this.paused.has(session)) {
      this.holdings.handleRequest(session, number, request, this.own.root !== undefined, nowMs)
      return
    }
    const isState = request?.type === 'have' || request?.type === 'update'
    if (!isState || this.own.root === undefined || this.paused.has(session)) {
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
    if (peerTalk.takeAskedStop()) return
    if (this.persons.handleReply(session, reply)) {
      peerTalk.handlePersonReply()
      return
    }
    const asked = peerTalk.takeAskedHolding()
    if (reply?.type === 'stop') {
      if (asked !== undefined) this.files.handleNotHolding(session, asked, nowMs)
      peerTalk.handleStopReply(reply.stop)
      this.settlePause(found, nowMs)
      return
    }
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
      if (root !== undefined && !this.paused.has(session))
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
    if (isRationed)
      for (const { session, peerTalk } of this.sessions.all())
        if (peerTalk.isBehind(root) && !this.paused.has(session)) behindCount++
    for (const each of this.sessions.all()) {
      const { session, peerTalk } = each
      const first = this.nextBefore(each)
      if (first !== undefined) this.endpoint.sendRequest(session, encodeMessage(first), nowMs)
      if (first !== undefined || this.paused.has(session)) continue
      const wasBehind = isRationed && peerTalk.isBehind(root)
      const isHeld = peerTalk.holdBack(this.own, isRationed && behindCount >= TOLD_FIRST_MAX, nowMs)
      const request = this.nextRequest(session, peerTalk, { isHeld, nowMs })
      if (request !== undefined) this.endpoint.sendRequest(session, encodeMessage(request), nowMs)
      if (isRationed && !wasBehind && peerTalk.isBehind(root)) behindCount++
    }
  }

  /** Requests that are made in a paused session too. */
  private nextBefore({ session, peer, address, peerTalk }: PeerSession): Message | undefined {
    const stop = this.stops.stopFor(peer, address)
    if (peerTalk.pollStop(stop)) return { type: 'stop', stop }
    const question = peerTalk.isFree ? this.persons.pollQuestion(session) : undefined
    if (question !== undefined) peerTalk.handleAskedPerson()
    return question
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
    // In a pause no state is told: a time for that would stay due, and keep the process turning.
    for (const each of this.sessions.all())
      firstMs = this.paused.has(each.session)
        ? earliest(firstMs, this.resumeDueMs(each))
        : earliest(firstMs, each.peerTalk.pollTimeout())
    return firstMs
  }

  private handleState(session: SessionId, message: StateMessage, request: Question['request']): void {
    const found = this.sessions.get(session)
    // What is said in a paused session is said again after that.
    if (found === undefined || this.paused.has(session)) return
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

  // — Stops, and questions of persons —

  /** Answers false where as many are paused as may be. */
  pause(whom: PauseTarget | 'all', nowMs: number): boolean {
    const isDone = this.stops.pause(whom)
    this.settlePauses(nowMs)
    return isDone
  }

  resume(whom: PauseTarget | 'all', nowMs: number): void {
    this.stops.resume(whom)
    this.settlePauses(nowMs)
  }

  get stopped(): Pick<Stops, 'isAllPaused' | 'paused'> {
    return this.stops
  }

  /** Our disk is full, or no more. */
  setFull(isFull: boolean): void {
    this.stops.setFull(isFull)
  }

  /** Whether nothing is given and taken in this session. */
  isPaused(session: SessionId): boolean {
    return this.paused.has(session)
  }

  /** The session in which a peer is asked for what it has. */
  sessionOf(peer: string): SessionId | undefined {
    const session = this.sessions.ofPeer(peer)?.session
    return session === undefined || this.paused.has(session) ? undefined : session
  }

  pollPause(): PauseChange | undefined {
    return this.pauses.shift()
  }

  private settlePauses(nowMs: number): void {
    for (const session of this.sessions.all()) this.settlePause(session, nowMs)
  }

  /** Pauses of peers that are over, and have lasted for as long as a pause lasts at least. */
  settleDuePauses(nowMs: number): void {
    for (const session of [...this.paused.keys()]) {
      const found = this.sessions.get(session)
      if (found !== undefined) this.settlePause(found, nowMs)
    }
  }

  private settlePause(found: PeerSession, nowMs: number): void {
    const { session, peer, peerTalk } = found
    const untilMs = this.paused.get(session)
    const isPaused = this.isStopped(found) || (untilMs !== undefined && nowMs < untilMs)
    if (isPaused === (untilMs !== undefined)) return
    if (isPaused)
      this.paused.set(session, peerTalk.theirStop === 'paused' ? nowMs + THEIR_PAUSE_MS_MIN : nowMs)
    else {
      this.paused.delete(session)
      peerTalk.handleResumed()
    }
    const isPeers = this.sessions.ofPeer(peer)?.session === session
    this.pauses.push({ session, peer, isPaused, isPeers })
  }

  private isStopped({ peer, address, peerTalk }: PeerSession): boolean {
    return this.stops.isPaused(peer, address) || peerTalk.theirStop === 'paused'
  }

  /** Undefined where the session is not paused, or one of the two still says that it is. */
  private resumeDueMs(found: PeerSession): number | undefined {
    const untilMs = this.paused.get(found.session)
    return untilMs === undefined || this.isStopped(found) ? undefined : untilMs
  }

  /** Asks a peer for a person; answered by `pollPeerAnswer`. */
  askPeer(id: number, peer: string, question: PeerQuestion): void {
    // A name may be longer than a datagram, and is told to whom entries are told.
    const isShort = encodeMessage(question).length <= CONTROL_BYTES_MAX
    const found = this.sessions.ofPeer(peer)
    const isTold = isShort && (question.type === 'check' || found?.peerTalk.verdict === 'vetted')
    this.persons.ask(isTold ? found?.session : undefined, { id, question })
  }

  /** A peer asks for the clock and the program here. */
  pollCheck(): AskedCheck | undefined {
    return this.persons.pollCheck()
  }

  answerCheck({ session, number }: AskedCheck, answer: CheckedMessage): void {
    this.reply(session, number, answer)
  }

  pollPeerAnswer(): PeerAnswer | undefined {
    return this.persons.pollAnswer()
  }

  private handlePathAsked(
    { session, peerTalk }: PeerSession,
    { number, path }: { readonly number: number; readonly path: string },
    nowMs: number,
  ): void {
    if (peerTalk.verdict !== 'vetted' && this.own.root !== undefined)
      this.reply(session, number, { type: 'stands', stands: undefined, isHeld: false, reason: undefined })
    else if (this.own.root === undefined || !this.persons.handleAsked(session, { number, path }, nowMs))
      this.replyWorking(session, number)
  }

  handleStands(message: KeeperToEngine & { type: 'stands' }): void {
    this.persons.handleTold(message)
  }

  // — What the keeper says —

  /** The sessions in which peers are asked, and whether each peer has been told the state of ours with this root. */
  *standings(root: Digest): Iterable<PeerSession & PeerFacts> {
    for (const session of this.sessions.all()) {
      if (this.sessions.ofPeer(session.peer) !== session) continue
      const isTold = this.own.root?.digest === root && session.peerTalk.isTold(this.own)
      const { peer, address, peerTalk } = session
      const isPausedHere = this.stops.isPaused(peer, address)
      const { theirStop: stopThere, isReadingThere, verdict } = peerTalk
      yield { ...session, isTold, isPausedHere, stopThere, isReadingThere, isRefused: verdict === 'refused' }
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
    this.persons.handleKeeperLost()
    this.stops.setFull(false)
    for (const { peerTalk } of this.sessions.all()) peerTalk.handleKeeperLost()
  }
}
