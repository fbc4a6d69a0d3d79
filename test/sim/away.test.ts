// Stories of a machine that was away for longer than deletions are remembered, and what only it still has.

import { describe, expect, test } from 'vitest'
import { DAY_MS } from '../../src/base/calendar.js'
import { TRASH_FOLDER } from '../../src/base/own-folder.js'
import { crc32, hash } from '../../src/io/hash.js'
import { TOMBSTONE_DAYS } from '../../src/keeper/index/limits.js'
import type { ShareState } from '../../src/pipe/commands.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, meshOf } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'
import { isLong } from '../length.js'

const A = 0
const B = 1
const C = 2
const ALL = [A, B, C]
const SOON_MS = 2_000
const PATHS = ['a', 'f', 'f/b', 'f/g', 'f/g/c', 'stays']
const LONG = TOMBSTONE_DAYS + 1

/** Three peers in step; `last` is how C runs. */
function worldOf(late: readonly number[] = [], last: Parameters<typeof calmPeer>[1] = {}, seed = 1): World {
  const peers = ALL.map((peer) => calmPeer(peer, peer === C ? last : {}))
  const links = meshOf(3).map(([one, other]) => calmLink(one, other))
  const world = new World({ seed, peers, links }, { hash, crc32 })
  for (const [content, path] of ['a', 'f/b', 'f/g/c', 'stays'].entries()) write(world, A, path, content)
  for (const peer of ALL) if (!late.includes(peer)) world.peers[peer]!.start()
  world.run(2 * SOON_MS)
  return world
}

function write(world: World, peer: number, path: string, content: number): void {
  world.edit(peer, { type: 'write', path, content, sizeBytes: 500, steps: 1, stepMs: 0 })
}

function remove(world: World, peer: number, path: string): void {
  world.edit(peer, { type: 'remove', path })
}

/** C is down for so long, and the others meet half-way. `meanwhile` happens on the first day. */
function away(world: World, days: number, meanwhile: () => void = () => {}): void {
  world.peers[C]!.stop()
  meanwhile()
  world.run(SOON_MS)
  const half = Math.floor(days / 2)
  pass(world, half)
  // Forgotten at a start, for the world's timers run on.
  for (const peer of [A, B]) world.peers[peer]!.stop()
  pass(world, days - half)
  for (const peer of [A, B]) world.peers[peer]!.start()
  world.run(SOON_MS)
}

function pass(world: World, days: number): void {
  for (const peer of ALL) happen(world, { type: 'clock-step', peer, byMs: days * DAY_MS })
  world.run(SOON_MS)
}

function comeBack(world: World): void {
  world.peers[C]!.start()
  world.run(2 * SOON_MS)
}

function pathsOf(world: World, peer: number): string[] {
  return [...shareOf(world, peer).keys()].sort()
}

function heldAt(world: World, peer = C): readonly string[] {
  const { keeper } = world.peers[peer]!
  return [...(keeper!.commands.carryOut({ name: 'state' }, world.nowMs) as ShareState).away.first].sort()
}

function trashOf(world: World, peer: number): string[] {
  const prefix = `${TRASH_FOLDER}/`
  const paths = [...world.peers[peer]!.disk.snapshot().keys()].filter((path) => path.startsWith(prefix))
  const inside = paths.map((path) => path.slice(prefix.length).split('/').slice(1).join('/'))
  return inside.filter((path) => path !== '').sort()
}

function answer(world: World, what: 'confirm' | 'undo'): void {
  happen(world, { type: 'answer', peer: C, answer: what })
  world.run(SOON_MS)
}

function expectPaths(world: World, paths: readonly string[], peers: readonly number[] = ALL): void {
  expect(world.breach).toBeUndefined()
  for (const peer of peers) expect(pathsOf(world, peer)).toEqual(paths)
}

describe('what was deleted while a machine was away', () => {
  test('goes there while the deletion is remembered', () => {
    const world = worldOf()
    away(world, TOMBSTONE_DAYS - 1, () => remove(world, A, 'a'))
    comeBack(world)
    expect(heldAt(world)).toEqual([])
    settle(world, 0)
    expectPaths(world, PATHS.slice(1))
    expect(trashOf(world, C)).toEqual(['a'])
  })

  test('is held there where the deletion is forgotten, with the folder that went', () => {
    const world = worldOf()
    away(world, LONG, () => {
      remove(world, A, 'a')
      remove(world, B, 'f')
    })
    comeBack(world)
    expectPaths(world, ['stays'], [A, B])
    expectPaths(world, PATHS, [C])
    expect(heldAt(world)).toEqual(['a', 'f', 'f/b', 'f/g', 'f/g/c'])
    const notes = world.events.filter(({ peer, event }) => peer === C && event.event === 'note')
    expect(JSON.stringify(notes)).toContain('left confirm')
  })

  test.each(['kill', 'stop'] as const)('is held on after a %s', (type) => {
    const world = worldOf()
    away(world, LONG, () => remove(world, A, 'a'))
    comeBack(world)
    for (let time = 0; time < 2; time++) {
      happen(world, { type, peer: C, downMs: 100 })
      world.run(2 * SOON_MS)
      expect(heldAt(world)).toEqual(['a'])
      expectPaths(world, PATHS.slice(1), [A, B])
    }
  })

  test('comes back everywhere by a confirm', () => {
    const world = worldOf()
    away(world, LONG, () => {
      remove(world, A, 'a')
      remove(world, A, 'f')
    })
    comeBack(world)
    answer(world, 'confirm')
    settle(world, 0)
    expect(heldAt(world)).toEqual([])
    expectPaths(world, PATHS)
  })

  test('is in the trash by an undo', () => {
    const world = worldOf()
    away(world, LONG, () => {
      remove(world, A, 'a')
      remove(world, A, 'f')
    })
    comeBack(world)
    answer(world, 'undo')
    settle(world, 0)
    expect(heldAt(world)).toEqual([])
    expectPaths(world, ['stays'])
    expect(trashOf(world, C)).toEqual(PATHS.slice(0, -1))
  })
})

test('nothing is held where nobody deleted anything', () => {
  const world = worldOf()
  away(world, LONG)
  comeBack(world)
  expect(heldAt(world)).toEqual([])
  settle(world, 0)
  expectPaths(world, PATHS)
  expect(trashOf(world, C)).toEqual([])
})

test('nothing is taken away by an undo before any peer was met', () => {
  const world = worldOf()
  away(world, LONG)
  for (const peer of [A, B]) world.peers[peer]!.stop()
  world.peers[C]!.start()
  world.run(2 * SOON_MS)
  expect(heldAt(world)).toEqual(PATHS)
  answer(world, 'undo')
  expectPaths(world, PATHS, [C])
  for (const peer of [A, B]) world.peers[peer]!.start()
  world.run(2 * SOON_MS)
  expect(heldAt(world)).toEqual([])
  settle(world, 0)
  expectPaths(world, PATHS)
})

test('what was changed, made or deleted on the machine itself meanwhile is told', () => {
  const world = worldOf()
  away(world, LONG, () => remove(world, A, 'f'))
  write(world, C, 'f/g/c', 8)
  write(world, C, 'new', 9)
  remove(world, C, 'a')
  comeBack(world)
  expect(heldAt(world)).toEqual(['f/b'])
  expectPaths(world, ['f', 'f/g', 'f/g/c', 'new', 'stays'], [A, B])
  answer(world, 'undo')
  settle(world, 0)
  expectPaths(world, ['f', 'f/g', 'f/g/c', 'new', 'stays'])
})

test('an edit of something that is held releases it and its folders, and its removal leaves nothing', () => {
  const world = worldOf()
  away(world, LONG, () => {
    remove(world, A, 'a')
    remove(world, A, 'f')
  })
  comeBack(world)
  write(world, C, 'f/b', 9)
  world.run(SOON_MS)
  remove(world, C, 'a')
  world.run(SOON_MS)
  expect(heldAt(world)).toEqual(['f/g', 'f/g/c'])
  expectPaths(world, ['f', 'f/b', 'stays'], [A, B])
  write(world, C, 'f/g/new', 10)
  world.run(SOON_MS)
  expect(heldAt(world)).toEqual(['f/g/c'])
  answer(world, 'confirm')
  settle(world, 0)
  expectPaths(world, ['f', 'f/b', 'f/g', 'f/g/c', 'f/g/new', 'stays'])
})

test('an edit of a peer at the path is taken over, and the old version is in the trash', () => {
  const world = worldOf()
  away(world, LONG, () => write(world, A, 'a', 9))
  comeBack(world)
  expect(heldAt(world)).toEqual([])
  settle(world, 0)
  expectPaths(world, PATHS)
  expect(trashOf(world, C)).toEqual(['a'])
})

test('what is held is kept by an answer on one of two machines that were away', () => {
  const world = worldOf()
  world.peers[C]!.stop()
  world.peers[B]!.stop()
  remove(world, A, 'a')
  world.run(SOON_MS)
  for (let days = 0; days <= LONG; days += 10) {
    happen(world, { type: 'stop', peer: A, downMs: 100 })
    pass(world, 10)
  }
  comeBack(world)
  expect(heldAt(world)).toEqual(['a'])
  expectPaths(world, PATHS.slice(1), [A])
  world.peers[B]!.start()
  world.run(2 * SOON_MS)
  for (const peer of [B, C]) expect(heldAt(world, peer)).toEqual(['a'])
  answer(world, 'confirm')
  settle(world, 0)
  expect(heldAt(world, B)).toEqual([])
  expectPaths(world, PATHS)
})

test('nothing is held where all machines were off, or the only other one knows nothing', () => {
  const world = worldOf([B])
  for (const peer of [A, C]) world.peers[peer]!.stop()
  pass(world, LONG)
  write(world, A, 'new', 8)
  for (const peer of ALL) world.peers[peer]!.start()
  world.run(2 * SOON_MS)
  for (const peer of ALL) expect(heldAt(world, peer)).toEqual([])
  settle(world, 0)
  expectPaths(world, [...PATHS, 'new'].sort())
})

test('what was deleted before all machines were off goes while that is remembered, whoever is met first', () => {
  for (let seed = 1; seed <= (isLong ? 20 : 4); seed++) {
    const world = worldOf([], {}, seed)
    world.peers[C]!.stop()
    for (const path of ['a', 'f/b', 'f/g/c', 'f/g', 'f']) remove(world, A, path)
    world.run(SOON_MS)
    for (const peer of [A, B]) world.peers[peer]!.stop()
    pass(world, TOMBSTONE_DAYS)
    for (const peer of ALL) world.peers[peer]!.start()
    world.run(2 * SOON_MS)
    expectPaths(world, ['stays'])
    expect(heldAt(world)).toEqual([])
  }
})

test('a machine that was never in step with anybody holds nothing back', () => {
  const world = worldOf([C])
  write(world, C, 'own', 9)
  for (const peer of [A, B]) world.peers[peer]!.stop()
  world.peers[C]!.start()
  world.run(SOON_MS)
  world.peers[C]!.stop()
  happen(world, { type: 'clock-step', peer: C, byMs: LONG * DAY_MS })
  for (const peer of ALL) world.peers[peer]!.start()
  world.run(2 * SOON_MS)
  expect(heldAt(world)).toEqual([])
  settle(world, 0)
  expectPaths(world, [...PATHS, 'own'].sort())
})

test('a machine that only receives holds on what is confirmed there, and moves it to the trash by an undo', () => {
  const world = worldOf([], { direction: 'receive-only' })
  write(world, C, 'stays', 9)
  world.run(SOON_MS)
  away(world, LONG, () => remove(world, A, 'a'))
  comeBack(world)
  expect(heldAt(world)).toEqual(['a'])
  answer(world, 'confirm')
  expect(heldAt(world)).toEqual(['a'])
  expectPaths(world, PATHS.slice(1), [A, B])
  // What was edited here is still that, and not in the trash.
  expect(trashOf(world, C)).toEqual([])
  answer(world, 'undo')
  settle(world, 0)
  expectPaths(world, PATHS.slice(1))
  expect(trashOf(world, C)).toEqual(['a', 'stays'])
})

test('what was made more private while it was held comes back as private', () => {
  const world = worldOf()
  away(world, LONG, () => remove(world, A, 'a'))
  comeBack(world)
  world.edit(C, { type: 'chmod', path: 'a', access: 'owner' })
  world.run(SOON_MS)
  happen(world, { type: 'kill', peer: C, downMs: 100 })
  world.run(SOON_MS)
  expect(heldAt(world)).toEqual(['a'])
  answer(world, 'confirm')
  settle(world, 0)
  expectPaths(world, PATHS)
  for (const peer of ALL) expect(world.peers[peer]!.disk.stat('a')?.access).toBe('owner')
})

test('a kill at any moment of the return loses nothing, and brings nothing back', () => {
  for (let atMs = 20; atMs <= 600; atMs += isLong ? 20 : 80) {
    const world = worldOf()
    away(world, LONG, () => {
      remove(world, A, 'a')
      write(world, B, 'f/b', 9)
    })
    world.peers[C]!.start()
    world.run(atMs)
    happen(world, { type: 'kill', peer: C, downMs: 50 })
    world.run(3 * SOON_MS)
    expect(heldAt(world)).toEqual(['a'])
    expectPaths(world, PATHS.slice(1), [A, B])
    answer(world, 'undo')
    settle(world, 0)
    expectPaths(world, PATHS.slice(1))
    expect(trashOf(world, C)).toEqual(['a', 'f', 'f/b'])
  }
})
