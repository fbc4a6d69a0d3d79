// Edits that had not seen each other, again and again, in the simulated world: what is kept, how often, and that nothing is lost.

import { expect, test } from 'vitest'
import { TRASH_FOLDER } from '../../src/base/own-folder.js'
import { crc32, hash } from '../../src/io/hash.js'
import { CONFLICT_COPIES_MAX } from '../../src/keeper/place/limits.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, chainOf, meshOf } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const SOON_MS = 1_500

function worldOf(pairs: readonly (readonly [number, number])[], peers: number): World {
  const links = pairs.map(([one, other]) => calmLink(one, other))
  const plans = Array.from({ length: peers }, (_, peer) => calmPeer(peer))
  return new World({ seed: 1, peers: plans, links }, { hash, crc32 })
}

function copiesOf(world: World, peer: number): string[] {
  return [...shareOf(world, peer).keys()].filter((path) => path.startsWith('a.conflict-'))
}

function trashedOf(world: World, peer: number): string[] {
  const paths = [...world.peers[peer]!.disk.snapshot().keys()]
  return paths.filter((path) => path.startsWith(`${TRASH_FOLDER}/`) && path.endsWith('/a'))
}

test.each([
  ['two peers', 2, meshOf(2)],
  ['two peers and a third behind one of them', 3, chainOf(3)],
])('%s: ten copies of one file, what loses then is in a trash, and all are the same', (_, peers, pairs) => {
  const conflictCount = CONFLICT_COPIES_MAX + 3
  const world = worldOf(pairs, peers)
  world.startAll()
  world.run(SOON_MS)
  for (let round = 0; round < conflictCount; round++) {
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: SOON_MS })
    for (const peer of [A, B])
      world.edit(peer, {
        type: 'write',
        path: 'a',
        content: 10 * round + peer,
        sizeBytes: 1_000,
        steps: 1,
        stepMs: 0,
      })
    world.run(10 * SOON_MS)
  }
  settle(world, 0)
  // Nothing that anybody made is lost, and no share differs from another.
  expect(world.breach).toBeUndefined()
  for (let peer = 0; peer < peers; peer++) {
    expect(copiesOf(world, peer)).toHaveLength(CONFLICT_COPIES_MAX)
    expect(copiesOf(world, peer)).toEqual(copiesOf(world, A))
  }
  const told = world.events.flatMap(({ event }) => (event.event === 'conflict' ? [event.kept] : []))
  expect(told.filter((kept) => kept.startsWith(`${TRASH_FOLDER}/`))).toHaveLength(3)
  expect(trashedOf(world, A).length + trashedOf(world, B).length).toBeGreaterThanOrEqual(3)
})
