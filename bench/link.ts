// One large file over each link, real processes, file to file: LEFT in the clear and encrypted, beside rsync, a plain
// TCP stream and udx-native, each in turn in every round. bench/README.md says what the columns mean.
//
//   npm run bench:link [-- --runs 3 --size 64M --only 1g-2ms,veth --programs left,rsync --json]

import { rmSync } from 'node:fs'
import { writeContent } from '../scripts/peers/content.js'
import { Bench, MIB, median } from './bench.js'
import { transferWithLeft } from './left.js'
import { type Link, limitBytesPerS, linksNamed } from './links.js'
import {
  type Congestion,
  fileJob,
  hasRsync,
  hasUdx,
  setCongestion,
  transferWithRsync,
  transferWithStream,
} from './others.js'
import { openRoad, type Road } from './road.js'
import { formatFigure, formatPercent, formatTable } from './table.js'
import type { Transfer } from './transfer.js'

const GIB = 1 << 30
const WARM_BYTES = 1_536 * MIB
/** UDP payload of a packet of MTU 1500, and content in it. */
const PACKET_BYTES = 1_500
const SEGMENT_BYTES = 1_452

interface Program {
  readonly name: string
  readonly congestion?: Congestion
  readonly run: (road: Road, file: string, bytes: number) => Promise<Transfer>
}

interface Row {
  readonly program: string
  readonly bytes: number
  readonly transfers: readonly Transfer[]
  readonly failures: readonly string[]
}

interface Result {
  readonly link: Link
  readonly road: Road['kind']
  readonly rows: readonly Row[]
}

const bench = new Bench('link', { programs: { type: 'string', default: '' } })
const { workshop, options } = bench
const programs = choosePrograms(String(bench.values.programs))
const results: Result[] = []
if (!options.json) bench.say(`${options.runs} runs each, one program after the other; medians.`)
await bench.warm(WARM_BYTES)
for (const link of linksNamed(options.only)) results.push(await measureLink(link))
bench.finish({ table: results.map(tableOf).join('\n\n'), figures: results.map(figuresOf) })
process.exit(0)

function choosePrograms(names: string): Program[] {
  const left = (encryption: 'yes' | 'no') => (road: Road, file: string) =>
    transferWithLeft(workshop, road, { file, options: ['--encryption', encryption] })
  const all: Program[] = [
    { name: 'left plain', run: left('no') },
    { name: 'left', run: left('yes') },
  ]
  if (bench.means.kind === 'namespaces') {
    for (const congestion of ['bbr', 'cubic'] as const) {
      if (hasRsync())
        all.push({
          name: `rsync ${congestion}`,
          congestion,
          run: (road, file, bytes) => transferWithRsync(workshop, road, fileJob(file, bytes)),
        })
    }
    all.push({
      name: 'stream bbr',
      congestion: 'bbr',
      run: (road, file, bytes) => transferWithStream(workshop, road, fileJob(file, bytes), 'tcp'),
    })
    if (hasUdx())
      all.push({
        name: 'udx',
        run: (road, file, bytes) => transferWithStream(workshop, road, fileJob(file, bytes), 'udx'),
      })
    else bench.say('udx-native is not installed; left out.')
  }
  const wanted = names.split(',').filter((name) => name !== '')
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.some((part) => name.includes(part)))
}

async function measureLink(link: Link): Promise<Result> {
  const road = await openRoad(workshop, bench.means, link)
  const rows = programs.map(({ name, congestion }) => ({
    program: name,
    bytes: sizeOf(link, congestion),
    transfers: [] as Transfer[],
    failures: [] as string[],
  }))
  try {
    for (let run = 0; run < options.runs; run++) {
      for (const [index, program] of programs.entries()) await measure(link, road, program, rows[index]!)
    }
  } finally {
    road.close()
  }
  return { link, road: road.kind, rows }
}

function sizeOf(link: Link, congestion: Congestion | undefined): number {
  const bytes = options.sizeBytes ?? link.fileBytes
  return congestion === 'cubic' ? Math.min(bytes, link.cubicFileBytes ?? bytes) : bytes
}

async function measure(
  link: Link,
  road: Road,
  { name, congestion, run }: Program,
  row: { bytes: number; transfers: Transfer[]; failures: string[] },
): Promise<void> {
  const file = workshop.path('source', 'file.bin')
  await writeContent(file, `link ${row.transfers.length}`, row.bytes)
  try {
    if (congestion !== undefined) setCongestion(road, congestion)
    const transfer = await bench.alone(() => run(road, file, row.bytes))
    row.transfers.push(transfer)
    const { bytes, seconds, wholeSeconds } = transfer
    bench.say(
      `${link.name} ${name}: ${(bytes / seconds / 1e6).toFixed(1)} MB/s, ${seconds.toFixed(2)} s, whole ${wholeSeconds.toFixed(2)} s`,
    )
  } catch (error) {
    row.failures.push((error as Error).message)
    bench.say(`${link.name} ${name}: FAILED: ${(error as Error).message}`)
  } finally {
    rmSync(file, { force: true })
  }
}

interface Figures {
  readonly program: string
  readonly mib: number
  readonly ofLimit: number | undefined
  /** Of the median rates, by the name of the other. */
  readonly ratio: Readonly<Record<string, number>>
  readonly mbPerS: number
  readonly wholeMbPerS: number
  readonly redundancy: number | undefined
  readonly cpuSecondsPerGib: number
  readonly peakRssMb: number
  readonly runsMbPerS: readonly number[]
  readonly failures: readonly string[]
}

function figuresOf({ link, road, rows }: Result) {
  const limit = limitBytesPerS(link)
  const rates = new Map(rows.map(({ program, transfers }) => [program, rateOf(transfers)]))
  const figures: Figures[] = rows.map(({ program, bytes, transfers, failures }) => {
    const rate = rates.get(program)!
    return {
      program,
      mib: bytes / MIB,
      ofLimit: limit === undefined ? undefined : rate / limit,
      ratio: Object.fromEntries(
        [...rates].filter(([other]) => other !== program).map(([other, theirs]) => [other, rate / theirs]),
      ),
      mbPerS: rate / 1e6,
      wholeMbPerS: median(transfers.map((transfer) => transfer.bytes / transfer.wholeSeconds)) / 1e6,
      redundancy: median(transfers.map(redundancyOf)),
      cpuSecondsPerGib: median(transfers.map(({ cpuSeconds }) => (cpuSeconds * GIB) / bytes)),
      peakRssMb: Math.max(...transfers.map(({ peakRssBytes }) => peakRssBytes / 1e6)),
      runsMbPerS: transfers.map((transfer) => transfer.bytes / transfer.seconds / 1e6),
      failures,
    }
  })
  return {
    link: link.name,
    title: link.title,
    road,
    limitMbPerS: limit === undefined ? undefined : limit / 1e6,
    figures,
  }
}

function rateOf(transfers: readonly Transfer[]): number {
  return median(transfers.map(({ bytes, seconds }) => bytes / seconds))
}

/** What was sent, less what the link lost of it, over what was needed, less one. What a full queue dropped counts as
 *  needless: it need not have been sent. */
function redundancyOf({ bytes, crossed }: Transfer): number {
  if (crossed.packets === 0) return Number.NaN
  const sentBytes = crossed.bytes * (1 - crossed.lostPackets / crossed.packets)
  return sentBytes / (bytes * (PACKET_BYTES / SEGMENT_BYTES)) - 1
}

function tableOf(result: Result): string {
  const { title, road, limitMbPerS, figures } = figuresOf(result)
  const versus = ['rsync bbr', 'rsync cubic']
  const head = [
    '',
    'of limit',
    '× rsync bbr',
    '× cubic',
    'redundancy',
    'CPU s/GiB',
    'RSS MB',
    'MB/s',
    'whole',
    'MiB',
    'runs',
  ]
  const rows = figures.map((row) => [
    row.program,
    formatFigure(row.ofLimit, 3),
    ...versus.map((other) => formatFigure(row.ratio[other])),
    row.program.startsWith('left') ? formatPercent(row.redundancy) : '–',
    formatFigure(row.cpuSecondsPerGib, 1),
    row.peakRssMb > 0 ? formatFigure(row.peakRssMb, 0) : '–',
    formatFigure(row.mbPerS, 1),
    formatFigure(row.wholeMbPerS, 1),
    String(row.mib),
    row.runsMbPerS.map((rate) => rate.toFixed(1)).join(' ') +
      (row.failures.length > 0 ? ` ${row.failures.length} failed` : ''),
  ])
  const limit = limitMbPerS === undefined ? '' : ` (limit ${limitMbPerS.toFixed(2)} MB/s)`
  return `${title}${limit}, ${road}\n${formatTable(head, rows)}`
}
