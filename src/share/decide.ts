// Decides about one entry of a peer that differs from ours, by dots and what they have seen. Pure and total. The keeper
// calls it when an entry arrives, and again with what stands here by then before it puts anything in place.
//
//     R.seen holds L.dot and L.seen does not hold R.dot    R replaces L
//     neither holds the other                              concurrent: the order of contents decides
//     each holds the other                                 the larger vector knows more; else the conflict's loser stays
//
// **Only the peer that holds the loser of a conflict unites the vectors**, once it has kept the loser. Had the winner's peer
// united first, the loser's peer would take the result for a replacement, and nobody would have kept the loser. Hence:
// what a vector holds has been replaced by somebody who had seen it, has been kept, or was removed by a person who kept it
// against the winner (keeper/scan/recording.ts). Where each holds the other there is nothing left to keep, and the order is turned
// round: a winner's vector holds the loser that it beat, while a loser's holds the winner because somebody replaced or deleted
// that. docs/decisions/versions.md has what was tried instead, with counterexamples.

import { PRIVACY } from '../base/access.js'
import {
  countOf,
  type Dot,
  type DottedVersion,
  holds,
  peerOf,
  type Relation,
  relate,
  type Seen,
  uniteSeen,
} from './dots.js'
import { editContent, orderOfAttributes, orderOfContents, type Side, sameContent, unite } from './edit.js'
import type { Entry, EntryKind } from './entry.js'
import { sameEntry } from './entry-line.js'
import { conflictPath } from './path.js'

export interface ReconcileFacts {
  /** Whether anything live below the path here stays: what a deletion of the folder had not seen. */
  readonly folderHasLiveChildren: boolean
}

/** The kind of thing an entry takes the place of: 'file' is also a link. Undefined where nothing stands. */
export type Replaced = 'file' | 'folder' | undefined

export type Decision =
  /** Ours stands and nothing is recorded. `wins`: of a conflict whose loser the peer keeps. */
  | { readonly type: 'keep'; readonly wins: boolean }
  /** The content is here already: record `entry`, set its time and mode. */
  | { readonly type: 'adopt'; readonly entry: Entry; readonly folded: Seen }
  /** Fetch and place `entry`. The old one had been seen, and goes to the trash. */
  | {
      readonly type: 'take'
      readonly entry: Entry
      readonly replaces: Replaced
      readonly folded: Seen
    }
  /** Carry a deletion out: ours goes to the trash, and `entry` is recorded. */
  | {
      readonly type: 'remove'
      readonly entry: Entry
      readonly replaces: Replaced
      readonly folded: Seen
    }
  /** Ours is the loser. Keep it as `copy`, and then take `entry`. The copy has the dots of the loser, so that every peer
   *  that keeps it makes the same entry, and a copy that somebody has seen and deleted does not come back: run `decide`
   *  for its path too. */
  | {
      readonly type: 'conflict'
      readonly entry: Entry
      readonly copy: Entry
      readonly folded: Seen
    }
  /** Something that is no folder would replace our folder, but what is below stays. Record an edit of ours by
   *  `defendFolder`, which the peer's entry has not seen and loses to. */
  | { readonly type: 'defend'; readonly folder: Entry }
  /** Something that is no folder belongs here and cannot be placed while anything stands below: known, not held. */
  | { readonly type: 'hold'; readonly entry: Entry }

export function decide(local: Entry | undefined, remote: Entry, facts: ReconcileFacts): Decision {
  const blocked = facts.folderHasLiveChildren && isFileOrLink(remote.kind)
  if (local === undefined) {
    if (blocked) return { type: 'hold', entry: remote }
    if (remote.kind === 'tombstone') return { type: 'adopt', entry: remote, folded: '' }
    return { type: 'take', entry: remote, replaces: undefined, folded: '' }
  }
  const relation = relationOfContents(local, remote)
  const equal = sameContent(local, remote)
  const order = orderOfContents(local, remote)
  const content = chosen(relation, relation === 'settled' ? -order : order)
  const keeps = relation === 'concurrent' && !equal
  if (keeps && content === 'local') return { type: 'keep', wins: true }
  // Attributes of another kind of thing would not fit: a file without readers, an executable folder.
  const leaves = equal ? undefined : other(content)
  const attributes = local.kind === remote.kind ? chosenAttributes(local, remote, { leaves, keeps }) : content
  const { entry, folded } = unite(local, remote, { content, attributes })
  if (content === 'local' || equal)
    return sameEntry(entry, local) ? { type: 'keep', wins: false } : { type: 'adopt', entry, folded }
  if (blocked) {
    return local.kind === 'folder' ? { type: 'defend', folder: local } : { type: 'hold', entry: remote }
  }
  const replaces = replacedBy(local.kind)
  if (entry.kind === 'tombstone') return { type: 'remove', entry, replaces, folded }
  if (keeps && local.kind !== 'tombstone') {
    return { type: 'conflict', entry, copy: copyOf(local), folded }
  }
  return { type: 'take', entry, replaces, folded }
}

/** An edit of a folder that changes nothing in it. Its vector must not hold the entry that it is defended against. */
export function defendFolder(folder: Entry, dot: Dot): Entry {
  return editContent(folder, { path: folder.path, content: folder, mode: folder, dot }).entry
}

/** A loser beside its winner. A loser that is a copy itself becomes another copy of the same original. */
export function copyOf(loser: Entry): Entry {
  const { content, attributes } = loser.version
  const path = conflictPath({ ...loser, path: originalOf(loser.path) })
  return { ...loser, path, version: { content, attributes, seen: uniteSeen(content, attributes) } }
}

/** Whether this is the loser of a conflict, kept beside its winner: a file with a name that LEFT gives. */
export function isConflictCopy({ kind, path }: Entry): boolean {
  return kind === 'file' && path.includes('.conflict-') && originalOf(path) !== path
}

const COPY_MARK = /\.conflict-[^./]*-[0-9]{6}-[0-9a-f]{8}(?:-[1-9][0-9]?)?(?=\.[^./]*$|$)/

/** Which path a copy of a conflict is a copy of; any other path itself. */
export function originalOf(path: string): string {
  return path.replace(COPY_MARK, '')
}

/** The name of a copy that a person keeps as a file of its own: `notes.kept-20261121-103000-0123abcd.txt`. */
export function keptPath(copy: string): string {
  return copy.replace(COPY_MARK, (mark) => mark.replace('.conflict-', '.kept-'))
}

function relationOfContents(local: Entry, remote: Entry): Relation {
  const relation = relate(
    local.version.content,
    local.version.seen,
    remote.version.content,
    remote.version.seen,
  )
  // One dot with two contents cannot come from an honest peer that never repeats a count: lose neither.
  return relation === 'same' && !sameContent(local, remote) ? 'concurrent' : relation
}

/** Where each has seen the other's, the order decides at once: a peer that left a chmod behind with a content of another kind
 *  (a deletion that an edit won against) has a larger vector and the wider mode. `leaves`: whose content gives way to another; `keeps`:
 *  as the loser of a conflict. A mode that came with such a content, or with a touch of it, was given to another file, and may have
 *  replaced that of the one that stays by way of a deletion only: it opens that to nobody. A chmod does. */
function chosenAttributes(
  local: Entry,
  remote: Entry,
  { leaves, keeps }: { readonly leaves: Side | undefined; readonly keeps: boolean },
): Side {
  const { version: ours } = local
  const { version: theirs } = remote
  const isMutual = holds(ours.seen, theirs.attributes) && holds(theirs.seen, ours.attributes)
  const relation = isMutual ? 'settled' : relate(ours.attributes, ours.seen, theirs.attributes, theirs.seen)
  const side = chosen(relation, orderOfAttributes(local, remote))
  if (side !== leaves) return side
  const [left, stays] = leaves === 'local' ? [local, remote] : [remote, local]
  const isOpener = PRIVACY[stays.access] > PRIVACY[left.access]
  // The touch may come alone, after the content that it was made on: by then that is no conflict any more.
  const isOfOther = left.touched !== undefined || (keeps && mayBeOfContent(left.version))
  return isOpener && isOfOther ? other(leaves) : side
}

function other(side: Side): Side {
  return side === 'local' ? 'remote' : 'local'
}

/** Whether the mode may have come with this content or, where the author went on with the file, with an earlier one. A chmod before the
 *  author's last edit looks the same. */
function mayBeOfContent({ content, attributes }: DottedVersion): boolean {
  return peerOf(attributes) === peerOf(content) && countOf(attributes) <= countOf(content)
}

function chosen(relation: Relation, order: number): Side {
  if (relation === 'replaced') return 'remote'
  return relation === 'replaces' || order >= 0 ? 'local' : 'remote'
}

function isFileOrLink(kind: EntryKind): boolean {
  return kind === 'file' || kind === 'link'
}

function replacedBy(kind: EntryKind): Replaced {
  if (kind === 'tombstone') return undefined
  return kind === 'folder' ? 'folder' : 'file'
}
