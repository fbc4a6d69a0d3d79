// A file that changed so that its bytes stand elsewhere: what crosses until the other side has the new version, how long that takes
// and what it costs, beside rsync. bench/README.md says what the columns mean.
//
//   npm run build && npm run bench:shift [-- --runs 3 --size 240M --only 1g-2ms,veth --programs 'left plain,left,rsync' --cases head]
//   … -- --pair 'a kernel image=old.bin,new.bin' [--pair …]: two versions of a file of yours in place of the cases

import { copyFileSync, mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { Bench, median } from './bench.js'
import { groupTestbedOf, LeftGroup, timeOf } from './left.js'
import { type Link, linksNamed } from './links.js'
import { hasRsync, transferWithRsync } from './others.js'
import { areSame, caseOfPair, SHIFT_CASES, type ShiftCase } from './shift-cases.js'
import { formatFigure, formatTable } from './table.js'
import { openTestbed, type Testbed } from './testbed.js'
import { usageOf } from './usage.js'

const SIZE_BYTES = 250_000_000
const LINKS = '1g-2ms,veth'
const SINK_LAG_MS = 500
const RSYNC_LATER_MS = 60_000

interface Versions {
  readonly old: string
  readonly fresh: string
}

interface Measured {
  readonly crossedBytes: number
  /** Bytes of content, as the sink counts it; undefined for rsync, which does not tell. */
  readonly contentBytes: number | undefined
  readonly seconds: number
  readonly wholeSeconds: number
  readonly cpuSeconds: number
}

interface Result extends Measured {
  readonly case: string
  readonly link: string
  readonly program: string
}

const bench = new Bench('shift', {
  programs: { type: 'string', default: 'left plain,left,rsync' },
  cases: { type: 'string', default: '' },
  pair: { type: 'string', multiple: true, default: [] },
})
bench.needNamespaces()
const { sandbox, options } = bench
const sizeBytes = options.sizeBytes ?? SIZE_BYTES
const programs = String(bench.values.programs).split(',')
const pairs = [bench.values.pair].flat().map(String)
const cases =
  pairs.length > 0
    ? pairs.map(caseOfPair)
    : SHIFT_CASES.filter(({ name }) => name.includes(String(bench.values.cases)))
const results: Result[] = []
await bench.warm(4 * sizeBytes)
for (const one of cases) {
  const folder = sandbox.path('versions')
  mkdirSync(folder, { recursive: true })
  const versions = { old: join(folder, 'old'), fresh: join(folder, 'file.bin') }
  one.make(versions, sizeBytes)
  for (const link of linksNamed(options.only === '' ? LINKS : options.only))
    await measureOver(one, link, versions)
  rmSync(folder, { recursive: true })
}
const head = ['case, link, program', 'crossed KB', 'content KB', 's', 'whole s', 'CPU s']
const rows = results.map((result) => [
  `${result.case}, ${result.link}, ${result.program}`,
  formatFigure(result.crossedBytes / 1_000, 0),
  formatFigure(result.contentBytes === undefined ? undefined : result.contentBytes / 1_000, 0),
  formatFigure(result.seconds),
  formatFigure(result.wholeSeconds),
  formatFigure(result.cpuSeconds),
])
bench.finish({ table: formatTable(head, rows), figures: results })
process.exit(0)

async function measureOver(one: ShiftCase, link: Link, versions: Versions): Promise<void> {
  const measured = new Map<string, Measured[]>()
  for (let run = 0; run < options.runs; run++)
    for (const program of programs) {
      if (program === 'rsync' && !hasRsync()) continue
      const testbed = await openTestbed(sandbox, bench.means, link)
      try {
        const measure = await bench.alone(() =>
          program === 'rsync' ? withRsync(testbed, versions) : withLeft(testbed, versions, program),
        )
        bench.say(`${one.name}, ${link.name}, ${program}: ${JSON.stringify(measure)}`)
        measured.set(program, [...(measured.get(program) ?? []), measure])
      } finally {
        testbed.close()
      }
    }
  for (const [program, all] of measured)
    results.push({ case: one.name, link: link.name, program, ...medianOf(all) })
}

async function withLeft(testbed: Testbed, versions: Versions, program: string): Promise<Measured> {
  const { source, sinks, crossed } = groupTestbedOf(testbed)
  const encryption = program.endsWith('plain') ? 'no' : 'yes'
  const group = new LeftGroup({ sandbox, source, sinks, options: ['--encryption', encryption] })
  try {
    await group.start()
    let received: { atMs: number; durationMs: number; crossedBytes: number } | undefined
    group.listen((event) => {
      if (event.event === 'received') received = { ...event, atMs: timeOf(event) }
    })
    const isReceived = () => received !== undefined
    const sink = group.sinks[0]!
    const place = (version: string) => {
      copyFileSync(version, sandbox.path('next'))
      renameSync(sandbox.path('next'), join(group.source.share, 'file.bin'))
    }
    place(versions.old)
    await group.until('the first version', isReceived)
    await new Promise((resolve) => setTimeout(resolve, SINK_LAG_MS))
    received = undefined
    const crossedBefore = await crossed()
    const before = usageOf(group.pids)
    const beganAtMs = performance.now()
    place(versions.fresh)
    await group.until('the second version', isReceived)
    const wholeSeconds = (performance.now() - beganAtMs) / 1_000
    const after = usageOf(group.pids)
    const crossedAfter = await crossed()
    if (!areSame(versions.fresh, join(sink.share, 'file.bin'))) throw new Error('the copy is another')
    return {
      crossedBytes: crossedAfter.bytes - crossedBefore.bytes,
      contentBytes: received!.crossedBytes,
      seconds: received!.durationMs / 1_000,
      wholeSeconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    }
  } finally {
    await group.close()
  }
}

async function withRsync(testbed: Testbed, { old, fresh }: Versions): Promise<Measured> {
  const bytes = statSync(fresh).size
  // Two versions of one size and time would be the same to rsync.
  const later = new Date(Date.now() + RSYNC_LATER_MS)
  utimesSync(fresh, later, later)
  const check = async (copy: string) => {
    if (!areSame(fresh, copy)) throw new Error('the copy is another')
  }
  const transfer = await transferWithRsync(sandbox, testbed, { source: fresh, bytes, check }, old)
  const { seconds, wholeSeconds, cpuSeconds, crossed } = transfer
  return { crossedBytes: crossed.bytes, contentBytes: undefined, seconds, wholeSeconds, cpuSeconds }
}

function medianOf(all: readonly Measured[]): Measured {
  const of = (figure: (one: Measured) => number) => median(all.map(figure))
  const [first] = all
  return {
    crossedBytes: of(({ crossedBytes }) => crossedBytes),
    contentBytes: first?.contentBytes === undefined ? undefined : of(({ contentBytes }) => contentBytes ?? 0),
    seconds: of(({ seconds }) => seconds),
    wholeSeconds: of(({ wholeSeconds }) => wholeSeconds),
    cpuSeconds: of(({ cpuSeconds }) => cpuSeconds),
  }
}
