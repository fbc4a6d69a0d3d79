// The pause that a full disk asks for: nothing is ordered for a while, then it is tried again. The person is told once,
// and again when there is room. The intake owns it.

import type { KeeperNotice } from '../../pipe/messages.js'
import { FULL_DISK_RETRY_MS } from '../limits.js'

export const FULL_DISK_REASON = 'the disk is full: free some space'

export class FullDisk {
  private untilMs: number | undefined
  /** Said once, until something could be written again. */
  private told: string | undefined

  get paused(): boolean {
    return this.untilMs !== undefined
  }

  /** Why nothing is written for now, until something could be; empty where nothing keeps it from that. */
  get reason(): string {
    return this.told ?? ''
  }

  /** When to try again. */
  pollTimeout(): number | undefined {
    return this.untilMs
  }

  handleTimeout(nowMs: number): void {
    if (this.untilMs !== undefined && nowMs >= this.untilMs) this.untilMs = undefined
  }

  /** There was no room, or none that may be taken: then `reason` says so. Answers the notice where it is news. */
  handleFull(nowMs: number, reason = FULL_DISK_REASON): KeeperNotice | undefined {
    const isNews = this.told === undefined
    this.told = reason
    this.untilMs = nowMs + FULL_DISK_RETRY_MS
    return isNews ? { event: 'paused', reason } : undefined
  }

  /** There was room. Answers the notice where it is news. */
  handleRoom(): KeeperNotice | undefined {
    const isNews = this.told !== undefined
    this.told = undefined
    return isNews ? { event: 'resumed' } : undefined
  }
}
