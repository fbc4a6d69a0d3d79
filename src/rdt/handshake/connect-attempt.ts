// One address that is to be connected: the state of its attempts, and when to say hello or repeat a flight. Used by the
// asker, one for each address.
//
//   fresh ── hello ──▶ calling ── cookie ──▶ shaking ── agreed ──▶ connected
//     ▲                   │ agreed (it resumed) ───────────────────▶  │
//     └── cookie stale, refused, session closed ◀─────────────────────┘
//
//   Hellos are repeated with backoff until there is a cookie, then flight 3, until it is answered. A peer that was met
//   before is greeted with a ticket; where that goes unanswered, a first contact is tried beside it, for a peer that was
//   restarted does not know the ticket, and may not answer who does not know it.

import type { Random } from '../../base/ports.js'
import type { Address } from '../api.js'
import type { AskingAttempt, Flight, Opening, WireSession } from '../protection.js'
import { NONCE_BYTES } from '../wire/limits.js'
import {
  CONNECT_MS_FIRST,
  CONNECT_MS_MAX,
  COOKIE_PERIOD_MS,
  EARLY_DATAGRAMS_MAX,
  YIELD_MS,
} from './limits.js'

/** One attempt with the nonce and the session id that are its own. */
export interface Call {
  readonly opening: Opening
  readonly attempt: AskingAttempt
}

/** Hellos go out, of one or both. */
export interface Calling {
  readonly type: 'calling'
  readonly resuming: Call | undefined
  readonly asking: Call | undefined
}

/** The other side answered with a cookie: flight 3 goes out when it is there. */
export interface Shaking {
  readonly type: 'shaking'
  readonly asking: Call
  readonly cookie: Uint8Array
  readonly sinceMs: number
  /** The flight that was sent last, by which a new one is noticed. */
  sent: Flight | undefined
}

export type ConnectState =
  | { readonly type: 'fresh' }
  | Calling
  | Shaking
  | {
      readonly type: 'connected'
      /** The peer that a session exists with at another address, where this address is one more of it. */
      readonly aliasOf: string | undefined
    }

const FRESH: ConnectState = { type: 'fresh' }

export class ConnectAttempt {
  /** Calls since something new came of the attempt. */
  tries = 0
  lastAtMs = Number.NEGATIVE_INFINITY
  /** The caller was told that nobody answers, or that somebody does and does not let us in. */
  told: 'silent' | 'refusing' | undefined
  private current: ConnectState = FRESH
  private dueAtMs: number
  private early: Uint8Array[] = []
  private passedOverSinceMs: number | undefined
  private gaveWaySinceMs: number | undefined

  constructor(
    readonly address: Address,
    private readonly random: Random,
    private readonly newWireSession: () => WireSession,
    nowMs: number,
  ) {
    this.dueAtMs = nowMs
  }

  get state(): ConnectState {
    return this.current
  }

  /** The attempts under way, from their first hello on. */
  get calls(): readonly Call[] {
    const { current } = this
    if (current.type === 'shaking') return [current.asking]
    if (current.type !== 'calling') return []
    return [current.resuming, current.asking].filter((call) => call !== undefined)
  }

  get isConnected(): boolean {
    return this.current.type === 'connected'
  }

  /** When to call next; undefined while connected. */
  get nextAtMs(): number | undefined {
    return this.isConnected ? undefined : this.dueAtMs
  }

  /** Nonce and session id of an attempt of its own. */
  opening(terms: Omit<Opening, 'address' | 'nonce' | 'local'>): Opening {
    const { address, random } = this
    return { ...terms, address, nonce: random.bytes(NONCE_BYTES), local: this.newWireSession() }
  }

  /** A hello or a flight goes out now. */
  handleCalled(nowMs: number): void {
    const waitMs = Math.min(CONNECT_MS_MAX, CONNECT_MS_FIRST * 2 ** Math.min(this.tries, 16))
    this.tries++
    this.lastAtMs = nowMs
    this.gaveWaySinceMs = undefined
    this.dueAtMs = nowMs + waitMs * (0.75 + 0.5 * this.random.next())
  }

  /** The first hello of one of these goes out. */
  beginCalling(calls: Omit<Calling, 'type'>): Calling {
    const calling: Calling = { type: 'calling', ...calls }
    this.current = calling
    return calling
  }

  /** The ticket is not known over there, or is too old. */
  endResuming(): void {
    const { current } = this
    if (current.type !== 'calling') return
    current.resuming?.attempt.end()
    this.current = { ...current, resuming: undefined }
  }

  /** From here on flight 3 is repeated and hellos are not. */
  handleCookie(cookie: Uint8Array, asking: Call, nowMs: number): Shaking {
    this.endResuming()
    this.tries = 0
    const shaking: Shaking = { type: 'shaking', asking, cookie, sinceMs: nowMs, sent: undefined }
    this.current = shaking
    return shaking
  }

  /** Keeps a datagram of a session that an attempt is to come to: the other side may speak in it already. */
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
    return this.current.type === 'shaking' && nowMs - this.current.sinceMs >= COOKIE_PERIOD_MS
  }

  /** The other side is there: no need to wait longer. */
  hurry(nowMs: number): void {
    this.dueAtMs = Math.min(this.dueAtMs, Math.max(nowMs, this.lastAtMs + CONNECT_MS_FIRST))
  }

  /** Whether something of this attempt was answered, or may be on its way. Between two calls to somebody who is not
   *  there, nothing is. */
  isUnderWay(nowMs: number): boolean {
    if (this.isConnected) return false
    return this.current.type === 'shaking' || nowMs - this.lastAtMs < CONNECT_MS_FIRST
  }

  /** The other side calls: its attempt is the sooner one, and ours waits for what comes of it. */
  giveWay(nowMs: number): void {
    this.gaveWaySinceMs ??= nowMs
    this.dueAtMs = Math.max(this.dueAtMs, this.gaveWaySinceMs + YIELD_MS)
  }

  /** Whether the other side's attempt is still to be passed over because this one is under way. */
  passesOver(nowMs: number): boolean {
    this.passedOverSinceMs ??= nowMs
    return nowMs - this.passedOverSinceMs < YIELD_MS
  }

  /** The peer will not talk to us as it is; asked again now and then, for it may be replaced. */
  handleRefused(nowMs: number): void {
    this.renew()
    this.tries = Number.MAX_SAFE_INTEGER
    this.dueAtMs = nowMs + CONNECT_MS_MAX
  }

  /** There is a session with this address, or with the peer at this address: `aliasOf`. */
  handleConnected(aliasOf?: string): void {
    this.renew()
    this.current = { type: 'connected', aliasOf }
    this.told = undefined
    this.passedOverSinceMs = undefined
  }

  /** The session is over: everything from the beginning. */
  restart(nowMs: number): void {
    this.renew()
    this.tries = 0
    this.dueAtMs = nowMs
  }

  /** What is under way ends; the next attempt has nothing in common with it. */
  renew(): void {
    for (const { attempt } of this.calls) attempt.end()
    this.current = FRESH
    this.early = []
  }
}
