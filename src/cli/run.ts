// `left`, the default command: runs one peer from its start to the end of the process.
//
//            startPeer             finished (by itself)
//   starting ────────▶ running ──────────────────────▶ ended: 0, or 1 with its reason
//      │ refused          │ Ctrl-C, SIGTERM, SIGHUP, nobody reads our output; --once: in step, or the time is over
//      ▼                  ▼         stopped
//   ended: 2 or 1      stopping ─────────▶ ended: 0; 3 where --once was not in step
//                         │ again, or STOP_MS_MAX
//                         └──────────▶ ended: the same, at once; what is on the disk is resumable at any moment

import type { PeerEvent } from '../app/events.js'
import { untilInStep } from '../app/once.js'
import type { PeerOptions } from '../app/options.js'
import { type RunningPeer, startPeer } from '../app/peer.js'
import type { Once } from './arguments.js'
import { EXIT_FAILED, EXIT_NOT_IN_STEP, EXIT_STOPPED, exitCodeOf, failureText } from './failure.js'
import { formatDuration } from './format.js'
import { followJobControl } from './job-control.js'
import { STOP_MS_MAX } from './limits.js'
import { printable } from './names.js'
import { openView } from './open-view.js'

export type StartPeer = (options: PeerOptions, onEvent: (event: PeerEvent) => void) => Promise<RunningPeer>

export interface RunRequest {
  readonly options: PeerOptions
  readonly json: boolean
  /** Said before anything else. */
  readonly notes?: readonly string[]
  /** Ends by itself once all is in step. */
  readonly once?: Once | undefined
  /** Given by tests; otherwise the real peer. */
  readonly startPeer?: StartPeer
}

/** Answers the exit code, after everything has been said. Never throws. */
export async function run(request: RunRequest): Promise<number> {
  const { options } = request
  let phase: 'starting' | 'running' = 'starting'
  const stop = new StopRequest(() => view.restore(), request.once ? EXIT_NOT_IN_STEP : EXIT_STOPPED)
  const view = await openView({
    json: request.json,
    verbose: options.verbose,
    stream: process.stdout,
    terminal: process.env.TERM,
    onGone: (error) => {
      if (error.code === 'EPIPE' || error.code === 'EIO') stop.ask()
      else
        process.stderr.write(
          failureText(new Error('cannot write the output; going on without', { cause: error }), true),
        )
    },
  })
  process.once('uncaughtException', (error) => {
    view.restore()
    process.stderr.write(failureText(error, options.verbose))
    process.exit(EXIT_FAILED)
  })
  // Ctrl-\ ends the process where it is; and whoever calls process.exit does so too.
  process.once('SIGQUIT', () => {
    view.restore()
    process.kill(process.pid, 'SIGQUIT')
  })
  process.once('exit', () => view.restore())
  if (view.job !== undefined) followJobControl(view.job)
  stop.listen()
  for (const message of request.notes ?? []) view.show({ event: 'note', message })
  const startedMs = performance.now()
  let failure: unknown
  let lacking: readonly string[] = []
  try {
    const peer = await (request.startPeer ?? startPeer)(options, (event) => {
      // The share has been read: from here on nothing is a refusal to start.
      if (event.event === 'scanned') phase = 'running'
      view.show(event)
    })
    const { once } = request
    const stopped = stop.asked
    const asked = once === undefined ? stopped : endOnce(once, { peer, startedMs, stopped })
    const ended = asked.then((words) => {
      lacking = words ?? []
      stop.lastWords = lackingText(lacking)
      return stopPeer(peer)
    })
    failure = await Promise.race([peer.finished, ended])
  } catch (error) {
    failure = error
  }
  const stoppedCode = lacking.length > 0 ? EXIT_NOT_IN_STEP : EXIT_STOPPED
  const exitCode = failure === undefined ? stoppedCode : exitCodeOf(failure, phase)
  stop.guard(exitCode)
  await view.close()
  if (failure !== undefined) process.stderr.write(failureText(failure, options.verbose))
  else process.stderr.write(lackingText(lacking))
  return exitCode
}

function lackingText(lines: readonly string[]): string {
  return lines.map((line) => `left: ${printable(line)}\n`).join('')
}

/** Answers what is missing, in lines for a person: none where all is in step. */
async function endOnce(
  { timeoutMs }: Once,
  { peer, startedMs, stopped }: { peer: RunningPeer; startedMs: number; stopped: Promise<void> },
): Promise<readonly string[]> {
  const endMs = timeoutMs === undefined ? undefined : startedMs + timeoutMs
  const { end, lacking } = await untilInStep({ status: () => peer.status(), endMs, stopped })
  if (end === 'in-step') return []
  const title =
    end === 'late' ? `not in step after ${formatDuration(timeoutMs!)}` : 'stopped before all was in step'
  return [title, ...lacking]
}

async function stopPeer(peer: RunningPeer): Promise<unknown> {
  await peer.stop()
  return peer.finished
}

/** Turns signals into one wish to stop, and sees to it that the wish is granted in time. */
class StopRequest {
  readonly asked: Promise<void>
  /** For stderr, where something hangs. */
  lastWords = ''
  private readonly restore: () => void
  /** Where it is not known how all would have ended. */
  private readonly exitCode: number
  private resolveAsked!: () => void
  private wasAsked = false

  constructor(restore: () => void, exitCode: number) {
    this.restore = restore
    this.exitCode = exitCode
    this.asked = new Promise((resolve) => {
      this.resolveAsked = resolve
    })
  }

  /** SIGHUP too: it comes when the terminal is closed, and Node would end without a word to the peer. */
  listen(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.ask())
    // Beside other shares: the process that started all of them is gone.
    if (process.channel !== undefined) process.once('disconnect', () => this.ask())
  }

  ask(): void {
    if (this.wasAsked) this.leave(this.exitCode)
    this.wasAsked = true
    this.guard(this.exitCode)
    this.resolveAsked()
  }

  /** Whatever hangs, the process ends within STOP_MS_MAX. It does not keep the process alive itself. */
  guard(exitCode: number): void {
    setTimeout(() => this.leave(exitCode), STOP_MS_MAX).unref()
  }

  private leave(exitCode: number): never {
    this.restore()
    process.stderr.write(this.lastWords)
    process.exit(exitCode)
  }
}
