// Merges what several peers hold into one list: of each path the versions that there are, who has which, and which is the newest. Pure.
// `left ls` prints it.
//
//   one edit has seen the other          the one that has is newer, whatever the clocks say
//   neither has                          the later time; then the order in which peers decide conflicts

import { type Relation, relate } from '../share/dots.js'
import { mtimeOf, orderOfContents, sameContent } from '../share/edit.js'
import type { Entry } from '../share/entry.js'

/** What one peer holds, ascending by path in UTF-16 code units. */
export interface Holdings {
  readonly holder: string
  readonly entries: readonly Entry[]
}

export interface HeldVersion {
  readonly entry: Entry
  readonly holders: readonly string[]
}

export interface MergedPath {
  readonly path: string
  /** The newest first, at least one. Where all who have the path have the same, there is one. */
  readonly versions: readonly HeldVersion[]
}

/** Ascending by path. */
export function mergeHoldings(all: readonly Holdings[]): MergedPath[] {
  const merged: MergedPath[] = []
  const places = all.map(() => 0)
  for (;;) {
    let path: string | undefined
    for (const [index, { entries }] of all.entries()) {
      const next = entries[places[index]!]?.path
      if (next !== undefined && (path === undefined || next < path)) path = next
    }
    if (path === undefined) return merged
    const versions: { entry: Entry; holders: string[] }[] = []
    for (const [index, { holder, entries }] of all.entries()) {
      const entry = entries[places[index]!]
      if (entry?.path !== path) continue
      places[index]!++
      const known = versions.find((version) => isSameVersion(version.entry, entry))
      if (known === undefined) versions.push({ entry, holders: [holder] })
      else known.holders.push(holder)
    }
    if (versions.length > 1) versions.sort((left, right) => (isNewer(left.entry, right.entry) ? -1 : 1))
    merged.push({ path, versions })
  }
}

/** Whether a person would call them the same: content and time, not who may read it. */
function isSameVersion(left: Entry, right: Entry): boolean {
  return left.kind === 'folder' && right.kind === 'folder'
    ? true
    : sameContent(left, right) && mtimeOf(left) === mtimeOf(right)
}

function isNewer(left: Entry, right: Entry): boolean {
  const { version: ours } = left
  const { version: theirs } = right
  const byContent = relate(ours.content, ours.seen, theirs.content, theirs.seen)
  if (isDecided(byContent)) return byContent === 'replaces'
  const byAttributes = relate(ours.attributes, ours.seen, theirs.attributes, theirs.seen)
  if (byContent === 'same' && isDecided(byAttributes)) return byAttributes === 'replaces'
  const laterMs = mtimeOf(left) - mtimeOf(right)
  return laterMs === 0 ? orderOfContents(left, right) >= 0 : laterMs > 0
}

function isDecided(relation: Relation): relation is 'replaces' | 'replaced' {
  return relation === 'replaces' || relation === 'replaced'
}
