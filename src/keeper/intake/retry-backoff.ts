// Entries that could not be put in place for a reason that does not pass by itself: a folder behind a link, a
// permission. They are not fetched again until the peer has another version, or something changes here; and now and
// then all the same, since what a person does about a permission is no change that the scan sees. The intake owns it.

import { type DottedVersion, type PeerId, sameVersion } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { DueQueue } from '../due-queue.js'
import { REFUSED_PATHS_MAX } from '../limits.js'
import { RETRY_BACKOFF_MS, RETRY_BACKOFF_MS_MAX } from './limits.js'

interface Refusal {
  readonly version: DottedVersion
  readonly reason: string
  readonly sources: ReadonlySet<PeerId>
  /** How long until the next try; doubles with each that is refused for the same reason. */
  readonly waitMs: number
  /** Its time is over: it may be tried, and what was said of it stands. */
  open: boolean
}

export class RetryBackoff {
  private readonly byPath = new Map<string, Refusal>()
  private readonly due = new DueQueue()

  /** `remote` cannot be placed. Answers whether that is news to the person. */
  add(remote: Entry, sources: ReadonlySet<PeerId>, reason: string, nowMs: number): boolean {
    const { path, version } = remote
    const before = this.byPath.get(path)
    const isNews = before === undefined || !sameVersion(before.version, version) || before.reason !== reason
    const waitMs = isNews ? RETRY_BACKOFF_MS : Math.min(2 * before.waitMs, RETRY_BACKOFF_MS_MAX)
    this.byPath.delete(path)
    this.byPath.set(path, { version, reason, sources: new Set(sources), waitMs, open: false })
    this.due.set(path, nowMs + waitMs)
    // A peer may offer millions: the oldest is forgotten, and tried once more when its peer is compared with again.
    if (this.byPath.size > REFUSED_PATHS_MAX) this.delete(this.byPath.keys().next().value!)
    return isNews
  }

  /** Forgets the refusal: the entry is in place after all, or nobody wants it there any more. */
  delete(path: string): void {
    if (this.byPath.delete(path)) this.due.delete(path)
  }

  /** Whether this very thing is not to be tried now. */
  has({ path, version }: Entry): boolean {
    const refusal = this.byPath.get(path)
    return refusal !== undefined && !refusal.open && sameVersion(refusal.version, version)
  }

  pollTimeout(): number | undefined {
    return this.due.nextDueMs()
  }

  /** Peers that have something worth another try by now. */
  takeDue(nowMs: number): ReadonlySet<PeerId> {
    const peers = new Set<PeerId>()
    for (let path = this.due.take(nowMs); path !== undefined; path = this.due.take(nowMs)) {
      const refusal = this.byPath.get(path)
      if (refusal === undefined) continue
      refusal.open = true
      for (const source of refusal.sources) peers.add(source)
    }
    return peers
  }

  /** `path` changed here: what was refused there, above or below it may fit now. Answers the peers that have it. */
  takeTouched(path: string): ReadonlySet<PeerId> {
    const peers = new Set<PeerId>()
    for (const [refused, { sources }] of this.byPath) {
      const touches = refused === path || refused.startsWith(`${path}/`) || path.startsWith(`${refused}/`)
      if (!touches) continue
      this.delete(refused)
      for (const source of sources) peers.add(source)
    }
    return peers
  }
}
