// Decides when beacons go out and from which addresses, which of those that come are worth a call, and which neighbours get a
// hello although no beacon came of them. Performs no I/O: src/app/discovery.ts drains it into sockets, src/sim into the simulated
// network. Whoever is found is a candidate and no more: whether it may have a session, the handshake decides.
//
//   addresses ──▶ due at once, then after 1, 2, 4 … 30 s ──▶ pollBeacon
//   beacons   ──▶ malformed? own? flood? off link? wrong tag? again? ──▶ pollFound
//   neighbours ─▶ heard? greeted? ──▶ pollFound, once each

import { equalSecrets, hexOf } from '../base/bytes.js'
import { earliest } from '../base/earliest.js'
import type { Random } from '../base/ports.js'
import { RateLimit, RateLimits } from '../rdt/rate-limit.js'
import { type Beacon, decodeBeacon, encodeBeacon, taggedText } from './beacon.js'
import {
  BEACON_KEYS_MAX,
  BEACON_MS_FIRST,
  BEACON_MS_MAX,
  BEACON_NONCE_BYTES,
  BEACON_TAG_BYTES,
  BEACONS_PER_HOST_BURST,
  BEACONS_PER_HOST_PER_S_MAX,
  BEACONS_PER_S_MAX,
  FOUND_PER_S_MAX,
  FOUND_QUEUED_MAX,
  HEARD_HOSTS_MAX,
  HOSTS_COUNTED_MAX,
  NEIGHBOURS_MAX,
  NEIGHBOURS_MS_FIRST,
  NEIGHBOURS_MS_MAX,
  NEIGHBOURS_PER_LOOK_MAX,
  NONCES_REMEMBERED_MAX,
  OWN_ADDRESSES_MAX,
  OWN_NONCES_MAX,
} from './limits.js'
import { isOnLink, type OwnAddress } from './own-address.js'
import { Remembered } from './remembered.js'

export interface BeaconsOptions {
  /** UDP port of our sessions. */
  readonly port: number
  /** Port that neighbours are greeted at. */
  readonly neighbourPort: number
  /** Of the secrets that nobody can guess, BEACON_KEYS_MAX at most: beacons go out once for each. */
  readonly keys: readonly Uint8Array[]
  /** Whether a beacon without a right tag is worth a call: where peers may be known otherwise than by one of those secrets. */
  readonly takesAny: boolean
  readonly random: Random
  readonly hmac: (key: Uint8Array, text: Uint8Array) => Uint8Array
}

export interface OutgoingBeacon {
  readonly from: OwnAddress
  readonly bytes: Uint8Array
}

export interface Found {
  readonly host: string
  readonly port: number
  /** 'untagged': a beacon that anybody may have sent. */
  readonly source: 'beacon' | 'untagged' | 'neighbour'
}

/** Beacons that came, by what became of them. */
export interface BeaconCounters {
  received: number
  malformed: number
  own: number
  /** More than a host, or all together, may send. */
  flooding: number
  /** Of hosts that are on no link of ours. */
  offLink: number
  /** With the tag of another group, or of none. */
  strange: number
  repeated: number
  found: number
}

interface Sender {
  readonly address: OwnAddress
  waitMs: number
  dueAtMs: number
}

/** After each `handle*`, drain every `poll*` until it answers undefined. */
export class Beacons {
  readonly counters: BeaconCounters = {
    received: 0,
    malformed: 0,
    own: 0,
    flooding: 0,
    offLink: 0,
    strange: 0,
    repeated: 0,
    found: 0,
  }
  /** By host. */
  private readonly senders = new Map<string, Sender>()
  private readonly outgoing: OutgoingBeacon[] = []
  private readonly found: Found[] = []
  private readonly ownNonces = new Remembered(OWN_NONCES_MAX)
  private readonly nonces = new Remembered(NONCES_REMEMBERED_MAX)
  private readonly heard = new Remembered(HEARD_HOSTS_MAX)
  private readonly greeted = new Remembered(NEIGHBOURS_MAX)
  private readonly perHost = new RateLimits({
    perSecond: BEACONS_PER_HOST_PER_S_MAX,
    burst: BEACONS_PER_HOST_BURST,
    keysMax: HOSTS_COUNTED_MAX,
  })
  private readonly perSecond = new RateLimit(BEACONS_PER_S_MAX)
  private readonly foundPerSecond = new RateLimit(FOUND_PER_S_MAX)
  private lookWaitMs = NEIGHBOURS_MS_FIRST
  private lookAtMs: number | undefined
  private isLookDue = false

  constructor(private readonly options: BeaconsOptions) {
    if (options.keys.length > BEACON_KEYS_MAX) throw new Error(`${options.keys.length} keys are too many`)
  }

  /** The addresses that this machine has now. A new one sends at once, and neighbours are other ones from then on. */
  handleAddresses(addresses: readonly OwnAddress[], nowMs: number): void {
    const those = new Map(addresses.slice(0, OWN_ADDRESSES_MAX).map((address) => [address.host, address]))
    for (const host of this.senders.keys()) if (!those.has(host)) this.senders.delete(host)
    let isNew = false
    for (const [host, address] of those) {
      if (this.senders.has(host)) continue
      this.senders.set(host, { address, waitMs: BEACON_MS_FIRST, dueAtMs: nowMs })
      isNew = true
    }
    if (!isNew) return
    this.greeted.clear()
    this.lookWaitMs = NEIGHBOURS_MS_FIRST
    this.lookAtMs = nowMs + this.lookWaitMs
    // Whoever knew us by an address that is gone learns the new one, over every link.
    for (const sender of this.senders.values()) this.hurry(sender, nowMs)
    this.handleTimeout(nowMs)
  }

  /** `host` in the one spelling, IPv6 with '%zone'. Whatever `bytes` holds, nothing throws. */
  handleBeacon(host: string, bytes: Uint8Array, nowMs: number): void {
    const { counters } = this
    counters.received++
    const beacon = decodeBeacon(bytes)
    if (!beacon.ok) {
      counters.malformed++
      return
    }
    const name = hexOf(beacon.value.nonce)
    if (this.ownNonces.has(name)) counters.own++
    else if (!this.perHost.take(host, nowMs) || !this.perSecond.take(nowMs)) counters.flooding++
    else if (!isOnLink(host, this.addresses())) counters.offLink++
    else if (this.nonces.has(name)) counters.repeated++
    else this.judge(host, beacon.value, name, nowMs)
  }

  private judge(host: string, { port, nonce, tag }: Beacon, name: string, nowMs: number): void {
    const { counters } = this
    const { keys, takesAny } = this.options
    const isTagged = keys.some((key) => equalSecrets(this.tagOf(key, { port, nonce }), tag))
    if (!isTagged && !takesAny) counters.strange++
    else if (!this.foundPerSecond.take(nowMs) || this.found.length >= FOUND_QUEUED_MAX) counters.flooding++
    else {
      this.nonces.add(name)
      this.heard.add(host)
      counters.found++
      this.found.push({ host, port, source: isTagged ? 'beacon' : 'untagged' })
    }
  }

  /** Hosts of the system's neighbour table, after `pollLook`. */
  handleNeighbours(hosts: readonly string[]): void {
    let count = 0
    for (const host of hosts) {
      if (count >= NEIGHBOURS_PER_LOOK_MAX || this.greeted.size >= NEIGHBOURS_MAX) return
      if (this.found.length >= FOUND_QUEUED_MAX) return
      if (this.heard.has(host) || this.greeted.has(host) || this.senders.has(host)) continue
      this.greeted.add(host)
      this.found.push({ host, port: this.options.neighbourPort, source: 'neighbour' })
      count++
    }
  }

  /** When `handleTimeout` is next due, on the caller's clock. */
  pollTimeout(): number | undefined {
    let atMs = this.lookAtMs
    for (const { dueAtMs } of this.senders.values()) atMs = earliest(atMs, dueAtMs)
    return atMs
  }

  handleTimeout(nowMs: number): void {
    for (const sender of this.senders.values()) if (sender.dueAtMs <= nowMs) this.send(sender, nowMs)
    if (this.lookAtMs === undefined || this.lookAtMs > nowMs) return
    this.isLookDue = true
    this.lookWaitMs = Math.min(NEIGHBOURS_MS_MAX, 2 * this.lookWaitMs)
    this.lookAtMs = nowMs + this.lookWaitMs
  }

  pollBeacon(): OutgoingBeacon | undefined {
    return this.outgoing.shift()
  }

  pollFound(): Found | undefined {
    return this.found.shift()
  }

  /** True once where the neighbour table is wanted. */
  pollLook(): boolean {
    const { isLookDue } = this
    this.isLookDue = false
    return isLookDue
  }

  private *addresses(): Iterable<OwnAddress> {
    for (const { address } of this.senders.values()) yield address
  }

  private hurry(sender: Sender, nowMs: number): void {
    sender.waitMs = BEACON_MS_FIRST
    sender.dueAtMs = nowMs
  }

  /** Whatever was not taken of the beacons before is late and goes nowhere. */
  private send(sender: Sender, nowMs: number): void {
    const { keys, random, port } = this.options
    if (this.outgoing.length >= OWN_ADDRESSES_MAX * BEACON_KEYS_MAX) this.outgoing.length = 0
    for (const key of keys.length === 0 ? [undefined] : keys) {
      const nonce = random.bytes(BEACON_NONCE_BYTES)
      this.ownNonces.add(hexOf(nonce))
      const tag = key === undefined ? random.bytes(BEACON_TAG_BYTES) : this.tagOf(key, { port, nonce })
      this.outgoing.push({ from: sender.address, bytes: encodeBeacon({ port, nonce, tag }) })
    }
    sender.dueAtMs = nowMs + sender.waitMs * (0.75 + 0.5 * random.next())
    sender.waitMs = Math.min(BEACON_MS_MAX, 2 * sender.waitMs)
  }

  private tagOf(key: Uint8Array, named: { port: number; nonce: Uint8Array }): Uint8Array {
    return this.options.hmac(key, taggedText(named)).subarray(0, BEACON_TAG_BYTES)
  }
}
