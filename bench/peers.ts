// LEFT beside the programs that a person would pick in its place, in pairs: encrypted beside rsync over ssh and scp, in the clear
// beside rsync's daemon. One file, a tree of small files, and the same tree where nothing changed; real processes between two
// network namespaces, as root. Each program takes its turn in every run. bench/README.md says what the columns mean.
//
//     npm run build && npm run bench:peers [-- --links veth,1g-20ms-1% --only file,tree,unchanged --runs 3 --size 256M \
//         --files 10000 --tcp bbr,cubic --left '--window 64' --json]

import { rmSync } from 'node:fs'
import { refuse } from '../harness/peers/arguments.js'
import { writeContent } from '../harness/peers/content.js'
import { sleep } from '../harness/peers/wait.js'
import { Bench, MIB } from './bench.js'
import { groupTestbedOf, LeftGroup, transferWithin } from './left.js'
import { FULL_FILE_BYTES, type Link, linksNamed } from './links.js'
import { type Measure, type Pair, type Series, tableOf } from './pairs.js'
import type { Shown } from './results.js'
import { copyTree, measureRival, reasonAgainst, rivalsIn } from './rivals.js'
import { SSH_CIPHER } from './ssh.js'
import { openTestbed, sentBytes, type Testbed } from './testbed.js'
import { type Job, verify } from './transfer.js'
import { makeTree } from './tree.js'
import { usageOf } from './usage.js'

/** A tree of 10,000 has 155 MB. */
const TREE_FILE_BYTES = 15_500
/** Compilation and announcements that a transfer leaves behind count too, and so does the commit of the index after a start. */
const TRANSFER_REST_MS = 500
const START_REST_MS = 3_000

/** States of the pair of peers, by workload. */
const STATES = {
  file: ['fresh', 'warm'],
  tree: ['fresh', 'warm'],
  unchanged: ['restarted'],
} as const
type Workload = keyof typeof STATES
const WORKLOADS = Object.keys(STATES) as Workload[]

const MODES = {
  encrypted: ['--encryption', 'yes'],
  plain: ['--encryption', 'no'],
} as const
type Mode = keyof typeof MODES

/** `job` is moved first, and then, where it is there, `next` by the same pair of peers. */
interface Work {
  readonly workload: Workload
  readonly job: Job
  readonly next: Job | undefined
  readonly fileCount: number
}

const bench = new Bench('peers', {
  links: { type: 'string', default: 'veth,1g-2ms,1g-20ms-1%,100m-100ms-2%' },
  files: { type: 'string', default: '10000' },
  tcp: { type: 'string', default: 'bbr' },
  left: { type: 'string', default: '' },
})
bench.needNamespaces()
const { sandbox, means, options } = bench
const treeCount = bench.wholeNumber('files')
const sizeBytes = options.sizeBytes ?? 256 * MIB
const congestions = listed(bench.values.tcp, 'tcp', ['bbr', 'cubic'] as const)
const workloads = options.only === '' ? WORKLOADS : listed(options.only, 'only', WORKLOADS)
const extra = String(bench.values.left)
  .split(' ')
  .filter((word) => word !== '')
const rivals = rivalsIn(sandbox).filter(({ name, missing }) => {
  if (missing !== undefined) bench.say(`${name}: not measured, because ${missing} is not installed.`)
  return missing === undefined
})

await bench.warm(4 * Math.max(sizeBytes, treeCount * TREE_FILE_BYTES))
bench.say(`${options.runs} runs each, one program after the other; medians. Syncthing is not measured.`)
const all: Series[] = []
for (const link of linksNamed(String(bench.values.links))) {
  for (const workload of workloads) {
    all.push(await measureOver(link, workload))
    // Keeps the results so far, should somebody end the bench here.
    bench.keep(shown())
  }
}
bench.finish(shown())
process.exit(0)

function shown(): Shown {
  return { table: all.map(tableOf).join('\n\n'), figures: all }
}

function listed<Name extends string>(value: unknown, option: string, names: readonly Name[]): Name[] {
  const asked = String(value).split(',')
  const isKnown = (name: string): name is Name => (names as readonly string[]).includes(name)
  return asked.every(isKnown)
    ? asked
    : refuse('peers', `--${option} takes ${names.join(', ')}, with commas between them`)
}

/** All runs of one workload over one link. */
async function measureOver(link: Link, workload: Workload): Promise<Series> {
  const isThere = workload === 'unchanged'
  const fileCount = workload === 'file' ? 1 : treeCount
  const about = `${link.name} ${workload}`
  const programs = rivals
    .flatMap((rival) => congestions.map((congestion) => ({ rival, congestion })))
    .filter(({ rival, congestion }) => {
      const why = reasonAgainst(rival, congestion, link, { fileCount, isThere })
      if (why !== undefined) bench.say(`${about}, ${rival.name}, ${congestion}: left out: ${why}`)
      return why === undefined
    })
  const pairs = new Map<string, Pair>()
  for (let run = 0; run < options.runs; run++) {
    const work = await makeWork(link, workload, { run, fileCount })
    for (const mode of Object.keys(MODES) as Mode[]) {
      const left = await attempt(`${about}, left ${mode}`, () => measureLeft(link, mode, work))
      for (const { rival, congestion } of programs.filter((program) => program.rival.mode === mode)) {
        const name = `${rival.name}, ${congestion}`
        const { job } = work
        const other = await attempt(`${about}, ${name}`, async () => ({
          '': await measureRival(rival, { sandbox, means, link, congestion, job, isThere }),
        }))
        for (const state of STATES[workload])
          pairNamed(pairs, `${mode}, ${state} / ${name}`).runs.push({
            left: left?.[state],
            other: other?.[''],
          })
      }
    }
    rmSync(sandbox.path('source'), { recursive: true, force: true })
  }
  const bytes = workload === 'file' ? fileBytesOver(link) : treeCount * TREE_FILE_BYTES
  const moved = {
    file: `one file of ${Math.round(bytes / MIB)} MiB`,
    tree: `${treeCount} files of ${TREE_FILE_BYTES} bytes`,
    unchanged: `nothing changed in ${treeCount} files of ${TREE_FILE_BYTES} bytes`,
  }[workload]
  const beside = `TCP ${congestions.join(' and ')}, ssh ${SSH_CIPHER}`
  return {
    title: `${moved}: ${link.title}, ${beside}; medians of ${options.runs}`,
    bytes,
    pairs: [...pairs.values()],
  }
}

function pairNamed(pairs: Map<string, Pair>, name: string): Pair {
  const pair = pairs.get(name) ?? { name, runs: [] }
  pairs.set(name, pair)
  return pair
}

/** Says what was measured; undefined where it failed, which is said too. */
async function attempt(
  what: string,
  measure: () => Promise<Readonly<Record<string, Measure>>>,
): Promise<Readonly<Record<string, Measure>> | undefined> {
  try {
    const measures = await bench.alone(measure)
    for (const [state, { seconds, cpuSeconds }] of Object.entries(measures))
      bench.say(
        `${[what, state].join(' ').trim()}: ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU`,
      )
    return measures
  } catch (error) {
    bench.say(`${what}: FAILED: ${(error as Error).message}`)
    return undefined
  }
}

function fileBytesOver({ fileBytes }: Link): number {
  // Where it is smaller than that of a fast link, this link is slow.
  return fileBytes < FULL_FILE_BYTES ? Math.min(sizeBytes, fileBytes) : sizeBytes
}

async function makeWork(
  link: Link,
  workload: Workload,
  { run, fileCount }: { readonly run: number; readonly fileCount: number },
): Promise<Work> {
  const make = async (name: string): Promise<Job> => {
    const seed = `peers ${run} ${name}`
    const source = sandbox.path('source', name, name)
    if (workload !== 'file') return makeTree({ source, seed, fileCount, fileBytes: TREE_FILE_BYTES })
    const bytes = fileBytesOver(link)
    await writeContent(source, seed, bytes)
    return { source, bytes, check: (copy) => verify(source, copy) }
  }
  const job = await make('first')
  return { workload, job, next: workload === 'unchanged' ? undefined : await make('second'), fileCount }
}

/** By the state of the pair of peers. */
async function measureLeft(link: Link, mode: Mode, work: Work): Promise<Record<string, Measure>> {
  const testbed = await openTestbed(sandbox, means, link)
  const { source, sink } = testbed
  const group = new LeftGroup({ sandbox, source, sinks: [sink], options: [...MODES[mode], ...extra] })
  try {
    if (work.next === undefined) return { restarted: await measureRestart(group, testbed, work.job) }
    await group.start()
    const fresh = await measureTransfer(group, testbed, work.job, work.fileCount)
    const warm = await measureTransfer(group, testbed, work.next, work.fileCount)
    return { fresh, warm }
  } finally {
    await group.close()
    testbed.close()
  }
}

async function measureTransfer(
  group: LeftGroup,
  testbed: Testbed,
  job: Job,
  fileCount: number,
): Promise<Measure> {
  const before = sentBytes(testbed)
  const within = groupTestbedOf(testbed)
  const transfer = await transferWithin(group, within, { job, fileCount, restMs: TRANSFER_REST_MS })
  return {
    seconds: transfer.wholeSeconds,
    movingSeconds: transfer.seconds,
    cpuSeconds: transfer.cpuSeconds,
    wireBytes: sentBytes(testbed) - before,
  }
}

/** Both have the same and know it; they stop, and start again until they are in step. */
async function measureRestart(group: LeftGroup, testbed: Testbed, job: Job): Promise<Measure> {
  for (const { share } of group.peers) copyTree(job.source, share)
  await group.start()
  await sleep(START_REST_MS)
  await group.stop()
  const before = sentBytes(testbed)
  const beganAtMs = performance.now()
  await group.start()
  const seconds = (performance.now() - beganAtMs) / 1_000
  await sleep(START_REST_MS)
  const { cpuSeconds } = usageOf(group.pids)
  return { seconds, cpuSeconds, wireBytes: sentBytes(testbed) - before }
}
