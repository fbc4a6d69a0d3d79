// Stories of machines that only send or only receive.

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { LocalChanges } from '../../src/keeper/local-changes.js'
import type { ShareState } from '../../src/pipe/commands.js'
import type { Direction } from '../../src/pipe/settings.js'
import { checkAtRest, isTakenBackInVain, shareOf } from '../../src/sim/checks/invariants.js'
import type { Edit } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, chainOf, meshOf, type PeerPlan } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const SOON_MS = 3_000
const FILES = ['a', 'b', 'folder/c', 'folder/d']

const write = (path: string, content: number): Extract<Edit, { type: 'write' }> => {
  return { type: 'write', path, content, sizeBytes: 500, steps: 1, stepMs: 0 }
}
const remove = (path: string): Edit => ({ type: 'remove', path })
const rename = (path: string, to: string): Edit => ({ type: 'rename', path, to })

/** Peers that have the same four files. */
function worldOf(...machines: (Direction | Partial<PeerPlan>)[]): World {
  return later(newWorld(1, ...machines))
}

/** The same, just started. */
function newWorld(seed: number, ...machines: (Direction | Partial<PeerPlan>)[]): World {
  const links = meshOf(machines.length).map(([one, other]) => calmLink(one, other))
  const peers = machines.map((machine, peer) =>
    calmPeer(peer, typeof machine === 'string' ? { direction: machine } : machine),
  )
  const world = new World({ seed, peers, links }, { hash, crc32 })
  for (const peer of machines.keys()) {
    world.edit(peer, { type: 'folder', path: 'folder' })
    for (const [content, path] of FILES.entries()) world.edit(peer, write(path, content))
  }
  world.startAll()
  return world
}

function later(world: World): World {
  world.run(SOON_MS)
  expect(world.breach).toBeUndefined()
  return world
}

function edit(world: World, peer: number, ...edits: readonly Edit[]): void {
  for (const each of edits) world.edit(peer, each)
  later(world)
}

/** A made the version of 'a' that B got and edited; then A is put back to a copy that is older than that version. */
function putBackWorld(): World {
  const world = worldOf('both', 'receive-only')
  happen(world, { type: 'restore', peer: A, keptMs: 2 * SOON_MS, downMs: 100, edits: [], isOfMachine: true })
  later(world)
  edit(world, A, write('a', 11))
  edit(world, B, write('a', 12))
  return later(world)
}

function undo(world: World, peer: number): void {
  happen(world, { type: 'answer', peer, answer: 'undo' })
  later(world)
}

/** Files of a share, each with its content. */
function filesAt(world: World, peer: number): Map<string, string> {
  const files = [...shareOf(world, peer)].filter(([, { kind }]) => kind === 'file')
  return new Map(files.map(([path, { digest }]): [string, string] => [path, digest]).sort())
}

function expectSame(world: World, one: number, other: number): void {
  expect(filesAt(world, one)).toEqual(filesAt(world, other))
}

function trashOf(world: World, peer: number): string[] {
  return [...world.peers[peer]!.disk.snapshot()]
    .filter(([path, { kind }]) => path.startsWith('.left/trash/') && kind === 'file')
    .map(([path]) => path.split('/').slice(3).join('/'))
    .sort()
}

function digestsInTrash(world: World, peer: number): string[] {
  return [...world.peers[peer]!.disk.snapshot()]
    .filter(([path, { kind }]) => path.startsWith('.left/trash/') && kind === 'file')
    .map(([, { bytes }]) => world.history.digestOf(bytes))
}

function stateOf(world: World, peer: number): ShareState {
  return world.peers[peer]!.keeper!.commands.carryOut({ name: 'state' }, world.nowMs) as ShareState
}

function localAt(world: World, peer: number): string[] {
  return stateOf(world, peer)
    .local.first.map(({ path, reason }) => `${path}: ${reason}`)
    .sort()
}

describe('a machine that only receives', () => {
  test('tells nobody of what is made, edited, renamed or deleted on it, and shows it', () => {
    const world = worldOf('both', 'receive-only')
    const before = filesAt(world, A)
    edit(world, B, write('new', 10), write('a', 11), remove('b'), rename('folder/c', 'folder/e'))
    edit(world, B, { type: 'folder', path: 'made' }, write('made/in', 12))
    expect(filesAt(world, A)).toEqual(before)
    const shown = ['a: edited here', 'b: deleted here', 'folder/c: deleted here', 'folder/e: made here']
    const made = ['made/in: made here', 'made: made here', 'new: made here']
    expect(localAt(world, B)).toEqual([...shown, ...made])
    expect(world.peers[A]!.root).toBe(world.peers[B]!.root)
    // So it stays, whatever is started anew.
    for (const peer of [A, B]) {
      happen(world, { type: 'kill', peer, downMs: 100 })
      later(world)
      expect(filesAt(world, A)).toEqual(before)
      expect(localAt(world, B)).toEqual([...shown, ...made])
    }
    expect(filesAt(world, B).get('a')).not.toBe(before.get('a'))
  })

  test('has what the others have after undo, and its own in the trash', () => {
    const world = worldOf('both', 'receive-only')
    edit(world, B, write('new', 10), write('a', 11), remove('b'), rename('folder/c', 'folder/e'))
    edit(world, B, { type: 'folder', path: 'made' }, write('made/in', 12))
    undo(world, B)
    expectSame(world, A, B)
    expect([...filesAt(world, B).keys()]).toEqual(FILES)
    expect(trashOf(world, B)).toEqual(['a', 'folder/e', 'made/in', 'new'])
    expect(shareOf(world, B).has('made')).toBe(false)
    expect(stateOf(world, B)).toMatchObject({ local: { count: 0 }, notHeld: { count: 0 } })
  })

  test('gives its own up, into the trash, where a peer changes the same', () => {
    const world = worldOf('both', 'receive-only')
    edit(world, B, write('a', 10), write('new', 11), remove('b'))
    edit(world, A, write('a', 12), write('new', 13), write('b', 14))
    expectSame(world, A, B)
    expect(trashOf(world, B)).toEqual(['a', 'new'])
    expect(localAt(world, B)).toEqual([])
  })

  test.each<[string, (world: World) => void]>([
    ['a peer changes the same', (world) => edit(world, A, write('a', 12), write('new', 13))],
    [
      'a peer makes a folder in its place',
      (world) => edit(world, A, write('a', 12), { type: 'folder', path: 'new' }),
    ],
    ['a person takes it back', (world) => undo(world, B)],
  ])('loses nothing of its own in the trash with a loss of power, where %s', (_, giveUp) => {
    // A loss of power leaves all, some or nothing of what was not synced, and may undo that a file went to the trash.
    for (let seed = 1; seed <= 8; seed++) {
      const world = later(newWorld(seed, 'both', 'receive-only'))
      edit(world, B, write('a', 10), write('new', 11))
      const own = ['a', 'new'].map((path) => filesAt(world, B).get(path)!)
      giveUp(world)
      expect(trashOf(world, B)).toEqual(['a', 'new'])
      happen(world, { type: 'power-loss', peer: B, downMs: 100 })
      later(world)
      const held = [...digestsInTrash(world, B), ...filesAt(world, B).values()]
      expect(held).toEqual(expect.arrayContaining(own))
    }
  })

  test('keeps what was edited on it where a peer deletes that, and what was deleted stays so', () => {
    const world = worldOf('both', 'receive-only')
    edit(world, B, write('a', 10), remove('b'))
    edit(world, A, remove('a'), remove('b'))
    expect([...filesAt(world, B).keys()]).toEqual(['a', 'folder/c', 'folder/d'])
    expect(localAt(world, B)).toEqual(['a: edited here'])
    undo(world, B)
    expectSame(world, A, B)
  })

  test('holds what it has made itself where a peer makes the very same', () => {
    const world = worldOf('both', 'receive-only')
    edit(world, B, write('new', 10), write('a', 11))
    edit(world, A, write('new', 10), write('a', 11))
    expectSame(world, A, B)
    expect(localAt(world, B)).toEqual([])
    expect(trashOf(world, B)).toEqual([])
  })

  test('has back what it was, where a person undoes an edit by hand', () => {
    const world = worldOf('both', 'receive-only')
    edit(world, B, write('a', 10))
    edit(world, B, write('a', 0))
    expect(stateOf(world, B)).toMatchObject({ local: { count: 0 }, notHeld: { count: 0 } })
    edit(world, B, write('a', 10))
    edit(world, B, remove('a'))
    expect(localAt(world, B)).toEqual(['a: deleted here'])
    undo(world, B)
    expectSame(world, A, B)
  })

  test('keeps a folder that was made where a peer has a file, until undo', () => {
    const world = worldOf('both', 'receive-only')
    edit(world, B, { type: 'swap', path: 'a', content: 10, sizeBytes: 500 })
    edit(world, A, write('a', 11))
    expect(shareOf(world, B).get('a')?.kind).toBe('folder')
    undo(world, B)
    world.run(120_000)
    expectSame(world, A, B)
  })

  test('has nothing left to take back of a folder that the others deleted, and that stands for what is in it', () => {
    const world = worldOf('both', 'receive-only', 'both')
    world.pause(B, 'all')
    edit(world, B, { type: 'folder', path: 'made' }, { type: 'folder', path: 'made/deep' })
    edit(world, A, write('made/deep/x', 10))
    world.edit(A, remove('made'))
    edit(world, C, write('made/deep/x', 11))
    world.resume(B, 'all')
    later(world)
    expect(localAt(world, B)).toEqual(['made/deep: edited here', 'made: edited here'])
    undo(world, B)
    expectSame(world, A, B)
    expect(localAt(world, B)).toEqual([])
    happen(world, { type: 'kill', peer: B, downMs: 100 })
    later(world)
    expect(localAt(world, B)).toEqual([])
    edit(world, C, remove('made/deep/x'))
    world.run(20_000)
    expect(shareOf(world, B).has('made')).toBe(false)
    expectSame(world, A, B)
  })

  test('keeps what was edited on it, also after undo, while what it was edited from is on no machine', () => {
    const world = putBackWorld()
    // Another edit on it ends the wait no more than the first one: it has no version either.
    edit(world, B, write('a', 14))
    const edited = filesAt(world, B).get('a')
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(filesAt(world, B).get('a')).toBe(edited)
    expect(localAt(world, B)).toEqual(['a: edited here'])
    expect(stateOf(world, B).notHeld.first.map(({ path }) => path)).toEqual(['a'])
  })

  test('has what a person makes there afterwards', () => {
    const world = putBackWorld()
    edit(world, A, write('a', 13))
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expectSame(world, A, B)
  })

  /** A is put back to a copy in which 'a' stands as it is, and a person writes over it before LEFT runs. By A's clock, which was
   *  put back too, that is older than what it wrote over. */
  function overwrittenWorld(isKnownInCopy: boolean): World {
    const world = newWorld(1, 'both', 'receive-only')
    const restore = () => {
      const edits = [write('a', 13)]
      happen(world, { type: 'restore', peer: A, keptMs: 2 * SOON_MS, downMs: 100, edits, isOfMachine: true })
    }
    if (isKnownInCopy) world.run(SOON_MS)
    restore()
    later(world)
    edit(world, B, write('a', 12))
    happen(world, { type: 'clock-step', peer: A, byMs: -86_400_000 })
    later(world)
    return later(world)
  }

  test('keeps it also where the last copy of that was written over before LEFT had ever seen it there', () => {
    const world = overwrittenWorld(false)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(localAt(world, B)).toEqual(['a: edited here'])
  })

  test('gives it up where LEFT had seen that there', () => {
    const world = overwrittenWorld(true)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expectSame(world, A, B)
  })

  /** A, which made it, lost a version with the power, and a person at B wrote over the copy there. A third one is not reached by then. */
  function lastCopyWorld(...more: Direction[]): World {
    const machines: Direction[] = ['both', 'receive-only', ...more]
    for (let seed = 1; ; seed++) {
      const world = later(newWorld(seed, ...machines))
      edit(world, A, write('a', 11))
      if (more.length > 0)
        for (const peer of [A, B])
          happen(world, { type: 'cut', peer, other: C, bothWays: true, forMs: 60_000 })
      happen(world, { type: 'power-loss', peer: A, downMs: 1_000 })
      // A loss of power leaves all, some or nothing.
      if (world.peers[A]!.disk.contentOf('a')?.length !== 0) continue
      edit(world, B, write('a', 12))
      expect(localAt(world, B)).toEqual(['a: edited here'])
      return world
    }
  }

  test('keeps it also where its maker lost that with the power', () => {
    const world = lastCopyWorld()
    const edited = filesAt(world, B).get('a')
    expect(isTakenBackInVain(world, B, 'a')).toBe(true)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(filesAt(world, B).get('a')).toBe(edited)
    // What is made afterwards ends that.
    edit(world, A, write('a', 13))
    expect(isTakenBackInVain(world, B, 'a')).toBe(false)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expectSame(world, A, B)
  })

  test('gives it up where a third one has that, which comes back later', () => {
    const world = lastCopyWorld('both')
    const made = filesAt(world, C).get('a')!
    expect(world.history.model.goneAt('a').has(made)).toBe(false)
    expect(isTakenBackInVain(world, B, 'a')).toBe(false)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    for (const peer of [A, B]) expect(filesAt(world, peer).get('a')).toBe(made)
  })

  test.each([
    ['a disk that has no place for it', {}],
    ['a machine that only sends', { direction: 'send-only' }],
  ] as const)('keeps it also where what replaces it is beyond %s', (_, between) => {
    const links = chainOf(3).map(([one, other]) => calmLink(one, other))
    const peers = [calmPeer(A, { direction: 'receive-only' }), calmPeer(B, between), calmPeer(C)]
    const world = new World({ seed: 1, peers, links }, { hash, crc32 })
    if (peers[B]!.direction === undefined)
      happen(world, { type: 'refused-path', peer: B, path: 'a', forMs: undefined })
    world.edit(A, write('a', 12))
    world.edit(C, write('a', 11))
    world.startAll()
    later(world)
    expect(localAt(world, A)).toEqual(['a: edited here'])
    const edited = filesAt(world, A).get('a')
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(filesAt(world, A).get('a')).toBe(edited)
  })

  test('is to take back what was edited on it where somebody has what that was before', () => {
    const world = worldOf('both', 'receive-only')
    edit(world, B, write('a', 11))
    vi.spyOn(LocalChanges.prototype, 'undo').mockReturnValue(0)
    onTestFinished(() => void vi.restoreAllMocks())
    settle(world, 0)
    expect(world.breach).toMatchObject({ invariant: 'I4', detail: 'something is still held after 6 answers' })
  })

  test('passes on what it has from one peer to another', () => {
    const world = worldOf('both', 'receive-only', 'both')
    happen(world, { type: 'cut', peer: A, other: C, bothWays: true, forMs: 1e9 })
    edit(world, B, write('b', 10))
    edit(world, A, write('a', 11))
    later(world)
    expect(filesAt(world, C).get('a')).toBe(filesAt(world, A).get('a'))
    expect(filesAt(world, C).get('b')).toBe(filesAt(world, A).get('b'))
  })
})

describe('a machine that only sends', () => {
  test('takes nothing over that others make, edit or delete, and is in step', () => {
    const world = worldOf('send-only', 'both')
    const before = filesAt(world, A)
    edit(world, B, write('new', 10), write('a', 11), remove('b'), remove('folder/c'), remove('folder/d'))
    edit(world, B, remove('folder'), { type: 'chmod', path: 'a', access: 'owner' })
    expect(filesAt(world, A)).toEqual(before)
    const { stopped, notHeld } = stateOf(world, A)
    expect(stopped.first.map(({ path }) => path).sort()).toEqual(['a', 'b', 'folder', 'folder/c', 'folder/d'])
    expect(notHeld.first.map(({ path }) => path).sort()).toEqual(['a', 'new'])
    expect(world.peers[A]!.root).toBe(world.peers[B]!.root)
    happen(world, { type: 'kill', peer: A, downMs: 100 })
    later(world)
    expect(filesAt(world, A)).toEqual(before)
    happen(world, { type: 'answer', peer: A, answer: 'confirm' })
    later(world)
    expect(filesAt(world, A)).toEqual(before)
    undo(world, A)
    const { new: _, ...rest } = Object.fromEntries(filesAt(world, B))
    expect(rest).toEqual(Object.fromEntries(before))
  })

  test('sends what is edited on it, also where others changed the same: both are kept there', () => {
    const world = worldOf('send-only', 'both')
    edit(world, B, write('a', 10))
    edit(world, A, write('a', 11), remove('b'), rename('folder/c', 'folder/e'))
    expect(filesAt(world, B).get('a')).toBe(filesAt(world, A).get('a'))
    expect([...filesAt(world, B).keys()].filter((path) => path.startsWith('a.conflict-'))).toHaveLength(1)
    expect([...filesAt(world, A).keys()]).toEqual(['a', 'folder/d', 'folder/e'])
    expect(filesAt(world, B).has('folder/c')).toBe(false)
  })

  test('knows the newest of what others have where a file of its own has just been written there', () => {
    const world = worldOf('send-only', 'both')
    edit(world, B, write('new', 10))
    world.edit(A, write('new', 11))
    world.run(20)
    edit(world, B, { type: 'swap', path: 'new', content: 12, sizeBytes: 500 })
    expect(stateOf(world, A).stopped.first).toMatchObject([{ path: 'new' }])
    expect(world.peers[A]!.root).toBe(world.peers[B]!.root)
  })

  test('keeps its file where the others have a folder with something in it, and they have the same', () => {
    const world = worldOf('send-only', 'both', 'both')
    edit(world, B, { type: 'swap', path: 'a', content: 10, sizeBytes: 500 })
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(shareOf(world, A).get('a')?.kind).toBe('file')
    const { disk } = world.peers[C]!
    disk.unharmed(() => {
      disk.removeFile('a/inside')
      disk.removeFolder('a')
    })
    checkAtRest(world)
    expect(world.breach?.detail).toMatch(/^at "a(\/inside)?" B has .*, C nothing$/)
  })

  test.each([
    [A, B],
    [B, A],
  ])(
    'keeps its file where others have a folder with something in it, undone or not (it is peer %i)',
    (sender, other) => {
      const world = worldOf(
        ...([A, B].map((peer) => (peer === sender ? 'send-only' : 'both')) as Direction[]),
      )
      const before = filesAt(world, sender)
      edit(world, other, { type: 'swap', path: 'a', content: 10, sizeBytes: 500 })
      undo(world, sender)
      expect(filesAt(world, sender)).toEqual(before)
      expect(shareOf(world, other).get('a')?.kind).toBe('folder')
      expect([...filesAt(world, other).keys()]).toEqual(['a/inside', 'b', 'folder/c', 'folder/d'])
      settle(world, 0)
      expect(world.breach).toBeUndefined()
    },
  )

  /** The others have a link where it has a folder, and it takes that back: the link is in their trash. */
  function undoneLinkWorld(): World {
    const world = worldOf('send-only', 'both')
    edit(world, B, remove('folder'))
    edit(world, B, { type: 'link', path: 'folder', outside: 'outside-0' })
    undo(world, A)
    expectSame(world, A, B)
    return world
  }

  /** Takes the link out of B's trash; another one may take its place. */
  function replaceTrashedLink(world: World, target?: string): void {
    const { disk } = world.peers[B]!
    const links = [...disk.snapshot()].filter(([, { kind }]) => kind === 'link')
    expect(links.map(([path]) => path)).toEqual([expect.stringMatching(/^\.left\/trash\/[^/]*\/folder$/)])
    disk.unharmed(() => {
      disk.removeFile(links[0]![0])
      if (target !== undefined) disk.makeLink(links[0]![0], target)
    })
  }

  test('has its folder back where others made a link in its place, which leads from their trash where it led', () => {
    const world = undoneLinkWorld()
    settle(world, 0)
    expect(world.breach).toBeUndefined()
  })

  test.each([
    ['is gone', undefined],
    ['leads to another file', '/outside-1'],
    ['is a relative one, which leads elsewhere from there', '../../../../outside-0'],
  ])('loses what others had there where the link in their trash %s', (_, target) => {
    const world = undoneLinkWorld()
    replaceTrashedLink(world, target)
    settle(world, 0)
    expect(world.breach).toMatchObject({ invariant: 'I2' })
    expect(world.breach?.detail).toMatch(/made at "folder" and never replaced by anybody, is nowhere$/)
  })

  test('hears of an edit where its own has not been read yet, and sends that back after undo', () => {
    const world = worldOf('both', { direction: 'send-only', hintLoss: 1 })
    edit(world, A, write('new', 10))
    world.edit(B, write('new', 11))
    edit(world, A, write('new', 12))
    expect(stateOf(world, B).stopped.first.map(({ path }) => path)).toEqual(['new'])
    undo(world, B)
    expectSame(world, A, B)
  })

  test('forgets no edit of one peer for that of another which it does not hold either', () => {
    const world = worldOf('both', 'send-only', 'both')
    happen(world, { type: 'cut', peer: A, other: C, bothWays: true, forMs: 1e9 })
    edit(world, C, write('a', 10))
    edit(world, A, write('a', 11))
    const own = filesAt(world, B)
    // A's edit was shown until now, and C's is from here on.
    undo(world, B)
    expect(stateOf(world, B).stopped.first.map(({ path }) => path)).toEqual(['a'])
    undo(world, B)
    expect(filesAt(world, B)).toEqual(own)
    expect(stateOf(world, B).stopped.count).toBe(0)
    for (const peer of [A, C]) {
      expectSame(world, peer, B)
      expect(world.peers[peer]!.root).toBe(world.peers[B]!.root)
    }
  })

  test.each([
    ['replaced', { ...write('a', 10), ageMs: 200_000 }],
    ['deleted', remove('a')],
  ] as const)('comes to rest where its file is %s by one, and beats an edit of another', (_, change) => {
    // What A asks for when it hears of B's file is gone when B hears that.
    const links = [calmLink(A, B, { delayMs: 50 }), calmLink(B, C)]
    const peers = [A, B, C].map((peer) => calmPeer(peer, peer === B ? { direction: 'send-only' } : {}))
    const world = new World({ seed: 1, peers, links }, { hash, crc32 })
    world.edit(A, { ...write('a', 11), ageMs: 100_000 })
    world.edit(B, write('a', 12))
    const own = filesAt(world, B)
    world.peers[B]!.start()
    world.peers[C]!.start()
    later(world)
    edit(world, C, change)
    world.peers[A]!.start()
    later(world)
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    expect(filesAt(world, B)).toEqual(own)
    expect(world.peers.map(({ root }) => root)).toEqual(Array(3).fill(world.peers[B]!.root))
  })

  test('tells of its own file when the newer one of a peer, which it did not take, is deleted', () => {
    const world = worldOf('both', 'send-only', { clockErrorMs: 3_600_000 })
    edit(world, C, write('new', 10))
    edit(world, B, write('new', 11))
    expect(stateOf(world, B).stopped.first.map(({ path }) => path)).toEqual(['new'])
    edit(world, A, remove('new'))
    expect(stateOf(world, B).stopped.count).toBe(0)
    for (const peer of [A, C]) expectSame(world, peer, B)
  })

  test('brings its own file back to nobody once it was removed there, though a peer had a newer one', () => {
    const world = worldOf('both', 'send-only', { clockErrorMs: 3_600_000 })
    edit(world, C, write('new', 10))
    // From the other path its content is to be had still.
    edit(world, B, write('new', 11), write('other', 11))
    edit(world, B, remove('new'))
    expect(stateOf(world, B).stopped.count).toBe(0)
    // By its time it loses against the one that was removed.
    edit(world, A, { ...write('new', 12), ageMs: 60_000 })
    settle(world, 0)
    expect(world.breach).toBeUndefined()
    for (const peer of [A, C])
      expect([...filesAt(world, peer).keys()].filter((path) => path.startsWith('new'))).toEqual(['new'])
    expectSame(world, A, C)
  })

  test.each([
    ['later', SOON_MS],
    ['before it is told', 0],
    ['while it is told', 110],
  ])(
    'has its own file, which it kept and a person removed, asked for by nobody that deletes the newer one %s',
    (_, laterMs) => {
      const world = newWorld(1, 'send-only', 'both')
      world.edit(A, { ...write('new', 10), ageMs: 100_000 })
      world.edit(B, write('new', 11))
      later(world)
      expect(stateOf(world, A).stopped.first.map(({ path }) => path)).toEqual(['new'])
      world.edit(A, remove('new'))
      world.run(laterMs)
      edit(world, B, remove('new'))
      expectSame(world, A, B)
      expect(stateOf(world, B).notHeld.count).toBe(0)
      expect(world.peers[A]!.root).toBe(world.peers[B]!.root)
      settle(world, 0)
      expect(world.breach).toBeUndefined()
    },
  )

  test('and one that only receives have the same, whatever happens to the latter', () => {
    const world = worldOf('send-only', 'receive-only')
    edit(world, B, write('a', 10), remove('b'))
    edit(world, A, write('a', 11), write('b', 12), write('c', 13))
    expectSame(world, A, B)
  })
})
