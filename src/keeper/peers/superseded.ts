// Entries of peers that lost against ours, or against what is wanted or stopped, or of which no note could be taken: they are looked at
// again when that changes, because the peer that has them will not say so a second time. While something better is wanted in the place of
// what they lost against, they wait for the end of that. The keeper owns it.

import { holds, type PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { SUPERSEDED_OF_PEER_MAX } from './limits.js'

export class Superseded {
  private readonly entries = new Map<string, Map<PeerId, readonly Entry[]>>()
  private readonly changed = new Set<string>()

  /** Remembers an entry that a peer has. An older one of that peer is forgotten only where the new one has seen it: versions that are known
   *  and not held are tried with each peer, whatever the peer told itself. */
  add(peer: PeerId, remote: Entry): void {
    const atPath = this.entries.get(remote.path) ?? new Map<PeerId, readonly Entry[]>()
    this.entries.set(remote.path, atPath)
    const unseen = (atPath.get(peer) ?? []).filter((entry) => !hasSeen(remote, entry))
    atPath.set(peer, [...unseen, remote].slice(-SUPERSEDED_OF_PEER_MAX))
  }

  /** Remembers an entry of each of these peers, none of which is sure to tell of it again. */
  addOfAll(peers: Iterable<PeerId>, remote: Entry): void {
    for (const peer of peers) this.add(peer, remote)
  }

  /** Somebody has replaced what this entry has seen: nobody's word of that is looked at again, or what was replaced would come back
   *  where a change here has not seen it. */
  handleTold(remote: Entry): void {
    const atPath = this.entries.get(remote.path)
    if (atPath === undefined) return
    for (const [peer, entries] of atPath) {
      const standing = entries.filter((entry) => isSame(entry, remote) || !hasSeen(remote, entry))
      if (standing.length > 0) atPath.set(peer, standing)
      else atPath.delete(peer)
    }
    if (atPath.size === 0) this.entries.delete(remote.path)
  }

  /** The entry that stands at the path has changed, or nothing is wanted there any more. */
  handleChange(path: string): void {
    if (this.entries.has(path)) this.changed.add(path)
  }

  /** The peer left, or goes on in another name and tells anew what it has. */
  handlePeerGone(peer: PeerId): void {
    for (const [path, atPath] of this.entries)
      if (atPath.delete(peer) && atPath.size === 0) this.entries.delete(path)
  }

  /** Takes what is to be decided anew. */
  takeChanged(): { readonly peer: PeerId; readonly remote: Entry }[] {
    const taken: { peer: PeerId; remote: Entry }[] = []
    for (const path of this.changed) {
      for (const [peer, entries] of this.entries.get(path) ?? [])
        for (const remote of entries) taken.push({ peer, remote })
      this.entries.delete(path)
    }
    this.changed.clear()
    return taken
  }
}

function hasSeen({ version: { seen } }: Entry, { version }: Entry): boolean {
  return holds(seen, version.content) && holds(seen, version.attributes)
}

function isSame({ version: one }: Entry, { version: other }: Entry): boolean {
  return one.content === other.content && one.attributes === other.attributes
}
