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
    const unseen = (atPath.get(peer) ?? []).filter(
      ({ version }) => !holds(remote.version.seen, version.content),
    )
    atPath.set(peer, [...unseen, remote].slice(-SUPERSEDED_OF_PEER_MAX))
  }

  /** The entry that stands at the path has changed, or nothing is wanted there any more. */
  handleChange(path: string): void {
    if (this.entries.has(path)) this.changed.add(path)
  }

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
