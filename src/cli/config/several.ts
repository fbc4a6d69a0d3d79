// Runs the shares of one file side by side: a process `left --config FILE --only NAME` for each, whose lines are printed behind the
// name of the share. They start and stop together: where one fails, the others are stopped too, so that whoever supervises
// this process learns of it. With --once each ends by itself, and the worst exit code is that of the whole.
//
// Each is the leader of a process group of its own, so that Ctrl-C comes from here and once: the second one a peer takes for impatience.
// The channel between us tells it when this process is gone. Called by main.ts.

import { type ChildProcess, fork } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { LineReader } from '../../control/line-reader.js'
import { EXIT_FAILED, EXIT_NOT_IN_STEP, EXIT_REFUSED, EXIT_STOPPED } from '../failure.js'
import { SHARE_LINE_BYTES_MAX, SHARE_STOP_MS_MAX } from '../limits.js'
import { columnsOf, printable } from '../names.js'

export interface SeveralRequest {
  readonly file: string
  readonly names: readonly string[]
  /** Of the command line, as given. */
  readonly words: readonly string[]
  readonly json: boolean
  readonly notes: readonly string[]
  /** The program that each process runs: this one. */
  readonly program: string
}

/** From the best to the worst. */
const EXIT_CODES = [EXIT_STOPPED, EXIT_NOT_IN_STEP, EXIT_REFUSED, EXIT_FAILED]

/** Answers the worst exit code once all have ended. */
export async function runSeveral(request: SeveralRequest): Promise<number> {
  const { names, notes } = request
  for (const note of notes) process.stderr.write(`left: ${printable(note)}\n`)
  const columns = Math.max(...names.map(columnsOf))
  const shares = names.map((name) => startShare(name, request, columns))
  const stop = stopperOf(shares)
  process.stdout.on('error', stop) // Nobody reads any more: a peer alone would stop for that too.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const codes = await Promise.all(
    shares.map(async ({ name, child, ended }) => {
      const code = await ended
      const isBad = code === EXIT_FAILED || code === EXIT_REFUSED
      if (isBad && shares.some((other) => other.child !== child && isRunning(other.child))) {
        process.stderr.write(`left: ${printable(name)} has ended (exit code ${code}): stopping the others\n`)
        stop()
      }
      return code
    }),
  )
  return codes.reduce(
    (worst, code) => (EXIT_CODES.indexOf(code) > EXIT_CODES.indexOf(worst) ? code : worst),
    0,
  )
}

interface RunningShare {
  readonly name: string
  readonly child: ChildProcess
  /** Its exit code, once all that it said was passed on. */
  readonly ended: Promise<number>
}

function startShare(
  name: string,
  { file, words, json, program }: SeveralRequest,
  columns: number,
): RunningShare {
  const child = fork(program, ['--config', file, '--only', name, ...words], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const prefix = `${name}${' '.repeat(columns - columnsOf(name))}  `
  passOn(child.stdout!, process.stdout, json ? namedObject(name) : (line) => prefix + line)
  passOn(child.stderr!, process.stderr, (line) => prefix + line)
  const ended = new Promise<number>((resolve) => {
    child.on('error', () => resolve(EXIT_FAILED)) // It could not be started.
    child.on('close', (code) => resolve(code !== null && EXIT_CODES.includes(code) ? code : EXIT_FAILED))
  })
  return { name, child, ended }
}

/** Each line is one JSON object; a first field says whose it is. */
function namedObject(name: string): (line: string) => string {
  const field = `{"name":${JSON.stringify(name)},`
  return (line) => (line.startsWith('{"') ? field + line.slice(1) : line)
}

/** Waits for a slow reader, so that the peer learns how slow it is, and leaves progress out. */
function passOn(from: Readable, to: Writable, formed: (line: string) => string): void {
  const reader = new LineReader(SHARE_LINE_BYTES_MAX)
  from.on('data', (bytes: Uint8Array) => {
    const lines = reader.read(bytes)
    if (lines === undefined) {
      // The peer escapes what others name, and has limits for what it says: this is none of its lines.
      from.destroy()
      return
    }
    if (lines.length === 0 || to.writableEnded || to.destroyed) return
    if (to.write(lines.map((line) => `${formed(line)}\n`).join(''))) return
    from.pause()
    to.once('drain', () => from.resume())
  })
}

function stopperOf(shares: readonly RunningShare[]): () => void {
  let isAsked = false
  const signal = (name: NodeJS.Signals) => {
    for (const { child } of shares) if (isRunning(child)) child.kill(name)
  }
  return () => {
    signal('SIGTERM')
    if (!isAsked) setTimeout(() => signal('SIGKILL'), SHARE_STOP_MS_MAX).unref()
    isAsked = true
  }
}

function isRunning({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null
}
