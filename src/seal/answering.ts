// The answering side of a sealed handshake: offers its key, verifies the asker's, and seals its acceptance. Made by
// sealed.ts, one for each first flight that does not resume a session.

import { concatBytes, hexOf } from '../base/bytes.js'
import {
  type Agreement,
  type Attempt,
  type Claim,
  EARLY_BYTES_MAX,
  type Flight,
  type Opening,
} from '../rdt/protection.js'
import { fingerprintOf } from './fingerprint.js'
import { type ProofFields, readOpen, readProof, type Terms, writeAcceptanceFields } from './flights.js'
import {
  admits,
  earlyKey,
  type HandshakeContext,
  holdsSecret,
  type Met,
  masterOf,
  NOTHING,
  type ProvedSecret,
  saidFirst,
  signedText,
  termsOf,
} from './handshake.js'
import { expand, extract, openOnce, sealOnce, sessionKeys, sha256 } from './keys.js'
import { OAEP_SECRET_BYTES, RSA_BYTES, TAG_BYTES } from './limits.js'

/** Its first flight is answered at once; the second is read, and `proceed` goes on. One that only makes an offer, to an
 *  address that is not proved, is dropped, and made again from the same seed when the address is. */
export class Answering implements Attempt {
  flight: Flight | undefined
  claim: Claim | undefined
  agreement: Agreement | undefined
  hasFailed = false
  private proof: ProofFields | undefined
  /** As it came; it cannot be opened before the secret is. */
  private early: Uint8Array | undefined
  private isBusy = false

  private constructor(
    private readonly context: HandshakeContext,
    private readonly opening: Opening,
    /** Terms of the asker. */
    private readonly terms: Terms,
    private readonly shaking: Uint8Array,
    private readonly said: Uint8Array,
    offer: Uint8Array,
  ) {
    this.flight = { step: 1, body: offer }
  }

  /** Undefined where `flight` is no first flight. */
  static begin(
    context: HandshakeContext,
    opening: Opening,
    flight: Uint8Array,
    seed: Uint8Array,
  ): Answering | undefined {
    const open = readOpen(flight)
    if (open === undefined) return undefined
    const exchange = context.makeExchange(seed)
    const agreed = exchange.agree(open.exchange)
    if (agreed === undefined) return undefined
    const said = saidFirst(opening, flight, exchange.publicKey)
    const shaking = extract(said, agreed)
    const sealed = sealOnce(expand(shaking, 'offer', said), context.modulus, said)
    const offer = concatBytes([exchange.publicKey, sealed])
    return new Answering(context, opening, open, shaking, sha256(said, context.modulus), offer)
  }

  handleFlight({ step, body }: Flight): boolean {
    if (step === 4) return this.keepEarly(body)
    if (step !== 2 || this.hasFailed || this.isBusy || this.agreement !== undefined) return false
    const text = openOnce(expand(this.shaking, 'proof', this.said), body, this.said)
    this.proof = text && readProof(text.slice())
    if (this.proof === undefined) return false
    this.claim = { peerId: hexOf(this.proof.peer), boot: hexOf(this.proof.boot) }
    return true
  }

  private keepEarly(body: Uint8Array): boolean {
    const isOver = this.hasFailed || this.agreement !== undefined
    if (isOver || this.early !== undefined || body.length > EARLY_BYTES_MAX + TAG_BYTES) return false
    this.early = body.slice()
    return true
  }

  proceed(): void {
    const { context, proof } = this
    if (proof === undefined || this.isBusy || this.hasFailed || this.agreement !== undefined) return
    if (!context.steps.hasRoom) return
    const { peer, boot, modulus, secret, signature } = proof
    const said = sha256(this.said, peer, boot, modulus, secret)
    const isMixed = holdsSecret(context.sharedSecret, said, proof.proof)
    const party = { fingerprint: fingerprintOf(modulus), address: this.opening.address }
    const verdict = context.trust.judge(party)
    if (
      verdict === 'removed' ||
      verdict === 'changed' ||
      verdict === 'stranger' ||
      (verdict === 'secret' && !isMixed)
    ) {
      context.trust.handleRefused(party, verdict)
      this.fail()
      return
    }
    this.isBusy = true
    const text = signedText('asker', said)
    context.steps.request({ type: 'verify', key: modulus, text, signature }, (result) => {
      if (result === undefined || !admits(context.trust, party, verdict, hexOf(peer))) return this.fail()
      const met = { modulus, party, verdict, shaking: this.shaking }
      this.accept(met, secret, sha256(said, proof.proof, signature), isMixed)
    })
  }

  /** Opening the secret and signing need nothing of each other: they are done side by side. */
  private accept(met: Omit<Met, 'said'>, sealedSecret: Uint8Array, said: Uint8Array, isMixed: boolean): void {
    const { context } = this
    const fields = { peer: context.peer, boot: context.boot, ...termsOf(this.opening) }
    const written = writeAcceptanceFields(fields)
    const mixed = Uint8Array.of(isMixed ? 1 : 0)
    const text = signedText('answerer', sha256(said, mixed, written))
    let secret: Uint8Array | undefined
    let signature: Uint8Array | undefined
    const goOn = () => {
      if (secret === undefined || signature === undefined || this.hasFailed) return
      this.agree({ ...met, secret, said }, { written, mixed, signature })
    }
    context.steps.request({ type: 'decrypt', sealed: sealedSecret }, (opened) => {
      if (opened?.length !== OAEP_SECRET_BYTES) return this.fail()
      secret = opened
      goOn()
    })
    context.steps.request({ type: 'sign', text }, (signed) => {
      if (signed?.length !== RSA_BYTES) return this.fail()
      signature = signed
      goOn()
    })
  }

  private agree(
    proved: ProvedSecret,
    { written, mixed, signature }: Record<'written' | 'mixed' | 'signature', Uint8Array>,
  ): void {
    const { context } = this
    const sharedSecret = mixed[0] === 1 ? context.sharedSecret! : NOTHING
    const master = masterOf(proved, sharedSecret)
    const text = concatBytes([written, signature])
    const sealed = sealOnce(expand(master, 'acceptance', proved.said), text, proved.said)
    this.flight = { step: 3, body: concatBytes([mixed, sealed]) }
    const { fingerprint, address } = proved.party
    const other = { ...this.claim!, terms: this.terms, fingerprint }
    const keys = sessionKeys(master, sha256(sha256(proved.said, mixed, written), signature))
    const early = this.early && openOnce(earlyKey(proved, sharedSecret), this.early, proved.said)
    this.agreement = { ...context.agree('answerer', other, keys, address), early }
  }

  /** Nothing is said: the asker learns no more than that somebody is there. */
  private fail(): void {
    this.hasFailed = true
    this.flight = undefined
  }
}
