// Entries that could not be had for a reason that does not pass by itself: a folder behind a link, a permission, peers that
// know them and do not hold them. They are not fetched again until a peer has another content, or something changes here;
// and now and then all the same, since what a person does about a permission is no change that the scan sees. The intake
// owns it.

import { type Cause, causeOf } from '../../base/reason.js'
import { type Dot, holds, type PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { isWithin } from '../../share/path.js'
import { DueQueue } from '../due-queue.js'
import { REFUSED_PATHS_MAX } from '../limits.js'
import { NOT_HELD_BACKOFF_MS, RETRY_BACKOFF_MS, RETRY_BACKOFF_MS_MAX } from './limits.js'

interface Refusal {
  /** The edit that made the content. */
  readonly content: Dot
  /** The disk's, of this try or one before; undefined where only `sources` refused. */
  readonly reason: string | undefined
  /** The same for a command. */
  readonly cause: Cause
  readonly sinceMs: number
  readonly sources: ReadonlySet<PeerId>
  /** The disk refused the last try. Else `sources` did not give the content: others may, and they when they hold more. */
  readonly isOfDisk: boolean
  /** How long until the next try. */
  readonly waitMs: number
  /** Its time is over: it may be tried, and what was said of it stands. */
  open: boolean
}

/** For a person. */
export interface Refused {
  readonly cause: Cause
  readonly sinceMs: number
  /** Undefined where its turn has come. */
  readonly againAtMs: number | undefined
  /** Only `sources` refused. */
  readonly isOfSources: boolean
  readonly sources: ReadonlySet<PeerId>
}

/** An entry worth another try, and the peers that it may come from. */
export interface RetryOrder {
  readonly path: string
  readonly sources: ReadonlySet<PeerId>
}

export class RetryBackoff {
  private readonly byPath = new Map<string, Refusal>()
  private readonly due = new DueQueue()

  /** `remote` cannot be placed. Answers whether that is news to the person. */
  add(
    remote: Entry,
    sources: ReadonlySet<PeerId>,
    { reason, cause }: { readonly reason: string; readonly cause: Cause },
    nowMs: number,
  ): boolean {
    const before = this.before(remote)
    const isNews = before?.reason !== reason
    const waitMs = before === undefined || isNews ? RETRY_BACKOFF_MS : waitAfter(before)
    const sinceMs = isNews ? nowMs : before!.sinceMs
    this.put(remote, { reason, cause, sinceMs, sources: new Set(sources), isOfDisk: true, waitMs }, nowMs)
    return isNews
  }

  /** This peer knows `remote` and does not hold it, or its session ended before it gave the content. */
  addNotHeld(remote: Entry, source: PeerId, nowMs: number): void {
    const before = this.before(remote)
    const waitMs = before === undefined ? NOT_HELD_BACKOFF_MS : waitAfter(before)
    if (before !== undefined && !before.open)
      this.byPath.set(remote.path, { ...before, sources: new Set(before.sources).add(source) })
    else {
      // Peers whose content the disk refused had it.
      const sources = new Set(before?.isOfDisk === true ? [] : before?.sources).add(source)
      const { reason, cause = causeOf('not-held-there'), sinceMs = nowMs } = before ?? {}
      this.put(remote, { reason, cause, sinceMs, sources, isOfDisk: false, waitMs }, nowMs)
    }
  }

  private before({ path, version }: Entry): Refusal | undefined {
    const before = this.byPath.get(path)
    return before?.content === version.content ? before : undefined
  }

  private put({ path, version }: Entry, refusal: Omit<Refusal, 'content' | 'open'>, nowMs: number): void {
    this.byPath.delete(path)
    this.byPath.set(path, { ...refusal, content: version.content, open: false })
    this.due.set(path, nowMs + refusal.waitMs)
    // A peer may offer millions: the oldest is forgotten, and tried once more when its peer is compared with again.
    if (this.byPath.size > REFUSED_PATHS_MAX) this.delete(this.byPath.keys().next().value!)
  }

  /** Forgets the refusal: the entry is in place after all, or nobody wants it there any more. */
  delete(path: string): void {
    if (this.byPath.delete(path)) this.due.delete(path)
  }

  /** Whether this very thing is not to be tried now with this peer. */
  has({ path, version }: Entry, peer: PeerId): boolean {
    const refusal = this.byPath.get(path)
    if (refusal === undefined || refusal.open || refusal.content !== version.content) return false
    return refusal.isOfDisk || refusal.sources.has(peer)
  }

  /** Why what was wanted at this path is refused; empty where nothing was. */
  reasonAt(path: string): string {
    const refusal = this.byPath.get(path)
    return refusal === undefined ? '' : (refusal.reason ?? 'no peer that was asked holds it')
  }

  /** The same for a command; undefined where nothing was refused. */
  at(path: string): Refused | undefined {
    const refusal = this.byPath.get(path)
    if (refusal === undefined) return undefined
    const { cause, sinceMs, sources, reason } = refusal
    return { cause, sinceMs, againAtMs: this.due.dueMs(path), isOfSources: reason === undefined, sources }
  }

  pollTimeout(): number | undefined {
    return this.due.nextDueMs()
  }

  /** Takes what is worth another try by now. */
  takeDue(nowMs: number): readonly RetryOrder[] {
    const orders: RetryOrder[] = []
    for (let path = this.due.take(nowMs); path !== undefined; path = this.due.take(nowMs)) {
      const refusal = this.byPath.get(path)
      if (refusal === undefined) continue
      refusal.open = true
      orders.push({ path, sources: refusal.sources })
    }
    return orders
  }

  /** `path` changed here: takes what was refused there, above or below it, which may fit now. */
  takeTouched(path: string): readonly RetryOrder[] {
    const orders: RetryOrder[] = []
    for (const [refused, { sources }] of this.byPath) {
      const touches = isWithin(refused, path) || path.startsWith(`${refused}/`)
      if (!touches) continue
      this.delete(refused)
      orders.push({ path: refused, sources })
    }
    return orders
  }

  /** `entry` stands at its path from now on. Takes another content that was refused there and that it has not seen: the two are a
   *  conflict, and no peer tells of its side again. */
  takeUnseenBy({ path, version }: Entry): readonly RetryOrder[] {
    const refusal = this.byPath.get(path)
    this.delete(path)
    if (refusal === undefined || holds(version.seen, refusal.content)) return []
    return [{ path, sources: refusal.sources }]
  }

  /** This peer holds more than before: takes what it did not give, which may be tried with it. */
  takeNotHeldBy(peer: PeerId): readonly RetryOrder[] {
    const orders: RetryOrder[] = []
    for (const [path, refusal] of this.byPath) {
      if (refusal.isOfDisk || !refusal.sources.has(peer)) continue
      // The disk may refuse it once more: that is no news then, and the wait goes on doubling.
      if (refusal.reason === undefined) this.delete(path)
      else refusal.open = true
      orders.push({ path, sources: new Set([peer]) })
    }
    return orders
  }
}

/** A try with several peers may fail several times: the wait doubles once. */
function waitAfter({ waitMs, open }: Refusal): number {
  return open ? Math.min(2 * waitMs, RETRY_BACKOFF_MS_MAX) : waitMs
}
