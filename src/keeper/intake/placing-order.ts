// The order in which files that came in one batch are put in place: that in which their author recorded them, so that no reference
// stands before what it refers to. The counts of an author tell it. A comparison lists a share folder by folder: until it is over, what
// comes before may not be known yet. What is refused is wanted no more and keeps nobody waiting, and nothing waits for more than
// ORDER_WAIT_MS. Placements owns it.

import { countOf, type PeerId, peerOf } from '../../share/dots.js'
import { ORDER_WAIT_MS, ORDERED_WANTS_MAX } from './limits.js'
import type { Links } from './links.js'
import type { Want, Wants } from './wants.js'

export interface PlacingOrderOptions {
  readonly wants: Wants
  readonly links: Pick<Links, 'has'>
  /** Stands for the comparison with a peer that is under way, if there is one. */
  readonly comparisonWith: (peer: PeerId) => object | undefined
}

/** Complete, and to be placed after others. */
interface Held {
  readonly sinceMs: number
  /** Under way when it was complete, with peers that have it. */
  readonly comparisons: ReadonlyMap<PeerId, object>
}

export class PlacingOrder {
  private readonly options: PlacingOrderOptions
  private readonly held = new Map<Want, Held>()
  /** Comparisons that some of those wait for. */
  private readonly awaited = new Map<PeerId, object>()

  constructor(options: PlacingOrderOptions) {
    this.options = options
  }

  get heldCount(): number {
    return this.held.size
  }

  /** Since when it has been complete, and waits for what comes before it. */
  heldSinceMs(want: Want): number | undefined {
    return this.held.get(want)?.sinceMs
  }

  /** Whether a comparison is over that something was held for. */
  get hasDue(): boolean {
    for (const awaited of this.awaited) if (!this.isUnderWay(awaited)) return true
    return false
  }

  /** When one has waited for long enough. */
  pollTimeout(): number | undefined {
    for (const { sinceMs } of this.held.values()) return sinceMs + ORDER_WAIT_MS
    return undefined
  }

  /** Takes those out of `ready` that may be placed now, in their order. */
  take(ready: Set<Want>, nowMs: number): Want[] {
    const before = new Map(this.held)
    this.held.clear()
    this.awaited.clear()
    const outstanding = ready.size === 0 ? undefined : this.firstOutstanding(ready)
    const due: Want[] = []
    for (const want of ready) {
      const held = before.get(want) ?? { sinceMs: nowMs, comparisons: this.comparisonsFor(want) }
      const isEarly =
        want.remote.kind === 'file' && outstanding !== undefined && this.isEarly(want, held, outstanding)
      if (isEarly && nowMs < held.sinceMs + ORDER_WAIT_MS) {
        this.held.set(want, held)
        continue
      }
      ready.delete(want)
      due.push(want)
    }
    return due.sort(
      (left, right) => countOf(left.remote.version.content) - countOf(right.remote.version.content),
    )
  }

  private isEarly(want: Want, { comparisons }: Held, outstanding: ReadonlyMap<string, number>): boolean {
    const { content } = want.remote.version
    if (countOf(content) > (outstanding.get(peerOf(content)) ?? Number.POSITIVE_INFINITY)) return true
    let isEarly = false
    for (const comparison of comparisons) {
      if (!this.isUnderWay(comparison)) continue
      this.awaited.set(...comparison)
      isEarly = true
    }
    return isEarly
  }

  private isUnderWay([peer, comparison]: readonly [PeerId, object]): boolean {
    return this.options.comparisonWith(peer) === comparison
  }

  private comparisonsFor({ sources }: Want): ReadonlyMap<PeerId, object> {
    const comparisons = new Map<PeerId, object>()
    for (const peer of sources) {
      const comparison = this.options.comparisonWith(peer)
      if (comparison !== undefined) comparisons.set(peer, comparison)
    }
    return comparisons
  }

  /** The lowest count of each author among the files that are still to come. Undefined where so many are wanted that they are no
   *  batch: a share that is met first. */
  private firstOutstanding(ready: ReadonlySet<Want>): ReadonlyMap<string, number> | undefined {
    const { wants, links } = this.options
    const first = new Map<string, number>()
    if (wants.size - wants.removals.size > ORDERED_WANTS_MAX) return undefined
    for (const want of wants.all()) {
      if (want.remote.kind !== 'file' || ready.has(want) || links.has(want)) continue
      // The want is a copy of what is ready.
      if (wants.isBehind(want, ready)) continue
      const { content } = want.remote.version
      const author = peerOf(content)
      first.set(author, Math.min(countOf(content), first.get(author) ?? Number.POSITIVE_INFINITY))
    }
    return first
  }
}
