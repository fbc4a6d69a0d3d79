// The highest count of each author that an entry here has ever seen: peers are told of it, and a share that was put back to an
// older copy is known by it. The catalogue tells it of each entry; peer-authors.ts asks.

import { countOf, type DottedVersion, dotsOf, isOfFormat1, type PeerId, peerOf } from '../../share/dots.js'
import { COUNTED_AUTHORS_MAX } from './limits.js'

export class AuthorCounts {
  private readonly counts = new Map<PeerId, number>()
  /** Authors whose highest count is another one since `takeCounted`. */
  private counted = new Set<PeerId>()

  /** The highest count of this author; 0 where no entry has seen one. */
  of(author: PeerId): number {
    return this.counts.get(author) ?? 0
  }

  /** Authors whose highest count is another one than at the last call. */
  takeCounted(): ReadonlySet<PeerId> {
    const { counted } = this
    // Asked for after each step of the keeper.
    if (counted.size > 0) this.counted = new Set()
    return counted
  }

  handleSeen({ seen }: Pick<DottedVersion, 'seen'>): void {
    for (const dot of dotsOf(seen)) {
      // Nobody counts in it, and each entry of a share of format 1 has one of its own.
      if (isOfFormat1(dot)) continue
      const peer = peerOf(dot)
      const count = countOf(dot)
      const known = this.counts.get(peer)
      if (known === undefined ? this.counts.size >= COUNTED_AUTHORS_MAX : count <= known) continue
      this.counts.set(peer, count)
      this.counted.add(peer)
    }
  }
}
