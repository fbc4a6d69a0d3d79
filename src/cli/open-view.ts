// The view of a running peer: bars where there is a terminal, short lines where there is none, JSON where a
// program reads. run.ts opens one view and gives it every event.

import { performance } from 'node:perf_hooks'
import type { PeerEvent } from '../app/events.js'
import { isForeground, type Job } from './job-control.js'
import { JsonView } from './json-view.js'
import { Output, type OutputStream } from './output.js'
import { PlainView } from './plain-view.js'
import type { TerminalView } from './terminal-view.js'
import { Ticks } from './ticks.js'
import type { ViewClock } from './view.js'

export interface ViewRequest {
  readonly json: boolean
  readonly verbose: boolean
  readonly stream: OutputStream
  /** The value of TERM. */
  readonly terminal: string | undefined
  /** The output cannot be written any more; called once. */
  readonly onGone: (error: NodeJS.ErrnoException) => void
}

export interface OpenView {
  show(event: PeerEvent): void
  /** The drawing on a terminal; undefined where nothing is drawn. */
  readonly job: Job | undefined
  /** Puts the terminal back at once, without waiting for anything. */
  restore(): void
  /** `restore`, and waits a moment for the reader to take the last lines. */
  close(): Promise<void>
}

const REAL_CLOCK: ViewClock = { monotonicMs: () => performance.now(), wall: () => new Date() }

export async function openView(request: ViewRequest): Promise<OpenView> {
  const output = new Output(request.stream, request.onGone, { gathers: true })
  const view = await chooseView(request, output, REAL_CLOCK)
  const ticks = new Ticks(() => view.tick())
  const restore = () => {
    ticks.stop()
    view.close()
    output.release()
  }
  const job = 'suspend' in view ? jobOf(view, output) : undefined
  return {
    show: (event) => {
      view.show(event)
      ticks.handleEvent()
    },
    job,
    restore,
    close: async () => {
      restore()
      await output.flush()
    },
  }
}

export async function chooseView(
  request: Pick<ViewRequest, 'json' | 'verbose' | 'terminal'>,
  output: Output,
  clock: ViewClock,
): Promise<JsonView | PlainView | TerminalView> {
  if (request.json) return new JsonView(output, clock, request.verbose)
  if (!canDraw(output.stream, request.terminal)) return new PlainView(output, clock, request.verbose)
  const { TerminalView } = await import('./terminal-view.js')
  return new TerminalView(output, clock, { verbose: request.verbose, isForeground, reflows: reflows() })
}

function jobOf(view: TerminalView, output: Output): Job {
  return {
    suspend: () => {
      view.suspend()
      output.release()
    },
    resume: () => {
      view.resume()
      output.release()
    },
  }
}

/** xterm, the console of Linux and GNU screen cut lines; everything else of today breaks them anew. */
function reflows({ XTERM_VERSION, TERM, STY, TMUX } = process.env): boolean {
  const cuts = XTERM_VERSION !== undefined || TERM === 'linux' || STY !== undefined
  return TMUX !== undefined || !cuts
}

/** Windows has no TERM; elsewhere a terminal without one is as good as one that says that it is dumb. */
function canDraw({ isTTY }: OutputStream, terminal: string | undefined): boolean {
  if (isTTY !== true || terminal === 'dumb') return false
  return process.platform === 'win32' || (terminal !== undefined && terminal !== '')
}
