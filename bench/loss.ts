// The packet-loss bench: one puller and one server over a simulated link, in virtual time, for every loss, round
// trip and window. The same seed prints the same table on every machine.
//
//   npm run bench:loss -- [--quick] [--json] [--seed N] [--only auto,64]

import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openPair, sealTest, World } from '../harness/rdt/world.js'
import { BLOCK_BYTES } from '../src/base/limits.js'
import { drawChart } from './plot.js'

const RATE_BIT_PER_S = 1e9
const QUEUE_BYTES = 512 * 1024
const MTU_BYTES = 1_500
/** UDP payload of what the link carries, and content of that payload. */
const PAYLOAD_PART = 1_472 / 1_500
const CONTENT_PART = 1_452 / 1_472

const LOSSES = [0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2]
const RTTS_MS = [0.2, 2, 20, 100]
const WINDOWS = [1, 8, 64, 'auto'] as const
type Window = (typeof WINDOWS)[number]

interface Cell {
  readonly loss: number
  readonly rttMs: number
  readonly window: Window
}

interface Measured extends Cell {
  readonly bytes: number
  readonly ms: number
  /** Content per time over the rate × 1,472/1,500 × (1 − loss): of the whole transfer, and of its middle half. */
  readonly efficiency: number
  readonly steady: number
  /** UDP payload that the server sent, less what the link lost, over what was needed, less one. */
  readonly redundancy: number
}

function measure({ loss, rttMs, window }: Cell, seed: number, scale: number): Measured {
  const world = new World(seed, {
    rateBitPerS: RATE_BIT_PER_S,
    delayMs: rttMs / 2,
    loss,
    queueBytes: QUEUE_BYTES,
    mtuBytes: MTU_BYTES,
  })
  const { left, right } = openPair(world, { left: { window } })
  // Until the path size is found.
  world.run(3_000)
  const blocks = Math.max(20, Math.round(scale * blocksOf(window, rttMs)))
  const ref = { kind: 'file', digest: 'ab'.repeat(32), sizeBytes: blocks * BLOCK_BYTES } as const
  const frame = sealTest(new Uint8Array(BLOCK_BYTES))
  right.frameOf = () => frame
  left.open = (received) => received
  const link = world.network.link(right.address, left.address)
  const passedBytes = () => link.counters.sentBytes - link.counters.lostBytes
  const passedBytesBefore = passedBytes()
  const beganAtMs = world.nowMs
  const quarterAtMs: number[] = []
  let count = 0
  left.onEvent = (event) => {
    if (event.type === 'block' && ++count % Math.floor(blocks / 4) === 0) quarterAtMs.push(world.nowMs)
  }
  left.pull(ref, 'bulk', false)
  if (!world.runUntil(() => left.has(ref), 3_600_000))
    throw new Error(`not done: ${JSON.stringify({ loss, rttMs, window })}`)
  const ms = world.nowMs - beganAtMs
  const limitBytesPerMs = (RATE_BIT_PER_S / 8_000) * PAYLOAD_PART * (1 - loss)
  const middleBytes = 2 * Math.floor(blocks / 4) * BLOCK_BYTES
  return {
    loss,
    rttMs,
    window,
    bytes: ref.sizeBytes,
    ms,
    efficiency: ref.sizeBytes / ms / limitBytesPerMs,
    steady: middleBytes / (quarterAtMs[2]! - quarterAtMs[0]!) / limitBytesPerMs,
    redundancy: ((passedBytes() - passedBytesBefore) * CONTENT_PART) / ref.sizeBytes - 1,
  }
}

/** Enough for startup not to be all that is measured: 200 round trips, more where they are short. */
function blocksOf(window: Window, rttMs: number): number {
  const roundTrips = Math.max(200, Math.min(2_000, 6_000 / rttMs))
  const blocksPerMs = RATE_BIT_PER_S / 8_000 / BLOCK_BYTES
  const perRoundTrip =
    window === 'auto' ? rttMs * blocksPerMs : Math.min(window / 2, (rttMs + 1) * blocksPerMs)
  return Math.max(100, roundTrips * perRoundTrip)
}

function cells(windows: readonly Window[]): Cell[] {
  return windows.flatMap((window) =>
    RTTS_MS.flatMap((rttMs) => LOSSES.map((loss) => ({ loss, rttMs, window }))),
  )
}

/** Spreads the cells over processes; the answer does not depend on how. */
async function measureAll(windows: readonly Window[], seed: number, scale: number): Promise<Measured[]> {
  const waiting = cells(windows).map((cell, index) => ({ cell, index }))
  // The long ones first, so that none of them is alone at the end.
  waiting.sort((one, other) => cost(other.cell) - cost(one.cell))
  const results: Measured[] = []
  const workers: ChildProcess[] = []
  const run = (worker: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        const job = waiting.shift()
        if (job === undefined) {
          worker.disconnect()
          resolve()
        } else worker.send({ ...job, seed, scale })
      }
      worker.on('message', ({ index, measured }: { index: number; measured: Measured }) => {
        results[index] = measured
        next()
      })
      worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))))
      next()
    })
  for (let count = 0; count < Math.min(4, availableParallelism()); count++) {
    workers.push(fork(fileURLToPath(import.meta.url), ['--worker']))
  }
  await Promise.all(workers.map(run))
  return results
}

function cost({ window, rttMs, loss }: Cell): number {
  return blocksOf(window, rttMs) * (1 + 2 * loss)
}

function serveAsWorker(): void {
  process.on(
    'message',
    ({ cell, index, seed, scale }: { cell: Cell; index: number; seed: number; scale: number }) => {
      process.send!({ index, measured: measure(cell, seed, scale) })
    },
  )
}

function nameOf(window: Window): string {
  if (window === 'auto') return 'auto'
  return window === 1 ? 'stop-and-wait' : `window ${window}`
}

function percent(part: number, digits = 1): string {
  return `${(100 * part).toFixed(digits)}%`
}

function printTable(results: readonly Measured[], windows: readonly Window[], seed: number): void {
  console.log(
    `1 Gbit/s, queue ${QUEUE_BYTES / 1024} KiB, MTU ${MTU_BYTES}, loss in each direction, seed ${seed}.`,
  )
  console.log(
    'Efficiency: content received per time, over C × 1472/1500 × (1 − loss). A perfect one is 98.6%, for headers.',
  )
  console.log('Redundancy: payload sent, less what the link lost of it, over what was needed.')
  for (const rttMs of RTTS_MS) {
    console.log(`\nRTT ${rttMs} ms`)
    const heads = windows.map((window) => nameOf(window).padStart(22)).join('')
    console.log(`${'loss'.padStart(7)}${heads}${'auto, middle half'.padStart(20)}`)
    for (const loss of LOSSES) {
      const row = results.filter((result) => result.rttMs === rttMs && result.loss === loss)
      const figures = row.map(({ efficiency, redundancy }) =>
        `${percent(efficiency)} +${percent(redundancy)}`.padStart(22),
      )
      const steady = row.find(({ window }) => window === 'auto')?.steady
      const last = steady === undefined ? '–' : percent(steady)
      console.log(`${percent(loss).padStart(7)}${figures.join('')}${last.padStart(20)}`)
    }
  }
}

function draw(results: readonly Measured[]): string {
  const colours: Record<string, string> = { 1: '#c0392b', 8: '#d98e04', 64: '#2a7f9e', auto: '#2e8b57' }
  return drawChart({
    title: 'How much of a lossy link LEFT uses',
    subtitle: `1 Gbit/s, queue ${QUEUE_BYTES / 1024} KiB, MTU ${MTU_BYTES}, virtual time; 100% is the link’s rate × 1472/1500 × (1 − loss)`,
    xLabel: 'datagrams lost, each way',
    yLabel: 'efficiency',
    xTicks: LOSSES,
    xText: (loss) => `${100 * loss}%`,
    yTicks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    yText: (efficiency) => percent(efficiency, 0),
    panels: RTTS_MS.map((rttMs) => ({
      title: `RTT ${rttMs} ms`,
      curves: WINDOWS.map((window) => ({
        name: nameOf(window),
        colour: colours[String(window)]!,
        points: results
          .filter((result) => result.rttMs === rttMs && result.window === window)
          .map(({ loss, efficiency }) => ({ x: loss, y: efficiency })),
      })),
    })),
  })
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: WINDOWS.join() },
      worker: { type: 'boolean', default: false },
    },
  })
  if (values.worker) {
    serveAsWorker()
    return
  }
  const seed = Number(values.seed)
  const asked = values.only.split(',')
  const windows = WINDOWS.filter((window) => asked.includes(String(window)))
  const results = await measureAll(windows, seed, values.quick ? 0.1 : 1)
  const figures = JSON.stringify({ seed, rateBitPerS: RATE_BIT_PER_S, queueBytes: QUEUE_BYTES, results })
  const folder = new URL('./results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('loss.json', folder), `${figures}\n`)
  writeFileSync(new URL('loss.svg', folder), draw(results))
  if (values.json) console.log(figures)
  else {
    printTable(results, windows, seed)
    console.log(`\nKept in ${fileURLToPath(new URL('loss', folder))}.*`)
  }
}

await main()
