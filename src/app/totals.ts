// How far all that is being received is, in bytes: the keeper counts what is in place, and large files under way are counted as far
// as they are. Used by reporter.ts.

import type { EngineEvent } from '../engine/engine.js'
import type { PeerEvent } from './events.js'
import { TOTALS_MS } from './limits.js'
import { advance, type Rate } from './rate.js'

type Work = EngineEvent & { event: 'work' }

export class Totals {
  /** Since nothing was wanted last; undefined while nothing is. */
  private work: Work | undefined
  /** Bytes that are here of large files under way, by path. */
  private readonly underWay = new Map<string, number>()
  private underWayBytes = 0
  private rate: Rate | undefined
  private toldMs = 0

  /** A large file begins: what an earlier run or an old version had of it does not count as speed. */
  handleFetching(path: string, doneBytes: number): void {
    const moreBytes = doneBytes - (this.underWay.get(path) ?? 0)
    this.set(path, doneBytes)
    if (this.rate !== undefined) this.rate = { ...this.rate, doneBytes: this.rate.doneBytes + moreBytes }
  }

  handleProgress(path: string, doneBytes: number, nowMs: number): PeerEvent | undefined {
    this.set(path, doneBytes)
    return this.work === undefined ? undefined : this.due(this.work, nowMs)
  }

  /** It is in place, or given up. */
  handleEnd(path: string): void {
    this.underWayBytes -= this.underWay.get(path) ?? 0
    this.underWay.delete(path)
  }

  handleWork(work: Work, nowMs: number): PeerEvent | undefined {
    this.work = work
    if (work.filesDone !== work.filesWanted) return this.due(work, nowMs)
    const event = this.told(work, nowMs)
    this.work = undefined
    this.rate = undefined
    return event
  }

  private set(path: string, doneBytes: number): void {
    this.underWayBytes += doneBytes - (this.underWay.get(path) ?? 0)
    this.underWay.set(path, doneBytes)
  }

  private due(work: Work, nowMs: number): PeerEvent | undefined {
    return nowMs - this.toldMs < TOTALS_MS ? undefined : this.told(work, nowMs)
  }

  private told(work: Work, nowMs: number): PeerEvent {
    const { filesDone: files, filesWanted, bytesWanted } = work
    const bytes = Math.min(bytesWanted, work.bytesDone + this.underWayBytes)
    this.toldMs = nowMs
    this.rate = advance(this.rate, bytes, nowMs)
    const bytesPerS = Math.round(this.rate.bytesPerS)
    return { event: 'totals', files, filesWanted, bytes, bytesWanted, bytesPerS }
  }
}
