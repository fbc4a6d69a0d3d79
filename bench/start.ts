// How long two peers take from their start until both say that they are in step, and what that costs: at their first meeting, with
// the same files on both and nothing known of each other, and after both were started again. Two real peers on this machine.
// LEFT_PROGRAM names another build to measure.
//
//     npm run build && npm run bench:start [-- --files 10000 --runs 3 --plain --json]

import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { freeEndpoints } from '../harness/peers/endpoints.js'
import { addressesOfOthers, Peer, waitForPeers } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { sleep } from '../harness/peers/wait.js'
import { median } from './bench.js'
import { keepResults } from './results.js'
import { formatFigure, formatTable } from './table.js'
import { usageOf } from './usage.js'

const WAIT_MS_MAX = 120_000
const FILES_PER_FOLDER = 100
const FILE_BYTES = 100
/** Work that a start leaves for later, such as the commit of the index, belongs to its cost. */
const REST_MS = 3_000

const values = parseArguments('start', {
  files: { type: 'string', default: '10000' },
  runs: { type: 'string', default: '3' },
  plain: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
})
const files = wholeNumber(values.files, '--files')
const runs = wholeNumber(values.runs, '--runs')
const options = values.plain ? ['--encryption', 'no'] : []

interface Start {
  readonly seconds: number
  readonly cpuSeconds: number
  /** Bytes that both sockets sent together, until the peers were stopped. */
  readonly sentBytes: number
}

const STARTS = ['first contact', 'both started again'] as const
const measured: Record<(typeof STARTS)[number], Start[]> = { 'first contact': [], 'both started again': [] }
for (let run = 0; run < runs; run++) {
  const sandbox = new Sandbox({ keep: false })
  const endpoints = await freeEndpoints(2)
  const shares = ['A', 'B'].map((name) => sandbox.path(name, 'share'))
  writeFiles(shares[0]!)
  cpSync(shares[0]!, shares[1]!, { recursive: true, preserveTimestamps: true })
  const peers = endpoints.map((endpoint, index) => {
    const others = addressesOfOthers(endpoints, endpoint)
    const config = sandbox.path(`${index}`, 'config')
    return sandbox.adopt(
      new Peer({ name: `${index}`, endpoint, share: shares[index]!, config, others, options }),
    )
  })
  for (const start of STARTS) measured[start].push(await measure(peers))
  sandbox.close()
}

const rows = STARTS.map((start) => {
  const of = (figure: keyof Start) => median(measured[start].map((each) => each[figure]))
  return [
    start,
    formatFigure(of('seconds')),
    formatFigure(of('cpuSeconds')),
    `${Math.round(of('sentBytes'))}`,
  ]
})
const table = formatTable([`${files} files`, 'seconds', 'CPU s', 'bytes sent'], rows)
const figures = { files, runs, plain: values.plain, measured }
console.log(values.json ? JSON.stringify(figures) : table)
keepResults('start', { table, figures })
process.exit(0)

async function measure(peers: readonly Peer[]): Promise<Start> {
  const startedMs = performance.now()
  for (const peer of peers) peer.start()
  await waitForPeers(peers, 'the peers to be in step', () => peers.every(({ inStep }) => inStep.size === 1), {
    timeoutMs: WAIT_MS_MAX,
    pollMs: 5,
  })
  const seconds = (performance.now() - startedMs) / 1_000
  await sleep(REST_MS)
  const { cpuSeconds } = usageOf(peers.map(({ pid }) => pid!))
  let sentBytes = 0
  for (const peer of peers) sentBytes += (await peer.stop('both')).sentBytes
  return { seconds, cpuSeconds, sentBytes }
}

function writeFiles(share: string): void {
  for (let file = 0; file < files; file++) {
    const folder = join(share, `${Math.floor(file / FILES_PER_FOLDER)}`)
    if (file % FILES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${file}`), `${file}`.padEnd(FILE_BYTES, '.'))
  }
}

function wholeNumber(text: string, option: string): number {
  return /^[1-9]\d{0,8}$/.test(text)
    ? Number(text)
    : refuse('start', `${option} takes a whole number above 0`)
}
