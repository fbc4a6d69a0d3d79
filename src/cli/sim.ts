// `left sim`: runs the core in the simulated world from seeds, each of which can be played again.

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { LeftError } from '../base/errors.js'
import { runSimulations } from '../sim/run.js'
import { parseWhole } from './arguments.js'
import { EXIT_FAILED, EXIT_STOPPED } from './failure.js'
import { formatCount } from './format.js'
import { RUN_COUNT_DEFAULT, RUN_COUNT_MAX, RUN_COUNT_QUICK, SEED_MAX, WORKER_COUNT_MAX } from './limits.js'
import { printLine } from './printing.js'

/** The options of `left sim` as texts. */
export interface RawSimArguments {
  readonly seed?: string
  readonly runs?: string
  readonly workers?: string
  readonly quick?: boolean
  readonly power?: boolean
  readonly restores?: boolean
  readonly shrink?: boolean
  readonly plan?: string
}

export interface SimOptions {
  /** Runs take this seed and the ones after it. */
  readonly firstSeed: number
  readonly runs: number
  readonly workers: number
  /** Machines lose power too. */
  readonly power: boolean
  /** Shares are put back to older copies too. */
  readonly restores: boolean
  /** A single run tells every step. */
  readonly trace: boolean
  /** The plan of the first seed that fails is shrunk, of many too. */
  readonly shrink: boolean
  /** The text of a plan to play in place of a seed's. */
  readonly plan: string | undefined
}

/** @throws LeftError 'usage'. `freshSeed` is taken where none is given. */
export function simOptions(raw: RawSimArguments, freshSeed: number): SimOptions {
  const isSingle = raw.plan !== undefined || (raw.shrink === true && raw.runs === undefined)
  const runsDefault = isSingle ? 1 : raw.quick ? RUN_COUNT_QUICK : RUN_COUNT_DEFAULT
  const runs =
    raw.runs === undefined ? runsDefault : parseWhole('--runs', raw.runs, { min: 1, max: RUN_COUNT_MAX })
  const workers =
    raw.workers === undefined
      ? Math.min(availableParallelism(), runs, WORKER_COUNT_MAX)
      : parseWhole('--workers', raw.workers, { min: 1, max: WORKER_COUNT_MAX })
  const firstSeed =
    raw.seed === undefined ? freshSeed : parseWhole('--seed', raw.seed, { min: 0, max: SEED_MAX })
  return {
    firstSeed,
    runs,
    workers,
    power: raw.power === true,
    restores: raw.restores === true,
    // The story is short, and the steps of the whole plan would hide it.
    trace: runs === 1 && raw.shrink !== true,
    shrink: raw.shrink === true,
    plan: raw.plan === undefined ? undefined : readPlan(raw.plan),
  }
}

/** @throws LeftError 'usage'. */
function readPlan(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new LeftError('usage', `--plan: cannot read ${path}: ${(cause as Error).message}`, cause)
  }
}

/** Answers the exit code: 1 when a seed failed. */
export async function runSim(raw: RawSimArguments): Promise<number> {
  const options = simOptions(raw, Math.floor(Math.random() * SEED_MAX))
  // Simulations are of no use to anybody who does not read what comes of them.
  process.stdout.on('error', () => process.exit(EXIT_STOPPED))
  const { failedSeeds } = await runSimulations({ ...options, print: printLine })
  if (failedSeeds.length === 0) {
    printLine(
      `${formatCount(options.runs)} ${options.runs === 1 ? 'run' : 'runs'} from seed ${options.firstSeed}: all passed`,
    )
    return EXIT_STOPPED
  }
  if (options.plan !== undefined) return EXIT_FAILED
  printLine(
    `${formatCount(failedSeeds.length)} of ${formatCount(options.runs)} runs from seed ${options.firstSeed} failed`,
  )
  for (const seed of failedSeeds.slice(0, 10))
    printLine(
      `replay: left sim --seed ${seed}${options.power ? ' --power' : ''}${options.restores ? ' --restores' : ''}`,
    )
  return EXIT_FAILED
}
