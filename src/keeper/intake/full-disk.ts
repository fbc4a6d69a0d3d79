// The pause that a full disk asks for: nothing is ordered for a while, then it is tried again. The person is told once,
// and again when there is room. The intake owns it.

import type { KeeperNotice } from '../../pipe/messages.js'
import { FULL_DISK_RETRY_MS } from '../limits.js'

export const FULL_DISK_REASON = 'the disk is full: free some space'

export class FullDisk {
  private readonly notify: (notice: KeeperNotice) => void
  private untilMs: number | undefined
  /** Said once, until something could be written again. */
  private told = false

  constructor(notify: (notice: KeeperNotice) => void) {
    this.notify = notify
  }

  get paused(): boolean {
    return this.untilMs !== undefined
  }

  /** When to try again. */
  pollTimeout(): number | undefined {
    return this.untilMs
  }

  handleTimeout(nowMs: number): void {
    if (this.untilMs !== undefined && nowMs >= this.untilMs) this.untilMs = undefined
  }

  /** There was no room, or none that may be taken: then `reason` says so. */
  handleFull(nowMs: number, reason = FULL_DISK_REASON): void {
    if (!this.told) this.notify({ event: 'paused', reason })
    this.told = true
    this.untilMs = nowMs + FULL_DISK_RETRY_MS
  }

  /** There was room. */
  handleRoom(): void {
    if (this.told) this.notify({ event: 'resumed' })
    this.told = false
  }
}
