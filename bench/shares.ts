// How LEFT flows share a link, in virtual time: who has what of it from half a second to the next, how even that is once
// the last one has had two seconds, and what the queue dropped meanwhile. The same seeds print the same on every machine.
//
//   npm run bench:shares -- [--only late] [--seeds 1,2,3,4,5,6,7,8] [--series] [--json]

import { parseArgs } from 'node:util'
import { Bottleneck } from '../harness/rdt/bottleneck.js'
import { formatTable } from './table.js'
import { jainIndex } from './throughput-series.js'

interface SharedLink {
  readonly name: string
  readonly title: string
  readonly bitPerS: number
  readonly queueBytes: number
  readonly rttMs: number
  readonly loss?: number
  /** When each flow begins; a seed delays the later ones by some more. */
  readonly startsMs: readonly number[]
  readonly hasOneServer?: boolean
}

const BASE = { bitPerS: 100e6, queueBytes: 500_000, rttMs: 40 }
const LATE = { ...BASE, startsMs: [0, 3_000] }
const SHARED_LINKS: readonly SharedLink[] = [
  {
    ...BASE,
    name: 'together',
    title: 'two flows at once, 100 Mbit/s, 40 ms, queue of 1 BDP',
    startsMs: [0, 0],
  },
  { ...LATE, name: 'late', title: 'one 3 s later' },
  { ...LATE, name: 'late-loss', title: 'the same, 1% lost', loss: 0.01 },
  { ...LATE, name: 'late-deep', title: 'the same, queue of 10 BDP', queueBytes: 5_000_000 },
  { ...LATE, name: 'late-short', title: 'the same, queue of 0.2 BDP', queueBytes: 100_000 },
  {
    ...LATE,
    name: 'late-1g',
    title: '1 Gbit/s, 20 ms, queue of 0.2 BDP',
    bitPerS: 1e9,
    queueBytes: 524_288,
    rttMs: 20,
  },
  {
    ...LATE,
    name: 'late-10m',
    title: '10 Mbit/s, 40 ms, queue of 32 KiB',
    bitPerS: 10e6,
    queueBytes: 32_768,
  },
  {
    ...BASE,
    name: 'four',
    title: 'four, a second apart, 100 Mbit/s, 40 ms',
    startsMs: [0, 1_000, 2_000, 3_000],
  },
  ...[2, 20].map((rttMs) => ({
    name: `sinks-${rttMs}ms`,
    title: `four of one server, 200 Mbit/s, ${rttMs} ms, queue of 64 kB`,
    bitPerS: 200e6,
    queueBytes: 64_000,
    rttMs,
    startsMs: [0, 5, 7, 9],
    hasOneServer: true,
  })),
]
const STEP_MS = 500
const SETTLE_MS = 2_000
const LOOK_MS = 3_000
const SEED_DELAY_MS = 37
/** Delay that the event loops of real ends add. */
const JITTER_MS = 0.2

interface Seen {
  readonly jain: number
  /** Part of the link that all flows together used. */
  readonly used: number
  /** Bytes that the queue dropped once the flows had settled, as a part of those that came. */
  readonly overflow: number
  readonly series: { readonly atMs: number; readonly parts: readonly number[] }[]
}

function look(shared: SharedLink, seed: number): Seen {
  const link = new Bottleneck(seed, shared)
  const first = link.flow(shared)
  const others = shared.startsMs.slice(1).map(() => {
    return link.flow(shared.hasOneServer ? { rttMs: shared.rttMs, server: first.server } : shared)
  })
  const flows = [first, ...others]
  link.jitter(JITTER_MS)
  const startsMs = shared.startsMs.map((atMs, index) => atMs + index * SEED_DELAY_MS * (seed - 1))
  const series: Seen['series'] = []
  const fromMs = Math.max(...startsMs) + SETTLE_MS
  let atMs = 0
  const runUntil = (untilMs: number) => {
    for (const [index, startMs] of startsMs.entries()) {
      if (startMs < atMs || startMs >= untilMs) continue
      link.world.run(startMs - atMs)
      atMs = startMs
      flows[index]!.begin()
    }
    link.world.run(untilMs - atMs)
    atMs = untilMs
  }
  const bytes = () => flows.map((flow) => flow.deliveredBytes())
  const bytesPerMs = shared.bitPerS / 8_000
  let before = bytes()
  while (atMs < fromMs) {
    const sinceMs = atMs
    runUntil(Math.min(fromMs, atMs + STEP_MS))
    const now = bytes()
    const parts = now.map((count, index) => (count - before[index]!) / bytesPerMs / (atMs - sinceMs))
    series.push({ atMs, parts })
    before = now
  }
  const overflowedBefore = link.overflowedBytes
  const parts = link.parts(flows, LOOK_MS)
  series.push({ atMs: atMs + LOOK_MS, parts })
  const used = parts.reduce((sum, part) => sum + part, 0)
  const overflow = (link.overflowedBytes - overflowedBefore) / (used * LOOK_MS * bytesPerMs)
  return { jain: jainIndex(parts), used, overflow, series }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const percent = (part: number) => `${(100 * part).toFixed(1)}%`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '1,2,3,4,5,6,7,8' },
    series: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const seeds = values.seeds.split(',').map(Number)
const results = SHARED_LINKS.filter(({ name }) => name.includes(values.only)).map((shared) => {
  return { shared, seen: seeds.map((seed) => look(shared, seed)) }
})
if (values.json) console.log(JSON.stringify({ seeds, results }))
else print()

function print(): void {
  const rows = results.map(({ shared, seen }) => [
    shared.name,
    Math.min(...seen.map(({ jain }) => jain)).toFixed(3),
    mean(seen.map(({ jain }) => jain)).toFixed(3),
    percent(mean(seen.map(({ used }) => used))),
    percent(mean(seen.map(({ overflow }) => overflow))),
    shared.title,
  ])
  console.log(formatTable(['', 'Jain, least', 'mean', 'used', 'overflow', ''], rows))
  if (!values.series) return
  for (const { shared, seen } of results) {
    console.log(`\n${shared.name}, seed ${seeds[0]}: part of the link, until`)
    for (const { atMs, parts } of seen[0]!.series)
      console.log(
        `${String(Math.round(atMs)).padStart(8)} ms ${parts.map((part) => percent(part).padStart(8)).join('')}`,
      )
  }
}
