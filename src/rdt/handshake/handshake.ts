// How sessions come to be: both sides of the handshake. Used by the endpoint, one per endpoint. What the flights say
// and who is let in is the protection's (src/rdt/protection.ts); here they are carried, repeated and bounded.
//
//   asker ── hello ──▶                  names itself and its wire version, and what it wants: encryption or none
//         ◀── cookie ──                 proves nothing yet, and nothing is kept; or ◀── refuse ──. May offer what the
//                                       protection says next, as far as an unproved address may be answered
//         ── open, with the cookie ──▶  the address is proved: the handshake is kept from here on, for a while
//         ◀── accept ──                 } as often as the protection
//         ── prove ──▶                  } has something to say
//         ◀── accept ──                 a session is made there, pending; and here, settled. Its first datagram
//                                       settles the other
//
//   A known peer's hello carries what resumes an earlier session, and is answered by the accept at once.
//
// Whoever hears a hello while nothing of its own is under way leaves it at that and waits for what comes of it. Where
// both have asked at once, the one with the smaller peer id passes the other's attempt over for a while. So there is
// one session and not two, and it is the one that was asked for first.

import { equalBytes, equalSecrets } from '../../base/bytes.js'
import { WIRE_VERSION } from '../../base/limits.js'
import type { Address, EndpointEvent, EndpointOptions, RefusalReason } from '../api.js'
import { STRANGERS_MAX } from '../limits.js'
import type { Agreement, Flight, Opening, WireSession } from '../protection.js'
import type { Session, SessionFacts } from '../session/session.js'
import type { SessionTable } from '../session/sessions.js'
import { type Control, encodeControl, type HandshakeControl } from '../wire/control.js'
import { PATH_BYTES_BASE } from '../wire/limits.js'
import { Allowance, OpenAllowances } from './allowance.js'
import { ConnectAttempt } from './connect-attempt.js'
import { CookieJar } from './cookie.js'
import {
  CONNECT_TRIES_TOLD,
  GREETING_ANEW_MS,
  OFFERS_PER_S_MAX,
  OPEN_AGAIN_PART,
  UNPROVED_FACTOR_MAX,
} from './limits.js'
import { type Answer, PendingHandshakes } from './pending-handshakes.js'

export interface HandshakeHost {
  readonly options: EndpointOptions
  readonly sessions: SessionTable
  emit(event: EndpointEvent): void
  send(to: Address, bytes: Uint8Array): void
  addSession(facts: Omit<SessionFacts, 'id'>, nowMs: number): Session
  settle(session: Session, nowMs: number): void
  /** A datagram of a session that has opened since it came. */
  handleEarly(from: Address, bytes: Uint8Array, nowMs: number): void
}

type ControlOf<Type extends Control['type']> = Extract<HandshakeControl, { type: Type }>

export class Handshake {
  private readonly connectAttempts = new Map<Address, ConnectAttempt>()
  private readonly answers = new PendingHandshakes()
  /** What was told of addresses that are refused, or refuse us. */
  private readonly refusals = new Map<Address, RefusalReason>()
  private readonly cookies: CookieJar
  /** Keys that were told to have enough sessions. */
  private readonly crowded = new Set<string>()
  private readonly opens = new OpenAllowances()
  private readonly offers = new Allowance(OFFERS_PER_S_MAX)

  constructor(private readonly host: HandshakeHost) {
    this.cookies = new CookieJar(host.options.random, host.options.hash)
  }

  // — Addresses to be connected —

  connect(address: Address, nowMs: number): void {
    if (this.connectAttempts.has(address)) return
    const { options, sessions } = this.host
    const connecting = new ConnectAttempt(address, options.random, () => sessions.newWireSession(), nowMs)
    this.connectAttempts.set(address, connecting)
    if (sessions.settledAt(address) !== undefined) connecting.handleConnected()
  }

  disconnect(address: Address): void {
    this.connectAttempts.delete(address)
  }

  handleSettled({ address }: SessionFacts): void {
    this.connectAttempts.get(address)?.handleConnected()
    this.refusals.delete(address)
  }

  /** The session is not in the table any more. */
  handleClosed(session: Session, nowMs: number): void {
    const { address, peerId } = session.facts
    this.answers.forgetSession(session)
    for (const connecting of this.connectAttempts.values()) {
      const isOver =
        connecting.aliasOf === peerId || (connecting.address === address && !connecting.isCalling)
      if (isOver && this.host.sessions.settledAt(connecting.address) === undefined) connecting.restart(nowMs)
    }
  }

  pollTimeout(): number {
    let atMs = Number.POSITIVE_INFINITY
    for (const connecting of this.connectAttempts.values()) atMs = Math.min(atMs, connecting.nextAtMs)
    return atMs
  }

  handleTimeout(nowMs: number): void {
    this.cookies.forgetOld(nowMs)
    for (const connecting of this.connectAttempts.values())
      if (nowMs >= connecting.nextAtMs) this.call(connecting, nowMs)
  }

  /** Slow steps were carried out: some attempt may have come further. */
  handleProgress(nowMs: number): void {
    for (const connecting of this.connectAttempts.values()) this.advanceDial(connecting, nowMs)
    for (const answer of this.answers.all()) this.advanceAnswer(answer, nowMs)
  }

  /** Whether somebody who is not at an address that is admitted is to be answered. */
  isIntroduced(from: Address, control: HandshakeControl): boolean {
    if (control.type === 'prove') return this.answers.find(from, control.nonce) !== undefined
    if (control.type !== 'hello' && control.type !== 'open') return false
    return this.host.options.protection.isIntroduced(control.introduction, control.nonce)
  }

  /** Answers false for what is dropped. `bytes` is the length of the datagram. */
  handleControl(from: Address, control: HandshakeControl, bytes: number, nowMs: number): boolean {
    this.answers.dropOld(nowMs)
    switch (control.type) {
      case 'hello':
        return this.handleHello(from, control, bytes, nowMs)
      case 'cookie':
        return this.handleCookie(from, control, nowMs)
      case 'open':
        return this.handleOpen(from, control, nowMs)
      case 'accept':
        return this.handleAccept(from, control, nowMs)
      case 'prove':
        return this.handleProve(from, control, nowMs)
      case 'refuse':
        return this.handleRefuse(from, control)
    }
  }

  // — The side that asks —

  private call(connecting: ConnectAttempt, nowMs: number): void {
    connecting.handleCalled(nowMs)
    const silence = connecting.cookie === undefined ? 'silent' : 'refusing'
    if (
      connecting.tries > CONNECT_TRIES_TOLD &&
      connecting.told !== silence &&
      !this.refusals.has(connecting.address)
    ) {
      connecting.told = silence
      this.host.emit({ type: 'unreachable', address: connecting.address, answers: silence === 'refusing' })
    }
    if (connecting.isStale(nowMs)) {
      connecting.renew()
      connecting.tries = CONNECT_TRIES_TOLD
    }
    const flight = connecting.attempt?.flight
    if (connecting.cookie === undefined) this.sayHello(connecting)
    else if (flight !== undefined) {
      // What is said after it makes no sense to whoever has not heard it. Not each time: nothing that happens to every
      // so many-th datagram may happen to the same one for ever.
      if (flight.step > 0 && this.host.options.random.next() < OPEN_AGAIN_PART) this.sayOpen(connecting)
      this.sayFlight(connecting, flight)
    }
  }

  private sayHello(connecting: ConnectAttempt): void {
    const { agent, protection, greeting } = this.host.options
    const early = greeting?.()
    // An attempt says one thing only, for what is sealed in it is sealed once; and one that may be answered yet goes on.
    const isUnanswered = connecting.waitedMs >= GREETING_ANEW_MS
    if (connecting.isResuming && isUnanswered && !isSame(connecting.greeting, early)) connecting.renew()
    if (connecting.attempt === undefined) {
      connecting.greeting = early
      const resuming = protection.resume(this.openingOf(connecting))
      connecting.isResuming = resuming !== undefined
      connecting.attempt = resuming ?? protection.ask(this.openingOf(connecting))
    }
    this.post(connecting.address, {
      type: 'hello',
      version: WIRE_VERSION,
      agent,
      nonce: connecting.nonce,
      suite: protection.suite,
      introduction: protection.introduce(connecting.address, connecting.nonce),
      flight: connecting.attempt.flight?.body ?? new Uint8Array(0),
    })
  }

  private sayFlight(connecting: ConnectAttempt, flight: Flight): void {
    const { address, nonce } = connecting
    connecting.sent = flight
    if (flight.step === 0) {
      this.sayOpen(connecting)
      return
    }
    this.post(address, { type: 'prove', nonce, step: flight.step, flight: flight.body })
    const rider = connecting.attempt?.rider
    if (rider !== undefined)
      this.post(address, { type: 'prove', nonce, step: rider.step, flight: rider.body })
  }

  private sayOpen({ address, nonce, cookie, opened }: ConnectAttempt): void {
    const { agent, protection } = this.host.options
    this.post(address, {
      type: 'open',
      agent,
      nonce,
      suite: protection.suite,
      introduction: protection.introduce(address, nonce),
      cookie: cookie!,
      flight: opened!.body,
    })
  }

  private openingOf(connecting: ConnectAttempt): Opening {
    return connecting.opening(this.host.options.datagramBytesMax(connecting.address))
  }

  private handleCookie(from: Address, control: ControlOf<'cookie'>, nowMs: number): boolean {
    const connecting = this.dialOf(from, control.nonce)
    if (connecting === undefined || connecting.cookie !== undefined) return false
    // Nothing was offered to somebody who wanted to go on with what is not known there.
    const offer = connecting.isResuming ? new Uint8Array(0) : control.flight
    const known = connecting.isResuming ? undefined : connecting.attempt
    const attempt = known ?? this.host.options.protection.ask(this.openingOf(connecting))
    connecting.handleCookie(control.cookie, attempt, nowMs)
    connecting.greeting = this.host.options.greeting?.()
    this.advanceDial(connecting, nowMs)
    if (offer.length > 0 && attempt.handleFlight({ step: 1, body: offer }))
      this.advanceDial(connecting, nowMs)
    return true
  }

  private handleAccept(from: Address, control: ControlOf<'accept'>, nowMs: number): boolean {
    const connecting = this.dialOf(from, control.nonce)
    // What a hello has said is not to be changed.
    if (connecting?.cookie !== undefined) connecting.greeting = this.host.options.greeting?.()
    if (connecting?.attempt?.handleFlight({ step: control.step, body: control.flight }) !== true) return false
    this.advanceDial(connecting, nowMs)
    return true
  }

  private advanceDial(connecting: ConnectAttempt, nowMs: number): void {
    const { attempt } = connecting
    if (attempt === undefined || !connecting.isCalling) return
    if (attempt.hasFailed) {
      connecting.handleRefused(nowMs)
    } else if (attempt.agreement !== undefined) {
      this.handleAgreed(connecting, attempt.agreement, nowMs)
    } else if (
      connecting.cookie !== undefined &&
      attempt.flight !== undefined &&
      attempt.flight !== connecting.sent
    ) {
      connecting.tries = 0
      connecting.handleCalled(nowMs)
      this.sayFlight(connecting, attempt.flight)
    }
  }

  private handleAgreed(connecting: ConnectAttempt, agreement: Agreement, nowMs: number): void {
    const { sessions, options } = this.host
    const { peerId } = agreement
    if (peerId === options.peerId) {
      connecting.handleRefused(nowMs)
      this.tellRefused(connecting.address, options.agent, WIRE_VERSION, 'same-peer')
      return
    }
    const known = sessions.settledWith(peerId)
    if (
      known !== undefined &&
      known.facts.boot === agreement.boot &&
      known.facts.address !== connecting.address
    ) {
      // The same peer under another address: one session is enough, and this address waits for its end.
      connecting.aliasOf = peerId
      connecting.handleConnected()
      return
    }
    const { address, local } = connecting
    const early = connecting.takeEarly()
    // Where the session does not stay, the next attempt is another one.
    connecting.renew()
    if (!this.hasRoom(agreement, address)) return
    this.host.settle(this.host.addSession({ ...agreement, address, isInitiator: true, local }, nowMs), nowMs)
    for (const bytes of early) this.host.handleEarly(address, bytes, nowMs)
  }

  /** A datagram of a session that does not exist may be one of a session that is about to. */
  keepsEarly(from: Address, { high, low }: WireSession, bytes: Uint8Array): boolean {
    const connecting = this.connectAttempts.get(from)
    if (connecting?.isCalling !== true || connecting.local.low !== low || connecting.local.high !== high)
      return false
    connecting.keepEarly(bytes)
    return true
  }

  private handleRefuse(from: Address, control: ControlOf<'refuse'>): boolean {
    if (this.dialOf(from, control.nonce) === undefined) return false
    // Told and no more: it proves nothing, and whoever reads the link can say it. The attempt goes on.
    this.tellRefused(from, control.agent, control.version, control.reason)
    return true
  }

  private dialOf(address: Address, nonce: Uint8Array): ConnectAttempt | undefined {
    const connecting = this.connectAttempts.get(address)
    return connecting?.isCalling && equalSecrets(connecting.nonce, nonce) ? connecting : undefined
  }

  // — The side that answers —

  private handleHello(from: Address, control: ControlOf<'hello'>, bytes: number, nowMs: number): boolean {
    const { nonce, agent, version } = control
    const { options } = this.host
    if (version !== WIRE_VERSION) {
      this.refuse(from, control, 'version', bytes)
      return true
    }
    if (control.suite !== options.protection.suite) {
      this.refuse(from, { nonce, agent, version }, 'encryption', bytes)
      return true
    }
    const connecting = this.connectAttempts.get(from)
    if (connecting !== undefined && !connecting.isUnderWay(nowMs)) connecting.giveWay(nowMs)
    if (this.handleResumption(from, control, nowMs)) return true
    const cookie = this.cookies.make(from, nonce, nowMs)
    this.answer(from, { type: 'cookie', nonce, cookie, flight: this.offer(from, control, nowMs) }, bytes)
    return true
  }

  /** What the protection says to the first flight already, where there is one and it may cost us something. */
  private offer(from: Address, { nonce, flight }: ControlOf<'hello'>, nowMs: number): Uint8Array {
    const nothing = new Uint8Array(0)
    if (flight.length === 0 || !this.offers.take(nowMs)) return nothing
    const seed = this.cookies.seed(from, nonce, nowMs)
    return this.host.options.protection.offer(this.openingFor(from, nonce), flight, seed)?.body ?? nothing
  }

  /** A hello of a known peer is all that its handshake needs; others get a cookie. */
  private handleResumption(from: Address, { nonce, flight }: ControlOf<'hello'>, nowMs: number): boolean {
    if (flight.length === 0) return false
    const known = this.answers.find(from, nonce)
    if (known !== undefined) {
      this.sayAnswer(known)
      return true
    }
    const opening = this.openingFor(from, nonce)
    const attempt = this.host.options.protection.answerResumed(opening, flight)
    if (attempt === undefined) return false
    const isExpected = this.connectAttempts.has(from)
    this.answers.makeRoom(from, isExpected)
    const facts = { isExpected, isProved: attempt.provesAddress === true }
    this.advanceAnswer(this.answers.add(opening, attempt, facts, nowMs), nowMs)
    return true
  }

  private refuse(
    to: Address,
    { nonce, agent, version }: { nonce: Uint8Array; agent: string; version: number },
    reason: RefusalReason,
    receivedBytes: number,
  ): void {
    const ours = this.host.options.agent
    this.answer(to, { type: 'refuse', version: WIRE_VERSION, agent: ours, nonce, reason }, receivedBytes)
    this.tellRefused(to, agent, version, reason)
  }

  /** To an address that has not proved itself: never more than UNPROVED_FACTOR_MAX times what it sent. */
  private answer(to: Address, control: Control, receivedBytes: number): void {
    const bytes = encodeControl(control, this.host.options.crc32)
    if (bytes.length <= UNPROVED_FACTOR_MAX * receivedBytes) this.host.send(to, bytes)
  }

  private handleOpen(from: Address, control: ControlOf<'open'>, nowMs: number): boolean {
    const { protection } = this.host.options
    if (control.suite !== protection.suite) return false
    if (!this.cookies.isValid(control.cookie, from, control.nonce, nowMs)) return false
    const known = this.answers.find(from, control.nonce)
    if (known !== undefined) {
      this.advanceAnswer(known, nowMs)
      this.sayAnswer(known)
      return true
    }
    const isExpected = this.connectAttempts.has(from)
    if (!this.opens.take(from, isExpected, nowMs)) return false
    this.answers.makeRoom(from, isExpected)
    const opening = this.openingFor(from, control.nonce)
    const seed = this.cookies.takeSeed(control.cookie, from, control.nonce, nowMs)
    const attempt = protection.answer(opening, control.flight, seed)
    if (attempt === undefined) return false
    this.advanceAnswer(this.answers.add(opening, attempt, { isExpected, isProved: true }, nowMs), nowMs)
    return true
  }

  private handleProve(from: Address, control: ControlOf<'prove'>, nowMs: number): boolean {
    const answer = this.answers.find(from, control.nonce)
    if (answer === undefined) return false
    const isTaken = answer.attempt.handleFlight({ step: control.step, body: control.flight })
    this.advanceAnswer(answer, nowMs)
    // It was repeated because our answer to it was lost.
    if (!isTaken && (answer.sent?.step ?? 0) > control.step) this.sayAnswer(answer)
    return isTaken
  }

  private advanceAnswer(answer: Answer, nowMs: number): void {
    const { attempt } = answer
    if (attempt.hasFailed || answer.session !== undefined) return
    if (attempt.claim !== undefined && attempt.agreement === undefined) {
      if (!this.isWelcome(answer, attempt.claim.peerId, nowMs)) return
      attempt.proceed()
    }
    const { agreement } = attempt
    if (agreement !== undefined) {
      if (!this.isWelcome(answer, agreement.peerId, nowMs) || !this.makeSession(answer, agreement, nowMs))
        return
    }
    if (attempt.flight !== undefined && attempt.flight !== answer.sent) this.sayAnswer(answer)
  }

  /** Whether a session with this peer makes sense now; where it does not, its flight is answered when repeated. */
  private isWelcome({ opening }: Answer, peerId: string, nowMs: number): boolean {
    const { options } = this.host
    const { address, nonce } = opening
    if (peerId === options.peerId) {
      this.refuse(
        address,
        { nonce, agent: options.agent, version: WIRE_VERSION },
        'same-peer',
        PATH_BYTES_BASE,
      )
      return false
    }
    const connecting = this.connectAttempts.get(address)
    if (connecting?.isUnderWay(nowMs) && options.peerId < peerId && connecting.passesOver(nowMs)) {
      // Our own attempt is under way and is the one that would stay. If it does not get through, theirs may.
      connecting.hurry(nowMs)
      return false
    }
    return true
  }

  private makeSession(answer: Answer, agreement: Agreement, nowMs: number): boolean {
    const { sessions } = this.host
    const { address, local } = answer.opening
    if (!this.hasRoom(agreement, address)) {
      // Kept, it would take the next place that gets free for somebody who may have given up.
      this.answers.forget(answer)
      return false
    }
    const session = this.host.addSession({ ...agreement, address, isInitiator: false, local }, nowMs)
    answer.session = session
    const { peerId, boot, early } = agreement
    // Where there is a session with this process already, one of the two is over before it has said anything.
    if (answer.isProved && sessions.settledWith(peerId)?.facts.boot !== boot) {
      session.isTold = true
      this.host.emit({ type: 'answered', session: session.facts.id, peerId, address, early })
    }
    return true
  }

  private hasRoom(agreement: Agreement, address: Address): boolean {
    const { sessions } = this.host
    if (sessions.isFull) return false
    if (sessions.hasRoomFor(agreement, address)) return true
    const { fingerprint } = agreement
    if (fingerprint !== undefined && !this.crowded.has(fingerprint) && this.crowded.size < STRANGERS_MAX) {
      this.crowded.add(fingerprint)
      this.host.emit({ type: 'crowded', address, fingerprint })
    }
    return false
  }

  private sayAnswer(answer: Answer): void {
    const { flight } = answer.attempt
    if (flight === undefined) return
    const { address, nonce } = answer.opening
    answer.sent = flight
    this.post(address, { type: 'accept', nonce, step: flight.step, flight: flight.body })
  }

  private openingFor(address: Address, nonce: Uint8Array): Opening {
    const { options, sessions } = this.host
    const datagramBytesMax = options.datagramBytesMax(address)
    return { address, nonce, local: sessions.newWireSession(), datagramBytesMax }
  }

  private post(to: Address, control: Control): void {
    this.host.send(to, encodeControl(control, this.host.options.crc32))
  }

  private tellRefused(address: Address, agent: string, wireVersion: number, reason: RefusalReason): void {
    if (this.refusals.get(address) === reason || this.refusals.size >= STRANGERS_MAX) return
    this.refusals.set(address, reason)
    this.host.emit({ type: 'refused', address, agent, wireVersion, reason })
  }
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return equalBytes(one, other)
}
