// Peers that may be told of our entries. A peer first tells what it knows of our edits; where that is something that we do not know,
// the share was put back to an older copy, and goes on under a new author before anybody is told of an entry. The keeper owns it.
//
//     claim ─▶ told count of ours ─┬─ known, or 0 ───────────────────────────▶ vetted
//                                  └─ not ours ─┬─ new author, edits relabelled ─▶ vetted
//                                               └─ a second time in a day ───────▶ refused

import { countIn, type Dot, type PeerId, type Seen } from '../../share/dots.js'
import { relabel } from '../../share/edit.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits, Restored } from '../index/own-edits.js'

export type Verdict =
  /** Said for each claim: the peer may have another session by now. */
  | { readonly type: 'vetted' }
  /** So many entries are edits of a new author now. */
  | { readonly type: 'renewed'; readonly entries: number }
  | { readonly type: 'refused' }

export class Vetting {
  private readonly edits: OwnEdits
  private readonly catalogue: Catalogue

  constructor(edits: OwnEdits, catalogue: Catalogue) {
    this.edits = edits
    this.catalogue = catalogue
  }

  /** `knows` are the counts that a peer told. */
  handleClaim(knows: Seen): Verdict {
    const { edits } = this
    const restored = edits.handleTold(countIn(knows, edits.author))
    if (restored === undefined) return { type: 'vetted' }
    if (!edits.mayBeRenewed) return { type: 'refused' }
    edits.handleRenewedByPeer()
    return { type: 'renewed', entries: this.renew(restored) }
  }

  private renew({ kept }: Restored): number {
    const { edits, catalogue } = this
    const old = { peer: edits.author, kept }
    const above = [...catalogue.manifest.entries()].filter(
      ({ version }) => countIn(version.seen, old.peer) > kept,
    )
    edits.renew()
    let relabelled = 0
    for (const entry of above) {
      const dots = new Map<Dot, Dot>()
      // One edit may have made content and attributes: it stays one.
      const newDot = (dot: Dot): Dot => {
        const known = dots.get(dot) ?? edits.nextDot()
        dots.set(dot, known)
        return known
      }
      const renamed = relabel(entry, old, newDot)
      if (renamed === undefined) continue
      const { path } = entry
      if (catalogue.isHeld(path)) catalogue.record(renamed, catalogue.signature(path), catalogue.mode(path))
      else catalogue.recordNotHeld(renamed)
      relabelled++
    }
    // Listings with the old name may be asked for still.
    catalogue.manifest.forgetReplaced()
    return relabelled
  }
}

/** For the person. */
export function refusalOf(peer: PeerId): string {
  return `peer ${peer} knows edits of this share that the share does not know, for the second time in a day: it is told nothing; if the share was put back to an older copy, wait until tomorrow`
}

/** For the person. */
export function renewalFor(peer: PeerId, entries: number): string {
  return `this share was put back to an older copy: peer ${peer} knows edits of it that are not here. It goes on under a new name, and ${entries} edits of its own stand beside those that the peers have`
}
