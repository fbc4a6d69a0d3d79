// Shared by every bench over real links: its options, its sandbox on a memory file system, its turn on a machine
// that others measure on too, and where the results go.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { ParseArgsConfig } from 'node:util'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { writeContent } from '../harness/peers/content.js'
import { PROGRAM } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { keepResults, type Shown } from './results.js'
import { findMeans, type Means } from './testbed.js'

/** Exit code of a bench that cannot run on this machine. */
export const EXIT_LEFT_OUT = 3

export const MIB = 1 << 20
const MEMORY_FOLDER = '/dev/shm'
const WHOLE_NUMBER = /^[1-9]\d{0,8}$/

export interface BenchOptions {
  readonly runs: number
  /** Undefined: each link's own. */
  readonly sizeBytes: number | undefined
  readonly only: string
  readonly json: boolean
  /** A file whose lock is held while something is measured. */
  readonly lock: string | undefined
}

const OPTIONS = {
  runs: { type: 'string', default: '3' },
  size: { type: 'string' },
  only: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
  lock: { type: 'string' },
} as const satisfies ParseArgsConfig['options']

export class Bench {
  readonly name: string
  readonly sandbox: Sandbox
  readonly means: Means
  readonly options: BenchOptions
  readonly values: Record<string, string | boolean | undefined>

  constructor(name: string, extra: NonNullable<ParseArgsConfig['options']> = {}) {
    this.name = name
    const values = parseArguments(name, { ...OPTIONS, ...extra }) as Record<
      string,
      string | boolean | undefined
    >
    this.values = values
    const size = values.size as string | undefined
    this.options = {
      runs: this.wholeNumber('runs'),
      sizeBytes: size === undefined ? undefined : this.bytes('size'),
      only: values.only as string,
      json: values.json === true,
      lock: values.lock as string | undefined,
    }
    if (!existsSync(PROGRAM)) refuse(name, `${PROGRAM} is missing: run npm run build first`)
    this.sandbox = new Sandbox({ keep: false, under: existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir() })
    this.means = findMeans(this.sandbox)
    this.say(
      this.means.kind === 'namespaces'
        ? 'Links: between two network namespaces, by the emulator of bench/linkem.c.'
        : `Links: a lossy relay on loopback, because ${this.means.why}. It carries far less than a real one; other programs are left out.`,
    )
  }

  /** Ends the bench where several programs cannot have links of their own. */
  needNamespaces(): void {
    if (this.means.kind !== 'relay') return
    this.say(`${this.name}: left out, because it needs network namespaces: ${this.means.why}`)
    this.sandbox.close()
    process.exit(EXIT_LEFT_OUT)
  }

  /** Progress, for a person: on stderr, so that `--json` has stdout. */
  say(line: string): void {
    process.stderr.write(`${line}\n`)
  }

  /** The first touch of a virtual machine's memory is many times slower than the next. */
  async warm(bytes: number): Promise<void> {
    const file = this.sandbox.path('warm')
    await writeContent(file, 'warm', bytes)
    rmSync(file)
  }

  /** Runs `measure` while nobody else who takes the lock measures. */
  async alone<T>(measure: () => Promise<T>): Promise<T> {
    const { lock } = this.options
    if (lock === undefined) return measure()
    const holder = spawn('flock', [lock, 'sh', '-c', 'echo locked; cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.sandbox.adopt({ killNow: () => holder.kill('SIGKILL') })
    await once(holder.stdout, 'data')
    try {
      return await measure()
    } finally {
      holder.stdin.end()
    }
  }

  /** Into bench/results. */
  keep(shown: Shown): string {
    return keepResults(this.name, shown)
  }

  /** Prints the table or, with `--json`, the figures, and ends the work. */
  finish(shown: Shown): void {
    const kept = this.keep(shown)
    process.stdout.write(this.options.json ? `${JSON.stringify(shown.figures)}\n` : `${shown.table}\n`)
    this.say(`Kept in ${kept}`)
    this.sandbox.close()
  }

  wholeNumber(option: string): number {
    const text = String(this.values[option])
    return WHOLE_NUMBER.test(text)
      ? Number(text)
      : refuse(this.name, `--${option} takes a whole number above 0`)
  }

  /** One or several, with commas between them. */
  wholeNumbers(option: string): number[] {
    const texts = String(this.values[option]).split(',')
    if (!texts.every((text) => WHOLE_NUMBER.test(text)))
      return refuse(this.name, `--${option} takes whole numbers above 0, with commas between them`)
    return texts.map(Number)
  }

  /** A number of bytes, or of MiB with an M. */
  private bytes(option: string): number {
    const match = /^([1-9]\d{0,11})(M?)$/.exec(String(this.values[option]))
    if (match === null) return refuse(this.name, `--${option} takes bytes, or MiB as in 64M`)
    return Number(match[1]) * (match[2] === 'M' ? MIB : 1)
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
