// The tickets of sessions, in the memory of this process: those to answer by their ids, and one to ask with for each address.
// Each is used once. Used by resumption.ts and sealed.ts.

import { hexOf } from '../../base/bytes.js'
import type { WireSession } from '../../rdt/protection.js'
import type { Fingerprint } from '../fingerprint.js'
import { TICKET_MS_MAX, TICKETS_MAX } from '../limits.js'
import type { Ticket } from './schedule.js'

/** The peer that a ticket was made with. */
export interface KnownPeer {
  readonly address: string
  readonly fingerprint: Fingerprint
  readonly staticKey: Uint8Array
  readonly peer: Uint8Array
  /** Our id of the session that it was made in. */
  readonly session: WireSession
  readonly atMs: number
}

export interface KnownTicket extends KnownPeer {
  readonly ticket: Ticket
}

export class Tickets {
  /** By id, oldest first. */
  private readonly toAnswer = new Map<string, KnownTicket>()
  /** By address, the newest last. */
  private readonly toAsk = new Map<string, KnownTicket>()

  addToAnswer(known: KnownTicket): void {
    this.toAnswer.set(hexOf(known.ticket.id), known)
    if (this.toAnswer.size > TICKETS_MAX) this.toAnswer.delete(this.toAnswer.keys().next().value!)
  }

  /** Only once the other side surely has the one that answers it. */
  addToAsk(known: KnownTicket): void {
    this.toAsk.delete(known.address)
    this.toAsk.set(known.address, known)
    if (this.toAsk.size > TICKETS_MAX) this.toAsk.delete(this.toAsk.keys().next().value!)
  }

  /** Both sides have this session: nothing that was to resume an earlier one of these two is needed any more. */
  handleHeard({ fingerprint, peer, session, address }: KnownPeer): void {
    for (const [id, known] of this.toAnswer) {
      const isOfPeer = known.fingerprint === fingerprint && hexOf(known.peer) === hexOf(peer)
      const isOfSession = known.session.low === session.low && known.session.high === session.high
      if (isOfPeer && known.address === address && !isOfSession) this.toAnswer.delete(id)
    }
  }

  toAnswerBy(id: Uint8Array, nowMs: number): KnownTicket | undefined {
    const known = this.toAnswer.get(hexOf(id))
    return known && isFresh(known, nowMs) ? known : undefined
  }

  /** A hello opened with it. */
  erase({ ticket }: KnownTicket): void {
    this.toAnswer.delete(hexOf(ticket.id))
  }

  /** Answers one attempt. */
  takeToAsk(address: string, nowMs: number): KnownTicket | undefined {
    const known = this.toAsk.get(address)
    this.toAsk.delete(address)
    return known && isFresh(known, nowMs) ? known : undefined
  }

  /** Keeps those that are fresh, of keys that are trusted: what is of no use any more is nothing to steal. */
  retain(isTrusted: (fingerprint: string) => boolean, nowMs: number): void {
    for (const tickets of [this.toAnswer, this.toAsk])
      for (const [key, known] of tickets)
        if (!isFresh(known, nowMs) || !isTrusted(known.fingerprint)) tickets.delete(key)
  }
}

function isFresh({ atMs }: KnownTicket, nowMs: number): boolean {
  return nowMs - atMs < TICKET_MS_MAX
}
