// A machine whose disk takes names for one that differ in case or Unicode form alone, beside machines that keep them apart.

import { describe, expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { RETRY_BACKOFF_MS } from '../../src/keeper/intake/limits.js'
import { contentOf } from '../../src/sim/edits.js'
import { calmLink, calmPeer, meshOf } from '../../src/sim/plan.js'
import { World } from '../../src/sim/world.js'

const [A, B] = [0, 1]
const SOON_MS = 3_000

function folding(): World {
  const links = meshOf(2).map(([one, other]) => calmLink(one, other, {}))
  const peers = [calmPeer(A), calmPeer(B, { foldsNames: true })]
  return new World({ seed: 1, peers, links }, { hash, crc32 })
}

function write(world: World, peer: number, path: string, content: number): void {
  world.edit(peer, { type: 'write', path, content, sizeBytes: 1_000, steps: 1, stepMs: 0 })
}

const pathsAt = (world: World, peer: number): string[] =>
  [...world.peers[peer]!.disk.snapshot().keys()].filter((path) => !path.startsWith('.left')).sort()

function holds(world: World, peer: number, path: string, content: number): boolean {
  const bytes = world.peers[peer]!.disk.contentOf(path)
  return bytes !== undefined && Buffer.compare(bytes, contentOf(content, 1_000)) === 0
}

function expectSameRoots(world: World): void {
  expect(world.breach).toBeUndefined()
  expect(new Set(world.peers.map(({ root }) => root)).size).toBe(1)
}

describe('two names that are one on the disk of a peer', () => {
  test.each([
    ['case', 'notes', 'Notes'],
    ['Unicode form', 'caf\u00e9', 'cafe\u0301'],
  ])(
    'of %s: the later one is not held there, and named; nothing changes at the others',
    (_, first, later) => {
      const world = folding()
      write(world, A, first, 1)
      world.startAll()
      world.run(SOON_MS)
      write(world, A, later, 2)
      write(world, A, `${later} folder/inside`, 3)
      world.run(2 * SOON_MS)
      expect(pathsAt(world, B)).toEqual([first, `${later} folder`, `${later} folder/inside`].sort())
      expect([...world.peers[B]!.notHeld]).toEqual([later])
      expect(holds(world, A, first, 1) && holds(world, A, later, 2) && holds(world, B, first, 1)).toBe(true)
      expectSameRoots(world)
      const problems = world.events.flatMap(({ peer, event }) =>
        peer === B && event.event === 'problem' ? [event] : [],
      )
      expect(problems).toMatchObject([
        { path: later, reason: expect.stringContaining(`that of ${first} on this disk`) },
      ])
      // An edit of the one that is held goes on, and of the other too.
      write(world, A, first, 4)
      write(world, A, later, 5)
      world.run(3 * SOON_MS)
      expect(holds(world, B, first, 4)).toBe(true)
      expectSameRoots(world)
      // Once the first one is gone there is room.
      world.edit(A, { type: 'remove', path: first })
      world.run(3 * SOON_MS + 2 * RETRY_BACKOFF_MS)
      expect(pathsAt(world, B)).toContain(later)
      expect(holds(world, B, later, 5)).toBe(true)
      expectSameRoots(world)
    },
  )

  test('that are one renamed file arrive as that, in both directions', () => {
    const world = folding()
    write(world, A, 'notes', 1)
    world.startAll()
    world.run(SOON_MS)
    world.edit(A, { type: 'rename', path: 'notes', to: 'Notes' })
    world.run(2 * SOON_MS)
    expect([pathsAt(world, A), pathsAt(world, B)]).toEqual([['Notes'], ['Notes']])
    expectSameRoots(world)
    world.peers[B]!.disk.unharmed((disk) => disk.rename('Notes', 'NOTES'))
    world.peers[B]!.hint('Notes')
    world.peers[B]!.hint('NOTES')
    world.run(4 * SOON_MS)
    expect([pathsAt(world, A), pathsAt(world, B)]).toEqual([['NOTES'], ['NOTES']])
    expectSameRoots(world)
  })
})
