// Messages between the engine and the keeper. In a running peer the keeper is the watcher process and
// these cross a pipe; in the simulator both stand in one process. Plain data only.

import type { Digest, ItemKind, ItemRef } from '../base/item.js'
import type { KnownEdits } from '../base/known-edits.js'
import type { ReasonCode } from '../base/reason.js'
import type { Dot, PeerId } from '../share/dots.js'
import type { Entry } from '../share/entry.js'
import type { OwnCounts } from '../share/own-counts.js'
import type { Change } from '../share/tree-move.js'

/** A peer's statement of its own state in an ecp message, decoded. */
export interface PeerClaim {
  readonly peer: PeerId
  readonly root: ItemRef
  /** In whose name the peer edits; undefined where it did not say so again. */
  readonly author: PeerId | undefined
  /** Edits of ours that it knows; undefined where it does not know in whose name they are. */
  readonly theyKnow: KnownEdits | undefined
  /** Entries under the root that the peer knows and does not hold. */
  readonly notHeldCount: number
  readonly scope: { readonly type: 'whole' | 'some' } | { readonly type: 'since'; readonly base: ItemRef }
  readonly changes: readonly Change[]
}

/** Numbers a fetch: one file being received. Never reused while a watcher process lives. */
export type FetchId = number

export type EngineToKeeper =
  /** A peer's state; answered by 'answer' with the same `question`. */
  | { readonly type: 'claim'; readonly question: number; readonly claim: PeerClaim }
  | { readonly type: 'peer-gone'; readonly peer: PeerId }
  /** A tree item that 'pull-tree' asked for; `bytes` undefined where the peer no longer has it. */
  | {
      readonly type: 'tree'
      readonly peer: PeerId
      readonly digest: Digest
      readonly bytes: Uint8Array | undefined
    }
  /** The digest list of a file being fetched, proved against the file's digest. The weak sums of its blocks are proved by
   *  nothing; undefined where it is new, or the peer has none. */
  | {
      readonly type: 'list'
      readonly fetch: FetchId
      readonly list: Uint8Array
      readonly sums: Uint8Array | undefined
    }
  /** These blocks are verified and written to the temporary file. */
  | { readonly type: 'blocks'; readonly fetch: FetchId; readonly blockIndices: readonly number[] }
  /** The whole temporary file is written and synced. */
  | {
      readonly type: 'fetched'
      readonly fetch: FetchId
      readonly crossedBytes: number
      /** Bytes that compression saved. */
      readonly savedBytes: number
      /** Bytes by peer, most first. */
      readonly sources: readonly Delivered[]
    }
  /** One of several who hold the file does not give it any more; the others do. */
  | {
      readonly type: 'source-lost'
      readonly fetch: FetchId
      readonly peer: PeerId
      readonly reason: SourceFailure
    }
  /** Small files, whole and proved. */
  | {
      readonly type: 'contents'
      readonly files: readonly {
        readonly fetch: FetchId
        readonly bytes: Uint8Array
        readonly savedBytes: number
      }[]
    }
  | { readonly type: 'fetch-failed'; readonly fetch: FetchId; readonly reason: FetchFailure }
  /** Where is this item, so that it can be served? Answered by 'located'. */
  | { readonly type: 'locate'; readonly items: readonly ItemName[] }
  /** A visitor asks what is held here; answered by 'visited' with the same `question`. */
  | { readonly type: 'visit'; readonly question: number }
  /** A peer asks how a path stands here; answered by 'stands' with the same `question`. */
  | { readonly type: 'why'; readonly question: number; readonly path: string }
  /** The bytes read there are not what the index says: look at the path again. */
  | { readonly type: 'suspect'; readonly path: string }

/** Why a peer is no source any more: it has the file no more, it went away, it sends what does not verify. */
export type SourceFailure = 'gone' | 'peer-gone' | 'unservable'

/** Why a fetch stopped: nobody is left who gives it, for the last one's reason, or our disk is full or failed. */
export type FetchFailure = SourceFailure | 'no-space' | 'disk'

export interface Delivered {
  readonly peer: PeerId
  readonly bytes: number
}

export interface ItemName {
  readonly kind: ItemKind
  readonly digest: Digest
  /** For a pack: its files, in their order. */
  readonly members?: readonly Digest[]
}

/** How a path stands here, as a peer may hear it. */
export interface ToldStanding {
  /** Undefined where nothing is known of the path, or it is not told. */
  readonly stands:
    | {
        readonly kind: 'file' | 'folder' | 'link'
        readonly isDeleted: boolean
        readonly bytes: number
        readonly mtimeMs: number
        readonly edit: Dot
      }
    | undefined
  readonly isHeld: boolean
  readonly reason:
    | { readonly code: ReasonCode; readonly detail: string; readonly seconds: number | undefined }
    | undefined
}

/** Where an item's bytes are. */
export type Location =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly type: 'file'
      readonly path: string
      readonly sizeBytes: number
      readonly mtimeMs: number
      /** Digests of its blocks; empty for a file of one block, which its own digest proves. */
      readonly list: Uint8Array
    }
  /** A file so small that its content takes no longer than its place. */
  | { readonly type: 'content'; readonly path: string; readonly bytes: Uint8Array }
  /** The files of a pack, end to end. */
  | {
      readonly type: 'pack'
      readonly files: readonly { readonly path: string; readonly sizeBytes: number }[]
      readonly bytes: Uint8Array
    }
  | { readonly type: 'gone' }

/** What is told to a visitor. */
export interface ShareHoldings {
  readonly root: ItemRef
  /** The item that tells what is held otherwise than the tree says (src/share/held-item.ts); undefined where nothing is. */
  readonly held: Uint8Array | undefined
  /** Paths of which that is so and which had no room in it. */
  readonly untoldCount: number
}

export type KeeperToEngine =
  /** The share's state has changed (first: is known). `changes` are all that changed since the root before, or
   *  undefined where they are too many to list; `whole` holds everything where that is little. */
  | {
      readonly type: 'root'
      readonly root: ItemRef
      readonly own: OwnCounts
      readonly changes: readonly Change[] | undefined
      readonly whole: readonly Entry[] | undefined
      readonly files: number
      /** Entries under the root that are known here and not held. */
      readonly notHeldCount: number
    }
  /** Edits of peers, each in the name in which it edits now, that are known here; told before the root that they belong to.
   *  Of peers that are not named, what was told before holds. */
  | { readonly type: 'knows'; readonly known: readonly (KnownEdits & { readonly peer: PeerId })[] }
  | { readonly type: 'answer'; readonly question: number; readonly answer: 'same' | 'differs' | 'working' }
  | { readonly type: 'visited'; readonly question: number; readonly holdings: ShareHoldings | 'working' }
  | ({ readonly type: 'stands'; readonly question: number } & ToldStanding)
  /** The peer knows no edits of this share that the share itself does not know: it may be told of entries. */
  | { readonly type: 'vetted'; readonly peer: PeerId }
  /** It knows some, and this share may not take another name yet: what it asks for is not given. */
  | { readonly type: 'refused'; readonly peer: PeerId }
  /** Ask this peer for its state again: a tree changed under our walk, or what we wanted was gone. */
  | { readonly type: 'ask'; readonly peer: PeerId }
  | { readonly type: 'pull-tree'; readonly peer: PeerId; readonly item: ItemRef }
  /** Receive a file of one block from this peer, into memory. */
  | {
      readonly type: 'fetch-small'
      readonly fetch: FetchId
      readonly peer: PeerId
      readonly file: ItemRef
      readonly path: string
    }
  /** Receive a file of several blocks: its digest list first, then wait for 'fetch-blocks'. */
  | {
      readonly type: 'fetch-list'
      readonly fetch: FetchId
      readonly peer: PeerId
      readonly file: ItemRef
      readonly path: string
      /** Nothing of it is here: its first blocks may be pulled together with the list. */
      readonly isNew: boolean
    }
  /** Now these blocks (bits, least significant first) into this temporary file. */
  | {
      readonly type: 'fetch-blocks'
      readonly fetch: FetchId
      readonly temporary: string
      readonly needed: Uint8Array
    }
  /** These were found here meanwhile and are written: they need not come. */
  | { readonly type: 'here'; readonly fetch: FetchId; readonly blockIndices: readonly number[] }
  | { readonly type: 'cancel'; readonly fetch: FetchId }
  | {
      readonly type: 'located'
      readonly items: readonly { readonly name: ItemName; readonly location: Location }[]
    }
  /** The state of all that is wanted, for the person. */
  | {
      readonly type: 'work'
      readonly filesWanted: number
      readonly bytesWanted: number
      readonly filesDone: number
      readonly bytesDone: number
    }
  /** All that this peer knows is known here, and held but for `notHeldHere` entries; `equal` where it knows the same as
   *  we, of which it does not hold `notHeldThere`. */
  | {
      readonly type: 'in-step'
      readonly peer: PeerId
      readonly equal: boolean
      readonly files: number
      readonly notHeldHere: number
      readonly notHeldThere: number
    }
  | { readonly type: 'notice'; readonly notice: KeeperNotice }

/** Notices of the keeper for the person; the shapes of `PeerEvent` in src/app/events.ts. */
export type KeeperNotice =
  | { readonly event: 'scanning' }
  /** Files that were read since reading began, and their bytes; where there are many. */
  | {
      readonly event: 'reading'
      readonly files: number
      readonly bytes: number
      readonly file: { readonly path: string; readonly bytes: number; readonly doneBytes: number } | null
      readonly isOver: boolean
    }
  | {
      readonly event: 'scanned'
      readonly files: number
      readonly folders: number
      readonly bytes: number
      readonly durationMs: number
    }
  | { readonly event: 'changed'; readonly path: string; readonly kind: Entry['kind']; readonly bytes: number }
  | { readonly event: 'problem'; readonly path: string; readonly reason: string }
  | { readonly event: 'note'; readonly message: string }
  | {
      readonly event: 'fetching'
      readonly path: string
      readonly bytes: number
      readonly resumedBytes: number
      readonly reusedBytes: number
      readonly peer: PeerId
    }
  | {
      readonly event: 'received'
      readonly path: string
      readonly bytes: number
      readonly crossedBytes: number
      readonly savedBytes: number
      readonly durationMs: number
      /** The peer that gave most of it, and the bytes by peer. */
      readonly peer: PeerId
      readonly sources: readonly Delivered[]
    }
  | {
      readonly event: 'removed'
      readonly path: string
      readonly kind: Exclude<Entry['kind'], 'tombstone'>
      readonly bytes: number
      readonly peer: PeerId
    }
  /** A folder, with all that is in it. */
  | {
      readonly event: 'moved'
      readonly from: string
      readonly path: string
      readonly things: number
      readonly peer: PeerId
    }
  | { readonly event: 'abandoned'; readonly path: string; readonly reason: string }
  | { readonly event: 'conflict'; readonly path: string; readonly kept: string }
  | { readonly event: 'paused'; readonly reason: string }
  | { readonly event: 'resumed' }
