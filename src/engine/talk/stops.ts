// Stops of the exchange with peers, as far as they come from here: a person paused it with all peers or with some, or our disk is full.
// Talk tells the peers.

import type { Stop } from '../../ecp/path-message.js'
import type { Address } from '../../rdt/endpoint.js'
import { PAUSED_PEERS_MAX } from './limits.js'

/** Peers by id, and by address where none was met there. */
export interface PauseTarget {
  readonly peers: readonly string[]
  readonly addresses: readonly Address[]
}

export class Stops {
  private all = false
  private full = false
  private readonly peers = new Set<string>()
  private readonly addresses = new Set<Address>()

  get isAllPaused(): boolean {
    return this.all
  }

  /** Paused one by one. */
  get paused(): PauseTarget {
    return { peers: [...this.peers], addresses: [...this.addresses] }
  }

  /** Answers false where as many are paused as may be, one by one. */
  pause(whom: PauseTarget | 'all'): boolean {
    if (whom === 'all') {
      this.all = true
      return true
    }
    const { peers, addresses } = whom
    if (this.peers.size + this.addresses.size + peers.length + addresses.length > PAUSED_PEERS_MAX)
      return false
    for (const peer of peers) this.peers.add(peer)
    for (const address of addresses) this.addresses.add(address)
    return true
  }

  /** Of all those too that were paused one by one. */
  resume(whom: PauseTarget | 'all'): void {
    if (whom === 'all') {
      this.all = false
      this.peers.clear()
      this.addresses.clear()
      return
    }
    for (const peer of whom.peers) this.peers.delete(peer)
    for (const address of whom.addresses) this.addresses.delete(address)
  }

  setFull(isFull: boolean): void {
    this.full = isFull
  }

  isPaused(peer: string, address?: Address): boolean {
    return this.all || this.peers.has(peer) || (address !== undefined && this.addresses.has(address))
  }

  /** What this peer is to be told. */
  stopFor(peer: string, address: Address): Stop | undefined {
    if (this.isPaused(peer, address)) return 'paused'
    return this.full ? 'full' : undefined
  }
}
