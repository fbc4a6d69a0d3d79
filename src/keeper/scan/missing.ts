// What becomes of a path at which nothing stands any more: it waits until that has settled, and until what may be its other half has
// been looked for; then it is a deletion, or only looks like one. The scanner asks it.

import type { Catalogue } from '../index/catalogue.js'
import type { Absence } from './absence.js'
import type { Findings } from './findings.js'
import { MOVE_MS_MAX, MOVE_RETRY_MS } from './limits.js'
import type { Moved } from './moved.js'
import type { Recording } from './recording.js'
import type { Candidate, Settling } from './settling.js'

export interface MissingOptions {
  readonly catalogue: Catalogue
  readonly settling: Settling
  readonly recording: Recording
  readonly absence: Absence
  readonly moved: Moved
  readonly findings: Findings
}

export class Missing {
  private readonly options: MissingOptions

  constructor(options: MissingOptions) {
    this.options = options
  }

  /** Whether something of this share is to be at the path, or below it. */
  isAnyKnown(path: string): boolean {
    const { catalogue } = this.options
    return catalogue.live(path) !== undefined || catalogue.isRemaining(path) || catalogue.hasHeldBelow(path)
  }

  arm(path: string, nowMs: number): void {
    this.options.settling.arm(path, undefined, nowMs)
    this.options.moved.handleMissing(path, nowMs)
  }

  /** Whether what is missing may be elsewhere, and is looked for: at most for a while. `isLooking`: at more than that. */
  mustWait(path: string, { sinceMs }: Candidate, isLooking: boolean, nowMs: number): boolean {
    const { settling, moved } = this.options
    if (nowMs >= sinceMs + MOVE_MS_MAX) return false
    if (!isLooking && !moved.isAwaited(path, settling.inodes())) return false
    settling.putOff(path, nowMs + MOVE_RETRY_MS)
    return true
  }

  /** It has been missing for long enough. */
  handleSettled(path: string): void {
    const { absence, recording, moved, findings, catalogue } = this.options
    const doubt = absence.doubtAt(path)
    if (doubt === undefined) {
      recording.markDeleted(path)
      return
    }
    moved.handleRecorded(path)
    findings.addProblem(doubt.path, doubt.reason)
    const entry = catalogue.live(path)
    if (entry !== undefined) recording.hide(entry)
  }
}
