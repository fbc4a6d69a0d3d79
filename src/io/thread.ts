// Starts a thread of this process from a module of ours. Used by whoever has work that would hold up its own loop.

import { Worker } from 'node:worker_threads'
import { THREAD_HEAP } from './limits.js'

/** `module` is the address of the thread's module without its extension, `from` that of whoever starts it. */
export function startThread(module: string, from: string): Worker {
  const options = { execArgv: [], resourceLimits: THREAD_HEAP }
  if (!from.endsWith('.ts')) return new Worker(new URL(`${module}.js`, from), options)
  // From the sources, as tests run it, a thread has to be taught TypeScript first.
  const program = JSON.stringify(new URL(`${module}.ts`, from).href)
  const script = `import('tsx/esm/api').then(({ register }) => { register(); return import(${program}) })`
  return new Worker(script, { ...options, eval: true })
}
