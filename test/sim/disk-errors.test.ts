// Whole peers on disks that refuse any operation at any moment, as a disk does where another program changes folders all the
// time. Files may come late for that, and modes may be lost; the keeper has to live.

import { expect, test } from 'vitest'
import type { DiskErrorCode } from '../../src/base/ports.js'
import { crc32, hash } from '../../src/io/hash.js'
import { happen } from '../../src/sim/happenings.js'
import { SeededRandom } from '../../src/sim/random.js'
import { drawScenario } from '../../src/sim/scenario.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'
import { isLong } from '../length.js'

const SEEDS = isLong ? 1_000 : 40
/** The next refusal of a disk comes after so many operations at most, and is put down every so often. */
const OPERATIONS_MAX = 25
const EVERY_MS = 3

const CODES: readonly DiskErrorCode[] = [
  'missing',
  'exists',
  'not-empty',
  'denied',
  'no-space',
  'link',
  'changed-kind',
  'same-name',
  'private',
  'io',
]

/** Answers how many refusals were put down, and what was thrown that nobody caught. */
function run(seed: number): { readonly count: number; readonly thrown: string } {
  const scenario = drawScenario(seed)
  const world = new World(scenario, { hash, crc32 })
  const random = new SeededRandom(seed)
  let count = 0
  const refuse = (): void => {
    if (world.nowMs >= scenario.healAtMs || world.breach !== undefined) return
    for (const { disk } of world.peers) {
      if (disk.faults.isFailureLeft) continue
      disk.failAt(1 + random.below(OPERATIONS_MAX), CODES[random.below(CODES.length)]!, () => true)
      count++
    }
    world.scheduler.at(world.nowMs + EVERY_MS, refuse)
  }
  for (const { peer, edit } of scenario.beginnings) world.edit(peer, edit)
  for (const { atMs, happening } of scenario.acts) world.scheduler.at(atMs, () => happen(world, happening))
  world.scheduler.at(0, refuse)
  world.startAll()
  world.run(scenario.healAtMs)
  // None is left to come.
  for (const { disk } of world.peers) disk.failAt(1, 'io', () => false)
  if (world.breach === undefined) settle(world, scenario.restLoss)
  return { count, thrown: world.breach?.invariant === 'error' ? world.breach.detail : '' }
}

test('no refusal of a disk is thrown out of the keeper, whatever it was at', () => {
  let refusals = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { count, thrown } = run(seed)
    expect([seed, thrown]).toEqual([seed, ''])
    refusals += count
  }
  expect(refusals).toBeGreaterThan(4 * SEEDS)
})
