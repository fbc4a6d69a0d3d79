// Paths whose version vector had no room for all peers that edited them (SEEN_PEERS_MAX in share/dots.ts): whoever meets an
// edit that was forgotten takes it for concurrent. Noted where an entry is made, told by the keeper, each path once.

import type { KeeperNotice } from '../../pipe/messages.js'
import { SEEN_PEERS_MAX, type Seen } from '../../share/dots.js'
import { FOLDED_PATHS_MAX } from './limits.js'

export class FoldedPaths {
  private readonly told = new Set<string>()
  private untold: string[] = []

  /** `folded` is what the vector of the entry at `path` had no room for, '' nearly always. */
  add(path: string, folded: Seen): void {
    if (folded === '' || this.told.has(path) || this.told.size >= FOLDED_PATHS_MAX) return
    this.told.add(path)
    this.untold.push(path)
  }

  takeNotices(): readonly KeeperNotice[] {
    const { untold } = this
    if (untold.length === 0) return []
    this.untold = []
    return untold.map((path) => ({ event: 'note', message: `${path} ${MEANING}` }))
  }
}

const MEANING =
  `was edited by more than ${SEEN_PEERS_MAX} peers, and its oldest edits are forgotten; ` +
  'a conflict copy of it may come that need not have, and no edit is lost'
