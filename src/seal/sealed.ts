// The protection that lets nobody in who was not let in: `--encryption yes`. Identities, handshake and seals are in the
// files beside it; this puts them together for the endpoint, one per running peer.

import { timingSafeEqual } from 'node:crypto'
import { bytesOfHex, utf8 } from '../base/bytes.js'
import type { Random } from '../base/ports.js'
import {
  type Agreement,
  type Attempt,
  type Claim,
  type Flight,
  INTRODUCTION_BYTES,
  type Opening,
  type Protection,
  type SlowStep,
} from '../rdt/protection.js'
import { Answering } from './answering.js'
import { Asking } from './asking.js'
import { type MakeExchange, makeX25519 } from './exchange.js'
import { fingerprintOf } from './fingerprint.js'
import type { Terms } from './flights.js'
import type { Codec } from './frames/codec.js'
import { Compressor } from './frames/compression.js'
import { SealedFrames } from './frames/sealed-frame.js'
import type { HandshakeContext } from './handshake.js'
import { hmac, type SessionKeys } from './keys.js'
import { BOOT_BYTES, PEER_ID_BYTES } from './limits.js'
import { answerResumption, mayResume, Resuming, Tickets } from './resumption.js'
import { SealedDatagrams } from './sealed-datagram.js'
import { Steps } from './steps.js'
import type { Trust } from './trust.js'

export interface SealedOptions {
  /** The share's replica id, 16 hexadecimal characters: several peers may have one identity. */
  readonly peerId: string
  /** Our RSA modulus; the private key is with whoever carries out slow steps. */
  readonly modulus: Uint8Array
  readonly trust: Trust
  readonly random: Random
  readonly sharedSecret?: Uint8Array | undefined
  readonly codec: Codec
  readonly compresses: boolean
  /** Another agreement than X25519, for the simulator. */
  readonly makeExchange?: MakeExchange | undefined
}

export class SealedProtection implements Protection {
  readonly suite = 'sealed'
  private readonly steps = new Steps()
  private readonly tickets = new Tickets()
  private readonly context: HandshakeContext
  private readonly compressor: Compressor | undefined

  /** Throws where the peer id is none. */
  constructor(private readonly options: SealedOptions) {
    const peer = bytesOfHex(options.peerId)
    if (peer?.length !== PEER_ID_BYTES) throw new Error(`'${options.peerId}' is not a peer id`)
    this.compressor = options.compresses ? new Compressor(options.codec) : undefined
    this.context = {
      trust: options.trust,
      steps: this.steps,
      modulus: options.modulus,
      peer,
      boot: options.random.bytes(BOOT_BYTES),
      sharedSecret: options.sharedSecret,
      makeExchange: options.makeExchange ?? makeX25519,
      randomBytes: (count) => options.random.bytes(count),
      agree: (side, other, keys, address) => this.agree(side, other, keys, address),
    }
  }

  introduce(address: string, nonce: Uint8Array): Uint8Array {
    const { trust, sharedSecret, random } = this.options
    const fingerprint = trust.keyAt(address)
    if (fingerprint !== undefined) return introductionTo(bytesOfHex(fingerprint)!, nonce)
    return sharedSecret === undefined ? random.bytes(INTRODUCTION_BYTES) : introductionTo(sharedSecret, nonce)
  }

  isIntroduced(introduction: Uint8Array, nonce: Uint8Array): boolean {
    const { modulus, sharedSecret } = this.options
    const ours = bytesOfHex(fingerprintOf(modulus))!
    const isTo = (key: Uint8Array) => timingSafeEqual(introductionTo(key, nonce), introduction)
    return (
      introduction.length === INTRODUCTION_BYTES &&
      (isTo(ours) || (sharedSecret !== undefined && isTo(sharedSecret)))
    )
  }

  ask(opening: Opening): Attempt {
    return new Asking(this.context, opening)
  }

  offer(opening: Opening, flight: Uint8Array, seed: Uint8Array): Flight | undefined {
    return Answering.begin(this.context, opening, flight, seed)?.flight
  }

  answer(opening: Opening, flight: Uint8Array, seed: Uint8Array): Attempt | undefined {
    return Answering.begin(this.context, opening, flight, seed)
  }

  resume(opening: Opening): Attempt | undefined {
    const known = this.tickets.ofAddress(opening.address)
    return known !== undefined && mayResume(this.options.trust, known, opening.address)
      ? new Resuming(this.context, opening, known)
      : undefined
  }

  answerResumed(opening: Opening, flight: Uint8Array): Attempt | undefined {
    return answerResumption(this.context, this.tickets, opening, flight)
  }

  revoke(isTrusted: (fingerprint: string) => boolean): void {
    this.tickets.retain(isTrusted)
  }

  pollStep(): SlowStep | undefined {
    return this.steps.poll()
  }

  handleStep(id: number, result: Uint8Array | undefined): void {
    this.steps.handle(id, result)
  }

  private agree(
    side: 'asker' | 'answerer',
    other: Claim & { readonly terms: Terms; readonly fingerprint: string },
    keys: SessionKeys,
    address: string,
  ): Agreement {
    const { peerId, boot, terms, fingerprint } = other
    const ours = keys[side]
    const theirs = keys[side === 'asker' ? 'answerer' : 'asker']
    this.tickets.add(address, { ticket: keys.ticket, peerId, fingerprint })
    // An asker may have given this attempt up for another, and then knows nothing of the ticket that came of it.
    const handleHeard = () => this.tickets.prefer(keys.ticket)
    if (side === 'asker') handleHeard()
    const datagrams = new SealedDatagrams({ ours: ours.datagrams, theirs: theirs.datagrams }, handleHeard)
    const frames = new SealedFrames({ ours, theirs }, this.options.codec, this.compressor)
    return {
      peerId,
      boot,
      remote: terms.session,
      datagramBytesMax: terms.datagramBytesMax,
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
}

/** WireGuard's first MAC is the same idea: who does not know whom it asks gets no answer where it is not expected. */
function introductionTo(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hmac(key, utf8('LEFT 1 introduction: '), nonce).subarray(0, INTRODUCTION_BYTES)
}
