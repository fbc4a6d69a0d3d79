// Deletions that peers told of: carried out when the content that came with them is in place, so that what was renamed is copied
// from where it was, and a reference never stands without its object; the deepest first. The intake owns it.

import type { Entry } from '../../share/entry.js'
import type { Removing } from '../remove/removing.js'
import type { Scanner } from '../scan/scanner.js'
import type { Gate } from './gate.js'
import { PLACE_RETRY_MS, PLACE_TRIES_MAX, REMAINING_NAMED_MAX, REMOVAL_WAIT_MS } from './limits.js'
import type { Outcomes } from './outcomes.js'
import type { Placements } from './placements.js'
import type { WantEnd } from './want-end.js'
import { firstSource, type Want, type Wants } from './wants.js'

export interface RemovalsOptions {
  readonly removing: Removing
  readonly scanner: Scanner
  readonly wants: Wants
  readonly end: WantEnd
  readonly gate: Gate
  readonly outcomes: Outcomes
  readonly placements: Placements
  /** Whether more of what peers have may be found in a moment. */
  readonly isComparing: () => boolean
}

export class Removals {
  private readonly options: RemovalsOptions
  /** Since when deletions have waited, and nothing more has been wanted. */
  private sinceMs: number | undefined
  private wantCount = 0

  constructor(options: RemovalsOptions) {
    this.options = options
  }

  /** When they have waited for long enough. */
  pollTimeout(): number | undefined {
    const { wants } = this.options
    return wants.removals.isQueued && this.sinceMs !== undefined ? this.sinceMs + REMOVAL_WAIT_MS : undefined
  }

  /** Whether some are to be carried out now. */
  isDue(nowMs: number): boolean {
    const { wants, placements, isComparing, end } = this.options
    if (!wants.removals.isQueued) {
      this.sinceMs = undefined
      return false
    }
    if (this.sinceMs === undefined || wants.size > this.wantCount) this.sinceMs = nowMs
    this.wantCount = wants.size
    if (end.fullDisk.paused) return false
    if (nowMs >= this.sinceMs + REMOVAL_WAIT_MS) return true
    const contentCount = wants.size - wants.removals.size - placements.waitingCount
    return contentCount === 0 && !isComparing()
  }

  /** Carries out as many as one may; answers how many. */
  step(countMax: number, nowMs: number): number {
    const { wants, end, gate } = this.options
    gate.stopEmptying()
    for (let count = 0; count < countMax; count++) {
      const want = end.fullDisk.paused ? undefined : wants.removals.take()
      if (want === undefined) return count
      this.remove(want, nowMs)
    }
    return countMax
  }

  /** Carries out one, now or when what was in its folder is gone. */
  remove(want: Want, nowMs: number): void {
    const { removing, wants, end, gate } = this.options
    const { path } = want.remote
    if (!gate.admitsMove(want)) return
    if (wants.removals.hasBelow(path)) {
      end.placeLater(want, nowMs + PLACE_RETRY_MS)
      return
    }
    const isGoing = (folder: string) => wants.get(folder)?.remote.kind === 'tombstone'
    const result = removing.remove(want.remote, isGoing)
    switch (result.type) {
      case 'removed':
        this.handleRemoved(want, result.local)
        this.handleDone(want, nowMs)
        return
      case 'remains':
        this.handleRemains(want, result.names)
        this.handleDone(want, nowMs)
        return
      case 'beaten':
      case 'needless':
        if (result.type === 'beaten') end.reportBeaten(want)
        end.finish(want)
        this.changed()
        return
      case 'unsettled':
        this.handleUnsettled(want, nowMs)
        return
      case 'failed':
        end.handleDiskFailure(want, result.noSpace, result.reason, nowMs)
        return
    }
  }

  private handleRemoved(want: Want, { kind, sizeBytes }: Entry): void {
    const { path } = want.remote
    if (kind === 'tombstone') return
    this.options.gate.handleDone(want)
    const peer = firstSource(want)
    this.options.outcomes.notify({ event: 'removed', path, kind, bytes: sizeBytes, peer })
  }

  private handleRemains(want: Want, names: readonly string[]): void {
    const named = names.slice(0, REMAINING_NAMED_MAX).join(', ')
    const others = names.length > REMAINING_NAMED_MAX ? ` and ${names.length - REMAINING_NAMED_MAX} more` : ''
    const reason = `the folder was deleted on another machine, and is still here for what that machine had not seen of it: ${named}${others}`
    this.options.outcomes.refuse(firstSource(want), { event: 'problem', path: want.remote.path, reason })
  }

  private handleDone(want: Want, nowMs: number): void {
    const { wants, outcomes, placements, end } = this.options
    const { path } = want.remote
    end.handlePlaced(want)
    wants.remove(want, true)
    outcomes.push({ type: 'placed', path })
    this.changed()
    placements.handleInPlace(path, nowMs)
  }

  private handleUnsettled(want: Want, nowMs: number): void {
    const { scanner, end } = this.options
    scanner.hint(want.remote.path)
    if (++want.placeTries < PLACE_TRIES_MAX) end.placeLater(want, nowMs + PLACE_RETRY_MS)
    else end.handleDiskFailure(want, false, 'it does not come to rest, or cannot be read', nowMs)
  }

  private changed(): void {
    const { wants, outcomes } = this.options
    outcomes.push({ type: 'changed', by: 'received', isLast: wants.size === 0 })
  }
}
