// Both sides of a sealed handshake; the flights are in flights.ts, the picture in README.md. The key schedule, H being
// SHA-256 and every `said` the hash of all that was said up to then:
//
//   said₀    = H(label, version, both suites, nonce, flight 0, exchange of the answerer)
//   shaking  = Extract(said₀, X25519)                    seals flights 1 and 2: nobody reads a name on the way
//   said₁    = H(said₀, answerer's key)
//   said₂    = H(said₁, asker's ids and key, OAEP secret)         the asker signs it
//   said₃    = H(said₂, proof, asker's signature, mixed, answerer's ids and terms)   the answerer signs it
//   master   = Extract(shaking, OAEP secret ‖ shared secret where both hold it)     seals flight 3
//              (and flight 4, which the asker sends with flight 2: ‖ the shared secret if it holds one itself)
//   keys     = Expand(master, label, H(said₃, answerer's signature))
//
// A man in the middle can take no part in it: each signature covers both exchanges and both keys. What is recorded
// today stays closed when keys are stolen tomorrow, for the X25519 keys are gone. Nothing costs RSA before the
// address is proved, and nothing costs the private key before the other's key is found to be welcome; its signature
// is checked before ours is made.

import { timingSafeEqual } from 'node:crypto'
import { concatBytes, hexOf, utf8 } from '../base/bytes.js'
import { WIRE_VERSION } from '../base/limits.js'
import {
  type Agreement,
  type Attempt,
  type Claim,
  EARLY_BYTES_MAX,
  type Flight,
  type Opening,
} from '../rdt/protection.js'
import type { KeyExchange, MakeExchange } from './exchange.js'
import { fingerprintOf } from './fingerprint.js'
import {
  type Acceptance,
  type Proof,
  readAcceptance,
  readOffer,
  readOpen,
  readProof,
  type Terms,
  writeAcceptanceFields,
  writeOpen,
  writeProof,
} from './flights.js'
import { expand, extract, hmac, openOnce, type SessionKeys, sealOnce, sessionKeys, sha256 } from './keys.js'
import { OAEP_SECRET_BYTES, RSA_BYTES, SECRET_PROOF_BYTES, TAG_BYTES } from './limits.js'
import type { Steps } from './steps.js'
import type { Party, Refusal, Trust, Verdict } from './trust.js'

/** What all handshakes of a peer share. */
export interface HandshakeContext {
  readonly trust: Trust
  readonly steps: Steps
  /** Our own RSA modulus. */
  readonly modulus: Uint8Array
  readonly peer: Uint8Array
  readonly boot: Uint8Array
  readonly sharedSecret: Uint8Array | undefined
  readonly makeExchange: MakeExchange
  randomBytes(count: number): Uint8Array
  agree(
    side: 'asker' | 'answerer',
    other: Claim & { readonly terms: Terms; readonly fingerprint: string },
    keys: SessionKeys,
    address: string,
  ): Agreement
}

const NOTHING = new Uint8Array(0)
/** plain 0, sealed 1: of the asker, of the answerer. A peer that wants encryption shakes hands with no other. */
const SUITES = Uint8Array.of(1, 1)

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
    | { readonly type: 'proving'; readonly proved: Proved } = { type: 'opening' }

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
    // What it says from here on is repeated no more: the answer to it has come.
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

  /** What is to be said already: to whoever can open the secret that goes before it, and nobody else. */
  private early(proved: Proved): Flight | undefined {
    const early = this.opening.early?.()
    if (early === undefined || early.length > EARLY_BYTES_MAX) return undefined
    const key = earlyKey(proved, this.context.sharedSecret ?? NOTHING)
    return { step: 4, body: sealOnce(key, early, proved.said) }
  }

  private handleAcceptance(body: Uint8Array, proved: Proved): boolean {
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

  private agree({ party, verdict }: Proved, acceptance: Acceptance, keys: SessionKeys): void {
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

/** Its first flight is answered at once; the second is read, and `proceed` goes on. One that only makes an offer, to an
 *  address that is not proved, is dropped, and made again from the same seed when the address is. */
export class Answering implements Attempt {
  flight: Flight | undefined
  claim: Claim | undefined
  agreement: Agreement | undefined
  hasFailed = false
  private proof: Proof | undefined
  /** As it came; it cannot be opened before the secret is. */
  private early: Uint8Array | undefined
  private isBusy = false

  private constructor(
    private readonly context: HandshakeContext,
    private readonly opening: Opening,
    /** Of the asker. */
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
    proved: Proved,
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

type Welcome = Exclude<Verdict, 'removed' | 'changed' | 'stranger'>

/** The key is proved; meanwhile a person may have removed it, and the peer id may be another's. */
function admits(trust: Trust, party: Party, verdict: Welcome, peerId: string): boolean {
  if (trust.judge(party) === 'removed') {
    trust.handleRefused(party, 'removed')
    return false
  }
  if (!trust.mayShow(party, peerId)) return false
  trust.handleProved(party, verdict, peerId)
  return true
}

/** The other side, met and not yet proved. */
interface Met {
  readonly modulus: Uint8Array
  readonly party: Party
  readonly verdict: Welcome
  readonly shaking: Uint8Array
  readonly said: Uint8Array
}

interface Proved extends Met {
  readonly secret: Uint8Array
}

function termsOf({ local, datagramBytesMax }: Opening): Terms {
  return { session: local, datagramBytesMax }
}

function saidFirst({ nonce }: Opening, open: Uint8Array, exchange: Uint8Array): Uint8Array {
  return sha256(utf8('LEFT handshake'), Uint8Array.of(WIRE_VERSION), SUITES, nonce, open, exchange)
}

function masterOf({ shaking, secret }: Proved, sharedSecret: Uint8Array): Uint8Array {
  return extract(shaking, concatBytes([secret, sharedSecret]))
}

function earlyKey(proved: Proved, sharedSecret: Uint8Array): Uint8Array {
  return expand(masterOf(proved, sharedSecret), 'early', proved.said)
}

function signedText(side: 'asker' | 'answerer', said: Uint8Array): Uint8Array {
  return concatBytes([utf8(`LEFT 1 handshake, ${side}: `), said])
}

/** Nothing but zeros where we hold none. */
function secretProof(sharedSecret: Uint8Array | undefined, said: Uint8Array): Uint8Array {
  if (sharedSecret === undefined) return new Uint8Array(SECRET_PROOF_BYTES)
  return hmac(sharedSecret, utf8('LEFT 1 shared secret: '), said).subarray(0, SECRET_PROOF_BYTES)
}

function holdsSecret(sharedSecret: Uint8Array | undefined, said: Uint8Array, proof: Uint8Array): boolean {
  return sharedSecret !== undefined && timingSafeEqual(secretProof(sharedSecret, said), proof)
}
