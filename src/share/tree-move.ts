// One rename of a folder with all that is in it, told in one line: every peer that knew the same of it before derives the same
// entries, a creation and a deletion of each thing, each with a dot of its own. Nothing of the rules of versions changes by that.
// The keeper of the peer that finds the rename derives its own entries by this too.
//
//     line    = 'm ' time ' ' state ' ' author ':' first ' ' things ' ' from ' ' to
//     time    = of the deletions, milliseconds since 1970, decimal
//     state   = 64 lowercase hexadecimal digits: the digest of what was known of both places before
//     first   = the count of the first edit; the i-th thing is created by first + 2i and deleted by first + 2i + 1
//     things  = how many there are, the folder itself among them, decimal
//     from to = escaped (base/escape.ts)
//
// Things are numbered in the order of the listings: a folder before what is in it, names ascending in UTF-16 code units.

import { hexOf, utf8 } from '../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import type { Digest } from '../base/item.js'
import {
  COUNT_MAX,
  type Dot,
  dotOf,
  FORMAT1_PREFIX,
  holds,
  isDot,
  type PeerId,
  peerOf,
  UNCHOSEN,
} from './dots.js'
import { editContent, type Made, mtimeOf, removeContent } from './edit.js'
import type { Entry } from './entry.js'
import { decodeEntry, encodeEntry } from './entry-line.js'
import { IGNORE_FILE } from './ignore-rules.js'
import { MTIME_MS_MAX, TREE_MOVE_THINGS_MAX } from './limits.js'
import type { Manifest } from './manifest.js'
import { checkPath, nameOf } from './path.js'

export interface TreeMove {
  readonly kind: 'tree-move'
  readonly from: string
  readonly to: string
  readonly author: PeerId
  /** The count of the first edit. */
  readonly first: number
  /** Time of the deletions. */
  readonly timeMs: number
  /** Stands for what was known of both places before. */
  readonly state: Digest
  readonly things: number
}

/** One thing of a moved tree: it is created at its new path and deleted at the old one. */
export interface MovedPart {
  /** As it was known. */
  readonly before: Entry
  readonly creation: Entry
  readonly deletion: Entry
}

export interface MovedTree {
  readonly move: TreeMove
  /** Folders before what is in them. */
  readonly parts: readonly MovedPart[]
}

/** A change that a peer is told of: an entry, or the move of a whole tree. */
export type Change = Entry | TreeMove

/** Stands for all that is known of two places, below them and of themselves. The root of the manifest is computed for that. */
export function stateOfPlaces(manifest: Manifest, from: string, to: string): Digest {
  manifest.root()
  const lines = [from, to].flatMap((path) => {
    const entry = manifest.get(path)
    const item = manifest.folderItem(path)
    return [
      entry === undefined ? '-' : encodeEntry(entry),
      item === undefined ? '-' : `${item.digest}:${item.sizeBytes}`,
    ]
  })
  return hexOf(manifest.hash(utf8(lines.join('\n'))))
}

/** How many things one rename of `from` to `to` moves; undefined where it cannot be told in one line. */
export function thingsToMove(manifest: Manifest, from: string, to: string): number | undefined {
  const things = manifest.liveCountBelow(from) + 1
  if (checkPath(from) !== undefined || checkPath(to) !== undefined || areNested(from, to)) return undefined
  const standing = manifest.get(to)
  if (standing !== undefined && standing.kind !== 'tombstone') return undefined
  if (manifest.get(from)?.kind !== 'folder' || manifest.liveCountBelow(to) > 0) return undefined
  return things <= TREE_MOVE_THINGS_MAX ? things : undefined
}

/** The entries that the move makes of what the manifest says; undefined where it does not fit that. `state` of the move is not
 *  looked at. */
export function movedTree(manifest: Manifest, move: TreeMove): MovedTree | undefined {
  const { from, to, things } = move
  if (thingsToMove(manifest, from, to) !== things || !isCountable(move)) return undefined
  const parts: MovedPart[] = []
  const add = (entry: Entry): boolean => {
    const made = partOf(manifest, move, entry, parts.length)
    if (made === undefined) return false
    parts.push(made)
    if (entry.kind !== 'folder') return true
    for (const child of manifest.children(entry.path))
      if (child.kind !== 'tombstone' && !add(child)) return false
    return true
  }
  // Entries below something that is no folder are known, and in no place of their own.
  return add(manifest.get(from)!) && parts.length === things ? { move, parts } : undefined
}

/** The edit that deletes the folder itself at its old path. */
export function deletionOfFolder({ author, first }: TreeMove): Dot {
  return dotOf(author, first + 1)
}

function partOf(manifest: Manifest, move: TreeMove, entry: Entry, index: number): MovedPart | undefined {
  const { from, to, author, first, timeMs } = move
  const path = `${to}${entry.path.slice(from.length)}`
  // Rules of a folder are about other paths in another place.
  if (checkPath(path) !== undefined || nameOf(path) === IGNORE_FILE) return undefined
  const base = manifest.get(path)
  if (base !== undefined && base.kind !== 'tombstone') return undefined
  const creationDot = dotOf(author, first + 2 * index)
  const deletionDot = dotOf(author, first + 2 * index + 1)
  // Only what has not seen the move gives way to it.
  if (holds(entry.version.seen, deletionDot) || (base && holds(base.version.seen, creationDot)))
    return undefined
  const { kind, sizeBytes, digest, target } = entry
  const content = { kind, sizeBytes, digest, target, deletedKind: undefined, mtimeMs: mtimeOf(entry) }
  const creation = editContent(base, { path, content, mode: entry, dot: creationDot })
  const deletion = removeContent(entry, deletionDot, timeMs, path)
  return isWhole(creation) && isWhole(deletion)
    ? { before: entry, creation: creation.entry, deletion: deletion.entry }
    : undefined
}

/** Whether nothing had to be forgotten, which a person is told of path by path. */
function isWhole({ folded }: Made): boolean {
  return folded === ''
}

function areNested(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`)
}

function isCountable({ author, first, things }: TreeMove): boolean {
  const isReserved = author === peerOf(UNCHOSEN) || author.startsWith(FORMAT1_PREFIX)
  return !isReserved && first >= 1 && first <= COUNT_MAX - (2 * things - 1)
}

export function isTreeMove(change: Change): change is TreeMove {
  return change.kind === 'tree-move'
}

export function isEntry(change: Change): change is Entry {
  return change.kind !== 'tree-move'
}

export function encodeChange(change: Change): string {
  return isTreeMove(change) ? encodeTreeMove(change) : encodeEntry(change)
}

/** Strict: only the canonical spelling within all limits. Never throws. */
export function decodeChange(text: string): Decoded<Change> {
  return text.startsWith('m ') ? decodeTreeMove(text) : decodeEntry(text)
}

export function encodeTreeMove({ from, to, author, first, timeMs, state, things }: TreeMove): string {
  return `m ${timeMs} ${state} ${author}:${first} ${things} ${escapeField(from)} ${escapeField(to)}`
}

export function decodeTreeMove(text: string): Decoded<TreeMove> {
  if (text === '') return undecoded('empty')
  const [letter, time, state, dot, count, ...paths] = text.split(' ', 8)
  if (letter !== 'm') return undecoded('unknown-kind')
  if (time === undefined || state === undefined || dot === undefined || count === undefined)
    return undecoded('truncated')
  if (paths.length < 2) return undecoded('truncated')
  if (paths.length > 2) return undecoded('trailing-bytes')
  const timeMs = INTEGER.test(time) ? Number(time) : Number.NaN
  const things = INTEGER.test(count) ? Number(count) : Number.NaN
  const [from, to] = paths.map(pathOf)
  if (!(Math.abs(timeMs) <= MTIME_MS_MAX) || !DIGEST.test(state) || !isDot(dot)) return undecoded('bad-field')
  if (!(things >= 1 && things <= TREE_MOVE_THINGS_MAX)) return undecoded('bad-field')
  if (from === undefined || to === undefined || areNested(from, to)) return undecoded('bad-field')
  const author = peerOf(dot)
  const move = { kind: 'tree-move', from, to, author, first: Number(dot.slice(author.length + 1)) } as const
  const whole = { ...move, timeMs, state, things }
  return isCountable(whole) ? decoded(whole) : undecoded('bad-field')
}

const INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/
const DIGEST = /^[0-9a-f]{64}$/

function pathOf(text: string): string | undefined {
  const path = unescapeField(text)
  return path === undefined || path === '' || checkPath(path) !== undefined ? undefined : path
}
