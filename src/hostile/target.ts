// The peer that is attacked: the program itself in a process of its own, on the loopback, encrypted or not, with a share
// in a temporary folder and things beside it that nobody may touch. Tells what it said, how much memory it holds, and
// what changed inside and outside of its share.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { LeftError } from '../base/errors.js'
import { OWN_FOLDER, OWN_RULES_PATH } from '../base/own-folder.js'
import type { HostPort } from '../io/net/address.js'
import { isFromSources, programFile } from '../io/program.js'
import { WITNESS_FOLDER } from '../io/witness.js'
import { configFolder, PINS_FILE } from '../seal/config-folder.js'
import { Pins } from '../seal/pins.js'
import { Attacker } from './attacker.js'
import { byName, contentOf } from './content.js'
import type { MakeGuise } from './guise.js'
import { CONFIG, type Encryption, environmentIn, type Guises, guisesIn, STATE } from './guises.js'
import {
  CALLED_PORT_FIRST,
  CALLED_PORTS,
  MEMORY_LOOKS_MAX,
  MEMORY_SETTLE_MS,
  NAMED_PORT_FIRST,
  NAMED_PORTS,
  WAIT_MS_MAX,
  WARM_UP_BYTES,
  WARM_UP_MS_MAX,
} from './limits.js'
import { childrenOf, cpuSecondsOf, residentBytes } from './processes.js'
import { type Snapshot, snapshot } from './snapshot.js'

export interface AttackerOptions {
  readonly host?: string
  /** A port of the friend's; the next free one where none is asked for. */
  readonly port?: number
  readonly guise?: MakeGuise
  /** A number of its own where none is asked for. */
  readonly peerId?: string
}

export interface TargetOptions {
  readonly secret?: string
  readonly options?: readonly string[]
  /** Whether it names few addresses, and so calls all of them. */
  readonly callsAll?: boolean
}

type Said = { readonly event: string } & Readonly<Record<string, unknown>>

/** In the share of each target, and left out by a rule of its own. */
export const LEFT_OUT = 'left-out'

export class Target {
  readonly folder: string
  readonly share: string
  readonly outside: string
  readonly endpoint: HostPort
  /** May talk to the target: it is named in its `--ip`. */
  readonly friend: string
  /** May not. */
  readonly stranger: string
  readonly said: Said[] = []
  private static callingCount = 0
  private readonly freePorts: number[]
  private child: ChildProcess | undefined
  private errors = ''
  private isStopped = false
  private readonly onExit = () => this.child?.kill('SIGKILL')

  private constructor(
    readonly encryption: Encryption,
    folder: string,
    endpoint: HostPort,
    friend: string,
    stranger: string,
    readonly guises: Guises,
    private readonly secret: string | undefined,
    private readonly options: readonly string[],
    callsAll: boolean,
  ) {
    const first = callsAll ? CALLED_PORT_FIRST + CALLED_PORTS * Target.callingCount++ : NAMED_PORT_FIRST
    const count = callsAll ? CALLED_PORTS : NAMED_PORTS
    this.freePorts = Array.from({ length: count }, (_, index) => first + index)
    this.folder = folder
    this.share = join(folder, 'target', 'share')
    this.outside = join(folder, 'outside')
    this.endpoint = endpoint
    this.friend = friend
    this.stranger = stranger
  }

  /** Throws a LeftError where the target does not come up. */
  static async start(
    encryption: Encryption,
    { secret, options = [], callsAll = false }: TargetOptions = {},
  ): Promise<Target> {
    const network = `127.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 200}`
    const [host, friend, stranger] = [`${network}.1`, `${network}.2`, `${network}.3`]
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'left-hostile-'))
    let target: Target | undefined
    try {
      const endpoint = { host, port: await freePort(host) }
      const guises = await guisesIn(encryption, folder, secret)
      target = new Target(encryption, folder, endpoint, friend, stranger, guises, secret, options, callsAll)
      target.furnish()
      await target.run()
      await target.warmUp()
      return target
    } catch (error) {
      target?.stop()
      removeFolder(folder)
      throw error
    }
  }

  get isRunning(): boolean {
    return (
      !this.isStopped &&
      this.child !== undefined &&
      this.child.exitCode === null &&
      this.child.signalCode === null
    )
  }

  /** The target's stderr: empty where all is well. */
  get complaints(): string {
    return this.errors
  }

  /** At an address that the target was told of, unless another host is asked for. */
  attacker({
    host = this.friend,
    port,
    guise = this.guises.friend,
    peerId,
  }: AttackerOptions = {}): Promise<Attacker> {
    if (host !== this.friend) return Attacker.open({ host, port: 0 }, this.endpoint, guise, () => {}, peerId)
    const index = port === undefined ? 0 : this.freePorts.indexOf(port)
    const [free] = this.freePorts.splice(index, index < 0 ? 0 : 1)
    if (free === undefined) throw new LeftError('watcher-failed', 'all addresses of attackers are in use')
    const giveBack = () => void this.freePorts.push(free)
    return Attacker.open({ host, port: free }, this.endpoint, guise, giveBack, peerId)
  }

  /** Of another process of the target's user, which it is to be let in by. */
  attackerOf(endpoint: HostPort): Promise<Attacker> {
    return Attacker.open({ host: this.friend, port: 0 }, endpoint, this.guises.friend)
  }

  /** Runs another command of the target's user to its end. Answers the exit code; null where it was killed. */
  runLeft(words: readonly string[]): Promise<number | null> {
    const child = spawn(process.execPath, [...nodeOptions(), program(), ...words], {
      stdio: 'ignore',
      env: environmentIn(this.folder),
      timeout: WARM_UP_MS_MAX,
      killSignal: 'SIGKILL',
    })
    return new Promise((resolve) => child.once('close', resolve))
  }

  /** One of many hosts that nobody named. */
  elsewhere(index: number): string {
    return this.stranger.replace(/[0-9]+$/, String(4 + (index % 200)))
  }

  /** Whom the target's user trusts: as `left trust` sees and changes it. */
  get pins(): Pins {
    return new Pins(join(configFolder(environmentIn(this.folder)), PINS_FILE))
  }

  async connected(): Promise<Attacker> {
    const attacker = await this.attacker()
    await this.connect(attacker)
    return attacker
  }

  private async connect(attacker: Attacker, timeoutMs = WAIT_MS_MAX): Promise<void> {
    if (await attacker.connect(timeoutMs)) return
    await attacker.close()
    throw new LeftError('watcher-failed', 'the target takes no session any more')
  }

  /** Kills it and takes everything away. */
  stop(): void {
    process.off('exit', this.onExit)
    this.isStopped = true
    this.child?.kill('SIGKILL')
    removeFolder(this.folder)
  }

  /** Whether it says this within the time. */
  async says(fits: (event: Said) => boolean, timeoutMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs
    for (;;) {
      if (this.said.some(fits)) return true
      if (performance.now() >= deadlineMs || !this.isRunning) return false
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  received(path: string): boolean {
    return this.said.some((event) => event.event === 'received' && event.path === path)
  }

  /** Resident bytes of both processes. proc(5). */
  memoryBytes(): number {
    return this.processes().reduce((sum, pid) => sum + residentBytes(pid), 0)
  }

  /** Processor time that both processes have used. proc(5). */
  cpuSeconds(): number {
    return this.processes().reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)
  }

  /** Its ids: the engine's, and the watcher's as long as that runs. */
  processes(): number[] {
    const { pid } = this.child!
    return [pid!, ...childrenOf(pid!)]
  }

  /** The same once it is not above `enoughBytes`, or does not fall any further. */
  async settledMemoryBytes(enoughBytes: number): Promise<number> {
    let least = this.memoryBytes()
    for (let look = 0; look < MEMORY_LOOKS_MAX && least > enoughBytes; look++) {
      await new Promise((resolve) => setTimeout(resolve, MEMORY_SETTLE_MS))
      least = Math.min(least, this.memoryBytes())
    }
    return least
  }

  /** The content of the share, its own folder left out. */
  inside(): Snapshot {
    return snapshot(this.share, (path) => path !== OWN_FOLDER)
  }

  /** The folders beside the share, the user's identity among them; the pins and the witness of the share are left out,
   *  since the target itself writes them. */
  beside(): Snapshot {
    const own = [`${CONFIG}/${PINS_FILE}`, `${STATE}/${WITNESS_FOLDER}/`]
    return snapshot(
      this.folder,
      (path) => path !== 'target/share' && !own.some((start) => path.startsWith(start)),
    )
  }

  /** Killed, and started again with all that it has on its disk. */
  async restart(): Promise<void> {
    const { child } = this
    const isOver = new Promise((resolve) => child?.once('exit', resolve))
    child?.kill('SIGKILL')
    await isOver
    await this.run()
  }

  private furnish(): void {
    mkdirSync(this.share, { recursive: true })
    mkdirSync(join(this.outside, 'folder'), { recursive: true })
    writeFileSync(join(this.outside, 'secret'), 'a secret beside the share\n')
    writeFileSync(join(this.outside, 'folder', 'precious'), 'precious\n')
    writeFileSync(join(this.share, 'victim.txt'), 'what stood here before\n')
    // A rule that came after the file would find it told.
    mkdirSync(join(this.share, OWN_FOLDER), { mode: 0o700 })
    writeFileSync(join(this.share, OWN_RULES_PATH), `${LEFT_OUT}\n`)
    writeFileSync(join(this.share, LEFT_OUT), 'left out\n')
    writeFileSync(join(this.share, 'large.bin'), contentOf('large.bin', 400_000))
    if (this.secret !== undefined) writeFileSync(this.secretFile, `${this.secret}\n`, { mode: 0o600 })
  }

  private get secretFile(): string {
    return join(this.folder, 'secret')
  }

  private async run(): Promise<void> {
    const { host, port } = this.endpoint
    const words = [
      '--json',
      // A left.toml of whoever runs the self-test is about other shares.
      '--config',
      'no',
      '--bind',
      host,
      '--port',
      String(port),
      '--ip',
      this.freePorts.map((named) => `${this.friend}:${named}`).join(','),
      '--share',
      this.share,
      ...(this.secret === undefined ? [] : ['--secret-file', this.secretFile]),
      ...this.options,
    ]
    const saidBefore = this.said.length
    const child = spawn(
      process.execPath,
      [...nodeOptions(), program(), ...words, '--encryption', this.encryption],
      { stdio: ['ignore', 'pipe', 'pipe'], env: environmentIn(this.folder) },
    )
    this.child = child
    process.on('exit', this.onExit)
    createInterface({ input: child.stdout! }).on('line', (text) => {
      const event = JSON.parse(text) as Said
      if (event.event !== 'progress' && event.event !== 'totals') this.said.push(event)
    })
    child.stderr!.on('data', (chunk) => {
      if (this.errors.length < 2_000) this.errors += chunk
    })
    const isScanned = () => this.said.slice(saidBefore).some(({ event }) => event === 'scanned')
    if (!(await this.says(isScanned, WARM_UP_MS_MAX)))
      throw new LeftError('watcher-failed', `the peer to be attacked did not start: ${this.errors.trim()}`)
  }

  /** Receives from an honest peer and serves it: what is held from then on is no growth, and that nothing arrives later
   *  is not because nothing can. */
  private async warmUp(): Promise<void> {
    const honest = await this.attacker()
    // Before the session: while megabytes are made and hashed nothing is answered, and the target gives silent peers up.
    const lines = [
      honest.items.addFile('warm-large', contentOf('warm-large', WARM_UP_BYTES)),
      ...Array.from({ length: 20 }, (_, index) =>
        honest.items.addFile(`warm-small-${index}`, contentOf(`small ${index}`, 20_000)),
      ),
    ].sort(byName)
    const tree = honest.items.addTree(lines)
    await this.connect(honest, WARM_UP_MS_MAX)
    await honest.have(tree, [], WARM_UP_MS_MAX)
    const isThere = await this.says(
      ({ event, path }) => event === 'received' && path === 'warm-large',
      WARM_UP_MS_MAX,
    )
    await honest.close()
    if (!isThere)
      throw new LeftError('watcher-failed', 'the peer to be attacked does not receive from an honest one')
    await new Promise((resolve) => setTimeout(resolve, MEMORY_SETTLE_MS))
  }
}

function removeFolder(folder: string): void {
  try {
    // The watcher process of a target that was killed may write for one moment more.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  } catch (error) {
    // The deepest paths of the attacks fit a share; with what leads to the share before them no name reaches them.
    if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error
    const { status, stderr } = spawnSync('rm', ['-rf', '--', folder])
    if (status !== 0) throw new Error(`could not remove ${folder}: ${stderr}`, { cause: error })
  }
}

/** How this process runs our files, so that another can: from the sources in development. */
export function nodeOptions(): string[] {
  return isFromSources() && !process.execArgv.includes('tsx')
    ? [...process.execArgv, '--import', 'tsx']
    : process.execArgv
}

function program(): string {
  return fileURLToPath(programFile('cli/main'))
}

export function freePort(host: string): Promise<number> {
  const socket = createSocket('udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', (error) =>
      reject(
        new LeftError('not-available', `the self-test needs ${host}, a loopback address of Linux`, error),
      ),
    )
    socket.bind({ address: host, exclusive: true }, () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}
