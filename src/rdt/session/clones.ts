// Tells two machines that run with one peer id (a clone of a machine, or a copy of a share with its own folder) from one
// whose process was started again: a life that came after another is over when that other one comes back. Used by the endpoint.

import { CLONED_MS, CLONES_REMEMBERED_MAX, LIVES_REMEMBERED_MAX } from './limits.js'

interface Lives {
  /** The one that was heard last, and since when. */
  life: string
  sinceMs: number
  /** Those before it. */
  readonly earlier: Set<string>
  /** Of clones: when each life was met last. */
  readonly metAtMs: Map<string, number>
}

export class Clones {
  private readonly byPeer = new Map<string, Lives>()

  /** A session was heard in, which was agreed on at `openedAtMs`. Answers whether it shows that there are two. A session
   *  that was agreed on before the latest life was heard may have been late. */
  handleHeard(peerId: string, life: string, openedAtMs: number, nowMs: number): boolean {
    const known = this.byPeer.get(peerId)
    if (known === undefined) {
      this.byPeer.set(peerId, { life, sinceMs: nowMs, earlier: new Set(), metAtMs: new Map() })
      if (this.byPeer.size > CLONES_REMEMBERED_MAX) this.byPeer.delete(this.byPeer.keys().next().value!)
      return false
    }
    if (known.life === life) return false
    if (known.earlier.has(life)) {
      if (openedAtMs <= known.sinceMs) return false
      known.metAtMs.set(life, nowMs).set(known.life, nowMs)
      return true
    }
    known.earlier.add(known.life)
    if (known.earlier.size > LIVES_REMEMBERED_MAX) known.earlier.delete(known.earlier.values().next().value!)
    known.life = life
    known.sinceMs = nowMs
    return false
  }

  /** Whether this proved peer is one of two that were there of late: then neither has a session, until one is left. */
  isCloned(peerId: string, life: string, nowMs: number): boolean {
    const lives = this.byPeer.get(peerId)
    if (lives === undefined || lives.metAtMs.size === 0) return false
    const { metAtMs } = lives
    metAtMs.set(life, nowMs)
    for (const [known, atMs] of metAtMs) if (nowMs - atMs >= CLONED_MS) metAtMs.delete(known)
    if (metAtMs.size > 1) return true
    // This one is left: it is not to count as one that came back.
    this.byPeer.set(peerId, { life, sinceMs: nowMs, earlier: new Set(), metAtMs: new Map() })
    return false
  }
}
