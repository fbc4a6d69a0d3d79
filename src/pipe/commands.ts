// Commands of a person that the share's side of a running peer carries out, and their results: a row each. They cross the pipe
// to the watcher process beside the messages of the engine, which knows nothing of them.

import type { Digest } from '../base/item.js'
import type { Reason } from '../base/reason.js'
import type { Dot, PeerId } from '../share/dots.js'
import type { Direction } from './settings.js'

export interface ShareCommands {
  /** All that there is to know of the share right now. */
  readonly state: { readonly given: object; readonly result: ShareState }
  /** All that there is to know of one path; '' is the share. */
  readonly why: { readonly given: { readonly path: string }; readonly result: PathState }
  /** Looks at a path, or with '' at the whole share, as if something had changed there, and tries again what was refused there. */
  readonly rescan: { readonly given: { readonly path: string }; readonly result: Rescanned }
  /** Confirms what is held: it is meant, and happens here and elsewhere. */
  readonly confirm: { readonly given: object; readonly result: ReleasedCounts }
  /** Undoes what is held: it is not meant, and what was deleted or replaced comes back. */
  readonly undo: { readonly given: object; readonly result: ReleasedCounts }
  /** Files that lost conflicts and are still kept beside their winners. */
  readonly conflicts: { readonly given: { readonly path: string }; readonly result: Sample<Conflict> }
  readonly 'conflicts-keep': {
    readonly given: { readonly path: string; readonly choice: ConflictChoice }
    readonly result: SettledConflicts
  }
  /** What peers deleted or replaced, what was taken in last at the front. */
  readonly 'trash-list': { readonly given: TrashSought; readonly result: ListedTrash }
  /** Gives back what peers deleted or replaced. */
  readonly 'trash-restore': { readonly given: TrashSought; readonly result: RestoredFromTrash }
  /** Removes it for good. */
  readonly 'trash-empty': {
    readonly given: { readonly beforeMs: number | undefined }
    readonly result: EmptiedTrash
  }
}

export type ShareCommandName = keyof ShareCommands

/** A command with what it was given. */
export type ShareCommand = {
  [Name in ShareCommandName]: { readonly name: Name } & ShareCommands[Name]['given']
}[ShareCommandName]

export type ShareResult = ShareCommands[ShareCommandName]['result']

/** Paths that were held, and are not any more. */
export interface ReleasedCounts {
  /** Deleted here. */
  readonly own: number
  /** Deleted or replaced by peers. */
  readonly received: number
  /** Changed on a machine that only receives. */
  readonly local: number
  /** Kept, or moved to the trash, of what is here since before this machine was away for long and no peer knows. */
  readonly away: number
  /** Paths like those of `away` that were neither kept nor moved: still held. */
  readonly staying: number
}

/** The first few of many. */
export interface Sample<T> {
  readonly count: number
  readonly first: readonly T[]
}

export interface PathWithReason {
  readonly path: string
  /** Empty where none is known. */
  readonly reason: string
}

/** Side of a conflict that is kept: what stands at the path, what stands in the copy, or each as a file of its own. */
export type ConflictChoice = 'this' | 'other' | 'both'

export interface Conflict {
  readonly path: string
  /** The side that stands at the path on all machines; null where it was deleted. */
  readonly this: ConflictSide | null
  /** Copies beside it. */
  readonly others: Sample<ConflictSide>
}

export interface ConflictSide {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'tombstone'
  readonly bytes: number
  readonly mtimeMs: number
  /** In whose name the content was edited: a peer id. */
  readonly author: PeerId
}

export interface SettledConflicts {
  /** Copies, and where their content is now: the place in the trash, the path, or another name. */
  readonly settled: readonly { readonly path: string; readonly as: string }[]
  readonly refused: readonly PathWithReason[]
}

/** Which things of the trash. */
export interface TrashSought {
  /** A file, a link, or a folder with all that was in it; '' for the whole share. */
  readonly path: string
  /** As the share was then: of each path what was taken in first, then or later. All of it where undefined. */
  readonly asOfMs: number | undefined
}

export interface ListedTrash extends Sample<TrashedThing> {
  /** Of all of them. */
  readonly bytes: number
}

export interface TrashedThing {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link'
  readonly bytes: number
  /** Milliseconds since 1970, by the disk's clock. */
  readonly takenMs: number
}

export interface RestoredFromTrash {
  /** Paths that are back. */
  readonly restored: Sample<string>
  /** Given back beside what stands at the path by now. */
  readonly beside: Sample<{ readonly path: string; readonly as: string }>
  /** Still in the trash, and why. */
  readonly refused: Sample<PathWithReason>
}

export interface EmptiedTrash {
  readonly things: number
  readonly bytes: number
}

export interface ShareState {
  readonly root: Digest
  /** The first scan is over: what the share holds is known. */
  readonly isRead: boolean
  readonly direction: Direction
  /** Something is being read, compared, tried again or put in place right now. */
  readonly isBusy: boolean
  /** Counts of the files that are held here; so also `folders` and `bytes`. */
  readonly files: number
  readonly folders: number
  readonly bytes: number
  /** Folders that the system refuses to watch: what changes in them is found by scans alone. */
  readonly unwatchedCount: number
  /** Wanted of peers, and not in place yet. */
  readonly waiting: Sample<PathWithReasons>
  /** Changed here and not at rest yet, so that nobody was told. */
  readonly unsettled: Sample<string>
  /** There, and not shared for a reason that a person can change. */
  readonly skipped: Sample<PathWithReason>
  /** Known, and not held here. */
  readonly notHeld: Sample<PathWithReason>
  /** Changed here, and told to nobody: receive-only. */
  readonly local: Sample<PathWithReason>
  /** Deletions and replacements that are held until a person confirms or undoes them. */
  readonly stopped: Sample<PathWithReason>
  /** Here since before this machine was away for long, known to no peer, and told to nobody until a person confirms or undoes it. */
  readonly away: Sample<string>
  /** Losers of conflicts that are still kept beside their winners. */
  readonly conflicts: Sample<string>
  /** Wanted and not in place yet, of all peers. */
  readonly wantedCount: number
  /** Why nothing is written for now; empty where nothing keeps it from that. */
  readonly pause: string
  readonly peers: readonly PeerStanding[]
}

export interface Rescanned {
  /** Paths that were refused, and are tried again. */
  readonly retried: number
}

/** A path as it is known here, and what keeps it from being the same at the peers. */
export interface PathState {
  readonly path: string
  /** The first scan is over. */
  readonly isRead: boolean
  /** Null where nothing is known of it. */
  readonly known: EntryFacts | null
  /** Whether what is known is here too. */
  readonly isHeld: boolean
  /** Better than what is known, and to come from peers; null where nothing is. */
  readonly wanted: EntryFacts | null
  /** Peers that it is to come from. */
  readonly wantedOf: readonly PeerId[]
  /** None where nothing here keeps it back. */
  readonly reasons: readonly Reason[]
  /** Whether a question about it tells a peer no name that is in no tree: of something that is left out here, or private. */
  readonly isAskable: boolean
  /** Paths in it, where it is a folder, that something keeps back. */
  readonly below: Sample<PathWithReasons>
  readonly peers: readonly PeerStanding[]
}

export interface PathWithReasons {
  readonly path: string
  readonly reasons: readonly Reason[]
}

/** An entry, for a person. */
export interface EntryFacts {
  readonly kind: 'file' | 'folder' | 'link' | 'tombstone'
  /** Of a tombstone. */
  readonly deletedKind: 'file' | 'folder' | 'link' | null
  readonly bytes: number
  /** Null of a folder. */
  readonly mtimeMs: number | null
  /** In whose name it was edited. */
  readonly author: PeerId
  /** The edit that made its content: two entries of one path with the same are the same. */
  readonly edit: Dot
}

/** How far the comparison with a peer has come. */
export interface PeerStanding {
  readonly peer: PeerId
  /** Whether the peer has a session; else the rest is how it was when it left. */
  readonly isHere: boolean
  /** All that it said it knows has been considered. */
  readonly isCompared: boolean
  /** Whether the peer knows what we know. */
  readonly isEqual: boolean
  /** Entries that the peer knows and does not hold. */
  readonly notHeldCount: number
  /** Wanted of it. */
  readonly wantedCount: number
}
