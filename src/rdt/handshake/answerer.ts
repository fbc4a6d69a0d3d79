// The answering side of the handshake: answers hellos with cookies, keeps a handshake from the proof of the address on,
// and makes its session. One per endpoint; handshake.ts hands it hellos, opens and proves.

import { WIRE_VERSION } from '../../base/limits.js'
import type { Address, RefusalReason } from '../api.js'
import type { Agreement, Opening } from '../protection.js'
import { RateLimit } from '../rate-limit.js'
import type { Session } from '../session/session.js'
import { type Control, encodeControl, type HandshakeControl } from '../wire/control.js'
import { PATH_BYTES_BASE } from '../wire/limits.js'
import type { Admission } from './admission.js'
import { OpenAllowances } from './allowance.js'
import type { Asker } from './asker.js'
import { CookieJar } from './cookie.js'
import { type ControlOf, type HandshakeHost, post } from './handshake-host.js'
import { OFFERS_PER_S_MAX, UNPROVED_FACTOR_MAX } from './limits.js'
import { type PendingHandshake, PendingHandshakes } from './pending-handshakes.js'

export class Answerer {
  private readonly answers = new PendingHandshakes()
  private readonly cookies: CookieJar
  private readonly opens = new OpenAllowances()
  private readonly offers = new RateLimit(OFFERS_PER_S_MAX)

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
  isIntroduced(from: Address, control: HandshakeControl): boolean {
    if (control.type === 'prove') return this.answers.find(from, control.nonce) !== undefined
    if (control.type !== 'hello' && control.type !== 'open') return false
    return this.host.options.protection.isIntroduced(control.introduction, control.nonce)
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
    const cookie = this.cookies.make(from, nonce, nowMs)
    this.answer(from, { type: 'cookie', nonce, cookie, flight: this.offer(from, control, nowMs) }, bytes)
    return true
  }

  /** The protection's answer to the first flight; empty where it has none, or has made as many as it may this second. */
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
    const isExpected = this.asker.attemptAt(from) !== undefined
    this.answers.makeRoom(from, isExpected)
    const facts = { isExpected, isProved: attempt.provesAddress === true }
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

  // — Open and prove: the address is proved —

  handleOpen(from: Address, control: ControlOf<'open'>, nowMs: number): boolean {
    const { protection } = this.host.options
    if (control.suite !== protection.suite) return false
    if (!this.cookies.isValid(control.cookie, from, control.nonce, nowMs)) return false
    const known = this.answers.find(from, control.nonce)
    if (known !== undefined) {
      this.advance(known, nowMs)
      this.sayAnswer(known)
      return true
    }
    const isExpected = this.asker.attemptAt(from) !== undefined
    if (!this.opens.take(from, isExpected, nowMs)) return false
    this.answers.makeRoom(from, isExpected)
    const opening = this.openingFor(from, control.nonce)
    const seed = this.cookies.takeSeed(control.cookie, from, control.nonce, nowMs)
    const attempt = protection.answer(opening, control.flight, seed)
    if (attempt === undefined) return false
    this.advance(this.answers.add(opening, attempt, { isExpected, isProved: true }, nowMs), nowMs)
    return true
  }

  handleProve(from: Address, control: ControlOf<'prove'>, nowMs: number): boolean {
    const answer = this.answers.find(from, control.nonce)
    if (answer === undefined) return false
    const isTaken = answer.attempt.handleFlight({ step: control.step, body: control.flight })
    this.advance(answer, nowMs)
    // The flight was repeated because our answer to it was lost.
    if (!isTaken && (answer.sent?.step ?? 0) > control.step) this.sayAnswer(answer)
    return isTaken
  }

  private advance(answer: PendingHandshake, nowMs: number): void {
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
  private isWelcome({ opening }: PendingHandshake, peerId: string, nowMs: number): boolean {
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
    const connecting = this.asker.attemptAt(address)
    if (connecting?.isUnderWay(nowMs) && options.peerId < peerId && connecting.passesOver(nowMs)) {
      // Our own attempt is under way and is the one that would stay. If it does not get through, theirs may.
      connecting.hurry(nowMs)
      return false
    }
    return true
  }

  private makeSession(answer: PendingHandshake, agreement: Agreement, nowMs: number): boolean {
    const { sessions } = this.host
    const { address, local } = answer.opening
    if (!this.admission.hasRoom(agreement, address)) {
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

  private sayAnswer(answer: PendingHandshake): void {
    const { flight } = answer.attempt
    if (flight === undefined) return
    const { address, nonce } = answer.opening
    answer.sent = flight
    post(this.host, address, { type: 'accept', nonce, step: flight.step, flight: flight.body })
  }

  private openingFor(address: Address, nonce: Uint8Array): Opening {
    const { options, sessions } = this.host
    const datagramBytesMax = options.datagramBytesMax(address)
    return { address, nonce, local: sessions.newWireSession(), datagramBytesMax }
  }
}
