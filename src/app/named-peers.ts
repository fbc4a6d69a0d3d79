// Finds the addresses of the peers of --ip, and remembers them: who speaks from another address, or another port, is a
// stranger. Used by Peer.

import { formatAddress, parseAddress } from '../io/net/address.js'
import { isHere, isOwnAddress, ownHosts, resolveHost } from '../io/net/interfaces.js'
import type { Address } from '../rdt/endpoint.js'
import { OWN_ADDRESSES_LOOK_MS, RESOLVE_RETRY_MS } from './limits.js'
import type { PeerAddress, PeerOptions } from './options.js'
import { OwnAddressNotes } from './own-address-notes.js'
import type { Reporter } from './reporter.js'

export interface NamedPeersOptions {
  readonly options: PeerOptions
  readonly reporter: Reporter
  /** An address was found that was not known before. */
  readonly onAddress: (address: Address) => void
  /** It is this machine's own from now on. */
  readonly onOwn: (address: Address) => void
  /** All names were asked once more. */
  readonly onResolved: () => void
}

export class NamedPeers {
  private readonly addresses = new Set<Address>()
  /** By address of --ip. */
  private readonly byText = new Map<string, Set<Address>>()
  private readonly selves = new Set<string>()
  /** What each name of --ip meant when it was asked last. */
  private readonly hosts = new Map<PeerAddress, readonly string[]>()
  private readonly notes: OwnAddressNotes
  private looking: NodeJS.Timeout | undefined
  private isBindGone = false
  private ownPort = 0
  private retry: NodeJS.Timeout | undefined
  private isStopped = false

  constructor(private readonly host: NamedPeersOptions) {
    this.notes = new OwnAddressNotes(host.options.share)
  }

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

  /** The address of --bind, where this machine does not have it any more. */
  get bindGone(): string | undefined {
    return this.isBindGone ? this.host.options.bind : undefined
  }

  start(ownPort: number): void {
    this.ownPort = ownPort
    void this.resolveAll()
    this.looking = setInterval(() => this.look(), OWN_ADDRESSES_LOOK_MS)
  }

  stop(): void {
    this.isStopped = true
    clearTimeout(this.retry)
    clearInterval(this.looking)
  }

  /** A peer was met at this address: it is not this machine's. */
  handleMet(address: Address): void {
    const host = this.addresses.has(address) ? parseAddress(address)?.host : undefined
    if (host !== undefined) this.notes.remove(host)
  }

  /** This machine's addresses may have changed. */
  private look(): void {
    const { options, reporter } = this.host
    const isGone = !isHere(options.bind)
    if (isGone && !this.isBindGone)
      reporter.say({
        event: 'note',
        message: `this machine does not have ${options.bind} any more, the address of --bind: nobody is reached until it has, or left is started again without`,
      })
    this.isBindGone = isGone
    for (const [peer, hosts] of this.hosts) for (const host of hosts) this.settle(peer, host)
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
    const { reporter } = this.host
    const hosts = await resolveHost(peer.host)
    if (this.isStopped) return true
    if (hosts.length === 0) {
      reporter.waiting(peer.text, 'no address is known for this name: check its spelling', 'name-unknown')
      return false
    }
    this.hosts.set(peer, hosts)
    for (const host of hosts) this.settle(peer, host)
    return true
  }

  /** Whether it is this peer itself may change while it runs. */
  private settle(peer: PeerAddress, host: string): void {
    const address = formatAddress(host, peer.port)
    const isOwn = isOwnAddress(
      { host, port: peer.port },
      { bind: this.host.options.bind, port: this.ownPort },
    )
    if (isOwn) this.addOwn(peer, host, address)
    else this.addOther(peer, host, address)
  }

  private addOwn({ text }: PeerAddress, host: string, address: Address): void {
    this.host.reporter.once(`own ${address}`, {
      event: 'note',
      message: `${text} is this peer itself; ignored`,
    })
    this.notes.add(host)
    this.selves.add(text)
    this.byText.get(text)?.delete(address)
    if (this.byText.get(text)?.size === 0) this.byText.delete(text)
    if (this.addresses.delete(address)) this.host.onOwn(address)
  }

  private addOther({ text }: PeerAddress, host: string, address: Address): void {
    const { reporter, onAddress } = this.host
    const ofText = this.byText.get(text) ?? new Set()
    if (ofText.has(address)) return
    reporter.name(address, text)
    this.byText.set(text, ofText.add(address))
    // Nobody else is to be blamed for not answering there.
    if (this.notes.has(host)) reporter.waiting(text, goneWords(this.host.options.bind), 'own-address-gone')
    if (this.addresses.has(address)) return
    this.addresses.add(address)
    onAddress(address)
  }
}

function goneWords(bind: string | undefined): string {
  const now = bind ?? ownHosts().join(', ')
  return `this machine had this address itself, and has ${now === '' ? 'none' : now} now: name that on the other machines, in place of this one`
}
