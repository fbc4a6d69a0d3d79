// The log of a share's runs: events that a person is told, as lines of `--json`, in two files that take turns. `left log` reads it, also where no
// peer runs. A log that cannot be written holds nothing up: the events are lost, and counted in the next line that can be.

import { constants } from 'node:fs'
import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { EVENT_LOG_PATH, OLD_EVENT_LOG_PATH } from '../base/own-folder.js'
import { printableJson } from '../base/printable.js'
import type { PeerEvent } from './events.js'
import { LOG_BUFFER_CHARACTERS_MAX, LOG_FILE_BYTES_MAX, LOG_FLUSH_MS } from './limits.js'

export type LoggedEvent = PeerEvent & { readonly time: string }

/** Told many times a second, or for the developer alone; and the link of the page, which a person who shows the log does not mean to show. */
const PASSED_OVER: ReadonlySet<PeerEvent['event']> = new Set([
  'progress',
  'totals',
  'reading',
  'sending',
  'debug',
  'scanning',
  'page',
])
const OWNER_ONLY = 0o600
// A link there is somebody else's.
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)

export class EventLog {
  private lines: string[] = []
  private characters = 0
  private lostCount = 0
  private timer: NodeJS.Timeout | undefined
  private writing: Promise<void> = Promise.resolve()

  /** `share` is an absolute path. */
  constructor(
    private readonly share: string,
    private readonly wall: () => Date,
  ) {}

  handle(event: PeerEvent): void {
    if (PASSED_OVER.has(event.event)) return
    // A person may look at it with any program.
    const line = printableJson(JSON.stringify({ time: this.wall().toISOString(), ...event }))
    if (this.characters + line.length > LOG_BUFFER_CHARACTERS_MAX) {
      this.lostCount++
      return
    }
    this.lines.push(line)
    this.characters += line.length
    if (this.timer !== undefined) return
    this.timer = setTimeout(() => void this.flush(), LOG_FLUSH_MS)
    // A peer that cannot start does not wait for it.
    this.timer.unref()
  }

  /** Writes what is not written yet. Never throws. */
  flush(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.lostCount > 0) {
      const message = `${this.lostCount} events are missing here: the log could not be written`
      this.lines.push(JSON.stringify({ time: this.wall().toISOString(), event: 'note', message }))
    }
    const { lines, lostCount } = this
    this.lines = []
    this.characters = 0
    this.lostCount = 0
    if (lines.length > 0) this.writing = this.writing.then(() => this.append(lines, lostCount))
    return this.writing
  }

  private async append(lines: readonly string[], lostCount: number): Promise<void> {
    const path = join(this.share, EVENT_LOG_PATH)
    let file: FileHandle | undefined
    try {
      file = await open(path, FLAGS, OWNER_ONLY)
      if ((await file.stat()).size >= LOG_FILE_BYTES_MAX) {
        await file.close()
        await rename(path, join(this.share, OLD_EVENT_LOG_PATH))
        file = await open(path, FLAGS, OWNER_ONLY)
      }
      await file.appendFile(`${lines.join('\n')}\n`)
    } catch {
      this.lostCount += lines.length + lostCount
    } finally {
      await file?.close().catch(() => {})
    }
  }
}

/** The events since then, oldest first; what cannot be read is left out. `share` is an absolute path. */
export async function readEventLog(share: string, sinceMs: number): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = []
  for (const path of [OLD_EVENT_LOG_PATH, EVENT_LOG_PATH])
    for (const line of (await textAt(join(share, path))).split('\n')) {
      const event = parsed(line)
      if (event !== undefined && Date.parse(event.time) >= sinceMs) events.push(event)
    }
  return events
}

async function textAt(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** Undefined for a line that was cut, by a kill or a full disk. */
function parsed(line: string): LoggedEvent | undefined {
  try {
    const event = JSON.parse(line) as LoggedEvent
    return typeof event.time === 'string' && typeof event.event === 'string' ? event : undefined
  } catch {
    return undefined
  }
}
