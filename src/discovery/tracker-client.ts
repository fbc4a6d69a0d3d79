// A peer's side of the tracker protocol: heartbeats to all its trackers at once, for each group that it has the secret of. Performs
// no I/O. A tracker is believed in nothing but that a member of the group may be there: whom the peer talks to, it decides as ever.

import { earliest } from '../base/earliest.js'
import type { Random } from '../base/ports.js'
import type { Address } from '../rdt/api.js'
import type { Crc32 } from '../rdt/wire/control.js'
import type { Group } from './group.js'
import { LEAVES } from './limits.js'
import { type FoundEvent, Registration, type TrackerState } from './registration.js'
import { decodeDiscovery, encodeDiscovery, type ToTracker } from './wire.js'

export interface TrackerClientOptions {
  readonly groups: readonly Group[]
  readonly random: Random
  readonly crc32: Crc32
}

/** After each `handle*` or command, drain `pollEvent` and `pollDatagram` until they answer undefined, then ask
 *  `pollTimeout` when to call `handleTimeout`. */
export class TrackerClient {
  /** By address of the tracker, one for each group. */
  private readonly trackers = new Map<Address, readonly Registration[]>()
  private readonly outbox: { readonly to: Address; readonly bytes: Uint8Array }[] = []

  constructor(private readonly options: TrackerClientOptions) {}

  /** Nothing where it is one already. */
  addTracker(tracker: Address, nowMs: number): void {
    if (this.trackers.has(tracker)) return
    const { groups, random } = this.options
    const registrations = groups.map((group) => new Registration({ tracker, group, random }, nowMs))
    this.trackers.set(tracker, registrations)
  }

  has(tracker: Address): boolean {
    return this.trackers.has(tracker)
  }

  /** The least of what it is in its groups. */
  stateOf(tracker: Address): TrackerState {
    const states = (this.trackers.get(tracker) ?? []).map(({ state }) => state)
    return states.find((state) => state !== 'answers') ?? 'answers'
  }

  /** Addresses that it names. */
  foundBy(tracker: Address): ReadonlySet<Address> {
    const all = (this.trackers.get(tracker) ?? []).flatMap(({ addresses }) => [...addresses])
    return new Set(all)
  }

  /** Whatever the bytes hold, nothing throws. Answers false for what no tracker of ours may say. */
  handleDatagram(from: Address, bytes: Uint8Array, nowMs: number): boolean {
    const registrations = this.trackers.get(from)
    if (registrations === undefined) return false
    const decoded = decodeDiscovery(bytes, this.options.crc32)
    if (!decoded.ok || decoded.value.type === 'beat' || decoded.value.type === 'leave') return false
    for (const registration of registrations) this.send(from, registration.handle(decoded.value, nowMs))
    return true
  }

  handleTimeout(nowMs: number): void {
    for (const registrations of this.trackers.values())
      for (const registration of registrations) registration.handleTimeout(nowMs)
  }

  /** When `handleTimeout` is next due, on the caller's clock. */
  pollTimeout(): number | undefined {
    let dueMs: number | undefined
    for (const registrations of this.trackers.values())
      for (const registration of registrations) dueMs = earliest(dueMs, registration.pollTimeout())
    return dueMs
  }

  pollEvent(): FoundEvent | undefined {
    for (const registrations of this.trackers.values()) {
      for (const registration of registrations) {
        for (let event = registration.pollEvent(); event !== undefined; event = registration.pollEvent())
          if (event.type === 'found' || !this.isFoundBy(registrations, event.address)) return event
      }
    }
    return undefined
  }

  /** In another group of the same tracker, too. */
  private isFoundBy(registrations: readonly Registration[], address: Address): boolean {
    return registrations.some((registration) => registration.hasFound(address))
  }

  pollDatagram(nowMs: number): { readonly to: Address; readonly bytes: Uint8Array } | undefined {
    for (const [tracker, registrations] of this.trackers)
      for (const registration of registrations) this.send(tracker, registration.pollBeat(nowMs))
    return this.outbox.shift()
  }

  /** Says to all trackers that this peer ends. */
  close(): void {
    for (const [tracker, registrations] of this.trackers)
      for (const registration of registrations)
        for (let time = 0; time < LEAVES; time++) this.send(tracker, registration.leave())
    this.trackers.clear()
  }

  private send(to: Address, datagram: ToTracker | undefined): void {
    if (datagram !== undefined) this.outbox.push({ to, bytes: encodeDiscovery(datagram, this.options.crc32) })
  }
}
