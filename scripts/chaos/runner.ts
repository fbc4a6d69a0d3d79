// One peer of a chaos run: the real program, killed, stopped, continued and started again, and everything that it says.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { EventLines } from '../../harness/peers/event-lines.js'
import { PROGRAM } from '../../harness/peers/peer.js'
import { sleep, waitUntil } from '../../harness/peers/wait.js'
import { childrenOf, cpuMsOf, isRunning, waitedMsOf } from '../../harness/processes.js'
import type { PeerEvent } from '../../src/app/events.js'
import { LeftError } from '../../src/base/errors.js'
import { askPeer } from '../../src/control/client.js'

export type Whom = 'engine' | 'watcher' | 'both'

/** From Ctrl-C to the end: the promise is under a second, and a machine that does much else is late with the news. */
const STOP_MS_MAX = 1_500

const DEAD_MS_MAX = 30_000

/** From the end of the engine's process to that of the watcher's: on a busy machine a while, and not for ever. */
const GONE_MS_MAX = 10_000

export interface RunnerOptions {
  readonly name: string
  readonly share: string
  readonly config: string
  readonly words: readonly string[]
  /** Called with each failure, in words. */
  readonly onFailure: (text: string) => void
  readonly onEvent: (name: string, event: PeerEvent) => void
  /** Called when a process is about to be ended. */
  readonly onDeath: (name: string) => void
}

const LOOK_MS = 20

/** Measures for how long processes could have run and had no processor: on a machine that does much else a promise of a second
 *  says nothing. By Linux; elsewhere nothing is known. */
class Waiting {
  private readonly before = new Map<number, number>()
  private readonly last = new Map<number, number>()
  private readonly timer: NodeJS.Timeout

  constructor(private readonly pids: readonly number[]) {
    for (const pid of pids) this.before.set(pid, waitedMsOf(pid) ?? 0)
    this.timer = setInterval(() => this.look(), LOOK_MS)
  }

  /** Milliseconds since it began, of all together. */
  stop(): number {
    clearInterval(this.timer)
    this.look()
    return this.pids.reduce((sum, pid) => {
      const before = this.before.get(pid)!
      return sum + (this.last.get(pid) ?? before) - before
    }, 0)
  }

  private look(): void {
    for (const pid of this.pids) {
      // Less where threads have ended.
      const waitedMs = waitedMsOf(pid) ?? 0
      this.last.set(pid, Math.max(waitedMs, this.last.get(pid) ?? this.before.get(pid)!))
    }
  }
}

export class Runner {
  readonly name: string
  readonly share: string
  /** Events of the process that is running. */
  events: PeerEvent[] = []
  memoryBytesMax = 0
  slowestStopMs = 0
  private readonly options: RunnerOptions
  private child: ChildProcess | undefined
  private exited: Promise<void> = Promise.resolve()
  private stderr: string[] = []
  private isStopping = false
  /** A start that fails for want of room is tried again, as a person would. */
  isDiskFull = false

  constructor(options: RunnerOptions) {
    this.options = options
    this.name = options.name
    this.share = options.share
  }

  /** Where notes outside the share are. */
  get state(): string {
    return join(this.options.config, 'state')
  }

  get isUp(): boolean {
    return this.child !== undefined
  }

  start(): void {
    const { words, share, config, name } = this.options
    this.events = []
    this.stderr = []
    this.isStopping = false
    const child = spawn(process.execPath, [PROGRAM, '--json', '--share', share, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_CONFIG_HOME: config, XDG_STATE_HOME: this.state },
      detached: true,
    })
    this.child = child
    const lines = new EventLines()
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = lines.read(line)
      if (event === undefined || this.child !== child) return
      if (event.event !== 'progress' && event.event !== 'totals') this.events.push(event)
      this.options.onEvent(name, event)
    })
    createInterface({ input: child.stderr! }).on('line', (line) => {
      this.stderr.push(line)
      if (!this.isDiskFull) this.options.onFailure(`${name} wrote to stderr: ${line}`)
    })
    this.exited = new Promise((resolve) => {
      // Not 'close': a watcher process that was stopped keeps the pipe open.
      child.once('exit', (code, signal) => {
        if (this.child === child) {
          this.child = undefined
          if (!this.isDiskFull && !this.isStopping)
            this.options.onFailure(
              `${name} ended by itself (${signal ?? `exit code ${code}`}): ${this.stderr.join(' / ')}`,
            )
        }
        resolve()
      })
    })
  }

  /** The processes of this peer that run. */
  pids(whom: Whom = 'both'): number[] {
    const pid = this.child?.pid
    if (pid === undefined) return []
    const watchers = childrenOf(pid)
    return whom === 'engine' ? [pid] : whom === 'watcher' ? watchers : [pid, ...watchers]
  }

  signal(signal: NodeJS.Signals, pids: readonly number[]): void {
    for (const pid of pids) {
      try {
        process.kill(pid, signal)
      } catch {
        // The process ended a moment ago.
      }
    }
  }

  /** SIGKILL. A watcher process is started again by its engine. `lingering` leaves one that was stopped to the next life. */
  async kill(whom: Whom): Promise<void> {
    this.measure()
    this.options.onDeath(this.name)
    const pids = this.pids(whom)
    if (whom !== 'watcher') this.child = undefined
    this.signal('SIGKILL', pids)
    if (whom !== 'watcher') await this.exited
  }

  /** SIGINT. Fails where it takes too long, leaves a process or does not say what it should. */
  async stop(): Promise<void> {
    this.measure()
    const { child } = this
    if (child === undefined) return
    this.options.onDeath(this.name)
    const pids = this.pids()
    const { onFailure } = this.options
    this.isStopping = true
    const askedMs = performance.now()
    const ended = this.exited
    // Events on the way out still count.
    let code: number | null = null
    // This process too: it hears of the end.
    const waiting = new Waiting([...pids, process.pid])
    child.once('exit', (exitCode) => {
      code = exitCode
      const tookMs = performance.now() - askedMs
      this.slowestStopMs = Math.max(this.slowestStopMs, tookMs)
      const waitedMs = waiting.stop()
      if (tookMs - waitedMs > STOP_MS_MAX)
        onFailure(
          `${this.name} took ${Math.round(tookMs)} ms to end after SIGINT, ${Math.round(waitedMs)} of them for want of a processor, expected under a second`,
        )
      if (this.child === child) this.child = undefined
    })
    child.kill('SIGINT')
    const late = setTimeout(() => this.signal('SIGKILL', pids), DEAD_MS_MAX)
    await ended
    clearTimeout(late)
    // A Ctrl-C may come before the program listens for it.
    const isUp = this.events.length > 0
    if (code !== 0 && isUp)
      onFailure(`${this.name} ended with exit code ${code} after SIGINT: ${this.stderr.join(' / ')}`)
    await waitUntil(`the processes of ${this.name} to be gone`, () => !pids.some(isRunning), {
      timeoutMs: GONE_MS_MAX,
    }).catch((error: Error) => onFailure(error.message))
  }

  /** Lets happen what the peer holds because it deletes or replaces so much; undefined where it cannot be asked yet. */
  async confirm(): Promise<'held' | 'nothing-held' | undefined> {
    try {
      const answer = await askPeer(this.share, { command: 'confirm', arguments: {} })
      if (!answer.ok) return undefined
      return Object.values(answer.result).some((count) => Number(count) > 0) ? 'held' : 'nothing-held'
    } catch (error) {
      if (error instanceof LeftError) return undefined
      throw error
    }
  }

  /** Processor time of its processes so far. */
  cpuMs(): number {
    return this.pids().reduce((sum, pid) => sum + (cpuMsOf(pid) ?? 0), 0)
  }

  /** Remembers the most memory that one of its processes had. */
  measure(): void {
    for (const pid of this.pids()) {
      try {
        const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        this.memoryBytesMax = Math.max(this.memoryBytesMax, Number(kilobytes ?? 0) * 1_024)
      } catch {
        // The process ended a moment ago, or the system does not tell.
      }
    }
  }

  /** Ends it at once, on the way out. */
  killNow(): void {
    const pids = this.pids()
    this.child = undefined
    this.signal('SIGKILL', pids)
  }

  async pause(whom: Whom, forMs: number): Promise<void> {
    const pids = this.pids(whom)
    this.signal('SIGSTOP', pids)
    await sleep(forMs)
    this.signal('SIGCONT', pids)
  }
}
