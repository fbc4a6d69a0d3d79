// Stories of people who delete things on one of a few machines, in the simulated world, and what must come of it.

import { describe, expect, test } from 'vitest'
import { TRASH_FOLDER } from '../../src/base/own-folder.js'
import { crc32, hash } from '../../src/io/hash.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import type { Edit } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, chainOf, meshOf } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const SOON_MS = 1_500

function worldOf(peers = 2, pairs = meshOf(peers)): World {
  const links = pairs.map(([one, other]) => calmLink(one, other))
  const plans = Array.from({ length: peers }, (_, peer) => calmPeer(peer))
  return new World({ seed: 1, peers: plans, links }, { hash, crc32 })
}

function write(world: World, peer: number, path: string, content = 1): void {
  world.edit(peer, { type: 'write', path, content, sizeBytes: 1_000, steps: 1, stepMs: 0 })
}

function remove(world: World, peer: number, path: string): void {
  world.edit(peer, { type: 'remove', path })
}

function apart(world: World, peer = A, other = B): void {
  happen(world, { type: 'cut', peer, other, bothWays: true, forMs: SOON_MS })
}

function pathsOf(world: World, peer: number): string[] {
  return [...shareOf(world, peer).keys()].sort()
}

function trashOf(world: World, peer: number): string[] {
  const prefix = `${TRASH_FOLDER}/`
  const paths = [...world.peers[peer]!.disk.snapshot().keys()].filter((path) => path.startsWith(prefix))
  return paths
    .map((path) => path.slice(prefix.length).split('/').slice(1).join('/'))
    .filter((path) => path !== '')
}

/** All come to rest with these paths, and all that must hold does. */
function expectAll(world: World, paths: readonly string[]): void {
  if (world.breach === undefined) settle(world, 0)
  expect(world.breach).toBeUndefined()
  for (const peer of world.peers.keys()) expect(pathsOf(world, peer)).toEqual(paths)
}

describe('a deletion arrives', () => {
  test.each<[string, (world: World) => void, string, string[]]>([
    ['a file', (world) => write(world, A, 'a'), 'a', ['a']],
    ['an empty folder', (world) => world.edit(A, { type: 'folder', path: 'empty' }), 'empty', ['empty']],
    [
      'a full folder',
      (world) => {
        for (const path of ['full/a', 'full/deep/b']) write(world, A, path)
      },
      'full',
      ['full', 'full/a', 'full/deep', 'full/deep/b'],
    ],
    [
      'a followed link',
      (world) => world.edit(A, { type: 'link', path: 'l', outside: 'outside-0' }),
      'l',
      ['l'],
    ],
  ])('of %s, and is in the trash of the other', (_, make, path, trashed) => {
    const world = worldOf()
    make(world)
    write(world, A, 'stays')
    world.startAll()
    world.run(SOON_MS)
    expect(pathsOf(world, B)).toEqual(pathsOf(world, A))
    remove(world, A, path)
    expectAll(world, ['stays'])
    expect(trashOf(world, B).sort()).toEqual(trashed)
    expect(trashOf(world, A)).toEqual([])
    expect(world.peers[0]!.root).toBe(world.peers[1]!.root)
  })

  test('through a third machine, while the two are never connected', () => {
    const world = worldOf(3, chainOf(3))
    for (const path of ['a', 'folder/b', 'stays']) write(world, A, path)
    world.startAll()
    world.run(2 * SOON_MS)
    remove(world, C, 'a')
    remove(world, C, 'folder')
    expectAll(world, ['stays'])
    expect(trashOf(world, A).sort()).toEqual(['a', 'folder', 'folder/b'])
  })

  test('that was made while LEFT did not run', () => {
    const world = worldOf()
    for (const path of ['a', 'stays']) write(world, A, path)
    world.startAll()
    world.run(SOON_MS)
    happen(world, { type: 'stop', peer: A, downMs: 500 })
    remove(world, A, 'a')
    expectAll(world, ['stays'])
  })

  test('of what stands in a folder whose name a file had that was deleted again and again within the hour', () => {
    const world = worldOf()
    write(world, A, 'stays')
    world.startAll()
    world.run(SOON_MS)
    for (let round = 0; round < 14; round++) {
      write(world, A, 'x', 2 + round)
      world.run(SOON_MS)
      remove(world, A, 'x')
      world.run(SOON_MS)
    }
    for (const path of ['x/f/a', 'x/f/b', 'x/stays']) write(world, A, path, 100)
    world.run(SOON_MS)
    remove(world, A, 'x/f')
    expectAll(world, ['stays', 'x', 'x/stays'])
    expect(trashOf(world, B).filter((path) => path === 'x')).toHaveLength(14 + 1)
    expect(trashOf(world, B)).toEqual(expect.arrayContaining(['x/f/a', 'x/f/b']))
  })

  test('and what is made anew at the path arrives too', () => {
    const world = worldOf()
    for (const path of ['a', 'stays']) write(world, A, path)
    world.startAll()
    world.run(SOON_MS)
    remove(world, A, 'a')
    world.run(SOON_MS)
    write(world, B, 'a', 2)
    expectAll(world, ['a', 'stays'])
  })
})

describe('an edit that a deletion had not seen', () => {
  test('stays', () => {
    const world = worldOf()
    for (const path of ['a', 'stays']) write(world, A, path)
    world.startAll()
    world.run(SOON_MS)
    apart(world)
    remove(world, A, 'a')
    write(world, B, 'a', 2)
    expectAll(world, ['a', 'stays'])
  })

  test('of something in a deleted folder stays, with its folders and nothing else', () => {
    const world = worldOf()
    for (const path of ['f/a', 'f/g/b', 'f/g/c', 'stays']) write(world, A, path)
    world.startAll()
    world.run(SOON_MS)
    apart(world)
    remove(world, A, 'f')
    write(world, B, 'f/g/b', 2)
    expectAll(world, ['f', 'f/g', 'f/g/b', 'stays'])
    expect(world.peers[0]!.root).toBe(world.peers[1]!.root)
    remove(world, A, 'f/g/b')
    expectAll(world, ['stays'])
  })

  test('a new child of a deleted folder stays, and its folders go with it later', () => {
    const world = worldOf()
    for (const path of ['f/a', 'stays']) write(world, A, path)
    world.startAll()
    world.run(SOON_MS)
    apart(world)
    remove(world, A, 'f')
    write(world, B, 'f/new', 2)
    expectAll(world, ['f', 'f/new', 'stays'])
    for (const peer of [A, B]) happen(world, { type: 'kill', peer, downMs: 100 })
    world.run(SOON_MS)
    remove(world, B, 'f/new')
    expectAll(world, ['stays'])
  })
})

test.each<[string, Edit, string[]]>([
  [
    'a file that becomes a folder',
    { type: 'swap', path: 'x', content: 9, sizeBytes: 10 },
    ['stays', 'x', 'x/inside'],
  ],
  [
    'a folder that becomes a file',
    { type: 'swap', path: 'f', content: 9, sizeBytes: 10 },
    ['f', 'stays', 'x'],
  ],
  [
    'a folder that is renamed',
    { type: 'rename', path: 'f', to: 'g' },
    ['g', 'g/a', 'g/h', 'g/h/b', 'stays', 'x'],
  ],
])('%s ends as it was made', (_, edit, paths) => {
  const world = worldOf()
  for (const path of ['f/a', 'f/h/b', 'stays', 'x']) write(world, A, path)
  world.startAll()
  world.run(SOON_MS)
  world.edit(A, edit)
  const others = ['f', 'f/a', 'f/h', 'f/h/b']
  expectAll(world, edit.type === 'swap' && edit.path === 'x' ? [...others, ...paths].sort() : paths)
  expect(world.events.filter(({ event }) => event.event === 'conflict')).toEqual([])
})

test('a share that is empty all at once tells nobody of it, and says so', () => {
  const world = worldOf()
  for (const path of ['a', 'b']) write(world, A, path)
  world.startAll()
  world.run(SOON_MS)
  happen(world, { type: 'stop', peer: A, downMs: 500 })
  for (const path of ['a', 'b']) remove(world, A, path)
  world.run(10_000)
  expect(pathsOf(world, B)).toEqual(['a', 'b'])
  const notes = world.events.filter(({ peer, event }) => peer === A && event.event === 'note')
  expect(JSON.stringify(notes)).toContain('empty all at once')
})

test('a folder that was deleted around a new file wins against a file of its name, which is kept beside it', () => {
  const world = worldOf(3)
  world.edit(A, { type: 'folder', path: 'data' })
  write(world, B, 'data', 2)
  for (const peer of [A, C]) world.peers[peer]!.start()
  world.run(SOON_MS)
  apart(world, A, C)
  write(world, A, 'data/new')
  remove(world, C, 'data')
  world.run(2 * SOON_MS)
  world.peers[B]!.start()
  settle(world, 0)
  expect(world.breach).toBeUndefined()
  for (const peer of [A, B, C])
    expect(pathsOf(world, peer)).toEqual(['data', expect.stringMatching(/^data\.conflict-/), 'data/new'])
})
