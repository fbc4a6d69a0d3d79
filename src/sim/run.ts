// Runs many seeds, on several threads (run-thread.ts), and tells what came of them. Used by `left sim` and the tests.

import { Worker } from 'node:worker_threads'
import { crc32, hash, loadHash } from '../io/hash.js'
import { isFromSources, programFile } from '../io/program.js'
import { type Batch, runBatch } from './batch.js'
import type { Scenario } from './plan.js'
import { drawScenario } from './scenario.js'
import { type SimulationResult, simulate } from './simulate.js'
import { describeScenario } from './story/describe.js'
import { shrink } from './story/shrink.js'
import { parsePlan, planText, storyOf } from './story/story.js'

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
  /** Shrink the plan of the first seed that fails; a single seed that fails is shrunk anyhow. */
  readonly shrink?: boolean
  /** The text of a plan to play in place of a seed's. */
  readonly plan?: string | undefined
  readonly print: (line: string) => void
}

/** Seeds that a thread takes at once: about half a second of work. */
const SEEDS_PER_BATCH = 32

/** How often the progress is told. */
const PROGRESS_MS = 5_000

export async function runSimulations(options: RunOptions): Promise<{ failedSeeds: number[] }> {
  await loadHash()
  const failedSeeds: number[] = []
  const handle = (result: SimulationResult): void => {
    if (result.breach === undefined) return
    failedSeeds.push(result.seed)
    options.print(failureOf(result, options))
    if (options.plan === undefined && options.runs > 1 && options.shrink === true && failedSeeds.length === 1)
      tellShrunk(result, options)
  }
  // Threads run the built program; from the sources, as in development, there is one.
  const single = options.workers === 1 || isFromSources()
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
function runOne(seed: number, options: RunOptions): SimulationResult {
  const { trace, power, restores, print, plan } = options
  const scenario = plan === undefined ? drawScenario(seed, { power, restores }) : parsePlan(plan)
  for (const line of describeScenario(scenario)) print(line)
  const result = simulate(scenario, { hash, crc32, tell: trace ? print : undefined })
  print(
    `seed ${scenario.seed}: ${Math.round(result.virtualMs / 1000)} s of virtual time, trace ${result.trace}`,
  )
  if (plan === undefined && result.breach !== undefined) tellShrunk(result, options)
  return result
}

/** The story that is left of a failed seed, and the plan, which no seed draws. */
function tellShrunk(
  { seed, breach }: SimulationResult,
  { power, restores, print }: Pick<RunOptions, 'power' | 'restores' | 'print'>,
): void {
  const whole = drawScenario(seed, { power, restores })
  print(`shrinking seed ${seed}: ${whole.peers.length} peers, ${editsOf(whole)} edits and faults`)
  const breachOf = (scenario: Scenario) => simulate(scenario, { hash, crc32 }).breach
  const { scenario, runs } = shrink(whole, (plan) => breachOf(plan)?.invariant === breach!.invariant)
  print(`after ${runs} runs: ${scenario.peers.length} peers, ${editsOf(scenario)} edits and faults`)
  for (const line of storyOf(scenario)) print(line)
  const left = breachOf(scenario)!
  print(`  then ${left.invariant}: ${left.detail}`)
  print('to play it: save this line as plan.json, then left sim --plan plan.json')
  print(planText(scenario))
}

function editsOf({ beginnings, acts }: Scenario): number {
  return beginnings.length + acts.length
}

function failureOf({ seed, breach }: SimulationResult, { power, restores, plan }: RunOptions): string {
  if (plan !== undefined) return `the plan FAILED: ${breach!.invariant}: ${breach!.detail}`
  const replay = `left sim --seed ${seed}${power ? ' --power' : ''}${restores ? ' --restores' : ''}`
  return `seed ${seed} FAILED: ${breach!.invariant}: ${breach!.detail}\n  replay: ${replay}`
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
      const thread = new Worker(programFile('sim/run-thread'))
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
