// Runs the program, or a file of the tests, as a real child process.

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bundled } from '../../harness/bundled.js'
import { PROGRAM } from '../../harness/peers/peer.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves once stdout holds the text. */
  says(text: string): Promise<void>
}

/** Runs `left` until it ends by itself. */
export function left(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  return start(PROGRAM, words, env).ended
}

/** The peer that plays a script, as one file. */
export function scriptedPeer(): string {
  return bundled(fileURLToPath(new URL('fixtures/scripted-peer.ts', import.meta.url)))
}

/** Runs a file of JavaScript in the root of the project. */
export function start(file: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, [file, ...words], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    for (const look of waiting) look()
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return {
    process: child,
    ended: new Promise((resolve) => {
      child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }))
    }),
    says: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (!stdout.includes(text)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}
