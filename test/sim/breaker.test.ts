// Stories of deletions that are too many, on machines that ask about more than two of eight files.

import { describe, expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { REMOVAL_WAIT_MS } from '../../src/keeper/intake/limits.js'
import type { MaxDelete } from '../../src/pipe/settings.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, chainOf, meshOf } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const SOON_MS = 2_000
const PATHS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const CAREFUL: MaxDelete = { percent: 25, filesMin: 1, isStrict: false }
const STRICT: MaxDelete = { ...CAREFUL, isStrict: true }
const NONE: MaxDelete = { ...CAREFUL, percent: 100 }

/** Peers with eight files, all in step. */
function worldOf(...settings: MaxDelete[]): World {
  return worldWith({}, ...settings)
}

/** `late`: peers that are not started yet; `deaf`: peers that are told of no change and find it by a full scan. */
function worldWith(
  {
    sizeBytes = 500,
    late = [],
    pairs,
    deaf = [],
  }: {
    sizeBytes?: number
    late?: readonly number[]
    pairs?: readonly (readonly [number, number])[]
    deaf?: readonly number[]
  },
  ...settings: MaxDelete[]
): World {
  const links = (pairs ?? meshOf(settings.length)).map(([one, other]) => calmLink(one, other))
  const peers = settings.map((maxDelete, peer) =>
    calmPeer(peer, { maxDelete, hintLoss: deaf.includes(peer) ? 1 : 0 }),
  )
  const world = new World({ seed: 1, peers, links }, { hash, crc32 })
  for (const [content, path] of PATHS.entries())
    world.edit(A, { type: 'write', path, content, sizeBytes, steps: 1, stepMs: 0 })
  for (const [peer, each] of world.peers.entries()) if (!late.includes(peer)) each.start()
  // Files of several blocks come in their own time.
  world.run(3 * SOON_MS)
  return world
}

function remove(world: World, peer: number, paths: readonly string[]): void {
  for (const path of paths) world.edit(peer, { type: 'remove', path })
  world.run(SOON_MS)
}

function countAt(world: World, peer: number): number {
  return shareOf(world, peer).size
}

function answer(world: World, peer: number, what: 'confirm' | 'undo'): void {
  happen(world, { type: 'answer', peer, answer: what })
  world.run(SOON_MS)
}

function expectAll(world: World, count: number): void {
  settle(world, 0)
  expect(world.breach).toBeUndefined()
  for (const peer of world.peers.keys()) expect(countAt(world, peer)).toBe(count)
}

test('two of eight files go, and three are held until they are confirmed', () => {
  const world = worldOf(CAREFUL, CAREFUL)
  remove(world, A, PATHS.slice(0, 2))
  expect(countAt(world, B)).toBe(6)
  remove(world, A, PATHS.slice(2, 3))
  expect(countAt(world, B)).toBe(6)
  answer(world, A, 'confirm')
  expectAll(world, 5)
})

test('a share that is empty at once is held across a restart, and may be meant', () => {
  const world = worldOf(CAREFUL, CAREFUL)
  remove(world, A, PATHS)
  happen(world, { type: 'kill', peer: A, downMs: 100 })
  world.run(SOON_MS)
  expect(countAt(world, B)).toBe(8)
  answer(world, A, 'confirm')
  expectAll(world, 0)
})

test('a confirmed deletion reaches a machine that was away', () => {
  const world = worldOf(CAREFUL, CAREFUL, CAREFUL)
  world.peers[C]!.stop()
  remove(world, A, PATHS.slice(0, 5))
  answer(world, A, 'confirm')
  expect(countAt(world, B)).toBe(3)
  world.peers[C]!.start()
  world.run(SOON_MS)
  expect(countAt(world, C)).toBe(3)
  expectAll(world, 3)
})

describe('a machine that asks about everything', () => {
  test('holds what was confirmed elsewhere, until it is confirmed there', () => {
    const world = worldOf(CAREFUL, STRICT)
    remove(world, A, PATHS.slice(0, 5))
    answer(world, A, 'confirm')
    expect(countAt(world, B)).toBe(8)
    answer(world, B, 'confirm')
    expectAll(world, 3)
  })

  test('lets a share be emptied that a person has confirmed there too, and asks about the next time', () => {
    const world = worldOf(CAREFUL, STRICT)
    remove(world, A, PATHS)
    answer(world, A, 'confirm')
    expect(countAt(world, B)).toBe(8)
    answer(world, B, 'confirm')
    world.run(REMOVAL_WAIT_MS)
    expect(countAt(world, B)).toBe(0)
    for (const [content, path] of PATHS.entries())
      world.edit(A, { type: 'write', path, content: 8 + content, sizeBytes: 500, steps: 1, stepMs: 0 })
    world.run(SOON_MS)
    remove(world, A, PATHS)
    answer(world, A, 'confirm')
    expect(countAt(world, B)).toBe(8)
    answer(world, B, 'confirm')
    expectAll(world, 0)
  })
})

describe('what a peer deletes', () => {
  test('is held where it would leave nothing, though it is few', () => {
    const world = worldOf(NONE, { ...CAREFUL, filesMin: 20 })
    remove(world, A, PATHS)
    // Which does not ask takes its own empty share for a disk that is not mounted.
    expect(countAt(world, B)).toBe(8)
  })

  test('is held together with what a second one deletes, beyond twice the part', () => {
    const world = worldOf(NONE, NONE, CAREFUL)
    remove(world, A, PATHS.slice(0, 2))
    remove(world, B, PATHS.slice(2, 4))
    expect(countAt(world, C)).toBe(4)
    remove(world, B, PATHS.slice(4, 5))
    expect(countAt(world, C)).toBe(4)
    answer(world, C, 'undo')
    expectAll(world, 4)
  })
})

describe('what a peer replaced by a file for its group', () => {
  test.each([{ sizeBytes: 500 }, { sizeBytes: 70_000 }])(
    'stays as private, where it is undone after a restart: $sizeBytes bytes',
    ({ sizeBytes }) => {
      const world = worldWith({ sizeBytes }, NONE, CAREFUL)
      for (const [at, path] of PATHS.slice(0, 4).entries())
        world.edit(A, {
          type: 'write',
          path,
          content: 8 + at,
          sizeBytes,
          steps: 1,
          stepMs: 0,
          access: 'group',
        })
      world.run(SOON_MS)
      const modesAt = (peer: number) =>
        PATHS.slice(0, 4).map((path) => world.peers[peer]!.disk.stat(path)?.access)
      expect(modesAt(B)).toContain('all')
      happen(world, { type: 'kill', peer: B, downMs: 100 })
      world.run(SOON_MS)
      answer(world, B, 'undo')
      expectAll(world, 8)
      for (const peer of [A, B]) expect(new Set(modesAt(peer))).toEqual(new Set(['group']))
    },
  )
})

describe('what a peer deleted and is still here', () => {
  const closed = (world: World, path: string) => world.edit(B, { type: 'chmod', path, access: 'group' })
  const touched = (world: World, path: string) => world.edit(B, { type: 'touch', path, ageMs: 3_600_000 })

  test.each([{ edit: closed }, { edit: touched }])(
    'comes back as a person left it: $edit.name meanwhile',
    ({ edit }) => {
      const world = worldOf(NONE, CAREFUL)
      remove(world, A, PATHS.slice(0, 4))
      for (const path of PATHS.slice(0, 4)) edit(world, path)
      world.run(SOON_MS)
      happen(world, { type: 'kill', peer: B, downMs: 100 })
      world.run(SOON_MS)
      answer(world, B, 'undo')
      expectAll(world, 8)
    },
  )

  test('goes all the same, where the deletion is confirmed', () => {
    const world = worldOf(NONE, CAREFUL)
    remove(world, A, PATHS.slice(0, 4))
    closed(world, PATHS[0]!)
    world.run(SOON_MS)
    answer(world, B, 'confirm')
    expectAll(world, 4)
  })
})

test.each([
  { what: 'confirm', count: 1 },
  { what: 'undo', count: 9 },
] as const)('an older file of a machine that comes meanwhile is there after a $what', ({ what, count }) => {
  const world = worldWith({ late: [C], pairs: chainOf(3) }, CAREFUL, CAREFUL, NONE)
  world.edit(C, {
    type: 'write',
    path: 'a',
    content: 99,
    sizeBytes: 500,
    steps: 1,
    stepMs: 0,
    ageMs: 9_000_000,
  })
  remove(world, B, PATHS)
  world.peers[C]!.start()
  world.run(SOON_MS)
  answer(world, B, what)
  expectAll(world, count)
})

test('a deletion that is held stays so when somebody else has kept a conflict at its path', () => {
  const world = worldWith({ late: [C] }, CAREFUL, CAREFUL, NONE)
  world.edit(C, {
    type: 'write',
    path: 'a',
    content: 99,
    sizeBytes: 500,
    steps: 1,
    stepMs: 0,
    ageMs: 9_000_000,
  })
  remove(world, A, PATHS)
  world.peers[C]!.start()
  world.run(SOON_MS)
  answer(world, A, 'undo')
  // With the loser of the conflict beside it.
  expectAll(world, 9)
})

test('a touch of the old content does not make a machine forget the change that it holds', () => {
  const world = worldWith({ pairs: chainOf(3), deaf: [B] }, NONE, CAREFUL, NONE)
  world.peers[C]!.stop()
  for (const [content, path] of PATHS.slice(0, 4).entries())
    world.edit(A, { type: 'write', path, content: 8 + content, sizeBytes: 500, steps: 1, stepMs: 0 })
  world.run(SOON_MS)
  const [held] = world.peers[B]!.notHeld
  world.edit(C, { type: 'touch', path: held!, ageMs: 3_600_000 })
  // Of the old content, too: the new one is to come.
  world.edit(B, { type: 'remove', path: held! })
  world.peers[C]!.start()
  world.run(SOON_MS)
  answer(world, B, 'confirm')
  expectAll(world, 8)
})

test('what is made where a deletion is held replaces what was deleted, also where an edit of a peer is to bring that path back', () => {
  const world = worldWith({ pairs: chainOf(3), deaf: [B] }, NONE, CAREFUL, NONE)
  remove(world, B, PATHS.slice(0, 3))
  world.run(60_000)
  expect([...world.catalogues.get(B)!.stoppedPaths.missing].sort()).toEqual(['a', 'b', 'c'])
  world.edit(A, { type: 'write', path: 'a', content: 8, sizeBytes: 500, steps: 1, stepMs: 0 })
  // B's edit is newer, and wins.
  world.run(10)
  world.edit(B, { type: 'write', path: 'a', content: 9, sizeBytes: 500, steps: 1, stepMs: 0 })
  world.run(SOON_MS)
  answer(world, B, 'confirm')
  // The two edits, and no copy of what both have replaced.
  expectAll(world, 7)
})

test.each([
  ['removed', { type: 'remove', path: 'a' }],
  ['replaced', { type: 'write', path: 'a', content: 9, sizeBytes: 700, steps: 1, stepMs: 0 }],
] as const)(
  'what was edited and not seen yet, when it was taken back that it was %s, is told as it is now',
  (_, edit) => {
    const world = worldWith({ deaf: [B] }, NONE, CAREFUL)
    // A asks nobody for the old content.
    world.edit(A, { type: 'write', path: 'z', content: 0, sizeBytes: 500, steps: 1, stepMs: 0 })
    world.run(SOON_MS)
    world.edit(A, edit)
    remove(world, A, PATHS.slice(1, 5))
    world.edit(B, { type: 'write', path: 'a', content: 8, sizeBytes: 600, steps: 1, stepMs: 0 })
    answer(world, B, 'undo')
    expect(world.catalogues.get(A)!.live('a')!.sizeBytes).toBe(600)
    expectAll(world, 9)
  },
)

test('what was only touched, and not seen yet, is taken back as well', () => {
  const world = worldWith({ deaf: [B] }, NONE, CAREFUL)
  remove(world, A, PATHS.slice(0, 5))
  world.edit(B, { type: 'touch', path: 'a', ageMs: 3_600_000 })
  answer(world, B, 'undo')
  expect(countAt(world, A)).toBe(8)
  expectAll(world, 8)
})

test('an edit that was on its way when a deletion was held brings the path back at once', () => {
  const world = worldOf(CAREFUL, CAREFUL)
  world.edit(A, { type: 'write', path: 'a', content: 8, sizeBytes: 500, steps: 1, stepMs: 0 })
  world.run(60)
  for (const path of PATHS.slice(0, 3)) world.edit(B, { type: 'remove', path })
  world.run(SOON_MS)
  expect([...world.catalogues.get(B)!.stoppedPaths.missing].sort()).toEqual(['b', 'c'])
  expect(world.peers[B]!.disk.contentOf('a')).toEqual(world.peers[A]!.disk.contentOf('a'))
  answer(world, B, 'confirm')
  expectAll(world, 6)
})

test('undo brings back what was deleted, also beside what its person saves there before it comes', () => {
  const world = worldOf(CAREFUL, CAREFUL)
  world.peers[A]!.stop()
  remove(world, B, PATHS.slice(0, 3))
  answer(world, B, 'undo')
  world.edit(B, { type: 'write', path: 'a', content: 99, sizeBytes: 500, steps: 1, stepMs: 0 })
  world.run(SOON_MS)
  expect(countAt(world, B)).toBe(6)
  world.peers[A]!.start()
  expectAll(world, 9)
})
