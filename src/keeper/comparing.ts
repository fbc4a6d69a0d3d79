// Decides where an entry of a peer differs from ours: ours stays, ours takes over what the peer knows, or the peer's is
// wanted. Receiving calls this for each entry of a claim or a listing.

import { innerTarget } from '../base/link-text.js'
import type { LinkPolicy } from '../pipe/settings.js'
import type { Entry } from '../share/entry.js'
import { checkPath, ownFoldersWithin } from '../share/path.js'
import { type Change, isTreeMove, type TreeMove } from '../share/tree-move.js'
import type { Expiry } from './index/expiry.js'
import type { Intake } from './intake/intake.js'
import { REFUSED_PATHS_MAX } from './limits.js'

export type Comparison =
  /** Ours stays as it is. */
  | { readonly type: 'ours' }
  /** The content is the same; the catalogue has the peer's version of it now. */
  | { readonly type: 'adopted'; readonly entry: Entry }
  /** Ours wins; `entry` is a new version of ours that is needed for that, if one is. */
  | { readonly type: 'beaten'; readonly entry: Entry | undefined }
  /** The peer's is to be fetched. */
  | { readonly type: 'wanted' }
  /** The path does not hold what the catalogue knows: it must be read first. */
  | { readonly type: 'unread' }

export interface ComparingOptions {
  /** Places things, and knows what is about to be removed. */
  readonly intake: Pick<Intake, 'placing' | 'mayBeFreed'>
  readonly links: LinkPolicy
  /** A deletion that has expired is not taken note of again, where it beats nothing. */
  readonly expiry: Pick<Expiry, 'isPast'>
}

export class Comparing {
  private readonly options: ComparingOptions
  private readonly refusedLinks = new Set<string>()

  constructor(options: ComparingOptions) {
    this.options = options
  }

  /** `beatsWanted`: something was wanted at the path, which `remote` beats. */
  compare(remote: Entry, beatsWanted = false): Comparison {
    const decision = this.options.intake.placing.decide(remote)
    switch (decision.type) {
      case 'keep':
        return decision.wins ? { type: 'beaten', entry: undefined } : { type: 'ours' }
      case 'adopt':
        // One that beats what was wanted is recorded however old it is: without it, that would be wanted again.
        if (remote.kind === 'tombstone' && !beatsWanted && this.options.expiry.isPast(remote))
          return { type: 'ours' }
        return this.options.intake.placing.adopt(decision.entry)
          ? { type: 'adopted', entry: decision.entry }
          : { type: 'unread' }
      case 'take':
      case 'remove':
      case 'conflict':
        return { type: 'wanted' }
      // Things in the folder may be about to go: that is known when the entry is to be put in place.
      case 'hold': {
        if (this.options.intake.mayBeFreed(remote.path)) return { type: 'wanted' }
        const entry = this.options.intake.placing.revived(remote.path)
        return entry === undefined ? { type: 'ours' } : { type: 'beaten', entry }
      }
      case 'defend':
        if (this.options.intake.mayBeFreed(remote.path)) return { type: 'wanted' }
        return { type: 'beaten', entry: this.options.intake.placing.defended(decision.folder) }
    }
  }

  /** Why what a peer has is not taken at all. A link of a peer is taken only where nobody follows it: followed, it would share
   *  whatever file of ours the peer names. Each path is told once. */
  refusal(remote: Entry): { readonly reason: string; readonly isTold: boolean } | undefined {
    const reason = refusalReason(remote, this.options.links)
    if (reason === undefined) return undefined
    const isTold = this.refusedLinks.has(remote.path)
    if (this.refusedLinks.size < REFUSED_PATHS_MAX) this.refusedLinks.add(remote.path)
    return { reason, isTold }
  }

  /** The same, without taking note that it was told. */
  refusalOf(remote: Entry): string | undefined {
    return refusalReason(remote, this.options.links)
  }
}

/** Why a link of a peer is not taken; undefined of anything else. */
export function refusalReason(remote: Entry, links: LinkPolicy): string | undefined {
  if (remote.kind !== 'link' || links === 'keep' || (links === 'auto' && isInner(remote))) return undefined
  return links === 'auto' ? OUTWARD_REASON : REFUSED_REASON
}

/** Whether a link leads to a place of the share, LEFT's own folders left out. */
function isInner({ path, target }: Entry): boolean {
  const inner = innerTarget(path, target)
  return (
    inner !== undefined &&
    (inner === '' || checkPath(inner) === undefined) &&
    ownFoldersWithin(inner).length === 0
  )
}

const REFUSED_REASON = 'it is a link; links of peers are only taken with --links auto or keep'
const OUTWARD_REASON =
  'it is a link that leads out of the share; such links of peers are only taken with --links keep'

/** Moves as they are, and the entries between them. */
export function runsOf(
  changes: readonly Change[],
): readonly (TreeMove | { readonly entries: readonly Entry[] })[] {
  const runs: (TreeMove | { readonly entries: Entry[] })[] = []
  for (const change of changes) {
    const last = runs.at(-1)
    if (isTreeMove(change)) runs.push(change)
    else if (last !== undefined && 'entries' in last) last.entries.push(change)
    else runs.push({ entries: [change] })
  }
  return runs
}

/** Puts deletions first: where a folder became a file, what was in it is known to go before the file is considered. */
export function deletionsFirst(entries: readonly Entry[]): readonly Entry[] {
  const isDeletion = ({ kind }: Entry) => kind === 'tombstone'
  if (!entries.some(isDeletion)) return entries
  return [...entries.filter(isDeletion), ...entries.filter((entry) => !isDeletion(entry))]
}
