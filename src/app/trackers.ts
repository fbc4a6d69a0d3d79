// The trackers of a running peer: finds their addresses, carries their datagrams over the peer's own socket, so that they see it
// where others can reach it, and hands on whom they name. Used by Peer.

import type { Random } from '../base/ports.js'
import type { TrackerStatus } from '../control/status.js'
import { TrackerClient } from '../discovery/tracker-client.js'
import { isDiscovery } from '../discovery/wire.js'
import { nowMs } from '../io/clock.js'
import { crc32 } from '../io/hash.js'
import { formatAddress } from '../io/net/address.js'
import { resolveHost } from '../io/net/interfaces.js'
import type { Address } from '../rdt/endpoint.js'
import type { GroupKeys } from '../seal/group-keys.js'
import { RESOLVE_RETRY_MS, TRACKER_ADDRESSES_MAX } from './limits.js'
import type { PeerAddress } from './options.js'
import type { Reporter } from './reporter.js'
import type { TrackedPeers } from './tracked-peers.js'

export interface TrackersHost {
  readonly trackers: readonly PeerAddress[]
  readonly groups: readonly GroupKeys[]
  readonly peerId: string
  readonly random: Random
  readonly tracked: TrackedPeers
  readonly reporter: Reporter
  send(to: Address, bytes: Uint8Array): void
}

export class Trackers {
  private readonly client: TrackerClient
  /** By tracker, as the person wrote it. */
  private readonly addresses = new Map<string, Set<Address>>()
  private readonly unresolved = new Set<string>()
  private retry: NodeJS.Timeout | undefined
  private timer: NodeJS.Timeout | undefined
  private isStopped = false

  constructor(private readonly host: TrackersHost) {
    const { peerId, random } = host
    const groups = host.groups.map(({ name, memberOf, mark }) => ({ name, member: memberOf(peerId), mark }))
    this.client = new TrackerClient({ groups, random, crc32 })
  }

  start(): void {
    if (this.host.trackers.length > 0) void this.resolveAll()
  }

  /** Says goodbye: the others are told of us no more. */
  stop(): void {
    this.isStopped = true
    clearTimeout(this.retry)
    clearTimeout(this.timer)
    this.client.close()
    this.send()
  }

  /** Datagrams end to end, each `datagramBytes` long but the last. Answers false for what is not of a tracker. */
  handleDatagrams(from: Address, bytes: Uint8Array, datagramBytes: number): boolean {
    if (!isDiscovery(bytes[0]) || !this.client.has(from)) return false
    for (let at = 0; at < bytes.length; at += datagramBytes)
      this.client.handleDatagram(from, bytes.subarray(at, at + datagramBytes), nowMs())
    this.drain()
    return true
  }

  /** One for each tracker, in the order of the command line. */
  status(): TrackerStatus[] {
    return this.host.trackers.map(({ text }) => {
      const addresses = [...(this.addresses.get(text) ?? [])]
      const names = new Set(addresses.flatMap((address) => [...this.client.foundBy(address)]))
      return { address: text, state: this.stateOf(text, addresses), peers: names.size }
    })
  }

  /** One that answers at one of its addresses answers. */
  private stateOf(text: string, addresses: readonly Address[]): TrackerStatus['state'] {
    if (addresses.length === 0) return this.unresolved.has(text) ? 'unknown' : 'asked'
    const states = addresses.map((address) => this.client.stateOf(address))
    return (
      (['answers', 'asked', 'full', 'version'] as const).find((state) => states.includes(state)) ?? 'silent'
    )
  }

  /** Names may come to mean something later, or something else: they are asked again until their tracker answers. */
  private async resolveAll(): Promise<void> {
    for (const tracker of this.host.trackers) await this.resolve(tracker)
    if (this.isStopped) return
    this.drain()
    this.retry = setTimeout(() => void this.resolveAll(), RESOLVE_RETRY_MS)
  }

  private async resolve({ host, port, text }: PeerAddress): Promise<void> {
    const known = this.addresses.get(text) ?? new Set()
    if (this.stateOf(text, [...known]) === 'answers') return
    const hosts = await resolveHost(host)
    if (this.isStopped) return
    if (hosts.length === 0 && known.size === 0) {
      this.unresolved.add(text)
      this.say(text, 'no address is known for this name: check its spelling')
    }
    for (const each of hosts) {
      const address = formatAddress(each, port)
      if (known.size >= TRACKER_ADDRESSES_MAX) break
      this.addresses.set(text, known.add(address))
      this.client.addTracker(address, nowMs())
    }
  }

  private drain(): void {
    const { client } = this
    const { tracked } = this.host
    client.handleTimeout(nowMs())
    for (let event = client.pollEvent(); event !== undefined; event = client.pollEvent()) {
      if (event.type === 'found') tracked.add(event.address, event.tracker, event.member)
      else tracked.remove(event.address, event.tracker)
    }
    this.send()
    for (const { address, state } of this.status()) {
      const words = STATE_WORDS[state]
      if (words !== undefined) this.say(address, words)
    }
    clearTimeout(this.timer)
    const dueMs = client.pollTimeout()
    if (dueMs !== undefined && !this.isStopped)
      this.timer = setTimeout(() => this.drain(), Math.max(0, dueMs - nowMs()))
  }

  private send(): void {
    const { client } = this
    for (let next = client.pollDatagram(nowMs()); next !== undefined; next = client.pollDatagram(nowMs()))
      this.host.send(next.to, next.bytes)
  }

  /** Once each: it is tried again all the time. */
  private say(text: string, reason: string): void {
    const message = `tracker ${text}: ${reason}; it is tried again all the time`
    this.host.reporter.once(`tracker ${text} ${reason}`, { event: 'note', message })
  }
}

const STATE_WORDS: { readonly [State in TrackerStatus['state']]?: string } = {
  silent: 'no answer: left tracker must run there, and its UDP port be open',
  full: 'it has no room for this group or peer',
  version: 'it speaks another version of the tracker protocol: install the newer left on both',
}
