// One address that is to be connected: the state of its attempt, and when to say hello or repeat a flight. Used by the
// asker, one for each address.
//
//   fresh ── hello ──▶ calling ── cookie ──▶ shaking ── agreed ──▶ connected
//     ▲                   │ agreed (it resumed) ───────────────────▶  │
//     └── cookie stale, refused, a new greeting, session closed ◀─────┘
//
//   Hellos are repeated with backoff until there is a cookie, then the flight that is due, until it is answered.

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

/** Hellos go out. */
export interface Calling {
  readonly type: 'calling'
  readonly attempt: Attempt
  /** The hello resumes a session: a cookie then says that the other side knows nothing to resume. */
  readonly isResuming: boolean
  /** The first flight of `attempt`, kept for `open`: an accept can come before the cookie. */
  readonly opened: Flight
}

/** The other side answered with a cookie: flights of the handshake go out. */
export interface Shaking {
  readonly type: 'shaking'
  readonly attempt: Attempt
  readonly cookie: Uint8Array
  /** The first flight of `attempt`, which proves the address and is said again with the later ones. */
  readonly opened: Flight
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
  /** Between the last call and the one before. */
  waitedMs = Number.POSITIVE_INFINITY
  nonce: Uint8Array
  local: WireSession
  /** The caller was told that nobody answers, or that somebody does and does not let us in. */
  told: 'silent' | 'refusing' | undefined
  /** Said to the other side before there is a session: in the hello, or with the last flight. */
  greeting: Uint8Array | undefined
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
    this.nonce = random.bytes(NONCE_BYTES)
    this.local = newWireSession()
    this.dueAtMs = nowMs
  }

  get state(): ConnectState {
    return this.current
  }

  /** The handshake under way, from the first hello on. */
  get attempt(): Attempt | undefined {
    const { current } = this
    return current.type === 'calling' || current.type === 'shaking' ? current.attempt : undefined
  }

  get isConnected(): boolean {
    return this.current.type === 'connected'
  }

  /** When to call next; undefined while connected. */
  get nextAtMs(): number | undefined {
    return this.isConnected ? undefined : this.dueAtMs
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
    this.dueAtMs = nowMs + waitMs * (0.75 + 0.5 * this.random.next())
  }

  /** The first hello of `attempt`, which has its first flight, goes out. */
  beginCalling(attempt: Attempt, isResuming: boolean): Calling {
    const calling: Calling = { type: 'calling', attempt, isResuming, opened: attempt.flight! }
    this.current = calling
    return calling
  }

  /** From here on flights are repeated and hellos are not. */
  handleCookie(
    cookie: Uint8Array,
    { attempt, opened }: Pick<Calling, 'attempt' | 'opened'>,
    nowMs: number,
  ): void {
    this.tries = 0
    this.current = { type: 'shaking', attempt, cookie, opened, sinceMs: nowMs, sent: undefined }
  }

  /** Keeps a datagram of the session that this attempt is to come to: the other side may speak in it already. */
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

  /** Another attempt, which has nothing in common with this one. */
  renew(): void {
    this.current = FRESH
    this.nonce = this.random.bytes(NONCE_BYTES)
    this.local = this.newWireSession()
    this.early = []
  }
}
