// The judge of the trash: what counts as kept where a file of the share is overwritten. That it finds what peers do wrong:
// negative-controls.test.ts. And a world in which the trash has no room for a version.

import { describe, expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { slotsFor } from '../../src/keeper/trash/names.js'
import { TrashCheck } from '../../src/sim/checks/trash.js'
import { SimDisk } from '../../src/sim/disk/disk.js'
import type { SnapshotEntry } from '../../src/sim/disk/volume.js'
import { contentOf } from '../../src/sim/edits.js'
import { HEAL_MS_MAX } from '../../src/sim/limits.js'
import { calmLink, calmPeer } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const COPY = 'a.conflict-20261121-000000-0123abcd'

test.each([
  ['the very content as its conflict copy', COPY, 1, false],
  ['its conflict copy with another content', COPY, 2, true],
  ['the very content at another path', 'b', 1, true],
  ['the conflict copy of another path', COPY.replace('a', 'b'), 1, true],
])('a file that is overwritten beside %s', (_, path, content, isLost) => {
  const disk = new SimDisk({ nowMs: () => 0 })
  disk.putFile('a', contentOf(1, 100))
  disk.putFile(path, contentOf(content, 100))
  disk.putFile('.left/tmp/new', contentOf(3, 100))
  const overwritten = new TrashCheck(disk).handleTaking('a', 'a')
  disk.rename('.left/tmp/new', 'a')
  expect(overwritten()).toBe(isLost)
})

test.each([
  ['a version of it', '.left/trash/2026-11-29/a', false],
  ['something that was below a folder of its name', '.left/trash/2026-11-29/a/b', true],
])('a file that is overwritten while the trash has %s', (_, place, isLost) => {
  const disk = new SimDisk({ nowMs: () => 0 })
  disk.putFile('a', contentOf(1, 100))
  disk.putFile(place, contentOf(2, 100))
  disk.putFile('.left/tmp/new', contentOf(3, 100))
  const overwritten = new TrashCheck(disk).handleTaking('a', 'a')
  disk.rename('.left/tmp/new', 'a')
  expect(overwritten()).toBe(isLost)
})

test('a file that is removed beside its conflict copy', () => {
  const disk = new SimDisk({ nowMs: () => 0 })
  for (const path of ['a', COPY]) disk.putFile(path, contentOf(1, 100))
  const removed = new TrashCheck(disk).handleTaking('a')
  disk.removeFile('a')
  expect(removed()).toBe(true)
})

describe('a file in a folder that was a file is replaced, and the version of it kept', () => {
  /** Machine 1 holds version 1 of f/a, and things at f in so many slots of its trash. Machine 0 writes version 3. */
  function worldOf(taken: number): World {
    // Ten minutes before the hour is over.
    const peers = [calmPeer(0), calmPeer(1, { clockErrorMs: 50 * 60_000 })]
    const world = new World({ seed: 1, peers, links: [calmLink(0, 1)] }, { hash, crc32 })
    world.edit(0, { type: 'write', path: 'f/a', content: 1, sizeBytes: 100, steps: 1, stepMs: 0 })
    world.startAll()
    expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
    const { disk, wallMs } = world.peers[1]!
    for (const slot of slotsFor(wallMs()).slice(0, taken))
      disk.putFile(`.left/trash/${slot}/f`, contentOf(2, 100))
    world.edit(0, { type: 'write', path: 'f/a', content: 3, sizeBytes: 100, steps: 1, stepMs: 0 })
    return world
  }

  /** Versions of f/a in the trash of machine 1. */
  const keptIn = (world: World): SnapshotEntry[] =>
    [...world.peers[1]!.disk.snapshot()].flatMap(([path, entry]) =>
      path.startsWith('.left/trash/') && path.endsWith('/f/a') ? [entry] : [],
    )

  test.each([9, 10])('where a file is in the way in %i slots', (count) => {
    const world = worldOf(count)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(keptIn(world)).toMatchObject([{ bytes: contentOf(1, 100) }])
  })
})
