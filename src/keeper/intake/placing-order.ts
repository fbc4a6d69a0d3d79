// The order in which files that came in one batch are put in place: that in which their author recorded them, so that no reference
// stands before what it refers to. The counts of an author tell it. What is refused is wanted no more and keeps nobody waiting, and
// nothing waits for more than ORDER_WAIT_MS. Placements owns it.

import { countOf, peerOf } from '../../share/dots.js'
import { ORDER_WAIT_MS, ORDERED_WANTS_MAX } from './limits.js'
import type { Links } from './links.js'
import type { Want, Wants } from './wants.js'

export class PlacingOrder {
  private readonly wants: Wants
  private readonly links: Pick<Links, 'has'>
  /** Complete, and to be placed after others; since when. */
  private readonly held = new Map<Want, number>()

  constructor({ wants, links }: { readonly wants: Wants; readonly links: Pick<Links, 'has'> }) {
    this.wants = wants
    this.links = links
  }

  get heldCount(): number {
    return this.held.size
  }

  /** When one has waited for long enough. */
  pollTimeout(): number | undefined {
    for (const sinceMs of this.held.values()) return sinceMs + ORDER_WAIT_MS
    return undefined
  }

  /** Takes those out of `ready` that may be placed now, in their order. */
  take(ready: Set<Want>, nowMs: number): Want[] {
    const before = new Map(this.held)
    this.held.clear()
    const outstanding = ready.size === 0 ? undefined : this.firstOutstanding(ready)
    const due: Want[] = []
    for (const want of ready) {
      const { content } = want.remote.version
      const sinceMs = before.get(want) ?? nowMs
      const isEarly = countOf(content) > (outstanding?.get(peerOf(content)) ?? Number.POSITIVE_INFINITY)
      if (isEarly && nowMs < sinceMs + ORDER_WAIT_MS) {
        this.held.set(want, sinceMs)
        continue
      }
      ready.delete(want)
      due.push(want)
    }
    return due.sort(
      (left, right) => countOf(left.remote.version.content) - countOf(right.remote.version.content),
    )
  }

  /** The lowest count of each author among the files that are still to come. Too many are no batch: a share that is met first. */
  private firstOutstanding(ready: ReadonlySet<Want>): ReadonlyMap<string, number> {
    const first = new Map<string, number>()
    if (this.wants.size - this.wants.removals.size > ORDERED_WANTS_MAX) return first
    for (const want of this.wants.all()) {
      if (want.remote.kind !== 'file' || ready.has(want) || this.links.has(want)) continue
      // It is a copy of what is ready.
      if (this.wants.isBehind(want, ready)) continue
      const { content } = want.remote.version
      const author = peerOf(content)
      first.set(author, Math.min(countOf(content), first.get(author) ?? Number.POSITIVE_INFINITY))
    }
    return first
  }
}
