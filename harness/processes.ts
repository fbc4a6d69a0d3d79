// Processes as the system sees them, and the program run to its end.

import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { PROGRAM } from './peers/peer.js'

/** A run that should have refused to start is ended after this long. */
const RUN_MS_MAX = 20_000

export interface Ended {
  /** Null where it had to be killed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly uid?: number
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Kills the process after this long. */
  readonly timeoutMs?: number
}

/** Runs `left` until it ends by itself. */
export function runLeft(
  words: readonly string[],
  { timeoutMs = RUN_MS_MAX, ...options }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
}

/** The processes that `pid` has started and that still run. */
export function childrenOf(pid: number): number[] {
  if (process.platform !== 'linux') {
    const found = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    return found.trim().split('\n').map(Number)
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      const fields = statOf(child)
      return fields !== undefined && Number(fields[1]) === pid && fields[0] !== 'Z'
    })
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return statOf(pid)?.[0] !== 'Z'
}

/** Processor time of a process so far, undefined where the system does not tell. */
export function cpuMsOf(pid: number): number | undefined {
  const fields = statOf(pid)
  // utime and stime, in ticks of which Linux counts 100 a second for every program. proc(5).
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * 10
}

/** Milliseconds that the threads of a process could have run and had no processor so far, all together; undefined where the
 *  system does not tell. */
export function waitedMsOf(pid: number): number | undefined {
  const tasks = `/proc/${pid}/task`
  try {
    // On the processor, waiting for one, in nanoseconds; slices. Linux, Documentation/scheduler/sched-stats.rst.
    return readdirSync(tasks).reduce(
      (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[1]) / 1e6,
      0,
    )
  } catch {
    return undefined
  }
}

/** The fields of /proc/<pid>/stat from the state on: the name before it may hold anything. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
