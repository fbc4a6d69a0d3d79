// Entries that a machine knows and cannot hold: its disk takes the name not, or whom it asks does not hold them either. They
// keep nobody from being in step, nothing of them is lost, and they come when they can.

import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { crc32, hash } from '../../src/io/hash.js'
import { RETRY_BACKOFF_MS } from '../../src/keeper/intake/limits.js'
import { shareOf, waitsForNobody } from '../../src/sim/checks/invariants.js'
import { contentOf } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, chainOf, meshOf } from '../../src/sim/plan.js'
import { loseOnlyCopy } from '../../src/sim/shares.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const SOON_MS = 1_500

function worldOf(peers = 2, pairs = meshOf(peers)): World {
  const links = pairs.map(([one, other]) => calmLink(one, other, {}))
  const plans = Array.from({ length: peers }, (_, peer) => calmPeer(peer, {}))
  return new World({ seed: 1, peers: plans, links }, { hash, crc32 })
}

function write(world: World, peer: number, path: string, content: number): void {
  world.edit(peer, { type: 'write', path, content, sizeBytes: 1_000, steps: 1, stepMs: 0 })
}

function refuse(world: World, peer: number, path: string, forMs?: number): void {
  happen(world, { type: 'refused-path', peer, path, forMs })
}

function holds(world: World, peer: number, path: string, content: number): boolean {
  const bytes = world.peers[peer]!.disk.contentOf(path)
  return bytes !== undefined && Buffer.compare(bytes, contentOf(content, 1_000)) === 0
}

const notHeldAt = (world: World, peer: number): string[] => [...world.peers[peer]!.notHeld].sort()
const rootsOf = (world: World): number => new Set(world.peers.map(({ root }) => root)).size

function expectRest(world: World): void {
  if (world.breach === undefined) settle(world, 0)
  expect(world.breach).toBeUndefined()
}

/** The last that a peer said of being in step. */
function inStep(world: World, peer: number) {
  const events = world.events.flatMap(({ peer: who, event }) =>
    who === peer && event.event === 'in-step' ? [event] : [],
  )
  return events.at(-1)
}

/** A has a file that B has no place for, at rest. */
function refusedWorld(forMs?: number): World {
  const world = worldOf()
  refuse(world, B, 'a', forMs)
  write(world, A, 'a', 1)
  write(world, A, 'b', 2)
  world.startAll()
  world.run(SOON_MS)
  expect(notHeldAt(world, B)).toEqual(['a'])
  return world
}

describe('a file that a disk has no place for', () => {
  test('is known and not held: both are in step, and each is told how many', () => {
    const world = refusedWorld()
    expectRest(world)
    expect(rootsOf(world)).toBe(1)
    expect(holds(world, B, 'b', 2)).toBe(true)
    expect(inStep(world, A)).toMatchObject({ equal: true, notHeldHere: 0, notHeldThere: 1 })
    expect(inStep(world, B)).toMatchObject({ equal: true, notHeldHere: 1, notHeldThere: 0 })
  })

  test('keeps no world from its rest, though the tries of many come one after the other', () => {
    const world = worldOf()
    world.startAll()
    for (let number = 0; number < 11; number++) {
      refuse(world, B, `a${number}`)
      write(world, A, `a${number}`, number)
      world.run(RETRY_BACKOFF_MS)
    }
    expectRest(world)
    expect(notHeldAt(world, B)).toHaveLength(11)
  })

  test('is fetched when there is a place', () => {
    const world = refusedWorld(SOON_MS)
    world.run(RETRY_BACKOFF_MS)
    expect(holds(world, B, 'a', 1)).toBe(true)
    expectRest(world)
    expect(inStep(world, A)).toMatchObject({ equal: true, notHeldHere: 0, notHeldThere: 0 })
    expect(inStep(world, B)).toMatchObject({ equal: true, notHeldHere: 0, notHeldThere: 0 })
  })

  test.each(['stop', 'kill'] as const)(
    'stays known over a %s of the machine, and is deleted for nobody',
    (type) => {
      const world = refusedWorld()
      happen(world, { type, peer: B, downMs: 100 })
      world.run(SOON_MS)
      expect(notHeldAt(world, B)).toEqual(['a'])
      expectRest(world)
      expect(holds(world, A, 'a', 1)).toBe(true)
      expect(inStep(world, B)).toMatchObject({ equal: true, notHeldHere: 1 })
    },
  )

  test('is fetched after a restart, though the other tells nothing new', () => {
    const world = refusedWorld(SOON_MS)
    happen(world, { type: 'kill', peer: B, downMs: 100 })
    world.run(2 * SOON_MS)
    expect(holds(world, B, 'a', 1)).toBe(true)
    expectRest(world)
  })

  test('is known in its newest version', () => {
    const world = refusedWorld(4 * SOON_MS)
    write(world, A, 'a', 3)
    world.run(SOON_MS)
    expect([rootsOf(world), notHeldAt(world, B)]).toEqual([1, ['a']])
    world.run(2 * RETRY_BACKOFF_MS)
    expect(holds(world, B, 'a', 3)).toBe(true)
    expectRest(world)
  })

  test.each(['there', 'away'])(
    'does not take the place of what a person makes there while the other is %s',
    (where) => {
      const world = refusedWorld()
      if (where === 'away') happen(world, { type: 'stop', peer: A, downMs: 3 * SOON_MS })
      world.run(SOON_MS)
      write(world, B, 'a', 3)
      expectRest(world)
      for (const peer of [A, B]) {
        const share = shareOf(world, peer)
        const copies = [...share.keys()].filter((path) => path.startsWith('a.conflict-'))
        expect(copies).toHaveLength(1)
        const digests = ['a', ...copies].map((path) => share.get(path)!.digest)
        expect(new Set(digests)).toEqual(
          new Set([1, 3].map((content) => world.history.digestOf(contentOf(content, 1_000)))),
        )
      }
    },
  )

  test('is held where a person puts the very content there, and that is no edit', () => {
    const world = refusedWorld()
    const { root } = world.peers[A]!
    const { mtimeMs } = world.peers[A]!.disk.unharmed((disk) => disk.stat('a'))!
    world.peers[B]!.disk.putFile('a', contentOf(1, 1_000), { mtimeMs: Math.floor(mtimeMs) })
    expectRest(world)
    expect(notHeldAt(world, B)).toEqual([])
    expect(world.peers.map((peer) => peer.root)).toEqual([root, root])
  })
})

describe('a file of which the only neighbour has none', () => {
  test('comes in place of an older version when the neighbour has it', () => {
    const world = worldOf(3, chainOf(3))
    write(world, A, 'a', 1)
    world.startAll()
    world.run(SOON_MS)
    expect(holds(world, C, 'a', 1)).toBe(true)
    // The neighbour's file goes while C cannot hear of it, and nothing new can come.
    happen(world, { type: 'stop', peer: C, downMs: 1.5 * SOON_MS })
    world.peers[B]!.disk.unharmed((disk) => disk.removeFile('a'))
    world.run(SOON_MS)
    refuse(world, B, 'a', 3 * SOON_MS)
    write(world, A, 'a', 2)
    world.run(SOON_MS)
    expect([notHeldAt(world, B), holds(world, C, 'a', 1)]).toEqual([['a'], true])
    world.run(RETRY_BACKOFF_MS + SOON_MS)
    for (const peer of [B, C]) expect(holds(world, peer, 'a', 2)).toBe(true)
    expectRest(world)
  })

  test('is known there too, and comes when the neighbour has it', () => {
    const world = worldOf(3, chainOf(3))
    refuse(world, B, 'a', 2 * SOON_MS)
    write(world, A, 'a', 1)
    world.startAll()
    world.run(SOON_MS)
    expect([rootsOf(world), notHeldAt(world, B), notHeldAt(world, C)]).toEqual([1, ['a'], ['a']])
    world.run(RETRY_BACKOFF_MS + SOON_MS)
    for (const peer of [B, C]) expect(holds(world, peer, 'a', 1)).toBe(true)
    expectRest(world)
    expect(inStep(world, C)).toMatchObject({ equal: true, notHeldHere: 0, notHeldThere: 0 })
  })
})

describe('a version that a machine knows and does not hold', () => {
  /** A has lost the file that B knows, with the power. */
  function lostWorld(): World {
    const world = refusedWorld(2 * SOON_MS)
    happen(world, { type: 'power-loss', peer: A, downMs: 100 })
    world.run(SOON_MS)
    expect(holds(world, A, 'a', 1)).toBe(false)
    return world
  }

  test('is waited for in vain where what was made since is older by a clock that went back', () => {
    const world = lostWorld()
    expect(waitsForNobody(world, B, 'a')).toBe(true)
    happen(world, { type: 'clock-step', peer: A, byMs: -86_400_000 })
    world.edit(A, { type: 'remove', path: 'a' })
    write(world, A, 'a', 3)
    world.run(RETRY_BACKOFF_MS)
    expect(notHeldAt(world, B)).toEqual(['a'])
    expect(waitsForNobody(world, B, 'a')).toBe(true)
    expectRest(world)
  })

  test.each([
    ['before the loss of power', false],
    ['after it, before LEFT looked', true],
  ])('is waited for in vain where a person removed the last copy just %s', (_, isAfter) => {
    const world = refusedWorld(2 * SOON_MS)
    // On stable storage: the loss of power alone would leave it.
    world.peers[A]!.disk.settle()
    if (!isAfter) world.edit(A, { type: 'remove', path: 'a' })
    happen(world, { type: 'power-loss', peer: A, downMs: 100 })
    world.run(110)
    if (isAfter) world.edit(A, { type: 'remove', path: 'a' })
    world.run(SOON_MS)
    expect([notHeldAt(world, A), notHeldAt(world, B)]).toEqual([['a'], ['a']])
    expectRest(world)
  })

  test('is not waited for where what was made since is newer', () => {
    const world = lostWorld()
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: SOON_MS })
    world.edit(A, { type: 'remove', path: 'a' })
    write(world, A, 'a', 3)
    world.run(SOON_MS / 2)
    expect(notHeldAt(world, B)).toEqual(['a'])
    expect(waitsForNobody(world, B, 'a')).toBe(false)
    expectRest(world)
    expect(holds(world, B, 'a', 3)).toBe(true)
  })

  test.each([BLOCK_BYTES, BLOCK_BYTES + 1])('is taken from another path here: %i bytes', (sizeBytes) => {
    const world = worldOf()
    const file = { type: 'write', content: 1, sizeBytes, steps: 1, stepMs: 0 } as const
    refuse(world, B, 'a')
    world.edit(A, { ...file, path: 'a' })
    world.startAll()
    world.run(SOON_MS)
    world.edit(B, { ...file, path: 'b' })
    world.peers[A]!.stop()
    expect(notHeldAt(world, B)).toEqual(['a'])
    world.peers[A]!.disk.unharmed((disk) => disk.removeFile('a'))
    expect(waitsForNobody(world, B, 'a')).toBe(false)
    loseOnlyCopy(world, 'a')
    expect(waitsForNobody(world, B, 'a')).toBe(false)
    world.edit(A, { ...file, path: 'elsewhere' })
    expect(waitsForNobody(world, B, 'a')).toBe(false)
  })

  test('has its only copy at its own path, whatever has the same content', () => {
    const world = worldOf()
    write(world, A, 'a', 1)
    write(world, B, 'b', 1)
    const digest = world.history.digestOf(contentOf(1, 1_000))
    loseOnlyCopy(world, 'a')
    expect([...world.history.model.goneAt('a')]).toEqual([])
    world.peers[A]!.disk.unharmed((disk) => disk.removeFile('a'))
    loseOnlyCopy(world, 'a')
    expect([...world.history.model.goneAt('a')]).toEqual([digest])
  })
})
describe('a deletion that is taken back, of what nobody else has', () => {
  const SMALL = 1_000
  const LARGE = 3 * BLOCK_BYTES + 1

  /** A has deleted two files that B, which only sends, knows and does not hold; and has the content of one of them at 'kept' too. */
  function deletedWorld(sizeBytes: number): World {
    const maxDelete = { percent: 25, filesMin: 1, isStrict: false }
    const peers = [calmPeer(A, { maxDelete }), calmPeer(B, { direction: 'send-only' })]
    const world = new World({ seed: 1, peers, links: [calmLink(A, B)] }, { hash, crc32 })
    for (const [path, content] of [
      ['gone', 1],
      ['kept', 1],
      ['other', 2],
    ] as const)
      world.edit(A, { type: 'write', path, content, sizeBytes, steps: 1, stepMs: 0 })
    world.startAll()
    world.run(2 * SOON_MS)
    for (const path of ['gone', 'other']) world.edit(A, { type: 'remove', path })
    world.run(2 * SOON_MS)
    expect(world.catalogues.get(A)!.stoppedPaths.missing.size).toBe(2)
    return world
  }

  const undo = (world: World): void => happen(world, { type: 'answer', peer: A, answer: 'undo' })
  const isGone = (world: World): boolean => world.peers[A]!.disk.contentOf('gone') === undefined

  test.each([SMALL, LARGE])('comes of the same content at another path (%i bytes)', (sizeBytes) => {
    const world = deletedWorld(sizeBytes)
    undo(world)
    world.run(SOON_MS)
    expect(isGone(world)).toBe(false)
    expect(notHeldAt(world, A)).toEqual(['other'])
    expectRest(world)
    expect(received(world, 'gone')).toEqual([{ bytes: sizeBytes, crossedBytes: 0 }])
  })

  test.each([SMALL, LARGE])('does not where that has just been changed (%i bytes)', (sizeBytes) => {
    const world = deletedWorld(sizeBytes)
    // The catalogue still has the content there.
    undo(world)
    world.edit(A, { type: 'overwrite', path: 'kept', content: 3, sizeBytes: 100, from: 0.5 })
    world.run(SOON_MS)
    expect(isGone(world)).toBe(true)
    expect(notHeldAt(world, A)).toEqual(['gone', 'other'])
    expectRest(world)
  })
})

function received(world: World, path: string) {
  return world.events.flatMap(({ event }) =>
    event.event === 'received' && event.path === path
      ? [{ bytes: event.bytes, crossedBytes: event.crossedBytes }]
      : [],
  )
}

test('a version that lost against one that nobody gives comes when that one is deleted', () => {
  const late = { startAtMs: 2 * SOON_MS }
  // B asks before it tells of two deletions.
  const careful = { hintLoss: 1, maxDelete: { percent: 25, filesMin: 1, isStrict: false } }
  const plans = [{}, careful, late, { startAtMs: 3 * SOON_MS }].map((plan, peer) => calmPeer(peer, plan))
  const links = chainOf(4).map(([one, other]) => calmLink(one, other, {}))
  const world = new World({ seed: 1, peers: plans, links }, { hash, crc32 })
  const D = 3
  world.edit(D, { type: 'write', path: 'a', content: 1, sizeBytes: 1_000, steps: 1, stepMs: 0, ageMs: 1e6 })
  write(world, A, 'a', 2)
  write(world, A, 'b', 3)
  world.startAll()
  world.run(SOON_MS)
  // B gives neither to C, though nobody has seen yet that they are gone.
  world.edit(B, { type: 'rename', path: 'a', to: 'c' })
  world.edit(B, { type: 'remove', path: 'b' })
  world.run(3 * SOON_MS)
  expect(notHeldAt(world, C)).toContain('a')
  expectRest(world)
  for (const peer of world.peers.keys()) expect(holds(world, peer, 'a', 1)).toBe(true)
})
