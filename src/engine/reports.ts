// Reports of a running engine to a person: what happened, how far the files in flight are, and a receipt when a transfer is
// over. Every part of the engine reports here, the engine polls.

import type { KeeperToEngine } from '../pipe/messages.js'
import type { Endpoint } from '../rdt/endpoint.js'
import type { EngineEvent } from './engine-event.js'
import { PROGRESS_MS } from './limits.js'
import { ReceiptBook } from './receipt.js'
import type { LargeFiles } from './receive/large-files.js'
import type { PeerSessions } from './talk/peer-sessions.js'

export interface ReportsOptions {
  readonly endpoint: Endpoint
  readonly sessions: PeerSessions
  readonly files: LargeFiles
}

export class Reports {
  private readonly events: EngineEvent[] = []
  private readonly receipts = new ReceiptBook()
  private progressAtMs: number | undefined

  constructor(private readonly options: ReportsOptions) {}

  show(event: EngineEvent): void {
    this.events.push(event)
  }

  poll(): EngineEvent | undefined {
    return this.events.shift()
  }

  /** The blocks of a file are being pulled: its progress is shown until it is not in flight any more. */
  handleFetchBegun(nowMs: number): void {
    this.progressAtMs ??= nowMs + PROGRESS_MS
  }

  handleWork(work: KeeperToEngine & { type: 'work' }): void {
    this.show({ ...work, event: 'work' })
    const { endpoint, sessions } = this.options
    for (const { session } of sessions.all()) {
      const stats = endpoint.stats(session)
      if (stats !== undefined) this.receipts.handleSession(session, stats)
    }
    const receipt = work.filesDone === work.filesWanted ? this.receipts.finish() : undefined
    if (receipt !== undefined) this.show({ ...receipt, event: 'receipt' })
  }

  handleNotice({ notice }: KeeperToEngine & { type: 'notice' }, nowMs: number): void {
    if (notice.event === 'received') this.receipts.handleArrival(notice, nowMs)
    this.show(notice)
  }

  handleTimeout(nowMs: number): void {
    if (this.progressAtMs === undefined || nowMs < this.progressAtMs) return
    this.progressAtMs = undefined
    for (const { path, sizeBytes, doneBytes } of this.options.files.inFlight()) {
      this.show({ event: 'progress', path, sizeBytes, doneBytes })
      this.progressAtMs = nowMs + PROGRESS_MS
    }
  }

  pollTimeout(): number | undefined {
    return this.progressAtMs
  }
}
