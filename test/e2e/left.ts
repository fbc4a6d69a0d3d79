// Runs the program for a command that ends, in a folder.

import { spawn } from 'node:child_process'
import { expect } from 'vitest'
import { PROGRAM } from '../../harness/peers/peer.js'
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

/** Throws where the peer on this share is not there to tell. */
export async function statusOf({ share }: { readonly share: string }): Promise<Status> {
  const { exitCode, stdout, stderr } = await left(share, 'status', '--json')
  if (exitCode !== 0 || stderr !== '') throw new Error(`left status ended with ${exitCode}: ${stderr}`)
  return JSON.parse(stdout)
}

/** Expects something of what is taken again and again until it holds. */
export function eventually<T>(take: () => Promise<T> | T) {
  return expect.poll(take, { timeout: 40_000, interval: 50 })
}
