// Short lines with a time, where there is no terminal to draw on: a log file, a pipe, a service manager.

import type { PeerEvent } from '../app/events.js'
import { formatBytes, formatCount, formatEta, formatFiles, formatRate, percentOf } from './format.js'
import { FILES_IN_FLIGHT_MAX, PLAIN_PROGRESS_MS, SMALL_FILE_BYTES, TALLY_MS } from './limits.js'
import { printable, printableName } from './names.js'
import { Narrator } from './narrator.js'
import type { Output } from './output.js'
import type { View, ViewClock } from './view.js'

export class PlainView implements View {
  private readonly output: Output
  private readonly clock: ViewClock
  private readonly narrator: Narrator
  /** When a file in flight, by path, everything, '', a peer that pulls from here, or reading last had a line of progress. */
  private readonly toldMs = new Map<string, number>()

  constructor(output: Output, clock: ViewClock, verbose: boolean) {
    this.output = output
    this.clock = clock
    this.narrator = new Narrator({ verbose, tallyMs: TALLY_MS, print: (line) => this.line(line) })
  }

  show(event: PeerEvent): void {
    const nowMs = this.clock.monotonicMs()
    switch (event.event) {
      case 'fetching':
        if (event.bytes >= SMALL_FILE_BYTES) this.fetching(event, nowMs)
        break
      case 'progress':
        if (this.toldMs.has(event.path) && this.isDue(event.path, nowMs)) this.line(progressLine(event), true)
        break
      case 'totals':
        this.totals(event, nowMs)
        break
      case 'reading':
        this.reading(event, nowMs)
        break
      case 'sending':
        this.sending(event, nowMs)
        break
      case 'sent':
        this.toldMs.delete(sendingKey(event))
        break
      case 'received':
      case 'abandoned':
        this.toldMs.delete(event.path)
        break
    }
    this.narrator.show(event, nowMs)
  }

  tick(): void {
    this.narrator.tick(this.clock.monotonicMs())
    const leftOut = this.output.takeLeftOut()
    if (leftOut > 0)
      this.line(`note: ${formatCount(leftOut)} lines were left out: the reader of this output is too slow`)
  }

  close(): void {
    this.narrator.close(this.clock.monotonicMs())
  }

  private fetching(event: PeerEvent & { event: 'fetching' }, nowMs: number): void {
    const known = this.toldMs.has(event.path)
    if (!known && this.toldMs.size < FILES_IN_FLIGHT_MAX) this.toldMs.set(event.path, nowMs)
    const line = this.narrator.lineOf(event)
    if (!known && line !== undefined) this.line(line)
  }

  /** A burst that is over within one interval gets no line of totals, only those of its files. */
  private totals(event: PeerEvent & { event: 'totals' }, nowMs: number): void {
    if (event.files >= event.filesWanted && event.bytes >= event.bytesWanted) {
      this.toldMs.delete('')
    } else if (!this.toldMs.has('')) {
      this.toldMs.set('', nowMs)
    } else if (this.isDue('', nowMs)) {
      this.line(totalsLine(event), true)
    }
  }

  /** Has its first line after a while: what is over by then is told when it is. */
  private sending(event: PeerEvent & { event: 'sending' }, nowMs: number): void {
    const key = sendingKey(event)
    if (!this.toldMs.has(key)) this.toldMs.set(key, nowMs)
    else if (this.isDue(key, nowMs)) this.line(sendingLine(event), true)
  }

  private reading(event: PeerEvent & { event: 'reading' }, nowMs: number): void {
    if (event.isOver) this.toldMs.delete(READING)
    else if (!this.toldMs.has(READING)) this.toldMs.set(READING, nowMs)
    else if (this.isDue(READING, nowMs)) this.line(readingLine(event), true)
  }

  private isDue(path: string, nowMs: number): boolean {
    if (nowMs - this.toldMs.get(path)! < PLAIN_PROGRESS_MS) return false
    this.toldMs.set(path, nowMs)
    return true
  }

  private line(text: string, fleeting = false): void {
    this.output.line(`${timeOfDay(this.clock.wall())} ${text}`, fleeting)
  }
}

function progressLine(event: PeerEvent & { event: 'progress' }): string {
  return (
    `fetching ${printableName(event.path)}: ${percentOf(event.doneBytes, event.bytes)}% of ${formatBytes(event.bytes)}, ` +
    `${formatRate(event.bytesPerS)}, ${formatEta(event.etaMs)} left`
  )
}

/** No path is or ends in a slash. */
const READING = '/'
function sendingKey({ peer }: { readonly peer: string }): string {
  return `${peer}/`
}

function sendingLine({ address, files, bytes, bytesPerS, file }: PeerEvent & { event: 'sending' }): string {
  return `sending to ${printable(address)}: ${formatFiles(files)}, ${formatBytes(bytes)}, ${formatRate(bytesPerS)}${atNow(file)}`
}

function readingLine({ files, bytes, bytesPerS, file }: PeerEvent & { event: 'reading' }): string {
  return `reading: ${formatFiles(files)}, ${formatBytes(bytes)}, ${formatRate(bytesPerS)}${atNow(file)}`
}

function atNow(file: (PeerEvent & { event: 'reading' | 'sending' })['file']): string {
  if (file === null) return ''
  return `, now at ${percentOf(file.doneBytes, file.bytes)}% of ${printableName(file.path)} (${formatBytes(file.bytes)})`
}

function totalsLine(event: PeerEvent & { event: 'totals' }): string {
  return (
    `receiving: ${formatCount(event.files)} of ${formatCount(event.filesWanted)} files, ` +
    `${formatBytes(event.bytes)} of ${formatBytes(event.bytesWanted)}, ${formatRate(event.bytesPerS)}`
  )
}

/** Local time, `14:02:11`: the date is the log's own business. */
function timeOfDay(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}
