// An address that is to be connected: when to say hello next, and what belongs to the attempt under way. Used by
// the endpoint, one per address.
//
//   calling ── cookie ──▶ (open sent) ── accept ──▶ connected
//      ▲ hello, with backoff                           │ session closed
//      └───────────────────────────────────────────────┘
//   Hellos are repeated until there is a cookie, then opens with it; a repeated open is answered by the same accept.

import type { Random } from '../base/ports.js'
import type { Address } from './api.js'
import type { WireSession } from './control.js'
import { CONNECT_MS_FIRST, CONNECT_MS_MAX, COOKIE_PERIOD_MS, NONCE_BYTES, YIELD_MS } from './limits.js'

export class Dial {
  tries = 0
  /** Infinity while connected. */
  nextAtMs: number
  lastAtMs = Number.NEGATIVE_INFINITY
  nonce: Uint8Array
  local: WireSession
  /** The peer that a session exists with already, found behind this address. */
  aliasOf: string | undefined
  isToldUnreachable = false
  private cookie: Uint8Array | undefined
  private cookieAtMs = 0
  private passedOverSinceMs: number | undefined

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

  /** A hello or an open goes out now. */
  handleCalled(nowMs: number): void {
    const waitMs = Math.min(CONNECT_MS_MAX, CONNECT_MS_FIRST * 2 ** Math.min(this.tries, 16))
    this.tries++
    this.lastAtMs = nowMs
    this.nextAtMs = nowMs + waitMs * (0.75 + 0.5 * this.random.next())
  }

  /** The other side answered: from here on it is opens that are repeated, until the cookie is stale. */
  handleCookie(cookie: Uint8Array, nowMs: number): void {
    if (this.cookie === undefined) this.tries = 0
    this.cookie = cookie
    this.cookieAtMs = nowMs
    this.handleCalled(nowMs)
  }

  /** What to show when calling, where there is a cookie that holds. */
  cookieAt(nowMs: number): Uint8Array | undefined {
    return nowMs - this.cookieAtMs < COOKIE_PERIOD_MS ? this.cookie : undefined
  }

  /** The other side is there: no need to wait longer. */
  hurry(nowMs: number): void {
    if (this.isCalling)
      this.nextAtMs = Math.min(this.nextAtMs, Math.max(nowMs, this.lastAtMs + CONNECT_MS_FIRST))
  }

  /** Whether the other side's attempt is still to be passed over because this one is under way. */
  passesOver(nowMs: number): boolean {
    this.passedOverSinceMs ??= nowMs
    return nowMs - this.passedOverSinceMs < YIELD_MS
  }

  /** It will not talk to us as it is; asked again now and then, for it may be replaced. */
  handleRefused(nowMs: number): void {
    this.tries = Number.MAX_SAFE_INTEGER
    this.nextAtMs = nowMs + CONNECT_MS_MAX
  }

  handleConnected(): void {
    this.nextAtMs = Number.POSITIVE_INFINITY
    this.isToldUnreachable = false
    this.passedOverSinceMs = undefined
  }

  /** The session is over: everything from the beginning. */
  restart(nowMs: number): void {
    this.nonce = this.random.bytes(NONCE_BYTES)
    this.local = this.newWireSession()
    this.cookie = undefined
    this.aliasOf = undefined
    this.tries = 0
    this.nextAtMs = nowMs
  }
}
