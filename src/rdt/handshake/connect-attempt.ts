// An address that is to be connected: when to say hello next, and what belongs to the attempt under way. Used by
// the handshake, one per address.
//
//   calling ── cookie ──▶ shaking ── agreed ──▶ connected
//      ▲ hello, with backoff  │                      │ session closed
//      ├──── cookie stale ────┘                      │
//      └─────────────────────────────────────────────┘
//   Hellos are repeated until there is a cookie, then whatever flight of the handshake is due, until it is answered.

import type { Random } from '../../base/ports.js'
import type { Address } from '../api.js'
import type { Attempt, Flight, Opening, WireSession } from '../protection.js'
import { NONCE_BYTES } from '../wire/limits.js'
import {
  CONNECT_MS_FIRST,
  CONNECT_MS_MAX,
  COOKIE_PERIOD_MS,
  EARLY_DATAGRAMS_MAX,
  YIELD_MS,
} from './limits.js'

export class ConnectAttempt {
  tries = 0
  /** Infinity while connected. */
  nextAtMs: number
  lastAtMs = Number.NEGATIVE_INFINITY
  /** Between the last call and the one before. */
  waitedMs = Number.POSITIVE_INFINITY
  nonce: Uint8Array
  local: WireSession
  /** The peer that a session exists with already, found behind this address. */
  aliasOf: string | undefined
  /** What was told of it: that nobody answers, or that somebody does and does not let us in. */
  told: 'silent' | 'refusing' | undefined
  cookie: Uint8Array | undefined
  /** The handshake under way, from the first hello on. */
  attempt: Attempt | undefined
  /** Whether the hello resumes: then a cookie says that there is nothing to be resumed. */
  isResuming = false
  /** What is said to the other side before there is a session: in that hello, or with the last flight. */
  greeting: Uint8Array | undefined
  /** The first flight of what goes on, which proves the address and is said again with the later ones. */
  opened: Flight | undefined
  /** What was sent last, so that the next one is noticed. */
  sent: Flight | undefined
  private early: Uint8Array[] = []
  private shakingSinceMs = 0
  private passedOverSinceMs: number | undefined
  private gaveWaySinceMs: number | undefined

  constructor(
    readonly address: Address,
    private readonly random: Random,
    private readonly newWireSession: () => WireSession,
    nowMs: number,
  ) {
    this.nonce = random.bytes(NONCE_BYTES)
    this.local = newWireSession()
    this.nextAtMs = nowMs
  }

  get isCalling(): boolean {
    return this.nextAtMs !== Number.POSITIVE_INFINITY
  }

  opening(datagramBytesMax: number): Opening {
    const { address, nonce, local } = this
    return { address, nonce, local, datagramBytesMax, early: () => this.greeting }
  }

  /** A hello or a flight goes out now. */
  handleCalled(nowMs: number): void {
    const waitMs = Math.min(CONNECT_MS_MAX, CONNECT_MS_FIRST * 2 ** Math.min(this.tries, 16))
    this.tries++
    this.waitedMs = nowMs - this.lastAtMs
    this.lastAtMs = nowMs
    this.gaveWaySinceMs = undefined
    this.nextAtMs = nowMs + waitMs * (0.75 + 0.5 * this.random.next())
  }

  /** The other side answered with a cookie: from here on it is flights that are repeated. */
  handleCookie(cookie: Uint8Array, attempt: Attempt, nowMs: number): void {
    this.tries = 0
    this.cookie = cookie
    this.isResuming = false
    // Of a known attempt the first flight may be over: an accept can come before the cookie.
    if (attempt !== this.attempt) this.opened = attempt.flight
    this.attempt = attempt
    this.sent = undefined
    this.shakingSinceMs = nowMs
  }

  /** Of the session that this attempt is to come to: the other side may speak in it already. */
  keepEarly(bytes: Uint8Array): void {
    if (this.early.length < EARLY_DATAGRAMS_MAX) this.early.push(bytes.slice())
  }

  takeEarly(): readonly Uint8Array[] {
    const { early } = this
    this.early = []
    return early
  }

  /** Whether the attempt has gone on for as long as its cookie surely holds. */
  isStale(nowMs: number): boolean {
    return this.cookie !== undefined && nowMs - this.shakingSinceMs >= COOKIE_PERIOD_MS
  }

  /** The other side is there: no need to wait longer. */
  hurry(nowMs: number): void {
    if (this.isCalling)
      this.nextAtMs = Math.min(this.nextAtMs, Math.max(nowMs, this.lastAtMs + CONNECT_MS_FIRST))
  }

  /** Whether something of this attempt was answered, or may be on its way. Between two calls to somebody who is not
   *  there, nothing is. */
  isUnderWay(nowMs: number): boolean {
    return this.isCalling && (this.cookie !== undefined || nowMs - this.lastAtMs < CONNECT_MS_FIRST)
  }

  /** The other side calls: its attempt is the sooner one, and ours waits for what comes of it. */
  giveWay(nowMs: number): void {
    this.gaveWaySinceMs ??= nowMs
    if (this.isCalling) this.nextAtMs = Math.max(this.nextAtMs, this.gaveWaySinceMs + YIELD_MS)
  }

  /** Whether the other side's attempt is still to be passed over because this one is under way. */
  passesOver(nowMs: number): boolean {
    this.passedOverSinceMs ??= nowMs
    return nowMs - this.passedOverSinceMs < YIELD_MS
  }

  /** It will not talk to us as it is; asked again now and then, for it may be replaced. */
  handleRefused(nowMs: number): void {
    this.renew()
    this.tries = Number.MAX_SAFE_INTEGER
    this.nextAtMs = nowMs + CONNECT_MS_MAX
  }

  handleConnected(): void {
    this.nextAtMs = Number.POSITIVE_INFINITY
    this.told = undefined
    this.passedOverSinceMs = undefined
    this.attempt = undefined
    this.sent = undefined
  }

  /** The session is over: everything from the beginning. */
  restart(nowMs: number): void {
    this.renew()
    this.aliasOf = undefined
    this.tries = 0
    this.nextAtMs = nowMs
  }

  /** Another attempt, which has nothing in common with this one. */
  renew(): void {
    this.nonce = this.random.bytes(NONCE_BYTES)
    this.local = this.newWireSession()
    this.cookie = undefined
    this.attempt = undefined
    this.isResuming = false
    this.opened = undefined
    this.sent = undefined
    this.early = []
  }
}
