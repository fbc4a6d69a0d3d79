// A session that continues an earlier one, in one round trip and without RSA: both know a ticket that only the two of that
// handshake could know, and add a fresh X25519 agreement to it. Made by sealed.ts. Keys: schedule.ts.
//
// A ticket serves one of the two to ask with, and is erased when a hello opened with it: a hello that is reflected, replayed
// or relayed opens nothing. The asker's early message is sealed by the ticket alone.

import { hexOf } from '../../base/bytes.js'
import type { KnownEdits } from '../../base/known-edits.js'
import type {
  Agreement,
  AnsweringAttempt,
  AskingAttempt,
  FirstFlight,
  Flight,
  Opening,
} from '../../rdt/protection.js'
import type { KeyExchange } from '../exchange.js'
import { openOnce, sealOnce } from '../keys.js'
import type { Trust } from '../trust.js'
import { type HandshakeContext, runOf } from './context.js'
import { readResume, readResumed, readResuming, writeResume, writeResuming } from './flights.js'
import {
  resumedKey,
  resumedMaster,
  resumedSecret,
  resumeKey,
  saidInResume,
  saidInResumed,
} from './schedule.js'
import type { KnownTicket, Tickets } from './tickets.js'

export class Resuming implements AskingAttempt {
  readonly hasFailed = false
  readonly flight = undefined
  readonly first: FirstFlight
  agreement: Agreement | undefined
  private readonly exchange: KeyExchange
  /** R1. */
  private readonly said: Uint8Array
  private readonly sealed: Uint8Array
  private readonly weKnow: KnownEdits | undefined
  private isOver = false

  constructor(
    private readonly context: HandshakeContext,
    private readonly opening: Opening,
    private readonly known: KnownTicket,
  ) {
    const { ticket, peer } = known
    this.exchange = context.curves.exchange()
    const exchange = this.exchange.publicKey
    this.said = saidInResume(opening.nonce, ticket.id, exchange)
    this.weKnow = opening.knownOf(hexOf(peer))
    const run = runOf(context, opening, this.weKnow)
    const text = writeResuming(run, opening.early?.(hexOf(peer)))
    this.sealed = sealOnce(resumeKey(ticket.secret, this.said), text, this.said)
    this.first = { introduction: ticket.id, body: writeResume({ exchange, sealed: this.sealed }) }
  }

  handleFlight({ step, body }: Flight): boolean {
    const isDue = step === 2 && !this.isOver && this.agreement === undefined
    const resumed = isDue ? readResumed(body) : undefined
    const shared = resumed && this.exchange.agree(resumed.exchange)
    if (resumed === undefined || shared === undefined) return false
    const { known, context, opening } = this
    const said = saidInResumed(this.said, this.sealed, resumed.exchange)
    const secret = resumedSecret(known.ticket.secret, shared)
    const text = openOnce(resumedKey(secret, said), resumed.sealed, said)
    const run = text && readResuming(text)
    if (run === undefined || !mayResume(context.trust, known, opening.address)) return false
    const keys = resumedMaster(secret, said, resumed.sealed)
    this.agreement = context.agree('asker', { ...known, ...run }, keys, opening, this.weKnow)
    return true
  }

  end(): void {
    this.isOver = true
  }
}

/** The answering side of it is done at once; undefined where there is nothing to resume, or the peer is not welcome
 *  any more. */
export function answerResumption(
  context: HandshakeContext,
  tickets: Tickets,
  opening: Opening,
  first: FirstFlight,
): AnsweringAttempt | undefined {
  const resume = readResume(first.body)
  const known = resume && tickets.toAnswerBy(first.introduction, opening.atMs)
  if (resume === undefined || known === undefined) return undefined
  const { ticket } = known
  const saidByAsker = saidInResume(opening.nonce, ticket.id, resume.exchange)
  const text = openOnce(resumeKey(ticket.secret, saidByAsker), resume.sealed, saidByAsker)
  const theirs = text && readResuming(text)
  if (theirs === undefined) return undefined
  tickets.erase(known)
  if (!mayResume(context.trust, known, opening.address)) return undefined
  const exchange = context.curves.exchange()
  const shared = exchange.agree(resume.exchange)
  if (shared === undefined) return undefined
  const said = saidInResumed(saidByAsker, resume.sealed, exchange.publicKey)
  const secret = resumedSecret(ticket.secret, shared)
  const weKnow = opening.knownOf(hexOf(known.peer))
  const ours = writeResuming(runOf(context, opening, weKnow))
  const sealed = sealOnce(resumedKey(secret, said), ours, said)
  const keys = resumedMaster(secret, said, sealed)
  const agreement = context.agree('answerer', { ...known, ...theirs }, keys, opening, weKnow)
  return {
    flight: { step: 2, body: writeResume({ exchange: exchange.publicKey, sealed }) },
    claim: undefined,
    agreement: { ...agreement, early: theirs.early.length === 0 ? undefined : theirs.early },
    provesAddress: known.address === opening.address,
    continues: known.session,
    refusal: undefined,
    hasFailed: false,
    proceed: () => {},
  }
}

/** Its key is still trusted, and the peer id still its own. */
export function mayResume(
  trust: Trust,
  { fingerprint, peer, staticKey }: KnownTicket,
  address: string,
): boolean {
  const party = { fingerprint, address }
  return trust.judge(party) === 'trusted' && trust.mayShow(party, { peerId: hexOf(peer), staticKey })
}
