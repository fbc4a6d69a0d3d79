// Stories of moves on machines that ask about more than two of eight deleted files: what was moved is no deletion, whenever its halves
// come, and nothing is at both paths in the end.

import { describe, expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import type { MaxDelete } from '../../src/pipe/settings.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import { happen } from '../../src/sim/happenings.js'
import { isAnyHeld } from '../../src/sim/held.js'
import { calmLink, calmPeer, meshOf } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const SOON_MS = 2_000
/** Longer than a deletion waits for its other half. */
const LATE_MS = 25_000
const PARTS = ['a', 'b', 'c', 'd', 'e', 'f']
const FOLDER = PARTS.map((name) => `old/${name}`)
const CAREFUL: MaxDelete = { percent: 25, filesMin: 1, isStrict: false }
const NONE: MaxDelete = { ...CAREFUL, percent: 100 }

/** Six files in a folder and two beside it, in step. */
function worldOf(...settings: MaxDelete[]): World {
  const links = meshOf(settings.length).map(([one, other]) => calmLink(one, other))
  const peers = settings.map((maxDelete, peer) => calmPeer(peer, { maxDelete }))
  const world = new World({ seed: 1, peers, links }, { hash, crc32 })
  world.edit(A, { type: 'folder', path: 'old' })
  for (const [content, path] of [...FOLDER, 'y', 'z'].entries())
    world.edit(A, { type: 'write', path, content, sizeBytes: 500, steps: 1, stepMs: 0 })
  world.startAll()
  world.run(SOON_MS)
  return world
}

function pathsAt(world: World, peer: number): string[] {
  return [...shareOf(world, peer).keys()].sort()
}

function expectPaths(world: World, paths: readonly string[]): void {
  settle(world, 0)
  expect(world.breach).toBeUndefined()
  expect(isAnyHeld(world)).toBe(false)
  for (const peer of world.peers.keys()) expect(pathsAt(world, peer)).toEqual([...paths].sort())
}

const NEW = ['new', ...PARTS.map((name) => `new/${name}`), 'y', 'z']

describe('most files of a share', () => {
  test.each([
    ['with their folder', (world: World) => world.edit(A, { type: 'rename', path: 'old', to: 'new' })],
    [
      'one by one',
      (world: World) => {
        world.edit(A, { type: 'folder', path: 'new' })
        for (const name of PARTS) world.edit(A, { type: 'rename', path: `old/${name}`, to: `new/${name}` })
        world.edit(A, { type: 'remove', path: 'old' })
      },
    ],
    [
      'while their machine is off',
      (world: World) => {
        happen(world, { type: 'stop', peer: A, downMs: 500 })
        world.edit(A, { type: 'rename', path: 'old', to: 'new' })
      },
    ],
  ])('may be moved, %s', (_, move) => {
    const world = worldOf(CAREFUL, CAREFUL)
    move(world)
    world.run(SOON_MS)
    expect(isAnyHeld(world)).toBe(false)
    expectPaths(world, NEW)
  })

  test('may be moved while other deletions are held here, and undoing those leaves nothing at both paths', () => {
    const world = worldOf(CAREFUL, CAREFUL)
    for (const path of [...FOLDER.slice(0, 2), 'y', 'z']) world.edit(A, { type: 'remove', path })
    world.run(SOON_MS)
    expect(isAnyHeld(world)).toBe(true)
    world.edit(A, { type: 'rename', path: 'old', to: 'new' })
    world.run(SOON_MS)
    expect(pathsAt(world, B)).toContain('new/c')
    happen(world, { type: 'answer', peer: A, answer: 'undo' })
    world.run(SOON_MS)
    const rest = PARTS.slice(2).map((name) => `new/${name}`)
    expectPaths(world, ['new', ...rest, 'old', 'old/a', 'old/b', 'y', 'z'])
  })

  test('may be moved by a peer of which other deletions are held', () => {
    const world = worldOf(NONE, CAREFUL)
    for (const path of [...FOLDER.slice(0, 2), 'y', 'z']) world.edit(A, { type: 'remove', path })
    world.run(SOON_MS)
    expect(isAnyHeld(world)).toBe(true)
    world.edit(A, { type: 'rename', path: 'old', to: 'new' })
    world.run(SOON_MS)
    for (const name of PARTS.slice(2)) expect(pathsAt(world, B)).not.toContain(`old/${name}`)
    happen(world, { type: 'answer', peer: B, answer: 'undo' })
    world.run(SOON_MS)
    for (const peer of [A, B])
      for (const name of PARTS.slice(2)) {
        expect(pathsAt(world, peer)).toContain(`new/${name}`)
        expect(pathsAt(world, peer)).not.toContain(`old/${name}`)
      }
  })
})

describe('what a peer deletes and says to have moved', () => {
  test('is counted as deleted where it is nowhere', () => {
    const world = worldOf(NONE, CAREFUL)
    world.peers[B]!.stop()
    world.edit(A, { type: 'rename', path: 'old', to: 'new' })
    world.run(SOON_MS)
    for (const name of PARTS) world.edit(A, { type: 'remove', path: `new/${name}` })
    world.run(SOON_MS)
    world.peers[B]!.start()
    world.run(SOON_MS)
    expect(world.catalogues.get(B)!.stoppedPaths.keptPaths.size).toBeGreaterThanOrEqual(4)
    expect(FOLDER.filter((path) => pathsAt(world, B).includes(path)).length).toBeGreaterThanOrEqual(4)
    happen(world, { type: 'answer', peer: B, answer: 'confirm' })
    world.run(SOON_MS)
    expectPaths(world, ['new', 'y', 'z'])
  })

  test('is held while its new place is refused, and goes when it is there', () => {
    const world = worldOf(NONE, CAREFUL)
    happen(world, { type: 'refused-path', peer: B, path: 'new', forMs: LATE_MS })
    world.edit(A, { type: 'folder', path: 'new' })
    for (const name of PARTS) world.edit(A, { type: 'rename', path: `old/${name}`, to: `new/${name}` })
    world.edit(A, { type: 'remove', path: 'old' })
    world.run(SOON_MS)
    expect(isAnyHeld(world)).toBe(true)
    world.run(2 * LATE_MS)
    expectPaths(world, NEW)
  })
})
