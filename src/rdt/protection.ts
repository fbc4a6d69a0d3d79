// The protection port: how two processes come to agree on a session, and what keeps others out of it. Its bodies
// are src/seal/plain.ts and src/seal/sealed.ts. rdt carries the flights of a handshake and repeats them; what they
// say is the protection's. Slow steps (RSA) are asked for here and carried out elsewhere, so that no loop waits.
//
//   asker                                   answerer
//     ask() ── flight 0 ────────────────────▶ offer(): answered, and nothing is kept of it
//            ◀─────── flight 1, cookie ──────
//            ── flight 0 again, the cookie ─▶ answer(): comes to the same flight 1
//            ── flight 2, rider ────────────▶ claim: who it says it is; proceed()
//            ◀─────── flight 3 ──────────────
//     agreed                                agreed; its session is pending until something is heard in it
//
//   Where nothing is offered, flight 1 comes when the address is proved. A body may agree after flight 1 already, as
//   the plain one does. A known peer is greeted by `resume` and agrees after one round trip.

import type { Decoded } from '../base/decoded.js'
import type { Digest, ItemKind } from '../base/item.js'

/** A session id of 8 bytes, in halves: what datagrams to whoever chose it carry. */
export interface WireSession {
  readonly high: number
  readonly low: number
}

/** With or without encryption, said in every hello. Two peers that differ in it refuse each other. */
export type Suite = 'plain' | 'sealed'

export interface BlockName {
  readonly kind: ItemKind
  readonly digest: Digest
  readonly blockIndex: number
}

export interface OpenedFrame {
  /** May be a view of the frame. */
  readonly block: Uint8Array
  /** By how much the frame was shorter than it would have been without compression. */
  readonly savedBytes: number
}

export type FrameFailure = 'truncated' | 'too-long' | 'unknown-codec' | 'damaged'

/** Key and nonce to seal or open one frame, for a thread that knows no session: AES-256-GCM. */
export interface FrameCipher {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly associated: Uint8Array
}

/** Blocks, as they cross: FRAME_OVERHEAD_BYTES longer at most. */
export interface FrameSeal {
  /** Whether `seal` must be given only what `name` names. */
  readonly needsProof: boolean
  /** The same bytes each time for the same block: in `room`, which has FRAME_OVERHEAD_BYTES more than the block and may
   *  hold it from FRAME_BLOCK_AT on, or else fresh ones. `fileLengths` are those of the files of a pack. */
  seal(name: BlockName, block: Uint8Array, room?: Uint8Array, fileLengths?: readonly number[]): Uint8Array
  /** Undoes `seal`. A block of a file that is not sealed proves nothing here: the caller holds it against its digest. */
  open(name: BlockName, frame: Uint8Array): Decoded<OpenedFrame, FrameFailure>
  /** Key and nonce that seal a block in place, between its codec byte (0) and its tag; undefined where only `seal` can. */
  sealingOf(name: BlockName): FrameCipher | undefined
  /** Key and nonce that open the bytes of a frame from FRAME_BLOCK_AT on; undefined where only `open` can tell. */
  openingOf(name: BlockName, frame: Uint8Array): FrameCipher | undefined
}

/** Every datagram of a session but its segments. */
export interface DatagramSeal {
  /** Bytes that sealing adds. */
  readonly overheadBytes: number
  /** `plain` begins with type and session (9 bytes), which stay readable. Fresh bytes. */
  seal(plain: Uint8Array): Uint8Array
  /** The sealed fields; undefined where it is damaged, forged or has come before. */
  open(datagram: Uint8Array): Uint8Array | undefined
}

export interface SessionProtection {
  readonly datagrams: DatagramSeal
  readonly frames: FrameSeal
  /** Whether a stranger can neither read nor forge what crosses. */
  readonly isSealed: boolean
  /** Its keys have been used as often as they may: a session with fresh ones has to take its place. */
  readonly isWorn: boolean
}

/** This side's part of a session that is to be. */
export interface Opening {
  readonly address: string
  /** 8 bytes, the asker's. */
  readonly nonce: Uint8Array
  /** Our id for the session. */
  readonly local: WireSession
  /** Largest UDP payload of our interface. */
  readonly datagramBytesMax: number
  /** The asker's message before it has a session, read when it is sealed. At most EARLY_BYTES_MAX. */
  readonly early?: () => Uint8Array | undefined
}

export interface Flight {
  readonly step: number
  readonly body: Uint8Array
}

export interface Claim {
  /** 16 hexadecimal characters each: the peer, and this run of its process. */
  readonly peerId: string
  readonly boot: string
}

/** Known to both sides when a handshake is through. */
export interface Agreement extends Claim {
  /** The other side's id for the session. */
  readonly remote: WireSession
  readonly datagramBytesMax: number
  readonly protection: SessionProtection
  /** Fingerprint of the other side's public key, where it has shown that it holds the private one. */
  readonly fingerprint: string | undefined
  /** Only at the answerer: the message that the asker sent already; undefined where there is none. */
  readonly early?: Uint8Array | undefined
}

/** One handshake, on one side. Takes flights and answers of slow steps, in any order and any number of times. */
export interface Attempt {
  /** The flight to send next, repeated until the other side answers; undefined while there is none. */
  readonly flight: Flight | undefined
  /** Goes along with it each time, in a datagram of its own, and is missed by nobody where it is lost. */
  readonly rider?: Flight | undefined
  /** The identity that the asker claims. Nothing costly is done before `proceed`. */
  readonly claim: Claim | undefined
  readonly agreement: Agreement | undefined
  /** Only of one that resumes: the earlier session began at this address, which proves it as a token does (RFC 9000,
   *  8.1.3). */
  readonly provesAddress?: boolean
  /** The attempt will never agree: nothing more is said to the other side. */
  readonly hasFailed: boolean
  /** False where that is no flight that fits here. */
  handleFlight(flight: Flight): boolean
  /** The claim does not speak against a session. */
  proceed(): void
}

/** Something slow, to be answered by `handleStep` with the same id. Keys are RSA moduli. */
export type SlowStep =
  | { readonly id: number; readonly type: 'sign'; readonly text: Uint8Array }
  | {
      readonly id: number
      readonly type: 'verify'
      readonly key: Uint8Array
      readonly text: Uint8Array
      readonly signature: Uint8Array
    }
  | { readonly id: number; readonly type: 'encrypt'; readonly key: Uint8Array; readonly secret: Uint8Array }
  | { readonly id: number; readonly type: 'decrypt'; readonly sealed: Uint8Array }

/** Room for the asker's message in a hello that resumes; the same in a datagram of its own. */
export const EARLY_BYTES_MAX = 1_024

/** Bytes of an introduction. */
export const INTRODUCTION_BYTES = 16

export interface Protection {
  readonly suite: Suite
  /** Proof for the peer at `address`, shown before anything else, that the asker knows whom it asks; without meaning where
   *  it does not. */
  introduce(address: string, nonce: Uint8Array): Uint8Array
  /** Whether it knows us, or shares a secret with us: then it is worth an answer wherever it is. */
  isIntroduced(introduction: Uint8Array, nonce: Uint8Array): boolean
  ask(opening: Opening): Attempt
  /** Flight 1 for an address that has not proved itself: no more than three times as long as flight 0, and nothing is
   *  kept of it. Undefined where `flight` is no first flight, or this protection offers nothing. */
  offer(opening: Opening, flight: Uint8Array, seed: Uint8Array): Flight | undefined
  /** The address has proved itself. What `seed` was offered for gets the same flight 1; a seed is for one handshake
   *  only. Undefined where `flight` is no first flight, or there is no room. */
  answer(opening: Opening, flight: Uint8Array, seed: Uint8Array): Attempt | undefined
  /** Greets a peer that was met at this address before; undefined where none was. */
  resume(opening: Opening): Attempt | undefined
  /** The address has not proved itself; undefined where we know of nothing to resume. The answer is no longer
   *  than what it answers. */
  answerResumed(opening: Opening, flight: Uint8Array): Attempt | undefined
  /** Nothing of keys that are not trusted any more is resumed. */
  revoke(isTrusted: (fingerprint: string) => boolean): void
  pollStep(): SlowStep | undefined
  /** `result` undefined where the step failed; of 'verify', empty where the signature is right. */
  handleStep(id: number, result: Uint8Array | undefined): void
}
