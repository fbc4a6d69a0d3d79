// Pauses by persons, in a small world: nothing crosses meanwhile (I16), and all is the same when they are over.

import { describe, expect, test, vi } from 'vitest'
import { Talk } from '../../src/engine/talk/talk.js'
import { crc32, hash } from '../../src/io/hash.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, type Happening } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const LARGE_BYTES = 1_500_000
/** The large file takes two seconds over it. */
const SLOW = { rateBitPerS: 6_000_000 }

/** A large file is on its way from A to B, and C knows both. */
function worldInTransfer(): World {
  const peers = [calmPeer(A), calmPeer(B), calmPeer(C)]
  const links = [calmLink(A, B, SLOW), calmLink(B, C), calmLink(A, C, { ...SLOW, delayMs: 40 })]
  const world = new World({ seed: 1, peers, links }, { hash, crc32 })
  world.startAll()
  world.run(500)
  world.edit(A, { type: 'write', path: 'large', content: 1, sizeBytes: LARGE_BYTES, steps: 1, stepMs: 0 })
  world.run(900)
  return world
}

function write(world: World, peer: number, path: string): void {
  world.edit(peer, { type: 'write', path, content: 2 + peer, sizeBytes: 500, steps: 1, stepMs: 0 })
}

describe('a pause while a large file is on its way', () => {
  test.each<[string, readonly Happening[]]>([
    ['by whoever gives', [{ type: 'pause', peer: A, forMs: 5_000 }]],
    ['by whoever takes', [{ type: 'pause', peer: B, forMs: 5_000 }]],
    ['with one of two', [{ type: 'pause-with', peer: A, other: B, forMs: 5_000 }]],
    [
      'by both, the one after the other',
      [
        { type: 'pause', peer: A, forMs: 3_000 },
        { type: 'pause-with', peer: B, other: A, forMs: 6_000 },
      ],
    ],
    [
      'that ends with the process',
      [
        { type: 'pause', peer: A, forMs: 5_000 },
        { type: 'kill', peer: A, downMs: 1_000 },
      ],
    ],
    [
      'across the end of the watcher process',
      [
        { type: 'pause', peer: A, forMs: 5_000 },
        { type: 'watcher-death', peer: A },
        { type: 'watcher-death', peer: B },
      ],
    ],
    [
      'of which the other hears late',
      [
        { type: 'cut', peer: A, other: B, bothWays: false, forMs: 2_000 },
        { type: 'pause', peer: A, forMs: 5_000 },
      ],
    ],
  ])('%s holds up all, and all is the same when it is over', (_how, happenings) => {
    const world = worldInTransfer()
    for (const happening of happenings) happen(world, happening)
    write(world, A, 'meanwhile')
    write(world, B, 'meanwhile too')
    world.run(8_000)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    for (const { disk } of world.peers) expect(disk.contentOf('large')?.length).toBe(LARGE_BYTES)
  })

  test('is for the two of them alone: others go on', () => {
    const world = worldInTransfer()
    happen(world, { type: 'pause-with', peer: A, other: B, forMs: 60_000 })
    write(world, A, 'meanwhile')
    world.run(20_000)
    // Through C.
    for (const path of ['large', 'meanwhile'])
      expect([path, world.breach, world.peers[B]!.disk.contentOf(path)?.length]).toEqual([
        path,
        undefined,
        expect.any(Number),
      ])
    settle(world, 0)
    expect(world.breach).toBeUndefined()
  })
})

test('the simulator finds a peer that goes on in a pause', () => {
  const world = worldInTransfer()
  vi.spyOn(Talk.prototype, 'pause').mockReturnValue(true)
  happen(world, { type: 'pause', peer: A, forMs: 5_000 })
  world.run(4_000)
  vi.restoreAllMocks()
  expect(world.breach?.invariant).toBe('I16')
})
