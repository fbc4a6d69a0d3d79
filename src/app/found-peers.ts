// Addresses that peers were found at without anybody having named them: a candidate each, that is called as those of --ip are and
// forgotten where nobody is met. To be found is no reason to be trusted (trust.ts). Used by Peer and by whatever finds peers.

import type { Address } from '../rdt/endpoint.js'
import { FOUND_MET_MS, FOUND_MS, FOUND_PEERS_MAX } from './limits.js'

export type FoundBy = keyof typeof FOUND_MS

export interface FoundPeersHost {
  /** Whether the address is called for another reason. */
  readonly isNamed: (address: Address) => boolean
  /** Whether there is a session with this address. */
  readonly isConnected: (address: Address) => boolean
  readonly connect: (address: Address) => void
  /** Ends the attempts. */
  readonly disconnect: (address: Address) => void
}

interface FoundPeer {
  endMs: number
  wasMet: boolean
}

export class FoundPeers {
  /** The one that was found, or met, longest ago first. */
  private readonly peers = new Map<Address, FoundPeer>()

  constructor(private readonly host: FoundPeersHost) {}

  has(address: Address): boolean {
    return this.peers.has(address)
  }

  /** Found, or found again. Nothing where all that are there are connected. */
  add(address: Address, by: FoundBy, nowMs: number): void {
    if (this.host.isNamed(address)) return
    const known = this.peers.get(address)
    const endMs = Math.max(known?.endMs ?? 0, nowMs + FOUND_MS[by])
    if (known === undefined && this.peers.size >= FOUND_PEERS_MAX && !this.makeRoom()) return
    this.put(address, { endMs, wasMet: known?.wasMet ?? false })
    if (known === undefined) this.host.connect(address)
  }

  remove(address: Address): void {
    if (this.peers.delete(address)) this.host.disconnect(address)
  }

  /** Forgets whom nobody was met at in time; call it every few seconds. */
  sweep(nowMs: number): void {
    for (const [address, { endMs }] of [...this.peers]) {
      if (this.host.isConnected(address)) this.put(address, { endMs: nowMs + FOUND_MET_MS, wasMet: true })
      else if (endMs <= nowMs) this.remove(address)
    }
  }

  private put(address: Address, peer: FoundPeer): void {
    this.peers.delete(address)
    this.peers.set(address, peer)
  }

  /** The oldest that was never met goes, else the oldest that is not connected. */
  private makeRoom(): boolean {
    const away = [...this.peers].filter(([address]) => !this.host.isConnected(address))
    const gone = away.find(([, { wasMet }]) => !wasMet) ?? away[0]
    if (gone === undefined) return false
    this.remove(gone[0])
    return true
  }
}
