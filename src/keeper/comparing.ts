// Decides where an entry of a peer differs from ours: ours stays, ours takes over what the peer knows, or the peer's is
// wanted. The keeper calls this for each entry of a claim or a listing.

import type { LinkPolicy } from '../pipe/settings.js'
import type { Entry } from '../share/entry.js'
import { REFUSED_PATHS_MAX } from './limits.js'
import type { Placing } from './place/placing.js'

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
  readonly placing: Placing
  readonly links: LinkPolicy
  /** Whether what is in this folder may be about to be removed. */
  readonly mayBeFreed: (folder: string) => boolean
}

export class Comparing {
  private readonly options: ComparingOptions
  private readonly refusedLinks = new Set<string>()

  constructor(options: ComparingOptions) {
    this.options = options
  }

  compare(remote: Entry): Comparison {
    const decision = this.options.placing.decide(remote)
    switch (decision.type) {
      case 'keep':
        return decision.wins ? { type: 'beaten', entry: undefined } : { type: 'ours' }
      case 'adopt':
        return this.options.placing.adopt(decision.entry)
          ? { type: 'adopted', entry: decision.entry }
          : { type: 'unread' }
      case 'take':
      case 'remove':
      case 'conflict':
        return { type: 'wanted' }
      // What is in the folder may be about to go: that is known when it is to be put in place.
      case 'hold':
        return this.options.mayBeFreed(remote.path) ? { type: 'wanted' } : { type: 'ours' }
      case 'defend':
        if (this.options.mayBeFreed(remote.path)) return { type: 'wanted' }
        return { type: 'beaten', entry: this.options.placing.defended(decision.folder) }
    }
  }

  /** Why what a peer has is not taken at all. A link of a peer is taken only where links are kept: followed, as links here
   *  are, it would share whatever file of ours the peer names. Each path is told once. */
  refusal({ kind, path }: Entry): { readonly reason: string; readonly isTold: boolean } | undefined {
    if (kind !== 'link' || this.options.links === 'keep') return undefined
    const isTold = this.refusedLinks.has(path)
    if (this.refusedLinks.size < REFUSED_PATHS_MAX) this.refusedLinks.add(path)
    return { reason: 'it is a link; links of peers are only taken with --links keep', isTold }
  }
}

/** Of a folder that became a file, what was in it is known to go before the file is considered. */
export function deletionsFirst(entries: readonly Entry[]): readonly Entry[] {
  const isDeletion = ({ kind }: Entry) => kind === 'tombstone'
  if (!entries.some(isDeletion)) return entries
  return [...entries.filter(isDeletion), ...entries.filter((entry) => !isDeletion(entry))]
}
