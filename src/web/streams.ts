// Tells pages of what changes, as server-sent events (HTML Standard, 9.2). The state is asked for while somebody looks and at
// no other time, and told when it is another one. Used by WebServer.
//
//   event: status   the result of the command `status`
//   event: log      a list of lines of the log, first those that there are
//   : beat          now and then

import type { ServerResponse } from 'node:http'
import {
  BEAT_MS,
  IDLE_BYTES_PER_S,
  LOOK_MS,
  QUIET_LOOK_MS,
  QUIET_LOOKS,
  STREAMS_MAX,
  UNREAD_MS_MAX,
} from './limits.js'
import type { EventLog } from './log.js'

export interface StreamsOptions {
  readonly log: EventLog
  /** Undefined while the peer cannot tell. */
  readonly status: () => Promise<object | undefined>
}

interface Stream {
  readonly response: ServerResponse
  toldStatus: string
  toldLog: number
  wroteMs: number
  /** Since when what was written has not been read. */
  unreadSinceMs: number | undefined
}

export class Streams {
  private readonly options: StreamsOptions
  private readonly streams = new Set<Stream>()
  private timer: NodeJS.Timeout | undefined
  private isLooking = false
  private status = ''
  /** The same without what changes all the time between peers that only say that they are there. */
  private rough: string | undefined
  private sameLooks = 0

  constructor(options: StreamsOptions) {
    this.options = options
  }

  /** Answers false where as many pages are told as may be. The head of the response is ours. */
  open(response: ServerResponse): boolean {
    if (this.streams.size === STREAMS_MAX) return false
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' })
    response.write('retry: 2000\n\n')
    const stream: Stream = {
      response,
      toldStatus: '',
      toldLog: 0,
      wroteMs: performance.now(),
      unreadSinceMs: undefined,
    }
    this.streams.add(stream)
    response.once('close', () => {
      this.streams.delete(stream)
      if (this.streams.size === 0) clearTimeout(this.timer)
    })
    void this.look()
    return true
  }

  /** Something happened: the next look is not put off. */
  wake(): void {
    this.sameLooks = 0
    if (this.timer === undefined || this.lookDueMs - performance.now() <= LOOK_MS) return
    clearTimeout(this.timer)
    this.plan(LOOK_MS)
  }

  close(): void {
    clearTimeout(this.timer)
    for (const { response } of this.streams) response.end()
  }

  private lookDueMs = 0

  private plan(inMs: number): void {
    this.lookDueMs = performance.now() + inMs
    this.timer = setTimeout(() => void this.look(), inMs)
  }

  private async look(): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    clearTimeout(this.timer)
    this.timer = undefined
    try {
      const status = await this.options.status()
      const rough = JSON.stringify(status, roughly)
      this.sameLooks = rough === this.rough ? this.sameLooks + 1 : 0
      if (rough !== this.rough) this.status = JSON.stringify(status) ?? ''
      this.rough = rough
    } catch {
      // Asked again at the next look: the peer may be ending.
    }
    this.isLooking = false
    for (const stream of this.streams) this.tell(stream)
    if (this.streams.size > 0) this.plan(this.sameLooks < QUIET_LOOKS ? LOOK_MS : QUIET_LOOK_MS)
  }

  private tell(stream: Stream): void {
    const { response } = stream
    const nowMs = performance.now()
    // One that does not read is told less often, and gets no heap of ours.
    if (response.writableNeedDrain) {
      stream.unreadSinceMs ??= nowMs
      if (nowMs - stream.unreadSinceMs > UNREAD_MS_MAX) response.destroy()
      return
    }
    stream.unreadSinceMs = undefined
    const { log } = this.options
    let text = ''
    if (stream.toldStatus !== this.status && this.status !== '') text += eventOf('status', this.status)
    if (stream.toldLog !== log.id) text += eventOf('log', JSON.stringify(log.after(stream.toldLog)))
    if (text === '' && nowMs - stream.wroteMs > BEAT_MS) text = ': beat\n\n'
    if (text === '') return
    stream.toldStatus = this.status
    stream.toldLog = log.id
    stream.wroteMs = nowMs
    response.write(text)
  }
}

/** Keeps two digits of a figure of a session, and a rate only where something crosses. */
function roughly(key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value
  if (key.endsWith('BytesPerS')) return value < IDLE_BYTES_PER_S ? 0 : value
  return FIGURES.has(key) ? Number(value.toPrecision(2)) : value
}

const FIGURES = new Set(['rttMs', 'minRttMs', 'receivedBytes', 'sentBytes', 'loss'])

/** JSON has no line ends. */
function eventOf(event: string, json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`
}
