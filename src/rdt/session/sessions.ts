// The sessions of an endpoint: by handle, by the id that datagrams to us carry, by address. Used by the endpoint
// and its handshake.

import type { Random } from '../../base/ports.js'
import { isVisitor } from '../../base/visitor.js'
import type { Address, SessionId } from '../api.js'
import { SESSIONS_MAX, SESSIONS_PER_KEY_MAX, VISITS_PER_KEY_MAX } from '../limits.js'
import type { WireSession } from '../wire/control.js'
import { SESSION_BYTES } from '../wire/limits.js'
import { u32At } from '../wire/segment.js'
import { SESSIONS_PER_PEER_MAX } from './limits.js'
import type { Session } from './session.js'

export class SessionTable {
  private readonly byId = new Map<SessionId, Session>()
  /** By the low half of the wire id, of which we see to it that no two are the same. */
  private readonly byLow = new Map<number, Session>()

  constructor(private readonly random: Random) {}

  get isFull(): boolean {
    return this.byId.size >= SESSIONS_MAX
  }

  get(id: SessionId): Session | undefined {
    return this.byId.get(id)
  }

  /** Those that are open now: the table may change meanwhile. */
  all(): Session[] {
    return [...this.byId.values()]
  }

  values(): IterableIterator<Session> {
    return this.byId.values()
  }

  add(session: Session): void {
    this.byId.set(session.facts.id, session)
    this.byLow.set(session.facts.local.low, session)
  }

  /** Lets the others go first from now on. */
  moveBack(session: Session): void {
    this.byId.delete(session.facts.id)
    this.byId.set(session.facts.id, session)
  }

  delete(session: Session): void {
    this.byId.delete(session.facts.id)
    this.byLow.delete(session.facts.local.low)
  }

  /** The session that a datagram belongs to: its id, and the address that it is bound to. */
  ofWire(from: Address, high: number, low: number): Session | undefined {
    const session = this.byLow.get(low)
    return session?.facts.local.high === high && session.facts.address === from ? session : undefined
  }

  /** The session with this id of ours. */
  ofLocal({ high, low }: WireSession): Session | undefined {
    const session = this.byLow.get(low)
    return session?.facts.local.high === high ? session : undefined
  }

  /** The session that the other side knows by this id. */
  ofRemote(from: Address, remote: WireSession): Session | undefined {
    for (const session of this.byId.values()) {
      const { facts } = session
      if (facts.address === from && facts.remote.low === remote.low && facts.remote.high === remote.high) {
        return session
      }
    }
    return undefined
  }

  /** Whether another session of this key may be had: one that takes the place of another at its address does not count. */
  hasRoomFor(
    { fingerprint, peerId }: { fingerprint: string | undefined; peerId: string },
    address: Address,
  ): boolean {
    if (fingerprint === undefined) return true
    const isVisit = isVisitor(peerId)
    const others = new Set<string>()
    for (const { facts, isSettled } of this.byId.values()) {
      if (facts.fingerprint !== fingerprint || facts.peerId === peerId) continue
      if (isVisitor(facts.peerId) !== isVisit) continue
      if (!isSettled || facts.address !== address) others.add(facts.peerId)
    }
    return others.size < (isVisit ? VISITS_PER_KEY_MAX : SESSIONS_PER_KEY_MAX)
  }

  /** The oldest of a peer that has as many as it may have: one that nothing was heard in yet, where there is one. */
  supernumerary({
    fingerprint,
    peerId,
  }: {
    fingerprint: string | undefined
    peerId: string
  }): Session | undefined {
    if (fingerprint === undefined) return undefined
    const own = this.all().filter(({ facts }) => facts.peerId === peerId && facts.fingerprint === fingerprint)
    own.sort((left, right) => left.facts.id - right.facts.id)
    if (own.length < SESSIONS_PER_PEER_MAX) return undefined
    return own.find(({ isSettled }) => !isSettled) ?? own[0]
  }

  settledAt(address: Address): Session | undefined {
    for (const session of this.byId.values()) {
      if (session.isSettled && session.facts.address === address) return session
    }
    return undefined
  }

  settledWith(peerId: string): Session | undefined {
    for (const session of this.byId.values()) {
      if (session.isSettled && session.facts.peerId === peerId) return session
    }
    return undefined
  }

  newWireSession(): WireSession {
    for (;;) {
      const bytes = this.random.bytes(SESSION_BYTES)
      const wire = { high: u32At(bytes, 0), low: u32At(bytes, 4) }
      if (!this.byLow.has(wire.low)) return wire
    }
  }
}
