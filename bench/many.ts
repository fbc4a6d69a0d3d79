// One source and several sinks, each with a link of its own: how much longer the last of them waits than one alone would,
// and how many copies the source has to send. And several sources with one sink, each source behind a tenth of the rate: how
// much sooner the sink has it than from one. All of it runs on one machine, links included: where that is the limit, its
// processors are all busy, and slower links (--rate 200,400,1000) show what the peers do where it is not.
//
//   npm run bench:many [-- --runs 3 --sinks 4 --rate 1000 --size 512M --plain --json]

import { cpSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { writeContent } from '../harness/peers/content.js'
import { Bench, MIB, median } from './bench.js'
import { LeftGroup, transferWithLeft } from './left.js'
import { openStarTopology } from './star-topology.js'
import { formatFigure, formatTable } from './table.js'
import { type Transfer, verify } from './transfer.js'
import type { Cpu } from './usage.js'

const FILE_BYTES = 512 * MIB
/** The time of many is at most this times the time of one. */
const RATIO_MAX = 1.3
const PACKET_BYTES = 1_514
const SEGMENT_BYTES = 1_452

const bench = new Bench('many', {
  sinks: { type: 'string', default: '4' },
  rate: { type: 'string', default: '1000' },
  plain: { type: 'boolean', default: false },
})
const { sandbox, options } = bench
const sinkCount = bench.wholeNumber('sinks')
const ratesMbit = bench.wholeNumbers('rate')
const fastestMbit = Math.max(...ratesMbit)
const bytes = options.sizeBytes ?? FILE_BYTES
const leftOptions = bench.values.plain === true ? ['--encryption', 'no'] : []
bench.needNamespaces()
/** Several sources: behind links that one machine fills easily, and no more than takes a few seconds. */
const sourceRateMbit = Math.max(1, Math.round(fastestMbit / 10))
const sourcesBytes = Math.ceil(bytes / 8)
await bench.warm((2 + sinkCount) * bytes)

const byRate = ratesMbit.map((rateMbit) => ({
  rateMbit,
  one: [] as Transfer[],
  many: [] as Transfer[],
}))
for (let run = 0; run < options.runs; run++) {
  for (const { rateMbit, one, many } of byRate)
    for (const [transfers, count] of [
      [one, 1],
      [many, sinkCount],
    ] as const) {
      const transfer = await bench.alone(() => measure({ run, count, rateMbit }))
      transfers.push(transfer)
      bench.say(
        `${rateMbit} Mbit/s, 1 → ${count}: ${transfer.seconds.toFixed(2)} s, ${copiesOf(transfer).toFixed(2)} copies sent by the source`,
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
const rows = byRate.flatMap(({ rateMbit, one, many }) =>
  [[`1 → ${sinkCount}`, many] as const, ['1 → 1', one] as const].map(([name, transfers]) => [
    `${rateMbit} Mbit/s, ${name}`,
    formatFigure(secondsOf(transfers) / secondsOf(one)),
    formatFigure(median(transfers.map(copiesOf))),
    formatFigure(secondsOf(transfers)),
    formatFigure(bytes / secondsOf(transfers) / 1e6, 1),
    transfers.map(({ seconds }) => seconds.toFixed(2)).join(' '),
    cpuText(transfers, ([source]) => [source!]),
    cpuText(transfers, ([, ...sinks]) => sinks),
    formatFigure(median(transfers.map(({ machine }) => machine!.softirq)), 1),
    formatFigure(median(transfers.map(({ machine, wholeSeconds }) => machine!.busy / wholeSeconds)), 1),
  ]),
)
const head = [
  '',
  '× 1 → 1',
  'copies sent by the source',
  's',
  'MB/s each',
  'runs',
  'CPU s of the source',
  'of each sink',
  'of packets',
  'processors busy',
]
bench.finish({
  table:
    `${bytes / MIB} MiB to ${sinkCount} sinks, each with a link of its own (at most ${RATIO_MAX} times 1 → 1 is wanted)\n` +
    `${formatTable(head, rows)}\n` +
    `CPU s are of a peer's processes, user + system; those of packets are the kernel's, for the links as well as for both\n` +
    `ends of them, and mostly within the others. All ran on ${cpus().length} processors: where these are all busy, the links are not the limit.\n\n` +
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
  figures: {
    sinkCount,
    bytes,
    rates: byRate.map((rate) => ({ ...rate, ratio: secondsOf(rate.many) / secondsOf(rate.one) })),
    sourcesBytes,
    fromOne,
    fromTwo,
  },
})
process.exit(0)

async function measure({
  run,
  count,
  rateMbit,
}: {
  run: number
  count: number
  rateMbit: number
}): Promise<Transfer> {
  const source = sandbox.path('source', 'file.bin')
  await writeContent(source, `many ${run}`, bytes)
  const topology = openStarTopology(sandbox, { rateMbit, sinkCount: count })
  try {
    const job = { source, bytes, check: (copy: string) => verify(source, copy) }
    return await transferWithLeft(sandbox, topology, { job, options: leftOptions })
  } finally {
    topology.close()
    rmSync(source)
  }
}

/** How long a sink takes for a file that all of so many sources hold already. */
async function measureSources(run: number, sourceCount: number): Promise<number> {
  const original = sandbox.path('source', 'file.bin')
  await writeContent(original, `sources ${run}`, sourcesBytes)
  const topology = openStarTopology(sandbox, {
    rateMbit: sourceRateMbit,
    sinkCount: sourceCount,
    lastRateMbit: fastestMbit,
  })
  const group = new LeftGroup({ sandbox, ...topology, options: leftOptions })
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
    topology.close()
    rmSync(original)
  }
}

function secondsOf(transfers: readonly Transfer[]): number {
  return median(transfers.map(({ seconds }) => seconds))
}

/** Bytes that left the source's uplink, over the bytes of one copy. */
function copiesOf({ crossed }: Transfer): number {
  return crossed.bytes / (bytes * (PACKET_BYTES / SEGMENT_BYTES))
}

/** Processor time of the typical one of these peers, user + system. */
function cpuText(transfers: readonly Transfer[], pick: (ofEach: readonly Cpu[]) => readonly Cpu[]): string {
  const picked = transfers.flatMap(({ cpuOfEach }) => pick(cpuOfEach!))
  const of = (part: keyof Cpu) => formatFigure(median(picked.map((cpu) => cpu[part])), 1)
  return `${of('user')} + ${of('system')}`
}
