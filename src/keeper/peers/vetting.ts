// Peers that may be told of our entries. A peer first tells what it knows of our edits; where that is something that we do not know,
// the share was put back to an older copy, and goes on under a new author before anybody is told of an entry. The keeper owns it.
//
//     claim ─▶ told count of ours ─┬─ known, or 0 ───────────────────────────▶ vetted
//                                  └─ forgotten ┬─ new author, edits relabelled ─▶ vetted, once they are announced
//                                               └─ a second time in a day ───────▶ refused

import type { KnownEdits } from '../../base/known-edits.js'
import { countIn, type Dot, type PeerId } from '../../share/dots.js'
import { relabel } from '../../share/edit.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits, Restored } from '../index/own-edits.js'

export type Verdict =
  /** It does not know yet in whose name our edits are. */
  | { readonly type: 'unsaid' }
  /** Said for each claim: the peer may have another session by now. */
  | { readonly type: 'vetted' }
  /** So many entries are edits of a new author now. */
  | { readonly type: 'renewed'; readonly entries: number }
  | { readonly type: 'refused' }

/** Words for the person about a verdict on this peer; undefined where there is nothing to say. */
export function wordsOf(verdict: Verdict, peer: PeerId): string | undefined {
  switch (verdict.type) {
    case 'vetted':
      return undefined
    case 'renewed':
      return `this share was put back to an older copy: peer ${peer} knows edits of it that are not here. It goes on under a new name, and ${verdict.entries} edits of its own stand beside those that the peers have`
    case 'refused':
      return `peer ${peer} knows edits of this share that the share does not know, for the second time in a day: it is told nothing; if the share was put back to an older copy, wait until tomorrow`
  }
}

export class Vetting {
  private readonly edits: OwnEdits
  private readonly catalogue: Catalogue

  constructor(edits: OwnEdits, catalogue: Catalogue) {
    this.edits = edits
    this.catalogue = catalogue
  }

  handleClaim(theyKnow: KnownEdits | undefined): Verdict {
    const { edits } = this
    if (theyKnow?.author !== edits.author) return { type: 'unsaid' }
    const restored = edits.handleTold(theyKnow.count)
    if (restored === undefined) return { type: 'vetted' }
    if (!edits.mayBeRenewed) return { type: 'refused' }
    edits.handleRenewedByPeer()
    return { type: 'renewed', entries: this.renew(restored) }
  }

  private renew({ kept }: Restored): number {
    const { edits, catalogue } = this
    const old = { peer: edits.author, kept }
    // Their paths alone: a share may have a million entries, and the manifest holds them packed.
    const above: string[] = []
    for (const { path, version } of catalogue.manifest.entries())
      if (countIn(version.seen, old.peer) > kept) above.push(path)
    edits.renew()
    let relabelled = 0
    for (const path of above) {
      const dots = new Map<Dot, Dot>()
      // One edit may have made content and attributes: it stays one.
      const newDot = (dot: Dot): Dot => {
        const known = dots.get(dot) ?? edits.nextDot()
        dots.set(dot, known)
        return known
      }
      const renamed = relabel(catalogue.get(path)!, old, newDot)
      if (renamed === undefined) continue
      const { entry, folded } = renamed
      catalogue.relabel(entry)
      catalogue.folded.add(path, folded)
      relabelled++
    }
    catalogue.relabelGivenUp(({ seen }) => countIn(seen, old.peer) > kept)
    // Listings with the old name may be asked for still.
    catalogue.manifest.forgetReplaced()
    return relabelled
  }
}
