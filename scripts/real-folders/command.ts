// Other programs, run as a person runs them, with a home of their own.

import { spawn, spawnSync } from 'node:child_process'

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  /** Error output of the command: faults, and anything else that it says there. */
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
}

/** Ends one that would never end. */
const COMMAND_MS_MAX = 20 * 60_000

export function attempt(
  program: string,
  words: readonly string[],
  { cwd, env }: CommandOptions,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_MS_MAX,
    })
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk) => {
        texts[name] += chunk
      })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, ...texts }))
  })
}

/** Throws where it does not end well. Answers its output. */
export async function run(
  program: string,
  words: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { exitCode, stdout, stderr } = await attempt(program, words, options)
  if (exitCode === 0) return stdout
  throw new Error(
    `${program} ${words.join(' ')} ended with ${exitCode}: ${`${stdout}${stderr}`.slice(-1_000)}`,
  )
}

export function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}
