// How long a path at which nothing stands any more is waited for: until that has settled, and until what may be its other half has
// been looked for. What becomes of it then, departures.ts says. The scanner asks it.

import type { Catalogue } from '../index/catalogue.js'
import { MOVE_MS_MAX, MOVE_RETRY_MS } from './limits.js'
import type { Moved } from './moved.js'
import type { MovedTrees } from './moved-trees.js'
import type { Candidate, Settling } from './settling.js'

export interface MissingOptions {
  readonly catalogue: Catalogue
  readonly settling: Settling
  readonly moved: Moved
  readonly movedTrees: MovedTrees
}

export class Missing {
  private readonly options: MissingOptions

  constructor(options: MissingOptions) {
    this.options = options
  }

  /** Whether something of this share is to be at the path, or below it. */
  isAnyKnown(path: string): boolean {
    const { catalogue } = this.options
    if (catalogue.isMissing(path)) return false
    if (catalogue.live(path) !== undefined || catalogue.kept(path) !== undefined) return true
    return catalogue.isRemaining(path) || catalogue.hasHeldBelow(path)
  }

  arm(path: string, nowMs: number): void {
    this.options.settling.arm(path, undefined, nowMs)
    this.options.moved.handleMissing(path, nowMs)
    this.options.movedTrees.handleMissing(path)
  }

  /** Whether what is missing may be elsewhere, and is looked for: at most for a while. `isLooking`: at more than that. */
  mustWait(path: string, { sinceMs }: Candidate, isLooking: boolean, nowMs: number): boolean {
    const { settling, moved } = this.options
    if (nowMs >= sinceMs + MOVE_MS_MAX) return false
    if (!isLooking && !moved.isAwaited(path, settling.inodes)) return false
    settling.putOff(path, nowMs + MOVE_RETRY_MS)
    return true
  }
}
