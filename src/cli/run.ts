// `left`, the default command: runs one peer from its start to the end of the process.
//
//            startPeer             finished (by itself)
//   starting ────────▶ running ──────────────────────▶ ended: 0, or 1 with its reason
//      │ refused          │ Ctrl-C, SIGTERM, SIGHUP, or nobody reads our output
//      ▼                  ▼         stopped
//   ended: 2 or 1      stopping ─────────▶ ended: 0
//                         │ again, or STOP_MS_MAX
//                         └──────────▶ ended: 0, at once; what is on the disk is resumable at any moment

import type { PeerEvent } from '../app/events.js'
import type { PeerOptions } from '../app/options.js'
import type { RunningPeer } from '../app/peer.js'
import { EXIT_FAILED, EXIT_STOPPED, exitCodeOf, failureText } from './failure.js'
import { followJobControl } from './job-control.js'
import { STOP_MS_MAX } from './limits.js'
import { openView } from './open-view.js'

export type StartPeer = (options: PeerOptions, onEvent: (event: PeerEvent) => void) => Promise<RunningPeer>

export interface RunRequest {
  readonly options: PeerOptions
  readonly json: boolean
  /** Given by tests; otherwise the real peer. */
  readonly startPeer?: StartPeer
}

/** Answers the exit code, after everything has been said. Never throws. */
export async function run(request: RunRequest): Promise<number> {
  const { options } = request
  let phase: 'starting' | 'running' = 'starting'
  const stop = new StopRequest(() => view.restore())
  const view = openView({
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
  let failure: unknown
  try {
    const startPeer = request.startPeer ?? (await import('../app/peer.js')).startPeer
    const peer = await startPeer(options, (event) => {
      // The share has been read: from here on nothing is a refusal to start.
      if (event.event === 'scanned') phase = 'running'
      view.show(event)
    })
    failure = await Promise.race([peer.finished, stop.asked.then(() => stopPeer(peer))])
  } catch (error) {
    failure = error
  }
  const exitCode = failure === undefined ? EXIT_STOPPED : exitCodeOf(failure, phase)
  stop.guard(exitCode)
  await view.close()
  if (failure !== undefined) process.stderr.write(failureText(failure, options.verbose))
  return exitCode
}

async function stopPeer(peer: RunningPeer): Promise<unknown> {
  await peer.stop()
  return peer.finished
}

/** Turns signals into one wish to stop, and sees to it that the wish is granted in time. */
class StopRequest {
  readonly asked: Promise<void>
  private readonly restore: () => void
  private resolveAsked!: () => void
  private wasAsked = false

  constructor(restore: () => void) {
    this.restore = restore
    this.asked = new Promise((resolve) => {
      this.resolveAsked = resolve
    })
  }

  /** SIGHUP too: it comes when the terminal is closed, and Node would end without a word to the peer. */
  listen(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.ask())
  }

  ask(): void {
    if (this.wasAsked) this.leave(EXIT_STOPPED)
    this.wasAsked = true
    this.guard(EXIT_STOPPED)
    this.resolveAsked()
  }

  /** Whatever hangs, the process ends within STOP_MS_MAX. It does not keep the process alive itself. */
  guard(exitCode: number): void {
    setTimeout(() => this.leave(exitCode), STOP_MS_MAX).unref()
  }

  private leave(exitCode: number): never {
    this.restore()
    process.exit(exitCode)
  }
}
