// A session that continues an earlier one, in one round trip and without RSA: both know a secret that only the two of
// that handshake could know, and add a fresh X25519 agreement to it.
//
//   early  = the ticket's secret                                     seals what the asker says
//   said₀  = H(label, version, nonce, ticket, exchange of the asker)
//   said₁  = H(said₀, what the asker said, exchange of the answerer)
//   master = Extract(early, X25519)                                  seals what the answerer says
//   keys   = Expand(master, label, H(said₁, what the answerer said))
//
// Replaying the asker's flight is harmless: a ticket is answered once; whoever replays it cannot follow the agreement,
// so its session never speaks; and the answer is shorter than the question. What the asker says early is sealed by the
// ticket's secret alone, and no less fresh for that: the ticket is in the memory of these two processes and is answered
// once.

import { concatBytes, hexOf, utf8 } from '../base/bytes.js'
import { WIRE_VERSION } from '../base/limits.js'
import type { Agreement, Attempt, Flight, Opening } from '../rdt/protection.js'
import type { KeyExchange } from './exchange.js'
import { readResume, readResumed, readResuming, writeResuming } from './flights.js'
import type { HandshakeContext } from './handshake.js'
import { expand, extract, openOnce, sealOnce, sessionKeys, sha256, type Ticket } from './keys.js'
import { TICKETS_MAX } from './limits.js'
import type { Trust } from './trust.js'

/** A peer that we had a session with, and the ticket that came of it. */
export interface KnownPeer {
  readonly ticket: Ticket
  readonly peerId: string
  readonly fingerprint: string
}

/** Tickets by their ids, and of each address the newest one that surely both sides hold. */
export class Tickets {
  private readonly byId = new Map<string, KnownPeer & { readonly address: string; isUsed: boolean }>()
  private readonly byAddress = new Map<string, string>()

  /** May be answered from now on. */
  add(address: string, known: KnownPeer): void {
    this.byId.set(hexOf(known.ticket.id), { ...known, address, isUsed: false })
    if (this.byId.size <= TICKETS_MAX) return
    const [oldest, { address: itsAddress }] = this.byId.entries().next().value!
    this.byId.delete(oldest)
    if (this.byAddress.get(itsAddress) === oldest) this.byAddress.delete(itsAddress)
  }

  /** The other side has shown that it came to the same keys: a hello that names the ticket will be understood. */
  prefer({ id }: Ticket): void {
    const known = this.byId.get(hexOf(id))
    if (known !== undefined) this.byAddress.set(known.address, hexOf(id))
  }

  ofAddress(address: string): KnownPeer | undefined {
    return this.byId.get(this.byAddress.get(address) ?? '')
  }

  /** Each is given once to whoever answers. */
  take(id: Uint8Array): KnownPeer | undefined {
    const known = this.byId.get(hexOf(id))
    if (known === undefined || known.isUsed) return undefined
    known.isUsed = true
    return known
  }

  /** Keeps those of keys that are trusted. */
  retain(isTrusted: (fingerprint: string) => boolean): void {
    for (const [id, { fingerprint, address }] of this.byId) {
      if (isTrusted(fingerprint)) continue
      this.byId.delete(id)
      if (this.byAddress.get(address) === id) this.byAddress.delete(address)
    }
  }

  peek(id: Uint8Array): (KnownPeer & { readonly address: string }) | undefined {
    return this.byId.get(hexOf(id))
  }
}

export class Resuming implements Attempt {
  readonly claim = undefined
  readonly hasFailed = false
  readonly flight: Flight
  agreement: Agreement | undefined
  private readonly exchange: KeyExchange
  private readonly said: Uint8Array
  private readonly body: Uint8Array

  constructor(
    private readonly context: HandshakeContext,
    private readonly opening: Opening,
    private readonly known: KnownPeer,
  ) {
    this.exchange = context.makeExchange()
    const { ticket } = known
    this.said = saidFirst(opening.nonce, ticket.id, this.exchange.publicKey)
    const text = writeResuming(context.boot, { session: opening.local, ...opening }, opening.early?.())
    const sealed = sealOnce(expand(ticket.secret, 'resume', this.said), text, this.said)
    this.body = concatBytes([ticket.id, this.exchange.publicKey, sealed])
    this.flight = { step: 0, body: this.body }
  }

  handleFlight({ step, body }: Flight): boolean {
    const resumed = step === 3 && this.agreement === undefined ? readResumed(body) : undefined
    const agreed = resumed && this.exchange.agree(resumed.exchange)
    if (resumed === undefined || agreed === undefined) return false
    const said = sha256(this.said, this.body, resumed.exchange)
    const master = extract(this.known.ticket.secret, agreed)
    const text = openOnce(expand(master, 'resumed', said), resumed.sealed, said)
    const other = text && readResuming(text)
    if (other === undefined) return false
    const { peerId, fingerprint } = this.known
    const keys = sessionKeys(master, sha256(said, body))
    const { address } = this.opening
    const claim = { peerId, boot: other.boot, terms: other, fingerprint }
    this.agreement = this.context.agree('asker', claim, keys, address)
    return true
  }

  proceed(): void {}
}

/** The answering side of it is done at once; undefined where there is nothing to resume, or the peer is not welcome
 *  any more. */
export function answerResumption(
  context: HandshakeContext,
  tickets: Tickets,
  opening: Opening,
  flight: Uint8Array,
): Attempt | undefined {
  const resume = readResume(flight)
  const known = resume && tickets.peek(resume.ticket)
  if (resume === undefined || known === undefined) return undefined
  const { ticket, peerId, fingerprint } = known
  const saidByAsker = saidFirst(opening.nonce, ticket.id, resume.exchange)
  const text = openOnce(expand(ticket.secret, 'resume', saidByAsker), resume.sealed, saidByAsker)
  const other = text && readResuming(text.slice())
  if (other === undefined || tickets.take(resume.ticket) === undefined) return undefined
  if (!mayResume(context.trust, known, opening.address)) return undefined
  const exchange = context.makeExchange()
  const agreed = exchange.agree(resume.exchange)
  if (agreed === undefined) return undefined
  const said = sha256(saidByAsker, flight, exchange.publicKey)
  const master = extract(ticket.secret, agreed)
  const ours = writeResuming(context.boot, { session: opening.local, ...opening })
  const body = concatBytes([exchange.publicKey, sealOnce(expand(master, 'resumed', said), ours, said)])
  const keys = sessionKeys(master, sha256(said, body))
  const claim = { peerId, boot: other.boot, terms: other, fingerprint }
  const early = other.early.length === 0 ? undefined : other.early
  return {
    flight: { step: 3, body },
    claim: undefined,
    agreement: { ...context.agree('answerer', claim, keys, opening.address), early },
    provesAddress: known.address === opening.address,
    hasFailed: false,
    handleFlight: () => false,
    proceed: () => {},
  }
}

/** Its key is still trusted, and the peer id still its own. */
export function mayResume(trust: Trust, { fingerprint, peerId }: KnownPeer, address: string): boolean {
  const party = { fingerprint, address }
  return trust.judge(party) === 'trusted' && trust.mayShow(party, peerId)
}

function saidFirst(nonce: Uint8Array, ticket: Uint8Array, exchange: Uint8Array): Uint8Array {
  return sha256(utf8('LEFT resumption'), Uint8Array.of(WIRE_VERSION), nonce, ticket, exchange)
}
