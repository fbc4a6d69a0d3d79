// How long `left ls` takes to list a peer with many names, from its start to its end, and what that costs: as text and as JSON, at the
// first meeting with a key that is known and later. One real peer on this machine, over the loopback. LEFT_PROGRAM names another build.
//
//     npm run build && npm run bench:ls [-- --names 100000 --runs 5 --json]

import { spawn } from 'node:child_process'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { endpointText, freeEndpoints } from '../harness/peers/endpoints.js'
import { Peer, PROGRAM, waitForPeers } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { median } from './bench.js'
import { keepResults } from './results.js'
import { formatFigure, formatTable } from './table.js'

const WAIT_MS_MAX = 300_000
const NAMES_PER_FOLDER = 1_000

const values = parseArguments('ls', {
  names: { type: 'string', default: '100000' },
  runs: { type: 'string', default: '5' },
  json: { type: 'boolean', default: false },
})
const names = wholeNumber(values.names, '--names')
const runs = wholeNumber(values.runs, '--runs')

const sandbox = new Sandbox({ keep: false })
const [endpoint, nobody] = await freeEndpoints(2)
const share = sandbox.path('share')
for (let index = 0; index < names; index++) {
  const folder = join(share, `folder-${Math.floor(index / NAMES_PER_FOLDER)}`)
  if (index % NAMES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `file-${index}.txt`), String(index))
}
const config = sandbox.path('config')
let isScanned = false
const others = [endpointText(nobody!)]
const peer = sandbox.adopt(new Peer({ name: 'A', endpoint: endpoint!, share, config, others }))
peer.onEvent = ({ event }) => {
  isScanned ||= event === 'scanned'
}
peer.start()
await waitForPeers([peer], 'the share to be read', () => isScanned, { timeoutMs: WAIT_MS_MAX })

const seconds: Record<string, number[]> = { text: [], json: [] }
// The first one meets the peer, and is not counted.
await list([])
for (let run = 0; run < runs; run++) {
  seconds.text!.push(await list([]))
  seconds.json!.push(await list(['--json']))
}

const rows = Object.entries(seconds).map(([how, all]) => [
  how,
  formatFigure(median(all)),
  formatFigure(Math.min(...all)),
])
const table = formatTable([`${names} names`, 'median s', 'least s'], rows)
const figures = { names, runs, seconds }
console.log(values.json ? JSON.stringify(figures) : table)
keepResults('ls', { table, figures })
// Behind the figures: so many files take their time to go.
await peer.stop('both')
sandbox.close()
process.exit(0)

async function list(options: readonly string[]): Promise<number> {
  const out = openSync('/dev/null', 'w')
  const startedMs = performance.now()
  const exitCode = await new Promise((resolve) => {
    spawn(process.execPath, [PROGRAM, 'ls', endpointText(endpoint!), ...options], {
      stdio: ['ignore', out, 'inherit'],
      env: { ...process.env, XDG_CONFIG_HOME: config },
    }).once('close', resolve)
  })
  if (exitCode !== 0) throw new Error(`left ls ended with ${exitCode}`)
  return (performance.now() - startedMs) / 1_000
}

function wholeNumber(text: string, option: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text)
  return refuse('ls', `${option} ${text} is no whole number`)
}
