// Many small files are made in the share of one of two peers, removed there all at once, and the removal is confirmed: how long
// until the folder is gone on the other side, what that costs and what crosses. The default trash and breaker. In a network
// namespace of its own:
//
//   unshare -n sh -c 'ip link set lo up; npx tsx bench/deletions.ts [--files 50000 --per-folder 500 --under /tmp --json]'

import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { sleep, waitUntil } from '../harness/peers/wait.js'
import { cellsOf, FILES_PER_FOLDER, LoopbackPair, makeFiles, PROCESSES } from './loopback-pair.js'
import { keepResults } from './results.js'
import { formatTable } from './table.js'

/** Files beside the folder: a share that is empty all at once is another matter. */
const STAYING_FILES = 10
const SETTLED_MS = 3_000
/** Each look is a process of its own. */
const STATUS_POLL_MS = 1_000
const QUIET_LOOKS_MIN = 3

const values = parseArguments('deletions', {
  files: { type: 'string', default: '50000' },
  'per-folder': { type: 'string', default: String(FILES_PER_FOLDER) },
  under: { type: 'string', default: tmpdir() },
  json: { type: 'boolean', default: false },
})
const files = Number(values.files)
if (!(Number.isInteger(files) && files > 0)) refuse('deletions', '--files takes a whole number above 0')
const perFolder = Number(values['per-folder'])
if (!(Number.isInteger(perFolder) && perFolder > 0))
  refuse('deletions', '--per-folder takes a whole number above 0')
const sandbox = new Sandbox({ keep: false, under: values.under })
const pair = await LoopbackPair.open(sandbox)
const { a, b } = pair
const isGone = ({ share }: typeof a) => !existsSync(join(share, 'tree'))
let removed = 0
let heldCount = 0
let quietLooks = 0
pair.onEventOfB = (event) => {
  if (event.event === 'removed') removed++
}

makeFiles(join(a.share, 'stays'), STAYING_FILES)
for (const peer of pair.peers) peer.start()
await waitUntil('the peers to be in step', () => pair.isInStep(STAYING_FILES), { timeoutMs: 60_000 })
const made = await pair.measure(
  `${files} files to arrive`,
  () => void makeFiles(join(a.share, 'tree'), files, perFolder),
  () => pair.isInStep(files + STAYING_FILES),
)
process.stderr.write(`made: ${made.seconds.toFixed(1)} s\n`)
await sleep(SETTLED_MS)
const held = await pair.measure(
  'the breaker to hold the removal',
  () => rmSync(join(a.share, 'tree'), { recursive: true }),
  () => isHeld(),
  STATUS_POLL_MS,
)
process.stderr.write(`held: ${held.seconds.toFixed(1)} s\n`)
const confirmed = await pair.measure(
  'the other side to have removed all',
  () => void pair.command(a, 'confirm'),
  () => isGone(b) && pair.isInStep(STAYING_FILES),
)
if (!isGone(a) || existsSync(join(b.share, 'tree'))) throw new Error('the folder is still there')
const restarted = await pair.measure(
  'both to be in step with all those deletions',
  async () => {
    await pair.stop()
    for (const peer of pair.peers) peer.start()
  },
  () => pair.isInStep(STAYING_FILES),
)
await pair.stop()
const phases = { made, held, confirmed, restarted }
const table =
  `${files} small files, ${perFolder} to a folder: made, removed and held, confirmed until gone on the other side, both restarted (${heldCount} paths were held, ${removed} told as removed)\n` +
  formatTable(
    ['', 's', 'MB on the wire', ...PROCESSES.map((name) => `${name}: CPU s / peak MB`)],
    Object.entries(phases).map(([name, cost]) => [name, ...cellsOf(cost)]),
  )
const kept = keepResults('deletions', { table, figures: { files, perFolder, removed, ...phases } })
process.stdout.write(values.json ? `${JSON.stringify(phases)}\n` : `${table}\n`)
process.stderr.write(`Kept in ${kept}\n`)
sandbox.close()
process.exit(0)

/** Where a removal takes longer than the breaker waits, a first part of it is told: only the rest is held. */
function isHeld(): boolean {
  const { holds } = JSON.parse(pair.command(a, 'status', '--json'))
  const isQuiet = holds?.unsettled.count === 0 && holds.stopped.count > 0
  quietLooks = isQuiet ? quietLooks + 1 : 0
  heldCount = holds?.stopped.count ?? 0
  return quietLooks >= QUIET_LOOKS_MIN
}
