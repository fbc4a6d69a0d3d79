// The answering side of a first contact: makes flight 2 from a seed, opens flight 3 with the case that fits, and answers whoever
// is welcome. Made by sealed.ts, one for each flight 3 that one of its cases opens.

import { equalSecrets, hexOf } from '../../base/bytes.js'
import type { KnownEdits } from '../../base/known-edits.js'
import { hostOf } from '../../rdt/host.js'
import type {
  Agreement,
  AnsweringAttempt,
  Claim,
  FirstFlight,
  Flight,
  Opening,
} from '../../rdt/protection.js'
import type { Share } from '../curves.js'
import type { KeyExchange } from '../exchange.js'
import { fingerprintOf } from '../fingerprint.js'
import { openOnce, sealOnce } from '../keys.js'
import { OAEP_SECRET_BYTES, RSA_BYTES } from '../limits.js'
import type { Party, Welcome } from '../trust.js'
import { admits, type HandshakeContext, runOf } from './context.js'
import {
  type FirstFields,
  lifeOf,
  type OfferFields,
  type ProofFields,
  readFirst,
  readOpen,
  readProof,
  writeAcceptance,
  writeOffer,
  writeSealedSelf,
} from './flights.js'
import {
  acceptanceKey,
  type Case,
  caseKey,
  introductionOf,
  masterOf,
  partOfSeed,
  proofKey,
  saidInAcceptance,
  saidInOffer,
  saidInProof,
  saidWith,
  signedText,
} from './schedule.js'

/** Flight 2, and what it takes to go on from it. */
interface Offer {
  readonly exchange: KeyExchange
  readonly shares: readonly [Share, Share]
}

/** The same each time for one seed and nonce. */
function offerOf({ curves, generators }: HandshakeContext, nonce: Uint8Array, seed: Uint8Array): Offer {
  return {
    exchange: curves.exchange(partOfSeed(seed, 'e', nonce)),
    shares: [
      curves.share(generators[0], partOfSeed(seed, 'c', nonce)),
      curves.share(generators[1], partOfSeed(seed, 'c2', nonce)),
    ],
  }
}

function fieldsOf({ exchange, shares }: Offer): OfferFields {
  return { exchange: exchange.publicKey, shares: [shares[0].bytes, shares[1].bytes] }
}

/** Flight 2; undefined where `first` is no flight 1. */
export function offerTo(
  context: HandshakeContext,
  { nonce }: Opening,
  first: FirstFlight,
  seed: Uint8Array,
): Uint8Array | undefined {
  return readFirst(first.body) && writeOffer(fieldsOf(offerOf(context, nonce, seed)))
}

/** Whether whoever sent this flight 1 knows our static key. */
export function knowsUs({ staticKey }: HandshakeContext, nonce: Uint8Array, first: FirstFlight): boolean {
  const fields = readFirst(first.body)
  const shared = fields && staticKey.agree(fields.exchange)
  if (fields === undefined || shared === undefined) return false
  return equalSecrets(introductionOf(shared, staticKey.publicKey, nonce, fields), first.introduction)
}

/** Flight 3, opened. */
interface Opened {
  readonly used: Case
  /** k1. */
  readonly key: Uint8Array
  /** T3. */
  readonly said: Uint8Array
  readonly fields: ProofFields
  readonly signature: Uint8Array
}

/** Undefined where `flights` are none, or nothing that we hold opens them. */
export function answer(
  context: HandshakeContext,
  opening: Opening,
  flights: FirstFlight,
  seed: Uint8Array,
): Answering | undefined {
  const open = readOpen(flights.body)
  if (open === undefined) return undefined
  const { address, nonce, atMs } = opening
  const offer = offerOf(context, nonce, seed)
  const shared = offer.exchange.agree(open.exchange)
  if (shared === undefined) return undefined
  const said = saidInOffer(nonce, open, flights.introduction, fieldsOf(offer))
  for (const { used, key } of keysOf(context, offer, open, { said, shared }, false)) {
    const opened = openWith(used, key, said, open.sealed)
    if (opened !== undefined) return new Answering(context, opening, opened)
  }
  if (context.generators.length === 0 || !context.guesses.mayAnswer(hostOf(address), atMs)) return undefined
  for (const { used, key } of keysOf(context, offer, open, { said, shared }, true)) {
    const opened = openWith(used, key, said, open.sealed)
    if (opened !== undefined) return new Answering(context, opening, opened)
  }
  context.guesses.handleAnsweredWrong(hostOf(address), atMs)
  context.trust.handleWrongGuess(address)
  return undefined
}

/** Keys of the cases without a secret, or with one. */
function* keysOf(
  { staticKey, generators }: HandshakeContext,
  { shares }: Offer,
  { exchange, share }: FirstFields,
  { said, shared }: { readonly said: Uint8Array; readonly shared: Uint8Array },
  isBySecret: boolean,
): Iterable<{ readonly used: Case; readonly key: Uint8Array }> {
  if (!isBySecret) {
    yield { used: 0, key: caseKey(said, 0, shared) }
    const fixed = staticKey.agree(exchange)
    if (fixed !== undefined) yield { used: 1, key: caseKey(said, 1, shared, { fixed }) }
    return
  }
  for (const [index, used] of ([2, 3] as const).entries()) {
    const secret = generators[index] === undefined ? undefined : shares[index]!.agree(share, 'answerer')
    if (secret !== undefined) yield { used, key: caseKey(said, used, shared, { secret }) }
  }
}

function openWith(used: Case, key: Uint8Array, said: Uint8Array, sealed: Uint8Array): Opened | undefined {
  const text = openOnce(proofKey(key, said), sealed, said)
  const proof = text && readProof(text)
  if (proof === undefined) return undefined
  const { fields, written, signature } = proof
  return { used, key, said: saidInProof(said, used, written), fields, signature }
}

export class Answering implements AnsweringAttempt {
  flight: Flight | undefined
  agreement: Agreement | undefined
  hasFailed = false
  refusal: 'same-peer' | undefined
  readonly claim: Claim
  /** The cookie has, which came with flight 3. */
  readonly provesAddress = true
  readonly continues = undefined
  private isBusy = false

  constructor(
    private readonly context: HandshakeContext,
    private readonly opening: Opening,
    private readonly opened: Opened,
  ) {
    const { fields } = opened
    this.claim = { peerId: hexOf(fields.peer), life: lifeOf(fields) }
  }

  proceed(): void {
    const { context, opened, opening } = this
    if (this.isBusy || this.hasFailed || this.agreement !== undefined || !context.steps.hasRoom) return
    const { fields, said, signature, used } = opened
    const { modulus } = fields
    const party = { fingerprint: fingerprintOf(modulus), address: opening.address }
    const verdict = context.trust.judge(party)
    if (
      verdict === 'removed' ||
      verdict === 'changed' ||
      verdict === 'stranger' ||
      (verdict === 'secret' && used < 2)
    ) {
      context.trust.handleRefused(party, verdict)
      this.fail()
      return
    }
    this.isBusy = true
    const text = signedText('asker', said)
    context.steps.request({ type: 'verify', key: modulus, text, signature }, (result) => {
      if (result === undefined) this.fail()
      else this.handleProved(party, verdict)
    })
  }

  private handleProved(party: Party, verdict: Welcome): void {
    const { context, opened } = this
    const { fields, said, signature } = opened
    if (hexOf(fields.peer) === hexOf(context.peer)) {
      this.refusal = 'same-peer'
      this.fail()
    } else if (!admits(context.trust, party, verdict, { ...fields, fingerprint: party.fingerprint })) {
      this.fail()
    } else {
      this.accept(party, saidWith(said, signature))
    }
  }

  /** `said` is T3'. */
  private accept(party: Party, said: Uint8Array): void {
    const { context, opening, opened } = this
    const { fields } = opened
    const { modulus, peer, staticKey } = context
    const secret = context.randomBytes(OAEP_SECRET_BYTES)
    const weKnow = opening.knownOf(this.claim.peerId)
    const run = runOf(context, opening, weKnow)
    const text = writeSealedSelf({ ...run, peer, secret, staticKey: staticKey.publicKey })
    context.steps.request({ type: 'encrypt', key: fields.modulus, text }, (sealed) => {
      if (sealed?.length !== RSA_BYTES) return this.fail()
      const saidThen = saidInAcceptance(said, modulus, sealed)
      context.steps.request({ type: 'sign', text: signedText('answerer', saidThen) }, (signature) => {
        if (signature?.length !== RSA_BYTES) return this.fail()
        const acceptance = writeAcceptance({ modulus, secret: sealed, signature })
        this.flight = { step: 4, body: sealOnce(acceptanceKey(opened.key, said), acceptance, said) }
        this.agree(party, secret, saidWith(saidThen, signature), weKnow)
      })
    })
  }

  private agree(
    { fingerprint }: Party,
    secret: Uint8Array,
    said: Uint8Array,
    weKnow: KnownEdits | undefined,
  ): void {
    const { context, opening, opened } = this
    const keys = { master: masterOf(opened.key, secret, said), said }
    this.agreement = context.agree('answerer', { ...opened.fields, fingerprint }, keys, opening, weKnow)
  }

  /** Nothing is said: the asker learns no more than that somebody is there. */
  private fail(): void {
    this.hasFailed = true
    this.flight = undefined
  }
}
