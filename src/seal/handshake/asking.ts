// The asking side of a first contact: begins by the pin of the address, by a secret or by neither, proves its key to whoever
// can open flight 3, and verifies the answerer's. Made by sealed.ts, one for each attempt that does not resume a session.
//
//   calling ── flight 2 ──▶ busy ── signed ──▶ proving ── flight 4 ──▶ busy ── verified, opened ──▶ agreed

import { concatBytes, equalBytes } from '../../base/bytes.js'
import type { KnownEdits } from '../../base/known-edits.js'
import type { Agreement, AskingAttempt, FirstFlight, Flight, Opening } from '../../rdt/protection.js'
import { INTRODUCTION_BYTES } from '../../rdt/protection.js'
import type { Share } from '../curves.js'
import type { KeyExchange } from '../exchange.js'
import { type Fingerprint, fingerprintOf } from '../fingerprint.js'
import { openOnce, sealOnce } from '../keys.js'
import { RSA_BYTES, SECRET_BYTES } from '../limits.js'
import type { Party, Refusal, Welcome } from '../trust.js'
import { admits, type HandshakeContext, runOf } from './context.js'
import {
  type AcceptanceFields,
  type FirstFields,
  readAcceptance,
  readOffer,
  readSealedSelf,
  type SealedSelf,
  writeFirst,
  writeProof,
} from './flights.js'
import {
  acceptanceKey,
  caseKey,
  introductionOf,
  masterOf,
  proofKey,
  saidInAcceptance,
  saidInOffer,
  saidInProof,
  saidWith,
  signedText,
} from './schedule.js'

/** How a peer is asked. */
export type Approach =
  /** `requires`: the pinned key, of which no static key is known yet. */
  | { readonly used: 0; readonly requires: Fingerprint | undefined }
  | {
      readonly used: 1
      readonly fingerprint: Fingerprint
      readonly staticKey: Uint8Array
      /** One of several keys that may be there. */
      readonly isTrial?: boolean
    }
  | { readonly used: 2 | 3; readonly generator: Uint8Array }

interface Proved {
  /** k1. */
  readonly key: Uint8Array
  /** T3'. */
  readonly said: Uint8Array
}

type State =
  | { readonly type: 'calling' }
  | { readonly type: 'busy' }
  | { readonly type: 'proving'; readonly proved: Proved }

export class Asking implements AskingAttempt {
  readonly first: FirstFlight
  flight: Flight | undefined
  agreement: Agreement | undefined
  hasFailed = false
  private readonly exchange: KeyExchange
  private readonly share: Share
  private readonly fields: FirstFields
  private state: State = { type: 'calling' }
  private weKnow: KnownEdits | undefined
  private isGuess = false
  private isOver = false

  /** Undefined where the pinned static key is none. */
  static begin(
    context: HandshakeContext,
    opening: Opening,
    approach: Approach,
    handleWrongGuess: () => void,
  ): Asking | undefined {
    const exchange = context.curves.exchange()
    const fixed = approach.used === 1 ? exchange.agree(approach.staticKey) : undefined
    if (approach.used === 1 && fixed === undefined) return undefined
    return new Asking(context, opening, approach, exchange, fixed, handleWrongGuess)
  }

  private constructor(
    private readonly context: HandshakeContext,
    private readonly opening: Opening,
    private readonly approach: Approach,
    exchange: KeyExchange,
    /** DH(e_I, s_R). */
    private readonly fixed: Uint8Array | undefined,
    /** The other side got flight 3, and did not answer it. */
    private readonly handleWrongGuess: () => void,
  ) {
    const generator = 'generator' in approach ? approach.generator : undefined
    this.exchange = exchange
    this.share = context.curves.share(generator, context.randomBytes(SECRET_BYTES))
    this.fields = { exchange: exchange.publicKey, share: this.share.bytes }
    const introduction =
      approach.used === 1
        ? introductionOf(fixed!, approach.staticKey, opening.nonce, this.fields)
        : context.randomBytes(INTRODUCTION_BYTES)
    this.first = { introduction, body: writeFirst(this.fields) }
  }

  get isTrial(): boolean {
    return this.approach.used === 1 && this.approach.isTrial === true
  }

  handleFlight({ step, body }: Flight): boolean {
    if (this.hasFailed || this.isOver || this.agreement !== undefined) return false
    if (step === 2 && this.state.type === 'calling') return this.handleOffer(body)
    if (step === 4 && this.state.type === 'proving') return this.handleAcceptance(body, this.state.proved)
    return false
  }

  end(): void {
    if (this.isGuess && !this.isOver) this.handleWrongGuess()
    this.isOver = true
    this.flight = undefined
  }

  private handleOffer(body: Uint8Array): boolean {
    const { context, opening, approach, fixed } = this
    const offer = readOffer(body)
    const shared = offer && this.exchange.agree(offer.exchange)
    if (offer === undefined || shared === undefined || !context.steps.hasRoom) return false
    const { used } = approach
    const secret = used >= 2 ? this.share.agree(offer.shares[used - 2]!, 'asker') : undefined
    if (used >= 2 && (secret === undefined || !context.guesses.takeAsk(opening.atMs))) return false
    const said = saidInOffer(opening.nonce, this.fields, this.first.introduction, offer)
    const inputs = { ...(fixed && { fixed }), ...(secret && { secret }) }
    const key = caseKey(said, used, shared, inputs)
    const { modulus, peer, staticKey } = context
    this.weKnow = this.knownOfAnswerer()
    const run = runOf(context, opening, this.weKnow)
    const fields = writeProof({ ...run, modulus, peer, staticKey: staticKey.publicKey })
    const saidThen = saidInProof(said, used, fields)
    this.state = { type: 'busy' }
    context.steps.request({ type: 'sign', text: signedText('asker', saidThen) }, (signature) => {
      if (this.isOver) return
      if (signature?.length !== RSA_BYTES) return this.fail()
      const sealed = sealOnce(proofKey(key, said), concatBytes([fields, signature]), said)
      this.state = { type: 'proving', proved: { key, said: saidWith(saidThen, signature) } }
      this.isGuess = used >= 2
      this.flight = { step: 3, body: concatBytes([this.first.body, sealed]) }
    })
    return true
  }

  /** Where it is known who answers, and that it has one peer id. */
  private knownOfAnswerer(): KnownEdits | undefined {
    const { approach, context, opening } = this
    if (approach.used !== 1) return undefined
    const ids = context.trust.idsOf(approach.fingerprint)
    return ids.length === 1 ? opening.knownOf(ids[0]!) : undefined
  }

  private handleAcceptance(body: Uint8Array, { key, said }: Proved): boolean {
    const { context } = this
    const text = openOnce(acceptanceKey(key, said), body, said)
    const acceptance = text && readAcceptance(text)
    if (acceptance === undefined || !context.steps.hasRoom) return false
    // Whoever answers knows the secret, if it was one.
    if (this.isGuess) context.guesses.handleAskedRight(this.opening.atMs)
    this.isGuess = false
    const { modulus, secret, signature } = acceptance
    const party = { fingerprint: fingerprintOf(modulus), address: this.opening.address }
    const verdict = this.judge(party)
    if (verdict === undefined) return true
    this.state = { type: 'busy' }
    this.flight = undefined
    const saidThen = saidInAcceptance(said, modulus, secret)
    const signed = signedText('answerer', saidThen)
    context.steps.request({ type: 'verify', key: modulus, text: signed, signature }, (result) => {
      if (this.isOver) return
      if (result === undefined) this.fail()
      else this.open(acceptance, { key, said: saidWith(saidThen, signature) }, party, verdict)
    })
    return true
  }

  /** Undefined where it is not welcome, which ends the attempt. */
  private judge(party: Party): Welcome | undefined {
    const { approach, context } = this
    const verdict = context.trust.judge(party)
    const required =
      approach.used === 1 ? approach.fingerprint : approach.used === 0 ? approach.requires : undefined
    if (required !== undefined && required !== party.fingerprint) this.refuse(party, 'changed')
    else if (verdict === 'removed' || verdict === 'changed' || verdict === 'stranger')
      this.refuse(party, verdict)
    else if (verdict === 'secret' && approach.used < 2) this.refuse(party, 'secret')
    else return verdict
    return undefined
  }

  private open({ secret }: AcceptanceFields, { key, said }: Proved, party: Party, verdict: Welcome): void {
    this.context.steps.request({ type: 'decrypt', sealed: secret }, (opened) => {
      if (this.isOver) return
      const self = opened && readSealedSelf(opened)
      if (self === undefined) this.fail()
      else this.agree(self, masterOf(key, self.secret, said), said, party, verdict)
    })
  }

  private agree(
    self: SealedSelf,
    master: Uint8Array,
    said: Uint8Array,
    party: Party,
    verdict: Welcome,
  ): void {
    const { context, approach, opening } = this
    const other = { ...self, fingerprint: party.fingerprint }
    const isOtherStatic = approach.used === 1 && !equalBytes(approach.staticKey, self.staticKey)
    if (isOtherStatic || !admits(context.trust, party, verdict, other)) this.fail()
    else this.agreement = context.agree('asker', other, { master, said }, opening, this.weKnow)
  }

  private refuse(party: Party, verdict: Refusal): void {
    this.context.trust.handleRefused(party, verdict)
    this.fail()
  }

  private fail(): void {
    this.hasFailed = true
    this.flight = undefined
  }
}
