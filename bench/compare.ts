// Compares programs over links: each in turn in every round, so that what the machine does meanwhile hits all of them;
// medians, ratios first. bench:link and bench:small say which programs and what they move.

import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Bench, MIB, median } from './bench.js'
import { type Link, limitBytesPerS } from './links.js'
import { type Congestion, setCongestion } from './others.js'
import { formatFigure, formatPercent, formatTable } from './table.js'
import { openTestbed, type Testbed } from './testbed.js'
import type { Job, Receipt, Transfer } from './transfer.js'

const GIB = 1 << 30
/** A packet of MTU 1500, and content in it. */
const PACKET_BYTES = 1_500
const SEGMENT_BYTES = 1_452
/** Beside which LEFT is put. */
const RIVALS = ['rsync bbr', 'rsync cubic']

export interface Program {
  readonly name: string
  readonly congestion?: Congestion
  readonly run: (testbed: Testbed, job: Job) => Promise<Transfer>
}

export interface Comparison {
  readonly programs: readonly Program[]
  readonly links: readonly Link[]
  /** After each link, with all results so far. */
  readonly onLink: (results: readonly Result[]) => void
  /** The file or folder that a program moves over a link. `make` puts it into a folder of its own, which is removed
   *  after each run. */
  readonly job: (
    link: Link,
    congestion: Congestion | undefined,
  ) => { readonly bytes: number; readonly make: (run: number) => Promise<Job> }
}

export interface Row {
  readonly program: string
  readonly bytes: number
  readonly transfers: readonly Transfer[]
  readonly failures: readonly string[]
}

export interface Result {
  readonly link: Link
  readonly testbed: Testbed['kind']
  readonly rows: readonly Row[]
}

/** Figures of one program over one link; medians of its runs. */
export interface Figures {
  readonly program: string
  readonly mib: number
  readonly ofLimit: number | undefined
  /** Ratios of the rates, and of those with all that comes before the first request, by the name of the other
   *  program. */
  readonly ratio: Readonly<Record<string, number>>
  readonly wholeRatio: Readonly<Record<string, number>>
  readonly mbPerS: number
  readonly wholeMbPerS: number
  readonly redundancy: number | undefined
  readonly cpuSecondsPerGib: number
  readonly peakRssMb: number
  /** The efficiency and the loss that LEFT's own receipts tell, for comparing with what is measured here. */
  readonly toldEfficiency: number | undefined
  readonly toldLoss: number | undefined
  readonly runsMbPerS: readonly number[]
  readonly failures: readonly string[]
}

export async function compare(bench: Bench, comparison: Comparison): Promise<Result[]> {
  const wanted = String(bench.values.programs ?? '')
    .split(',')
    .filter((name) => name !== '')
  const programs = comparison.programs.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  )
  bench.say(`${bench.options.runs} runs each, one program after the other; medians.`)
  const results: Result[] = []
  for (const link of comparison.links) {
    results.push(await compareOver(bench, link, { ...comparison, programs }))
    comparison.onLink(results)
  }
  return results
}

async function compareOver(bench: Bench, link: Link, { programs, job }: Comparison): Promise<Result> {
  const rows = programs.map(({ name, congestion }) => ({
    program: name,
    bytes: job(link, congestion).bytes,
    transfers: [] as Transfer[],
    failures: [] as string[],
  }))
  for (let run = 0; run < bench.options.runs; run++) {
    for (const [index, program] of programs.entries()) {
      // Where loss brings it to a stand it takes the longest by far, and once shows it.
      if (run > 0 && program.congestion === 'cubic' && link.cubicFileBytes !== undefined) continue
      const { transfers, failures } = rows[index]!
      const what = `${link.name} ${program.name}`
      const made = await job(link, program.congestion).make(run)
      try {
        const transfer = await bench.alone(() => runOver(bench, link, program, made))
        transfers.push(transfer)
        const { bytes, seconds, wholeSeconds } = transfer
        const rate = (bytes / seconds / 1e6).toFixed(1)
        bench.say(`${what}: ${rate} MB/s, ${seconds.toFixed(2)} s, whole ${wholeSeconds.toFixed(2)} s`)
      } catch (error) {
        failures.push((error as Error).message)
        bench.say(`${what}: FAILED: ${(error as Error).message}`)
      } finally {
        rmSync(dirname(made.source), { recursive: true, force: true })
      }
    }
  }
  return { link, testbed: testbedKindOf(bench, link), rows }
}

/** A testbed of its own, so that nothing of the run before is on its way in it. */
async function runOver(bench: Bench, link: Link, { congestion, run }: Program, job: Job): Promise<Transfer> {
  const testbed = await openTestbed(bench.sandbox, bench.means, link)
  try {
    if (congestion !== undefined) setCongestion(testbed, congestion)
    return await run(testbed, job)
  } finally {
    testbed.close()
  }
}

function testbedKindOf({ means }: Bench, { isVeth }: Link): Testbed['kind'] {
  if (means.kind === 'relay') return 'relay'
  return isVeth ? 'veth' : 'linkem'
}

export function figuresOf({ link, testbed, rows }: Result) {
  const limit = limitBytesPerS(link)
  const rates = rows.map(({ transfers }) => median(transfers.map(({ bytes, seconds }) => bytes / seconds)))
  const wholeRates = rows.map(({ transfers }) =>
    median(transfers.map(({ bytes, wholeSeconds }) => bytes / wholeSeconds)),
  )
  const ratiosOf = (own: readonly number[], index: number) =>
    // The other programs need no noticing: somebody starts them.
    Object.fromEntries(
      rows.flatMap(({ program }, other) => (other === index ? [] : [[program, own[index]! / rates[other]!]])),
    )
  const figures: Figures[] = rows.map(({ program, bytes, transfers, failures }, index) => ({
    program,
    mib: bytes / MIB,
    ofLimit: limit === undefined ? undefined : rates[index]! / limit,
    ratio: ratiosOf(rates, index),
    wholeRatio: ratiosOf(wholeRates, index),
    mbPerS: rates[index]! / 1e6,
    wholeMbPerS: wholeRates[index]! / 1e6,
    redundancy: median(transfers.map(redundancyOf)),
    cpuSecondsPerGib: median(transfers.map(({ cpuSeconds }) => (cpuSeconds * GIB) / bytes)),
    peakRssMb: Math.max(...transfers.map(({ peakRssBytes }) => peakRssBytes / 1e6)),
    toldEfficiency: toldBy(transfers, ({ efficiency }) => efficiency),
    toldLoss: toldBy(transfers, ({ loss }) => loss),
    runsMbPerS: transfers.map((transfer) => transfer.bytes / transfer.seconds / 1e6),
    failures,
  }))
  const limitMbPerS = limit === undefined ? undefined : limit / 1e6
  return { link: link.name, title: link.title, testbed, limitMbPerS, figures }
}

function toldBy(
  transfers: readonly Transfer[],
  take: (receipt: Receipt) => number | null,
): number | undefined {
  const told = transfers.flatMap(({ receipt }) =>
    receipt === undefined ? [] : [take(receipt) ?? Number.NaN],
  )
  return told.length === 0 ? undefined : median(told)
}

/** The data sent, less the part that the link lost, over the data needed, less one. Data that a full queue dropped
 *  counts as needless: it need not have been sent. */
function redundancyOf({ bytes, crossed }: Transfer): number {
  if (crossed.packets === 0) return Number.NaN
  const sentBytes = crossed.bytes * (1 - crossed.lostPackets / crossed.packets)
  return sentBytes / (bytes * (PACKET_BYTES / SEGMENT_BYTES)) - 1
}

export function tableOf(result: Result): string {
  const { title, testbed, limitMbPerS, figures } = figuresOf(result)
  const head = [
    '',
    'of limit',
    '× rsync bbr',
    '× cubic',
    'whole × bbr',
    'redundancy',
    'told',
    'CPU s/GiB',
    'RSS MB',
  ]
  const rows = figures.map((row) => [
    row.program,
    formatFigure(row.ofLimit, 3),
    ...RIVALS.map((other) => formatFigure(row.ratio[other])),
    formatFigure(row.wholeRatio[RIVALS[0]!]),
    row.program.startsWith('left') ? formatPercent(row.redundancy) : '–',
    formatFigure(row.toldEfficiency, 3),
    formatFigure(row.cpuSecondsPerGib, 1),
    row.peakRssMb > 0 ? formatFigure(row.peakRssMb, 0) : '–',
    formatFigure(row.mbPerS, 1),
    formatFigure(row.wholeMbPerS, 1),
    formatFigure(row.mib, 0),
    runsText(row),
  ])
  const limit = limitMbPerS === undefined ? '' : ` (limit ${limitMbPerS.toFixed(2)} MB/s)`
  return `${title}${limit}, ${testbed}\n${formatTable([...head, 'MB/s', 'whole', 'MiB', 'runs'], rows)}`
}

function runsText({ runsMbPerS, failures }: Figures): string {
  const runs = runsMbPerS.map((rate) => rate.toFixed(1)).join(' ')
  return failures.length === 0 ? runs : `${runs} ${failures.length} failed`
}
