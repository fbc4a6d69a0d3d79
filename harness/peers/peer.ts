// One peer of a demonstration: the real program in a process of its own, started, killed and started again on one
// share. Its events are read from `--json`, as any other program would.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { PeerEvent } from '../../src/app/events.js'
import type { HostPort } from '../../src/io/net/address.js'
import { endpointText } from './endpoints.js'
import { EventLines } from './event-lines.js'
import { waitUntil } from './wait.js'

/** The program that `npm run build` makes; LEFT_PROGRAM names another build. */
export const PROGRAM =
  process.env.LEFT_PROGRAM ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** `left` promises to stop in under a second; a busy machine may be late with the news of it. */
const STOP_MS_MAX = 5_000

/** Words of a peer that are shown when something goes wrong. */
const LAST_WORDS_MAX = 8

export interface PeerSetup {
  readonly name: string
  /** Port 0 for any that is free. */
  readonly endpoint: HostPort
  readonly share: string
  /** As for `--ip`; none where it is to find them: with --discover, unless `options` name a tracker. */
  readonly others: readonly string[]
  readonly options?: readonly string[]
  /** Where its user's identity and trusted peers are kept, in the place of ~/.config; `state` in it, in that of ~/.local/state. */
  readonly config: string
  /** A network namespace to run in (Linux, as root). */
  readonly namespace?: string | undefined
  /** Another build than PROGRAM. */
  readonly program?: string | undefined
}

export type Summary = Extract<PeerEvent, { event: 'summary' }>
export type Totals = Extract<PeerEvent, { event: 'totals' }>

export class Peer {
  readonly name: string
  readonly share: string
  /** Words before the program that make its world another: env, unshare. The last of them becomes the program. */
  wrap: readonly string[] = []
  /** The last totals of the process that is running. */
  totals: Totals | undefined
  /** The peers that it is in step with, by address; of the life that is running. */
  readonly inStep = new Set<string>()
  /** The last lines of a killed process may come when the next one runs already: `isOfThisLife` is false then. */
  onEvent: (event: PeerEvent, isOfThisLife: boolean) => void = () => {}
  private readonly setup: PeerSetup
  private child: ChildProcess | undefined
  private summary: Summary | undefined
  private lastWords: string[] = []
  private unexpectedEnd: string | undefined

  constructor(setup: PeerSetup) {
    this.setup = setup
    this.name = setup.name
    this.share = setup.share
  }

  get isRunning(): boolean {
    return this.child !== undefined
  }

  /** The process that owns the socket, while it runs. */
  get pid(): number | undefined {
    return this.child?.pid
  }

  /** `options` in place of those of the setup. */
  start(options: readonly string[] = this.setup.options ?? []): void {
    if (this.child !== undefined) throw new Error(`${this.name} is running already`)
    const { endpoint, share, others, config, namespace, program: file = PROGRAM } = this.setup
    if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first`)
    const port = endpoint.port === 0 ? 'auto' : String(endpoint.port)
    const found = options.includes('--tracker') ? [] : ['--discover']
    const named = others.length === 0 ? found : ['--ip', others.join(',')]
    const network = ['--bind', endpoint.host, '--port', port, ...named]
    const program = [process.execPath, file, '--json', ...network, '--share', share, ...options]
    // `ip netns exec` becomes the program, so that the process is the peer either way.
    const enter = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]
    const [command, ...args] = [...enter, ...this.wrap, ...program]
    const child = spawn(command!, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_CONFIG_HOME: config, XDG_STATE_HOME: join(config, 'state') },
      // A process group of its own, so that `kill` can mean the whole peer.
      detached: true,
    })
    this.child = child
    this.totals = undefined
    this.inStep.clear()
    this.summary = undefined
    const events = new EventLines()
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = events.read(line)
      if (event === undefined) return
      if (event.event !== 'progress') this.remember(line)
      this.handleEvent(event, child)
    })
    createInterface({ input: child.stderr! }).on('line', (line) => this.remember(line))
    child.once('exit', (code, signal) => {
      if (this.child !== child) return
      this.child = undefined
      this.unexpectedEnd = signal ?? `exit code ${code}`
    })
  }

  /** SIGKILL, to the process that owns the socket alone or to its watcher process too. */
  async kill(whom: 'engine' | 'both' = 'engine'): Promise<void> {
    const child = this.take()
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (whom === 'both') process.kill(-child.pid!, 'SIGKILL')
    else child.kill('SIGKILL')
    await gone
  }

  /** SIGINT; as from Ctrl-C in a terminal it reaches both processes. Answers what crossed its socket in this life. */
  async stop(whom: 'engine' | 'both' = 'engine'): Promise<Summary> {
    const child = this.take()
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    if (whom === 'both') process.kill(-child.pid!, 'SIGINT')
    else child.kill('SIGINT')
    const code = await ended
    clearTimeout(late)
    if (code !== 0 || this.summary === undefined) {
      throw new Error(`${this.name} did not stop as asked (exit code ${code})\n${this.words()}`)
    }
    return this.summary
  }

  /** For the way out: at once, without waiting. */
  killNow(): void {
    const pid = this.child?.pid
    this.child = undefined
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // The process was gone already.
    }
  }

  /** Throws where the process ended without being asked, so that nobody waits for it. */
  check(): void {
    if (this.unexpectedEnd !== undefined) {
      throw new Error(`${this.name} ended by itself (${this.unexpectedEnd})\n${this.words()}`)
    }
  }

  /** The last events of the peer, one line each. */
  words(): string {
    return this.lastWords.map((line) => `    ${this.name} said ${line}`).join('\n')
  }

  private take(): ChildProcess {
    this.check()
    const { child } = this
    if (child === undefined) throw new Error(`${this.name} is not running`)
    this.child = undefined
    return child
  }

  private handleEvent(event: PeerEvent, child: ChildProcess): void {
    if (event.event === 'summary') this.summary = event
    const isOfThisLife = child === this.child || this.child === undefined
    if (isOfThisLife) {
      if (event.event === 'totals') this.totals = event
      else if (event.event === 'in-step') this.inStep.add(event.address)
    }
    this.onEvent(event, isOfThisLife)
  }

  private remember(line: string): void {
    this.lastWords.push(line)
    if (this.lastWords.length > LAST_WORDS_MAX) this.lastWords.shift()
  }
}

export function addressesOfOthers(endpoints: readonly HostPort[], self: HostPort): string[] {
  return endpoints.filter((endpoint) => endpoint !== self).map(endpointText)
}

/** As `waitUntil`, and fails at once where one of the peers that are waited for has ended. */
export async function waitForPeers(
  peers: readonly Peer[],
  what: string,
  isDone: () => boolean | Promise<boolean>,
  { timeoutMs, pollMs }: { timeoutMs: number; pollMs?: number },
): Promise<void> {
  const isDoneOrEnded = () => {
    for (const peer of peers) peer.check()
    return isDone()
  }
  try {
    await waitUntil(what, isDoneOrEnded, { timeoutMs, ...(pollMs === undefined ? {} : { pollMs }) })
  } catch (error) {
    const words = peers.map((peer) => peer.words()).filter((text) => text !== '')
    throw new Error([(error as Error).message, ...words].join('\n'), { cause: error })
  }
}
