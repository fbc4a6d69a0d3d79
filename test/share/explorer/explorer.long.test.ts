// The larger worlds, minutes each. `explorer.test.ts` has the same in small, and the counterexamples.

import { expect, test } from 'vitest'
import { explore } from './explore.js'
import { RestoreWorld } from './restore-world.js'
import { dotsAndSeen } from './rules.js'
import { seedOfRun, walkOften } from './walk.js'
import { World, type WorldOptions } from './world.js'

const STATES_MAX = 5_000_000
const LONG_MS = 30 * 60_000
const WALK_COUNT = 100_000

const THREE: WorldOptions = { peerCount: 3, editCountMax: 3, startsWithFile: true, mtimes: 'gaps' }

test.each<[string, number, WorldOptions]>([
  [
    'two peers, three edits of every kind',
    72_557,
    { peerCount: 2, editCountMax: 3, startsWithFile: true, mtimes: 'ends' },
  ],
  ['three peers that hold a file, three edits of every kind', 1_023_086, THREE],
  [
    'three peers that hold nothing, three edits of every kind, mtimes alike too',
    220_528,
    { ...THREE, startsWithFile: false, mtimes: 'gaps-and-ties' },
  ],
  [
    'two peers, four edits',
    929_117,
    { ...THREE, peerCount: 2, editCountMax: 4, mtimes: 'ends', changes: ['write', 'delete', 'touch'] },
  ],
  [
    'three peers that are edited between deciding and placing, three edits',
    635_661,
    { ...THREE, mtimes: 'ends', changes: ['write', 'delete', 'touch'], placing: 'decides-again' },
  ],
])(
  'dots and seen end equal and lose no edit: %s',
  (_, stateCount, options) => {
    const result = explore(new World(dotsAndSeen, options), STATES_MAX)
    expect(result.fault).toBeUndefined()
    expect(result.complete).toBe(true)
    expect(result.stateCount).toBe(stateCount)
  },
  LONG_MS,
)

test(
  'dots and seen end equal and lose no edit in random runs of four peers and six edits',
  () => {
    const seed = seedOfRun()
    console.log(`LEFT_EXPLORER_SEED=${seed} replays these walks`)
    expect(walkOften(dotsAndSeen, { seed, count: WALK_COUNT })).toBeUndefined()
  },
  LONG_MS,
)

test.each([
  ['told of a count in a gap', { peerCount: 2, restartCountMax: 1, renewal: 'told-of-a-gap' as const }],
  ['two restarts', { peerCount: 2, restartCountMax: 2, renewal: 'told-of-a-gap' as const, editCountMax: 2 }],
  ['a witness', { peerCount: 3, restartCountMax: 0, renewal: 'witness' as const }],
])(
  'a share put back to an older copy loses nothing: %s',
  (_, changed) => {
    const options = { editCountMax: 3, countsByClock: true, ...changed }
    const result = explore(new RestoreWorld(options), STATES_MAX)
    expect(result.fault).toBeUndefined()
    expect(result.complete).toBe(true)
  },
  LONG_MS,
)
