// Stories of a folder that is renamed with all that is in it and told in one line: a death at any change of the disk on either side, and a
// peer that passes it on.

import { describe, expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import type { DeathMoment } from '../../src/sim/disk/disk.js'
import { contentOf } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer, chainOf, type Victim } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'
import { isLong } from '../length.js'

const A = 0
const B = 1
const C = 2
/** Long enough for a small change to be everywhere. */
const SOON_MS = 1_500
const REST_MS = 20_000
const SIZE_BYTES = 1_000
/** Moments of which the others show in part what becomes of them. */
const LONG_ENDS: readonly { readonly victim: Victim; readonly moment: DeathMoment }[] = [
  { victim: 'watcher', moment: 'after' },
  { victim: 'process', moment: 'before' },
  { victim: 'machine', moment: 'before' },
]

/** Peers in a chain, in step and at rest, the first of which has these files in the folder `old`. */
function worldOf(peerCount: number, names: readonly string[], seed = 1): World {
  const peers = Array.from({ length: peerCount }, (_, peer) => calmPeer(peer))
  const links = chainOf(peerCount).map(([one, other]) => calmLink(one, other))
  const world = new World({ seed, peers, links }, { hash, crc32 })
  world.edit(A, { type: 'folder', path: 'old/empty' })
  for (const [content, name] of names.entries()) write(world, `old/${name}`, content)
  write(world, 'stays', names.length)
  world.startAll()
  world.run(REST_MS)
  // As it does within seconds on a running machine.
  for (const { disk } of world.peers) disk.settle()
  for (const peer of world.peers.keys())
    expect(pathsOf(world, peer)).toEqual(expect.arrayContaining([`old/${names.at(-1)}`, 'stays']))
  return world
}

function write(world: World, path: string, content: number): void {
  world.edit(A, { type: 'write', path, content, sizeBytes: SIZE_BYTES, steps: 1, stepMs: 0 })
}

function rename(world: World, path: string, to: string): void {
  world.edit(A, { type: 'rename', path, to })
}

function pathsOf(world: World, peer: number): string[] {
  return [...shareOf(world, peer).keys()].sort()
}

function inodesOf(world: World, peer: number, folder: string, names: readonly string[]) {
  return names.map((name) => world.peers[peer]!.disk.statLink(`${folder}/${name}`)?.inode)
}

/** Folders that one line moved there. */
function movesOf(world: World, peer: number): string[] {
  return world.events.flatMap(({ peer: who, event }) =>
    who === peer && event.event === 'moved' ? [`${event.from} > ${event.path}: ${event.things}`] : [],
  )
}

/** Every peer has these folders, whole and with the content that each file had, and nothing else. */
function expectFolders(world: World, names: readonly string[], folders: readonly string[], why = ''): void {
  expect(world.breach, why).toBeUndefined()
  const inner = new Set(['empty', ...names, ...names.map((name) => name.split('/').slice(0, -1).join('/'))])
  const paths = folders.flatMap((folder) =>
    [...inner].map((name) => (name === '' ? folder : `${folder}/${name}`)),
  )
  for (const peer of world.peers.keys()) {
    expect(pathsOf(world, peer), why).toEqual([...paths, 'stays'].sort())
    for (const folder of folders)
      for (const [content, name] of names.entries()) {
        const bytes = world.peers[peer]!.disk.contentOf(`${folder}/${name}`)!
        expect(Buffer.compare(bytes, contentOf(content, SIZE_BYTES)), why).toBe(0)
      }
  }
}

describe('a death at any change of the disk while a folder is moved', () => {
  const NAMES = ['a', 'b', 'g/c', 'g/d']

  /** How often each side changes its disk for that. */
  const operations = ((): readonly number[] => {
    const world = worldOf(2, NAMES)
    const before = world.peers.map(({ disk }) => disk.operationCount)
    rename(world, 'old', 'new')
    settle(world, 0)
    expect(movesOf(world, B)).toEqual(['old > new: 7'])
    return world.peers.map(({ disk }, peer) => disk.operationCount - before[peer]!)
  })()

  const ends: readonly { readonly victim: Victim; readonly moment: DeathMoment }[] = [
    { victim: 'watcher', moment: 'before' },
    { victim: 'process', moment: 'during' },
    { victim: 'process', moment: 'after' },
    { victim: 'machine', moment: 'during' },
    { victim: 'machine', moment: 'after' },
    ...(isLong ? LONG_ENDS : []),
  ]

  /** What stands in the end, with what became of the files of B and how much content crossed. */
  function story(peer: number, count: number, end: (typeof ends)[number], seed: number) {
    const world = worldOf(2, NAMES, seed)
    const inodes = inodesOf(world, B, 'old', NAMES)
    const { engine } = world.peers[B]!
    const crossedBefore = engine!.receivedBytes
    happen(world, { type: 'death-in-operation', peer, count, ...end, downMs: 300 })
    rename(world, 'old', 'new')
    world.run(SOON_MS)
    settle(world, 0)
    const now = world.peers[B]!.engine!
    const crossedBytes = now.receivedBytes - (now === engine ? crossedBefore : 0)
    return { world, inodes, crossedBytes }
  }

  const dying = ends.flatMap((end) =>
    [A, B].map((peer) => ({ ...end, peer, who: peer === A ? 'origin' : 'receiver' })),
  )

  test.each(dying.filter(({ victim }) => victim !== 'machine'))(
    'of the $victim of the $who, $moment it: every file is the same one at its new path',
    ({ peer, victim, moment }) => {
      for (let count = 1; count <= operations[peer]!; count++) {
        const { world, inodes, crossedBytes } = story(peer, count, { victim, moment }, 1)
        const why = `operation ${count}`
        expect(world.died.has(peer), why).toBe(true)
        expectFolders(world, NAMES, ['new'], why)
        expect(inodesOf(world, B, 'new', NAMES), why).toEqual(inodes)
        expect(crossedBytes, why).toBe(0)
      }
    },
  )

  test.each(dying.filter(({ victim }) => victim === 'machine'))(
    'of the $victim of the $who, $moment it: nothing is lost',
    ({ peer, victim, moment }) => {
      for (let count = 1; count <= operations[peer]!; count++) {
        for (let seed = 1; seed <= (isLong ? 20 : 1); seed++) {
          const { world, inodes, crossedBytes } = story(peer, count, { victim, moment }, seed)
          const why = `operation ${count}, seed ${seed}`
          // Where the origin had not recorded it, its old path may count as lost, which comes back beside the new one.
          const kept = ['new', 'old'].filter((path) => pathsOf(world, A).includes(path))
          const folders = peer === A && kept.length > 0 ? kept : ['new']
          expectFolders(world, NAMES, folders, why)
          expect(inodesOf(world, B, folders.at(-1)!, NAMES), why).toEqual(inodes)
          expect(crossedBytes, why).toBe(0)
        }
      }
    },
  )
})

describe('a folder of 200 files that is renamed at one end of a chain', () => {
  const NAMES = Array.from({ length: 200 }, (_, at) => `${at % 2 === 0 ? '' : `g${at % 5}/`}f${at}`)
  const THINGS = NAMES.length + 7
  /** A told move takes six; a file by itself takes one at least. */
  const OPERATIONS_MAX = 30
  const AWAY_MS = 3_000

  test.each<[string, (world: World) => void, boolean]>([
    ['at once', () => {}, true],
    [
      'when that was cut off meanwhile',
      (world) => happen(world, { type: 'cut', peer: B, other: C, bothWays: true, forMs: AWAY_MS }),
      true,
    ],
    // By a walk, which finds the same.
    [
      'when that was off meanwhile',
      (world) => happen(world, { type: 'stop', peer: C, downMs: AWAY_MS }),
      false,
    ],
    [
      'when that was dead meanwhile',
      (world) => happen(world, { type: 'kill', peer: C, downMs: AWAY_MS }),
      false,
    ],
  ])('is renamed once at the other end, %s, and no content crosses', (_, meanwhile, isTold) => {
    const world = worldOf(3, NAMES)
    const inodes = [B, C].map((peer) => inodesOf(world, peer, 'old', NAMES))
    meanwhile(world)
    const { engine } = world.peers[C]!
    const crossedBefore = [B, C].map((peer) => world.peers[peer]!.engine?.receivedBytes ?? 0)
    const operationsBefore = world.peers.map(({ disk }) => disk.operationCount)
    rename(world, 'old', 'new')
    world.run(2 * AWAY_MS)
    const operations = world.peers.map(({ disk }, peer) => disk.operationCount - operationsBefore[peer]!)
    settle(world, 0)
    expectFolders(world, NAMES, ['new'])
    expect([B, C].map((peer) => inodesOf(world, peer, 'new', NAMES))).toEqual(inodes)
    const crossed = [B, C].map((peer) => world.peers[peer]!.engine!.receivedBytes)
    expect(crossed).toEqual([crossedBefore[0], world.peers[C]!.engine === engine ? crossedBefore[1] : 0])
    expect(movesOf(world, B)).toEqual([`old > new: ${THINGS}`])
    expect(movesOf(world, C)).toEqual(isTold ? [`old > new: ${THINGS}`] : [])
    for (const count of operations) expect(count).toBeLessThan(OPERATIONS_MAX)
  })
})
