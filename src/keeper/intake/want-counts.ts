// How much is wanted of each peer, and how much of ours is about to go because of each origin. `Wants` counts.

import type { PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { MOVED_WANT_PART, WANT_TEXT_PER_PEER_MAX, WANTS_PER_PEER_MAX } from './limits.js'

/** Wants counted for one peer: paths, and the UTF-16 code units that these and what belongs to them take. */
interface Account {
  wantCount: number
  textUnits: number
}

export class WantCounts {
  private readonly accounts = new Map<PeerId, Account>()
  private readonly losses = new Map<string, number>()

  /** Whether so much is wanted of this peer that it is better not to look for more. */
  isSated(peer: PeerId): boolean {
    const account = this.accounts.get(peer)
    if (account === undefined) return false
    return account.wantCount >= WANTS_PER_PEER_MAX || account.textUnits >= WANT_TEXT_PER_PEER_MAX
  }

  countOf(peer: PeerId): number {
    return this.accounts.get(peer)?.wantCount ?? 0
  }

  /** How many files of ours are about to go, or to be replaced, because of this origin. */
  lossCountOf(origin: string): number {
    return this.losses.get(origin) ?? 0
  }

  count(peer: PeerId, { path, version, target, kind }: Entry, change: 1 | -1): void {
    const account = this.accounts.get(peer) ?? { wantCount: 0, textUnits: 0 }
    // The other halves of moves are to be known too, or files that were moved are removed, and fetched again.
    const part = kind === 'tombstone' && target !== '' ? change * MOVED_WANT_PART : change
    account.wantCount += part
    account.textUnits += part * (path.length + version.seen.length + target.length)
    if (account.wantCount === 0) this.accounts.delete(peer)
    else this.accounts.set(peer, account)
  }

  countLoss(origins: readonly string[], change: 1 | -1): void {
    for (const origin of origins) {
      const count = this.lossCountOf(origin) + change
      if (count === 0) this.losses.delete(origin)
      else this.losses.set(origin, count)
    }
  }
}
