// Rules that look right and are not: the negative controls of the explorer.

import { holds, orderOfDots, type Relation, relate } from '../../../src/share/dots.js'
import {
  mtimeOf,
  orderOfAttributes,
  orderOfContents,
  type Side,
  sameContent,
  unite,
} from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { sameEntry } from '../../../src/share/entry-line.js'
import { decideByVectors, lineOf, type VectorEntry } from './decide-by-vectors.js'
import { type Change, contentOf, dotsAndSeen, type EditId, type Meeting, PATH, type Rules } from './rules.js'
import { bumpVersion, compareVersions, joinVersions } from './version-vectors.js'

/** An entry with one version vector, and what its last edit found there where the rule wants to know. */
interface Vectored extends VectorEntry {
  readonly previous: string
}

type Remembers = 'nothing' | 'what was edited' | 'what was deleted'

type Meet = (local: Vectored, remote: Vectored) => Meeting<Vectored> | undefined

const KEEP = { entry: undefined, copies: false }

/** The first format's rules, deletions that have seen what they delete carried out. */
export const versionVectors = vectorRules(
  'version vectors, deletions carried out',
  'nothing',
  () => undefined,
)

/** "An edit whose previous content is what I hold is no conflict." */
export const previousContent = vectorRules(
  'an edit whose previous content is what I hold is no conflict',
  'what was edited',
  (local, remote) => {
    if (compareVersions(local.version, remote.version) !== 'concurrent') return undefined
    if (local.kind === 'tombstone' || remote.kind === 'tombstone' || contentOf(local) === contentOf(remote))
      return undefined
    if (remote.previous === contentOf(local)) return { entry: remote, copies: false }
    return local.previous === contentOf(remote) ? KEEP : undefined
  },
)

/** "A deletion wins over the very content that it deleted." */
export const deletedContent = vectorRules(
  'a deletion wins over the very content that it deleted',
  'what was deleted',
  (local, remote) => {
    if (compareVersions(local.version, remote.version) !== 'concurrent') return undefined
    if (local.kind === remote.kind) return undefined
    const version = joinVersions(local.version, remote.version)
    const deletion = local.kind === 'tombstone' ? local : remote.kind === 'tombstone' ? remote : undefined
    if (deletion === undefined) return undefined
    if (deletion.previous !== contentOf(deletion === local ? remote : local)) return undefined
    return { entry: { ...deletion, version }, copies: false }
  },
)

function vectorRules(name: string, remembers: Remembers, first: Meet): Rules<Vectored> {
  return {
    name,
    edit: (base, change, id) => editVectored(base, change, id, remembers),
    meet: (local, remote) => {
      if (local === undefined) return { entry: remote, copies: false }
      return first(local, remote) ?? meetVectored(local, remote)
    },
    view: (entry) => ({
      value: contentOf(entry),
      name: entry.version,
      mtimeMs: entry.mtimeMs,
      private: entry.executable,
    }),
    text: (entry) => `${lineOf(entry, PATH)} ${contentOf(entry)} ${entry.previous}`,
    rename: (entry, newName) => ({
      ...entry,
      version: entry.version
        .split(',')
        .map((part) => newName(part.slice(0, 16)) + part.slice(16))
        .sort()
        .join(','),
    }),
  }
}

function meetVectored(local: Vectored, remote: Vectored): Meeting<Vectored> {
  const seen = compareVersions(local.version, remote.version) === 'before'
  if (remote.kind === 'tombstone' && seen) return { entry: remote, copies: false }
  const decision = decideByVectors(local, remote)
  if (decision.type === 'keep') return KEEP
  // A decision keeps what it does not copy from the peer's entry.
  const previous = contentOf(decision.entry) === contentOf(remote) ? remote.previous : local.previous
  const entry = { ...decision.entry, previous }
  if (decision.type === 'conflict' && decision.winner === 'local') return KEEP
  return { entry, copies: decision.type === 'conflict' }
}

function editVectored(
  base: Vectored | undefined,
  change: Change,
  { peer }: EditId,
  remembers: Remembers,
): Vectored {
  const version = bumpVersion(base?.version ?? '', peer)
  const deletes = change.type === 'delete'
  const remembered = remembers === 'what was edited' || (remembers === 'what was deleted' && deletes)
  const had = remembered && base !== undefined ? contentOf(base) : ''
  const bare = { sizeBytes: 0, executable: false, digest: '', target: '', version, previous: had }
  switch (change.type) {
    case 'write':
      return { ...bare, kind: 'file', sizeBytes: 1, mtimeMs: change.mtimeMs, digest: change.content }
    case 'make-folder':
      return { ...bare, kind: 'folder', mtimeMs: 0 }
    case 'make-link':
      return { ...bare, kind: 'link', mtimeMs: change.mtimeMs, target: change.target }
    case 'touch':
      return { ...base!, version, mtimeMs: change.mtimeMs }
    case 'chmod':
      return { ...base!, version, executable: !base!.executable }
    case 'delete':
      return { ...bare, kind: 'tombstone', mtimeMs: change.mtimeMs }
  }
}

/** One part of dots and seen done in another way. */
export interface Variant {
  /** Conflicts by the mtime that a touch sets. */
  readonly touchableOrder?: boolean
  /** The larger dot of two equal contents stays, whatever their mtimes. */
  readonly largerDotOfEqual?: boolean
  /** Where each has seen the other they count as concurrent, copies and all. */
  readonly mutualIsConcurrent?: boolean
  /** Where each has seen the other the order decides at once, not the larger vector. */
  readonly mutualByOrder?: boolean
  /** Where each has seen the other and neither vector is larger, what wins a conflict wins, too. */
  readonly winnerOfMutual?: boolean
  /** The peer that holds the winner of a conflict unites the vectors, too. */
  readonly winnerUnites?: boolean
  /** In a conflict the attributes go with the content, unasked. */
  readonly attributesWithContent?: boolean
}

export function variantOfDots(variant: Variant): Rules<Entry> {
  return {
    ...dotsAndSeen,
    name: `dots and seen, but ${Object.keys(variant)}`,
    meet: (local, remote) => meetVariant(local, remote, variant),
  }
}

function meetVariant(local: Entry | undefined, remote: Entry, variant: Variant): Meeting<Entry> {
  if (local === undefined) return { entry: remote, copies: false }
  const equal = sameContent(local, remote)
  const relation = relateBy(variant, local, remote, 'content')
  const order = orderBy(variant, local, remote)
  const content = sideOf(relation, relation === 'settled' && !variant.winnerOfMutual ? -order : order)
  const conflict = relation === 'concurrent' && !equal
  if (conflict && content === 'local' && !variant.winnerUnites) return KEEP
  const attributes =
    local.kind !== remote.kind || (conflict && variant.attributesWithContent)
      ? content
      : sideOf(relateBy(variant, local, remote, 'attributes'), orderOfAttributes(local, remote))
  const { entry } = unite(local, remote, { content, attributes })
  if (sameEntry(entry, local)) return KEEP
  return { entry, copies: conflict && content === 'remote' && local.kind !== 'tombstone' }
}

function relateBy(
  variant: Variant,
  { version: local }: Entry,
  { version: remote }: Entry,
  which: 'content' | 'attributes',
): Relation {
  const mutual = holds(local.seen, remote[which]) && holds(remote.seen, local[which])
  if (mutual && local[which] !== remote[which]) {
    if (variant.mutualIsConcurrent) return 'concurrent'
    if (variant.mutualByOrder || which === 'attributes') return 'settled'
  }
  return relate(local[which], local.seen, remote[which], remote.seen)
}

function orderBy(variant: Variant, local: Entry, remote: Entry): number {
  if (variant.largerDotOfEqual && sameContent(local, remote))
    return orderOfDots(local.version.content, remote.version.content)
  return variant.touchableOrder
    ? orderOfContents(touched(local), touched(remote))
    : orderOfContents(local, remote)
}

function sideOf(relation: Relation, order: number): Side {
  if (relation === 'replaced') return 'remote'
  return relation === 'replaces' || order >= 0 ? 'local' : 'remote'
}

function touched(entry: Entry): Entry {
  return { ...entry, mtimeMs: mtimeOf(entry) }
}
