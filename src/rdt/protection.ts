// The protection port: how two processes come to agree on a session, and what keeps others out of it. Its bodies
// are src/seal/plain.ts and src/seal/sealed.ts. rdt carries the flights of a handshake and repeats them; what they
// say is the protection's. Slow steps (RSA) are asked for here and carried out elsewhere, so that no loop waits.
//
//   asker                                   answerer
//     ask() ── hello: flight 1 ─────────────▶ offer(): answered, and nothing is kept of it
//            ◀─────── cookie: flight 2 ─────
//            ── open: flights 1 and 3 ──────▶ the address is proved; answer() makes flight 2 again and opens flight 3:
//                                             claim, the identity that the asker shows; proceed()
//            ◀─────── accept: flight 4 ─────
//     agreed                                agreed; its session is pending until something is heard in it
//
//     resume() ── hello: a ticket ──────────▶ answerResumed()
//              ◀─────── accept ──────────────
//     agreed                                agreed, likewise
//
//   Where nothing is offered, flight 1 alone is enough for `answer`, as for the plain body.

import type { Decoded } from '../base/decoded.js'
import type { Digest, ItemKind } from '../base/item.js'
import type { KnownEdits } from '../base/known-edits.js'

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
  /** When it began: tickets that come of it are as old as that, and guesses are counted by it. */
  readonly atMs: number
  /** Edits of a peer that we know, told to it; undefined where it has never told its author. */
  knownOf(peerId: string): KnownEdits | undefined
  /** The asker's message before it has a session, told to a peer that is met again. At most EARLY_BYTES_MAX. */
  readonly early?: (peerId: string) => Uint8Array | undefined
}

/** What a handshake begins with: in every hello, and again with the proof of the address. */
export interface FirstFlight {
  /** INTRODUCTION_BYTES; of a hello that resumes, the id of its ticket. */
  readonly introduction: Uint8Array
  readonly body: Uint8Array
}

/** Numbered as in docs/security/handshake.md: 1 and 3 are the asker's, 2 and 4 the answerer's. 2 also answers a ticket. */
export interface Flight {
  readonly step: number
  readonly body: Uint8Array
}

export interface Claim {
  /** 16 hexadecimal characters each: the peer, and this run of its process. */
  readonly peerId: string
  readonly life: string
}

/** Known to both sides when a handshake is through. */
export interface Agreement extends Claim {
  /** The other side's id for the session. */
  readonly remote: WireSession
  readonly datagramBytesMax: number
  /** Edits of ours that the other side knows, as it said; undefined where it does not know whom it asks, or in whose name we edit. */
  readonly theyKnow: KnownEdits | undefined
  /** Edits of the other side's that we said that we know. */
  readonly weKnow: KnownEdits | undefined
  readonly protection: SessionProtection
  /** Fingerprint of the other side's public key, where it has shown that it holds the private one. */
  readonly fingerprint: string | undefined
  /** Only at the answerer: the message that the asker sent already; undefined where there is none. */
  readonly early?: Uint8Array | undefined
}

/** One handshake, on one side. Takes flights and answers of slow steps, in any order and any number of times. */
interface Attempt {
  /** The flight to send next, repeated until the other side answers; undefined while there is none. */
  readonly flight: Flight | undefined
  readonly agreement: Agreement | undefined
  /** The attempt will never agree: nothing more is said to the other side. */
  readonly hasFailed: boolean
}

export interface AskingAttempt extends Attempt {
  /** The same each time that it is sent. */
  readonly first: FirstFlight
  /** Whether the next hello is to be another attempt's: there are several ways to ask, and no answer tells which is wrong. */
  readonly isTrial?: boolean
  /** False where that is no flight that fits here. */
  handleFlight(flight: Flight): boolean
  /** The attempt is over, agreed or not: what it used is used up. */
  end(): void
}

export interface AnsweringAttempt extends Attempt {
  /** The identity that the asker shows. Nothing costly is done before `proceed`. */
  readonly claim: Claim | undefined
  /** Of one that resumes: the earlier session began at this address, which proves it as a token does (RFC 9000, 8.1.3). */
  readonly provesAddress: boolean
  /** Of one that resumes: our id of the session that its ticket came from, which it renews where that is still open. */
  readonly continues: WireSession | undefined
  /** Why it has failed, where the asker, which has proved itself, is to be told. */
  readonly refusal: 'same-peer' | undefined
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
  | { readonly id: number; readonly type: 'encrypt'; readonly key: Uint8Array; readonly text: Uint8Array }
  | { readonly id: number; readonly type: 'decrypt'; readonly sealed: Uint8Array }

/** Room for the asker's message in a hello that resumes. */
export const EARLY_BYTES_MAX = 1_024

/** Bytes of an introduction. */
export const INTRODUCTION_BYTES = 16

export interface Protection {
  readonly suite: Suite
  /** Whether a first flight from an address that nobody named is worth an answer. `mayCompute` is asked before a key
   *  agreement is spent on that. */
  isIntroduced(nonce: Uint8Array, first: FirstFlight, mayCompute: () => boolean): boolean
  /** Undefined where nothing may be asked now: too many guesses of a secret went wrong, or there is no way to ask at this address. */
  ask(opening: Opening): AskingAttempt | undefined
  /** Flight 2 for an address that has not proved itself: no more than three times as long as flight 1, and nothing is
   *  kept of it. Undefined where `first` is no first flight; empty where this protection offers nothing. */
  offer(opening: Opening, first: FirstFlight, seed: Uint8Array): Uint8Array | undefined
  /** The address has proved itself, and `seed` is the one of its flight 2: a seed is for one handshake only. The body of
   *  `flights` is that of flight 1 with flight 3 behind it. Undefined where nothing opens flight 3. */
  answer(opening: Opening, flights: FirstFlight, seed: Uint8Array): AnsweringAttempt | undefined
  /** Greets a peer that was met at this address before, with a ticket that is used up by that; undefined where there is
   *  none. */
  resume(opening: Opening): AskingAttempt | undefined
  /** The address has not proved itself; undefined where we know of nothing to resume. The answer is no longer
   *  than what it answers. */
  answerResumed(opening: Opening, first: FirstFlight): AnsweringAttempt | undefined
  /** Nothing of keys that are not trusted any more is resumed; tickets that are too old are forgotten with theirs. */
  revoke(isTrusted: (fingerprint: string) => boolean, nowMs: number): void
  pollStep(): SlowStep | undefined
  /** `result` undefined where the step failed; of 'verify', empty where the signature is right. */
  handleStep(id: number, result: Uint8Array | undefined): void
}
