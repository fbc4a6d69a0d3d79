// Which counts of an author its own share remembers. The keeper gives them out, and the engine compares what peers tell with
// them before a peer is told of an entry.

import type { KnownEdits } from '../base/known-edits.js'
import type { PeerId } from './dots.js'

/** Counts between two lives: above `last` of the one, below `first` of the other. No edit that the share remembers has them. */
export interface Gap {
  readonly last: number
  readonly first: number
}

export interface OwnCounts {
  readonly author: PeerId
  /** Ascending. */
  readonly gaps: readonly Gap[]
  /** Given out last. */
  readonly highest: number
}

/** How edits of ours that a peer knows stand to those that we remember: 'unsaid' where it does not know in whose name we edit,
 *  'forgotten' where it knows one that we do not remember. */
export function recall(own: OwnCounts, theyKnow: KnownEdits | undefined): 'unsaid' | 'known' | 'forgotten' {
  if (theyKnow?.author !== own.author) return 'unsaid'
  const { count } = theyKnow
  return count > own.highest || gapAround(own.gaps, count) !== undefined ? 'forgotten' : 'known'
}

export function gapAround(gaps: readonly Gap[], count: number): Gap | undefined {
  return gaps.find(({ last, first }) => count > last && count < first)
}
