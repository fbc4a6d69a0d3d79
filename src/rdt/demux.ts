// The demultiplexer: finds whose each datagram is, whether it may come, and who takes it. Segments that came together are
// handled by runs (segment-batch.ts), all else one by one. One per endpoint.

import type { Address, Caller, CloseReason, EndpointCounters, EndpointEvent, EndpointOptions } from './api.js'
import type { Handshake } from './handshake/handshake.js'
import { CALLER_MS, CALLERS_MAX, RESETS_PER_S_MAX, STRANGERS_MAX } from './limits.js'
import { RateLimit } from './rate-limit.js'
import type { Session } from './session/session.js'
import type { SessionTable } from './session/sessions.js'
import { DatagramType, decodeControl, decodeFields, encodeControl, type WireSession } from './wire/control.js'
import { decodeRequest } from './wire/request.js'
import { sessionOf } from './wire/segment.js'
import { SegmentBatch } from './wire/segment-batch.js'

export interface DemuxHost {
  readonly options: EndpointOptions
  readonly sessions: SessionTable
  readonly handshake: Handshake
  readonly counters: EndpointCounters
  emit(event: EndpointEvent): void
  send(to: Address, bytes: Uint8Array): void
  /** Both sides know of the session; it may be over afterwards. */
  settle(session: Session, nowMs: number): void
  /** The other side speaks in the session that was to take the place of another. */
  handleRenewed(session: Session, nowMs: number): void
  /** The other side knows already. */
  closeSession(session: Session, reason: CloseReason, nowMs: number): void
}

/** Datagrams that are sent before there is a session, or because there is none. */
const UNPROTECTED: ReadonlySet<number | undefined> = new Set([
  DatagramType.hello,
  DatagramType.cookie,
  DatagramType.open,
  DatagramType.accept,
  DatagramType.refuse,
  DatagramType.reset,
])

export class Demux {
  private readonly run = new SegmentBatch()
  private readonly strangers = new Map<Address, 'unknown' | 'calls'>()
  private readonly calls = new Map<Address, Caller & { lastMs: number }>()
  /** Addresses that are not admitted and were known once; the oldest are forgotten. */
  private readonly introduced = new Set<Address>()
  private readonly resets = new RateLimit(RESETS_PER_S_MAX)

  constructor(private readonly host: DemuxHost) {}

  /** Datagrams end to end, each `datagramBytes` long but the last, which may be shorter. */
  handleDatagrams(from: Address, bytes: Uint8Array, datagramBytes: number, nowMs: number): void {
    const { run } = this
    const { counters } = this.host
    const isAdmitted = this.host.options.admit(from)
    let at = 0
    do {
      const isRun = run.read(bytes, at, datagramBytes)
      const count = isRun ? run.count : 1
      const end = isRun ? run.end : Math.min(bytes.length, at + datagramBytes)
      counters.datagramsIn += count
      counters.bytesIn += end - at
      const isKnown = isAdmitted || this.isKnown(from, bytes.subarray(at, end), nowMs)
      if (!isAdmitted && isKnown) this.handleIntroduced(from)
      if (!isKnown) this.handleStranger(from, bytes.subarray(at, end), count, nowMs)
      else if (isRun) counters.dropped += this.handleSegments(from, run, end - at, nowMs)
      else if (!this.handleAdmitted(from, bytes.subarray(at, end), nowMs)) counters.dropped++
      at = end
    } while (at < bytes.length)
  }

  /** Those who say hello and are not admitted, as far as there is room to remember them. */
  *callers(nowMs: number): Iterable<Caller> {
    for (const { address, agent, lastMs } of this.calls.values())
      if (nowMs - lastMs <= CALLER_MS && !this.host.options.admit(address)) yield { address, agent }
  }

  /** A datagram that came before its session was known to be open. */
  handleEarly(from: Address, bytes: Uint8Array, nowMs: number): void {
    this.handleAdmitted(from, bytes, nowMs)
  }

  /** A peer that has a session, or shows that it knows us, is known wherever it is. Nobody else is even answered. */
  private isKnown(from: Address, bytes: Uint8Array, nowMs: number): boolean {
    if (this.host.options.protection.suite === 'plain') return false
    if (!UNPROTECTED.has(bytes[0])) {
      const wire = sessionOf(bytes)
      return wire !== undefined && this.host.sessions.ofWire(from, wire.high, wire.low) !== undefined
    }
    const decoded = decodeControl(bytes, this.host.options.crc32)
    if (!decoded.ok || 'session' in decoded.value) return false
    return this.host.handshake.isIntroduced(from, decoded.value, nowMs)
  }

  private handleIntroduced(from: Address): void {
    if (this.introduced.has(from)) return
    this.introduced.add(from)
    if (this.introduced.size > STRANGERS_MAX) this.introduced.delete(this.introduced.values().next().value!)
  }

  private handleStranger(from: Address, bytes: Uint8Array, datagramCount: number, nowMs: number): void {
    this.host.counters.strangers += datagramCount
    // Its session is over, and what was still on its way is of no account.
    if (this.introduced.has(from)) return
    const told = this.strangers.get(from)
    if (told === undefined && this.strangers.size >= STRANGERS_MAX) return
    const agent = bytes[0] === DatagramType.hello ? this.callerAt(from, bytes, nowMs) : undefined
    const is = agent === undefined ? 'unknown' : 'calls'
    if (told === 'calls' || told === is) return
    this.strangers.set(from, is)
    this.host.emit({ type: 'stranger', address: from, agent })
  }

  /** The program that says hello; undefined for what is no hello, of whatever version. */
  private callerAt(address: Address, bytes: Uint8Array, nowMs: number): string | undefined {
    const known = this.calls.get(address)
    if (known !== undefined) {
      known.lastMs = nowMs
      return known.agent
    }
    const decoded = decodeControl(bytes, this.host.options.crc32)
    if (!decoded.ok || decoded.value.type !== 'hello') return undefined
    const { agent } = decoded.value
    for (const [each, { lastMs }] of this.calls) if (nowMs - lastMs > CALLER_MS) this.calls.delete(each)
    if (this.calls.size < CALLERS_MAX) this.calls.set(address, { address, agent, lastMs: nowMs })
    return agent
  }

  /** Anything but good segments. Answers false for what is dropped. */
  private handleAdmitted(from: Address, bytes: Uint8Array, nowMs: number): boolean {
    const type = bytes[0]
    if (type === DatagramType.segment) return false
    if (type === DatagramType.request) {
      const session = this.sessionOf(from, bytes, nowMs)
      const fields = session?.facts.protection.datagrams.open(bytes)
      const request = fields && decodeRequest(fields)
      if (session === undefined || !request?.ok || !this.hear(session, bytes.length, nowMs)) return false
      session.handleRequest(request.value)
      return true
    }
    if (!UNPROTECTED.has(type)) return this.handleProtected(from, bytes, nowMs)
    const decoded = decodeControl(bytes, this.host.options.crc32)
    if (!decoded.ok) return false
    const control = decoded.value
    switch (control.type) {
      case 'hello':
      case 'cookie':
      case 'open':
      case 'accept':
      case 'refuse':
        return this.host.handshake.handleControl(from, control, bytes.length, nowMs)
      case 'reset':
        return this.handleReset(from, control.session, nowMs)
      default:
        return false
    }
  }

  /** A control datagram of a session. */
  private handleProtected(from: Address, bytes: Uint8Array, nowMs: number): boolean {
    const session = this.sessionOf(from, bytes, nowMs)
    const fields = session?.facts.protection.datagrams.open(bytes)
    const decoded = fields && decodeFields(fields)
    if (session === undefined || !decoded?.ok) return false
    const control = decoded.value
    if (!('session' in control) || control.type === 'reset') return false
    if (control.type === 'bye') {
      this.host.closeSession(session, 'bye', nowMs)
      return true
    }
    return this.hear(session, bytes.length, nowMs) && session.handleControl(control, nowMs)
  }

  /** Answers how many of them are dropped. */
  private handleSegments(from: Address, run: SegmentBatch, bytes: number, nowMs: number): number {
    const { sessionHigh, sessionLow } = run.header
    const session = this.host.sessions.ofWire(from, sessionHigh, sessionLow)
    if (session === undefined) {
      this.answerUnknown(from, { high: sessionHigh, low: sessionLow }, nowMs)
      return run.count
    }
    // The header of a segment proves nothing: it neither settles a sealed session nor keeps it alive.
    if (session.facts.protection.isSealed) session.bytesReceived += bytes
    else if (!this.hear(session, bytes, nowMs)) return run.count
    return session.isSettled ? session.puller.handleSegments(run, nowMs) : run.count
  }

  /** The session that a datagram claims to belong to. */
  private sessionOf(from: Address, bytes: Uint8Array, nowMs: number): Session | undefined {
    const wire = sessionOf(bytes)
    const session = wire && this.host.sessions.ofWire(from, wire.high, wire.low)
    if (session === undefined && wire !== undefined && !this.host.handshake.keepsEarly(from, wire, bytes))
      this.answerUnknown(from, wire, nowMs)
    return session
  }

  /** A datagram that surely came from the other side settles a pending session. Answers whether the session goes on. */
  private hear(session: Session, bytes: number, nowMs: number): boolean {
    session.bytesReceived += bytes
    session.handleHeard(nowMs)
    if (!session.isSettled) this.host.settle(session, nowMs)
    if (session.renews !== undefined) this.host.handleRenewed(session, nowMs)
    return this.host.sessions.get(session.facts.id) === session
  }

  /** A session that is not known here is one of a process that was: telling so ends it at once over there. */
  private answerUnknown(from: Address, wire: WireSession, nowMs: number): void {
    if (!this.resets.take(nowMs)) return
    this.host.send(from, encodeControl({ type: 'reset', session: wire }, this.host.options.crc32))
  }

  private handleReset(from: Address, remote: WireSession, nowMs: number): boolean {
    const session = this.host.sessions.ofRemote(from, remote)
    // Anybody who overhears a session can send this. A sealed one asks the other side itself before it believes it.
    if (session?.facts.protection.isSealed) session.handleReset(nowMs)
    else if (session !== undefined) this.host.closeSession(session, 'replaced', nowMs)
    return session !== undefined
  }
}
