// Decides about one entry of a peer that differs from ours. Pure and total: the keeper calls it for
// every difference that a walk finds, and carries the decision out. `README.md` has the table.
//
// The rule that keeps edits from being lost: **only the peer that holds the loser of a conflict joins the
// versions**, once it has kept the loser. If the winner's peer joined first, its version would overtake the
// loser, and the loser's peer would replace an edit that nobody has kept.

import type { Entry } from './entry.js'
import { sameEntry } from './entry-line.js'
import { conflictPath } from './path.js'
import {
  bumpVersion,
  compareVersions,
  joinVersions,
  type PeerId,
  type Version,
  type VersionOrder,
} from './version.js'

export interface DecideFacts {
  /** Whether anything that is not a tombstone lies below the path here. */
  readonly localFolderHasLiveChildren: boolean
  /** In whose name we edit. */
  readonly peer: PeerId
}

/** The kind of thing that `entry` replaces: 'file' is also a link, which a rename replaces alike. */
export type Replaced = 'file' | 'folder' | undefined

export type Decision =
  /** Nothing to do: ours is the same or newer, or it is a deletion, which is not carried out yet. */
  | { readonly type: 'keep' }
  /** The content is here already; record `entry`, set its mtime and executable bit. A tombstone, where both
   *  have deleted the path: record it only. */
  | { readonly type: 'adopt'; readonly entry: Entry }
  /** The peer's content comes in place of ours. */
  | { readonly type: 'take'; readonly entry: Entry; readonly replaces: Replaced }
  /** Two edits, neither of which has seen the other. With 'remote' as the winner, keep ours (`loser`) as
   *  `keptAs` and then take `entry`, which has the joined version. With 'local', record `entry` (often
   *  ours unchanged) and nothing else: the peer that holds the loser keeps it. */
  | {
      readonly type: 'conflict'
      readonly winner: 'local' | 'remote'
      readonly entry: Entry
      readonly loser: Entry
      readonly keptAs: string
    }

const KEEP: Decision = { type: 'keep' }

export function decide(local: Entry | undefined, remote: Entry, facts: DecideFacts): Decision {
  if (remote.kind !== 'folder' && remote.kind !== 'tombstone' && facts.localFolderHasLiveChildren) {
    const overridden = decideAgainstFullFolder(local, remote, facts.peer)
    if (overridden !== undefined) return overridden
  }
  if (local === undefined) return remote.kind === 'tombstone' ? KEEP : take(undefined, remote, remote.version)
  const order = compareVersions(local.version, remote.version)
  if (sameContent(local, remote)) return decideOnEqualContent(local, remote, order)
  if (local.kind === 'tombstone') return decideAgainstOurTombstone(local, remote, order)
  if (remote.kind === 'tombstone') {
    // Our edit has not been seen by the deletion, nor the deletion by our edit: the edit stays.
    return order === 'concurrent' ? { type: 'adopt', entry: joined(local, remote) } : KEEP
  }
  if (order === 'after') return KEEP
  if (order === 'before') return take(local, remote, remote.version)
  return localWins(local, remote) ? oursWins(local, remote) : theirsWins(local, remote)
}

/** Whether both are the same thing with the same content, whatever their metadata. */
export function sameContent(left: Entry, right: Entry): boolean {
  return left.kind === right.kind && left.digest === right.digest && left.target === right.target
}

function decideOnEqualContent(local: Entry, remote: Entry, order: VersionOrder): Decision {
  if (order === 'after') return KEEP
  // A version that has seen ours brings its metadata along, even an older mtime: that was the edit.
  const entry = order === 'before' ? { ...remote } : newestMetadata(local, remote)
  return sameEntry(entry, local) ? KEEP : { type: 'adopt', entry }
}

function decideAgainstOurTombstone(local: Entry, remote: Entry, order: VersionOrder): Decision {
  if (order === 'before') return take(local, remote, remote.version)
  // An edit that had not seen the deletion is never lost to it.
  if (order === 'concurrent') return take(local, remote, joinVersions(local.version, remote.version))
  return KEEP
}

/** Something that is not a folder wants the place of a folder with content here. */
function decideAgainstFullFolder(
  local: Entry | undefined,
  remote: Entry,
  peer: PeerId,
): Decision | undefined {
  if (local === undefined || local.kind === 'tombstone') {
    // The folder is there and its own entry has not come yet; the next walk finds both.
    return KEEP
  }
  if (local.kind !== 'folder' || compareVersions(local.version, remote.version) !== 'before') return undefined
  // Our folder needs a version that the file has not seen, or the file's peer would never look at it again; and one that
  // has not seen the file, so that there, and against whatever we do next, the file is still a loser that must be kept.
  const entry = { ...local, version: bumpVersion(local.version, peer) }
  return { type: 'conflict', winner: 'local', entry, loser: remote, keptAs: conflictPath(remote) }
}

/** Alike on every peer: a folder wins, else the newest, else the larger digest, else the larger target. */
function localWins(local: Entry, remote: Entry): boolean {
  if (local.kind === 'folder' || remote.kind === 'folder') return local.kind === 'folder'
  if (local.mtimeMs !== remote.mtimeMs) return local.mtimeMs > remote.mtimeMs
  if (local.digest !== remote.digest) return local.digest > remote.digest
  return local.target > remote.target
}

function oursWins(local: Entry, remote: Entry): Decision {
  return { type: 'conflict', winner: 'local', entry: local, loser: remote, keptAs: conflictPath(remote) }
}

function theirsWins(local: Entry, remote: Entry): Decision {
  const entry = { ...remote, version: joinVersions(local.version, remote.version) }
  return { type: 'conflict', winner: 'remote', entry, loser: local, keptAs: conflictPath(local) }
}

function take(local: Entry | undefined, remote: Entry, version: Version): Decision {
  const replaces =
    local === undefined || local.kind === 'tombstone'
      ? undefined
      : local.kind === 'folder'
        ? 'folder'
        : 'file'
  return { type: 'take', entry: { ...remote, version }, replaces }
}

function joined(local: Entry, remote: Entry): Entry {
  return { ...local, version: joinVersions(local.version, remote.version) }
}

/** Equal content, neither version newer: the newest mtime, its executable bit, and the joined version. */
function newestMetadata(local: Entry, remote: Entry): Entry {
  const version = joinVersions(local.version, remote.version)
  const executable =
    local.mtimeMs === remote.mtimeMs
      ? local.executable || remote.executable
      : local.mtimeMs > remote.mtimeMs
        ? local.executable
        : remote.executable
  return { ...local, mtimeMs: Math.max(local.mtimeMs, remote.mtimeMs), executable, version }
}
