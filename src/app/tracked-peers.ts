// Addresses of peers that trackers told and that no person named. They are called like those of --ip, and that is all: whoever answers is let in
// by its key or the shared secret, never because of where it is. Used by Peer.

import { hexOf } from '../base/bytes.js'
import type { EngineEvent } from '../engine/engine.js'
import type { Address } from '../rdt/endpoint.js'
import type { GroupKeys } from '../seal/group-keys.js'
import { TRACKED_MAX, TRACKED_PER_SOURCE_MAX } from './limits.js'
import type { FoundFacts } from './status-book.js'

export interface TrackedPeersHost {
  /** Whether a person named it: then it is called anyhow. */
  isNamed(address: Address): boolean
  /** Whether it is ours, or one that our socket cannot reach. */
  isUnusable(address: Address): boolean
  connect(address: Address): void
  disconnect(address: Address): void
}

/** One machine, as far as its sources tell: it may have several addresses. */
export interface FoundMachine {
  readonly addresses: readonly Address[]
  /** The id that its sources know it by; undefined where they know its address only. */
  readonly member: string | undefined
}

interface Found {
  /** Who named it; none where it is kept for its session alone. */
  readonly sources: Set<string>
  member: string | undefined
}

export class TrackedPeers {
  private readonly found = new Map<Address, Found>()
  /** How many each source has named. */
  private readonly counts = new Map<string, number>()
  private readonly connected = new Set<Address>()

  constructor(private readonly host: TrackedPeersHost) {}

  has(address: Address): boolean {
    return this.found.has(address)
  }

  /** Addresses with the same `member` are of one machine. Nothing beyond TRACKED_PER_SOURCE_MAX and TRACKED_MAX. */
  add(address: Address, source: string, member?: string): void {
    const { host } = this
    const known = this.found.get(address)
    if (known !== undefined && member !== undefined) known.member = member
    if (known?.sources.has(source) || host.isUnusable(address)) return
    const count = this.counts.get(source) ?? 0
    if (count >= TRACKED_PER_SOURCE_MAX || (known === undefined && this.found.size >= TRACKED_MAX)) return
    this.counts.set(source, count + 1)
    if (known !== undefined) {
      known.sources.add(source)
      return
    }
    this.found.set(address, { sources: new Set([source]), member })
    if (!host.isNamed(address)) host.connect(address)
  }

  /** This source does not name it any more. One that is connected stays until it is not. */
  remove(address: Address, source: string): void {
    const known = this.found.get(address)
    if (known === undefined || !known.sources.delete(source)) return
    this.counts.set(source, this.counts.get(source)! - 1)
    if (known.sources.size === 0 && !this.connected.has(address)) this.forget(address)
  }

  handle(event: EngineEvent): void {
    if (event.event === 'connected') this.connected.add(event.address)
    else if (event.event === 'disconnected') {
      this.connected.delete(event.address)
      if (this.found.get(event.address)?.sources.size === 0) this.forget(event.address)
    }
  }

  /** All that sources name now, or that are connected, but for those that a person named. */
  machines(): FoundMachine[] {
    const byMember = new Map<string, Address[]>()
    const machines: FoundMachine[] = []
    for (const [address, { member }] of this.found) {
      if (this.host.isNamed(address)) continue
      const others = member === undefined ? undefined : byMember.get(member)
      if (others !== undefined) {
        others.push(address)
        continue
      }
      const addresses = [address]
      machines.push({ addresses, member })
      if (member !== undefined) byMember.set(member, addresses)
    }
    return machines
  }

  private forget(address: Address): void {
    this.found.delete(address)
    if (!this.host.isNamed(address)) this.host.disconnect(address)
  }
}

/** For the status: `groups` tell whether a member is a peer of this id. */
export function factsOf({ addresses, member }: FoundMachine, groups: readonly GroupKeys[]): FoundFacts {
  return { addresses, isPeer: (peer) => groups.some(({ memberOf }) => hexOf(memberOf(peer)) === member) }
}
