// Supervises the watcher process: starts it, passes messages in order, and starts the next one when it dies. Its
// failure is restarted, with a pause that grows. Three things end the peer: a failure that the process calls final, processes
// that die young again and again, and a process that cannot start.
//
//              it speaks              dies
//   starting ────────────▶ running ──────────▶ waiting ──▶ starting …
//      │ ends: the first one, or WATCHER_STARTS_MAX      │ the pause has reached its maximum
//      ▼                                                 ▼
//   fatal                                              fatal

import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import { LeftError } from '../base/errors.js'
import { programFile } from '../io/program.js'
import type { ShareCommand, ShareCommands, ShareResult } from '../pipe/commands.js'
import type { EngineToKeeper, KeeperToEngine } from '../pipe/messages.js'
import type {
  FromWatcher,
  IdentityRequest,
  OpenedIdentity,
  ToWatcher,
  WatcherStart,
} from '../pipe/watcher-protocol.js'
import type { SlowStep } from '../rdt/protection.js'
import { reasonIn } from './last-words.js'
import {
  LEAN_HEAP,
  WATCHER_RESTART_MS,
  WATCHER_RESTART_MS_MAX,
  WATCHER_STARTS_MAX,
  WATCHER_STEADY_MS,
  WATCHER_STOP_MS,
  WATCHER_WORDS_CHARS_MAX,
} from './limits.js'

export interface WatcherProcessOptions {
  /** Options of V8 that the Node that runs is known to know. */
  readonly v8Options: readonly string[]
  /** The share is open: what peers say can be answered. Called again for each process that gets so far. */
  readonly onReady: () => void
  readonly onMessages: (messages: readonly KeeperToEngine[]) => void
  /** A step was carried out; undefined where it failed, or its process died. */
  readonly onStep: (id: number, result: Uint8Array | undefined) => void
  /** The watcher died and another one is started: no question that was asked of it will be answered. */
  readonly onLost: (exit: string) => void
  /** The watcher cannot go on, and a new one could not either. */
  readonly onFatal: (error: LeftError) => void
  /** A line that it wrote on stderr: it has no other words than those of a crash. */
  readonly onWords: (line: string) => void
}

export class WatcherProcess {
  private readonly options: WatcherProcessOptions
  private child: ChildProcess | undefined
  private restartMs = WATCHER_RESTART_MS
  private startedMs = 0
  /** Processes since the last one that spoke. */
  private silentStarts = 0
  /** One of them has spoken: the next one may as well. */
  private hasSpoken = false
  /** The end of what the running one wrote on stderr. */
  private words = ''
  private timer: NodeJS.Timeout | undefined
  private stopping = false
  /** Once the share is kept. */
  private started: WatcherStart | undefined
  private identity: IdentityRequest | undefined
  /** Of the identity, once it was opened. */
  private fingerprint: string | undefined
  private opening: IdentityOpening | undefined
  /** Steps that wait for the running process. */
  private readonly steps = new Set<number>()
  /** Commands that wait for it. */
  private readonly commands = new Map<number, (result: ShareResult | undefined) => void>()
  private commandCount = 0

  constructor(options: WatcherProcessOptions) {
    this.options = options
    this.spawn()
  }

  /** Has the identity opened, and made where there is none; its private key stays in the process.
   *  @throws LeftError 'identity-unusable', 'watcher-failed'. */
  openIdentity(request: IdentityRequest, onMaking: () => void): Promise<OpenedIdentity> {
    this.identity = request
    this.post({ type: 'identity', request, expects: undefined })
    return new Promise((resolve, reject) => {
      this.opening = { resolve, reject, onMaking }
    })
  }

  /** From now on the share is kept. */
  open(start: WatcherStart): void {
    this.started = start
    this.post({ type: 'start', start })
  }

  /** RSA for a handshake; answered by `onStep`, and not at once. */
  carryOut(step: SlowStep): void {
    if (this.child?.connected) {
      this.steps.add(step.id)
      this.post({ type: 'rsa', step })
    } else setImmediate(() => this.options.onStep(step.id, undefined))
  }

  /** Undefined where the process is not there, or ends before it answers. */
  command<Command extends ShareCommand>(
    command: Command,
  ): Promise<ShareCommands[Command['name']]['result'] | undefined> {
    if (!this.child?.connected || this.started === undefined) return Promise.resolve(undefined)
    const number = ++this.commandCount
    return new Promise((resolve) => {
      this.commands.set(number, resolve)
      this.post({ type: 'command', number, command })
    })
  }

  /** Of the process that runs. */
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
    if (child?.pid === undefined) return
    await new Promise<void>((resolve) => {
      const guard = setTimeout(() => child.kill('SIGKILL'), WATCHER_STOP_MS)
      child.once('close', () => {
        clearTimeout(guard)
        resolve()
      })
      this.post({ type: 'stop' })
    })
  }

  private spawn(): void {
    const child = fork(programFile('watcher/main'), [], {
      serialization: 'advanced',
      execArgv: [...process.execArgv, LEAN_HEAP, ...this.options.v8Options],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.child = child
    this.startedMs = performance.now()
    this.silentStarts += 1
    this.listen(child)
    const { identity, fingerprint, started } = this
    if (identity !== undefined) this.post({ type: 'identity', request: identity, expects: fingerprint })
    if (started !== undefined) this.post({ type: 'start', start: started })
  }

  private listen(child: ChildProcess): void {
    child.on('message', (message: FromWatcher) => this.handle(message))
    this.words = ''
    // None where the system has no file handles left.
    if (child.stderr)
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.words = `${this.words}${line}\n`.slice(-WATCHER_WORDS_CHARS_MAX)
        if (line.trim() !== '') this.options.onWords(line)
      })
    // No process came to be: an `exit` or a `close` may not follow.
    child.on('error', (error) => {
      if (child.pid === undefined) this.handleExit(child, error.message, false)
    })
    // After `exit`, when all that it wrote has been read.
    child.once('close', (code, signal) =>
      this.handleExit(child, signal ?? `exit code ${code}`, signal === 'SIGKILL'),
    )
  }

  private handle(message: FromWatcher): void {
    if (message.type === 'making-identity') {
      this.opening?.onMaking()
      return
    }
    if (message.type === 'identity') {
      this.fingerprint = message.identity.fingerprint
      this.opening?.resolve(message.identity)
      this.opening = undefined
      return
    }
    // It got as far as the share.
    this.silentStarts = 0
    this.hasSpoken = true
    switch (message.type) {
      case 'keeper':
        this.options.onMessages(message.messages)
        break
      case 'ready':
        this.options.onReady()
        break
      case 'rsa-done':
        if (this.steps.delete(message.id)) this.options.onStep(message.id, message.result)
        break
      case 'command-done':
        this.commands.get(message.number)?.(message.result)
        this.commands.delete(message.number)
        break
      case 'failed':
        this.handleFailed(message)
    }
  }

  private post(message: ToWatcher): void {
    if (this.child?.connected) this.child.send(message, () => {})
  }

  private handleFailed(message: FromWatcher & { type: 'failed' }): void {
    this.endFor(new LeftError(message.code, message.message))
  }

  private handleExit(child: ChildProcess, status: string, isKilled: boolean): void {
    if (this.child !== child) return
    this.child = undefined
    const lost = [...this.steps]
    this.steps.clear()
    for (const resolve of this.commands.values()) resolve(undefined)
    this.commands.clear()
    if (this.stopping) return
    for (const id of lost) this.options.onStep(id, undefined)
    const reason = reasonIn(this.words)
    const exit = reason === undefined ? status : `${status}: ${reason}`
    if (performance.now() - this.startedMs > WATCHER_STEADY_MS) this.restartMs = WATCHER_RESTART_MS
    const isHopeless = !this.hasSpoken && !isKilled
    if (this.silentStarts > 0 && (isHopeless || this.silentStarts >= WATCHER_STARTS_MAX))
      this.giveUp(`the watcher process cannot start (${exit}); --verbose shows all that it wrote`)
    else if (this.restartMs >= WATCHER_RESTART_MS_MAX)
      this.giveUp(`the watcher process keeps ending (${exit}); --verbose shows all that it wrote`)
    else this.restart(exit)
  }

  private restart(exit: string): void {
    this.options.onLost(exit)
    this.timer = setTimeout(() => this.spawn(), this.restartMs)
    this.restartMs = Math.min(2 * this.restartMs, WATCHER_RESTART_MS_MAX)
  }

  private giveUp(message: string): void {
    this.endFor(new LeftError('watcher-failed', message))
  }

  private endFor(error: LeftError): void {
    this.stopping = true
    if (this.opening === undefined) this.options.onFatal(error)
    else this.opening.reject(error)
    this.opening = undefined
  }
}

/** Who waits for the identity. */
interface IdentityOpening {
  resolve(identity: OpenedIdentity): void
  reject(error: LeftError): void
  onMaking(): void
}
