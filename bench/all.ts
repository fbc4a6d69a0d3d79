// All benches, one after the other; what they show is in bench/results/ afterwards. Takes two hours.
//
//   npm run bench [-- --runs 3]

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArguments } from '../harness/peers/arguments.js'
import { EXIT_LEFT_OUT } from './bench.js'

/** Those over links take the options; the others know no runs. */
const OVER_LINKS = ['link', 'small', 'many', 'shift', 'memory', 'fair', 'peers']
const OTHERS = ['loss', 'latency', 'start', 'seal', 'files']

const values = parseArguments('bench', { runs: { type: 'string', default: '3' }, lock: { type: 'string' } })
const options = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])
const failed: string[] = []
const leftOut: string[] = []
for (const name of [...OVER_LINKS, ...OTHERS]) {
  process.stdout.write(`\n— bench:${name} —\n`)
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const words = ['--import', 'tsx', script, ...(OVER_LINKS.includes(name) ? options : [])]
  const child = spawn(process.execPath, words, { stdio: 'inherit' })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  if (signal !== null || code === 130 || code === 143) process.exit(code ?? 130)
  if (code === EXIT_LEFT_OUT) leftOut.push(name)
  else if (code !== 0) failed.push(name)
}
if (leftOut.length > 0)
  process.stdout.write(`\nleft out, for want of network namespaces: ${leftOut.join(', ')}\n`)
if (failed.length > 0)
  process.stdout.write(`\nended with an error, or short of what it wants: ${failed.join(', ')}\n`)
process.exit(failed.length > 0 ? 1 : 0)
