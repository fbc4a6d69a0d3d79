// The highest counts of all authors whose edits the entries here have seen: what a peer is told before it is told of anything,
// so that it notices that its share was put back to an older copy. Only the latest authors are told, and only those are kept:
// a share of format 1 has a dot of its own for each entry, and a peer may name authors that never were. The catalogue has one.

import {
  countOf,
  type Dot,
  isOfFormat1,
  orderOfDots,
  type PeerId,
  peerOf,
  type Seen,
} from '../../share/dots.js'
import { KNOWS_PEERS_MAX } from './limits.js'

export class KnownCounts {
  /** By author, at most KNOWS_PEERS_MAX. One that another has pushed out had a smaller count than all of these, and they
   *  only grow: it comes back with a later edit alone. */
  private readonly dots = new Map<PeerId, Dot>()
  /** The smallest of them, once there is no room for more. */
  private smallest: Dot | undefined
  /** Authors whose highest count is another one since `take`. */
  private readonly counted = new Set<PeerId>()

  /** An entry has seen this edit, and all before it. */
  handleSeen(dot: Dot): void {
    // Nobody counts in the name of a version vector.
    if (isOfFormat1(dot)) return
    const author = peerOf(dot)
    const known = this.dots.get(author)
    if (known !== undefined ? countOf(dot) <= countOf(known) : !this.hasPlaceFor(dot)) return
    this.dots.set(author, dot)
    this.counted.add(author)
    if (this.dots.size > KNOWS_PEERS_MAX) this.dropSmallest()
    else if (known === undefined || known === this.smallest) this.findSmallest()
  }

  get seen(): Seen {
    return [...this.dots.values()].sort().join(',')
  }

  /** The counts, where one of another author than `own` has become another one since the last call. */
  take(own: PeerId): Seen | undefined {
    this.counted.delete(own)
    if (this.counted.size === 0) return undefined
    this.counted.clear()
    return this.seen
  }

  private hasPlaceFor(dot: Dot): boolean {
    return this.smallest === undefined || orderOfDots(dot, this.smallest) > 0
  }

  private dropSmallest(): void {
    const author = peerOf(this.smallest!)
    this.dots.delete(author)
    this.counted.delete(author)
    this.findSmallest()
  }

  private findSmallest(): void {
    this.smallest =
      this.dots.size < KNOWS_PEERS_MAX ? undefined : [...this.dots.values()].sort(orderOfDots)[0]
  }
}
