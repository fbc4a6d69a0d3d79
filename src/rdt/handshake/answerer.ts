// The answering side of the handshake: answers hellos with cookies, keeps a handshake from the proof of the address on,
// and makes its session. One per endpoint; handshake.ts hands it hellos and opens.

import { WIRE_VERSION } from '../../base/limits.js'
import type { Address, RefusalReason } from '../api.js'
import type { Agreement, FirstFlight, Opening } from '../protection.js'
import type { Session } from '../session/session.js'
import { type Control, encodeControl, type HandshakeControl } from '../wire/control.js'
import { PATH_BYTES_BASE } from '../wire/limits.js'
import type { Admission } from './admission.js'
import { HelloAllowances, OpenAllowances } from './allowance.js'
import type { Asker } from './asker.js'
import { CookieJar } from './cookie.js'
import { type ControlOf, type HandshakeHost, post, termsOf } from './handshake-host.js'
import { UNPROVED_FACTOR_MAX } from './limits.js'
import { type PendingHandshake, PendingHandshakes } from './pending-handshakes.js'

export class Answerer {
  private readonly answers = new PendingHandshakes()
  private readonly cookies: CookieJar
  private readonly opens = new OpenAllowances()
  private readonly hellos = new HelloAllowances()

  constructor(
    private readonly host: HandshakeHost,
    private readonly admission: Admission,
    /** Our own attempts: where one is under way to the same address, one of the two gives way. */
    private readonly asker: Asker,
  ) {
    this.cookies = new CookieJar(host.options.random, host.options.hash)
  }

  handleClosed(session: Session): void {
    this.answers.forgetSession(session)
  }

  handleTimeout(nowMs: number): void {
    this.cookies.forgetOld(nowMs)
  }

  /** Slow steps were carried out: some handshake may have come further. */
  handleProgress(nowMs: number): void {
    for (const answer of this.answers.all()) this.advance(answer, nowMs)
  }

  dropOld(nowMs: number): void {
    this.answers.dropOld(nowMs)
  }

  /** Whether somebody who is not at an address that is admitted is to be answered. */
  isIntroduced(from: Address, control: HandshakeControl, nowMs: number): boolean {
    // A cookie that holds went to somebody whose hello was introduced.
    if (control.type === 'open') return this.cookies.isValid(control.cookie, from, control.nonce, nowMs)
    if (control.type !== 'hello' || control.version !== WIRE_VERSION) return false
    const { nonce } = control
    const isRepeated = this.answers.find(from, nonce) !== undefined
    const mayCompute = () => this.hellos.takeCheck(from, nowMs)
    return isRepeated || this.host.options.protection.isIntroduced(nonce, firstOf(control), mayCompute)
  }

  // — Hello: the address is not proved, and nothing is kept but of a hello that resumes —

  /** `bytes` is the length of the datagram. */
  handleHello(from: Address, control: ControlOf<'hello'>, bytes: number, nowMs: number): boolean {
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
    const connecting = this.asker.attemptAt(from)
    if (connecting !== undefined && !connecting.isUnderWay(nowMs)) connecting.giveWay(nowMs)
    if (this.handleResumption(from, control, nowMs)) return true
    if (!this.hellos.take(from, options.admit(from), nowMs)) return false
    const first = firstOf(control)
    const seed = this.cookies.seed(from, nonce, nowMs)
    // None for a ticket that is not known here, which says that the asker has to begin anew.
    const flight = options.protection.offer(this.openingFor(from, nonce, nowMs), first, seed)
    const cookie = this.cookies.make(from, nonce, nowMs)
    this.answer(from, { type: 'cookie', nonce, cookie, flight: flight ?? new Uint8Array(0) }, bytes)
    return true
  }

  /** A hello of a known peer is all that its handshake needs; others get a cookie. */
  private handleResumption(from: Address, control: ControlOf<'hello'>, nowMs: number): boolean {
    const { nonce } = control
    const known = this.answers.find(from, nonce)
    if (known !== undefined) {
      this.sayAnswer(known)
      return true
    }
    const opening = this.openingFor(from, nonce, nowMs)
    const attempt = this.host.options.protection.answerResumed(opening, firstOf(control))
    if (attempt === undefined) return false
    const isExpected = this.asker.attemptAt(from) !== undefined
    this.answers.makeRoom(from, isExpected)
    const facts = { isExpected, isProved: attempt.provesAddress }
    this.advance(this.answers.add(opening, attempt, facts, nowMs), nowMs)
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
    this.admission.handleRefused(to, agent, version, reason)
  }

  /** To an address that has not proved itself: never more than UNPROVED_FACTOR_MAX times what it sent. */
  private answer(to: Address, control: Control, receivedBytes: number): void {
    const bytes = encodeControl(control, this.host.options.crc32)
    if (bytes.length <= UNPROVED_FACTOR_MAX * receivedBytes) this.host.send(to, bytes)
  }

  // — Open: the address is proved —

  handleOpen(from: Address, control: ControlOf<'open'>, nowMs: number): boolean {
    const { protection } = this.host.options
    const { nonce, cookie } = control
    if (control.suite !== protection.suite) return false
    if (!this.cookies.isValid(cookie, from, nonce, nowMs)) return false
    const known = this.answers.find(from, nonce)
    if (known !== undefined) {
      this.advance(known, nowMs)
      this.sayAnswer(known)
      return true
    }
    const isExpected = this.asker.attemptAt(from) !== undefined
    if (!this.opens.take(from, isExpected, nowMs)) return false
    const seed = this.cookies.seedOf(cookie, from, nonce, nowMs)
    if (seed === undefined) return false
    const opening = this.openingFor(from, nonce, nowMs)
    const attempt = protection.answer(opening, firstOf(control), seed)
    if (attempt === undefined) return false
    this.cookies.handleTaken(seed, nowMs)
    this.answers.makeRoom(from, isExpected)
    this.advance(this.answers.add(opening, attempt, { isExpected, isProved: true }, nowMs), nowMs)
    return true
  }

  private advance(answer: PendingHandshake, nowMs: number): void {
    const { attempt } = answer
    if (answer.session !== undefined || answer.refused !== undefined) return
    const { claim } = attempt
    if (claim !== undefined && attempt.agreement === undefined && !attempt.hasFailed) {
      if (this.passesOver(answer, claim.peerId, nowMs)) return
      attempt.proceed()
    }
    if (attempt.refusal !== undefined) this.refuseProved(answer, attempt.refusal)
    if (attempt.hasFailed) return
    const { agreement } = attempt
    if (agreement !== undefined) {
      if (this.passesOver(answer, agreement.peerId, nowMs) || !this.makeSession(answer, agreement, nowMs))
        return
    }
    if (attempt.flight !== undefined && attempt.flight !== answer.sent) this.sayAnswer(answer)
  }

  /** Where our own attempt is under way and is the one that would stay. If it does not get through, theirs may: its flight
   *  is answered when it is repeated. */
  private passesOver({ opening }: PendingHandshake, peerId: string, nowMs: number): boolean {
    const connecting = this.asker.attemptAt(opening.address)
    const isOurs = connecting?.isUnderWay(nowMs) === true && this.host.options.peerId < peerId
    if (!isOurs || !connecting.passesOver(nowMs)) return false
    connecting.hurry(nowMs)
    return true
  }

  private makeSession(answer: PendingHandshake, agreement: Agreement, nowMs: number): boolean {
    const { sessions } = this.host
    const { address, local } = answer.opening
    if (this.host.isCloned(agreement.peerId, agreement.life, nowMs)) {
      this.refuseProved(answer, 'cloned')
      return false
    }
    if (!this.admission.hasRoom(agreement, address)) {
      // Kept, it would take the next place that gets free for somebody who may have given up.
      this.answers.forget(answer)
      return false
    }
    const session = this.host.addSession({ ...agreement, address, isInitiator: false, local }, nowMs)
    answer.session = session
    const { continues } = answer.attempt
    const renewed = continues && sessions.ofLocal(continues)
    if (renewed?.isSettled && renewed.facts.life === agreement.life) session.renew(renewed)
    const { peerId, life, early, theyKnow, weKnow } = agreement
    const settled = sessions.settledWith(peerId)
    // It begins another: the one that is there may be of no use to it, because an address has changed. A living one answers a ping.
    if (settled !== undefined && settled !== session.renews && settled.facts.life === life)
      settled.handleMetElsewhere(nowMs)
    // Where there is a session with this process already, one of the two is over before it has said anything.
    if (answer.isProved && settled?.facts.life !== life) {
      session.isTold = true
      const { id } = session.facts
      const agreed = { peerId, address, life, theyKnow, weKnow, early }
      this.host.emit({ type: 'answered', session: id, ...agreed })
    }
    return true
  }

  private sayAnswer(answer: PendingHandshake): void {
    const { flight } = answer.attempt
    if (answer.refused !== undefined) {
      this.refuseProved(answer, answer.refused)
      return
    }
    if (flight === undefined) return
    const { address, nonce } = answer.opening
    answer.sent = flight
    post(this.host, address, { type: 'accept', nonce, step: flight.step, flight: flight.body })
  }

  /** An asker that has proved itself is told why. */
  private refuseProved(answer: PendingHandshake, reason: RefusalReason): void {
    answer.refused = reason
    const { address, nonce } = answer.opening
    const { agent } = this.host.options
    if (reason === 'same-peer') {
      this.refuse(address, { nonce, agent, version: WIRE_VERSION }, reason, PATH_BYTES_BASE)
      return
    }
    post(this.host, address, { type: 'refuse', version: WIRE_VERSION, agent, nonce, reason })
  }

  private openingFor(address: Address, nonce: Uint8Array, nowMs: number): Opening {
    const local = this.host.sessions.newWireSession()
    return { ...termsOf(this.host, address, nowMs), address, nonce, local }
  }
}

function firstOf({ introduction, flight }: ControlOf<'hello'> | ControlOf<'open'>): FirstFlight {
  return { introduction, body: flight }
}
