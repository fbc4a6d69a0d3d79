// Starts a thread of this process from a module of ours. Used by whoever has work that would hold up its own loop.

import { Worker } from 'node:worker_threads'
import { THREAD_HEAP } from './limits.js'
import { isFromSources, programFile } from './program.js'

/** `module` is the path of the thread's module from the root of the program, without its extension. */
export function startThread(module: string): Worker {
  const options = { execArgv: [], resourceLimits: THREAD_HEAP }
  const file = programFile(module)
  if (!isFromSources()) return new Worker(file, options)
  const program = JSON.stringify(file.href)
  const script = `import('tsx/esm/api').then(({ register }) => { register(); return import(${program}) })`
  return new Worker(script, { ...options, eval: true })
}
