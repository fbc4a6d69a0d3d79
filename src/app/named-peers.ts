// Finds the addresses of the peers of --ip, and remembers them: who speaks from another address, or another port, is a
// stranger. Used by Peer.

import { formatAddress, parseAddress } from '../io/net/address.js'
import { isOwnAddress, resolveHost } from '../io/net/interfaces.js'
import type { Address } from '../rdt/endpoint.js'
import { RESOLVE_RETRY_MS } from './limits.js'
import type { PeerAddress, PeerOptions } from './options.js'
import type { Reporter } from './reporter.js'

export interface NamedPeersOptions {
  readonly options: PeerOptions
  readonly reporter: Reporter
  /** An address was found that was not known before. */
  readonly onAddress: (address: Address) => void
  /** All names were asked once more. */
  readonly onResolved: () => void
}

export class NamedPeers {
  private readonly addresses = new Set<Address>()
  /** By address of --ip. */
  private readonly byText = new Map<string, Set<Address>>()
  private readonly selves = new Set<string>()
  private ownPort = 0
  private retry: NodeJS.Timeout | undefined
  private isStopped = false

  constructor(private readonly host: NamedPeersOptions) {}

  has(address: Address): boolean {
    return this.addresses.has(address)
  }

  /** Whether this peer itself listens there. */
  isOwn(address: Address): boolean {
    const hostPort = parseAddress(address)
    return (
      hostPort !== undefined && isOwnAddress(hostPort, { bind: this.host.options.bind, port: this.ownPort })
    )
  }

  /** The addresses that this one of --ip stands for, as far as they are known. */
  addressesOf(text: string): Iterable<Address> {
    return this.byText.get(text) ?? []
  }

  /** Whether this one of --ip is this peer itself, and nobody else. */
  isSelf(text: string): boolean {
    return this.selves.has(text) && !this.byText.has(text)
  }

  start(ownPort: number): void {
    this.ownPort = ownPort
    void this.resolveAll()
  }

  stop(): void {
    this.isStopped = true
    clearTimeout(this.retry)
  }

  /** Names may come to mean something later, or something else: they are asked again until they do. */
  private async resolveAll(): Promise<void> {
    const { options, reporter, onResolved } = this.host
    const unresolved: PeerAddress[] = []
    for (const peer of options.peers) if (!(await this.resolve(peer))) unresolved.push(peer)
    if (unresolved.length > 0 && !this.isStopped)
      this.retry = setTimeout(() => void this.resolveAll(), RESOLVE_RETRY_MS)
    const isFinding = options.discover || options.trackers.length > 0
    if (unresolved.length === 0 && this.addresses.size === 0 && !isFinding)
      reporter.once('alone', {
        event: 'note',
        message: 'there is no other machine in --ip: name one there',
      })
    onResolved()
  }

  private async resolve(peer: PeerAddress): Promise<boolean> {
    const { options, reporter, onAddress } = this.host
    const hosts = await resolveHost(peer.host)
    if (this.isStopped) return true
    if (hosts.length === 0) {
      reporter.waiting(peer.text, 'no address is known for this name: check its spelling', 'name-unknown')
      return false
    }
    for (const host of hosts) {
      const address = formatAddress(host, peer.port)
      if (isOwnAddress({ host, port: peer.port }, { bind: options.bind, port: this.ownPort })) {
        reporter.once(`own ${address}`, {
          event: 'note',
          message: `${peer.text} is this peer itself; ignored`,
        })
        this.selves.add(peer.text)
        continue
      }
      reporter.name(address, peer.text)
      const ofText = this.byText.get(peer.text) ?? new Set()
      this.byText.set(peer.text, ofText.add(address))
      if (this.addresses.has(address)) continue
      this.addresses.add(address)
      onAddress(address)
    }
    return true
  }
}
