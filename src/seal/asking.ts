// The asking side of a sealed handshake: judges the key that it is offered, proves its own, and verifies the answerer's.
// Made by sealed.ts, one for each attempt that does not resume a session.

import { hexOf } from '../base/bytes.js'
import {
  type Agreement,
  type Attempt,
  EARLY_BYTES_MAX,
  type Flight,
  type Opening,
} from '../rdt/protection.js'
import type { KeyExchange } from './exchange.js'
import { fingerprintOf } from './fingerprint.js'
import {
  type Acceptance,
  readAcceptance,
  readOffer,
  writeAcceptanceFields,
  writeOpen,
  writeProof,
} from './flights.js'
import {
  admits,
  earlyKey,
  type HandshakeContext,
  type Met,
  masterOf,
  NOTHING,
  type ProvedSecret,
  saidFirst,
  secretProof,
  signedText,
  termsOf,
} from './handshake.js'
import { expand, extract, openOnce, type SessionKeys, sealOnce, sessionKeys, sha256 } from './keys.js'
import { OAEP_SECRET_BYTES, RSA_BYTES } from './limits.js'
import type { Party, Refusal } from './trust.js'

export class Asking implements Attempt {
  readonly claim = undefined
  flight: Flight | undefined
  rider: Flight | undefined
  agreement: Agreement | undefined
  hasFailed = false
  private readonly exchange: KeyExchange
  private readonly open: Uint8Array
  private state:
    | { readonly type: 'opening' }
    | { readonly type: 'busy' }
    | { readonly type: 'proving'; readonly proved: ProvedSecret } = { type: 'opening' }

  constructor(
    private readonly context: HandshakeContext,
    private readonly opening: Opening,
  ) {
    this.exchange = context.makeExchange()
    this.open = writeOpen(this.exchange.publicKey, termsOf(opening))
    this.flight = { step: 0, body: this.open }
  }

  handleFlight({ step, body }: Flight): boolean {
    if (this.hasFailed || this.agreement !== undefined) return false
    if (step === 1 && this.state.type === 'opening') return this.handleOffer(body)
    if (step === 3 && this.state.type === 'proving') return this.handleAcceptance(body, this.state.proved)
    return false
  }

  proceed(): void {}

  private handleOffer(body: Uint8Array): boolean {
    const offer = readOffer(body)
    const agreed = offer && this.exchange.agree(offer.exchange)
    if (offer === undefined || agreed === undefined || !this.context.steps.hasRoom) return false
    const said = saidFirst(this.opening, this.open, offer.exchange)
    const shaking = extract(said, agreed)
    const modulus = openOnce(expand(shaking, 'offer', said), offer.sealed, said)?.slice()
    if (modulus === undefined) return false
    const party = { fingerprint: fingerprintOf(modulus), address: this.opening.address }
    const verdict = this.context.trust.judge(party)
    if (verdict === 'removed' || verdict === 'changed' || verdict === 'stranger') {
      this.refuse(party, verdict)
      return true
    }
    this.state = { type: 'busy' }
    // The first flight is not repeated any more: its answer has come.
    this.flight = undefined
    this.prove({ modulus, party, verdict, shaking, said: sha256(said, modulus) })
    return true
  }

  private prove(met: Met): void {
    const { context } = this
    const secret = context.randomBytes(OAEP_SECRET_BYTES)
    context.steps.request({ type: 'encrypt', key: met.modulus, secret }, (sealedSecret) => {
      if (sealedSecret?.length !== RSA_BYTES) return this.fail()
      const { peer, boot, modulus } = context
      const said = sha256(met.said, peer, boot, modulus, sealedSecret)
      context.steps.request({ type: 'sign', text: signedText('asker', said) }, (signature) => {
        if (signature?.length !== RSA_BYTES) return this.fail()
        const proof = secretProof(context.sharedSecret, said)
        const text = writeProof({ peer, boot, modulus, secret: sealedSecret, proof, signature })
        const body = sealOnce(expand(met.shaking, 'proof', met.said), text, met.said)
        const proved = { ...met, secret, said: sha256(said, proof, signature) }
        this.state = { type: 'proving', proved }
        this.flight = { step: 2, body }
        this.rider = this.early(proved)
      })
    })
  }

  /** The message before the session, sealed for the holder of the private key that opens flight 2, and nobody else. */
  private early(proved: ProvedSecret): Flight | undefined {
    const early = this.opening.early?.()
    if (early === undefined || early.length > EARLY_BYTES_MAX) return undefined
    const key = earlyKey(proved, this.context.sharedSecret ?? NOTHING)
    return { step: 4, body: sealOnce(key, early, proved.said) }
  }

  private handleAcceptance(body: Uint8Array, proved: ProvedSecret): boolean {
    const { context } = this
    const isMixed = body[0] === 1
    if (body.length === 0 || body[0]! > 1 || (isMixed && context.sharedSecret === undefined)) return false
    const master = masterOf(proved, isMixed ? context.sharedSecret! : NOTHING)
    const text = openOnce(expand(master, 'acceptance', proved.said), body.subarray(1), proved.said)
    const acceptance = text && readAcceptance(text.slice())
    if (acceptance === undefined || !context.steps.hasRoom) return false
    if (proved.verdict === 'secret' && !isMixed) {
      this.refuse(proved.party, 'secret')
      return true
    }
    const said = sha256(proved.said, Uint8Array.of(body[0]!), writeAcceptanceFields(acceptance))
    const { modulus: key } = proved
    const { signature } = acceptance
    this.state = { type: 'busy' }
    this.flight = undefined
    this.rider = undefined
    context.steps.request(
      { type: 'verify', key, text: signedText('answerer', said), signature },
      (result) => {
        if (result === undefined) this.fail()
        else this.agree(proved, acceptance, sessionKeys(master, sha256(said, signature)))
      },
    )
    return true
  }

  private agree({ party, verdict }: ProvedSecret, acceptance: Acceptance, keys: SessionKeys): void {
    const { fingerprint, address } = party
    const claim = { peerId: hexOf(acceptance.peer), boot: hexOf(acceptance.boot) }
    const isAdmitted = admits(this.context.trust, party, verdict, claim.peerId)
    if (!isAdmitted) this.fail()
    else
      this.agreement = this.context.agree(
        'asker',
        { ...claim, terms: acceptance, fingerprint },
        keys,
        address,
      )
  }

  private refuse(party: Party, verdict: Refusal): void {
    this.context.trust.handleRefused(party, verdict)
    this.fail()
  }

  private fail(): void {
    this.hasFailed = true
    this.flight = undefined
    this.rider = undefined
  }
}
