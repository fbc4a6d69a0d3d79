// In whose name each peer edits, as it last told, kept in the index: a peer that is met again is told with the first datagram
// how many of its edits are known here. The keeper owns it.

import type { Index } from '../../base/index-port.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { PeerId } from '../../share/dots.js'
import type { Catalogue } from './catalogue.js'
import { PEER_AUTHORS_MAX } from './limits.js'

type Known = (KeeperToEngine & { type: 'knows' })['known']

/** In the index: `peer:author`, joined by ','; the one that spoke last at the end. */
const PEER_AUTHORS = 'peer-authors'

export class PeerAuthors {
  private readonly authors = new Map<PeerId, PeerId>()
  /** Peers whose author or count was not told since it changed. */
  private readonly untold = new Set<PeerId>()

  constructor(
    private readonly index: Index,
    private readonly catalogue: Catalogue,
  ) {
    for (const part of (index.getMeta(PEER_AUTHORS) ?? '').split(',')) {
      const [peer, author] = part.split(':')
      if (peer === undefined || author === undefined) continue
      this.authors.set(peer, author)
      this.untold.add(peer)
    }
  }

  /** Answers whether the peer edited in another name before: it may have forgotten edits that it told of. */
  handleTold(peer: PeerId, author: PeerId): boolean {
    const former = this.authors.get(peer)
    if (former === author) return false
    this.authors.delete(peer)
    this.authors.set(peer, author)
    this.untold.add(peer)
    if (this.authors.size > PEER_AUTHORS_MAX) this.authors.delete(this.authors.keys().next().value!)
    const parts = [...this.authors].map((pair) => pair.join(':'))
    this.index.putMeta(PEER_AUTHORS, parts.join(','))
    return former !== undefined
  }

  /** What is known of the peers' own edits, where that is something else than at the last call. */
  takeNews(): Known {
    const counted = this.catalogue.authorCounts.takeCounted()
    if (this.untold.size === 0 && counted.size === 0) return []
    const known: Known[number][] = []
    for (const [peer, author] of this.authors) {
      if (!this.untold.has(peer) && !counted.has(author)) continue
      known.push({ peer, author, count: this.catalogue.authorCounts.of(author) })
    }
    this.untold.clear()
    return known
  }
}
