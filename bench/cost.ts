// Processor time of a byte and of a file: two peers of their own processes, one file of each size from a pair that has just
// started and then another, or `--warm` others, from the same pair, encrypted and in the clear, by thread. A line through the
// sizes parts fixed cost from slope; beside it the floor, which is what the parts of that work cost by themselves. Over a veth
// pair between two network namespaces, as root; else over the loopback, where a block is one datagram.
//
//     npm run bench:cost [-- --sizes 64,256,1024 --runs 3 --only encrypted --before OTHER/dist/cli/main.js --files 10000 \
//         --floor 256]
//
// `--before` is another build, which takes its turn before each run of this one: compare only what one run of the bench says,
// for a busy machine doubles every figure. There `--least` tells more than medians: each figure is the least of all runs.
// `--files` moves a tree of small files in the place of the file. `--floor` says how many MiB each part of the floor gets; 0
// leaves it out.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeContent } from '../harness/peers/content.js'
import { endpointText, freeEndpoints } from '../harness/peers/endpoints.js'
import { sleep } from '../harness/peers/wait.js'
import { Bench, MIB, median } from './bench.js'
import { Floor } from './floor.js'
import { type GroupTestbed, groupTestbedOf, LeftGroup } from './left.js'
import { linksNamed } from './links.js'
import { formatFigure, formatTable } from './table.js'
import { openTestbed } from './testbed.js'
import { cpuByRole, ROLES, type Role } from './threads.js'

const GIB = 1_024 * MIB
/** Compilation and announcements that a transfer leaves behind count too. */
const AFTER_MS = 500
const TRANSFER_MS_MAX = 600_000
/** A tree of 10,000 has 155 MB. */
const TREE_FILE_BYTES = 15_500
const FILES_PER_FOLDER = 100

const MODES = [
  { name: 'encrypted', options: ['--encryption', 'yes'] },
  { name: 'plain', options: ['--encryption', 'no'] },
] as const

const PHASES = ['fresh', 'warm'] as const
type Phase = (typeof PHASES)[number]

const SIDES = ['source', 'sink'] as const
type Side = (typeof SIDES)[number]
type Row = `${Side} ${Role}` | 'both'
const ROWS: readonly Row[] = [
  ...SIDES.flatMap((side) => ROLES.map((role) => `${side} ${role}` as const)),
  'both',
]

/** CPU seconds of a transfer, and how long it took. */
type Cost = Record<Row, number> & { readonly seconds: number }

const bench = new Bench('cost', {
  sizes: { type: 'string', default: '64,256,1024' },
  files: { type: 'string', default: '0' },
  before: { type: 'string' },
  least: { type: 'boolean', default: false },
  warm: { type: 'string', default: '1' },
  floor: { type: 'string', default: '256' },
})
const { sandbox, options } = bench
const fileCount = countOrNone('files')
const floorMib = countOrNone('floor')
const sizes = fileCount > 0 ? [fileCount] : bench.wholeNumbers('sizes').sort((one, other) => one - other)
const before = bench.values.before as string | undefined
/** Other programs' load only adds to the processor time of ours: the least of several runs is the nearest to it. */
const typical = bench.values.least === true ? (values: readonly number[]) => Math.min(...values) : median
const warmCount = bench.wholeNumber('warm')
const builds = before === undefined ? ['this'] : ['before', 'this']
const modes = MODES.filter(({ name }) => options.only === '' || options.only.split(',').includes(name))

const testbed = await openHosts()
const floor = floorMib === 0 ? undefined : new Floor(sandbox, testbed, floorMib)
const costs = new Map<string, Cost[]>()
/** Datagrams that the sink sent in the transfers of a pair. */
const requests = new Map<string, number[]>()
await bench.warm(sizes.at(-1)! * (fileCount > 0 ? TREE_FILE_BYTES : MIB))
for (let run = 0; run < options.runs; run++) {
  if (floor !== undefined) await bench.alone(() => floor.measure())
  for (const size of sizes) {
    for (const mode of modes) {
      for (const build of builds) {
        const asked = listOf(requests, `${mode.name} ${build} ${size}`)
        const pair = await bench.alone(() => transfers({ build, words: mode.options, size, asked }))
        for (const phase of PHASES) costsOf(mode.name, phase, build, size).push(...pair[phase])
      }
    }
  }
}
const tables = modes.flatMap(({ name }) => [
  ...PHASES.map((phase) => tableOf(name, phase)),
  `datagrams that the sink sent, ${name}, in ${1 + warmCount} transfers: ${builds.map((build) => requestsOf(name, build)).join('; ')}`,
])
if (floor !== undefined) tables.push(floor.table(typical))
const figures = { ...Object.fromEntries(costs), floor: floor?.figures(typical) }
bench.finish({ table: tables.join('\n\n'), figures })
process.exit(0)

function countOrNone(option: string): number {
  return bench.values[option] === '0' ? 0 : bench.wholeNumber(option)
}

async function openHosts(): Promise<GroupTestbed> {
  if (bench.means.kind === 'namespaces')
    return groupTestbedOf(await openTestbed(sandbox, bench.means, linksNamed('veth')[0]!))
  const [source, sink] = (await freeEndpoints(2)).map((endpoint) => ({
    namespace: undefined,
    endpoint,
    address: endpointText(endpoint),
  }))
  const crossed = async () => ({ packets: 0, bytes: 0, lostPackets: 0, droppedPackets: 0 })
  return { source: source!, sinks: [sink!], crossed }
}

function costsOf(mode: string, phase: Phase, build: string, size: number): Cost[] {
  return listOf(costs, `${mode} ${phase} ${build} ${size}`)
}

function listOf<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

/** Files, or trees, of one size over a new pair. */
async function transfers({
  build,
  words,
  size,
  asked,
}: {
  readonly build: string
  readonly words: readonly string[]
  readonly size: number
  /** Gets the count of the sink's datagrams. */
  readonly asked: number[]
}): Promise<Record<Phase, Cost[]>> {
  const { source, sinks } = testbed
  const program = build === 'before' ? before : undefined
  const group = new LeftGroup({ sandbox, source, sinks, options: words, program })
  group.listen((event, peer) => {
    if (event.event === 'summary' && peer !== group.source) asked.push(event.sentDatagrams)
  })
  try {
    await group.start()
    const fresh = [await transfer(group, 'fresh', size)]
    const warm: Cost[] = []
    while (warm.length < warmCount) warm.push(await transfer(group, `warm-${warm.length}`, size))
    return { fresh, warm }
  } finally {
    await group.close()
  }
}

async function transfer(group: LeftGroup, name: string, size: number): Promise<Cost> {
  const path = sandbox.path(name)
  if (fileCount > 0) makeTree(path, name)
  else await writeContent(path, `cost ${name}`, size * MIB)
  group.prepare(path)
  const count = fileCount > 0 ? fileCount : 1
  let received = 0
  const stop = group.listen((event) => {
    if (event.event === 'received') received++
  })
  const [source, sink] = group.pids as [number, number]
  const cpuBefore = { source: cpuByRole(source), sink: cpuByRole(sink) }
  const beganMs = performance.now()
  group.drop(name)
  await group.until(`${name} on the sink`, () => received >= count, TRANSFER_MS_MAX)
  const seconds = (performance.now() - beganMs) / 1_000
  await sleep(AFTER_MS)
  const cpuAfter = { source: cpuByRole(source), sink: cpuByRole(sink) }
  stop()
  rmSync(path, { recursive: true, force: true })
  const cost: Partial<Record<Row, number>> = { both: 0 }
  for (const side of SIDES) {
    for (const role of ROLES) {
      const cpu = cpuAfter[side][role] - cpuBefore[side][role]
      cost[`${side} ${role}`] = cpu
      cost.both! += cpu
    }
  }
  return { ...(cost as Record<Row, number>), seconds }
}

function makeTree(root: string, name: string): void {
  for (let file = 0; file < fileCount; file++) {
    const folder = join(root, `${Math.floor(file / FILES_PER_FOLDER)}`)
    if (file % FILES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `file-${file}`), Buffer.alloc(TREE_FILE_BYTES, `${name} ${file} `))
  }
}

/** One column for each size and two for the line through them; with two builds the other one's stand before. */
function tableOf(mode: string, phase: Phase): string {
  const isTree = fileCount > 0
  const head = builds.flatMap((build) => {
    const prefix = builds.length > 1 ? `${build}: ` : ''
    const figures = isTree ? [`${fileCount} files`, 'ms a file'] : sizes.map((size) => `${size} MiB`)
    return [...figures, ...(sizes.length > 1 ? ['fixed', 's/GiB'] : [])].map((text) => prefix + text)
  })
  const rows = [...ROWS, 'seconds' as const].map((row) => [
    row,
    ...builds.flatMap((build) => {
      const medians = sizes.map((size) => typical(costsOf(mode, phase, build, size).map((cost) => cost[row])))
      const { fixed, slope } = lineThrough(
        sizes.map((size) => (size * MIB) / GIB),
        medians,
      )
      const figures = medians.map((value) => formatFigure(value))
      if (isTree) figures.push(formatFigure((1_000 * medians[0]!) / fileCount, 3))
      if (sizes.length > 1) figures.push(formatFigure(fixed), formatFigure(slope))
      return figures
    }),
  ])
  const what = isTree ? `${fileCount} files of ${TREE_FILE_BYTES} bytes` : 'one file'
  return `${what}, ${mode}, ${phase}: CPU seconds, ${bench.values.least === true ? 'least' : 'medians'} of ${options.runs}\n${formatTable([phase, ...head], rows)}`
}

function requestsOf(mode: string, build: string): string {
  const counts = sizes.map((size) => Math.round(median(listOf(requests, `${mode} ${build} ${size}`))))
  return builds.length > 1 ? `${build} ${counts.join(', ')}` : counts.join(', ')
}

/** Least squares. */
function lineThrough(xs: readonly number[], ys: readonly number[]): { fixed: number; slope: number } {
  const meanX = xs.reduce((sum, x) => sum + x, 0) / xs.length
  const meanY = ys.reduce((sum, y) => sum + y, 0) / ys.length
  const products = xs.reduce((sum, x, index) => sum + (x - meanX) * (ys[index]! - meanY), 0)
  const slope = products / xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0)
  return { fixed: meanY - slope * meanX, slope }
}
