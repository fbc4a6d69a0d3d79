// One thing in a share with its dots, and what an edit of each kind makes of it. Called by whoever finds edits
// (the scanner) and by reconcile.ts. An edit gets its dot from the caller, whose peer has never used it before.

import {
  countOf,
  type Dot,
  type DottedVersion,
  dotOf,
  dotsOf,
  encodeVersion,
  foldSeen,
  orderOfDots,
  peerOf,
  type Seen,
  uniteSeen,
} from './dots.js'
import type { EntryKind } from './entry.js'

/** Written by one edit and never changed afterwards: one dot, one content. */
export interface Content {
  readonly kind: EntryKind
  readonly sizeBytes: number
  readonly digest: string
  readonly target: string
  /** Modification time when the edit was found; of a tombstone, when the deletion was found; 0 of a folder. A touch
   *  leaves it, since conflicts are ordered by it. */
  readonly mtimeMs: number
}

/** The readers, from the most private: the owner, its group, everybody. 'none' is for links and tombstones. */
export type SharedMode = 'owner' | 'group' | 'all' | 'none'

export interface Mode {
  readonly access: SharedMode
  readonly executable: boolean
}

export interface Attributes extends Mode {
  /** A modification time set later than the content was written, and on which content. */
  readonly touched?: { readonly mtimeMs: number; readonly content: Dot }
}

/** Immutable: an edit is a new entry. */
export interface DottedEntry {
  readonly path: string
  readonly content: Content
  readonly attributes: Attributes
  readonly version: DottedVersion
}

/** An entry, and what its vector had no room for: '' nearly always, else to be logged. */
export interface Made {
  readonly entry: DottedEntry
  readonly folded: Seen
}

export type Side = 'local' | 'remote'

export interface Chosen {
  readonly content: Side
  readonly attributes: Side
}

export const NO_MODE: Mode = { access: 'none', executable: false }

/** Creates, edits, reverts, recreates, changes the kind. Attributes keep their dot where the edit leaves them as they
 *  are, so that somebody else's chmod at the same time stands. */
export function editContent(
  base: DottedEntry | undefined,
  edit: { path: string; content: Content; mode: Mode; dot: Dot },
): Made {
  const { path, content, mode, dot } = edit
  const kept =
    base !== undefined && base.attributes.touched === undefined && sameMode(base.attributes, mode)
      ? base
      : undefined
  const attributes = kept?.attributes ?? { access: mode.access, executable: mode.executable }
  return made(
    path,
    content,
    attributes,
    { content: dot, attributes: kept?.version.attributes ?? dot },
    seenOf(base, dot),
  )
}

/** A tombstone on top of what stood here. */
export function removeContent(base: DottedEntry, dot: Dot, mtimeMs: number): Made {
  const content: Content = { kind: 'tombstone', sizeBytes: 0, digest: '', target: '', mtimeMs }
  return made(base.path, content, NO_MODE, { content: dot, attributes: dot }, seenOf(base, dot))
}

/** The same content with another modification time. */
export function touch(base: DottedEntry, dot: Dot, mtimeMs: number): Made {
  const attributes = { ...base.attributes, touched: { mtimeMs, content: base.version.content } }
  return editAttributes(base, attributes, dot)
}

export function changeMode(base: DottedEntry, dot: Dot, mode: Mode): Made {
  return editAttributes(base, { ...base.attributes, access: mode.access, executable: mode.executable }, dot)
}

/** Turns a peer's edits of a count above `kept` into edits of its new id. Called when it learns that its share was put back
 *  to an older copy: edits that it does not remember are out there under its old id, and a vector that holds one of its
 *  later edits claims to have seen them. `kept` is its highest count before the gap that they were made in, or the highest
 *  that another peer is known to know. Undefined where the entry has no such edit. */
export function relabel(
  entry: DottedEntry,
  old: { peer: string; kept: number },
  newDot: (dot: Dot) => Dot,
): DottedEntry | undefined {
  const { content, attributes, seen } = entry.version
  const isOurs = (dot: Dot) => peerOf(dot) === old.peer && countOf(dot) > old.kept
  const renamed = (dot: Dot) => (isOurs(dot) ? newDot(dot) : dot)
  if (!isOurs(content) && !isOurs(attributes)) return undefined
  const dots = { content: renamed(content), attributes: renamed(attributes) }
  const { touched } = entry.attributes
  const remembered = dotsOf(seen).flatMap((dot) => {
    if (!isOurs(dot)) return [dot]
    return old.kept > 0 ? [dotOf(old.peer, old.kept)] : []
  })
  return {
    ...entry,
    attributes:
      touched === undefined
        ? entry.attributes
        : { ...entry.attributes, touched: { ...touched, content: renamed(touched.content) } },
    version: { ...dots, seen: [...remembered, ...Object.values(dots)].reduce(uniteSeen, '') },
  }
}

/** The time to set on the disk, which a scan compares with. */
export function mtimeOf(entry: DottedEntry): number {
  const { touched } = entry.attributes
  return touched !== undefined && touched.content === entry.version.content
    ? touched.mtimeMs
    : entry.content.mtimeMs
}

export function sameContent(left: Content, right: Content): boolean {
  return left.kind === right.kind && left.digest === right.digest && left.target === right.target
}

export function sameEntry(left: DottedEntry, right: DottedEntry): boolean {
  return (
    left.path === right.path &&
    encodeVersion(left.version) === encodeVersion(right.version) &&
    sameContent(left.content, right.content) &&
    left.content.mtimeMs === right.content.mtimeMs &&
    left.content.sizeBytes === right.content.sizeBytes &&
    sameMode(left.attributes, right.attributes) &&
    left.attributes.touched?.mtimeMs === right.attributes.touched?.mtimeMs &&
    left.attributes.touched?.content === right.attributes.touched?.content
  )
}

/** Which of two contents stays where neither edit has seen the other. One total order of dots, the same on every peer for
 *  equal contents too: a live one, a folder, the newest as it was written, the larger digest or target, the larger dot.
 *  Positive where the left one stays. */
export function orderOfContents(left: DottedEntry, right: DottedEntry): number {
  const [l, r] = [left.content, right.content]
  return (
    Number(l.kind !== 'tombstone') - Number(r.kind !== 'tombstone') ||
    Number(l.kind === 'folder') - Number(r.kind === 'folder') ||
    l.mtimeMs - r.mtimeMs ||
    orderOfTexts(l.digest, r.digest) ||
    orderOfTexts(l.target, r.target) ||
    orderOfDots(left.version.content, right.version.content)
  )
}

/** The same for attributes: the more private mode, then untouched (it keeps the time that the content was written at),
 *  then the newest touch, then executable, then the larger dot. */
export function orderOfAttributes(left: DottedEntry, right: DottedEntry): number {
  const [l, r] = [left.attributes, right.attributes]
  return (
    PRIVACY[l.access] - PRIVACY[r.access] ||
    Number(l.touched === undefined) - Number(r.touched === undefined) ||
    (l.touched?.mtimeMs ?? 0) - (r.touched?.mtimeMs ?? 0) ||
    Number(l.executable) - Number(r.executable) ||
    orderOfDots(left.version.attributes, right.version.attributes)
  )
}

/** The entry of the chosen content and the chosen attributes of two entries, which has seen what both have seen. */
export function unite(local: DottedEntry, remote: DottedEntry, chosen: Chosen): Made {
  const content = chosen.content === 'local' ? local : remote
  const attributes = chosen.attributes === 'local' ? local : remote
  const dots = { content: content.version.content, attributes: attributes.version.attributes }
  const seen = uniteSeen(local.version.seen, remote.version.seen)
  return made(local.path, content.content, attributes.attributes, dots, seen)
}

const PRIVACY: Readonly<Record<SharedMode, number>> = { owner: 3, group: 2, all: 1, none: 0 }

function editAttributes(base: DottedEntry, attributes: Attributes, dot: Dot): Made {
  const dots = { content: base.version.content, attributes: dot }
  return made(base.path, base.content, attributes, dots, seenOf(base, dot))
}

function made(
  path: string,
  content: Content,
  attributes: Attributes,
  dots: { content: Dot; attributes: Dot },
  unfolded: Seen,
): Made {
  const { seen, folded } = foldSeen(unfolded, [dots.content, dots.attributes])
  return { entry: { path, content, attributes, version: { ...dots, seen } }, folded }
}

function seenOf(base: DottedEntry | undefined, dot: Dot): Seen {
  return uniteSeen(base?.version.seen ?? '', dot)
}

function sameMode(left: Mode, right: Mode): boolean {
  return left.access === right.access && left.executable === right.executable
}

function orderOfTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
