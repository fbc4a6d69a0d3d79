// One group's membership at one tracker, as the peer keeps it: its heartbeats, and the addresses that the tracker named. Used by
// tracker-client.ts, one for each group and tracker.
//
//   due ── beat ──▶ asked ── challenge: beat again, with the cookie ──▶ asked
//    ▲                │ all pages came, or a refusal
//    │                ▼
//    └─ HEARTBEAT_MS ─ known        asked ── nothing: after ANSWER_MS_FIRST, doubled ──▶ due

import { equalBytes, equalSecrets, hexOf } from '../base/bytes.js'
import type { Random } from '../base/ports.js'
import type { Address } from '../rdt/api.js'
import { COOKIE_BYTES, NONCE_BYTES } from '../rdt/wire/limits.js'
import { isDialable } from './address-bytes.js'
import type { Group } from './group.js'
import {
  ANSWER_MS_FIRST,
  BEATS_TOLD,
  CHALLENGES_PER_BEAT_MAX,
  DISCOVERY_VERSION,
  FOUND_PER_TRACKER_MAX,
  HEARTBEAT_MS,
  MARK_BYTES,
  MEMBER_GONE_MS,
} from './limits.js'
import type { FromTracker, MemberLine, ToTracker, TrackerRefusal } from './wire.js'

/** What a tracker is, as far as its last answers tell. */
export type TrackerState = 'asked' | 'answers' | 'silent' | TrackerRefusal

export interface RegistrationOptions {
  readonly tracker: Address
  readonly group: Group
  readonly random: Random
}

export interface FoundEvent {
  readonly type: 'found' | 'gone'
  readonly address: Address
  /** The member's id, in hexadecimal. */
  readonly member: string
  readonly tracker: Address
}

interface Found {
  readonly member: string
  readonly mark: Uint8Array
  /** When it was last named. */
  namedMs: number
}

export class Registration {
  state: TrackerState = 'asked'
  private cookie: Uint8Array | undefined
  /** Our address, as the tracker sees it. */
  private seen: Address | undefined
  private nonce: Uint8Array
  /** Heartbeats since the last whole answer. */
  private tries = 0
  private challenges = 0
  private dueMs: number
  private isDue = true
  /** Pages of this answer that came. */
  private pages = new Set<number>()
  private roundMs = 0
  /** Those that a member of the group has marked. */
  private readonly found = new Map<Address, Found>()
  private readonly events: FoundEvent[] = []

  constructor(
    private readonly options: RegistrationOptions,
    nowMs: number,
  ) {
    this.nonce = options.random.bytes(NONCE_BYTES)
    this.dueMs = nowMs
  }

  get addresses(): Iterable<Address> {
    return this.found.keys()
  }

  hasFound(address: Address): boolean {
    return this.found.has(address)
  }

  handleTimeout(nowMs: number): void {
    if (nowMs >= this.dueMs) this.isDue = true
  }

  /** When `handleTimeout` is next due, on the caller's clock. */
  pollTimeout(): number {
    return this.dueMs
  }

  pollEvent(): FoundEvent | undefined {
    return this.events.shift()
  }

  /** The heartbeat that is due. */
  pollBeat(nowMs: number): ToTracker | undefined {
    if (!this.isDue) return undefined
    this.isDue = false
    // A repeated one keeps its nonce, so that a late answer counts.
    if (this.tries === 0) this.beginRound(nowMs)
    if (this.tries >= BEATS_TOLD) this.state = 'silent'
    const waitMs = Math.min(HEARTBEAT_MS, ANSWER_MS_FIRST * 2 ** Math.min(this.tries, 16))
    this.tries++
    this.challenges = 0
    this.dueMs = nowMs + this.jittered(waitMs)
    return this.beat()
  }

  /** The datagram that ends the membership; undefined where the tracker does not know of any. */
  leave(): ToTracker | undefined {
    const { nonce, cookie } = this
    if (cookie === undefined) return undefined
    return { type: 'leave', nonce, version: DISCOVERY_VERSION, group: this.options.group.name, cookie }
  }

  /** From the tracker. Answers a datagram to send at once; anything that does not fit is nothing. */
  handle(datagram: FromTracker, nowMs: number): ToTracker | undefined {
    if (!equalSecrets(datagram.nonce, this.nonce)) return undefined
    switch (datagram.type) {
      case 'challenge':
        return this.handleChallenge(datagram)
      case 'members':
        this.handleMembers(datagram, nowMs)
        return undefined
      case 'joined':
        this.note(datagram.line, nowMs)
        return undefined
      case 'refused':
        this.state = datagram.reason
        this.endRound(nowMs)
        return undefined
    }
  }

  private handleChallenge({ cookie, seen }: FromTracker & { type: 'challenge' }): ToTracker | undefined {
    const { tracker } = this.options
    if (this.tries === 0 || this.challenges >= CHALLENGES_PER_BEAT_MAX || !isDialable(seen, { tracker }))
      return undefined
    this.challenges++
    this.cookie = cookie
    this.seen = seen
    return this.beat()
  }

  private handleMembers(answer: FromTracker & { type: 'members' }, nowMs: number): void {
    if (this.tries === 0) return
    this.cookie = answer.cookie
    for (const line of answer.lines) this.note(line, nowMs)
    this.pages.add(answer.page)
    if (this.pages.size < answer.pages) return
    this.state = 'answers'
    for (const [address, { member, namedMs }] of this.found) {
      if (namedMs >= this.roundMs || nowMs - namedMs < MEMBER_GONE_MS) continue
      this.found.delete(address)
      this.tell('gone', address, member)
    }
    this.endRound(nowMs)
  }

  /** A tracker may say anything; what a member of the group has not marked is nothing. */
  private note({ member, mark, address }: MemberLine, nowMs: number): void {
    const { tracker, group } = this.options
    const known = this.found.get(address)
    if (known === undefined && this.found.size >= FOUND_PER_TRACKER_MAX) return
    if (equalBytes(member, group.member) || !isDialable(address, { tracker })) return
    const name = hexOf(member)
    const isSame = known?.member === name && equalBytes(mark, known.mark)
    if (!isSame && !equalSecrets(mark, group.mark(member, address))) return
    this.found.set(address, { member: name, mark, namedMs: nowMs })
    if (known?.member !== name) this.tell('found', address, name)
  }

  private tell(type: FoundEvent['type'], address: Address, member: string): void {
    this.events.push({ type, address, member, tracker: this.options.tracker })
  }

  private beginRound(nowMs: number): void {
    this.nonce = this.options.random.bytes(NONCE_BYTES)
    this.pages = new Set()
    this.roundMs = nowMs
  }

  private endRound(nowMs: number): void {
    this.tries = 0
    this.dueMs = nowMs + this.jittered(HEARTBEAT_MS)
  }

  private beat(): ToTracker {
    const { group } = this.options
    const { nonce, cookie, seen } = this
    return {
      type: 'beat',
      nonce,
      version: DISCOVERY_VERSION,
      group: group.name,
      member: group.member,
      mark: seen === undefined ? new Uint8Array(MARK_BYTES) : group.mark(group.member, seen),
      cookie: cookie ?? new Uint8Array(COOKIE_BYTES),
    }
  }

  /** At most as long as that, so that three of them fit into MEMBER_GONE_MS with their answers. */
  private jittered(ms: number): number {
    return ms * (0.75 + 0.25 * this.options.random.next())
  }
}
