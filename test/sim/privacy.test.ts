// The judge of privacy where the disk alone does not say what a person meant: a umask took a part of the mode, the share is
// put back to an older copy, the name of a copy was cut. That it finds what peers do wrong: negative-controls.test.ts.

import { describe, expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { isCopyOf } from '../../src/judge/copies.js'
import { checkAtRest } from '../../src/sim/checks/invariants.js'
import type { ToldAccess } from '../../src/sim/edits.js'
import { HEAL_MS_MAX } from '../../src/sim/limits.js'
import { calmLink, calmPeer } from '../../src/sim/plan.js'
import { copyOf, putBack, type ShareCopy } from '../../src/sim/restore.js'
import { settle } from '../../src/sim/simulate.js'
import { addressOf, World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const D = 3
const SOON_MS = 1_500
const RECONNECT_MS = 60_000
const WRITE = { type: 'write', path: 'a', content: 1, sizeBytes: 1_000, steps: 1, stepMs: 0 } as const
const ANOTHER = { type: 'overwrite', path: 'a', content: 2, sizeBytes: 500, from: 0 } as const

/** A chain of A, B and C. All hold 'a', which A's person opened to everybody. */
function openFile(umaskOfB: number): World {
  const peers = [calmPeer(A), calmPeer(B, { umask: umaskOfB }), calmPeer(C)]
  const links = [calmLink(A, B), calmLink(B, C)]
  const world = new World({ seed: 1, peers, links }, { hash, crc32 })
  world.edit(A, { ...WRITE, access: 'all' })
  world.startAll()
  rest(world)
  return world
}

function rest(world: World): void {
  expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
}

function cut(world: World, one: number, other: number, down = true): void {
  world.network.shape(addressOf(one), addressOf(other), { down })
}

function chmod(world: World, peer: number, access: ToldAccess): void {
  world.edit(peer, { type: 'chmod', path: 'a', access })
}

/** LEFT is stopped meanwhile. */
function copyShare(world: World, peer: number): ShareCopy {
  world.peers[peer]!.stop()
  const copy = copyOf(world, peer, true)
  world.peers[peer]!.start()
  return copy
}

function modeOf(world: World, peer: number): number | undefined {
  return world.peers[peer]!.disk.snapshot().get('a')?.mode
}

describe('a person opens a file', () => {
  test('by a chmod of what a umask may have closed, though its content was open once', () => {
    const world = openFile(0o077)
    chmod(world, A, 'owner')
    rest(world)
    cut(world, A, B)
    world.edit(A, ANOTHER)
    chmod(world, B, 'all')
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(modeOf(world, A)).toBe(0o644)
  })

  test('not by a chmod that changes nothing', () => {
    const world = openFile(0o022)
    chmod(world, A, 'owner')
    rest(world)
    chmod(world, B, 'owner')
    world.edit(A, ANOTHER)
    world.peers[B]!.disk.chmod('a', 0o644)
    expect(world.privacy.handlePlaced(B, 'a', undefined)).toBeUndefined()
    world.peers[B]!.disk.putFile('a', world.peers[A]!.disk.contentOf('a')!, { mode: 0o644 })
    expect(world.privacy.handlePlaced(B, 'a', undefined)).toMatch(/^a file of mode 644 is more private/)
  })
})

describe('a folder that LEFT moved as another machine did', () => {
  const INNER = { type: 'overwrite', path: 'new/a', content: 2, sizeBytes: 500, from: 0 } as const

  /** B took `old/a` from A, and the move of its folder to `new`. */
  function moved(access: ToldAccess, umaskOfB: number): World {
    const peers = [calmPeer(A), calmPeer(B, { umask: umaskOfB }), calmPeer(C)]
    const links = [calmLink(A, B), calmLink(B, C)]
    const world = new World({ seed: 1, peers, links }, { hash, crc32 })
    world.edit(A, { ...WRITE, path: 'old/a', access })
    world.startAll()
    rest(world)
    const { disk } = world.peers[B]!
    const inode = disk.statLink('old/a')?.inode
    world.edit(A, { type: 'rename', path: 'old', to: 'new' })
    rest(world)
    expect(disk.statLink('new/a')?.inode).toBe(inode)
    return world
  }

  test.each([0o027, 0o077])('holds files that a umask of %o closed, and no person', (umask) => {
    const world = moved('all', umask)
    world.edit(B, INNER)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(world.peers[C]!.disk.snapshot().get('new/a')?.mode).toBe(0o644)
  })

  test('holds files that a person closed', () => {
    const world = moved('owner', 0o022)
    world.edit(B, INNER)
    rest(world)
    expect(world.breach).toBeUndefined()
    world.peers[C]!.disk.chmod('new/a', 0o644)
    expect(world.privacy.handlePlaced(C, 'new/a', undefined)).toMatch(/^a file of mode 644 is more private/)
  })
})

describe('a share that is put back', () => {
  test('has modes that are meant as they were at the copy', () => {
    const world = openFile(0o027)
    const copy = copyShare(world, B)
    rest(world)
    cut(world, A, B)
    chmod(world, C, 'owner')
    world.run(SOON_MS)
    expect(modeOf(world, B)).toBe(0o600)
    world.peers[B]!.stop()
    putBack(world, B, copy)
    expect(modeOf(world, B)).toBe(0o640)
    cut(world, B, C)
    cut(world, A, B, false)
    world.edit(B, ANOTHER)
    world.peers[B]!.start()
    world.run(RECONNECT_MS)
    expect(world.breach).toBeUndefined()
    expect(modeOf(world, A)).toBe(0o644)
  })

  test('opens nothing that was made private after the copy', () => {
    const world = openFile(0o022)
    const copy = copyShare(world, A)
    rest(world)
    chmod(world, A, 'owner')
    rest(world)
    world.edit(B, ANOTHER)
    rest(world)
    const { disk } = world.peers[A]!
    expect(modeOf(world, A)).toBe(0o600)
    world.peers[A]!.stop()
    putBack(world, A, copy)
    expect(modeOf(world, A)).toBe(0o644)
    const setAccess = disk.setAccess.bind(disk)
    disk.setAccess = (path, access) => setAccess(path, { ...access, access: 'all' })
    world.peers[A]!.start()
    world.run(SOON_MS)
    expect(world.breach).toMatchObject({ invariant: 'I15', detail: expect.stringMatching(/^A "a": a file/) })
  })
})

describe('a copy of a conflict', () => {
  test.each([
    ['of which a disk without modes told nothing is as private as the file that won', false, 0o640],
    ['of which a disk told that all may read it is as open as that', true, 0o644],
  ])('%s', (_which, keepsModes, mode) => {
    const peers = [calmPeer(A), calmPeer(B, { keepsModes })]
    const world = new World({ seed: 1, peers, links: [calmLink(A, B)] }, { hash, crc32 })
    world.edit(B, { ...WRITE, access: 'all' })
    world.run(SOON_MS)
    world.edit(A, { ...WRITE, content: 2, access: 'group' })
    world.startAll()
    rest(world)
    const { disk } = world.peers[A]!
    const copy = [...disk.snapshot().keys()].find((path) => path.startsWith('a.conflict-'))!
    expect(disk.contentOf('a')).not.toEqual(world.peers[B]!.disk.contentOf(copy))
    expect(modeOf(world, A)).toBe(0o640)
    expect(disk.snapshot().get(copy)?.mode).toBe(mode)
    expect(world.breach).toBeUndefined()
  })

  const MARK = '.conflict-20261121-103000-0123abcd'
  const LONG = 'x'.repeat(255)
  const CUT = `${'x'.repeat(255 - MARK.length)}${MARK}`
  const CUT_TEXT = `${'x'.repeat(251 - MARK.length)}${MARK}.txt`

  test.each([
    ['with its name', `notes${MARK}.txt`, 'notes.txt', true],
    ['with another extension', `notes${MARK}.txt`, 'notes.md', false],
    ['that is no copy', 'notes.txt', 'notes.txt', false],
    ['with a short beginning of its name', `not${MARK}.txt`, 'notes.txt', false],
    ['with as much of its name as has room', CUT, LONG, true],
    ['the same in a folder', `f/${CUT}`, `f/${LONG}`, true],
    ['in another folder', `f/${CUT}`, LONG, false],
    ['with another beginning', CUT, `y${LONG.slice(1)}`, false],
    ['with more than its name', CUT, 'x'.repeat(255 - MARK.length - 1), false],
    ['with what has room, and its extension', CUT_TEXT, `${'x'.repeat(251)}.txt`, true],
    ['without its extension', CUT_TEXT, LONG, false],
  ])('%s', (_which, path, original, isOne) => {
    expect(isCopyOf(path, original)).toBe(isOne)
  })
})

describe('a file of ours whose place another one took, of which a disk without modes told nothing', () => {
  /** All through B, which has deleted A's private 'a' before C, whose disk keeps no modes, brings another one. That has seen A's by then,
   *  and comes to A without a mode. D tells that all may read it. */
  function tellLate(): World {
    const peers = [calmPeer(A), calmPeer(B), calmPeer(C, { keepsModes: false }), calmPeer(D)]
    const links = [calmLink(A, B), calmLink(B, C), calmLink(B, D)]
    const world = new World({ seed: 1, peers, links }, { hash, crc32 })
    world.edit(D, { ...WRITE, access: 'all' })
    world.edit(A, { ...WRITE, content: 2, access: 'owner' })
    world.run(SOON_MS)
    world.edit(C, { ...WRITE, content: 3 })
    for (const peer of [A, B]) world.peers[peer]!.start()
    world.run(SOON_MS)
    world.peers[A]!.stop()
    world.edit(B, { type: 'remove', path: 'a' })
    world.run(SOON_MS)
    world.peers[C]!.start()
    world.run(RECONNECT_MS)
    world.peers[A]!.start()
    world.run(RECONNECT_MS)
    expect([accessOf(world, A), modeOf(world, A)]).toEqual(['none', 0o600])
    world.peers[D]!.start()
    world.run(RECONNECT_MS)
    rest(world)
    return world
  }

  test('stays closed when a third one tells that all may read it', () => {
    const world = tellLate()
    expect(accessOf(world, A)).toBe('all')
    expect([A, D].map((peer) => modeOf(world, peer))).toEqual([0o600, 0o644])
    checkAtRest(world)
    expect(world.breach).toBeUndefined()
  })

  test('and with another content, too', () => {
    const world = tellLate()
    world.edit(D, ANOTHER)
    rest(world)
    expect([A, D].map((peer) => modeOf(world, peer))).toEqual([0o600, 0o644])
    checkAtRest(world)
    expect(world.breach).toBeUndefined()
  })

  test('is to be opened once it was told to be closed', () => {
    const world = tellLate()
    closeAndOpen(world, D)
  })

  test('is not to be more private than it was', () => {
    const world = tellLate()
    world.edit(A, { type: 'chmod', path: 'a', access: 'group' })
    rest(world)
    chmod(world, D, 'all')
    rest(world)
    world.peers[A]!.stop()
    world.peers[A]!.disk.chmod('a', 0o600)
    checkAtRest(world)
    expect(world.breach).toMatchObject({ invariant: 'I3', detail: expect.stringContaining('for owner, B') })
  })
})

test('a file that was told of from the first is to be opened', () => {
  const world = openFile(0o022)
  closeAndOpen(world, C)
})

function accessOf(world: World, peer: number): string | undefined {
  return world.catalogues.get(peer)?.live('a')?.access
}

/** A person at `by` does both, and A opens nothing: that breaks I3. */
function closeAndOpen(world: World, by: number): void {
  chmod(world, by, 'owner')
  rest(world)
  opensNothing(world, A)
  chmod(world, by, 'all')
  rest(world)
  expect([A, by].map((peer) => modeOf(world, peer))).toEqual([0o600, 0o644])
  checkAtRest(world)
  expect(world.breach).toMatchObject({ invariant: 'I3', detail: expect.stringContaining('for owner, B') })
}

/** From now on, as a peer would that is wrong. */
function opensNothing(world: World, peer: number): void {
  const { disk } = world.peers[peer]!
  const setMode = disk.setMode.bind(disk)
  disk.setMode = (path, change) => setMode(path, { ...change, widens: false })
}
