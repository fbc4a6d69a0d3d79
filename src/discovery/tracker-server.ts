// The tracker: keeps for each group which addresses are there, and tells them to each other. Performs no I/O. Keeps all of it in
// memory, for MEMBER_GONE_MS; a tracker that was started again knows everybody after one heartbeat.
//
//   beat, no cookie that holds ──▶ challenge: nothing is kept, and the answer is shorter than the question
//   beat, its cookie holds     ──▶ the address is a member of the group ──▶ members; the others of the group: joined
//   leave, its cookie holds    ──▶ forgotten
//   nothing for MEMBER_GONE_MS ──▶ forgotten

import { equalSecrets, hexOf } from '../base/bytes.js'
import type { Hash } from '../base/item.js'
import type { Random } from '../base/ports.js'
import type { Address } from '../rdt/api.js'
import { CookieJar } from '../rdt/handshake/cookie.js'
import { hostOf } from '../rdt/host.js'
import { RateLimit, RateLimits } from '../rdt/rate-limit.js'
import type { Crc32 } from '../rdt/wire/control.js'
import { bytesOfAddress } from './address-bytes.js'
import {
  CHALLENGES_PER_S_MAX,
  DATAGRAMS_PER_HOST_BURST,
  DATAGRAMS_PER_HOST_PER_S_MAX,
  DISCOVERY_VERSION,
  GROUPS_MAX,
  HOSTS_REMEMBERED_MAX,
  MEMBER_GONE_MS,
  MEMBER_ID_BYTES,
  MEMBERS_MAX,
  MEMBERS_PER_GROUP_MAX,
  NEWS_PER_GROUP_BURST,
  NEWS_PER_GROUP_PER_S_MAX,
  TRACKER_COOKIE_PERIOD_MS,
  TRACKER_OUTBOX_MAX,
} from './limits.js'
import {
  type Beat,
  decodeDiscovery,
  encodeDiscovery,
  encodeLine,
  encodeMembers,
  type FromTracker,
  type Leave,
  LINES_PER_PAGE,
  type MemberLine,
} from './wire.js'

export interface TrackerServerOptions {
  readonly random: Random
  /** Keys the cookies. */
  readonly hash: Hash
  readonly crc32: Crc32
}

export interface TrackerCounters {
  /** Heartbeats of addresses that had proved themselves, answered with the others of the group. */
  answered: number
  challenged: number
  /** Datagrams that were none of the protocol, or more than their host may send. */
  dropped: number
  /** Newcomers for whom there was no room. */
  refused: number
}

interface Member {
  readonly group: string
  readonly address: Address
  /** Encoded: MEMBER_ID_BYTES, then the rest. */
  line: Uint8Array
  /** Of its last heartbeat: what it is told unasked carries it. */
  readonly nonce: Uint8Array
  /** The cookie that it was given last, and when. Where it comes back no hash is spent on it. */
  cookie: Uint8Array
  cookieMs: number
  heardMs: number
}

export interface TrackerDatagram {
  readonly to: Address
  readonly bytes: Uint8Array
}

/** After each `handle*`, drain `pollDatagram` until it answers undefined. */
export class TrackerServer {
  readonly counters: TrackerCounters = { answered: 0, challenged: 0, dropped: 0, refused: 0 }
  private readonly cookies: CookieJar
  /** By name, in hexadecimal; the members of each by address. */
  private readonly groups = new Map<string, Map<Address, Member>>()
  /** Unheard for longest first. */
  private readonly byAge = new Set<Member>()
  private readonly hosts = new RateLimits({
    perSecond: DATAGRAMS_PER_HOST_PER_S_MAX,
    burst: DATAGRAMS_PER_HOST_BURST,
    keysMax: HOSTS_REMEMBERED_MAX,
  })
  private readonly news = new RateLimits({
    perSecond: NEWS_PER_GROUP_PER_S_MAX,
    burst: NEWS_PER_GROUP_BURST,
    keysMax: GROUPS_MAX,
  })
  private readonly challenges = new RateLimit(CHALLENGES_PER_S_MAX)
  private outbox: TrackerDatagram[] = []
  private outboxHead = 0

  constructor(private readonly options: TrackerServerOptions) {
    this.cookies = new CookieJar(options.random, options.hash, TRACKER_COOKIE_PERIOD_MS)
  }

  get groupCount(): number {
    return this.groups.size
  }

  get memberCount(): number {
    return this.byAge.size
  }

  /** Whatever the bytes hold, nothing throws. */
  handleDatagram(from: Address, bytes: Uint8Array, nowMs: number): void {
    const isAllowed = this.hosts.take(hostOf(from), nowMs)
    const datagram = isAllowed ? decodeDiscovery(bytes, this.options.crc32) : undefined
    if (!datagram?.ok) this.counters.dropped++
    else if (datagram.value.type === 'beat') this.handleBeat(from, datagram.value, nowMs)
    else if (datagram.value.type === 'leave') this.handleLeave(from, datagram.value, nowMs)
    else this.counters.dropped++
  }

  /** Forgets who was not heard for MEMBER_GONE_MS. */
  handleTimeout(nowMs: number): void {
    for (const member of this.byAge) {
      if (nowMs < member.heardMs + MEMBER_GONE_MS) return
      this.forget(member)
    }
  }

  /** When `handleTimeout` is next due, on the caller's clock. */
  pollTimeout(): number | undefined {
    const [oldest] = this.byAge
    return oldest === undefined ? undefined : oldest.heardMs + MEMBER_GONE_MS
  }

  pollDatagram(): TrackerDatagram | undefined {
    const datagram = this.outbox[this.outboxHead++]
    if (datagram === undefined) {
      this.outbox = []
      this.outboxHead = 0
    }
    return datagram
  }

  private handleBeat(from: Address, beat: Beat, nowMs: number): void {
    const { nonce, group } = beat
    if (beat.version !== DISCOVERY_VERSION) {
      if (this.challenges.take(nowMs)) this.send(from, { type: 'refused', nonce, reason: 'version' })
      return
    }
    const name = hexOf(group)
    const known = this.groups.get(name)?.get(from)
    if (!this.isProved(from, beat, known, nowMs)) {
      this.challenge(from, beat, nowMs)
      return
    }
    this.handleTimeout(nowMs)
    const member = this.keep(name, from, beat, nowMs)
    if (member === undefined) {
      this.counters.refused++
      this.send(from, { type: 'refused', nonce, reason: 'full' })
      return
    }
    this.counters.answered++
    this.answer(member, beat)
  }

  private isProved(
    from: Address,
    { cookie, group }: Beat,
    known: Member | undefined,
    nowMs: number,
  ): boolean {
    if (known !== undefined && isFresh(known, nowMs) && equalSecrets(cookie, known.cookie)) return true
    return this.cookies.isValid(cookie, from, group, nowMs)
  }

  private challenge(from: Address, { nonce, group }: Beat, nowMs: number): void {
    if (bytesOfAddress(from) === undefined || !this.challenges.take(nowMs)) return
    this.counters.challenged++
    const cookie = this.cookies.make(from, group, nowMs)
    this.send(from, { type: 'challenge', nonce, cookie, seen: from })
  }

  /** Undefined where there is no room for one more. */
  private keep(
    name: string,
    from: Address,
    { member, mark, nonce, group }: Beat,
    nowMs: number,
  ): Member | undefined {
    const members = this.groups.get(name)
    const known = members?.get(from)
    if (known === undefined && !this.hasRoom(members)) return undefined
    if (known !== undefined) {
      this.renew(known, { member, mark, nonce, group }, nowMs)
      return known
    }
    const line = encodeLine({ member, mark, address: from })
    const cookie = this.cookies.make(from, group, nowMs)
    const newcomer: Member = {
      group: name,
      address: from,
      line,
      nonce,
      cookie,
      cookieMs: nowMs,
      heardMs: nowMs,
    }
    this.byAge.add(newcomer)
    if (members === undefined) this.groups.set(name, new Map([[from, newcomer]]))
    else {
      if (this.news.take(name, nowMs)) this.tell(members.values(), { member, mark, address: from })
      members.set(from, newcomer)
    }
    return newcomer
  }

  /** Nearly always all is as it was: nothing new is kept then, which would make the heap grow. */
  private renew(
    known: Member,
    { member, mark, nonce, group }: Pick<Beat, 'member' | 'mark' | 'nonce' | 'group'>,
    nowMs: number,
  ): void {
    const { address } = known
    if (!isAt(known.line, 0, member) || !isAt(known.line, MEMBER_ID_BYTES, mark))
      known.line = encodeLine({ member, mark, address })
    known.nonce.set(nonce)
    if (!isFresh(known, nowMs)) {
      known.cookie = this.cookies.make(address, group, nowMs)
      known.cookieMs = nowMs
    }
    known.heardMs = nowMs
    this.byAge.delete(known)
    this.byAge.add(known)
  }

  private hasRoom(members: ReadonlyMap<Address, Member> | undefined): boolean {
    if (this.byAge.size >= MEMBERS_MAX) return false
    return members === undefined ? this.groups.size < GROUPS_MAX : members.size < MEMBERS_PER_GROUP_MAX
  }

  /** Their addresses have proved themselves. */
  private tell(members: Iterable<Member>, line: MemberLine): void {
    for (const { nonce, address } of members) this.send(address, { type: 'joined', nonce, line })
  }

  private answer({ group, address, cookie }: Member, { nonce, member }: Beat): void {
    const lines: Uint8Array[] = []
    for (const { line } of this.groups.get(group)!.values()) if (!isAt(line, 0, member)) lines.push(line)
    const pages = Math.max(1, Math.ceil(lines.length / LINES_PER_PAGE))
    for (let page = 0; page < pages; page++) {
      const part = lines.slice(page * LINES_PER_PAGE, (page + 1) * LINES_PER_PAGE)
      this.put(address, encodeMembers({ nonce, cookie, page, pages }, part, this.options.crc32))
    }
  }

  private handleLeave(from: Address, { group, cookie }: Leave, nowMs: number): void {
    const member = this.groups.get(hexOf(group))?.get(from)
    if (member !== undefined && this.cookies.isValid(cookie, from, group, nowMs)) this.forget(member)
  }

  private forget(member: Member): void {
    this.byAge.delete(member)
    const members = this.groups.get(member.group)
    members?.delete(member.address)
    if (members?.size === 0) this.groups.delete(member.group)
  }

  private send(to: Address, datagram: FromTracker): void {
    this.put(to, encodeDiscovery(datagram, this.options.crc32))
  }

  private put(to: Address, bytes: Uint8Array): void {
    if (this.outbox.length - this.outboxHead < TRACKER_OUTBOX_MAX) this.outbox.push({ to, bytes })
  }
}

/** Whether its cookie holds for long enough to be given again. */
function isFresh({ cookieMs }: Member, nowMs: number): boolean {
  return nowMs - cookieMs < TRACKER_COOKIE_PERIOD_MS
}

function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let index = 0; index < part.length; index++) if (bytes[at + index] !== part[index]) return false
  return true
}
