// Whole peers on disks that refuse any operation at any moment, as a disk does where another program changes folders all the
// time. Files may come late for that, and modes may be lost; the keeper has to live.

import { describe, expect, test } from 'vitest'
import type { DiskErrorCode } from '../../src/base/ports.js'
import { crc32, hash } from '../../src/io/hash.js'
import type { Edit } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, meshOf } from '../../src/sim/plan.js'
import { SeededRandom } from '../../src/sim/random.js'
import { drawScenario } from '../../src/sim/scenario.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'
import { isLong } from '../length.js'

const SEEDS = isLong ? 300 : 6
/** Every so many operations of a story one is refused. */
const STEP = isLong ? 1 : 7
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

const MAKER = 0
const OTHER = 1
const SOON_MS = 1_500

function written(path: string, content: number): Edit {
  return { type: 'write', path, content, sizeBytes: 1_000, steps: 1, stepMs: 0 }
}

const TREE: readonly Edit[] = [
  ...['d/a', 'd/b', 'd/e/c', 'd/e/f/g', 'k', 'stays'].map(written),
  { type: 'inner-link', path: 'd/l', target: 'a' },
]

describe('one refusal at each operation in turn, while a peer', () => {
  const stories: readonly (readonly [string, readonly Edit[]])[] = [
    ['deletes a folder with all that is in it', [{ type: 'remove', path: 'd' }]],
    ['moves one', [{ type: 'rename', path: 'd', to: 'n' }]],
    ['moves a file and edits another', [{ type: 'rename', path: 'd/a', to: 'm' }, written('d/b', 20)]],
    [
      'makes a file of a folder and a folder of a file',
      [{ type: 'remove', path: 'd' }, written('d', 21), { type: 'remove', path: 'k' }, written('k/in', 22)],
    ],
  ]

  test.each(
    stories.flatMap(([name, edits]) => [MAKER, OTHER].map((victim) => [name, victim, edits] as const)),
  )('%s, on the disk of peer %i, is thrown out of no keeper', (_, victim, edits) => {
    let count = 0
    for (let isOver = false; !isOver; ) {
      const plan = { seed: 1, peers: [calmPeer(MAKER), calmPeer(OTHER)] }
      const world = new World({ ...plan, links: meshOf(2).map(([a, b]) => calmLink(a, b)) }, { hash, crc32 })
      for (const edit of TREE) world.edit(MAKER, edit)
      world.startAll()
      world.run(SOON_MS)
      const { disk } = world.peers[victim]!
      const code = CODES[count % CODES.length]!
      count += STEP
      disk.failAt(count, code, () => true)
      for (const edit of edits) world.edit(MAKER, edit)
      world.run(3 * SOON_MS)
      isOver = disk.faults.isFailureLeft
      disk.failAt(1, 'io', () => false)
      if (world.breach === undefined) settle(world, 0)
      const thrown = world.breach?.invariant === 'error' ? world.breach.detail : ''
      expect([count, code, thrown]).toEqual([count, code, ''])
    }
    expect(count).toBeGreaterThan(10)
  })
})
