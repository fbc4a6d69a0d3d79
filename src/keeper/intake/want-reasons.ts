// Reasons for which something that is wanted of peers is not in place yet, or is not even wanted for now. Reads the parts of the intake,
// which owns it; commands of a person ask it, one path at a time.

import { type Cause, causeOf, type Reason, reasonAt } from '../../base/reason.js'
import { parentOf } from '../../share/path.js'
import type { Fetches } from './fetches.js'
import { ORDER_WAIT_MS, REMOVAL_WAIT_MS } from './limits.js'
import type { Placements } from './placements.js'
import type { WantEnd } from './want-end.js'
import type { Want, Wants } from './wants.js'

export interface WantReasonsOptions {
  readonly wants: Wants
  readonly end: WantEnd
  readonly fetches: Fetches
  readonly placements: Placements
  readonly isComparing: () => boolean
}

export class WantReasons {
  constructor(private readonly options: WantReasonsOptions) {}

  /** Undefined where nothing is wanted at the path. */
  at(path: string, nowMs: number): Reason | undefined {
    const want = this.options.wants.get(path)
    if (want === undefined) return undefined
    const { sinceMs } = want
    const full = this.isOnItsWay(want) ? undefined : this.options.end.fullDisk.standing
    if (full !== undefined) return reasonAt(full.cause, nowMs, full)
    if (want.remote.kind === 'tombstone') return this.ofRemoval(want, nowMs)
    const placing = this.ofPlacing(want, nowMs)
    if (placing !== undefined) return placing
    if (want.fetch !== undefined) {
      const code = this.options.fetches.isPreparing(want) ? 'preparing' : 'fetching'
      return reasonAt(causeOf(code, want.source ?? ''), nowMs, { sinceMs: want.startedMs || sinceMs })
    }
    return this.ofWait(want, nowMs)
  }

  private isOnItsWay({ fetch, temporary }: Want): boolean {
    return fetch !== undefined && temporary === undefined
  }

  private ofRemoval(want: Want, nowMs: number): Reason {
    const { wants, isComparing } = this.options
    const { sinceMs } = want
    if (wants.removals.hasBelow(want.remote.path))
      return reasonAt(causeOf('waits-for-removals'), nowMs, { sinceMs })
    if (want.placeTries > 0) return reasonAt(causeOf('place-restless'), nowMs, { sinceMs })
    const contentCount = wants.size - wants.removals.size
    const isWaiting = contentCount > 0 || isComparing()
    const detail = contentCount > 0 ? `${contentCount} to come` : ''
    const againAtMs = isWaiting ? sinceMs + REMOVAL_WAIT_MS : undefined
    return reasonAt(causeOf(isWaiting ? 'waits-for-content' : 'placing', isWaiting ? detail : ''), nowMs, {
      sinceMs,
      againAtMs,
    })
  }

  /** Complete, or with nothing to fetch, and not in place at once. */
  private ofPlacing(want: Want, nowMs: number): Reason | undefined {
    const { placements } = this.options
    const { sinceMs } = want
    const wait = placements.waitOf(want)
    if (wait?.type === 'removals') return reasonAt(causeOf('waits-for-removals'), nowMs, { sinceMs })
    if (wait?.type === 'order')
      return reasonAt(causeOf('waits-for-order'), nowMs, {
        sinceMs: wait.sinceMs,
        againAtMs: wait.sinceMs + ORDER_WAIT_MS,
      })
    if (want.placeTries > 0) return reasonAt(this.placeCause(want), nowMs, { sinceMs })
    return want.temporary === undefined ? undefined : reasonAt(causeOf('placing'), nowMs, { sinceMs })
  }

  private placeCause({ remote }: Want): Cause {
    const { wants } = this.options
    for (let folder = parentOf(remote.path); folder !== ''; folder = parentOf(folder))
      if (wants.wantedFolder(folder) !== undefined) return causeOf('waits-for-folder', folder)
    return causeOf('place-restless')
  }

  private ofWait(want: Want, nowMs: number): Reason {
    const { sinceMs } = want
    const wait = this.options.wants.waitOf(want)
    if (wait.type === 'undecided')
      return reasonAt(causeOf('waits-for-comparison'), nowMs, { sinceMs, againAtMs: wait.untilMs })
    if (wait.type === 'parked') return reasonAt(causeOf('same-content', wait.behind), nowMs, { sinceMs })
    return reasonAt(causeOf('queued'), nowMs, { sinceMs })
  }
}
