// Decides which of the known addresses a peer calls. Performs no I/O; the engine owns one and carries out its orders.
//
//               its turn                 a session at it
//     known ──────────────▶ called ◀───────────────────────▶ open
//       ▲    rest is over     │         the session ended      │
//       │                     │ no session for ANSWER_MS       │ one before it is open, and there are too many
//       └───── resting ◀──────┘                                │
//       └──────────────────────────────────────────────────────┘
//
// Up to ALL_CALLED_MAX addresses all are called. Beyond, CALLED_MAX: the first by rendezvous hashing (Thaler and Ravishankar,
// 1998), so that a peer that comes or goes changes little at the others. Sessions that others began are no part of the count.
//
// When nobody answers, all are called in turn. When a better one has come back, it takes the place of the last, one a minute:
// peers that were in two halves for an hour, each of which found enough others, are one graph again.

import { earliest } from '../base/earliest.js'
import type { Hash } from '../base/item.js'
import { ALL_CALLED_MAX, ANSWER_MS, CALLED_MAX, CHANGE_MS, REST_MS_FIRST, REST_MS_MAX } from './limits.js'
import { rankOf } from './rank.js'

export type PeeringOrder =
  /** The address is to have a session. */
  | { readonly type: 'call'; readonly address: string }
  /** It is not called any more; a session with it stays. */
  | { readonly type: 'stop-calling'; readonly address: string }
  /** Nor is a session with it wanted: where the other side calls us, it calls again. */
  | { readonly type: 'leave'; readonly address: string }

interface KnownAddress {
  readonly address: string
  /** The lower, the sooner it is called. */
  readonly rank: number
  /** Since when it has been called without a session. */
  missingSinceMs: number
  /** Until when it is passed over, and how long that was. */
  restUntilMs: number
  restMs: number
  /** Open sessions with it, and whether we began each. */
  readonly sessions: Map<number, { readonly isOurs: boolean }>
}

export interface PeeringOptions {
  /** 16 hexadecimal characters. */
  readonly peerId: string
  readonly hash: Hash
}

/** After each call, drain `pollOrder` until it answers undefined, then ask `pollTimeout`. */
export class Peering {
  /** The best rank first. */
  private readonly known: KnownAddress[] = []
  private readonly byAddress = new Map<string, KnownAddress>()
  /** The best rank first. */
  private readonly called: KnownAddress[] = []
  private readonly orders: PeeringOrder[] = []
  private changeAtMs: number | undefined

  constructor(private readonly options: PeeringOptions) {}

  /** Whether this address is called, or would be without a session. */
  isCalled(address: string): boolean {
    return this.called.some((each) => each.address === address)
  }

  /** Whether this address is known and another is called in its place. */
  isPassedOver(address: string): boolean {
    return this.byAddress.has(address) && !this.isCalled(address)
  }

  add(address: string, nowMs: number): void {
    if (this.byAddress.has(address)) return
    const { peerId, hash } = this.options
    const added: KnownAddress = {
      address,
      rank: rankOf(hash, peerId, address),
      missingSinceMs: nowMs,
      restUntilMs: nowMs,
      restMs: 0,
      sessions: new Map(),
    }
    this.byAddress.set(address, added)
    insert(this.known, added)
    if (!this.callsAll) this.makeRoomFor(added, nowMs)
    this.decide(nowMs)
  }

  /** Sessions with it end: nothing leads to it any more. */
  remove(address: string, nowMs: number): void {
    const removed = this.byAddress.get(address)
    if (removed === undefined) return
    this.byAddress.delete(address)
    remove(this.known, removed)
    remove(this.called, removed)
    this.orders.push({ type: 'leave', address })
    this.decide(nowMs)
  }

  /** A session that goes on with fresh keys counts as begun by whoever began the one before it. */
  handleOpened(
    {
      session,
      address,
      isOurs,
      isRenewal,
    }: { session: number; address: string; isOurs: boolean; isRenewal: boolean },
    nowMs: number,
  ): void {
    const found = this.byAddress.get(address)
    if (found === undefined) return
    const [before] = found.sessions.values()
    found.sessions.set(session, isRenewal && before !== undefined ? before : { isOurs })
    found.restMs = 0
    found.restUntilMs = nowMs
    this.decide(nowMs)
  }

  handleClosed({ session, address }: { session: number; address: string }, nowMs: number): void {
    const found = this.byAddress.get(address)
    if (found === undefined || !found.sessions.delete(session) || found.sessions.size > 0) return
    found.missingSinceMs = nowMs
    this.decide(nowMs)
  }

  handleTimeout(nowMs: number): void {
    const dueMs = this.pollTimeout()
    if (dueMs !== undefined && nowMs >= dueMs) this.decide(nowMs)
  }

  /** When `handleTimeout` is next due. Never while all are called. */
  pollTimeout(): number | undefined {
    if (this.callsAll) return undefined
    let atMs = this.changeAtMs
    for (const { sessions, missingSinceMs } of this.called)
      if (sessions.size === 0) atMs = earliest(atMs, missingSinceMs + ANSWER_MS)
    return atMs
  }

  pollOrder(): PeeringOrder | undefined {
    return this.orders.shift()
  }

  /** Whether so few addresses are known that all are called. */
  get callsAll(): boolean {
    return this.known.length <= ALL_CALLED_MAX
  }

  private decide(nowMs: number): void {
    if (this.callsAll) {
      this.changeAtMs = undefined
      for (const each of this.known) if (!this.called.includes(each)) this.call(each, nowMs)
      return
    }
    for (const each of [...this.called])
      if (each.sessions.size === 0 && nowMs - each.missingSinceMs >= ANSWER_MS) this.passOver(each, nowMs)
    while (this.called.length < CALLED_MAX) this.call(this.nextToCall(nowMs), nowMs)
    this.changeAtMs ??= nowMs + CHANGE_MS
    if (nowMs < this.changeAtMs) return
    this.changeAtMs = nowMs + CHANGE_MS
    this.change(nowMs)
  }

  /** An address that has no session yet gives way at once to one that comes before it: names of many peers are found one
   *  after the other, and those found first would be everybody's. */
  private makeRoomFor(added: KnownAddress, nowMs: number): void {
    const isPending = ({ sessions }: KnownAddress) => sessions.size === 0
    if (this.called.some((each) => isPending(each) && each.rank > added.rank)) this.call(added, nowMs)
    while (this.called.length > CALLED_MAX) {
      const last = this.called.filter(isPending).at(-1)
      if (last === undefined) return
      this.stopCalling(last)
    }
  }

  /** One step towards the order of ranks: the last of too many is left, or one that comes before the last is called. */
  private change(nowMs: number): void {
    const { called } = this
    const last = called.at(-1)!
    if (called.length > CALLED_MAX) {
      const openCount = called.filter(({ sessions }) => sessions.size > 0).length
      if (openCount > CALLED_MAX) this.leave(last)
      return
    }
    const better = this.known.find(
      (each) => each.rank < last.rank && each.restUntilMs <= nowMs && !called.includes(each),
    )
    if (better !== undefined) this.call(better, nowMs)
  }

  /** The first that does not rest, or the one whose rest is over first. There are more addresses than are called. */
  private nextToCall(nowMs: number): KnownAddress {
    let soonest: KnownAddress | undefined
    for (const each of this.known) {
      if (this.called.includes(each)) continue
      if (each.sessions.size > 0 || each.restUntilMs <= nowMs) return each
      if (soonest === undefined || each.restUntilMs < soonest.restUntilMs) soonest = each
    }
    return soonest!
  }

  private call(each: KnownAddress, nowMs: number): void {
    insert(this.called, each)
    each.missingSinceMs = nowMs
    this.orders.push({ type: 'call', address: each.address })
  }

  private stopCalling(each: KnownAddress): void {
    remove(this.called, each)
    this.orders.push({ type: 'stop-calling', address: each.address })
  }

  private passOver(each: KnownAddress, nowMs: number): void {
    each.restMs = Math.min(REST_MS_MAX, each.restMs === 0 ? REST_MS_FIRST : 2 * each.restMs)
    each.restUntilMs = nowMs + each.restMs
    this.stopCalling(each)
  }

  /** A session that the other side began is wanted there: it stays. */
  private leave(each: KnownAddress): void {
    if (![...each.sessions.values()].some(({ isOurs }) => isOurs)) {
      this.stopCalling(each)
      return
    }
    remove(this.called, each)
    this.orders.push({ type: 'leave', address: each.address })
  }
}

/** Into a list by rank. */
function insert(list: KnownAddress[], added: KnownAddress): void {
  const place = list.findIndex(({ rank }) => rank > added.rank)
  list.splice(place === -1 ? list.length : place, 0, added)
}

function remove(list: KnownAddress[], removed: KnownAddress): void {
  const place = list.indexOf(removed)
  if (place >= 0) list.splice(place, 1)
}
