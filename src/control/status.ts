// The result of `status`: all that a person may want to know of a running peer, on one screen. README.md documents the fields; the
// peer fills them in (src/app/status-book.ts), the command line shows them.

import type { ReasonCode } from '../base/reason.js'

export interface Status {
  readonly version: string
  readonly pid: number
  /** Absolute path. */
  readonly share: string
  readonly listening: string
  readonly peer: string
  /** ISO 8601, UTC. */
  readonly since: string
  /** Null while the watcher process does not answer: it is starting, or waits for room on the disk. */
  readonly holds: ShareStatus | null
  /** One for each address of `--ip`, in that order, for each machine that trackers told besides, and with `--discover` for each that is
   *  connected besides. */
  readonly peers: readonly PeerStatus[]
  /** One for each `--tracker`, in that order. */
  readonly trackers: readonly TrackerStatus[]
  /** Addresses that call this peer and that it does not name. */
  readonly callers: readonly CallerStatus[]
  /** Nothing is lacking at any of them with which a session is sought, nor here. */
  readonly isInStep: boolean
  readonly receiving: TransferStatus
  readonly sending: readonly FileStatus[]
  /** Paused by a person; null where nothing is. */
  readonly pause: PauseStatus | null
  /** Why nothing is written for now, or null. */
  readonly paused: string | null
  /** The last event that told of something that went wrong, as `--json` prints it, or null. */
  readonly lastProblem: (object & { readonly time: string; readonly event: string }) | null
}

export interface PauseStatus {
  readonly isAll: boolean
  /** Peers that are paused one by one, by address or id. */
  readonly peers: readonly string[]
  /** ISO 8601, UTC. */
  readonly since: string
}

export interface ShareStatus {
  /** False until the share has been read for the first time. */
  readonly isRead: boolean
  readonly direction: 'both' | 'send-only' | 'receive-only'
  readonly files: number
  readonly folders: number
  readonly bytes: number
  /** Folders that the system refuses to watch: what changes in them is found by scans alone. */
  readonly unwatchedFolders: number
  /** Wanted of peers, and not in place yet, with the reason of each. */
  readonly waiting: Listed<PathWithCode>
  readonly unsettled: Listed<string>
  readonly skipped: Listed<PathWithReason>
  readonly notHeld: Listed<PathWithReason>
  /** Changed on a machine that only receives. */
  readonly local: Listed<PathWithReason>
  /** Deletions and replacements that wait for `confirm` or `undo`; what others changed, on a machine that only sends. */
  readonly stopped: Listed<PathWithReason>
  /** Here since before this machine was away for 400 days or more, known to no peer, and told to nobody until `confirm` or `undo`. */
  readonly away: Listed<string>
  readonly conflicts: Listed<string>
}

/** `first` is cut to LISTED_MAX. */
export interface Listed<T> {
  readonly count: number
  readonly first: readonly T[]
}

export interface PathWithReason {
  readonly path: string
  readonly reason: string
}

export interface PathWithCode extends PathWithReason {
  readonly code: ReasonCode | null
  /** ISO 8601, UTC; null where nobody knows. */
  readonly since: string | null
}

export type PeerState =
  | 'self' // this machine's own address, which is ignored
  | 'waiting' // not met since the start
  | 'not-called' // one of more than 16 addresses with which no session is sought: what changes there comes through others
  | 'away' // met, and not there now
  | 'paused' // a person paused the exchange with it, here or there
  | 'comparing' // what it has is being found out, or our share is being read
  | 'receiving' // something that it has is lacking here
  | 'behind' // something that is here is lacking there, or it has not said yet that it is not
  | 'in-step'

export interface PeerStatus {
  /** As in `--ip`, or where it was found. */
  readonly address: string
  /** Its id; null where it was never met. */
  readonly peer: string | null
  readonly state: PeerState
  /** Nothing is lacking here of what it knows, nor there of what is known here, but for what is not held; also of one that has
   *  left since. */
  readonly isInStep: boolean
  /** Why it is not there; empty where it is. */
  readonly reason: string
  /** Why it is not in step, as in README.md#reasons; null where it is. */
  readonly code: ReasonCode | null
  /** ISO 8601, UTC: when it was met, or left, or was first missed; null where nothing was told of it yet. */
  readonly since: string | null
  /** Of its key; null where it is not connected, and without encryption. */
  readonly fingerprint: string | null
  /** Files, folders and links that it has and that are wanted of it. */
  readonly wanted: number
  /** Entries that the peer knows and does not hold. */
  readonly notHeldThere: number
  readonly receivedBytesPerS: number
  readonly sentBytesPerS: number
  /** In its session. */
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly rttMs: number | null
  readonly minRttMs: number | null
  /** Part of the segments that were asked of it of late and lost, 0 to 1; null where none were asked. */
  readonly loss: number | null
}

export interface CallerStatus {
  readonly address: string
  /** The program that it says it is, as left 0.1.0. */
  readonly agent: string
}

export interface TrackerStatus {
  /** As in `--tracker`. */
  readonly address: string
  readonly state:
    | 'asked' // no answer yet, nor time enough for one
    | 'answers'
    | 'silent' // it does not answer
    | 'full' // it has no room for this peer
    | 'version' // it speaks another version of the protocol
    | 'unknown' // no address is known for its name
  /** Addresses of others that it names. */
  readonly peers: number
}

export interface TransferStatus {
  /** In place, and wanted; since nothing was wanted last. */
  readonly files: number
  readonly filesWanted: number
  readonly bytes: number
  readonly bytesWanted: number
  readonly bytesPerS: number
  /** Files of several blocks that are on their way. */
  readonly now: readonly ReceivedFileStatus[]
}

export interface FileStatus {
  readonly path: string
  /** The peer that it goes to, or null where it comes from several or from anyone. */
  readonly address: string | null
  readonly bytes: number
  readonly doneBytes: number
  readonly bytesPerS: number
  readonly etaMs: number | null
}

export interface ReceivedFileStatus extends FileStatus {
  /** Parts of the file, all of the same size: `#` was here already, a capital is here, last from that one of `sources` (`A` is the first), a
   *  small letter is under way from it, `+` is here in part, `.` is missing. Empty while it is not known which blocks are here. */
  readonly map: string
  /** Peers that gave something of it or are asked, in the order in which they came. */
  readonly sources: readonly FileSource[]
}

export interface FileSource {
  /** As that of a peer. */
  readonly address: string
  readonly bytes: number
}

/** Statements of what keeps a peer from being in step, one line each; none where nothing does. */
export function lackingOf({ holds, peers, trackers, paused, isInStep }: Status): string[] {
  if (isInStep) return []
  const lines = peers.flatMap((peer) => lackingAt(peer))
  const words = trackers.map(({ address, state }) => `tracker ${address}: ${TRACKER_WORDS[state]}`)
  if (!isFound({ peers, trackers })) lines.push('no other machine of the group is known yet', ...words)
  if (holds === null) lines.push('this share: it is not open yet')
  else if (!holds.isRead) lines.push('this share: it is still being read')
  else if (peers.length === 0 && trackers.length === 0)
    lines.push('no machine was found yet: left must run on another one, with --discover')
  else if (holds.unsettled.count > 0) lines.push(`this share: ${beingWritten(holds.unsettled)}`)
  if (paused !== null) lines.push(`this share: paused, ${paused}`)
  return lines.length > 0 ? lines : ['this share: something is being compared or put in place']
}

/** With trackers: whether all who are there are known, as far as trackers tell, and somebody is. A tracker that does not answer holds
 *  nobody up who knows another machine. */
export function isFound({ peers, trackers }: Pick<Status, 'peers' | 'trackers'>): boolean {
  if (trackers.length === 0) return true
  return trackers.every(({ state }) => state !== 'asked') && peers.some(({ state }) => state !== 'self')
}

/** For a person. */
export const TRACKER_WORDS = {
  asked: 'no answer yet',
  answers: 'answers',
  silent: 'does not answer',
  full: 'has no room for this peer',
  version: 'speaks another version of the protocol',
  unknown: 'no address is known for this name',
} as const

function lackingAt({ address, state, isInStep, reason, wanted, code }: PeerStatus): string[] {
  if (isInStep) return []
  switch (state) {
    case 'self':
    case 'not-called':
      return []
    case 'waiting':
      return [`${address}: not met${reason === '' ? '' : ` (${reason})`}`]
    case 'away':
      return [`${address}: it left before both had the same${reason === '' ? '' : ` (${reason})`}`]
    case 'paused':
      return [
        `${address}: ${code === 'paused-there' ? 'paused there' : 'paused here, left resume ends that'}`,
      ]
    case 'comparing':
      return [`${address}: what it has is still being compared`]
    case 'receiving':
      return [`${address}: ${wanted} ${wanted === 1 ? 'entry' : 'entries'} of it lacking here`]
    case 'behind':
      return [`${address}: it has not got all that is here, or has not said so yet`]
    case 'in-step':
      return []
  }
}

function beingWritten({ count, first }: Listed<string>): string {
  const rest = count - 1
  return `${first[0]} is being written${rest > 0 ? `, and ${rest} more` : ''}`
}
