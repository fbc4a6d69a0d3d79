// Runs many seeds, on several threads, and tells what came of them. Used by `left sim` and the tests; the threads run
// this file too.

import { parentPort, Worker, workerData } from 'node:worker_threads'
import { crc32, hash, loadHash } from '../io/hash.js'
import { describeScenario } from './describe.js'
import { drawScenario } from './scenario.js'
import { type SimulationResult, simulate } from './simulate.js'

export interface RunOptions {
  readonly firstSeed: number
  readonly runs: number
  readonly workers: number
  /** Machines lose power too. */
  readonly power: boolean
  /** Shares are put back to older copies too. */
  readonly restores: boolean
  /** Tell every step; for a single run. */
  readonly trace: boolean
  readonly print: (line: string) => void
}

/** Seeds that a thread takes at once: about half a second of work. */
const SEEDS_PER_BATCH = 32

/** How often the progress is told. */
const PROGRESS_MS = 5_000

interface Batch {
  readonly firstSeed: number
  readonly count: number
  readonly power: boolean
  readonly restores: boolean
}

export async function runSimulations(options: RunOptions): Promise<{ failedSeeds: number[] }> {
  await loadHash()
  const failedSeeds: number[] = []
  const handle = (result: SimulationResult): void => {
    if (result.breach === undefined) return
    failedSeeds.push(result.seed)
    options.print(failureOf(result, options))
  }
  // Threads run the built program; from the sources, as in development, there is one.
  const single = options.workers === 1 || import.meta.url.endsWith('.ts')
  if (options.runs === 1) handle(runOne(options.firstSeed, options))
  else if (single)
    for (const result of runBatch({
      firstSeed: options.firstSeed,
      count: options.runs,
      power: options.power,
      restores: options.restores,
    }))
      handle(result)
  else await runOnThreads(options, handle)
  return { failedSeeds: failedSeeds.sort((left, right) => left - right) }
}

/** One run in full: the scenario first, so that it is there even if the run never ends. */
function runOne(seed: number, { trace, power, restores, print }: RunOptions): SimulationResult {
  const scenario = drawScenario(seed, { power, restores })
  for (const line of describeScenario(scenario)) print(line)
  const result = simulate(scenario, { hash, crc32, tell: trace ? print : undefined })
  print(`seed ${seed}: ${Math.round(result.virtualMs / 1000)} s of virtual time, trace ${result.trace}`)
  return result
}

function failureOf({ seed, breach }: SimulationResult, { power, restores }: RunOptions): string {
  const replay = `left sim --seed ${seed}${power ? ' --power' : ''}${restores ? ' --restores' : ''}`
  return `seed ${seed} FAILED: ${breach!.invariant}: ${breach!.detail}\n  replay: ${replay}`
}

function* runBatch({ firstSeed, count, power, restores }: Batch): Generator<SimulationResult> {
  for (let seed = firstSeed; seed < firstSeed + count; seed++)
    yield simulate(drawScenario(seed, { power, restores }), { hash, crc32 })
}

async function runOnThreads(options: RunOptions, handle: (result: SimulationResult) => void): Promise<void> {
  const { firstSeed, runs, workers, power, restores, print } = options
  let nextSeed = firstSeed
  let done = 0
  const progress = setInterval(() => print(`${done} of ${runs} runs`), PROGRESS_MS)
  const takeBatch = (): Batch | undefined => {
    const count = Math.min(SEEDS_PER_BATCH, firstSeed + runs - nextSeed)
    if (count <= 0) return undefined
    nextSeed += count
    return { firstSeed: nextSeed - count, count, power, restores }
  }
  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL(import.meta.url), { workerData: 'simulate' })
      const feed = (): void => {
        const batch = takeBatch()
        if (batch !== undefined) thread.postMessage(batch)
        else void thread.terminate().then(() => resolve())
      }
      thread.on('message', (results: SimulationResult[]) => {
        done += results.length
        for (const result of results) handle(result)
        feed()
      })
      thread.once('error', reject)
      feed()
    })
  try {
    await Promise.all(Array.from({ length: workers }, runThread))
  } finally {
    clearInterval(progress)
  }
}

if (workerData === 'simulate') {
  void loadHash().then(() =>
    parentPort?.on('message', (batch: Batch) => parentPort?.postMessage([...runBatch(batch)])),
  )
}
