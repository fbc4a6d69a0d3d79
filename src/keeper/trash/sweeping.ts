// Takes out of the trash what is too old, or more than it may hold: a bounded piece at a time, once an hour, and at once where the
// disk is full. The last days stay whatever comes. The intake owns it.

import { TRASH_DAYS_MIN } from '../../base/limits.js'
import { SWEEP_MS } from './limits.js'
import { isExpired, isSpare } from './names.js'
import type { TrashOptions } from './trash.js'
import { contentsOf, removeAll, rootOf, slotsOn } from './walking.js'

export class Sweeping {
  private readonly options: TrashOptions
  private sweep: Generator<undefined, void> | undefined
  private dueMs: number
  private wasShortMs = Number.NEGATIVE_INFINITY

  constructor(options: TrashOptions, nowMs: number) {
    this.options = options
    this.dueMs = nowMs
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    return this.sweep !== undefined
  }

  pollTimeout(): number {
    return this.dueMs
  }

  /** There is no room: whatever may go before its time goes. Once an hour is enough. */
  handleFull(nowMs: number): void {
    if (this.sweep !== undefined || this.wasShortMs + SWEEP_MS > nowMs) return
    this.wasShortMs = nowMs
    this.sweep = sweep(this.options, true)
  }

  step(nowMs: number): void {
    if (nowMs >= this.dueMs) {
      this.dueMs = nowMs + SWEEP_MS
      this.sweep ??= sweep(this.options, false)
    }
    if (this.sweep?.next().done === true) this.sweep = undefined
  }
}

function* sweep({ disk, wallMs, policy }: TrashOptions, isShort: boolean): Generator<undefined, void> {
  const nowMs = wallMs()
  const days = Math.max(policy.days, TRASH_DAYS_MIN)
  const totalBytes = disk.room()?.totalBytes ?? Number.POSITIVE_INFINITY
  const bytesMax = isShort ? 0 : (policy.percent / 100) * totalBytes
  let bytes = 0
  // The newest first: those that are left when there is no more room are the oldest.
  for (const slot of slotsOn(disk).reverse()) {
    const isOver = bytes >= bytesMax && isSpare(slot, nowMs)
    if (isOver || isExpired(slot, days, nowMs)) {
      yield* removeAll(disk, rootOf(slot))
      continue
    }
    for (const thing of contentsOf(disk, slot)) {
      if (thing === undefined) yield undefined
      else bytes += thing.sizeBytes
    }
    if (bytes > bytesMax && isSpare(slot, nowMs)) bytes -= yield* removeAll(disk, rootOf(slot))
  }
}
