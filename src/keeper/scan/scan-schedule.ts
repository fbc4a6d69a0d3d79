// When the whole share is read again: once at the start, and then as seldom as keeps the reading to a small share of the
// time. The keeper owns this.

import { RESCAN_DUTY, RESCAN_MS_MIN, SETTLE_MS } from '../limits.js'

export interface FinishedScan {
  /** The first one: what the share holds is known from now on. */
  readonly isFirst: boolean
  readonly durationMs: number
}

export class ScanSchedule {
  private isReady = false
  private startedMs: number | undefined
  private rescanAtMs: number | undefined

  /** The first scan is over: what the share holds is known. */
  get ready(): boolean {
    return this.isReady
  }

  pollTimeout(): number | undefined {
    return this.rescanAtMs
  }

  /** Whether a rescan is due. */
  isDue(nowMs: number): boolean {
    return this.rescanAtMs !== undefined && nowMs >= this.rescanAtMs
  }

  start(nowMs: number): void {
    this.rescanAtMs = undefined
    this.startedMs = nowMs
  }

  /** The scanner has nothing to do before `settlesAtMs`. Answers the scan that ends with that, if one does. */
  handleIdle(settlesAtMs: number | undefined, nowMs: number): FinishedScan | undefined {
    if (this.startedMs === undefined) return undefined
    // The first scan is over when everything that was there is known or still settling; what is being written all
    // the time is not waited for.
    if (!this.isReady && settlesAtMs !== undefined && settlesAtMs <= nowMs + SETTLE_MS) return undefined
    const durationMs = nowMs - this.startedMs
    const isFirst = !this.isReady
    this.startedMs = undefined
    // The first scan reads files that the next ones need not read again: it says little about what they cost.
    const restMs = isFirst ? 0 : durationMs / RESCAN_DUTY
    this.rescanAtMs = nowMs + Math.max(RESCAN_MS_MIN, restMs)
    this.isReady = true
    return { isFirst, durationMs }
  }
}
