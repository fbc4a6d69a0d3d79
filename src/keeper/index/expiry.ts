// Forgets deletions that are older than any machine is expected to be away: at the border of a day, by the time of the deletion, so that
// the trees of all peers lose them together. The keeper owns it.

import { DAY_MS, dayOf } from '../../base/calendar.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from './catalogue.js'
import { EXPIRY_STEP_PATHS, TOMBSTONE_DAYS, TOMBSTONE_LATE_DAYS } from './limits.js'

export interface ExpiryOptions {
  readonly catalogue: Catalogue
  readonly wallMs: () => number
}

export class Expiry {
  private readonly options: ExpiryOptions
  private readonly paths: string[] = []
  private dueMs = Number.POSITIVE_INFINITY

  /** Forgets at once what has expired while LEFT was not there: nobody has been told of it in this life. */
  constructor(options: ExpiryOptions, nowMs: number) {
    this.options = options
    this.look(nowMs)
    while (this.busy) this.forgetSome()
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    return this.paths.length > 0
  }

  pollTimeout(): number {
    return this.dueMs
  }

  /** Does a bounded piece. Answers whether something was forgotten. */
  step(nowMs: number): boolean {
    if (nowMs >= this.dueMs) this.look(nowMs)
    return this.forgetSome()
  }

  /** Whether the deletion has only just expired: whoever still tells of it has a clock that is behind. Taken note of, it would
   *  go round for ever. One that is long over comes from a machine whose clock says otherwise, and counts. */
  isPast(tombstone: Entry): boolean {
    const days = daysOver(tombstone, this.options.wallMs())
    return days > 0 && days <= TOMBSTONE_LATE_DAYS
  }

  private look(nowMs: number): void {
    const { catalogue, wallMs } = this.options
    const wall = wallMs()
    for (const entry of catalogue.manifest.tombstones())
      if (daysOver(entry, wall) > 0 && !this.isPending(entry.path)) this.paths.push(entry.path)
    this.dueMs = nowMs + (dayOf(wall) + 1) * DAY_MS - wall
  }

  /** Whether what was deleted still stands here: without its deletion it would be taken for new, and come back everywhere. */
  private isPending(path: string): boolean {
    const { catalogue } = this.options
    return catalogue.kept(path) !== undefined || catalogue.isRemaining(path)
  }

  private forgetSome(): boolean {
    const { catalogue } = this.options
    const paths = this.paths.splice(-EXPIRY_STEP_PATHS)
    let isAny = false
    for (const path of paths) {
      if (catalogue.get(path)?.kind !== 'tombstone' || this.isPending(path)) continue
      catalogue.forget(path)
      isAny = true
    }
    return isAny
  }
}

function daysOver({ mtimeMs }: Entry, wallMs: number): number {
  return dayOf(wallMs) - dayOf(mtimeMs) - TOMBSTONE_DAYS
}
