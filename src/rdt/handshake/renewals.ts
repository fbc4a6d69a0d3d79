// Fresh keys for running sessions: whoever began one resumes it with its own ticket when its keys have been used for long
// enough, and goes on in the session that comes of that. The older one ends when the other side is heard in the newer.
// Used by the handshake; the other side answers as it answers any hello that resumes.
//
//   session A ────────── worn ────────────────────── closed, 'renewed'
//                          └─ hello ▶ ◀ accept ─ session B ── heard ──────────

import { equalSecrets } from '../../base/bytes.js'
import { earliest } from '../../base/earliest.js'
import type { Address, SessionId } from '../api.js'
import type { Agreement, WireSession } from '../protection.js'
import type { Session } from '../session/session.js'
import { NONCE_BYTES } from '../wire/limits.js'
import type { Call } from './connect-attempt.js'
import { type ControlOf, type HandshakeHost, sayHello, termsOf } from './handshake-host.js'
import {
  CONNECT_MS_FIRST,
  EARLY_DATAGRAMS_MAX,
  REKEY_BYTES,
  REKEY_GRACE_MS,
  REKEY_MS,
  REKEY_TURN_MS,
  REKEY_WAIT_DOUBLINGS,
} from './limits.js'

interface Renewal {
  readonly session: Session
  readonly call: Call
  readonly early: Uint8Array[]
  tries: number
  nextAtMs: number
}

export class Renewals {
  private readonly underWay = new Map<SessionId, Renewal>()
  /** Sessions without a ticket, and when it is looked for one again. */
  private readonly ticketless = new Map<SessionId, number>()
  private readonly afterMs: number
  private readonly afterBytes: number

  constructor(private readonly host: HandshakeHost) {
    const { afterMs, afterBytes } = host.options.rekeying ?? { afterMs: REKEY_MS, afterBytes: REKEY_BYTES }
    this.afterMs = afterMs
    this.afterBytes = afterBytes
  }

  pollTimeout(): number | undefined {
    let atMs: number | undefined
    for (const session of this.host.sessions.values()) atMs = earliest(atMs, this.dueAtMs(session))
    return atMs
  }

  private dueAtMs(session: Session): number | undefined {
    if (!isRenewable(session)) return undefined
    const { wornSinceMs } = session
    if (wornSinceMs === undefined) return session.openedAtMs + this.afterMs
    const { id } = session.facts
    const nextAtMs = this.underWay.get(id)?.nextAtMs ?? this.ticketless.get(id)
    return earliest(wornSinceMs + REKEY_GRACE_MS, nextAtMs ?? wornSinceMs + turnMs(session))
  }

  handleTimeout(nowMs: number): void {
    for (const session of this.host.sessions.all()) {
      if (!isRenewable(session) || !this.isWorn(session, nowMs)) continue
      session.wornSinceMs ??= nowMs
      const { id } = session.facts
      if (nowMs < (this.ticketless.get(id) ?? session.wornSinceMs + turnMs(session))) continue
      const renewal = this.underWay.get(id) ?? this.begin(session, nowMs)
      if (renewal !== undefined && nowMs >= renewal.nextAtMs) this.say(renewal, nowMs)
    }
  }

  private isWorn({ openedAtMs, bytesReceived, bytesSent, facts }: Session, nowMs: number): boolean {
    const isOld = nowMs - openedAtMs >= this.afterMs
    return isOld || bytesReceived + bytesSent >= this.afterBytes || facts.protection.isWorn
  }

  /** Whether fresh keys should have come by now. */
  isOverdue(session: Session, nowMs: number): boolean {
    const { wornSinceMs } = session
    return isRenewable(session) && wornSinceMs !== undefined && nowMs >= wornSinceMs + REKEY_GRACE_MS
  }

  handleClosed({ facts }: Session): void {
    this.underWay.get(facts.id)?.call.attempt.end()
    this.underWay.delete(facts.id)
    this.ticketless.delete(facts.id)
  }

  /** Answers false for an accept of no renewal. */
  handleAccept(from: Address, { nonce, step, flight }: ControlOf<'accept'>, nowMs: number): boolean {
    for (const renewal of this.underWay.values()) {
      const { opening, attempt } = renewal.call
      if (opening.address !== from || !equalSecrets(opening.nonce, nonce)) continue
      if (step !== 2 || !attempt.handleFlight({ step, body: flight })) return false
      if (attempt.agreement !== undefined) this.handleAgreed(renewal, attempt.agreement, nowMs)
      return true
    }
    return false
  }

  /** A datagram of a session that is about to take the place of another is kept until it does. */
  keepsEarly(from: Address, { high, low }: WireSession, bytes: Uint8Array): boolean {
    for (const { call, early } of this.underWay.values()) {
      const { address, local } = call.opening
      if (address !== from || local.low !== low || local.high !== high) continue
      if (early.length < EARLY_DATAGRAMS_MAX) early.push(bytes.slice())
      return true
    }
    return false
  }

  /** Undefined where there is no ticket: the session ends when its time is over, unless the other side renews it. */
  private begin(session: Session, nowMs: number): Renewal | undefined {
    const { options, sessions } = this.host
    const { address, id } = session.facts
    const opening = {
      ...termsOf(this.host, address, nowMs),
      address,
      nonce: options.random.bytes(NONCE_BYTES),
      local: sessions.newWireSession(),
      early: () => undefined,
    }
    const attempt = options.protection.resume(opening)
    if (attempt === undefined) {
      this.ticketless.set(id, nowMs + REKEY_TURN_MS)
      return undefined
    }
    this.ticketless.delete(id)
    const renewal: Renewal = { session, call: { opening, attempt }, early: [], tries: 0, nextAtMs: nowMs }
    this.underWay.set(id, renewal)
    return renewal
  }

  private say(renewal: Renewal, nowMs: number): void {
    const waitMs = CONNECT_MS_FIRST * 2 ** Math.min(renewal.tries, REKEY_WAIT_DOUBLINGS)
    renewal.tries++
    renewal.nextAtMs = nowMs + waitMs * (0.75 + 0.5 * this.host.options.random.next())
    sayHello(this.host, renewal.call)
  }

  private handleAgreed({ session, call, early }: Renewal, agreement: Agreement, nowMs: number): void {
    this.handleClosed(session)
    const { peerId, life, address } = session.facts
    if (agreement.peerId !== peerId || agreement.life !== life) return
    const { local } = call.opening
    const renewed = this.host.addSession({ ...agreement, address, isInitiator: true, local }, nowMs)
    renewed.renew(session)
    this.host.settle(renewed, nowMs)
    for (const bytes of early) this.host.handleEarly(address, bytes, nowMs)
  }
}

function isRenewable({ isSettled, isRenewed, facts }: Session): boolean {
  return isSettled && !isRenewed && facts.protection.isSealed
}

/** The one that began the session begins its renewal; the other does where nothing comes of that. */
function turnMs({ facts }: Session): number {
  return facts.isInitiator ? 0 : REKEY_TURN_MS
}
