// Ban list: peers that sent blocks of a file that its list does not prove. For BAN_MS such a peer is not asked for that file
// as one of several sources, in whatever session; only where the keeper names it as the one to have the file from. Used by
// FetchSources.

import type { Digest } from '../../../base/item.js'
import { BAN_MS, BANS_MAX } from './limits.js'

export class BanList {
  /** By peer and file, the oldest first. */
  private readonly untilMs = new Map<string, number>()

  /** `who`: a fingerprint, or a peer id where there is none. */
  add(who: string, digest: Digest, nowMs: number): void {
    const key = keyOf(who, digest)
    this.untilMs.delete(key)
    this.untilMs.set(key, nowMs + BAN_MS)
    if (this.untilMs.size > BANS_MAX) this.untilMs.delete(this.untilMs.keys().next().value!)
  }

  has(who: string, digest: Digest, nowMs: number): boolean {
    return nowMs < (this.untilMs.get(keyOf(who, digest)) ?? Number.NEGATIVE_INFINITY)
  }
}

function keyOf(who: string, digest: Digest): string {
  return `${who} ${digest}`
}
