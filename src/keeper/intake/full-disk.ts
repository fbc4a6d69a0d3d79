// The pause that a full disk asks for: nothing is ordered for a while, then it is tried again. The person is told once,
// and again when there is room. The intake owns it.

import { type Cause, causeOf } from '../../base/reason.js'
import type { KeeperNotice } from '../../pipe/messages.js'
import { FULL_DISK_RETRY_MS } from '../limits.js'

export const FULL_DISK_REASON = 'the disk is full: free some space'

export class FullDisk {
  private untilMs: number | undefined
  /** Said once, until something could be written again. */
  private told: string | undefined
  private sinceMs = 0

  get paused(): boolean {
    return this.untilMs !== undefined
  }

  /** Why nothing is written for now, until something could be; empty where nothing keeps it from that. */
  get reason(): string {
    return this.told ?? ''
  }

  /** The same for a command, with when it began and when it is tried again; undefined where nothing keeps it from that. */
  get standing():
    | { readonly cause: Cause; readonly sinceMs: number; readonly againAtMs: number | undefined }
    | undefined {
    const { told, sinceMs, untilMs } = this
    if (told === undefined) return undefined
    const cause = told === FULL_DISK_REASON ? causeOf('disk-full') : causeOf('min-free', told)
    return { cause, sinceMs, againAtMs: untilMs }
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
    if (isNews) this.sinceMs = nowMs
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
