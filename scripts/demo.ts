// Shows LEFT at work on this machine: three real peers, real files, a real kill. `npm run demo`.
//
// Ends with 0 where every file is the same on all peers after each phase, with 1 where anything differs, hangs or
// fails, with 2 where this machine cannot run it.

import { existsSync, statfsSync } from 'node:fs'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { PROGRAM } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { formatBytes } from '../src/cli/format.js'
import { PHASES } from './demo/phases.js'
import { Screen } from './demo/screen.js'
import { Stage } from './demo/stage.js'
import { type PhaseResult, TABLE_NOTES, tableOf } from './demo/table.js'

/** All of it, whatever happens. */
const DEMO_MS_MAX = 110_000

/** Three shares of about 600 MB, with room for a large file that is built anew beside its old version. */
const DISK_BYTES_MIN = 2_500_000_000

const values = parseArguments('demo', { keep: { type: 'boolean', default: false } })
const screen = new Screen(process.stdout)
if (!existsSync(PROGRAM)) refuse('demo', 'the program is not built: run "npm run build" first')
const sandbox = new Sandbox(values)
const { bavail, bsize } = statfsSync(sandbox.folder)
if (bavail * bsize < DISK_BYTES_MIN) {
  refuse(
    'demo',
    `${sandbox.folder} has ${formatBytes(bavail * bsize)} free and ${formatBytes(DISK_BYTES_MIN)} are needed: set TMPDIR to a folder with more room`,
  )
}

const startedMs = performance.now()
let doing = 'the start'
const late = setTimeout(() => fail(`not done after ${DEMO_MS_MAX / 1_000} s, in ${doing}`), DEMO_MS_MAX)
const results: PhaseResult[] = []
try {
  const stage = await Stage.open(screen, sandbox)
  for (const phase of PHASES) {
    doing = phase.name
    results.push(await phase(stage))
  }
} catch (error) {
  fail((error as Error).message)
}
clearTimeout(late)
showResults()
const isEqual = results.every(({ differences }) => differences.length === 0)
screen.line(
  isEqual
    ? `\nEverything is the same on A, B and C. ${((performance.now() - startedMs) / 1_000).toFixed(1)} s in all.`
    : '\nNot everything is the same: see DIFFER above.',
)
process.exit(isEqual ? 0 : 1)

function showResults(): void {
  screen.line('')
  for (const line of tableOf(results, 3)) screen.line(line)
  screen.line('')
  for (const line of TABLE_NOTES) screen.line(line)
}

function fail(reason: string): never {
  screen.close()
  if (results.length > 0) showResults()
  process.stderr.write(`\ndemo: ${reason}\n`)
  process.exit(1)
}
