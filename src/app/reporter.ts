// Turns what the engine tells into what the person is told: rates and times are added, addresses get the names that
// the person gave them, and what is said once is said once.

import { WIRE_VERSION } from '../base/limits.js'
import { CALLER_REMEDY, callerWords } from '../control/reason-words.js'
import type { EngineEvent } from '../engine/engine.js'
import type { Address } from '../rdt/endpoint.js'
import { SESSIONS_PER_KEY_MAX } from '../rdt/limits.js'
import type { PeerEvent } from './events.js'
import { advance, type Rate } from './rate.js'
import { Totals } from './totals.js'

const NO_ANSWER = 'no answer yet: left must run there, with this machine in its --ip and its UDP port open'
const NO_ANSWER_FOUND =
  'no answer yet from where it was found: it may have left, or what is between lets nothing through'

export class Reporter {
  private readonly onEvent: (event: PeerEvent) => void
  private readonly names = new Map<Address, string>()
  private readonly said = new Set<string>()
  private readonly rates = new Map<string, Rate>()
  private readonly totals = new Totals()
  private reading: Rate | undefined

  /** `isFound`: whether the address is one that no person named. */
  constructor(
    onEvent: (event: PeerEvent) => void,
    private readonly isFound: (address: Address) => boolean = () => false,
  ) {
    this.onEvent = onEvent
  }

  say(event: PeerEvent): void {
    this.onEvent(event)
  }

  once(key: string, event: PeerEvent): void {
    if (this.said.has(key)) return
    this.said.add(key)
    this.onEvent(event)
  }

  /** The address is shown as the person wrote it. */
  name(address: Address, text: string): void {
    this.names.set(address, text)
  }

  waiting(
    address: string,
    reason: string,
    code: 'not-reached' | 'name-unknown' | 'own-address-gone' = 'not-reached',
  ): void {
    this.once(`waiting ${address}`, { event: 'waiting', address, reason, code })
  }

  handle(event: EngineEvent, nowMs: number): void {
    switch (event.event) {
      case 'waiting':
        if (event.answers)
          this.once(`refuses ${event.address}`, {
            event: 'waiting',
            address: this.nameOf(event.address),
            reason:
              'it answers but does not let this peer in: it may not trust our key, which left identity shows; its screen says why',
            code: 'not-let-in',
          })
        else
          this.waiting(this.nameOf(event.address), this.isFound(event.address) ? NO_ANSWER_FOUND : NO_ANSWER)
        break
      case 'connected':
        this.said.delete(`waiting ${this.nameOf(event.address)}`)
        this.said.delete(`refuses ${event.address}`)
        this.say({
          ...event,
          address: this.nameOf(event.address),
          fingerprint: event.fingerprint ?? null,
        })
        break
      case 'disconnected':
        this.say({
          ...event,
          address: this.nameOf(event.address),
          reason: REASONS[event.reason] ?? event.reason,
        })
        break
      case 'refused': {
        const reason = refusalOf(event)
        this.once(`refused ${event.address} ${reason}`, {
          event: 'refused',
          address: this.nameOf(event.address),
          reason,
        })
        break
      }
      case 'cloned':
        this.say({
          event: 'refused',
          address: event.addresses.map((address) => this.nameOf(address)).join(' and '),
          reason: `two machines run with the replica id ${event.peer}: ${CLONE_REMEDY}. Neither is let in until one of them is left`,
        })
        break
      case 'crowded':
        this.say({
          event: 'refused',
          address: this.nameOf(event.address),
          reason:
            `its key ${event.fingerprint} has ${SESSIONS_PER_KEY_MAX} sessions with this peer, which is as many as one key may have; ` +
            'give machines identities of their own, with --identity',
        })
        break
      case 'stranger':
        this.once(`stranger ${event.address} ${event.agent !== undefined}`, {
          event: 'note',
          message:
            event.agent === undefined
              ? `${event.address} is neither in --ip nor found by a tracker; what it sends is dropped`
              : `${callerWords(event.address, event.agent)}: ${CALLER_REMEDY}`,
        })
        break
      case 'in-step':
        this.say({ ...event, address: this.nameOf(event.address) })
        break
      case 'progress':
        this.progress(event.path, event.sizeBytes, event.doneBytes, nowMs)
        break
      case 'work':
        this.sayTotals(this.totals.handleWork(event, nowMs))
        break
      case 'reading':
        this.reading = advance(this.reading, event.bytes, nowMs)
        this.say({ ...event, bytesPerS: Math.round(this.reading.bytesPerS) })
        if (event.isOver) this.reading = undefined
        break
      case 'scanned':
        this.say({ ...event, durationMs: Math.round(event.durationMs) })
        break
      case 'fetching':
        this.totals.handleFetching(event.path, event.resumedBytes + event.reusedBytes)
        this.say(event)
        break
      case 'received':
        this.rates.delete(event.path)
        this.totals.handleEnd(event.path)
        this.say({ ...event, durationMs: Math.round(event.durationMs) })
        break
      case 'receipt':
        this.say(rounded(event))
        break
      case 'abandoned':
        this.rates.delete(event.path)
        this.totals.handleEnd(event.path)
        this.say(event)
        break
      default:
        this.say(event)
        break
    }
  }

  private progress(path: string, sizeBytes: number, doneBytes: number, nowMs: number): void {
    const rate = advance(this.rates.get(path), doneBytes, nowMs)
    this.rates.set(path, rate)
    const etaMs = rate.bytesPerS > 0 ? Math.round(((sizeBytes - doneBytes) / rate.bytesPerS) * 1000) : null
    this.say({
      event: 'progress',
      path,
      bytes: sizeBytes,
      doneBytes,
      bytesPerS: Math.round(rate.bytesPerS),
      etaMs,
    })
    this.sayTotals(this.totals.handleProgress(path, doneBytes, nowMs))
  }

  private sayTotals(totals: PeerEvent | undefined): void {
    if (totals !== undefined) this.say(totals)
  }

  /** As the person wrote it. */
  nameOf(address: Address): string {
    return this.names.get(address) ?? address
  }
}

const REASONS: Readonly<Record<string, string>> = {
  bye: 'it stopped',
  silent: 'nothing came from it any more',
  replaced: 'it started again',
  revoked: 'its key is not trusted any more',
  cloned: 'another machine has the same replica id',
  worn: 'the keys were used for long enough, and fresh ones did not come; the next session has some',
  local: 'we stopped',
}

/** Parts to a hundredth of a percent, times to a microsecond, the rest whole. */
function rounded(receipt: EngineEvent & { event: 'receipt' }): EngineEvent & { event: 'receipt' } {
  const to = (digits: number, value: number | null) => (value === null ? null : Number(value.toFixed(digits)))
  return {
    ...receipt,
    durationMs: Math.round(receipt.durationMs),
    bytesPerS: Math.round(receipt.bytesPerS),
    linkBytesPerS: to(0, receipt.linkBytesPerS),
    efficiency: to(4, receipt.efficiency),
    redundancy: to(4, receipt.redundancy),
    askedAgain: to(4, receipt.askedAgain),
    loss: to(4, receipt.loss),
    rttMs: to(3, receipt.rttMs),
    minRttMs: to(3, receipt.minRttMs),
  }
}

const CLONE_REMEDY =
  'one is a clone of the other, or its share a copy with .left in it; stop one of them, delete .left/replica there and start it again'

/** Anybody who reads the link can refuse in another's name: no person is to be talked out of anything by it. */
const CLAIM = 'a datagram that proves nothing claims that'

function refusalOf(event: EngineEvent & { event: 'refused' }): string {
  switch (event.reason) {
    case 'version':
      return `${CLAIM} it runs ${event.agent}, which speaks version ${event.wireVersion} of the protocol: ${ageOf(event.wireVersion)} than this one, which speaks version ${WIRE_VERSION}; if that is so, install the newer one on both; retrying`
    case 'same-peer':
      return 'it says that it has the same replica id as this share; if one was copied from the other, delete .left/replica on one of the two and start it again; retrying'
    case 'cloned':
      return `${CLAIM} another machine runs with the replica id of this share; if that is so, ${CLONE_REMEDY}; retrying`
    case 'encryption':
      return `${CLAIM} one of the two was started with --encryption no; if that is so, start that one again without it; retrying`
  }
}

function ageOf(wireVersion: number): string {
  return wireVersion < WIRE_VERSION ? 'older' : 'newer'
}
