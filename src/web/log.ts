// The last events of a peer, for the log of the page. Used by WebServer.

import { LOG_MAX } from './limits.js'

export interface LogEvent {
  readonly event: string
}

export interface LogLine {
  /** Counts up from 1 in this run. */
  readonly id: number
  /** ISO 8601, UTC. */
  readonly time: string
  /** As `--json` prints it. */
  readonly event: LogEvent
}

/** What is drawn and not told, and what would lead another person to the page. */
const NOT_LOGGED: ReadonlySet<string> = new Set(['progress', 'totals', 'reading', 'sending', 'debug', 'page'])

export class EventLog {
  private readonly lines: LogLine[] = []
  private lastId = 0
  /** Of each kind, since the start. */
  readonly counts = new Map<string, number>()

  handle(event: LogEvent, now: Date): void {
    this.counts.set(event.event, (this.counts.get(event.event) ?? 0) + 1)
    if (NOT_LOGGED.has(event.event)) return
    this.lines.push({ id: ++this.lastId, time: now.toISOString(), event })
    if (this.lines.length > LOG_MAX) this.lines.shift()
  }

  /** Those behind the line of this id, the oldest first. */
  after(id: number): readonly LogLine[] {
    const first = this.lines.findIndex((line) => line.id > id)
    return first < 0 ? [] : this.lines.slice(first)
  }

  get id(): number {
    return this.lastId
  }
}
