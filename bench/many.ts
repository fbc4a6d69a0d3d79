// One source and several sinks, each with a link of its own: how much longer the last of them waits than one alone would,
// and how many copies the source has to send. And several sources with one sink, each source behind a tenth of the rate: how
// much sooner the sink has it than from one.
//
//   npm run bench:many [-- --runs 3 --sinks 4 --rate 1000 --size 512M --json]

import { cpSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { writeContent } from '../scripts/peers/content.js'
import { Bench, MIB, median } from './bench.js'
import { LeftGroup, transferWithLeft } from './left.js'
import { openStar } from './star.js'
import { formatFigure, formatTable } from './table.js'
import { type Transfer, verify } from './transfer.js'

const FILE_BYTES = 512 * MIB
/** The time of many is at most this times the time of one. */
const RATIO_MAX = 1.3
const PACKET_BYTES = 1_514
const SEGMENT_BYTES = 1_452

const bench = new Bench('many', {
  sinks: { type: 'string', default: '4' },
  rate: { type: 'string', default: '1000' },
})
const { workshop, options } = bench
const sinkCount = bench.wholeNumber('sinks')
const rateMbit = bench.wholeNumber('rate')
const bytes = options.sizeBytes ?? FILE_BYTES
bench.needNamespaces()
/** Several sources: behind links that one machine fills easily, and no more than takes a few seconds. */
const sourceRateMbit = Math.max(1, Math.round(rateMbit / 10))
const sourcesBytes = Math.ceil(bytes / 8)
await bench.warm((2 + sinkCount) * bytes)

const one: Transfer[] = []
const many: Transfer[] = []
for (let run = 0; run < options.runs; run++) {
  for (const [transfers, count] of [
    [one, 1],
    [many, sinkCount],
  ] as const) {
    const transfer = await bench.alone(() => measure(run, count))
    transfers.push(transfer)
    bench.say(
      `1 → ${count}: ${transfer.seconds.toFixed(2)} s, ${copiesOf(transfer).toFixed(2)} copies sent by the source`,
    )
  }
}
const fromOne: number[] = []
const fromTwo: number[] = []
for (let run = 0; run < options.runs; run++)
  for (const [seconds, sourceCount] of [
    [fromOne, 1],
    [fromTwo, 2],
  ] as const) {
    seconds.push(await bench.alone(() => measureSources(run, sourceCount)))
    bench.say(`${sourceCount} → 1: ${seconds.at(-1)!.toFixed(2)} s`)
  }
const ratio = secondsOf(many) / secondsOf(one)
const rows = [[`1 → ${sinkCount}`, many] as const, ['1 → 1', one] as const].map(([name, transfers]) => [
  name,
  formatFigure(secondsOf(transfers) / secondsOf(one)),
  formatFigure(median(transfers.map(copiesOf))),
  formatFigure(secondsOf(transfers)),
  formatFigure(bytes / secondsOf(transfers) / 1e6, 1),
  formatFigure(median(transfers.map(({ cpuSeconds }) => cpuSeconds)), 1),
  transfers.map(({ seconds }) => seconds.toFixed(2)).join(' '),
])
const head = ['', '× 1 → 1', 'copies sent by the source', 's', 'MB/s each', 'CPU s', 'runs']
bench.finish({
  table:
    `${bytes / MIB} MiB to ${sinkCount} sinks, ${rateMbit} Mbit/s each, on ${cpus().length} processors (at most ${RATIO_MAX} is wanted)\n` +
    `${formatTable(head, rows)}\n` +
    `${sourcesBytes / MIB} MiB from sources behind ${sourceRateMbit} Mbit/s each\n` +
    formatTable(
      ['', '× faster than from one', 's', 'MB/s', 'runs'],
      [['2 → 1', fromTwo] as const, ['1 → 1', fromOne] as const].map(([name, seconds]) => [
        name,
        formatFigure(median(fromOne) / median(seconds)),
        formatFigure(median(seconds)),
        formatFigure(sourcesBytes / median(seconds) / 1e6, 1),
        seconds.map((value) => value.toFixed(2)).join(' '),
      ]),
    ),
  figures: { sinkCount, rateMbit, bytes, ratio, one, many, sourcesBytes, fromOne, fromTwo },
})
process.exit(0)

async function measure(run: number, count: number): Promise<Transfer> {
  const source = workshop.path('source', 'file.bin')
  await writeContent(source, `many ${run}`, bytes)
  const star = openStar(workshop, { rateMbit, sinkCount: count })
  try {
    const job = { source, bytes, check: (copy: string) => verify(source, copy) }
    return await transferWithLeft(workshop, star, { job, options: [] })
  } finally {
    star.close()
    rmSync(source)
  }
}

/** How long a sink takes for a file that all of so many sources hold already. */
async function measureSources(run: number, sourceCount: number): Promise<number> {
  const original = workshop.path('source', 'file.bin')
  await writeContent(original, `sources ${run}`, sourcesBytes)
  const star = openStar(workshop, {
    rateMbit: sourceRateMbit,
    sinkCount: sourceCount,
    lastRateMbit: rateMbit,
  })
  const group = new LeftGroup({ workshop, ...star, options: [] })
  try {
    const sink = group.peers.at(-1)!
    for (const { share } of group.peers.slice(0, -1))
      cpSync(original, join(share, 'file.bin'), { preserveTimestamps: true })
    let durationMs: number | undefined
    group.listen((event, peer) => {
      if (event.event === 'received' && peer === sink) durationMs = event.durationMs
    })
    await group.start()
    await group.until('the sink to have the file', () => durationMs !== undefined)
    await verify(original, join(sink.share, 'file.bin'))
    return durationMs! / 1_000
  } finally {
    await group.close()
    star.close()
    rmSync(original)
  }
}

function secondsOf(transfers: readonly Transfer[]): number {
  return median(transfers.map(({ seconds }) => seconds))
}

/** What left the source's uplink, over what one copy needs. */
function copiesOf({ crossed }: Transfer): number {
  return crossed.bytes / (bytes * (PACKET_BYTES / SEGMENT_BYTES))
}
