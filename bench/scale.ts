// Many peers in virtual time, each behind a line of its own and with the addresses of all others: how long until all have a
// new file, what that takes of each, how many copies its source sends, and what becomes of it when a third of them loses
// power in the middle. The same seed prints the same on every machine. 500 peers take minutes and 4 GB of memory.
//
//   npm run bench:scale -- [--peers 16,100,500] [--rate 100] [--delay 10] [--loss 0] [--size 1M] [--seed 1] [--json]

import { Crowd, type Sent } from '../harness/crowd/crowd.js'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { loadHash } from '../src/io/hash.js'
import { formatFigure, formatTable } from './table.js'

const START_WITHIN_MS = 2_000
const SETTLE_MS = 20_000
const IDLE_MS = 60_000
const HELD_MS_MAX = 300_000
/** What still crosses when all have a file: who knows what. */
const AFTER_MS = 5_000
const SMALL_BYTES = 1_000
const SOURCE = 0

const values = parseArguments('scale', {
  peers: { type: 'string', default: '16,100,500' },
  rate: { type: 'string', default: '100' },
  delay: { type: 'string', default: '10' },
  loss: { type: 'string', default: '0' },
  size: { type: 'string', default: '1M' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
})

interface Spread {
  readonly bytes: number
  readonly isHeldByAll: boolean
  /** When a tenth, half, 9 tenths and all of the others had it. */
  readonly arrivedMs: readonly number[]
  /** Of a peer that stayed, on average. */
  readonly datagrams: number
  readonly sentBytes: number
  readonly sourceCopies: number
  /** The most that anybody sent. */
  readonly copiesMax: number
}

const PARTS = [0.1, 0.5, 0.9, 1] as const
const NAMES: Readonly<Record<string, string>> = {
  small: 'new file',
  large: 'new file',
  next: 'the next one',
  afterLoss: 'a third lost meanwhile',
}

await loadHash()
const measured = []
for (const count of numbers('peers')) measured.push(measure(count))
if (values.json) process.stdout.write(`${JSON.stringify(measured)}\n`)
else process.stdout.write(`${measured.map(tell).join('\n\n')}\n`)

function measure(count: number) {
  const [rateMbit, delayMs, seed] = [number('rate'), number('delay'), number('seed')]
  const crowd = new Crowd({ count, seed, rateBitPerS: rateMbit * 1e6, delayMs, loss: number('loss') })
  crowd.startAll(START_WITHIN_MS)
  crowd.run(SETTLE_MS)
  const sessions = crowd.sessionCounts().sort((left, right) => left - right)
  say(`${count} peers: started`)
  const idle = meanOf(during(crowd, () => crowd.run(IDLE_MS)))
  const small = spread(crowd, { path: 'small', content: 1, sizeBytes: SMALL_BYTES })
  say(`${count} peers: all have the small file`)
  const large = spread(crowd, { path: 'large', content: 2, sizeBytes: sizeOf(values.size) })
  say(`${count} peers: all have the large file`)
  // Paths and windows are known by now.
  const next = spread(crowd, { path: 'next', content: 4, sizeBytes: sizeOf(values.size) })
  say(`${count} peers: all have the next one`)
  const lost = Array.from({ length: count }, (_, peer) => peer).filter((peer) => peer % 3 === 1)
  // In the middle: half the time until half of them had the one before.
  const inTheMiddle = { lost, afterMs: next.arrivedMs[1]! / 2 }
  const afterLoss = spread(crowd, { path: 'after', content: 3, sizeBytes: sizeOf(values.size) }, inTheMiddle)
  return { count, rateMbit, delayMs, seed, sessions: spreadOf(sessions), idle, small, large, next, afterLoss }
}

function spread(
  crowd: Crowd,
  file: { path: string; content: number; sizeBytes: number },
  loss?: { lost: readonly number[]; afterMs: number },
): Spread {
  let isHeldByAll = false
  const sent = during(crowd, () => {
    crowd.write(SOURCE, file)
    if (loss !== undefined) {
      crowd.run(loss.afterMs)
      crowd.lose(loss.lost)
    }
    isHeldByAll = crowd.runUntilHeld(HELD_MS_MAX)
    crowd.run(AFTER_MS)
  })
  const arrived = [...crowd.arrivedMs.values()].sort((left, right) => left - right)
  const stayed = sent.filter((_, peer) => loss?.lost.includes(peer) !== true)
  const { datagrams, bytes } = meanOf(stayed)
  return {
    bytes: file.sizeBytes,
    isHeldByAll,
    arrivedMs: PARTS.map((part) => arrived[Math.ceil(part * arrived.length) - 1] ?? Number.NaN),
    datagrams,
    sentBytes: bytes,
    sourceCopies: sent[SOURCE]!.bytes / file.sizeBytes,
    copiesMax: Math.max(...sent.map((each) => each.bytes / file.sizeBytes)),
  }
}

/** What each peer sends meanwhile. */
function during(crowd: Crowd, act: () => void): Sent[] {
  const before = crowd.sent.map((sent) => ({ ...sent }))
  act()
  return crowd.sent.map(({ datagrams, bytes }, peer) => ({
    datagrams: datagrams - before[peer]!.datagrams,
    bytes: bytes - before[peer]!.bytes,
  }))
}

function meanOf(sent: readonly Sent[]): Sent {
  const mean = (of: keyof Sent) => sent.reduce((sum, each) => sum + each[of], 0) / sent.length
  return { datagrams: mean('datagrams'), bytes: mean('bytes') }
}

function spreadOf(sorted: readonly number[]) {
  return { least: sorted[0]!, median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! }
}

function tell({ count, rateMbit, delayMs, sessions, idle, ...spreads }: ReturnType<typeof measure>): string {
  const rows = Object.entries(spreads)
    .filter((row): row is [string, Spread] => typeof row[1] === 'object')
    .map(([name, each]) => [
      `${NAMES[name]}, ${each.bytes.toLocaleString('en')} bytes`,
      ...each.arrivedMs.map((ms) => formatFigure(ms, 0)),
      each.isHeldByAll ? 'yes' : 'no',
      formatFigure(each.datagrams, 0),
      formatFigure(each.sentBytes / 1e3, 1),
      formatFigure(each.sourceCopies, 1),
      formatFigure(each.copiesMax, 1),
    ])
  return (
    `${count} peers, lines of ${rateMbit} Mbit/s, ${delayMs} ms one way; sessions ${sessions.least} to ${sessions.most}, median ${sessions.median}; ` +
    `idle: ${formatFigure(idle.datagrams, 0)} datagrams and ${formatFigure(idle.bytes / 1e3, 1)} kB sent a minute and peer\n` +
    formatTable(
      [
        '',
        '10% ms',
        '50%',
        '90%',
        'all',
        'held',
        'datagrams/peer',
        'kB/peer',
        'copies by source',
        'most by one',
      ],
      rows,
    )
  )
}

function numbers(name: 'peers'): number[] {
  return values[name].split(',').map((text) => wholeNumber(name, text))
}

function number(name: 'rate' | 'delay' | 'loss' | 'seed'): number {
  const value = Number(values[name])
  return value >= 0 ? value : refuse('scale', `--${name} ${values[name]} is no number`)
}

function wholeNumber(name: string, text: string): number {
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : refuse('scale', `--${name} ${text} is no count`)
}

function sizeOf(text: string): number {
  const [, digits, unit] = /^(\d{1,9})([KM]?)$/.exec(text) ?? refuse('scale', `--size ${text} is no size`)
  return Number(digits) * { '': 1, K: 1 << 10, M: 1 << 20 }[unit as '' | 'K' | 'M']
}

function say(line: string): void {
  process.stderr.write(`${line}, ${formatFigure(process.cpuUsage().user / 1e6, 0)} s of processor time\n`)
}
