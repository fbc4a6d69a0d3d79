// Deeds of persons at each path, and what each had seen of the others' deeds by then, as far as that is certain. Judges what
// must not stand: a content that somebody deleted or replaced who had seen every deed that made it. Used by model.ts.
//
// A peer's deeds at a path are counted in its lane; a vector of counts by lane says what was seen. A peer has seen a deed
// when LEFT put its content there, and with it everything that the doer had seen. Where several deeds made one content,
// only what all of their doers had seen is certain.

/** A peer, as its judge names it. */
export type Who = number | string

/** In the place of a digest: a folder stands there. */
export const FOLDER = '/'

export interface Deed {
  readonly peer: Who
  readonly atMs: number
  /** Digest; undefined for nothing. */
  readonly before: string | undefined
  readonly after: string | undefined
  readonly lane: string
  /** Within the lane, from 1. */
  readonly count: number
  readonly seen: Map<string, number>
  /** `untracedAtMs` of the doer's view by then. */
  readonly untracedAtMs: number
  /** Whether LEFT takes it for an edit for certain; else it replaces nothing. */
  isCertain: boolean
}

/** A peer's view of a path: what stood there for it, and what LEFT had shown it. */
interface View {
  readonly seen: Map<string, number>
  /** How often what stood here was forgotten. */
  turn: number
  learnedAtMs: number
  /** When LEFT put there what stands, if that left no trace beside it. */
  untracedAtMs: number
  /** The deed that removed what stood here, while nothing has come since. */
  removal: Deed | undefined
}

interface Life {
  readonly makings: readonly Deed[]
  readonly ends: readonly Deed[]
}

export type Views = ReadonlyMap<string, View>

export class Deeds {
  private readonly pasts = new Map<string, Deed[]>()
  private readonly views = new Map<Who, Map<string, View>>()
  private readonly lives = new Map<Who, number>()

  at(path: string): readonly Deed[] {
    return this.pasts.get(path) ?? []
  }

  paths(): Iterable<string> {
    return this.pasts.keys()
  }

  /** A person changed what is at the path. `isCertain`: false for what no person did (damage, an older copy put back).
   *  `sees`: whether LEFT, too, knows what stood there. */
  did(
    { peer, path, before, after, atMs }: Pick<Deed, 'peer' | 'before' | 'after' | 'atMs'> & { path: string },
    { isCertain = true, sees = isCertain }: { isCertain?: boolean; sees?: boolean } = {},
  ): Deed {
    const view = this.viewOf(peer, path)
    if (before !== undefined && sees) this.learn(view, path, before, atMs)
    const lane = `${peer}.${this.lives.get(peer) ?? 0}.${view.turn}`
    const count = (view.seen.get(lane) ?? 0) + 1
    const seen = new Map(view.seen)
    const deed = { peer, atMs, before, after, lane, count, seen, untracedAtMs: view.untracedAtMs, isCertain }
    view.seen.set(lane, count)
    view.removal = after === undefined ? deed : undefined
    const past = this.pasts.get(path)
    if (past === undefined) this.pasts.set(path, [deed])
    else past.push(deed)
    return deed
  }

  /** LEFT put this content at the path. Answers whether it comes back after a removal here that everybody else's deeds had
   *  seen, or that had seen them. `isTraced`: with that gone, LEFT still sees at its next start that it had been put there. */
  placed(peer: Who, path: string, digest: string, atMs: number, isTraced = true): boolean {
    const view = this.viewOf(peer, path)
    const { removal } = view
    const cameBack = removal?.before === digest && this.isAlone(path, removal) && this.isOver(path, digest)
    view.removal = undefined
    view.untracedAtMs = isTraced ? Number.NEGATIVE_INFINITY : atMs
    this.learn(view, path, digest, atMs)
    return cameBack
  }

  /** The removal that stands at this path of a peer, if any. */
  removalAt(peer: Who, path: string): Deed | undefined {
    return this.views.get(peer)?.get(path)?.removal
  }

  *removalsOf(peer: Who): Iterable<[string, Deed]> {
    for (const [path, { removal }] of this.views.get(peer) ?? [])
      if (removal !== undefined) yield [path, removal]
  }

  /** Every deed that made this content was seen by somebody who then replaced or removed it. Another time or mode replaces
   *  nothing: that of the content which LEFT had put in this one's place says nothing of the loser of that conflict. */
  isOver(path: string, digest: string): boolean {
    const { makings, ends } = this.lifeOf(path, digest)
    return makings.length > 0 && makings.every((making) => ends.some((end) => hasSeen(end, making)))
  }

  /** Another content of the path is over too, and whoever ended one of the two knew nothing of the other: each may reach the other's end,
   *  and one of them stays (docs/decisions/versions.md, what is known and accepted). */
  wasEndedApart(path: string, digest: string): boolean {
    const one = this.lifeOf(path, digest)
    const others = new Set(this.at(path).flatMap(({ after }) => after ?? []))
    others.delete(digest)
    for (const other of others) {
      const life = this.lifeOf(path, other)
      if (this.isOver(path, other) && knowsNothingOf(one, life) && knowsNothingOf(life, one)) return true
    }
    return false
  }

  /** Deeds that made the content, and those that may have ended it. */
  private lifeOf(path: string, digest: string): Life {
    const past = this.at(path)
    return {
      makings: past.filter(({ after }) => after === digest),
      ends: past.filter(({ before, after, isCertain }) => isCertain && after !== digest && after !== before),
    }
  }

  /** No deed at the path was concurrent with one that made this content: it met no other in a conflict. A deed that LEFT may not take for
   *  an edit of what it had seen may have met it. */
  wasNeverInConflict(path: string, digest: string): boolean {
    const past = this.at(path)
    const isBefore = (earlier: Deed, later: Deed) => later.isCertain && hasSeen(later, earlier)
    return past.every(
      (one) =>
        one.after !== digest ||
        (one.isCertain &&
          past.every((other) => other === one || isBefore(other, one) || isBefore(one, other))),
    )
  }

  /** Notes that what stood at the path is gone there by nobody's deed, or by one that was taken back: the next deed has seen nothing. */
  forget(peer: Who, path: string): void {
    const view = this.viewOf(peer, path)
    view.seen.clear()
    view.turn++
  }

  /** The next deed of this peer there has seen the content. */
  see(peer: Who, path: string, digest: string, atMs: number): void {
    this.learn(this.viewOf(peer, path), path, digest, atMs)
  }

  /** Whether LEFT took note of these deeds can no longer be told. */
  doubt(peer: Who, path: string, sinceMs = Number.NEGATIVE_INFINITY): void {
    for (const deed of this.at(path)) if (deed.peer === peer && deed.atMs >= sinceMs) deed.isCertain = false
  }

  doubtSince(peer: Who, sinceMs: number): void {
    for (const path of this.pasts.keys()) this.doubt(peer, path, sinceMs)
  }

  /** Takes out of the peer's views what LEFT put there so shortly before it died that it may be news to it at its next start. Where that
   *  left no trace, also out of the deeds that somebody did there on top of it before the death. */
  doubtPlacings(peer: Who, sinceMs: number): void {
    for (const [path, view] of this.views.get(peer) ?? [])
      if (view.learnedAtMs >= sinceMs) {
        const doubted = this.at(path).filter((deed) => deed.peer === peer && deed.untracedAtMs >= sinceMs)
        for (const { seen } of [view, ...doubted])
          for (const lane of seen.keys()) if (!lane.startsWith(`${peer}.`)) seen.delete(lane)
        view.removal = undefined
      }
  }

  viewsOf(peer: Who): Views {
    const views = [...(this.views.get(peer) ?? [])]
    return new Map(views.map(([path, view]) => [path, { ...view, seen: new Map(view.seen) }]))
  }

  /** An older copy of the peer's share was put back: later deeds are another life's, nobody knows what became of those after
   *  the copy, and LEFT may not have looked at what the copy holds. */
  putBack(peer: Who, views: Views, copiedAtMs: number): void {
    this.doubtSince(peer, copiedAtMs)
    this.lives.set(peer, (this.lives.get(peer) ?? 0) + 1)
    this.views.set(peer, new Map([...views].map(([path, view]) => [path, { ...view, seen: new Map() }])))
  }

  private isAlone(path: string, one: Deed): boolean {
    return this.at(path).every((other) => other === one || hasSeen(one, other) || hasSeen(other, one))
  }

  private learn(view: View, path: string, digest: string, atMs: number): void {
    const makings = this.at(path).filter(({ after }) => after === digest)
    const [first, ...others] = makings.map(upTo)
    if (first === undefined) return
    for (const [lane, count] of first) {
      const certain = others.reduce((least, seen) => Math.min(least, seen.get(lane) ?? 0), count)
      if (certain <= (view.seen.get(lane) ?? 0)) continue
      view.seen.set(lane, certain)
      view.learnedAtMs = atMs
    }
  }

  private viewOf(peer: Who, path: string): View {
    let views = this.views.get(peer)
    if (views === undefined) {
      views = new Map()
      this.views.set(peer, views)
    }
    let view = views.get(path)
    if (view === undefined) {
      const never = Number.NEGATIVE_INFINITY
      view = { seen: new Map(), turn: 0, learnedAtMs: never, untracedAtMs: never, removal: undefined }
      views.set(path, view)
    }
    return view
  }
}

/** None that ended the one had seen a deed that made the other. */
function knowsNothingOf({ makings, ends }: Life, other: Life): boolean {
  const endings = ends.filter((end) => makings.some((making) => hasSeen(end, making)))
  return !endings.some((end) => other.makings.some((making) => hasSeen(end, making)))
}

function hasSeen(later: Deed, earlier: Deed): boolean {
  return (later.seen.get(earlier.lane) ?? 0) >= earlier.count
}

/** The deed, and what its doer had seen: nothing where LEFT may not have taken note of it. */
function upTo({ lane, count, seen, isCertain }: Deed): Map<string, number> {
  return new Map([...(isCertain ? seen : []), [lane, count]])
}
