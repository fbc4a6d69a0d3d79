// Supervises the watcher process: starts it, passes messages in order, and starts the next one when it dies. Its
// failure is restarted, with a pause that grows; only what it says is final ends the peer.

import { type ChildProcess, fork } from 'node:child_process'
import { LeftError } from '../base/errors.js'
import type { EngineToKeeper, KeeperToEngine } from '../sync/messages.js'
import type { FromWatcher, ToWatcher, WatcherStart } from '../watcher/protocol.js'
import {
  LEAN_HEAP,
  PATIENT_COMPILER,
  WATCHER_RESTART_MS,
  WATCHER_RESTART_MS_MAX,
  WATCHER_STEADY_MS,
  WATCHER_STOP_MS,
} from './limits.js'

export interface WatcherProcessOptions {
  readonly start: WatcherStart
  readonly onMessages: (messages: readonly KeeperToEngine[]) => void
  /** It died and another one is started: nothing that was asked of it will be answered. */
  readonly onLost: (exit: string) => void
  /** It cannot go on, and another one could not either. */
  readonly onFatal: (error: LeftError) => void
}

export class WatcherProcess {
  private readonly options: WatcherProcessOptions
  private child: ChildProcess | undefined
  private restartMs = WATCHER_RESTART_MS
  private startedMs = 0
  private timer: NodeJS.Timeout | undefined
  private stopping = false

  constructor(options: WatcherProcessOptions) {
    this.options = options
    this.spawn()
  }

  /** For tests that kill it. */
  get pid(): number | undefined {
    return this.child?.pid
  }

  /** Lost where the process is dead: its successor starts from the disk. */
  send(messages: readonly EngineToKeeper[]): void {
    this.post({ type: 'keeper', messages })
  }

  async stop(): Promise<void> {
    this.stopping = true
    clearTimeout(this.timer)
    const { child } = this
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((resolve) => {
      const guard = setTimeout(() => child.kill('SIGKILL'), WATCHER_STOP_MS)
      child.once('exit', () => {
        clearTimeout(guard)
        resolve()
      })
      this.post({ type: 'stop' })
    })
  }

  private spawn(): void {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const program = new URL(`../watcher/main.${extension}`, import.meta.url)
    const child = fork(program, [], {
      serialization: 'advanced',
      execArgv: [...process.execArgv, ...LEAN_HEAP, ...PATIENT_COMPILER],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.child = child
    this.startedMs = performance.now()
    child.on('message', (message: FromWatcher) => {
      if (message.type === 'keeper') this.options.onMessages(message.messages)
      else this.handleFailed(message)
    })
    child.on('error', () => {}) // Its exit follows, and is what counts.
    child.once('exit', (code, signal) => this.handleExit(child, signal ?? `exit code ${code}`))
    this.post({ type: 'start', start: this.options.start })
  }

  private post(message: ToWatcher): void {
    if (this.child?.connected) this.child.send(message, () => {})
  }

  private handleFailed(message: FromWatcher & { type: 'failed' }): void {
    this.stopping = true
    this.options.onFatal(new LeftError(message.code, message.message))
  }

  private handleExit(child: ChildProcess, exit: string): void {
    if (this.child !== child || this.stopping) return
    if (performance.now() - this.startedMs > WATCHER_STEADY_MS) this.restartMs = WATCHER_RESTART_MS
    else if (this.restartMs >= WATCHER_RESTART_MS_MAX) {
      this.stopping = true
      this.options.onFatal(
        new LeftError(
          'watcher-failed',
          `the watcher process keeps ending (${exit}); run with --verbose and see what it says`,
        ),
      )
      return
    }
    this.options.onLost(exit)
    this.timer = setTimeout(() => this.spawn(), this.restartMs)
    this.restartMs = Math.min(2 * this.restartMs, WATCHER_RESTART_MS_MAX)
  }
}
