// Runs the program for a command that ends, in a folder.

import { spawn } from 'node:child_process'
import { expect } from 'vitest'
import { PROGRAM } from '../../harness/peers/peer.js'
import { askPeer } from '../../src/control/client.js'
import type { Status } from '../../src/control/status.js'

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export function left(folder: string, ...words: string[]): Promise<Ended> {
  return leftOf(process.env, folder, ...words)
}

/** The same as another user. */
export function leftOf(env: NodeJS.ProcessEnv, folder: string, ...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env })
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (bytes) => {
        texts[name] += bytes
      })
    child.on('close', (exitCode) => resolve({ exitCode, ...texts }))
  })
}

/** As `left status --json` tells it, without a process for each time that it is asked. Throws where the peer on this share is not there to tell. */
export async function statusOf({ share }: { readonly share: string }): Promise<Status> {
  const answer = await askPeer(share, { command: 'status', arguments: {} })
  if (!answer.ok) throw new Error(`the peer on ${share} does not tell its status: ${answer.message}`)
  return answer.result as Status
}

/** Expects something of what is taken again and again until it holds: `eventually(() => statusOf(a)).toMatchObject({ isInStep: true })`.
 *  A process that is started for each answer is worth a longer interval. */
export function eventually<T>(take: () => Promise<T> | T, intervalMs = 50) {
  return expect.poll(take, { timeout: 40_000, interval: intervalMs })
}
