// Entries of peers that lost against ours, or against what is wanted or stopped: they are looked at again when that changes,
// because the peer that has them will not say so a second time. The keeper owns it.

import type { PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'

export class Superseded {
  private readonly entries = new Map<string, Map<PeerId, Entry>>()
  private readonly changed = new Set<string>()

  add(peer: PeerId, remote: Entry): void {
    const atPath = this.entries.get(remote.path)
    if (atPath === undefined) this.entries.set(remote.path, new Map([[peer, remote]]))
    else atPath.set(peer, remote)
  }

  /** The entry that stands at the path, or is wanted there, has changed. */
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
      for (const [peer, remote] of this.entries.get(path) ?? []) taken.push({ peer, remote })
      this.entries.delete(path)
    }
    this.changed.clear()
    return taken
  }
}
