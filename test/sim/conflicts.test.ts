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

test('a file and a folder that are made at one path again and again, beyond ten copies: nothing is lost, and all are the same', () => {
  const world = worldOf(meshOf(2), 2)
  world.startAll()
  world.run(SOON_MS)
  const write = (peer: number, path: string, content: number) =>
    world.edit(peer, { type: 'write', path, content, sizeBytes: 1_000, steps: 1, stepMs: 0 })
  for (let round = 0; round < 2 * CONFLICT_COPIES_MAX + 5; round++) {
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: SOON_MS })
    // The folder of the one is where the file of the other stands.
    for (const peer of [A, B]) world.edit(peer, { type: 'remove', path: 'a' })
    write(A, 'a', 10 * round)
    write(B, 'a/inside', 10 * round + 1)
    world.run(10 * SOON_MS)
  }
  settle(world, 0)
  expect(world.breach).toBeUndefined()
  expect([...shareOf(world, A).keys()]).toEqual([...shareOf(world, B).keys()])
})

/** Both write while they do not hear each other, first B and then A: what B wrote loses. */
function writtenApart(rounds: number, bytesOf: (round: number) => { first: number; last: number }): World {
  const world = worldOf(meshOf(2), 2)
  world.startAll()
  world.run(SOON_MS)
  for (let round = 0; round < rounds; round++) {
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: SOON_MS })
    const { first, last } = bytesOf(round)
    // The bytes of one content begin with those of it that are fewer.
    const log = { type: 'write', path: 'a', content: 7, steps: 1, stepMs: 0 } as const
    world.edit(B, { ...log, sizeBytes: first })
    world.run(100)
    world.edit(A, { ...log, sizeBytes: last })
    world.run(10 * SOON_MS)
  }
  settle(world, 0)
  expect(world.breach).toBeUndefined()
  expect(copiesOf(world, B)).toEqual(copiesOf(world, A))
  return world
}

test('two states of one log, again and again, the longer one newer: no copy', () => {
  const world = writtenApart(6, (round) => ({
    first: 50_000 + 20_000 * round,
    last: 60_000 + 20_000 * round,
  }))
  expect(copiesOf(world, A)).toEqual([])
  for (const peer of [A, B]) expect(world.peers[peer]!.disk.contentOf('a')).toHaveLength(160_000)
  expect(world.events.filter(({ event }) => event.event === 'conflict')).toEqual([])
})

test('two states of one log, the shorter one newer: a copy each time', () => {
  const world = writtenApart(3, (round) => ({
    first: 60_000 + 20_000 * round,
    last: 50_000 + 20_000 * round,
  }))
  expect(copiesOf(world, A)).toHaveLength(3)
})

test('one side appends to a log every second, the other edits its middle: each copy holds what nothing else does', () => {
  const world = worldOf(meshOf(2), 2)
  world.startAll()
  world.edit(A, { type: 'write', path: 'a', content: 7, sizeBytes: 100_000, steps: 1, stepMs: 0 })
  world.run(10 * SOON_MS)
  const lines = { steps: 140, stepMs: 1_000, sizeBytes: 60 }
  world.edit(A, { type: 'append', path: 'a', content: 100, ...lines })
  for (let edit = 0; edit < 12; edit++) {
    world.run(10_300)
    world.edit(B, { type: 'overwrite', path: 'a', content: 1_000 + edit, sizeBytes: 60, from: 0.5 })
  }
  settle(world, 0)
  expect(world.breach).toBeUndefined()
  const copies = copiesOf(world, A)
  expect(copies.length).toBeGreaterThan(0)
  expect(copies.length).toBeLessThanOrEqual(CONFLICT_COPIES_MAX)
  const contents = [...copies, 'a'].map((path) => Buffer.from(world.peers[A]!.disk.contentOf(path)!))
  for (const part of contents)
    for (const whole of contents)
      expect(part !== whole && whole.subarray(0, part.length).equals(part)).toBe(false)
})
