// A world for each invariant of the simulator in which the disk, the log or the keeper of one machine breaks that
// invariant and no other. The simulator must report it: an invariant without such a control may check nothing.

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import type { Disk } from '../../src/base/ports.js'
import { crc32, hash } from '../../src/io/hash.js'
import { Journal } from '../../src/journal/journal.js'
import { Catalogue } from '../../src/keeper/index/catalogue.js'
import { NotHeldTries } from '../../src/keeper/not-held.js'
import { Removing } from '../../src/keeper/remove/removing.js'
import { Trash } from '../../src/keeper/trash/trash.js'
import { checkAtRest, waitsForNobody } from '../../src/sim/checks/invariants.js'
import type { SimDisk } from '../../src/sim/disk/disk.js'
import { contentOf } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import { answerHeld } from '../../src/sim/held.js'
import {
  HEAL_MS_MAX,
  JOURNAL_BYTES_MAX,
  QUIET_MS,
  TRIES_MS_MAX,
  UNTOLD_WRITES_MAX,
} from '../../src/sim/limits.js'
import type { LinkFaults } from '../../src/sim/network.js'
import { calmLink, calmPeer, chainOf, meshOf, type PeerPlan } from '../../src/sim/plan.js'
import { recordPowerLoss } from '../../src/sim/power-loss.js'
import { SeededRandom } from '../../src/sim/random.js'
import { copyOf, putBack } from '../../src/sim/restore.js'
import { drawScenario } from '../../src/sim/scenario.js'
import { settle, simulate } from '../../src/sim/simulate.js'
import { type Breach, World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const SOON_MS = 1_500
const ANOTHER = 77

interface Setting {
  readonly seed?: number
  readonly plan?: Partial<PeerPlan>
  readonly link?: Partial<LinkFaults>
  /** So many machines, each connected to the one before. */
  readonly chain?: number
}

/** A world that remembers every invariant that broke, not the first one alone. */
class BrokenWorld extends World {
  readonly broken: Breach[] = []

  override break(invariant: Breach['invariant'], detail: string): void {
    this.broken.push({ invariant, detail })
    super.break(invariant, detail)
  }
}

function worldOf({ seed = 1, plan = {}, link = {}, chain = 2 }: Setting = {}): BrokenWorld {
  const peers = Array.from({ length: chain }, (_, peer) => calmPeer(peer, plan))
  const links = chainOf(chain).map(([one, other]) => calmLink(one, other, link))
  return new BrokenWorld({ seed, peers, links }, { hash, crc32 })
}

function write(world: World, peer: number, path: string, content: number, sizeBytes = 1_000): void {
  world.edit(peer, { type: 'write', path, content, sizeBytes, steps: 1, stepMs: 0 })
}

const diskOf = (world: World, peer: number): SimDisk => world.peers[peer]!.disk

/** The disk as the keeper of this machine has it: whatever is done through it is LEFT's doing. */
function keeperDiskOf(world: World, peer: number): Disk {
  const { watcher } = world.peers[peer] as unknown as { watcher: { host: { watchedDisk: Disk } } }
  return watcher.host.watchedDisk
}

/** Two machines that hold the same, and have nothing left to do. */
function restingWorld(files: readonly string[] = ['a'], setting?: Setting): BrokenWorld {
  const world = worldOf(setting)
  files.forEach((path, index) => {
    write(world, A, path, index + 1)
  })
  world.startAll()
  expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
  checkAtRest(world)
  expect(world.broken).toEqual([])
  return world
}

function expectOnly(world: BrokenWorld, invariant: Breach['invariant'], detail: RegExp): void {
  expect([...new Set(world.broken.map((breach) => breach.invariant))]).toEqual([invariant])
  expect(world.breach!.detail).toMatch(detail)
}

describe('I1, every path is old or new', () => {
  test('breaks where a keeper writes into a file of the share', () => {
    const world = restingWorld()
    keeperDiskOf(world, B).create('a')
    expectOnly(world, 'I1', /^B wrote into "a" in its place/)
  })

  test('breaks where a keeper makes a file in its place', () => {
    const world = restingWorld()
    keeperDiskOf(world, B).writeNew('b', { bytes: contentOf(1, 1_000), mtimeMs: 0, sync: false })
    expectOnly(world, 'I1', /^B wrote into "b" in its place/)
  })

  test('holds where a keeper writes beside the share', () => {
    const world = restingWorld()
    const disk = keeperDiskOf(world, B)
    disk.writeNew('.left/tmp/small-9', { bytes: contentOf(1, 1_000), mtimeMs: 0, sync: false })
    disk.removeFile('.left/tmp/small-9')
    expect(world.broken).toEqual([])
  })

  test('breaks where disks change a file and nobody is told', () => {
    const world = restingWorld(['a'])
    write(world, A, 'copy', 1)
    expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
    for (const peer of [A, B]) {
      const { mtimeMs } = diskOf(world, peer).snapshot().get('a')!
      diskOf(world, peer).putFile('a', contentOf(ANOTHER, 1_000), { mtimeMs })
    }
    checkAtRest(world)
    expectOnly(world, 'I1', /^A holds at "a" what nobody made/)
    expect(world.broken).toHaveLength(2)
  })
})

describe('I2, nothing that anybody made is lost', () => {
  test('breaks where a disk keeps no second name for the loser of a conflict', () => {
    const world = restingWorld([])
    for (const peer of [A, B]) diskOf(world, peer).linkFile = () => {}
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: SOON_MS })
    write(world, A, 'a', 1)
    write(world, B, 'a', 2)
    settle(world, 0)
    // At once, and not only when nobody has it any more.
    expectOnly(world, 'I14', /^[AB] took "a" away, and not into its trash/)
  })

  test('breaks where a file of one byte is gone everywhere, and holds for an empty one', () => {
    for (const [sizeBytes, broken] of [
      [0, []],
      [1, ['I2']],
    ] as const) {
      const world = restingWorld([])
      write(world, A, 'a', 1, sizeBytes)
      expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
      for (const peer of [A, B]) diskOf(world, peer).unharmed((disk) => disk.removeFile('a'))
      checkAtRest(world)
      expect(world.broken.map(({ invariant }) => invariant)).toEqual(broken)
    }
  })
})

describe('I3, every peer has the same', () => {
  test.each([
    ['keeps no times', 'setTimes', { type: 'touch', path: 'a', ageMs: 86_400_000 }],
    ['keeps no executable bit', 'setMode', { type: 'executable', path: 'a' }],
    ['does not close a file', 'setMode', { type: 'chmod', path: 'a', access: 'owner' }],
  ] as const)('breaks where a disk %s', (_, operation, edit) => {
    const world = restingWorld()
    diskOf(world, B)[operation] = () => {}
    world.edit(A, edit)
    settle(world, 0)
    expectOnly(world, 'I3', /^at "a" A has \w+ .*, B \w+ /)
  })

  test('holds where times differ by the step of the coarsest disk, and breaks beyond', () => {
    for (const [aheadMs, broken] of [
      [1_000, []],
      [1_001, ['I3']],
    ] as const) {
      const world = restingWorld(['a'], { plan: { timestampStepMs: 1_000 } })
      // B's disk rounds its times otherwise than A's.
      const disk = diskOf(world, B)
      const stat = disk.stat.bind(disk)
      disk.stat = (path) => {
        const found = stat(path)
        return found === undefined || path !== 'a' ? found : { ...found, mtimeMs: found.mtimeMs + aheadMs }
      }
      checkAtRest(world)
      expect(world.broken.map(({ invariant }) => invariant)).toEqual(broken)
    }
  })

  test.each([
    ['holds where one that only sends keeps its file against a folder of the others', [], undefined],
    [
      'breaks where one of these has that folder, and another has not',
      [C],
      /^at "a" B has a folder.*, C nothing/,
    ],
    ['breaks where none of them has it', [B, C], /^at "a" A has \w+ .*, B nothing/],
  ])('%s', (_, lacking, detail) => {
    const peers = [A, B, C].map((peer) => calmPeer(peer, peer === A ? { direction: 'send-only' } : {}))
    const links = meshOf(3).map(([one, other]) => calmLink(one, other))
    const world = new BrokenWorld({ seed: 1, peers, links }, { hash, crc32 })
    write(world, A, 'a', 1)
    world.startAll()
    expect(world.runUntilQuiet(HEAL_MS_MAX)).toBe(true)
    world.edit(B, { type: 'swap', path: 'a', content: 2, sizeBytes: 1_000 })
    settle(world, 0)
    expect(world.broken).toEqual([])
    for (const peer of lacking)
      diskOf(world, peer).unharmed((disk) => {
        disk.removeFile('a/inside')
        disk.removeFolder('a')
      })
    checkAtRest(world)
    if (detail === undefined) expect(world.broken).toEqual([])
    else expect(world.broken.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(detail))
  })

  test('breaks where a peer waits for another one that is never started again', () => {
    const world = restingWorld([])
    world.peers[B]!.stop()
    world.heal = () => {}
    write(world, A, 'a', 1)
    settle(world, 0)
    expectOnly(world, 'I3', /^it does not come to rest within 600 s; last: A: datagram/)
  })
})

/** A keeper that writes and removes the same file again and again, more often than the world would call quiet. */
function busy(world: World, disk: Disk, forMs: number = HEAL_MS_MAX + QUIET_MS): void {
  for (let atMs = 0; atMs < forMs; atMs += QUIET_MS / 3)
    world.scheduler.at(world.nowMs + atMs, () => {
      disk.writeNew('.left/tmp/small-9', { bytes: new Uint8Array(1), mtimeMs: 0, sync: false })
      disk.removeFile('.left/tmp/small-9')
    })
}

describe('deletions', () => {
  /** B carries deletions out in this way. */
  function removing(as: typeof Removing.prototype.remove): void {
    const spy = vi.spyOn(Removing.prototype, 'remove').mockImplementation(as)
    onTestFinished(() => spy.mockRestore())
  }

  test('break I5 and I3 where one does not arrive', () => {
    removing(() => ({ type: 'needless' }))
    const world = restingWorld(['a', 'b'])
    world.edit(A, { type: 'remove', path: 'a' })
    settle(world, 0)
    expect(world.broken.map(({ invariant }) => invariant)).toEqual(['I5', 'I3'])
    expect(world.breach!.detail).toMatch(/^B holds at "a" .*, which somebody who had seen it deleted/)
  })

  test('break I2 where one takes what it had not seen, unless that is in the trash', () => {
    for (const isTrashed of [false, true]) {
      const world = restingWorld(['a', 'b'])
      write(world, B, 'a', ANOTHER)
      keeperDiskOf(world, B).rename('a', isTrashed ? '.left/trash' : '.left/tmp/gone')
      if (isTrashed) {
        const disk = keeperDiskOf(world, B)
        disk.rename('.left/trash', '.left/tmp/kept')
        disk.makeFolder('.left/trash')
        disk.rename('.left/tmp/kept', '.left/trash/a')
      }
      world.edit(A, { type: 'remove', path: 'a' })
      settle(world, 0)
      if (isTrashed) expect(world.broken).toEqual([])
      else expectOnly(world, 'I2', /made at "a" and never replaced by anybody, is nowhere/)
    }
  })
})

describe('I14, what LEFT takes away is in the trash', () => {
  const without = (name: 'take' | 'keepVersion', as: (this: Trash, path: string) => unknown): void => {
    const spy = vi.spyOn(Trash.prototype, name).mockImplementation(as as Trash['take'])
    onTestFinished(() => spy.mockRestore())
  }

  test('breaks where a keeper removes without the trash', () => {
    const world = restingWorld(['a', 'b'])
    const disk = keeperDiskOf(world, B)
    without('take', (path) => {
      disk.rename(path, '.left/tmp/removed')
      return '.left/tmp/removed'
    })
    world.edit(A, { type: 'remove', path: 'a' })
    settle(world, 0)
    expectOnly(world, 'I14', /^B took ".left\/tmp\/removed" away, and not into its trash/)
  })

  test('breaks where a keeper overwrites without the trash', () => {
    without('keepVersion', () => undefined)
    const world = restingWorld(['a', 'b'])
    write(world, A, 'a', ANOTHER)
    settle(world, 0)
    expectOnly(world, 'I14', /^B took "a" away, and not into its trash/)
  })

  test('holds where the trash keeps both, and is emptied later', () => {
    const world = restingWorld(['a', 'b'])
    write(world, A, 'a', ANOTHER)
    world.edit(A, { type: 'remove', path: 'b' })
    settle(world, 0)
    const disk = keeperDiskOf(world, B)
    for (const path of diskOf(world, B).snapshot().keys())
      if (path.startsWith('.left/trash/') && disk.statLink(path)?.kind === 'file') disk.removeFile(path)
    expect(world.broken).toEqual([])
  })
})

describe('I3, what is not held keeps nobody from knowing the same', () => {
  const refusedWorld = (): BrokenWorld => {
    onTestFinished(() => void vi.restoreAllMocks())
    const world = worldOf()
    happen(world, { type: 'refused-path', peer: B, path: 'a', forMs: SOON_MS })
    write(world, A, 'a', 1)
    world.startAll()
    world.run(SOON_MS)
    return world
  }

  test('holds where it is known, and fetched when there is a place', () => {
    const world = refusedWorld()
    settle(world, 0)
    expect(world.broken).toEqual([])
  })

  test('breaks where a keeper does not take note of what its disk refuses', () => {
    vi.spyOn(Catalogue.prototype, 'recordNotHeld').mockReturnValue(false)
    const world = worldOf()
    happen(world, { type: 'refused-path', peer: B, path: 'a', forMs: undefined })
    write(world, A, 'a', 1)
    world.startAll()
    onTestFinished(() => void vi.restoreAllMocks())
    settle(world, 0)
    expectOnly(world, 'I3', /^A and B do not know the same/)
  })

  test('breaks where a keeper never tries it again', () => {
    vi.spyOn(NotHeldTries.prototype, 'take').mockReturnValue([])
    vi.spyOn(NotHeldTries.prototype, 'busy', 'get').mockReturnValue(false)
    const world = refusedWorld()
    settle(world, 0)
    expectOnly(world, 'I3', /"a" A has .* B nothing|B does not hold "a", which every disk has a place for/)
  })

  test('breaks where what a person made is said to be not held', () => {
    const world = restingWorld()
    vi.spyOn(world.peers[B]!, 'notHeld', 'get').mockReturnValue(new Set(['a']))
    onTestFinished(() => void vi.restoreAllMocks())
    checkAtRest(world)
    expectOnly(world, 'I3', /^B holds "a" and says that it does not/)
  })
})

describe('I4, peers come to rest', () => {
  test('breaks where a keeper writes again and again', () => {
    const world = restingWorld()
    busy(world, keeperDiskOf(world, B))
    settle(world, 0)
    expectOnly(world, 'I4', /^it does not come to rest within 600 s; last: B: disk/)
  })

  const LATER_MS = HEAL_MS_MAX + QUIET_MS

  test.each([
    ['breaks where a keeper goes on to write for ever', HEAL_MS_MAX + 2 * TRIES_MS_MAX, undefined, ['I4']],
    ['holds where it is quiet later and nothing changes', LATER_MS, undefined, []],
    ['breaks where a share changes later', LATER_MS, LATER_MS - QUIET_MS / 2, ['I4']],
  ])('%s, beside a path that a disk refuses', (_, busyMs, editedMs, broken) => {
    const world = restingWorld()
    happen(world, { type: 'refused-path', peer: B, path: 'refused', forMs: undefined })
    write(world, A, 'refused', 2)
    world.run(SOON_MS)
    expect([...world.peers[B]!.notHeld]).toEqual(['refused'])
    busy(world, keeperDiskOf(world, B), busyMs)
    if (editedMs !== undefined) world.scheduler.at(world.nowMs + editedMs, () => write(world, A, 'late', 3))
    settle(world, 0)
    expect(world.broken.map(({ invariant }) => invariant)).toEqual(broken)
  })

  test('breaks where a keeper always has one more step to do', () => {
    const world = restingWorld([], { plan: { stepMs: 0 } })
    world.peers[B]!.keeper!.step = () => true
    settle(world, 0)
    expectOnly(world, 'I4', /^it spins: 3000000 events and no end/)
  })
})

describe('I5, nothing deleted comes back', () => {
  test('breaks where a keeper puts back what a person removed', () => {
    const world = restingWorld()
    world.edit(B, { type: 'remove', path: 'a' })
    world.run(SOON_MS)
    const disk = keeperDiskOf(world, B)
    disk.writeNew('.left/tmp/small-9', { bytes: contentOf(1, 1_000), mtimeMs: 0, sync: false })
    disk.moveNew('.left/tmp/small-9', 'a')
    expectOnly(world, 'I5', /^B "a": what was deleted here came back, and nobody had made it anew/)
  })

  test('holds where somebody else has made it anew', () => {
    const world = restingWorld()
    world.edit(B, { type: 'remove', path: 'a' })
    world.run(SOON_MS)
    write(world, A, 'a', 2)
    world.run(SOON_MS)
    write(world, A, 'a', 1)
    settle(world, 0)
    expect(world.broken).toEqual([])
    expect(diskOf(world, B).contentOf('a')).toEqual(contentOf(1, 1_000))
  })
})

describe('I5, behind a disk that has no place for the newer version', () => {
  /** A, B and C hold the same; then the disk of B takes nothing at "a" any more. */
  const refusing = (): BrokenWorld => {
    const world = restingWorld(['a', 'b', 'c'], { chain: 3 })
    world.peers[B]!.stop()
    world.edit(B, { type: 'remove', path: 'a' })
    world.history.model.takeRemovalBack(B, 'a')
    happen(world, { type: 'refused-path', peer: B, path: 'a', forMs: undefined })
    return world
  }

  test('holds where an old one stays', () => {
    const world = refusing()
    write(world, C, 'a', ANOTHER)
    world.run(SOON_MS)
    checkAtRest(world)
    expect(diskOf(world, A).contentOf('a')).toEqual(contentOf(1, 1_000))
    expect(world.broken.filter(({ invariant }) => invariant === 'I5')).toEqual([])
  })

  test('breaks where a deleted one stays, or the newer one stands on this side', () => {
    const deleted = refusing()
    deleted.edit(C, { type: 'remove', path: 'a' })
    checkAtRest(deleted)
    const near = refusing()
    happen(near, { type: 'refused-path', peer: B, path: 'a', forMs: 0 })
    near.run(SOON_MS)
    write(near, C, 'a', ANOTHER)
    checkAtRest(near)
    for (const world of [deleted, near])
      expect(world.broken.map(({ invariant }) => invariant)).toContain('I5')
  })
})

describe('I5, behind a machine that only sends', () => {
  /** A, B and C hold the same; B, between them, only sends. */
  const behindSender = (): BrokenWorld => {
    const peers = [calmPeer(A), calmPeer(B, { direction: 'send-only' }), calmPeer(C)]
    const links = chainOf(3).map(([one, other]) => calmLink(one, other, {}))
    const world = new BrokenWorld({ seed: 1, peers, links }, { hash, crc32 })
    for (const path of ['a', 'b', 'c']) write(world, B, path, 1)
    world.startAll()
    world.run(SOON_MS)
    return world
  }

  const brokenAtRest = (world: BrokenWorld): string[] => {
    checkAtRest(world)
    return world.broken.map(({ invariant }) => invariant)
  }

  test('holds where an old version stays that was replaced beyond it, and removed on it', () => {
    const world = behindSender()
    write(world, A, 'a', ANOTHER)
    world.run(SOON_MS)
    world.edit(B, { type: 'remove', path: 'a' })
    settle(world, 0)
    expect(world.broken).toEqual([])
    expect(diskOf(world, A).contentOf('a')).toEqual(contentOf(ANOTHER, 1_000))
    expect(diskOf(world, B).contentOf('a')).toBeUndefined()
    expect(diskOf(world, C).contentOf('a')).toEqual(contentOf(1, 1_000))
  })

  test('breaks where a deleted one stays, or it has the newer one itself', () => {
    const deleted = behindSender()
    deleted.edit(A, { type: 'remove', path: 'a' })
    expect(brokenAtRest(deleted)).toContain('I5')
    const near = behindSender()
    near.peers[C]!.stop()
    write(near, B, 'a', ANOTHER)
    near.run(SOON_MS)
    expect(diskOf(near, A).contentOf('a')).toEqual(contentOf(ANOTHER, 1_000))
    expect(brokenAtRest(near)).toContain('I5')
  })
})

describe('I5, where the newer version went with a share that was put back', () => {
  /** B has "a", which was deleted at A; `meanwhile` at A until its share is put back to a copy from just after that. */
  const putBackAfter = (meanwhile: (world: World) => void, deafB = false): BrokenWorld => {
    const maxDelete = { percent: 25, filesMin: 1, isStrict: false }
    const peers = [calmPeer(A), calmPeer(B, { maxDelete })]
    const world = new BrokenWorld({ seed: 1, peers, links: [calmLink(A, B)] }, { hash, crc32 })
    for (const path of ['a', 'b', 'c']) write(world, B, path, 1)
    world.startAll()
    world.run(SOON_MS)
    if (deafB) world.peers[B]!.stop()
    for (const path of ['a', 'b']) world.edit(A, { type: 'remove', path })
    world.run(SOON_MS)
    world.peers[A]!.stop()
    const copy = copyOf(world, A, false)
    world.peers[A]!.start()
    meanwhile(world)
    world.run(SOON_MS)
    world.peers[A]!.stop()
    putBack(world, A, copy)
    world.peers[A]!.start()
    world.run(SOON_MS)
    expect(diskOf(world, A).contentOf('a')).toBeUndefined()
    expect(diskOf(world, B).contentOf('a')).toEqual(contentOf(1, 1_000))
    return world
  }

  const makeAnew = (world: World) => write(world, A, 'a', ANOTHER)

  const brokenBy = ({ broken }: BrokenWorld): string[] => broken.map(({ invariant }) => invariant)

  test('holds where the old one stays, since its deletion was held back until the newer one came', () => {
    const world = putBackAfter(makeAnew)
    answerHeld(world, B, 'confirm')
    settle(world, 0)
    expect(world.broken).toEqual([])
    expect(diskOf(world, A).contentOf('a')).toBeUndefined()
    expect(diskOf(world, B).contentOf('a')).toEqual(contentOf(1, 1_000))
    expect(diskOf(world, B).contentOf('b')).toBeUndefined()
  })

  test.each([
    ['nobody made a newer one', () => {}],
    ['nobody waits for the newer one', makeAnew],
  ])('breaks where %s', (_, meanwhile) => {
    const world = putBackAfter(meanwhile, true)
    checkAtRest(world)
    expect(brokenBy(world)).toContain('I5')
  })

  test('breaks where the old one is told as a new edit', () => {
    const world = putBackAfter(makeAnew)
    answerHeld(world, B, 'confirm')
    world.run(SOON_MS)
    world.peers[A]!.stop()
    // No person's doing: the history knows nothing of it.
    for (const content of [ANOTHER + 1, 1]) {
      world.peers[B]!.stop()
      diskOf(world, B).putFile('a', contentOf(content, 1_000), { mtimeMs: 0 })
      world.peers[B]!.start()
      world.run(SOON_MS)
    }
    world.peers[A]!.start()
    world.run(SOON_MS)
    expect(waitsForNobody(world, A, 'a')).toBe(true)
    checkAtRest(world)
    expect(brokenBy(world)).toContain('I5')
  })
})

/** B wrote a file that its disk did not have yet when the power went, though LEFT had told of it. */
function cutAtB({ isAlsoAtA = false, isMadeAnew = false } = {}): BrokenWorld {
  for (let seed = 1; seed <= 50; seed++) {
    const world = worldOf({ seed })
    world.startAll()
    world.run(SOON_MS)
    if (isMadeAnew) {
      write(world, B, 'b', ANOTHER)
      world.run(SOON_MS)
      world.edit(B, { type: 'remove', path: 'b' })
      world.run(SOON_MS)
    }
    // Else it would only have to be fetched again.
    if (!isAlsoAtA) happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: 3 * SOON_MS })
    write(world, B, 'b', 1)
    world.run(SOON_MS)
    if (isAlsoAtA) world.edit(A, { type: 'remove', path: 'b' })
    happen(world, { type: 'power-loss', peer: B, downMs: 100 })
    if (world.history.powerCutLosses > 0) return world
  }
  throw new Error('no loss of power took the file')
}

describe('I5, what a loss of power took is no deletion', () => {
  test('holds where a keeper forgets it', () => {
    const world = cutAtB()
    world.run(SOON_MS)
    checkAtRest(world)
    expect(world.broken.map(({ detail }) => detail)).not.toContainEqual(
      expect.stringContaining('was deleted'),
    )
  })

  test('holds where somebody else deleted it meanwhile', () => {
    const world = cutAtB({ isAlsoAtA: true })
    world.run(SOON_MS)
    checkAtRest(world)
    expect(world.catalogues.get(B)?.get('b')?.kind).toBe('tombstone')
    expect(world.broken).toEqual([])
  })

  test('holds where a peer gives back an older deletion, which the lost file had seen', () => {
    const world = cutAtB({ isMadeAnew: true })
    const deletion = world.catalogues.get(A)?.get('b')?.version
    world.run(4 * SOON_MS)
    checkAtRest(world)
    expect(world.catalogues.get(B)?.get('b')).toMatchObject({ kind: 'tombstone', version: deletion })
    expect(world.broken).toEqual([])
  })

  test.each([false, true])('breaks where a keeper goes by what is missing, made anew: %s', (isMadeAnew) => {
    const forget = vi.spyOn(Catalogue.prototype, 'forget').mockImplementation(() => {})
    onTestFinished(() => forget.mockRestore())
    const world = cutAtB({ isMadeAnew })
    world.run(SOON_MS)
    checkAtRest(world)
    expect(world.broken.map(({ detail }) => detail)).toContainEqual(
      'B tells that "b", which a loss of power took, was deleted',
    )
  })
})

/** B wrote a file, A has it, and a person removes it between a loss of power at B and the next look of LEFT. */
function removedUnlooked({ isStopped }: { isStopped: boolean }): BrokenWorld {
  const world = restingWorld([], { plan: { spawnMs: 2_000, syncsEdits: true } })
  write(world, B, 'b', 1)
  world.run(SOON_MS)
  expect(diskOf(world, A).contentOf('b')).toBeDefined()
  if (isStopped) world.peers[B]!.stop()
  happen(world, { type: 'power-loss', peer: B, downMs: 10 })
  world.run(20)
  expect(diskOf(world, B).contentOf('b')).toBeDefined()
  expect(world.peers[B]!.keeper).toBeUndefined()
  world.edit(B, { type: 'remove', path: 'b' })
  return world
}

describe('I5, what a person removed after a loss of power, before LEFT looked', () => {
  test('may come back: LEFT cannot tell it from what the loss took', () => {
    const world = removedUnlooked({ isStopped: false })
    settle(world, 0)
    expect(diskOf(world, B).contentOf('b')).toEqual(contentOf(1, 1_000))
    expect(world.broken).toEqual([])
  })

  test('is deleted everywhere where LEFT had been stopped in order', () => {
    const world = removedUnlooked({ isStopped: true })
    settle(world, 0)
    expect(diskOf(world, A).contentOf('b')).toBeUndefined()
    expect(world.broken).toEqual([])
  })

  test('breaks where it comes back after an orderly stop', () => {
    const world = removedUnlooked({ isStopped: true })
    const disk = keeperDiskOf(world, B)
    disk.writeNew('.left/tmp/small-9', { bytes: contentOf(1, 1_000), mtimeMs: 0, sync: false })
    disk.moveNew('.left/tmp/small-9', 'b')
    expectOnly(world, 'I5', /^B "b": what was deleted here came back, and nobody had made it anew/)
  })
})

/** B is killed while it fetches a file of many blocks, and started again. */
function killedWhileFetching(): BrokenWorld {
  const world = worldOf({ link: { rateBitPerS: 10_000_000 } })
  write(world, A, 'large', 1, 100 * BLOCK_BYTES)
  world.startAll()
  world.run(4_000)
  expect(diskOf(world, B).contentOf('large')).toBeUndefined()
  happen(world, { type: 'kill', peer: B, downMs: 100 })
  world.run(1_000)
  return world
}

test('a restart in the middle of a large file breaks nothing by itself', () => {
  const world = killedWhileFetching()
  settle(world, 0)
  expect(world.broken).toEqual([])
})

describe('I6, a restart goes on from the blocks that were there', () => {
  test('breaks where the log forgets the blocks of a file', () => {
    const { append } = Journal.prototype
    vi.spyOn(Journal.prototype, 'append').mockImplementation(function (this: Journal<never>, records) {
      const batch = Array.isArray(records) ? records : [records]
      const kept = batch.filter(({ kind }) => kind !== 'blocks')
      if (kept.length > 0) append.call(this, kept)
    })
    onTestFinished(() => void vi.restoreAllMocks())
    const world = killedWhileFetching()
    expectOnly(world, 'I6', /^B will fetch \d+ blocks of "large" again that were written long before it died/)
    expect(Number(/\d+/.exec(world.breach!.detail)![0])).toBeGreaterThan(UNTOLD_WRITES_MAX)
  })
})

describe('I7, the log is never ahead of the disk', () => {
  test('breaks where a disk drops a block that it has taken', () => {
    const world = worldOf({ link: { rateBitPerS: 10_000_000 } })
    const disk = diskOf(world, B)
    const put = disk.write.bind(disk)
    disk.write = (handle, source, position) =>
      put(handle, position === 3 * BLOCK_BYTES ? new Uint8Array(source.length) : source, position)
    write(world, A, 'large', 1, 100 * BLOCK_BYTES)
    world.startAll()
    world.run(4_000)
    happen(world, { type: 'kill', peer: B, downMs: 100 })
    world.run(1_000)
    expectOnly(world, 'I7', /^B claims block 3 of "large", and the disk has something else/)
  })
})

describe('I8, no byte beside the share', () => {
  test('breaks where a file beside it changes', () => {
    const world = restingWorld()
    const bytes = diskOf(world, B).snapshot('world').get('outside-1')!.bytes.slice()
    bytes[bytes.length - 1]! ^= 1
    diskOf(world, B).putOutside('outside-1', bytes)
    checkAtRest(world)
    expectOnly(world, 'I8', /^B: outside-1 beside the share was changed/)
  })
})

describe('I9, what arrives is a version that existed', () => {
  test('breaks where a disk damages what is put in place', () => {
    const world = restingWorld([])
    const disk = diskOf(world, B)
    const moveNew = disk.moveNew.bind(disk)
    disk.moveNew = (from, to) => {
      disk.putFile(from, contentOf(ANOTHER, 1_000))
      return moveNew(from, to)
    }
    write(world, A, 'a', 1)
    world.run(SOON_MS)
    expectOnly(world, 'I9', /^B put 1000 bytes at "a" that nobody made/)
  })
})

describe('I10, LEFT cleans up behind itself', () => {
  test('breaks where a temporary file stays', () => {
    const world = restingWorld()
    diskOf(world, B).putFile('.left/tmp/small-9', new Uint8Array(1))
    checkAtRest(world)
    expectOnly(world, 'I10', /^B left small-9 in .left\/tmp/)
  })

  test('breaks where a large temporary file stays whose content is in the share, unless a death explains it', () => {
    for (const [died, broken] of [
      [false, ['I10']],
      [true, []],
    ] as const) {
      const world = restingWorld()
      const name = world.history.digestOf(contentOf(1, 1_000))
      diskOf(world, B).putFile(`.left/tmp/${name}`, new Uint8Array(1))
      if (died) world.died.add(B)
      checkAtRest(world)
      expect(world.broken.map(({ invariant }) => invariant)).toEqual(broken)
    }
  })

  test('breaks where the log grows a byte beyond its longest', () => {
    for (const [sizeBytes, broken] of [
      [JOURNAL_BYTES_MAX, []],
      [JOURNAL_BYTES_MAX + 1, ['I10']],
    ] as const) {
      const world = restingWorld()
      diskOf(world, B).putFile('.left/journal', new Uint8Array(sizeBytes))
      checkAtRest(world)
      expect(world.broken.map(({ invariant }) => invariant)).toEqual(broken)
    }
  })
})

describe('I11, the same seed gives the same trace', () => {
  test('breaks where draws do not come from the seed any more', () => {
    const traceOf = (): string => simulate(drawScenario(42), { hash, crc32 }).trace
    const fromSeed = traceOf()
    const { next } = SeededRandom.prototype
    let draws = 0
    const scenario = drawScenario(42)
    vi.spyOn(SeededRandom.prototype, 'next').mockImplementation(function (this: SeededRandom) {
      const drawn = next.call(this)
      return ++draws > 100 ? (drawn + 0.5) % 1 : drawn
    })
    onTestFinished(() => void vi.restoreAllMocks())
    expect(simulate(scenario, { hash, crc32 }).trace).not.toBe(fromSeed)
    vi.restoreAllMocks()
    expect(traceOf()).toBe(fromSeed)
  })
})

describe('I15, nothing is open to more than at its source', () => {
  const PRIVATE = { type: 'write', path: 'a', content: 1, sizeBytes: 1_000, steps: 1, stepMs: 0 } as const

  /** A writes a private file, B gets it. */
  function privateFile(world: BrokenWorld): void {
    world.edit(A, { ...PRIVATE, access: 'owner' })
    settle(world, 0)
  }

  test('holds where the peers keep to it', () => {
    const world = restingWorld([])
    privateFile(world)
    expect(world.broken).toEqual([])
    expect(diskOf(world, B).snapshot().get('a')?.mode).toBe(0o600)
  })

  test('breaks where a disk opens what is put in place to everybody', () => {
    const world = restingWorld([])
    const disk = diskOf(world, B)
    const setAccess = disk.setAccess.bind(disk)
    disk.setAccess = (path, access) => setAccess(path, { ...access, access: 'all' })
    world.edit(A, { ...PRIVATE, access: 'owner' })
    world.run(SOON_MS)
    expectOnly(world, 'I15', /^B "a": a file of mode 644 is more private at its source/)
  })

  test('breaks where a new version gets the mode of an old one', () => {
    const world = restingWorld()
    const disk = diskOf(world, B)
    const setAccess = disk.setAccess.bind(disk)
    disk.setAccess = (path, access) => setAccess(path, { ...access, access: 'none' })
    world.edit(A, { type: 'chmod', path: 'a', access: 'group' })
    world.edit(A, { type: 'overwrite', path: 'a', content: 2, sizeBytes: 500, from: 0 })
    world.run(SOON_MS)
    expectOnly(world, 'I15', /^B "a": a file of mode 644 is more private at its source/)
  })

  test('breaks where a file that is being made is open', () => {
    const world = restingWorld([])
    const disk = diskOf(world, B)
    const writeNew = disk.writeNew.bind(disk)
    disk.writeNew = (path, file) => {
      const looks = writeNew(path, file)
      disk.chmod(path, 0o640)
      return { ...looks, mode: 0o640 }
    }
    world.edit(A, { ...PRIVATE, access: 'owner' })
    world.run(SOON_MS)
    expectOnly(world, 'I15', /^B ".left\/tmp\/small-\d+": a temporary file has the mode 640/)
  })

  test('breaks where a folder is opened to more than its person opened it to', () => {
    const world = restingWorld([])
    diskOf(world, A).unharmed((disk) => disk.makeFolder('f', 'private'))
    world.edit(A, { type: 'chmod', path: 'f', access: 'owner' })
    const disk = diskOf(world, B)
    const setMode = disk.setMode.bind(disk)
    disk.setMode = (path, change) => setMode(path, { ...change, access: 'all' })
    world.run(SOON_MS)
    expectOnly(world, 'I15', /^B "f": a folder of mode 755 is more private at its source/)
  })

  test('holds where a person opens it', () => {
    const world = restingWorld([])
    privateFile(world)
    world.edit(B, { type: 'chmod', path: 'a', access: 'all' })
    settle(world, 0)
    expect(world.broken).toEqual([])
    expect(diskOf(world, A).snapshot().get('a')?.mode).toBe(0o644)
  })

  /** A's machine loses power, and keeps so many bytes of what was written to 'a' last. */
  function tear(world: BrokenWorld, keptBytes: number): void {
    const disk = diskOf(world, A)
    recordPowerLoss(world, { peer: A, wasOpen: true }, () =>
      disk.putFile('a', disk.contentOf('a')!.slice(0, keptBytes)),
    )
  }

  test('holds where a loss of power leaves of an open file what is private elsewhere', () => {
    const world = restingWorld([])
    world.edit(B, { ...PRIVATE, path: 'b', sizeBytes: 0, access: 'owner' })
    world.edit(A, { ...PRIVATE, access: 'all' })
    tear(world, 0)
    settle(world, 0)
    expect(world.broken).toEqual([])
    const shown = diskOf(world, B).snapshot()
    expect(shown.get('a')).toMatchObject({ bytes: new Uint8Array(0), mode: 0o644 })
    expect(shown.get('b')?.mode).toBe(0o600)
  })

  test('breaks where a disk opens what a loss of power left of a private file', () => {
    const world = restingWorld([])
    const disk = diskOf(world, B)
    const setAccess = disk.setAccess.bind(disk)
    disk.setAccess = (path, access) => setAccess(path, { ...access, access: 'all' })
    world.edit(A, { ...PRIVATE, access: 'owner' })
    tear(world, 500)
    world.run(SOON_MS)
    expectOnly(world, 'I15', /^B "a": a file of mode 644 is more private at its source/)
  })

  /** A's person renames a folder and sets its mode. A loss of power then undoes the rename, and not the mode. */
  function undoRename(world: BrokenWorld, access: 'owner' | 'all'): void {
    const disk = diskOf(world, A)
    disk.unharmed(() => disk.makeFolder('old', 'private'))
    world.edit(A, { type: 'chmod', path: 'old', access: 'owner' })
    world.edit(A, { type: 'rename', path: 'old', to: 'new' })
    world.edit(A, { type: 'chmod', path: 'new', access })
    recordPowerLoss(world, { peer: A, wasOpen: true }, () => disk.unharmed(() => disk.rename('new', 'old')))
  }

  test('holds where a loss of power undoes the rename of a folder that was opened after it', () => {
    const world = restingWorld([])
    undoRename(world, 'all')
    settle(world, 0)
    expect(world.broken).toEqual([])
    expect(diskOf(world, B).snapshot().get('old')?.mode).toBe(0o755)
  })

  test('breaks where a disk opens a private folder whose rename a loss of power undid', () => {
    const world = restingWorld([])
    const disk = diskOf(world, B)
    const setMode = disk.setMode.bind(disk)
    disk.setMode = (path, change) => setMode(path, { ...change, access: 'all' })
    undoRename(world, 'owner')
    world.run(SOON_MS)
    expectOnly(world, 'I15', /^B "old": a folder of mode 755 is more private at its source/)
  })
})

test('an error that a keeper lets out is reported as one', () => {
  const world = restingWorld()
  diskOf(world, B).list = () => {
    throw new TypeError('not a DiskError')
  }
  settle(world, 0)
  expectOnly(world, 'error', /^B: TypeError: not a DiskError/)
})
