// The protection that protects from accidents only: CRC-32 instead of seals, for `--encryption no`. An address still
// has to prove itself and a session id is still unguessable, but whoever reads the link reads the share, and whoever
// sends from an address of --ip is believed. Pure.
//
//   open    peer:8 boot:8 session:8 datagramBytesMax:u16       flight 0
//   accept  the same, of the other side                       flight 1

import { bytesOfHex, hexOf } from '../base/bytes.js'
import { decoded } from '../base/decoded.js'
import type { Random } from '../base/ports.js'
import {
  type Agreement,
  type Attempt,
  type DatagramSeal,
  type Flight,
  type FrameSeal,
  INTRODUCTION_BYTES,
  type Opening,
  type Protection,
  type SessionProtection,
} from '../rdt/protection.js'
import { type Crc32, openFrame, sealBlock } from './frames/frame.js'
import { BOOT_BYTES, PEER_ID_BYTES, SESSION_BYTES } from './limits.js'

const CRC_BYTES = 4
const FLIGHT_BYTES = PEER_ID_BYTES + BOOT_BYTES + SESSION_BYTES + 2

export class PlainProtection implements Protection {
  readonly suite = 'plain'
  private readonly self: Uint8Array
  private readonly session: SessionProtection

  /** Throws where the peer id is none. */
  constructor(options: { readonly peerId: string; readonly random: Random; readonly crc32: Crc32 }) {
    const peer = bytesOfHex(options.peerId)
    if (peer?.length !== PEER_ID_BYTES) throw new Error(`'${options.peerId}' is not a peer id`)
    this.self = new Uint8Array(PEER_ID_BYTES + BOOT_BYTES)
    this.self.set(peer)
    this.self.set(options.random.bytes(BOOT_BYTES), PEER_ID_BYTES)
    this.session = plainSession(options.crc32)
  }

  introduce(): Uint8Array {
    return new Uint8Array(INTRODUCTION_BYTES)
  }

  /** An address is all that there is to know somebody by. */
  isIntroduced(): boolean {
    return false
  }

  ask(opening: Opening): Attempt {
    const body = this.flightOf(opening)
    return new PlainAttempt({ step: 0, body }, (flight) =>
      flight.step === 1 ? this.agreementOf(flight.body) : undefined,
    )
  }

  /** Nothing is offered: an offer would promise a session to somebody of whom nothing is kept. */
  offer(): undefined {}

  answer(opening: Opening, flight: Uint8Array): Attempt | undefined {
    const agreement = this.agreementOf(flight)
    if (agreement === undefined) return undefined
    const attempt = new PlainAttempt({ step: 1, body: this.flightOf(opening) }, () => undefined)
    attempt.claim = agreement
    return attempt
  }

  resume(): undefined {}

  answerResumed(): undefined {}

  revoke(): void {}

  pollStep(): undefined {}

  handleStep(): void {}

  private flightOf({ local, datagramBytesMax }: Opening): Uint8Array {
    const body = new Uint8Array(FLIGHT_BYTES)
    body.set(this.self)
    const view = new DataView(body.buffer)
    view.setUint32(PEER_ID_BYTES + BOOT_BYTES, local.high)
    view.setUint32(PEER_ID_BYTES + BOOT_BYTES + 4, local.low)
    view.setUint16(PEER_ID_BYTES + BOOT_BYTES + SESSION_BYTES, datagramBytesMax)
    return body
  }

  private agreementOf(body: Uint8Array): Agreement | undefined {
    if (body.length !== FLIGHT_BYTES) return undefined
    const view = new DataView(body.buffer, body.byteOffset, body.length)
    return {
      peerId: hexOf(body.subarray(0, PEER_ID_BYTES)),
      boot: hexOf(body.subarray(PEER_ID_BYTES, PEER_ID_BYTES + BOOT_BYTES)),
      remote: {
        high: view.getUint32(PEER_ID_BYTES + BOOT_BYTES),
        low: view.getUint32(PEER_ID_BYTES + BOOT_BYTES + 4),
      },
      datagramBytesMax: view.getUint16(PEER_ID_BYTES + BOOT_BYTES + SESSION_BYTES),
      protection: this.session,
      fingerprint: undefined,
    }
  }
}

/** The asker's, who waits for flight 1; and the answerer's, who agrees when it is told to proceed. */
class PlainAttempt implements Attempt {
  readonly hasFailed = false
  claim: Agreement | undefined
  agreement: Agreement | undefined

  constructor(
    readonly flight: Flight,
    private readonly read: (flight: Flight) => Agreement | undefined,
  ) {}

  handleFlight(flight: Flight): boolean {
    if (this.agreement !== undefined) return false
    this.agreement = this.read(flight)
    return this.agreement !== undefined
  }

  proceed(): void {
    this.agreement = this.claim
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
