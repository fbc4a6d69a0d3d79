// Options, events and figures of an endpoint: the types that its callers (sync, io, sim) hold in their hands.

import type { Digest, Hash, ItemKind } from '../base/item.js'
import type { KnownEdits } from '../base/known-edits.js'
import type { Random } from '../base/ports.js'
import type { FrameBuffer } from './pool.js'
import type { Protection } from './protection.js'

/** 'ip:port' or '[v6]:port', normalised by the caller: equality of strings is equality of addresses. */
export type Address = string

/** Local handle of an open session; never reused, and not the id that is on the wire. */
export type SessionId = number

export interface EndpointOptions {
  /** 16 lowercase hexadecimal characters. */
  readonly peerId: string
  readonly random: Random
  /** Keys the address cookie. */
  readonly hash: Hash
  /** Decides who may have a session, and keeps others out of it. */
  readonly protection: Protection
  /** Check of datagrams that no session protects. */
  readonly crc32: (bytes: Uint8Array) => number
  /** 1 is stop-and-wait (one block outstanding), N is N blocks, 'auto' measures. */
  readonly window: number | 'auto'
  /** Gives way to everybody else on the path; only with the window 'auto'. */
  readonly background?: boolean
  /** Bytes per second received at most, over all sessions; UDP payload bytes are counted. */
  readonly limitBytesPerS?: number | undefined
  /** Bytes per second sent at most, over all sessions; UDP payload bytes are counted. Messages are counted and wait for nothing:
   *  segments of blocks make room for them. */
  readonly limitSendBytesPerS?: number | undefined
  /** Told to a peer that is met again with the hello, at most EARLY_BYTES_MAX bytes; asked for when an attempt begins. */
  readonly greeting?: (peerId: string) => Uint8Array | undefined
  /** Edits of a peer that we know, told to it when a session begins. */
  readonly knownOf?: (peerId: string) => KnownEdits | undefined
  /** When sealed sessions get fresh keys: REKEY_MS and REKEY_BYTES where not given. */
  readonly rekeying?: { readonly afterMs: number; readonly afterBytes: number }
  /** Named in refusals, as 'left 0.1.0'. ASCII, at most AGENT_BYTES_MAX. */
  readonly agent: string
  /** Whether this address may talk to us. Others are dropped silently and counted, unless they are introduced. */
  readonly admit: (address: Address) => boolean
  /** Largest UDP payload that the local interface towards that address carries in one piece. */
  readonly datagramBytesMax: (address: Address) => number
  /** Receive buffer that the kernel gave this socket. */
  readonly receiveBufferBytes: number
}

/** Datagrams to one address, laid end to end: each is `segmentBytes` long but the last, which may be
 *  shorter (what UDP_SEGMENT wants). The endpoint never touches the bytes again, unless it is
 *  told by `releaseDatagram` that it may. */
export interface Outgoing {
  readonly to: Address
  readonly bytes: Uint8Array
  readonly segmentBytes: number
}

/** Where a pull takes its blocks from, each when there is room to ask for it: pulls of several sessions may share what
 *  is left of one item, and the session that is fast takes more. */
export interface BlockSupply {
  /** Whether `take` has a block now. Asked often. */
  readonly hasNext: boolean
  /** A block to ask for; only where `hasNext`. */
  take(): number
  /** A block that was taken came damaged, and is to be asked for again. */
  giveBack(blockIndex: number): void
}

export type PullPriority = 'control' | 'small' | 'bulk'

export type CloseReason =
  | 'bye' // the other side said so
  | 'silent' // nothing came for DEAD_MS
  | 'renewed' // a session with fresh keys goes on in its place
  | 'worn' // its keys were used up, and fresh ones did not come; the next session has some
  | 'replaced' // the other side restarted, or a session that both can agree on took its place
  | 'cloned' // two machines have its peer id
  | 'revoked' // its key is not trusted any more
  | 'local' // disconnect or close was called here

/** 'encryption': one of the two wants it and the other does not. 'cloned': somebody else has the same peer id. Whoever reads the link can say any of these in another's
 *  name: they are told as claims, and end no attempt. */
export type RefusalReason = 'version' | 'same-peer' | 'encryption' | 'cloned'

export type EndpointEvent =
  | {
      readonly type: 'opened'
      session: SessionId
      peerId: string
      address: Address
      initiator: boolean
      /** The fingerprint of the peer's public key; undefined where it has shown none. */
      fingerprint: string | undefined
      /** This run of the peer's process, 16 hexadecimal characters. */
      life: string
      /** Edits of ours that the peer says that it knows, and edits of the peer's that it was told that we know. */
      theyKnow: KnownEdits | undefined
      weKnow: KnownEdits | undefined
      /** It goes on in the place of a session that ends when the peer is heard in this one. */
      isRenewal: boolean
    }
  /** The other side is proved and does not know yet that it is welcome: 'opened' follows when it is heard, or 'withdrawn'.
   *  What is sent and asked for in it until then arrives with the answer that tells it so. */
  | {
      readonly type: 'answered'
      session: SessionId
      peerId: string
      address: Address
      life: string
      theyKnow: KnownEdits | undefined
      weKnow: KnownEdits | undefined
      /** The `greeting` that the other side said with its hello. */
      early: Uint8Array | undefined
    }
  /** The session was answered, and is over without having been heard in. */
  | { readonly type: 'withdrawn'; session: SessionId; peerId: string }
  | { readonly type: 'closed'; session: SessionId; peerId: string; address: Address; reason: CloseReason }
  /** `answers`: somebody is there, and does not let us in. */
  | { readonly type: 'unreachable'; address: Address; answers: boolean }
  | { readonly type: 'refused'; address: Address; agent: string; wireVersion: number; reason: RefusalReason }
  /** Two machines have one peer id: neither has a session until one of them is left. Where both were met last. */
  | { readonly type: 'cloned'; readonly peerId: string; readonly addresses: readonly Address[] }
  /** The key has as many sessions as it may have. */
  | { readonly type: 'crowded'; address: Address; fingerprint: string }
  /** `agent`: the program that it says it is, where it says hello as a peer does. */
  | { readonly type: 'stranger'; address: Address; agent: string | undefined }
  | { readonly type: 'request'; session: SessionId; number: number; body: Uint8Array }
  | { readonly type: 'reply'; session: SessionId; body: Uint8Array }
  | {
      readonly type: 'block'
      session: SessionId
      kind: ItemKind
      digest: Digest
      blockIndex: number
      /** The receiver of the event holds it from now on, and releases it. */
      frame: FrameBuffer
    }
  | {
      readonly type: 'gone'
      session: SessionId
      kind: ItemKind
      digest: Digest
      reason: 'gone' | 'unservable'
    }
  | {
      readonly type: 'wanted'
      session: SessionId
      kind: ItemKind
      digest: Digest
      blockIndex: number
      /** Only of a pack: the digests of its files, as the peer claims. */
      members: Uint8Array | undefined
    }

/** An address that is not admitted and says hello as a peer does, which proves nothing. */
export interface Caller {
  readonly address: Address
  readonly agent: string
}

/** How one session does; rates and times as the puller measures them. */
export interface SessionStats {
  srttMs: number
  minRttMs: number
  deliveryBytesPerS: number
  inFlightBytes: number
  windowBytes: number
  /** Largest datagram that the path towards us is known to carry. */
  pathBytes: number
  /** Capacity of the path as the window estimates it, UDP payload; 0 where it is fixed or knows nothing yet. */
  linkBytesPerS: number
  segmentsReceived: number
  segmentsDuplicate: number
  /** All askings, repeated ones included. */
  segmentsAsked: number
  segmentsAskedAgain: number
  /** Called lost, less what came after all. */
  segmentsLost: number
  /** Blocks that came whole and were handed up. */
  blocksReceived: number
  bytesReceived: number
  bytesSent: number
}

export interface EndpointCounters {
  datagramsIn: number
  datagramsOut: number
  bytesIn: number
  bytesOut: number
  /** Undecodable, of an unknown session, or not what was asked. */
  dropped: number
  /** Datagrams of addresses that are not admitted. */
  strangers: number
}
