// The protection that protects from accidents only: CRC-32 instead of seals, for `--encryption no`. An address still
// has to prove itself and a session id is still unguessable, but whoever reads the link reads the share, and whoever
// sends from an address of --ip is believed. Pure.
//
//   open    peer:8 life:8 session:8 datagramBytesMax:u16 author:8 count:u64       flight 3
//   accept  the same, of the other side                                 flight 4

import { bytesOfHex, hexOf } from '../base/bytes.js'
import { decoded } from '../base/decoded.js'
import type { KnownEdits } from '../base/known-edits.js'
import type { Random } from '../base/ports.js'
import {
  type Agreement,
  type AnsweringAttempt,
  type AskingAttempt,
  type DatagramSeal,
  type FirstFlight,
  type FrameSeal,
  INTRODUCTION_BYTES,
  type Opening,
  type Protection,
  type SessionProtection,
} from '../rdt/protection.js'
import { type Crc32, openFrame, sealBlock } from './frames/frame.js'
import { lifeOf, readSelf, writeSelf } from './handshake/flights.js'
import { LIFE_BYTES, PEER_ID_BYTES } from './limits.js'

const CRC_BYTES = 4
const NOTHING = new Uint8Array(0)

export class PlainProtection implements Protection {
  readonly suite = 'plain'
  private readonly peer: Uint8Array
  private readonly life: Uint8Array
  private readonly session: SessionProtection

  /** Throws where the peer id is none. */
  constructor(options: { readonly peerId: string; readonly random: Random; readonly crc32: Crc32 }) {
    const peer = bytesOfHex(options.peerId)
    if (peer?.length !== PEER_ID_BYTES) throw new Error(`'${options.peerId}' is not a peer id`)
    this.peer = peer
    this.life = options.random.bytes(LIFE_BYTES)
    this.session = plainSession(options.crc32)
  }

  /** An address is all that there is to know somebody by. */
  isIntroduced(): boolean {
    return false
  }

  ask(opening: Opening): AskingAttempt {
    return new PlainAsking(this.flightOf(opening, undefined), (body) => this.agreementOf(body, undefined))
  }

  /** Nothing: an offer would promise a session to somebody of whom nothing is kept. */
  offer(): Uint8Array {
    return NOTHING
  }

  answer(opening: Opening, { body }: FirstFlight): AnsweringAttempt | undefined {
    const claim = this.agreementOf(body, undefined)
    if (claim === undefined) return undefined
    return new PlainAnswering(claim, hexOf(this.peer), () => {
      const weKnow = opening.knownOf(claim.peerId)
      return { body: this.flightOf(opening, weKnow), agreement: { ...claim, weKnow } }
    })
  }

  resume(): undefined {}

  answerResumed(): undefined {}

  revoke(): void {}

  pollStep(): undefined {}

  handleStep(): void {}

  private flightOf({ local: session, datagramBytesMax }: Opening, knows: KnownEdits | undefined): Uint8Array {
    const { peer, life } = this
    return writeSelf({ peer, life, session, datagramBytesMax, knows })
  }

  private agreementOf(body: Uint8Array, weKnow: KnownEdits | undefined): Agreement | undefined {
    const other = readSelf(body)
    if (other === undefined) return undefined
    return {
      peerId: hexOf(other.peer),
      life: lifeOf(other),
      remote: other.session,
      datagramBytesMax: other.datagramBytesMax,
      theyKnow: other.knows,
      weKnow,
      protection: this.session,
      fingerprint: undefined,
    }
  }
}

/** Proves its address, and says who it is with that. */
class PlainAsking implements AskingAttempt {
  readonly hasFailed = false
  readonly first = { introduction: new Uint8Array(INTRODUCTION_BYTES), body: NOTHING }
  readonly flight: { readonly step: number; readonly body: Uint8Array }
  agreement: Agreement | undefined

  constructor(
    body: Uint8Array,
    private readonly read: (body: Uint8Array) => Agreement | undefined,
  ) {
    this.flight = { step: 3, body }
  }

  handleFlight({ step, body }: { readonly step: number; readonly body: Uint8Array }): boolean {
    if (step !== 4 || this.agreement !== undefined) return false
    this.agreement = this.read(body)
    return this.agreement !== undefined
  }

  end(): void {}
}

/** Agrees when it is told to proceed. */
class PlainAnswering implements AnsweringAttempt {
  readonly provesAddress = true
  readonly continues = undefined
  hasFailed = false
  refusal: 'same-peer' | undefined
  flight: { readonly step: number; readonly body: Uint8Array } | undefined
  agreement: Agreement | undefined

  constructor(
    readonly claim: Agreement,
    private readonly own: string,
    private readonly accept: () => { readonly body: Uint8Array; readonly agreement: Agreement },
  ) {}

  proceed(): void {
    if (this.claim.peerId === this.own) {
      this.hasFailed = true
      this.refusal = 'same-peer'
      return
    }
    const { body, agreement } = this.accept()
    this.flight = { step: 4, body }
    this.agreement = agreement
  }
}

function plainSession(crc32: Crc32): SessionProtection {
  const datagrams: DatagramSeal = {
    overheadBytes: CRC_BYTES,
    seal: (plain) => {
      const datagram = new Uint8Array(plain.length + CRC_BYTES)
      datagram.set(plain)
      new DataView(datagram.buffer).setUint32(plain.length, crc32(plain))
      return datagram
    },
    open: (datagram) => {
      const plainBytes = datagram.length - CRC_BYTES
      if (plainBytes < 1) return undefined
      const plain = datagram.subarray(0, plainBytes)
      const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
      return crc32(plain) === view.getUint32(plainBytes) ? plain : undefined
    },
  }
  const frames: FrameSeal = {
    needsProof: false,
    seal: (name, block, room) => sealBlock(name, block, crc32, room),
    open: (name, frame) => {
      const opened = openFrame(name, frame, crc32)
      return opened.ok ? decoded({ block: opened.value, savedBytes: 0 }) : opened
    },
    sealingOf: () => undefined,
    openingOf: () => undefined,
  }
  return { datagrams, frames, isSealed: false, isWorn: false }
}
