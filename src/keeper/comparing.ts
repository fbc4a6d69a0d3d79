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

export class Comparing {
  private readonly placing: Placing
  private readonly links: LinkPolicy
  private readonly refusedLinks = new Set<string>()

  constructor(options: {
    readonly placing: Placing
    readonly links: LinkPolicy
  }) {
    this.placing = options.placing
    this.links = options.links
  }

  compare(remote: Entry): Comparison {
    const decision = this.placing.decide(remote)
    switch (decision.type) {
      case 'keep':
        return decision.wins ? { type: 'beaten', entry: undefined } : { type: 'ours' }
      // Deletions are not carried out yet, and what a folder that is not empty keeps from its place waits.
      case 'remove':
      case 'hold':
        return { type: 'ours' }
      case 'take':
        return { type: 'wanted' }
      case 'adopt':
        return this.placing.adopt(decision.entry)
          ? { type: 'adopted', entry: decision.entry }
          : { type: 'unread' }
      case 'conflict':
        return { type: 'wanted' }
      case 'defend':
        return { type: 'beaten', entry: this.placing.defended(decision.folder) }
    }
  }

  /** Why what a peer has is not taken at all. A link of a peer is taken only where links are kept: followed, as links here
   *  are, it would share whatever file of ours the peer names. Each path is told once. */
  refusal({ kind, path }: Entry): { readonly reason: string; readonly isTold: boolean } | undefined {
    if (kind !== 'link' || this.links === 'keep') return undefined
    const isTold = this.refusedLinks.has(path)
    if (this.refusedLinks.size < REFUSED_PATHS_MAX) this.refusedLinks.add(path)
    return { reason: 'it is a link; links of peers are only taken with --links keep', isTold }
  }
}
