// The asking side of the handshake: says hello to every address that is to be connected, with backoff and for ever, and
// carries the flights of the attempt until it agrees. One per endpoint; handshake.ts hands it cookies, accepts and
// refusals.

import { equalBytes, equalSecrets } from '../../base/bytes.js'
import { earliest } from '../../base/earliest.js'
import { WIRE_VERSION } from '../../base/limits.js'
import type { Address } from '../api.js'
import type { Agreement, Flight, Opening, WireSession } from '../protection.js'
import type { Session } from '../session/session.js'
import type { Admission } from './admission.js'
import { type Calling, ConnectAttempt, type Shaking } from './connect-attempt.js'
import { type ControlOf, type HandshakeHost, post } from './handshake-host.js'
import { CONNECT_TRIES_TOLD, GREETING_ANEW_MS, OPEN_AGAIN_PART } from './limits.js'

export class Asker {
  private readonly connectAttempts = new Map<Address, ConnectAttempt>()

  constructor(
    private readonly host: HandshakeHost,
    private readonly admission: Admission,
  ) {}

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

  /** Undefined where this address is not to be connected. */
  attemptAt(address: Address): ConnectAttempt | undefined {
    return this.connectAttempts.get(address)
  }

  handleSettled(address: Address): void {
    this.connectAttempts.get(address)?.handleConnected()
  }

  /** The session is not in the table any more. */
  handleClosed(session: Session, nowMs: number): void {
    const { address, peerId } = session.facts
    for (const connecting of this.connectAttempts.values()) {
      const isOver =
        aliasOf(connecting) === peerId || (connecting.address === address && connecting.isConnected)
      if (isOver && this.host.sessions.settledAt(connecting.address) === undefined) connecting.restart(nowMs)
    }
  }

  pollTimeout(): number | undefined {
    let atMs: number | undefined
    for (const { nextAtMs } of this.connectAttempts.values()) atMs = earliest(atMs, nextAtMs)
    return atMs
  }

  handleTimeout(nowMs: number): void {
    for (const connecting of this.connectAttempts.values()) {
      const { nextAtMs } = connecting
      if (nextAtMs !== undefined && nowMs >= nextAtMs) this.call(connecting, nowMs)
    }
  }

  /** Slow steps were carried out: some attempt may have come further. */
  handleProgress(nowMs: number): void {
    for (const connecting of this.connectAttempts.values()) this.advance(connecting, nowMs)
  }

  // — Datagrams of the other side; each answers false for one that is dropped —

  handleCookie(from: Address, control: ControlOf<'cookie'>, nowMs: number): boolean {
    const connecting = this.attemptOf(from, control.nonce)
    if (connecting?.state.type !== 'calling') return false
    // A cookie for a hello that resumes says that its ticket is not known: the attempt begins anew, without an offer.
    const { isResuming } = connecting.state
    const calling = isResuming ? this.beginAsking(connecting) : connecting.state
    const offer = isResuming ? new Uint8Array(0) : control.flight
    connecting.handleCookie(control.cookie, calling, nowMs)
    connecting.greeting = this.host.options.greeting?.()
    this.advance(connecting, nowMs)
    if (offer.length > 0 && calling.attempt.handleFlight({ step: 1, body: offer }))
      this.advance(connecting, nowMs)
    return true
  }

  handleAccept(from: Address, control: ControlOf<'accept'>, nowMs: number): boolean {
    const connecting = this.attemptOf(from, control.nonce)
    // A greeting that a hello has carried must not change.
    if (connecting?.state.type === 'shaking') connecting.greeting = this.host.options.greeting?.()
    if (connecting?.attempt?.handleFlight({ step: control.step, body: control.flight }) !== true) return false
    this.advance(connecting, nowMs)
    return true
  }

  handleRefuse(from: Address, control: ControlOf<'refuse'>): boolean {
    if (this.attemptOf(from, control.nonce) === undefined) return false
    // Told and no more: it proves nothing, and whoever reads the link can say it. The attempt goes on.
    this.admission.handleRefused(from, control.agent, control.version, control.reason)
    return true
  }

  /** A datagram of a session that does not exist may be one of a session that is about to. */
  keepsEarly(from: Address, { high, low }: WireSession, bytes: Uint8Array): boolean {
    const connecting = this.connectAttempts.get(from)
    if (connecting === undefined || connecting.isConnected) return false
    if (connecting.local.low !== low || connecting.local.high !== high) return false
    connecting.keepEarly(bytes)
    return true
  }

  // — Datagrams of ours —

  private call(connecting: ConnectAttempt, nowMs: number): void {
    connecting.handleCalled(nowMs)
    const silence = connecting.state.type === 'shaking' ? 'refusing' : 'silent'
    if (
      connecting.tries > CONNECT_TRIES_TOLD &&
      connecting.told !== silence &&
      !this.admission.isRefused(connecting.address)
    ) {
      connecting.told = silence
      this.host.emit({ type: 'unreachable', address: connecting.address, answers: silence === 'refusing' })
    }
    if (connecting.isStale(nowMs)) {
      connecting.renew()
      connecting.tries = CONNECT_TRIES_TOLD
    }
    const { state } = connecting
    if (state.type !== 'shaking') {
      this.sayHello(connecting)
      return
    }
    const { flight } = state.attempt
    if (flight !== undefined) {
      // The flights after `open` mean nothing to an answerer that has not received it. Repeated at random and not in a
      // fixed rhythm: a path that drops every n-th datagram could drop the same one for ever.
      if (flight.step > 0 && this.host.options.random.next() < OPEN_AGAIN_PART)
        this.sayOpen(connecting, state)
      this.sayFlight(connecting, state, flight)
    }
  }

  private sayHello(connecting: ConnectAttempt): void {
    const { agent, protection, greeting } = this.host.options
    const early = greeting?.()
    // An attempt says one thing only, for what is sealed in it is sealed once; and one that may be answered yet goes on.
    const isUnanswered = connecting.waitedMs >= GREETING_ANEW_MS
    const isResuming = connecting.state.type === 'calling' && connecting.state.isResuming
    if (isResuming && isUnanswered && !isSame(connecting.greeting, early)) connecting.renew()
    const { attempt } = connecting.state.type === 'calling' ? connecting.state : this.begin(connecting, early)
    post(this.host, connecting.address, {
      type: 'hello',
      version: WIRE_VERSION,
      agent,
      nonce: connecting.nonce,
      suite: protection.suite,
      introduction: protection.introduce(connecting.address, connecting.nonce),
      flight: attempt.flight?.body ?? new Uint8Array(0),
    })
  }

  private begin(connecting: ConnectAttempt, greeting: Uint8Array | undefined): Calling {
    connecting.greeting = greeting
    const resuming = this.host.options.protection.resume(this.openingOf(connecting))
    return resuming === undefined ? this.beginAsking(connecting) : connecting.beginCalling(resuming, true)
  }

  private beginAsking(connecting: ConnectAttempt): Calling {
    return connecting.beginCalling(this.host.options.protection.ask(this.openingOf(connecting)), false)
  }

  private sayFlight(connecting: ConnectAttempt, shaking: Shaking, flight: Flight): void {
    const { address, nonce } = connecting
    shaking.sent = flight
    if (flight.step === 0) {
      this.sayOpen(connecting, shaking)
      return
    }
    post(this.host, address, { type: 'prove', nonce, step: flight.step, flight: flight.body })
    const { rider } = shaking.attempt
    if (rider !== undefined)
      post(this.host, address, { type: 'prove', nonce, step: rider.step, flight: rider.body })
  }

  private sayOpen({ address, nonce }: ConnectAttempt, { cookie, opened }: Shaking): void {
    const { agent, protection } = this.host.options
    post(this.host, address, {
      type: 'open',
      agent,
      nonce,
      suite: protection.suite,
      introduction: protection.introduce(address, nonce),
      cookie,
      flight: opened.body,
    })
  }

  // — An attempt goes on —

  private advance(connecting: ConnectAttempt, nowMs: number): void {
    const { state } = connecting
    if (state.type !== 'calling' && state.type !== 'shaking') return
    const { attempt } = state
    if (attempt.hasFailed) {
      connecting.handleRefused(nowMs)
    } else if (attempt.agreement !== undefined) {
      this.handleAgreed(connecting, attempt.agreement, nowMs)
    } else if (state.type === 'shaking' && attempt.flight !== undefined && attempt.flight !== state.sent) {
      connecting.tries = 0
      connecting.handleCalled(nowMs)
      this.sayFlight(connecting, state, attempt.flight)
    }
  }

  private handleAgreed(connecting: ConnectAttempt, agreement: Agreement, nowMs: number): void {
    const { sessions, options } = this.host
    const { peerId } = agreement
    if (peerId === options.peerId) {
      connecting.handleRefused(nowMs)
      this.admission.handleRefused(connecting.address, options.agent, WIRE_VERSION, 'same-peer')
      return
    }
    const known = sessions.settledWith(peerId)
    if (
      known !== undefined &&
      known.facts.boot === agreement.boot &&
      known.facts.address !== connecting.address
    ) {
      // The same peer under another address: one session is enough, and this address waits for its end.
      connecting.handleConnected(peerId)
      return
    }
    const { address, local } = connecting
    const early = connecting.takeEarly()
    // Where the session does not stay, the next attempt is another one.
    connecting.renew()
    if (!this.admission.hasRoom(agreement, address)) return
    this.host.settle(this.host.addSession({ ...agreement, address, isInitiator: true, local }, nowMs), nowMs)
    for (const bytes of early) this.host.handleEarly(address, bytes, nowMs)
  }

  private openingOf(connecting: ConnectAttempt): Opening {
    return connecting.opening(this.host.options.datagramBytesMax(connecting.address))
  }

  /** The attempt that this nonce belongs to; undefined where it is over. */
  private attemptOf(address: Address, nonce: Uint8Array): ConnectAttempt | undefined {
    const connecting = this.connectAttempts.get(address)
    if (connecting === undefined || connecting.isConnected) return undefined
    return equalSecrets(connecting.nonce, nonce) ? connecting : undefined
  }
}

function aliasOf({ state }: ConnectAttempt): string | undefined {
  return state.type === 'connected' ? state.aliasOf : undefined
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return equalBytes(one, other)
}
