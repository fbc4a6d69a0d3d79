// The protection that lets nobody in who was not let in: `--encryption yes`. Identities, handshake and seals are in the
// files beside it; this puts them together for the endpoint, one per running peer.

import { bytesOfHex, hexOf } from '../base/bytes.js'
import type { KnownEdits } from '../base/known-edits.js'
import type { Random } from '../base/ports.js'
import type {
  Agreement,
  AnsweringAttempt,
  AskingAttempt,
  FirstFlight,
  Opening,
  Protection,
  SlowStep,
} from '../rdt/protection.js'
import { CURVES, type Curves } from './curves.js'
import type { KeyExchange } from './exchange.js'
import { fingerprintOf } from './fingerprint.js'
import type { Codec } from './frames/codec.js'
import { Compressor } from './frames/compression.js'
import { SealedFrames } from './frames/sealed-frame.js'
import { answer, knowsUs, offerTo } from './handshake/answering.js'
import { Approaches } from './handshake/approaches.js'
import { Asking } from './handshake/asking.js'
import type { HandshakeContext, Other } from './handshake/context.js'
import { lifeOf } from './handshake/flights.js'
import { Guesses } from './handshake/guesses.js'
import { answerResumption, Resuming } from './handshake/resumption.js'
import { type Ticket, ticketsOf } from './handshake/schedule.js'
import { Steps } from './handshake/steps.js'
import { type KnownPeer, Tickets } from './handshake/tickets.js'
import { sessionKeys } from './keys.js'
import { LIFE_BYTES, PEER_ID_BYTES, SECRETS_MAX } from './limits.js'
import { SealedDatagrams } from './sealed-datagram.js'
import type { Trust } from './trust.js'

export interface SealedOptions {
  /** The share's replica id, 16 hexadecimal characters: several peers may have one identity. */
  readonly peerId: string
  /** Our RSA modulus; the private key is with whoever carries out slow steps. */
  readonly modulus: Uint8Array
  /** Of the same identity. */
  readonly staticKey: KeyExchange
  readonly trust: Trust
  readonly random: Random
  /** Of the shared secrets (secret.ts), SECRETS_MAX at most. */
  readonly generators?: readonly Uint8Array[] | undefined
  readonly codec: Codec
  readonly compresses: boolean
  /** Other agreements than the real ones, for the simulator. */
  readonly curves?: Curves | undefined
}

export class SealedProtection implements Protection {
  readonly suite = 'sealed'
  private readonly steps = new Steps()
  private readonly tickets = new Tickets()
  private readonly context: HandshakeContext
  private readonly approaches: Approaches
  private readonly compressor: Compressor | undefined
  private readonly fingerprint: Uint8Array

  /** Throws where the peer id is none. */
  constructor(private readonly options: SealedOptions) {
    const { trust, random, modulus, staticKey, generators = [] } = options
    const peer = bytesOfHex(options.peerId)
    if (peer?.length !== PEER_ID_BYTES) throw new Error(`'${options.peerId}' is not a peer id`)
    if (generators.length > SECRETS_MAX) throw new Error(`${generators.length} secrets are too many`)
    this.compressor = options.compresses ? new Compressor(options.codec) : undefined
    this.fingerprint = bytesOfHex(fingerprintOf(modulus))!
    this.context = {
      trust,
      steps: this.steps,
      curves: options.curves ?? CURVES,
      modulus,
      staticKey,
      peer,
      life: random.bytes(LIFE_BYTES),
      generators,
      guesses: new Guesses(),
      randomBytes: (count) => random.bytes(count),
      agree: (side, other, keys, opening, weKnow) => this.agree(side, other, keys, opening, weKnow),
    }
    this.approaches = new Approaches(trust, generators)
  }

  isIntroduced(nonce: Uint8Array, first: FirstFlight, mayCompute: () => boolean): boolean {
    // Somebody new who holds a secret cannot show that without letting others guess it.
    if (this.context.generators.length > 0) return true
    const isTicket = this.tickets.toAnswerBy(first.introduction, 0) !== undefined
    return isTicket || (mayCompute() && knowsUs(this.context, nonce, first))
  }

  ask(opening: Opening): AskingAttempt | undefined {
    const { guesses } = this.context
    const { address, atMs } = opening
    const approach = this.approaches.to(address)
    if (approach === undefined) return undefined
    if (approach.used >= 2 && !guesses.mayAsk(atMs)) return undefined
    return Asking.begin(this.context, opening, approach, () => this.approaches.handleWrong(address))
  }

  offer(opening: Opening, first: FirstFlight, seed: Uint8Array): Uint8Array | undefined {
    return offerTo(this.context, opening, first, seed)
  }

  answer(opening: Opening, flights: FirstFlight, seed: Uint8Array): AnsweringAttempt | undefined {
    return answer(this.context, opening, flights, seed)
  }

  resume(opening: Opening): AskingAttempt | undefined {
    const known = this.tickets.takeToAsk(opening.address, opening.atMs)
    const isTrusted = known !== undefined && this.options.trust.judge(known) === 'trusted'
    return isTrusted ? new Resuming(this.context, opening, known) : undefined
  }

  answerResumed(opening: Opening, first: FirstFlight): AnsweringAttempt | undefined {
    return answerResumption(this.context, this.tickets, opening, first)
  }

  revoke(isTrusted: (fingerprint: string) => boolean, nowMs: number): void {
    this.tickets.retain(isTrusted, nowMs)
  }

  pollStep(): SlowStep | undefined {
    return this.steps.poll()
  }

  handleStep(id: number, result: Uint8Array | undefined): void {
    this.steps.handle(id, result)
  }

  private agree(
    side: 'asker' | 'answerer',
    other: Other,
    { master, said }: { readonly master: Uint8Array; readonly said: Uint8Array },
    opening: Opening,
    weKnow: KnownEdits | undefined,
  ): Agreement {
    const { fingerprint, staticKey, peer } = other
    const otherSide = side === 'asker' ? 'answerer' : 'asker'
    const { peer: ownPeer, life } = this.context
    const parties = {
      [side]: { fingerprint: this.fingerprint, peer: ownPeer, life },
      [otherSide]: { fingerprint: bytesOfHex(fingerprint)!, peer, life: other.life },
    } as Record<'asker' | 'answerer', Parameters<typeof ticketsOf>[2]>
    const tickets = ticketsOf(master, said, parties.asker, parties.answerer)
    const { address, local: session, atMs } = opening
    const known: KnownPeer = { address, fingerprint, staticKey, peer, session, atMs }
    this.tickets.addToAnswer({ ...known, ticket: tickets[otherSide] })
    // An asker may have given this attempt up for another, and then knows nothing of the tickets that came of it.
    if (side === 'asker') this.tickets.addToAsk({ ...known, ticket: tickets.asker })
    const keys = sessionKeys(master, said)
    const [ours, theirs] = [keys[side], keys[otherSide]]
    const datagrams = new SealedDatagrams({ ours: ours.datagrams, theirs: theirs.datagrams }, () =>
      this.handleHeard(known, side, tickets.answerer),
    )
    const frames = new SealedFrames({ ours, theirs }, this.options.codec, this.compressor)
    return {
      peerId: hexOf(peer),
      life: lifeOf(other),
      remote: other.session,
      datagramBytesMax: other.datagramBytesMax,
      theyKnow: other.knows,
      weKnow,
      fingerprint,
      protection: {
        datagrams,
        frames,
        isSealed: true,
        get isWorn() {
          return datagrams.isWorn || frames.isWorn
        },
      },
    }
  }

  /** The other side has spoken in the session: it came to the same keys. */
  private handleHeard(known: KnownPeer, side: 'asker' | 'answerer', ticket: Ticket): void {
    if (side === 'answerer') this.tickets.addToAsk({ ...known, ticket })
    this.tickets.handleHeard(known)
  }
}
