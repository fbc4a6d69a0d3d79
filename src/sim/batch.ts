// Seeds that follow each other, one after the other. Used by run.ts, and by its threads.

import { crc32, hash } from '../io/hash.js'
import { drawScenario } from './scenario.js'
import { type SimulationResult, simulate } from './simulate.js'

export interface Batch {
  readonly firstSeed: number
  readonly count: number
  readonly power: boolean
  readonly restores: boolean
}

export function* runBatch({ firstSeed, count, power, restores }: Batch): Generator<SimulationResult> {
  for (let seed = firstSeed; seed < firstSeed + count; seed++)
    yield simulate(drawScenario(seed, { power, restores }), { hash, crc32 })
}
