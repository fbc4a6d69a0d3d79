// How long a path at which nothing stands any more is waited for: until that has settled, and until what may be its other half has
// been looked for. What becomes of it then, departures.ts says. The scanner asks it.

import type { Catalogue } from '../index/catalogue.js'
import type { Findings } from './findings.js'
import { MOVE_MS_MAX, MOVE_RETRY_MS } from './limits.js'
import type { LookQueue } from './look-queue.js'
import type { Moved } from './moved.js'
import type { MovedTrees } from './moved-trees.js'
import type { Candidate, Settling } from './settling.js'

export interface MissingOptions {
  readonly catalogue: Catalogue
  readonly settling: Settling
  readonly moved: Moved
  readonly movedTrees: MovedTrees
  readonly findings: Findings
  readonly queue: LookQueue
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
    return catalogue.isRemaining(path) || catalogue.hasStandingBelow(path)
  }

  arm(path: string, nowMs: number): void {
    this.options.settling.arm(path, undefined, nowMs)
    this.options.moved.handleMissing(path, nowMs)
    this.options.movedTrees.handleMissing(path)
  }

  /** Whether what is missing may be elsewhere, and is looked for: at most for a while. */
  mustWait(path: string, { sinceMs }: Candidate, nowMs: number): boolean {
    const { settling, moved, queue } = this.options
    if (nowMs >= sinceMs + MOVE_MS_MAX) return false
    if (queue.isEmpty && !moved.isAwaited(path, settling.inodes)) return false
    settling.putOff(path, nowMs + MOVE_RETRY_MS)
    return true
  }

  /** Answers whether the folder that is missing at the path was moved as a whole; else where it seemed to be is looked at. */
  handleMovedTree(path: string): boolean {
    const { settling, movedTrees, findings, queue } = this.options
    const place = movedTrees.placeOf(path)
    if (place === undefined) return false
    const tree = movedTrees.take(path)
    if (tree === undefined) {
      queue.hint(place)
      return false
    }
    settling.handleSettled(path)
    // Things in the folder may have been found to be missing before.
    for (const { deletion } of tree.parts) {
      settling.disarm(deletion.path)
      this.options.moved.handleRecorded(deletion.path)
    }
    findings.addMove(tree)
    return true
  }
}
