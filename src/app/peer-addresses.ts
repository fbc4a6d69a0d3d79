// The addresses that a running peer calls, and why: a person named them, a tracker told them, or they were found on the local network.
// One that several reasons hold for is called until the last of them is gone. Used by Peer.

import type { Random } from '../base/ports.js'
import type { Status } from '../control/status.js'
import type { EngineEvent } from '../engine/engine.js'
import type { Address } from '../rdt/endpoint.js'
import { DEAF_NOTE, Discovery } from './discovery.js'
import { FoundPeers } from './found-peers.js'
import { NamedPeers } from './named-peers.js'
import type { PeerOptions } from './options.js'
import type { OpenProtection } from './protection.js'
import type { Reporter } from './reporter.js'
import type { FoundFacts } from './status-book.js'
import { factsOf, TrackedPeers } from './tracked-peers.js'
import { Trackers } from './trackers.js'

export interface PeerAddressesHost {
  readonly options: PeerOptions
  readonly reporter: Reporter
  readonly connect: (address: Address) => void
  /** Ends the attempts, and a session with it. */
  readonly disconnect: (address: Address) => void
  /** Whether there is a session with this address. */
  readonly isConnected: (address: Address) => boolean
  /** Whether our socket can send there. */
  readonly canReach: (address: Address) => boolean
  /** An address of this machine is gone. */
  readonly onMoved: () => void
  /** There may be something to send. */
  readonly onChange: () => void
}

/** Facts that are known once the socket is bound and the keys are open. */
export interface OpenFacts {
  readonly protection: OpenProtection
  readonly random: Random
  readonly port: number
  readonly hasIPv6: boolean
  readonly send: (to: Address, bytes: Uint8Array) => void
}

export class PeerAddresses {
  readonly named: NamedPeers
  private readonly tracked: TrackedPeers
  private readonly found: FoundPeers
  private opened: OpenFacts | undefined
  private trackers: Trackers | undefined
  private discovery: Discovery | undefined

  constructor(private readonly host: PeerAddressesHost) {
    const { options, reporter, connect, isConnected, onChange } = host
    this.named = new NamedPeers({
      options,
      reporter,
      onAddress: connect,
      onOwn: (address) => this.giveUp(address),
      onResolved: onChange,
    })
    this.tracked = new TrackedPeers({
      isNamed: (address) => this.named.has(address),
      isUnusable: (address) => !host.canReach(address) || this.named.isOwn(address),
      connect: (address) => {
        connect(address)
        onChange()
      },
      disconnect: (address) => this.giveUp(address),
    })
    this.found = new FoundPeers({
      isNamed: (address) => this.named.has(address) || this.tracked.has(address),
      isConnected,
      connect,
      disconnect: (address) => this.giveUp(address),
    })
  }

  has(address: Address): boolean {
    return this.named.has(address) || this.isUnnamed(address)
  }

  /** Whether somebody else than a person named it. */
  isUnnamed(address: Address): boolean {
    return !this.named.has(address) && (this.tracked.has(address) || this.found.has(address))
  }

  /** Whether it was found on the local network: nobody of the group said that there is a peer. */
  isFound(address: Address): boolean {
    return this.found.has(address) && !this.named.has(address) && !this.tracked.has(address)
  }

  open(facts: OpenFacts): void {
    const { options, reporter } = this.host
    const { protection, random, send } = facts
    const { peerId, groups } = protection
    this.opened = facts
    const { trackers } = options
    this.trackers = new Trackers({ trackers, groups, peerId, random, tracked: this.tracked, reporter, send })
  }

  start(): void {
    this.named.start(this.opened!.port)
    this.trackers!.start()
    if (this.host.options.discover) void this.discover(this.opened!)
  }

  /** Says goodbye to the trackers. */
  async stop(): Promise<void> {
    this.named.stop()
    this.trackers?.stop()
    await this.discovery?.stop()
  }

  /** Answers false for what is not of a tracker. */
  handleDatagrams(from: Address, bytes: Uint8Array, datagramBytes: number): boolean {
    return this.trackers!.handleDatagrams(from, bytes, datagramBytes)
  }

  handle(event: EngineEvent): void {
    this.tracked.handle(event)
    if (event.event === 'connected') this.named.handleMet(event.address)
  }

  /** Machines that trackers told. */
  trackedFacts(): FoundFacts[] {
    const groups = this.opened?.protection.groups ?? []
    return this.tracked.machines().map((machine) => factsOf(machine, groups))
  }

  trackerStatus(): Status['trackers'] {
    return this.trackers?.status() ?? []
  }

  private giveUp(address: Address): void {
    if (!this.tracked.has(address) && !this.found.has(address)) this.host.disconnect(address)
  }

  private async discover({ protection, random, port, hasIPv6 }: OpenFacts): Promise<void> {
    const { options, reporter, onChange, onMoved } = this.host
    this.discovery = new Discovery({
      port,
      bind: options.bind,
      ipv6: hasIPv6,
      ...protection.beacons,
      random,
      found: this.found,
      onFound: onChange,
      onMoved,
    })
    if (!(await this.discovery.start())) reporter.say({ event: 'note', message: DEAF_NOTE })
  }
}
