// Finds which wants are to be had from a file of this share that leaves its path, so that it is moved and neither copied nor
// fetched. Decides; placements.ts carries out. The wants own it.
//
//     a deletion that is wanted too names the wanted path    its file is moved there
//     another content is wanted where the file stands        it gets its second name when that is put in place

import type { Entry } from '../../share/entry.js'
import { MOVE_WAIT_MS } from './limits.js'

/** How the content of a want is to be had without a copy. */
export type Move<W> =
  | { readonly type: 'move'; readonly removal: W }
  | { readonly type: 'link'; readonly from: string }

interface Moveable {
  readonly remote: Entry
  isMoveRefused: boolean
  startedMs: number
}

export class Moves<W extends Moveable> {
  /** Deletions that are wanted, by the path to which they say that the content was moved. */
  private readonly removals = new Map<string, W>()
  /** Folders, and content that is in the share: a deletion that is not known yet may say that they were moved. The one that has
   *  waited for longest first. */
  private readonly undecided = new Set<W>()
  /** When the last one began to wait. */
  private newsMs = 0

  add(want: W): void {
    const { kind, target } = want.remote
    if (kind === 'tombstone' && target !== '') this.removals.set(target, want)
  }

  /** While peers are compared with, it is not known whether this want was moved. */
  putOff(want: W, nowMs: number): void {
    want.startedMs = nowMs
    this.undecided.add(want)
    this.newsMs = nowMs
  }

  isUndecided(want: W): boolean {
    return this.undecided.has(want)
  }

  /** Forgets a want that was put off: it is in a queue again, or over. */
  handleQueued(want: W): void {
    this.undecided.delete(want)
  }

  /** When wants have waited for long enough. */
  pollTimeout(): number | undefined {
    return this.undecided.size === 0 ? undefined : this.newsMs + MOVE_WAIT_MS
  }

  /** Takes those that have waited for long enough. */
  takeDecided(isComparing: boolean, nowMs: number): readonly W[] {
    if (this.undecided.size === 0 || (isComparing && nowMs < this.pollTimeout()!)) return []
    const decided = [...this.undecided]
    this.undecided.clear()
    // A file that is known to be moved is that; of a folder it is not known whether all of it is.
    for (const want of decided)
      if (isComparing && (want.remote.kind === 'folder' || !this.removals.has(want.remote.path)))
        want.isMoveRefused = true
    return decided
  }

  delete(want: W): void {
    this.undecided.delete(want)
    const { target } = want.remote
    if (this.removals.get(target) === want) this.removals.delete(target)
  }

  /** Where a deletion says that the content of this want was, before it was edited perhaps. */
  oldPathOf({ remote }: W): string | undefined {
    return this.removals.get(remote.path)?.remote.path
  }

  /** The move by which this want can be had. `holder`: a path that holds its content, and `atHolder` what is wanted there. */
  moveFor(want: W, holder: string | undefined, atHolder: W | undefined): Move<W> | undefined {
    if (want.isMoveRefused) return undefined
    const removal = this.removals.get(want.remote.path)
    if (removal !== undefined) return { type: 'move', removal }
    if (holder === undefined || atHolder?.remote.kind !== 'file') return undefined
    return atHolder.remote.digest === want.remote.digest ? undefined : { type: 'link', from: holder }
  }
}
