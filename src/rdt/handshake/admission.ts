// Whether a handshake that has agreed may become a session, and which refusals the caller was told of already. One per
// endpoint, shared by both sides of the handshake.

import type { Address, RefusalReason } from '../api.js'
import { STRANGERS_MAX } from '../limits.js'
import type { Agreement } from '../protection.js'
import type { HandshakeHost } from './handshake-host.js'

export class Admission {
  /** The last reason told, for each address that is refused or refuses us: STRANGERS_MAX at most. */
  private readonly refusals = new Map<Address, RefusalReason>()
  /** Keys that were told to have enough sessions: STRANGERS_MAX at most. */
  private readonly crowded = new Set<string>()

  constructor(private readonly host: HandshakeHost) {}

  /** Tells once for each key that it has as many sessions as it may. */
  hasRoom(agreement: Agreement, address: Address): boolean {
    const { sessions } = this.host
    if (sessions.isFull) return false
    if (sessions.hasRoomFor(agreement, address)) return true
    const { fingerprint } = agreement
    if (fingerprint !== undefined && !this.crowded.has(fingerprint) && this.crowded.size < STRANGERS_MAX) {
      this.crowded.add(fingerprint)
      this.host.emit({ type: 'crowded', address, fingerprint })
    }
    return false
  }

  isRefused(address: Address): boolean {
    return this.refusals.has(address)
  }

  /** Emits 'refused' where this reason is news of this address. */
  handleRefused(address: Address, agent: string, wireVersion: number, reason: RefusalReason): void {
    if (this.refusals.get(address) === reason || this.refusals.size >= STRANGERS_MAX) return
    this.refusals.set(address, reason)
    this.host.emit({ type: 'refused', address, agent, wireVersion, reason })
  }

  /** A session with this address exists: a later refusal is news again. */
  handleSettled(address: Address): void {
    this.refusals.delete(address)
  }
}
