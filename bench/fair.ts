// How LEFT shares a link and how well it keeps its word: two flows of it, one beside TCP, the delay it causes, its limit,
// and how soon the first block is on the disk.
//
//   npm run bench:fair [-- --runs 3 --only flows,tcp,delay,limit,start --json]

import { sleep } from '../harness/peers/wait.js'
import { Bench, MIB, median } from './bench.js'
import { type StartKind, StartWatch } from './first-byte.js'
import { Flow, startFlow } from './flows.js'
import type { Link } from './links.js'
import { type Congestion, setCongestion } from './others.js'
import type { Shown } from './results.js'
import { formatTable } from './table.js'
import { openTestbed, type Testbed } from './testbed.js'
import { jainIndex, type Point, quantile, rateBetween } from './throughput-series.js'

const IP_AND_UDP_BYTES = 28
/** 100 Mbit/s × 40 ms. */
const BDP_BYTES = 500_000
/** Starting and ending are not what is measured. */
const SETTLE_MS = 2_000
const TAIL_MS = 300
const START_MS_SPARE = 5
const LIMITED_S = 6
const LIMITED_BYTES_MAX = 128 * MIB
const SHARED: Link = {
  name: 'shared',
  title: '100 Mbit/s, RTT 40 ms, queue of 1 BDP',
  rateMbit: 100,
  rttMs: 40,
  loss: 0,
  queueBytes: BDP_BYTES,
  fileBytes: 64 * MIB,
}
const DEEP: Link = {
  ...SHARED,
  name: 'deep',
  title: '100 Mbit/s, RTT 40 ms, queue of 10 BDP',
  queueBytes: 10 * BDP_BYTES,
}
const QUICK: Link = {
  name: '1g-2ms',
  title: '1 Gbit/s, RTT 2 ms',
  rateMbit: 1_000,
  rttMs: 2,
  loss: 0,
  fileBytes: 64 * MIB,
}
const NEAR: Link = {
  name: '1g-20ms',
  title: '1 Gbit/s, RTT 20 ms',
  rateMbit: 1_000,
  rttMs: 20,
  loss: 0,
  fileBytes: MIB,
}
const FAR: Link = {
  name: '1g-100ms',
  title: '1 Gbit/s, RTT 100 ms',
  rateMbit: 1_000,
  rttMs: 100,
  loss: 0,
  fileBytes: MIB,
}

interface Row {
  readonly title: string
  /** The bound for the median. */
  readonly wanted: string
  readonly isMet: (figure: number) => boolean
}

interface Question extends Row {
  readonly name: string
  readonly link: Link
  /** Further figures that one run answers, after that of the question itself. */
  readonly besides?: readonly Row[]
  readonly ask: (testbed: Testbed, run: number) => Promise<number | readonly number[]>
}

const bench = new Bench('fair')
const { sandbox, options } = bench
bench.needNamespaces()
const jain = { link: SHARED, wanted: '≥ 0.95', isMet: (figure: number) => figure >= 0.95 }
const tcpShare = { link: SHARED, wanted: '≥ 0.30', isMet: (figure: number) => figure >= 0.3 }
const delay = { link: DEEP, wanted: '≤ 2 × RTT + 5 ms, as 1', isMet: (figure: number) => figure <= 1 }
const limit = { link: QUICK, wanted: '0.97 … 1.03', isMet: (figure: number) => Math.abs(figure - 1) <= 0.03 }
const QUESTIONS: readonly Question[] = [
  {
    ...jain,
    name: 'flows-together',
    title: 'two LEFT flows, begun together: Jain’s index',
    ask: (testbed) => twoFlows(testbed, 0),
  },
  {
    ...jain,
    name: 'flows-late',
    title: 'two LEFT flows, one 3 s later: Jain’s index',
    ask: (testbed) => twoFlows(testbed, 3_000),
  },
  {
    ...tcpShare,
    name: 'tcp-cubic',
    title: 'TCP CUBIC’s part beside LEFT',
    ask: (testbed) => besideTcp(testbed, 'cubic'),
  },
  {
    ...tcpShare,
    name: 'tcp-bbr',
    title: 'TCP BBR’s part beside LEFT',
    ask: (testbed) => besideTcp(testbed, 'bbr'),
  },
  {
    ...delay,
    name: 'delay',
    title: 'RTT under LEFT’s load, median, over 2 × unloaded + 5 ms',
    ask: (testbed) => delayUnderLoad(testbed, 0.5),
  },
  {
    ...delay,
    name: 'delay-95',
    title: 'the same, 95% of the time',
    ask: (testbed) => delayUnderLoad(testbed, 0.95),
  },
  {
    ...limit,
    name: 'limit-2M',
    title: 'rate under --limit 2M, over 2 MB/s',
    ask: (testbed) => underLimit(testbed, ['--limit', '2M'], 2e6),
  },
  {
    ...limit,
    name: 'limit-20M',
    title: 'rate under --limit 20M, over 20 MB/s',
    ask: (testbed) => underLimit(testbed, ['--limit', '20M'], 20e6),
  },
  {
    ...limit,
    name: 'limit-send-20M',
    title: 'rate under --limit-send 20M, over 20 MB/s',
    ask: (testbed) => underLimit(testbed, ['--limit-send', '20M'], 20e6),
  },
  ...[NEAR, FAR].flatMap((link) => [start('resumed', link), start('fresh', link)]),
]

const parts = options.only.split(',').filter((part) => part !== '')
const asked = QUESTIONS.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)))
const results: { question: Question; figures: (readonly number[])[]; failures: string[] }[] = []
for (const question of asked) {
  const figures: (readonly number[])[] = []
  const failures: string[] = []
  results.push({ question, figures, failures })
  for (let run = 0; run < options.runs; run++) {
    try {
      figures.push(await bench.alone(() => onTestbed(question, run)))
      bench.say(`${question.name}: ${inWords(figures.at(-1)!)}`)
    } catch (error) {
      failures.push((error as Error).message)
      bench.say(`${question.name}: FAILED: ${(error as Error).message}`)
    }
  }
  // Keeps the results so far, should somebody end the bench here.
  bench.keep(shown())
}
bench.finish(shown())
process.exit(0)

function shown(): Shown {
  const rows = results.flatMap(({ question, figures, failures }) =>
    [question, ...(question.besides ?? [])].map(({ title, wanted, isMet }, index) => {
      const ofRow = figures.map((ofRun) => ofRun[index]!)
      const isMedianMet = ofRow.length > 0 && isMet(median(ofRow))
      return { question, title, wanted, isMet: isMedianMet, figures: ofRow, failures }
    }),
  )
  const table = formatTable(
    ['', 'figure', 'wanted', '', 'runs', 'link'],
    rows.map(({ question, title, wanted, isMet, figures, failures }) => [
      title,
      figures.length === 0 ? '–' : median(figures).toFixed(3),
      wanted,
      isMet ? 'yes' : 'NO',
      inWords(figures) + (failures.length > 0 ? ` ${failures.length} failed` : ''),
      question.link.title,
    ]),
  )
  const figures = rows.map(({ question, ...row }) => ({
    name: question.name,
    link: question.link.title,
    ...row,
  }))
  return { table, figures }
}

function inWords(figures: readonly number[]): string {
  return figures.map((figure) => figure.toFixed(3)).join(' ')
}

async function onTestbed({ link, ask }: Question, run: number): Promise<readonly number[]> {
  const testbed = await openTestbed(sandbox, bench.means, link)
  try {
    return [await ask(testbed, run)].flat()
  } finally {
    testbed.close()
  }
}

async function twoFlows(testbed: Testbed, laterMs: number): Promise<number> {
  const flows = [new Flow(sandbox, testbed, 'one'), new Flow(sandbox, testbed, 'two', 10)] as const
  try {
    for (const flow of flows) await flow.ready(SHARED.fileBytes)
    flows[0].begin()
    await sleep(laterMs)
    flows[1].begin()
    await Promise.all(flows.map((flow) => flow.end()))
    const fromMs = Math.max(...flows.map(({ beganAtMs }) => beganAtMs)) + SETTLE_MS
    const toMs = Math.min(...flows.map(({ endedAtMs }) => endedAtMs)) - TAIL_MS
    if (toMs <= fromMs) throw new Error('one flow was over before the other had settled')
    return jainIndex(flows.map(({ series }) => rateBetween(series, fromMs, toMs)))
  } finally {
    for (const flow of flows) await flow.close()
  }
}

/** TCP is there first; the part that it keeps of what the two bring. */
async function besideTcp(testbed: Testbed, congestion: Congestion): Promise<number> {
  setCongestion(testbed, congestion)
  const flow = new Flow(sandbox, testbed, 'one')
  const tcp = startFlow(sandbox, testbed, 'tcp')
  try {
    await tcp.ready
    await flow.ready(SHARED.fileBytes)
    await sleep(SETTLE_MS)
    flow.begin()
    await flow.end()
    const fromMs = flow.beganAtMs + SETTLE_MS
    const toMs = flow.endedAtMs - TAIL_MS
    const [theirs, ours] = [tcp.series, flow.series].map((series) => rateBetween(series, fromMs, toMs))
    return theirs! / (theirs! + ours!)
  } finally {
    tcp.stop()
    await flow.close()
  }
}

async function delayUnderLoad(testbed: Testbed, part: number): Promise<number> {
  const flow = new Flow(sandbox, testbed, 'one')
  const echo = startFlow(sandbox, testbed, 'echo')
  try {
    await flow.ready(DEEP.fileBytes)
    await echo.ready
    const quietFromMs = Date.now()
    await sleep(SETTLE_MS)
    const quietToMs = Date.now()
    flow.begin()
    await flow.end()
    await sleep(TAIL_MS)
    const between = (fromMs: number, toMs: number) =>
      echo.series.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).map(({ value }) => value)
    const unloadedMs = quantile(between(quietFromMs, quietToMs), 0.5)
    const loaded = between(flow.beganAtMs, flow.endedAtMs)
    bench.say(
      `  unloaded ${unloadedMs.toFixed(1)} ms, loaded ${quantile(loaded, part).toFixed(1)} ms (${loaded.length} echoes)`,
    )
    return quantile(loaded, part) / (2 * unloadedMs + 5)
  } finally {
    echo.stop()
    await flow.close()
  }
}

/** UDP payload that crossed while blocks were coming, over what the limit allows in that time. */
async function underLimit(testbed: Testbed, words: readonly string[], bytesPerS: number): Promise<number> {
  const flow = new Flow(sandbox, testbed, 'one', 0, words)
  try {
    await flow.ready(Math.min(LIMITED_BYTES_MAX, LIMITED_S * bytesPerS))
    flow.begin()
    await flow.begun()
    await sleep(SETTLE_MS / 2)
    const payload: Point[] = []
    while (flow.endedAtMs === 0) {
      const { bytes, packets } = await testbed.crossed()
      payload.push({ atMs: Date.now(), value: bytes - IP_AND_UDP_BYTES * packets })
      await sleep(TAIL_MS)
    }
    // The last one may have been taken when all had come.
    const { atMs: toMs } = payload.at(-2) ?? {}
    if (toMs === undefined) throw new Error('it was over too soon to be measured')
    return rateBetween(payload, payload[0]!.atMs, toMs) / bytesPerS
  } finally {
    await flow.close()
  }
}

/** Between peers that met before, and between peers that were started anew. */
function start(kind: StartKind, link: Link): Question {
  const who = kind === 'resumed' ? 'met before' : 'started anew'
  const bound = { wanted: '≤ 2', isMet: (figure: number) => figure <= 2 }
  return {
    name: `start-${kind}-${link.name}`,
    title: `${who}: from the first hello to the first block on disk, less 5 ms, in RTTs`,
    link,
    ...bound,
    besides: [{ ...bound, title: '  the same from the end of the handshake, when the sink has its session' }],
    ask: (testbed) => startInRtts(testbed, kind, link),
  }
}

async function startInRtts(testbed: Testbed, kind: StartKind, { rttMs, fileBytes }: Link): Promise<number[]> {
  const watch = new StartWatch(sandbox, testbed, { kind, fileBytes })
  try {
    await watch.ready()
    const { firstAsker, connectedMs, firstBlockMs } = await watch.watch()
    bench.say(
      `  the ${firstAsker} asked first; the sink had its session after ${(connectedMs / rttMs).toFixed(2)} RTTs`,
    )
    return [firstBlockMs, firstBlockMs - connectedMs].map((ms) => (ms - START_MS_SPARE) / rttMs)
  } finally {
    await watch.close()
  }
}
