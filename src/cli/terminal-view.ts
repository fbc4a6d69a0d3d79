// Bars on a terminal: one for everything, one for each of the first files in flight, and the story in lines
// above them, and one for each of two peers to whom is being sent. There are bars only while something moves; in between the screen is quiet
// and the cursor visible. Drawn with cli-progress.
//
// Between two drawings the hidden cursor stands at the first character of the last row. A terminal that gets narrower breaks
// rows that are too long for it, and keeps the cursor at its character: the rows above it then take the lines that they
// need in the new width, and are erased from there. (At the first row it would leave the screen with it where rows grow.)

import cliProgress, { type MultiBar, type Options, type Params, type SingleBar } from 'cli-progress'
import type { PeerEvent } from '../app/events.js'
import { DEFAULT_PORT } from '../base/limits.js'
import { formatBytes, formatCount, formatEta, formatFiles, formatRate, percentOf } from './format.js'
import {
  FILE_BARS_MAX,
  FILES_IN_FLIGHT_MAX,
  SENDING_BARS_MAX,
  SMALL_FILE_BYTES,
  TALLY_UNDER_BARS_MS,
  TICK_MS,
} from './limits.js'
import { linesOf, printable, printableName } from './names.js'
import { Narrator } from './narrator.js'
import type { Output } from './output.js'
import { BAR_COLUMNS, type RowCells, type RowLayout, rowLayout, rowText } from './rows.js'
import type { View, ViewClock } from './view.js'
import { beginning } from './wording.js'

interface FileInFlight {
  readonly bytes: number
  readonly note: string
  doneBytes: number
  bytesPerS: number
  etaMs: number | null
}

/** One bar as it should look now. */
interface Row {
  readonly cells: RowCells
  readonly bytes: number
  readonly doneBytes: number
}

interface BarPayload {
  readonly cells: RowCells
  readonly layout: RowLayout
}

/** The types of cli-progress leave out by which it moves the cursor. */
type DrawnMultiBar = MultiBar & {
  /** `dy`: lines from the first row to the cursor. */
  readonly terminal: {
    dy: number
    cursorTo(column: number, line: null): void
    cursorRelativeReset(): void
    clearBottom(): void
  }
}

export interface TerminalViewOptions {
  readonly verbose: boolean
  /** Whether the terminal is ours: while a shell has it, there are no bars. */
  readonly isForeground: () => boolean
  /** Whether the terminal breaks lines anew when it gets narrower. Others cut them. */
  readonly reflows: boolean
}

const WRAP_ON = '\x1b[?7h'
const WRAP_OFF = '\x1b[?7l'
const ERASE_TO_RIGHT = '\x1b[K'
/** From the cursor at the start of a line to the end of the screen. In two steps: tmux takes an erasure of the whole screen for
 *  a wish to keep it in the history, from where a larger window brings it back. */
const ERASE_BELOW = '\x1b7\x1b[2K\x1b[1B\x1b[J\x1b8'
/** In a row there is no room for what goes without saying. */
const USUAL_PORT = new RegExp(`:${DEFAULT_PORT}$`)
const COLUMNS_DEFAULT = 80
const ROWS_DEFAULT = 24

export class TerminalView implements View {
  private readonly output: Output
  private readonly clock: ViewClock
  private readonly narrator: Narrator
  private readonly options: TerminalViewOptions
  private readonly files = new Map<string, FileInFlight>()
  private reading: (PeerEvent & { event: 'reading' }) | undefined
  /** By peer. */
  private readonly sending = new Map<string, PeerEvent & { event: 'sending' }>()
  private totals: (PeerEvent & { event: 'totals' }) | undefined
  /** Undefined while nothing is drawn; then the cursor is visible and the screen ours no longer. */
  private multibar: DrawnMultiBar | undefined
  private bars: SingleBar[] = []
  /** The rows as they were drawn last. */
  private drawn: string[] = []
  private closed = false

  constructor(output: Output, clock: ViewClock, options: TerminalViewOptions) {
    this.output = output
    this.clock = clock
    this.options = options
    output.stream.on('resize', () => this.handleResize())
    const { verbose } = options
    this.narrator = new Narrator({ verbose, tallyMs: TALLY_UNDER_BARS_MS, print: (line) => this.line(line) })
  }

  show(event: PeerEvent): void {
    switch (event.event) {
      case 'fetching':
        if (this.files.has(event.path) || this.files.size < FILES_IN_FLIGHT_MAX) {
          const doneBytes = Math.min(event.bytes, event.resumedBytes + event.reusedBytes)
          this.files.set(event.path, {
            bytes: event.bytes,
            note: beginning(event),
            doneBytes,
            bytesPerS: 0,
            etaMs: null,
          })
        }
        break
      case 'progress': {
        const file = this.files.get(event.path)
        if (file)
          Object.assign(file, { doneBytes: event.doneBytes, bytesPerS: event.bytesPerS, etaMs: event.etaMs })
        break
      }
      case 'received':
      case 'abandoned':
        this.files.delete(event.path)
        break
      case 'reading':
        this.reading = event.isOver ? undefined : event
        break
      case 'sending':
        this.sending.set(event.peer, event)
        break
      case 'sent':
        this.sending.delete(event.peer)
        break
      case 'totals':
        this.totals = event.files >= event.filesWanted && event.bytes >= event.bytesWanted ? undefined : event
        break
    }
    this.narrator.show(event, this.clock.monotonicMs())
  }

  tick(): void {
    this.narrator.tick(this.clock.monotonicMs())
    if (!this.closed) this.draw()
  }

  close(): void {
    this.narrator.close(this.clock.monotonicMs())
    this.closed = true
    this.eraseBars()
  }

  /** Takes the bars off and gives the terminal back, until the next tick draws them anew: a shell stops us. */
  suspend(): void {
    this.eraseBars()
  }

  /** Somebody else may have written meanwhile: the bars are drawn anew from where the cursor is now. */
  resume(): void {
    if (this.multibar !== undefined) this.multibar.terminal.dy = 0
    this.eraseBars()
  }

  /** The next tick draws: windows change their size in many steps. */
  private handleResize(): void {
    if (this.multibar === undefined) return
    const { terminal } = this.multibar
    const { columns } = this.output.stream
    if (this.options.reflows && columns !== undefined) {
      const above = this.drawn.slice(0, -1).map((row) => linesOf(row, columns))
      terminal.dy = above.reduce((sum, lines) => sum + lines, 0)
    }
    // Whole lines, and first: a terminal remembers of a line that is written over that it went on in the next.
    terminal.cursorRelativeReset()
    terminal.clearBottom()
    this.eraseBars()
  }

  private draw(): void {
    const rows = this.rows()
    if (rows.length === 0 || (this.multibar === undefined && !this.options.isForeground())) {
      this.eraseBars()
      return
    }
    const multibar = this.multibar ?? this.newMultibar()
    const layout = rowLayout(
      this.output.stream.columns ?? COLUMNS_DEFAULT,
      rows.map(({ cells }) => cells),
    )
    while (this.bars.length > rows.length) multibar.remove(this.bars.pop()!)
    for (const [index, { cells, bytes, doneBytes }] of rows.entries()) {
      const payload: BarPayload = { cells, layout }
      const bar = this.bars[index]
      if (bar) {
        bar.setTotal(bytes)
        bar.update(doneBytes, payload)
      } else {
        this.bars.push(multibar.create(bytes, doneBytes, payload))
      }
    }
    multibar.update()
    this.drawn = rows.map(({ cells }) => rowText(layout, cells, () => ' '.repeat(BAR_COLUMNS)))
  }

  private rows(): Row[] {
    const rows: Row[] = []
    // Bars that scroll out of a low terminal could not be drawn over any more.
    const barsMax = Math.min(FILE_BARS_MAX, (this.output.stream.rows ?? ROWS_DEFAULT) - 3)
    const sendingBars = Math.min(SENDING_BARS_MAX, this.sending.size, Math.max(0, barsMax - 1))
    const fileBars = barsMax - sendingBars - (this.reading === undefined ? 0 : 1)
    if (this.reading) rows.push(readingRow(this.reading))
    if (this.totals) rows.push(totalsRow(this.totals, this.files.size - fileBars))
    for (const [path, file] of firstOf(this.files, fileBars)) rows.push(fileRow(path, file))
    for (const [, sending] of firstOf(this.sending, sendingBars))
      rows.push(sendingRow(sending, this.sending.size - sendingBars))
    return rows
  }

  private newMultibar(): DrawnMultiBar {
    const multibar = new cliProgress.MultiBar({
      stream: this.output.stream,
      format: barText,
      barsize: BAR_COLUMNS,
      barCompleteChar: '=',
      barIncompleteChar: ' ',
      fps: 1000 / TICK_MS,
      hideCursor: true,
      linewrap: false,
      clearOnComplete: true,
      // Lines above push the bars down: unchanged ones have to be drawn again too.
      forceRedraw: true,
      // run.ts and job-control.ts handle the signals.
      gracefulExit: false,
    }) as DrawnMultiBar
    const { terminal } = multibar
    multibar.on('redraw-post', () => terminal.cursorTo(0, null))
    terminal.clearBottom = () => void this.output.stream.write(ERASE_BELOW)
    this.multibar = multibar
    return multibar
  }

  private eraseBars(): void {
    if (!this.multibar) return
    // Lines that wait for the next drawing would be lost with it.
    this.multibar.update()
    this.multibar.stop()
    this.multibar = undefined
    this.bars = []
  }

  private line(text: string): void {
    if (this.multibar) this.multibar.log(`${WRAP_ON}${text}${ERASE_TO_RIGHT}\n${WRAP_OFF}`)
    else this.output.line(text)
  }
}

function barText(options: Options, params: Params, payload: BarPayload): string {
  return rowText(payload.layout, payload.cells, () => cliProgress.Format.BarFormat(params.progress, options))
}

function fileRow(path: string, file: FileInFlight): Row {
  return {
    bytes: file.bytes,
    doneBytes: file.doneBytes,
    cells: {
      name: printableName(path),
      percent: percentOf(file.doneBytes, file.bytes),
      size: formatBytes(file.bytes),
      rate: formatRate(file.bytesPerS),
      eta: formatEta(file.etaMs),
      note: file.note,
    },
  }
}

function* firstOf<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let left = count
  for (const item of items) {
    if (left-- <= 0) return
    yield item
  }
}

/** How far the large file is, where one is read; of small ones nobody knows how many there are. */
function readingRow({ files, bytes, bytesPerS, file }: PeerEvent & { event: 'reading' }): Row {
  const large = file !== null && file.bytes >= SMALL_FILE_BYTES ? file : undefined
  const name = `reading ${large ? printableName(large.path) : formatFiles(files)}`
  return movingRow({ name, large, bytes, bytesPerS })
}

/** The same of what is pulled. */
function sendingRow(
  { address, files, bytes, bytesPerS, file }: PeerEvent & { event: 'sending' },
  unseenCount: number,
): Row {
  const to = `to ${printable(address.replace(USUAL_PORT, ''))}`
  const name = `${to}: ${file === null ? formatFiles(files) : printableName(file.path)}`
  const row = movingRow({ name, large: file ?? undefined, bytes, bytesPerS })
  const note = unseenCount > 0 ? `+${formatCount(unseenCount)} more peers` : ''
  return { ...row, cells: { ...row.cells, shortName: to, note } }
}

interface Moving {
  readonly name: string
  readonly large: { readonly bytes: number; readonly doneBytes: number } | undefined
  readonly bytes: number
  readonly bytesPerS: number
}

function movingRow({ name, large, bytes, bytesPerS }: Moving): Row {
  const leftBytes = large && large.bytes - large.doneBytes
  return {
    bytes: large?.bytes ?? 1,
    doneBytes: large?.doneBytes ?? 0,
    cells: {
      name,
      percent: large && percentOf(large.doneBytes, large.bytes),
      size: formatBytes(large?.bytes ?? bytes),
      rate: formatRate(bytesPerS),
      eta: leftBytes !== undefined && bytesPerS > 0 ? formatEta((1000 * leftBytes) / bytesPerS) : '',
      note: '',
    },
  }
}

function totalsRow(totals: PeerEvent & { event: 'totals' }, unseenCount: number): Row {
  const { files, filesWanted, bytes, bytesWanted, bytesPerS } = totals
  return {
    bytes: bytesWanted,
    doneBytes: bytes,
    cells: {
      name: `${formatCount(files)} of ${formatFiles(filesWanted)}`,
      shortName: `${formatCount(files)}/${formatCount(filesWanted)}`,
      percent: percentOf(bytes, bytesWanted),
      size: formatBytes(bytesWanted),
      rate: formatRate(bytesPerS),
      eta: formatEta(bytesPerS > 0 ? (1000 * Math.max(0, bytesWanted - bytes)) / bytesPerS : null),
      note: unseenCount > 0 ? `+${formatCount(unseenCount)} more` : '',
    },
  }
}
