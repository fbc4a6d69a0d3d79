// One thing in a share with its dots, and what an edit of each kind makes of it. Called by whoever finds edits
// (the scanner) and by decide.ts. An edit gets its dot from the caller, whose peer has never used it before.

import { PRIVACY } from '../base/access.js'
import {
  countOf,
  type Dot,
  dotOf,
  dotsOf,
  foldSeen,
  holdsAll,
  orderOfDots,
  peerOf,
  type Seen,
  UNCHOSEN,
  uniteSeen,
} from './dots.js'
import type { Attributes, Content, Entry, Mode } from './entry.js'

/** An entry, and what its vector had no room for: '' nearly always, else to be logged. */
export interface Made {
  readonly entry: Entry
  readonly folded: Seen
}

export type Side = 'local' | 'remote'

export interface Chosen {
  readonly content: Side
  readonly attributes: Side
}

export const NO_MODE: Mode = { access: 'none', executable: false }

/** Creates, edits, reverts, recreates, changes the kind. Attributes keep their dot where the edit leaves the kind and them
 *  as they are, so that somebody else's chmod at the same time stands. */
export function editContent(
  base: Entry | undefined,
  edit: { path: string; content: Content; mode: Mode; dot: Dot },
): Made {
  const { path, content, mode, dot } = edit
  const stays = base?.kind === content.kind && base.touched === undefined && sameMode(base, mode)
  const kept = stays ? base : undefined
  const attributes = kept ?? { ...mode, touched: undefined, confirmed: false }
  return made(
    path,
    content,
    attributes,
    { content: dot, attributes: kept?.version.attributes ?? dot },
    seenOf(base, dot),
  )
}

/** A folder that is made because a file of a peer goes into it. It has seen nothing, a deletion neither: with what that had seen
 *  it would replace the folder of the file's peer, and the mode that somebody chose for it. */
export function makeFolderOnTheWay(path: string, dot: Dot): Entry {
  const content = {
    kind: 'folder',
    sizeBytes: 0,
    mtimeMs: 0,
    digest: '',
    target: '',
    deletedKind: undefined,
  } as const
  const attributes = { access: 'owner', executable: false, touched: undefined, confirmed: false } as const
  return made(path, content, attributes, { content: dot, attributes: UNCHOSEN }, uniteSeen(dot, UNCHOSEN))
    .entry
}

/** A tombstone on top of what stood here. `target`: the path to which the content was moved, '' where it was not. */
export function removeContent(base: Entry, dot: Dot, mtimeMs: number, target = ''): Made {
  const deletedKind = base.kind === 'tombstone' ? base.deletedKind : base.kind
  const content: Content = { kind: 'tombstone', sizeBytes: 0, digest: '', target, mtimeMs, deletedKind }
  const attributes = { ...NO_MODE, touched: undefined, confirmed: false }
  return made(base.path, content, attributes, { content: dot, attributes: dot }, seenOf(base, dot))
}

/** Content that stands where a peer's change of it was stopped, as an edit on top of both: the change may have won a conflict, and have
 *  seen nothing of what our content has. A mode that the change made more private stays, with its dot: the edit is no chmod, and its
 *  mode would count for what the peer writes at the same time. */
export function restoreContent(kept: Entry, stopped: Entry, dot: Dot): Made {
  // As the disk shows it: a touch belongs to the content of another edit.
  const content = { ...kept, mtimeMs: mtimeOf(kept) }
  const isClosed = stopped.kind === kept.kind && PRIVACY[stopped.access] > PRIVACY[kept.access]
  const seen = uniteSeen(kept.version.seen, stopped.version.seen)
  const base = { ...stopped, version: { ...stopped.version, seen } }
  return editContent(base, { path: kept.path, content, mode: isClosed ? stopped : kept, dot })
}

/** The same content with another modification time. */
export function touch(base: Entry, dot: Dot, mtimeMs: number): Made {
  const touched = { mtimeMs, content: base.version.content }
  return editAttributes(base, { ...base, touched }, dot)
}

export function changeMode(base: Entry, dot: Dot, mode: Mode): Made {
  return editAttributes(base, { ...base, access: mode.access, executable: mode.executable }, dot)
}

/** The same deletion, which a person confirmed: no machine asks about it again. */
export function confirmRemoval(tombstone: Entry, dot: Dot): Made {
  return editAttributes(tombstone, { ...tombstone, confirmed: true }, dot)
}

/** Turns a peer's edits of a count above `kept` into edits of its new id. Called when it learns that its share was put back
 *  to an older copy: edits that it does not remember are out there under its old id, and a vector that holds one of its
 *  later edits claims to have seen them. `kept` is its highest count before the gap that they were made in, or the highest
 *  that another peer is known to know. Undefined where the entry has no such edit. */
export function relabel(
  entry: Entry,
  old: { peer: string; kept: number },
  newDot: (dot: Dot) => Dot,
): Made | undefined {
  const { content, attributes, seen } = entry.version
  const isOurs = (dot: Dot) => peerOf(dot) === old.peer && countOf(dot) > old.kept
  const renamed = (dot: Dot) => (isOurs(dot) ? newDot(dot) : dot)
  if (!isOurs(content) && !isOurs(attributes)) return undefined
  const dots = { content: renamed(content), attributes: renamed(attributes) }
  const { touched } = entry
  const remembered = dotsOf(seen).flatMap((dot) => {
    if (!isOurs(dot)) return [dot]
    return old.kept > 0 ? [dotOf(old.peer, old.kept)] : []
  })
  const retouched = touched === undefined ? undefined : { ...touched, content: renamed(touched.content) }
  const unfolded = [...remembered, ...Object.values(dots)].reduce(uniteSeen, '')
  return made(entry.path, entry, { ...entry, touched: retouched }, dots, unfolded)
}

/** The time to set on the disk, which a scan compares with. */
export function mtimeOf(entry: Entry): number {
  const { touched } = entry
  return touched !== undefined && touched.content === entry.version.content ? touched.mtimeMs : entry.mtimeMs
}

export function sameContent(left: Content, right: Content): boolean {
  if (left.kind !== right.kind) return false
  return left.kind === 'tombstone' || (left.digest === right.digest && left.target === right.target)
}

/** Which of two contents stays where neither edit has seen the other. One total order of dots, the same on every peer for
 *  equal contents too: a live one, a folder, the newest as it was written, the larger digest or target, the larger dot.
 *  Positive where the left one stays. */
export function orderOfContents(left: Entry, right: Entry): number {
  const [l, r] = [left, right]
  return (
    Number(l.kind !== 'tombstone') - Number(r.kind !== 'tombstone') ||
    Number(l.kind === 'folder') - Number(r.kind === 'folder') ||
    l.mtimeMs - r.mtimeMs ||
    orderOfTexts(l.digest, r.digest) ||
    orderOfTexts(l.target, r.target) ||
    orderOfDots(left.version.content, right.version.content)
  )
}

/** The same for attributes: the confirmed deletion, chosen by somebody, the more private mode, then untouched (it keeps the time that the content was written at),
 *  then the newest touch, then executable, then the larger dot. */
export function orderOfAttributes(left: Entry, right: Entry): number {
  const [l, r] = [left, right]
  return (
    Number(l.confirmed) - Number(r.confirmed) ||
    Number(l.version.attributes !== UNCHOSEN) - Number(r.version.attributes !== UNCHOSEN) ||
    PRIVACY[l.access] - PRIVACY[r.access] ||
    Number(l.touched === undefined) - Number(r.touched === undefined) ||
    (l.touched?.mtimeMs ?? 0) - (r.touched?.mtimeMs ?? 0) ||
    Number(l.executable) - Number(r.executable) ||
    orderOfDots(left.version.attributes, right.version.attributes)
  )
}

/** Whether the first entry has seen all that the second one has, and more. */
export function hasSeenMore({ version }: Entry, other: Entry): boolean {
  const { seen } = other.version
  return version.seen !== seen && holdsAll(version.seen, seen)
}

/** The entry of the chosen content and the chosen attributes of two entries, which has seen what both have seen. */
export function unite(local: Entry, remote: Entry, chosen: Chosen): Made {
  const content = chosen.content === 'local' ? local : remote
  const attributes = chosen.attributes === 'local' ? local : remote
  const dots = { content: content.version.content, attributes: attributes.version.attributes }
  const seen = uniteSeen(local.version.seen, remote.version.seen)
  return made(local.path, content, attributes, dots, seen)
}

function editAttributes(base: Entry, attributes: Attributes, dot: Dot): Made {
  const dots = { content: base.version.content, attributes: dot }
  return made(base.path, base, attributes, dots, seenOf(base, dot))
}

function made(
  path: string,
  content: Content,
  attributes: Attributes,
  dots: { content: Dot; attributes: Dot },
  unfolded: Seen,
): Made {
  const { seen, folded } = foldSeen(unfolded, [dots.content, dots.attributes])
  const { kind, sizeBytes, digest, target, mtimeMs, deletedKind } = content
  const { access, executable, touched, confirmed } = attributes
  const version = { ...dots, seen }
  const what = { kind, sizeBytes, digest, target, mtimeMs, deletedKind }
  return { entry: { path, ...what, access, executable, touched, confirmed, version }, folded }
}

function seenOf(base: Entry | undefined, dot: Dot): Seen {
  return uniteSeen(base?.version.seen ?? '', dot)
}

export function sameMode(left: Mode, right: Mode): boolean {
  return left.access === right.access && left.executable === right.executable
}

function orderOfTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
