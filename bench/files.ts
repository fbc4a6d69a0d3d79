// The memory of each process of LEFT over numbers of small files: while a share is scanned, while it goes to an empty peer,
// after a restart of both, and at rest after each.
//
//   npm run bench:files [-- --files 300000,1000000 --rest 60 --under /tmp --json]

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { endpointText, freeEndpoints } from '../harness/peers/endpoints.js'
import { Peer, waitForPeers } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { sleep } from '../harness/peers/wait.js'
import { keepResults } from './results.js'
import { formatFigure, formatTable } from './table.js'
import { memoryOf, resetPeaks } from './usage.js'

const FILES_PER_FOLDER = 500
const PHASE_MS_MAX = 3_600_000
const POLL_MS = 50
/** The wanted peak of each process, by the most files that it is for. */
const WANTED = [
  { files: 300_000, bytes: 300e6 },
  { files: 1_000_000, bytes: 700e6 },
]
const PROCESSES = ['source engine', 'source watcher', 'sink engine', 'sink watcher']

interface Measured {
  readonly files: number
  readonly phase: string
  readonly seconds: number
  /** Memory of each of PROCESSES; undefined where the process does not run. */
  readonly peaksMb: readonly (number | undefined)[]
  readonly restMb: readonly (number | undefined)[]
}

const values = parseArguments('files', {
  files: { type: 'string', default: '300000,1000000' },
  rest: { type: 'string', default: '60' },
  under: { type: 'string', default: tmpdir() },
  json: { type: 'boolean', default: false },
})
const counts = values.files.split(',').map(Number)
if (!counts.every((count) => Number.isInteger(count) && count > 0))
  refuse('files', '--files takes whole numbers above 0, with commas between them')
const restMs = 1_000 * Number(values.rest)
if (!(restMs >= 0)) refuse('files', '--rest takes seconds')

const sandbox = new Sandbox({ keep: false, under: values.under })
const measured: Measured[] = []
for (const files of counts) await measure(files)
const rows = measured.map(({ files, phase, seconds, peaksMb, restMb }) => [
  `${files} ${phase}`,
  formatFigure((Math.max(...peaksMb.map((peak) => peak ?? 0)) * 1e6) / wantedBytes(files)),
  formatFigure(seconds, 1),
  ...peaksMb.map((peak, index) => `${formatFigure(peak, 0)} / ${formatFigure(restMb[index], 0)}`),
])
const table =
  `Resident memory of each process, MB: the most in this phase / ${restMs / 1_000} s after it\n` +
  formatTable(['files', 'most / wanted', 's', ...PROCESSES], rows)
const kept = keepResults('files', { table, figures: measured })
process.stdout.write(values.json ? `${JSON.stringify(measured)}\n` : `${table}\n`)
process.stderr.write(`Kept in ${kept}\n`)
sandbox.close()
process.exit(0)

async function measure(files: number): Promise<void> {
  const endpoints = await freeEndpoints(2)
  const folder = sandbox.path(`files-${files}`)
  const peers = endpoints.map((endpoint, index) => {
    const name = 'AB'[index]!
    const share = join(folder, name)
    mkdirSync(share, { recursive: true })
    const others = [endpointText(endpoints[1 - index]!)]
    return sandbox.adopt(new Peer({ name, endpoint, share, others, config: join(folder, `config-${name}`) }))
  })
  const [source, sink] = peers as [Peer, Peer]
  makeFiles(source.share, files)
  let scannedFiles = 0
  let filesInStep = 0
  source.onEvent = (event) => {
    if (event.event === 'scanned') scannedFiles = event.files
  }
  sink.onEvent = (event) => {
    if (event.event === 'in-step' && event.equal) filesInStep = event.files
  }
  const phase = async (name: string, begin: () => Promise<void> | void, isDone: () => boolean) => {
    const beganMs = performance.now()
    await begin()
    await waitForPeers(
      peers.filter(({ isRunning }) => isRunning),
      `${name} of ${files} files`,
      isDone,
      {
        timeoutMs: PHASE_MS_MAX,
        pollMs: POLL_MS,
      },
    )
    const seconds = (performance.now() - beganMs) / 1_000
    const peaks = peers.flatMap((peer) => memoryOfBoth(peer))
    await sleep(restMs)
    const rests = peers.flatMap((peer) => memoryOfBoth(peer))
    // A peak after it, as of a checkpoint, is one too.
    const peaksMb = peaks.map((_, index) => megabytes(rests[index]?.peakBytes))
    measured.push({
      files,
      phase: name,
      seconds,
      peaksMb,
      restMb: rests.map((rest) => megabytes(rest?.nowBytes)),
    })
    process.stderr.write(
      `${files} files, ${name}: ${seconds.toFixed(1)} s, ${peaksMb.map((mb) => formatFigure(mb, 0)).join(' ')} MB\n`,
    )
  }
  await phase(
    'scan',
    () => source.start(),
    () => scannedFiles >= files,
  )
  if (source.pid !== undefined) resetPeaks(source.pid)
  await phase(
    'transfer',
    () => sink.start(),
    () => filesInStep >= files,
  )
  filesInStep = 0
  await phase(
    'restart',
    async () => {
      for (const peer of peers) await peer.stop()
      for (const peer of peers) peer.start()
    },
    () => filesInStep >= files,
  )
  for (const peer of peers) await peer.stop()
  rmSync(folder, { recursive: true })
}

function memoryOfBoth({ pid }: Peer) {
  const [engine, watcher] = pid === undefined ? [] : memoryOf(pid)
  return [engine, watcher]
}

function megabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1e6
}

function wantedBytes(files: number): number {
  return (WANTED.find((wanted) => files <= wanted.files) ?? WANTED.at(-1)!).bytes
}

/** Each of some bytes and unlike the others. */
function makeFiles(share: string, files: number): void {
  for (let index = 0; index < files; index++) {
    const folder = join(share, `folder-${Math.floor(index / FILES_PER_FOLDER)}`)
    if (index % FILES_PER_FOLDER === 0) mkdirSync(folder)
    writeFileSync(join(folder, `file-${index}.txt`), `file ${index}\n`)
  }
}
