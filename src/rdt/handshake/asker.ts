// The asking side of the handshake: says hello to every address that is to be connected, with backoff and for ever, and
// carries the flights of the attempt until it agrees. One per endpoint; handshake.ts hands it cookies, accepts and
// refusals.

import { equalSecrets } from '../../base/bytes.js'
import { earliest } from '../../base/earliest.js'
import { WIRE_VERSION } from '../../base/limits.js'
import type { Address } from '../api.js'
import type { Agreement, WireSession } from '../protection.js'
import type { Session } from '../session/session.js'
import type { Admission } from './admission.js'
import { type Call, type Calling, ConnectAttempt, type Shaking } from './connect-attempt.js'
import { type ControlOf, type HandshakeHost, post, sayHello, termsOf } from './handshake-host.js'
import { CONNECT_TRIES_TOLD, COOKIE_PERIOD_MS } from './limits.js'

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
    this.connectAttempts.get(address)?.renew()
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

  handleCookie(from: Address, { nonce, cookie, flight }: ControlOf<'cookie'>, nowMs: number): boolean {
    const connecting = this.connectAttempts.get(from)
    const call = connecting && callOf(connecting, nonce)
    if (connecting === undefined || call === undefined || connecting.state.type !== 'calling') return false
    if (call === connecting.state.resuming) {
      // The ticket is not known over there. A first contact begins at once, unless its hello is under way already.
      const isAsking = connecting.state.asking !== undefined
      connecting.endResuming()
      if (!isAsking) {
        connecting.tries = 0
        this.call(connecting, nowMs)
      }
      return true
    }
    const { first } = call.attempt
    if (first.body.length > 0 && !call.attempt.handleFlight({ step: 2, body: flight })) return false
    connecting.handleCookie(cookie, call, nowMs)
    this.advance(connecting, nowMs)
    return true
  }

  handleAccept(from: Address, { nonce, step, flight }: ControlOf<'accept'>, nowMs: number): boolean {
    const connecting = this.connectAttempts.get(from)
    const call = connecting && callOf(connecting, nonce)
    if (connecting === undefined || call === undefined) return false
    const { state } = connecting
    // Flight 2 of a first contact comes with the cookie or not at all.
    const isResuming = state.type === 'calling' && state.resuming === call
    if (step !== (isResuming ? 2 : 4) || !call.attempt.handleFlight({ step, body: flight })) return false
    this.advance(connecting, nowMs)
    return true
  }

  handleRefuse(from: Address, control: ControlOf<'refuse'>): boolean {
    const connecting = this.connectAttempts.get(from)
    if (connecting === undefined || callOf(connecting, control.nonce) === undefined) return false
    // Told and no more: it proves nothing, and whoever reads the link can say it. The attempt goes on.
    this.admission.handleRefused(from, control.agent, control.version, control.reason)
    return true
  }

  /** A datagram of a session that does not exist may be one of a session that is about to. */
  keepsEarly(from: Address, { high, low }: WireSession, bytes: Uint8Array): boolean {
    const connecting = this.connectAttempts.get(from)
    const isOfCall = ({ opening: { local } }: Call) => local.low === low && local.high === high
    if (connecting === undefined || !connecting.calls.some(isOfCall)) return false
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
    if (state.type === 'shaking') this.sayFlight(state)
    else this.sayHellos(connecting, nowMs)
  }

  private sayHellos(connecting: ConnectAttempt, nowMs: number): void {
    const { resuming, asking } = this.calling(connecting, nowMs)
    for (const call of [resuming, asking]) if (call !== undefined) sayHello(this.host, call)
  }

  /** Begins what is to be said beside what is said already. */
  private calling(connecting: ConnectAttempt, nowMs: number): Calling {
    const { protection } = this.host.options
    const opening = () => connecting.opening(termsOf(this.host, connecting.address, nowMs))
    let { resuming, asking } = connecting.state.type === 'calling' ? connecting.state : NO_CALLS
    // Not answered for so long, it may be asked in another way by now: a key may have become known.
    const isOld = asking !== undefined && nowMs - asking.opening.atMs >= COOKIE_PERIOD_MS
    if (asking !== undefined && (isOld || asking.attempt.isTrial)) {
      asking.attempt.end()
      asking = undefined
    }
    if (connecting.state.type === 'fresh') {
      const own = opening()
      const attempt = protection.resume(own)
      if (attempt !== undefined) resuming = { opening: own, attempt }
    }
    if (asking === undefined && (resuming === undefined || connecting.tries > CONNECT_TRIES_TOLD)) {
      const own = opening()
      const attempt = protection.ask(own)
      if (attempt !== undefined) asking = { opening: own, attempt }
    }
    return connecting.beginCalling({ resuming, asking })
  }

  private sayFlight(shaking: Shaking): void {
    const { opening, attempt } = shaking.asking
    const { agent, protection } = this.host.options
    if (attempt.flight === undefined) return
    shaking.sent = attempt.flight
    post(this.host, opening.address, {
      type: 'open',
      agent,
      nonce: opening.nonce,
      suite: protection.suite,
      introduction: attempt.first.introduction,
      cookie: shaking.cookie,
      flight: attempt.flight.body,
    })
  }

  // — An attempt goes on —

  private advance(connecting: ConnectAttempt, nowMs: number): void {
    for (const call of connecting.calls) {
      if (call.attempt.agreement === undefined) continue
      this.handleAgreed(connecting, call, call.attempt.agreement, nowMs)
      return
    }
    const { state } = connecting
    if (connecting.calls.some(({ attempt }) => attempt.hasFailed)) {
      connecting.handleRefused(nowMs)
    } else if (state.type === 'shaking') {
      const { flight } = state.asking.attempt
      if (flight === undefined || flight === state.sent) return
      connecting.tries = 0
      connecting.handleCalled(nowMs)
      this.sayFlight(state)
    }
  }

  private handleAgreed(
    connecting: ConnectAttempt,
    { opening }: Call,
    agreement: Agreement,
    nowMs: number,
  ): void {
    const { sessions, options } = this.host
    const { peerId, life } = agreement
    if (peerId === options.peerId) {
      connecting.handleRefused(nowMs)
      this.admission.handleRefused(connecting.address, options.agent, WIRE_VERSION, 'same-peer')
      return
    }
    if (this.host.isCloned(peerId, life, nowMs)) {
      connecting.handleRefused(nowMs)
      return
    }
    const known = sessions.settledWith(peerId)
    if (known !== undefined && known.facts.life === life && known.facts.address !== connecting.address) {
      // The same peer under another address: one session is enough, and this address waits for its end. It may have moved here:
      // then nothing comes of the session any more, and that shows in seconds.
      known.handleMetElsewhere(nowMs)
      connecting.handleConnected(peerId)
      return
    }
    const { address, local } = opening
    const early = connecting.takeEarly()
    // Where the session does not stay, the next attempt is another one.
    connecting.renew()
    if (!this.admission.hasRoom(agreement, address)) return
    this.host.settle(this.host.addSession({ ...agreement, address, isInitiator: true, local }, nowMs), nowMs)
    for (const bytes of early) this.host.handleEarly(address, bytes, nowMs)
  }
}

const NO_CALLS = { resuming: undefined, asking: undefined }

/** The call that this nonce belongs to; undefined where it is over. */
function callOf(connecting: ConnectAttempt, nonce: Uint8Array): Call | undefined {
  return connecting.calls.find(({ opening }) => equalSecrets(opening.nonce, nonce))
}

function aliasOf({ state }: ConnectAttempt): string | undefined {
  return state.type === 'connected' ? state.aliasOf : undefined
}
