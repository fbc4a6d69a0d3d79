// Shares that are put back to copies that LEFT cannot see through, and what the invariants make of them.

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { Catalogue } from '../../src/keeper/index/catalogue.js'
import { contentOf, type Edit } from '../../src/sim/edits.js'
import { HEAL_MS_MAX } from '../../src/sim/limits.js'
import type { SimPeer } from '../../src/sim/peer/peer.js'
import { calmLink, calmPeer, meshOf } from '../../src/sim/plan.js'
import { copyOf, putBack } from '../../src/sim/restore.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'
import { withoutTrash } from './without-trash.js'

const A = 0
const B = 1
const BYTES = 1_000

/** Both have the file that A made. */
function restingWorld(): World {
  const peers = [A, B].map((peer) => calmPeer(peer))
  const links = meshOf(2).map(([one, other]) => calmLink(one, other))
  const world = new World({ seed: 1, peers, links }, { hash, crc32 })
  world.edit(A, { type: 'write', path: 'a', content: 1, sizeBytes: BYTES, steps: 1, stepMs: 0 })
  world.startAll()
  expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
  expect(world.peers[B]!.disk.contentOf('a')).toEqual(contentOf(1, BYTES))
  return world
}

describe('I2, a file that a loss of power tore', () => {
  /** A's machine lost power, and LEFT has not looked yet: this is left of the file, with the time that it had. */
  function tornAtA(left: Uint8Array): World {
    const world = restingWorld()
    const { disk } = world.peers[A]!
    const { mtimeMs } = disk.statLink('a')!
    const crash = disk.crash.bind(disk)
    disk.crash = (options) => {
      crash(options)
      if (options.power) disk.putFile('a', left, { mtimeMs })
    }
    world.peers[A]!.losePower()
    disk.crash = crash
    return world
  }

  const torn = [
    ['of another length', new Uint8Array(0)],
    ['of the same length', new Uint8Array(BYTES)],
  ] as const

  const places = [
    ['on its disk', () => {}],
    ['put back from a copy', (world: World) => putBack(world, A, copyOf(world, A, true))],
  ] as const
  const cases = torn.flatMap(([how, left]) => places.map(([where, put]) => [how, where, left, put] as const))

  test.each(cases)('is mended: %s, %s', (_how, _where, left, put) => {
    const world = tornAtA(left)
    put(world)
    world.peers[A]!.start()
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(world.peers[A]!.disk.contentOf('a')).toEqual(contentOf(1, BYTES))
  })

  test('is found by the judge where LEFT takes it for the whole one', () => {
    vi.spyOn(Catalogue.prototype, 'forget').mockImplementation(() => {})
    // The judge is content with what the trash of the other machine keeps.
    withoutTrash()
    onTestFinished(() => void vi.restoreAllMocks())
    const world = tornAtA(new Uint8Array(BYTES))
    putBack(world, A, copyOf(world, A, true))
    world.peers[A]!.start()
    settle(world, 0)
    expect(world.breach?.invariant).toBe('I2')
  })
})

describe('I5, a file that was deleted while LEFT was not running, in a copy', () => {
  /** LEFT at B ended, somebody deleted the file, and a copy was taken, which was put back later. */
  function putBackAfter(end: 'kill' | 'stop', machineWentDown: boolean): World {
    const world = restingWorld()
    const peer = world.peers[B]!
    peer[end]()
    world.edit(B, { type: 'remove', path: 'a' })
    const copy = copyOf(world, B, true)
    // Else it hears of the deletion, and nobody is left who has the file.
    world.peers[A]!.kill()
    peer.start()
    world.run(1_500)
    if (machineWentDown) peer.losePower()
    else peer.stop()
    putBack(world, B, copy)
    world.peers[A]!.start()
    peer.start()
    settle(world, 0)
    return world
  }

  test.each([
    ['stays away after an orderly stop', 'stop', true, undefined],
    ['stays away where the machine runs on', 'kill', false, undefined],
    ['may come back where LEFT was killed and the machine has started anew', 'kill', true, BYTES],
  ] as const)('%s', (_, end, machineWentDown, bytes) => {
    const world = putBackAfter(end, machineWentDown)
    expect(world.breach).toBeUndefined()
    expect(world.peers[B]!.disk.contentOf('a')?.length).toBe(bytes)
  })
})

describe('I2, what was changed on a machine that only receives', () => {
  const FILE = { type: 'write', path: 'a', sizeBytes: BYTES, steps: 1, stepMs: 0 } as const
  const changes: readonly [string, Edit][] = [
    ['a file', { ...FILE, content: 1 }],
    ['a link', { type: 'link', path: 'a', outside: 'outside-0' }],
  ]

  /** A peer has made the same path: what was made at A is in A's trash, and nowhere else. */
  function trashedWorld(change: Edit): World {
    const peers = [calmPeer(A, { direction: 'receive-only' }), calmPeer(B)]
    const world = new World({ seed: 1, peers, links: [calmLink(A, B)] }, { hash, crc32 })
    world.startAll()
    world.edit(A, change)
    expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
    world.edit(B, { ...FILE, content: 2 })
    expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
    expect(world.peers[A]!.disk.contentOf('a')).toEqual(contentOf(2, BYTES))
    return world
  }

  test.each(changes)('stays in its trash: %s', (_, change) => {
    const world = trashedWorld(change)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
  })

  test.each(changes)('goes with its trash where an older copy is put back: %s', (_, change) => {
    const world = trashedWorld(change)
    world.peers[A]!.stop()
    const copy = copyOf(world, A, true)
    const entries = new Map([...copy.entries].filter(([path]) => !path.startsWith('.left/trash')))
    putBack(world, A, { ...copy, entries })
    world.peers[A]!.start()
    settle(world, 0)
    expect(world.breach).toBeUndefined()
  })

  test.each(changes)('is missed where its trash goes otherwise: %s', (_, change) => {
    const world = trashedWorld(change)
    const { disk } = world.peers[A]!
    for (const [path, { kind }] of disk.snapshot())
      if (path.startsWith('.left/trash/') && kind !== 'folder') disk.unharmed(() => disk.removeFile(path))
    settle(world, 0)
    expect(world.breach).toMatchObject({ invariant: 'I2' })
  })
})

describe('I3, a file of a share that was put back, which a person removes before LEFT runs there', () => {
  const FILE = { type: 'write', path: 'a', sizeBytes: BYTES, steps: 1, stepMs: 0 } as const
  const DAY_MS = 24 * 3_600_000

  /** A knows the file, which its disk refuses. An older one that is made there meanwhile is found when both have told each other. */
  function removedIn(place: 'copy' | 'share'): World {
    const peers = [calmPeer(A, { hintLoss: 1 }), calmPeer(B)]
    const world = new World({ seed: 1, peers, links: [calmLink(A, B)] }, { hash, crc32 })
    const [a, b] = world.peers as [SimPeer, SimPeer]
    a.disk.faults.refusePath('a')
    world.edit(B, { ...FILE, content: 1 })
    b.start()
    world.run(1_000)
    b.stop()
    const copy = copyOf(world, B, true)
    b.start()
    world.edit(B, { ...FILE, path: 'later', content: 2 })
    a.start()
    world.run(3_000)
    expect(a.notHeld).toEqual(new Set(['a']))
    b.stop()
    if (place === 'copy') putBack(world, B, copy)
    world.edit(A, { ...FILE, content: 3, ageMs: DAY_MS })
    world.edit(B, { type: 'remove', path: 'a' })
    b.start()
    settle(world, 0)
    expect(a.disk.contentOf('a')).toEqual(contentOf(3, BYTES))
    return world
  }

  test('is waited for by nobody, though the new name of the share has not seen it', () => {
    const world = removedIn('copy')
    expect(world.breach).toBeUndefined()
    expect(world.peers[B]!.notHeld).toEqual(new Set(['a']))
  })

  test('is deleted where nothing was put back, and that is told', () => {
    const world = removedIn('share')
    expect(world.breach).toBeUndefined()
    expect(world.peers[B]!.disk.contentOf('a')).toEqual(contentOf(3, BYTES))
    expect(world.history.model.goneAt('a')).toEqual(new Set())
  })
})
