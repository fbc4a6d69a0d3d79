// Stories of people with a few machines, each alone in the simulated world, and what must come of it.

import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { crc32, hash } from '../../src/io/hash.js'
import { DatagramType } from '../../src/rdt/wire/control.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import type { DeathMoment } from '../../src/sim/disk/disk.js'
import { contentOf } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import type { LinkFaults } from '../../src/sim/network.js'
import type { Victim } from '../../src/sim/plan.js'
import { calmLink, calmPeer, chainOf, meshOf, type PeerPlan } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'
import { isLong, someOf } from '../length.js'

const A = 0
const B = 1
const C = 2
/** Long enough for a small change to be everywhere. */
const SOON_MS = 1_500

interface Setting {
  readonly peers?: number
  readonly pairs?: readonly (readonly [number, number])[]
  readonly link?: Partial<LinkFaults>
  readonly plan?: Partial<PeerPlan>
  readonly seed?: number
}

function worldOf({ peers = 2, pairs = meshOf(peers), link = {}, plan = {}, seed = 1 }: Setting = {}): World {
  const links = pairs.map(([one, other]) => calmLink(one, other, link))
  const plans = Array.from({ length: peers }, (_, peer) => calmPeer(peer, plan))
  return new World({ seed, peers: plans, links }, { hash, crc32 })
}

/** Somebody writes a whole file at once; `content` stands for its bytes. */
function write(world: World, peer: number, path: string, content: number, sizeBytes = 1_000): void {
  world.edit(peer, { type: 'write', path, content, sizeBytes, steps: 1, stepMs: 0 })
}

function holds(world: World, peer: number, path: string, content: number, sizeBytes = 1_000): boolean {
  const bytes = world.peers[peer]!.disk.contentOf(path)
  return bytes !== undefined && Buffer.compare(bytes, contentOf(content, sizeBytes)) === 0
}

/** Lets everything come to rest; every invariant must have held, and hold. */
function expectRest(world: World, restLoss = 0): void {
  if (world.breach === undefined) settle(world, restLoss)
  expect(world.breach).toBeUndefined()
}

function eventsOf(world: World, peer: number, name: string) {
  return world.events.filter(({ peer: who, event }) => who === peer && event.event === name)
}

describe('files of several blocks', () => {
  test('come one after the other, in whatever order their author recorded them', () => {
    const world = worldOf()
    const paths = Array.from({ length: 12 }, (_, at) => `f${String(at).padStart(2, '0')}`)
    // What was recorded last is asked for first, and waits to be placed for what nobody has asked for yet.
    for (const [content, path] of paths.entries()) write(world, A, path, content, 2 * BLOCK_BYTES)
    world.startAll()
    world.run(2 * SOON_MS)
    expect(paths.filter((path, content) => holds(world, B, path, content, 2 * BLOCK_BYTES))).toEqual(paths)
    expectRest(world)
  })
})

describe('sessions with fresh keys', () => {
  test('go on with what crosses, and nobody is told that a peer went away', () => {
    const plan = { rekeying: { afterMs: 400, afterBytes: 300_000 } }
    const world = worldOf({ plan, link: { loss: 0.05, delayMs: 10, reordering: 0.1, reorderMs: 30 } })
    world.startAll()
    world.run(SOON_MS)
    write(world, A, 'large', 1, 60 * BLOCK_BYTES)
    for (let file = 0; file < 100; file++) write(world, B, `small/${file}`, file, 20_000)
    world.run(8_000)
    for (let content = 2; content < 20; content++) {
      write(world, content % 2, 'edited', content)
      world.run(700)
    }
    expect(holds(world, B, 'large', 1, 60 * BLOCK_BYTES)).toBe(true)
    for (const peer of [A, B]) {
      expect(holds(world, peer, 'edited', 19)).toBe(true)
      expect(eventsOf(world, peer, 'connected')).toHaveLength(1)
      expect(eventsOf(world, peer, 'disconnected')).toEqual([])
      expect(eventsOf(world, peer, 'abandoned')).toEqual([])
    }
    expect(world.breach).toBeUndefined()
    // First contact, and a ticket for each of the others.
    expect(world.datagramCounts[DatagramType.hello]).toBeGreaterThan(40)
    expect(world.datagramCounts[DatagramType.open]).toBeLessThanOrEqual(6)
  })
})

describe('two peers', () => {
  test('that hold the same find out in one round trip and stay quiet', () => {
    const world = worldOf()
    for (let file = 0; file < 200; file++) write(world, A, `f/${file}`, file, 100)
    world.startAll()
    expectRest(world)
    for (const peer of [A, B]) happen(world, { type: 'stop', peer, downMs: 100 })
    world.datagramCounts.fill(0)
    world.events.length = 0
    world.run(SOON_MS)
    expectRest(world)
    for (const peer of [A, B]) expect(eventsOf(world, peer, 'in-step')).toHaveLength(1)
    // A greeting and its answer, once more where the other one had not read its share yet; no listing and no content
    // was asked for.
    const greetings = world.datagramCounts[DatagramType.message]
    expect(greetings).toBeOneOf([1, 2])
    expect(world.datagramCounts[DatagramType.reply]).toBe(greetings)
    expect(world.datagramCounts[DatagramType.request]).toBe(0)
  })

  test('keep both contents where both edited one path', () => {
    const world = worldOf()
    world.startAll()
    world.run(SOON_MS)
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: SOON_MS })
    write(world, A, 'a', 1)
    write(world, B, 'a', 2)
    expectRest(world)
    for (const peer of [A, B]) {
      const share = shareOf(world, peer)
      expect(share.size).toBe(2)
      expect(new Set([...share.values()].map(({ digest }) => digest)).size).toBe(2)
      expect([...share.keys()].filter((path) => path.startsWith('a.conflict-'))).toHaveLength(1)
    }
  })

  test('bring back what was deleted where somebody had changed it meanwhile', () => {
    const world = worldOf()
    write(world, A, 'a', 1)
    world.startAll()
    world.run(SOON_MS)
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: SOON_MS })
    world.edit(A, { type: 'remove', path: 'a' })
    write(world, B, 'a', 2)
    expectRest(world)
    expect(holds(world, A, 'a', 2)).toBe(true)
  })

  test('send a file that grows meanwhile as it is in the end', () => {
    const world = worldOf({ link: { rateBitPerS: 20_000_000 } })
    write(world, A, 'log', 1, 10 * BLOCK_BYTES)
    world.startAll()
    world.run(400)
    world.edit(A, { type: 'append', path: 'log', content: 2, sizeBytes: 40_000, steps: 10, stepMs: 90 })
    expectRest(world)
    expect(world.peers[B]!.disk.contentOf('log')).toHaveLength(10 * BLOCK_BYTES + 400_000)
  })

  test('send only the blocks that changed', () => {
    const world = worldOf()
    write(world, A, 'large', 1, 20 * BLOCK_BYTES)
    world.startAll()
    world.run(3_000)
    const before = world.peers[B]!.engine!.receivedBytes
    world.edit(A, { type: 'overwrite', path: 'large', content: 2, sizeBytes: 100, from: 0.5 })
    expectRest(world)
    expect(world.peers[B]!.engine!.receivedBytes - before).toBe(BLOCK_BYTES)
  })

  test('send little more than what was inserted at the head of a file', () => {
    const world = worldOf()
    write(world, A, 'large', 1, 40 * BLOCK_BYTES + 5)
    world.startAll()
    world.run(3_000)
    const before = world.peers[B]!.engine!.receivedBytes
    world.edit(A, { type: 'insert', path: 'large', content: 2, sizeBytes: 100, from: 0 })
    expectRest(world)
    expect(world.peers[B]!.engine!.receivedBytes - before).toBe(BLOCK_BYTES)
  })

  test('pass the sums of a shifted file on with the file', () => {
    const world = worldOf({ peers: 3, pairs: chainOf(3) })
    write(world, A, 'large', 1, 40 * BLOCK_BYTES + 5)
    world.startAll()
    world.run(5_000)
    const before = world.peers[C]!.engine!.receivedBytes
    world.edit(A, { type: 'insert', path: 'large', content: 2, sizeBytes: 100, from: 0 })
    world.edit(A, { type: 'insert', path: 'large', content: 3, sizeBytes: 100, from: 0.5 })
    expectRest(world)
    expect(world.peers[C]!.engine!.receivedBytes - before).toBeLessThanOrEqual(3 * BLOCK_BYTES)
  })

  test('send to whoever missed several insertions only what none of them left whole', () => {
    const world = worldOf()
    write(world, A, 'large', 1, 60 * BLOCK_BYTES)
    world.startAll()
    world.run(3_000)
    happen(world, { type: 'stop', peer: B, downMs: 20_000 })
    for (let content = 2; content < 5; content++) {
      world.edit(A, { type: 'insert', path: 'large', content, sizeBytes: 10, from: (content - 2) / 3 })
      world.run(3_000)
    }
    expectRest(world)
    expect(world.peers[B]!.engine!.receivedBytes).toBeLessThanOrEqual(6 * BLOCK_BYTES)
  })

  test.each(['kill', 'watcher-death'] as const)(
    'find shifted blocks again, or have them logged, after a %s at any moment of the search',
    (type) => {
      const moments = isLong ? 60 : 2
      let resumedCount = 0
      for (let moment = 0; moment < moments; moment++) {
        const world = worldOf({ seed: moment + 1 })
        write(world, A, 'large', 1, 150 * BLOCK_BYTES)
        world.startAll()
        world.run(3_000)
        const before = world.peers[B]!.engine!.receivedBytes
        world.edit(A, { type: 'insert', path: 'large', content: 2, sizeBytes: 100, from: 0 })
        world.run(130 + (moment * 400) / moments)
        if (type === 'kill') happen(world, { type, peer: B, downMs: 500 })
        else happen(world, { type, peer: B })
        expectRest(world)
        const received = world.peers[B]!.engine!.receivedBytes
        expect(type === 'kill' ? received : received - before).toBeLessThanOrEqual(4 * BLOCK_BYTES)
        const fetched = eventsOf(world, B, 'fetching').map(({ event }) => event as { resumedBytes: number })
        if (fetched.some(({ resumedBytes }) => resumedBytes > 0)) resumedCount++
      }
      expect(resumedCount).toBeGreaterThan(0)
    },
  )

  test('find a change that no hint told of', () => {
    const world = worldOf({ plan: { hintLoss: 1 } })
    world.startAll()
    world.run(SOON_MS)
    write(world, A, 'folder/a', 1)
    expectRest(world)
    expect(holds(world, B, 'folder/a', 1)).toBe(true)
  })

  test('agree on a file where the other made a folder, and lose neither', () => {
    const world = worldOf()
    write(world, A, 'x', 1)
    write(world, B, 'x/inside', 2)
    world.startAll()
    expectRest(world)
    for (const peer of [A, B]) {
      expect(holds(world, peer, 'x/inside', 2)).toBe(true)
      const copy = [...shareOf(world, peer).keys()].find((path) => path.startsWith('x.conflict-'))
      expect(holds(world, peer, copy!, 1)).toBe(true)
    }
  })

  test('replace a link by what a peer wrote, and leave what it points at', () => {
    const world = worldOf()
    world.edit(A, { type: 'link', path: 'a', outside: 'outside-0' })
    world.startAll()
    world.run(SOON_MS)
    write(world, B, 'a', 2)
    expectRest(world) // which compares what is beside the share
    expect(holds(world, A, 'a', 2)).toBe(true)
  })

  test('get through a path that begins to swallow large datagrams', () => {
    const world = worldOf({ link: { mtuBytes: 9_000 }, plan: { datagramBytesMax: 8_972 } })
    write(world, A, 'large', 1, 20 * BLOCK_BYTES)
    world.startAll()
    world.run(350)
    happen(world, { type: 'small-mtu', peer: A, other: B, mtuBytes: 1_300, forMs: 1e9 })
    expectRest(world)
    expect(holds(world, B, 'large', 1, 20 * BLOCK_BYTES)).toBe(true)
  })
})

test('peers that lose, double and reorder 30% of what they say meet, and meet again after every restart', () => {
  const link = { loss: 0.3, duplication: 0.3, reordering: 0.3, reorderMs: 100, delayMs: 10 }
  for (const seed of someOf([1, 2, 3, 4, 5], 2)) {
    const world = worldOf({ peers: 3, link, seed })
    for (const peer of [A, B])
      for (let file = 0; file < 10; file++) write(world, peer, `${peer}/${file}`, file)
    world.startAll()
    for (let restart = 0; restart < 4; restart++) {
      world.run(2_000)
      happen(world, { type: restart % 2 === 0 ? 'kill' : 'stop', peer: restart % 3, downMs: 200 })
    }
    expectRest(world, 0.3)
    for (const peer of [A, B, C]) expect(holds(world, peer, '1/9', 9)).toBe(true)
  }
})

test('a chain passes files on to peers that do not know each other', () => {
  const world = worldOf({ peers: 3, pairs: chainOf(3) })
  write(world, A, 'from-a', 1, 3 * BLOCK_BYTES)
  write(world, C, 'from-c', 2)
  world.startAll()
  expectRest(world)
  expect(holds(world, C, 'from-a', 1, 3 * BLOCK_BYTES)).toBe(true)
  expect(holds(world, A, 'from-c', 2)).toBe(true)
})

test('a full disk pauses what comes, and it goes on when there is room', () => {
  const world = worldOf()
  write(world, A, 'large', 1, 10 * BLOCK_BYTES)
  write(world, A, 'small', 2)
  happen(world, { type: 'full-disk', peer: B, roomBytes: 3 * BLOCK_BYTES, forMs: 8_000 })
  world.startAll()
  world.run(7_000)
  expect(eventsOf(world, B, 'paused').length).toBeGreaterThan(0)
  expect(holds(world, B, 'large', 1, 10 * BLOCK_BYTES)).toBe(false)
  expectRest(world)
  expect(eventsOf(world, B, 'resumed').length).toBeGreaterThan(0)
  expect(holds(world, B, 'large', 1, 10 * BLOCK_BYTES)).toBe(true)
})

describe('a transfer that is interrupted', () => {
  const SIZE_BYTES = 40 * BLOCK_BYTES

  /** A world in which B has received about half of a file. */
  function halfway(): World {
    const world = worldOf({ link: { rateBitPerS: 50_000_000 } })
    write(world, A, 'large', 1, SIZE_BYTES)
    world.startAll()
    while (world.peers[B]!.engine!.receivedBytes < SIZE_BYTES / 2) world.run(10)
    return world
  }

  /** Bytes that were under way or not written down yet. */
  const TAIL_BYTES = 16 * BLOCK_BYTES

  test('by a kill of the one that receives goes on from its blocks', () => {
    const world = halfway()
    const before = world.peers[B]!.engine!.receivedBytes
    happen(world, { type: 'kill', peer: B, downMs: 500 })
    expectRest(world)
    const { receivedBytes } = world.peers[B]!.engine!
    expect(before + receivedBytes).toBeLessThanOrEqual(SIZE_BYTES + TAIL_BYTES)
    const resumed = eventsOf(world, B, 'fetching').at(-1)!.event
    expect(resumed).toMatchObject({ path: 'large' })
    expect((resumed as { resumedBytes: number }).resumedBytes).toBe(SIZE_BYTES - receivedBytes)
  })

  test('by a kill of the one that sends goes on from its blocks', () => {
    const world = halfway()
    happen(world, { type: 'kill', peer: A, downMs: 500 })
    expectRest(world)
    expect(world.peers[B]!.engine!.receivedBytes).toBeLessThanOrEqual(SIZE_BYTES + TAIL_BYTES)
  })

  test('by the death of the watcher process on either side loses nothing', () => {
    for (const peer of [A, B]) {
      const world = halfway()
      happen(world, { type: 'watcher-death', peer })
      expectRest(world)
      expect(holds(world, B, 'large', 1, SIZE_BYTES)).toBe(true)
      expect(world.peers[B]!.engine!.receivedBytes).toBeLessThanOrEqual(SIZE_BYTES + TAIL_BYTES)
    }
  })

  test('by a link that is gone for longer than a session lives goes on from its blocks', () => {
    const world = halfway()
    happen(world, { type: 'cut', peer: A, other: B, bothWays: true, forMs: 60_000 })
    world.run(60_000)
    expectRest(world)
    expect(world.peers[B]!.engine!.receivedBytes).toBeLessThanOrEqual(SIZE_BYTES + TAIL_BYTES)
  })
})

describe('a death at any change of the disk', () => {
  /** Everything that the keeper does to a disk, in one small story on the side that receives. */
  function story(): World {
    const world = worldOf()
    write(world, A, 'replaced', 1)
    write(world, B, 'replaced', 2)
    write(world, A, 'new', 3)
    write(world, A, 'large', 4, 2 * BLOCK_BYTES)
    write(world, A, 'folder/deep/empty', 5, 0)
    write(world, A, 'kind', 6)
    write(world, B, 'kind/inside', 7)
    return world
  }

  const operations = ((): number => {
    const world = story()
    world.startAll()
    settle(world, 0)
    return Math.max(...world.peers.map(({ disk }) => disk.operationCount))
  })()

  const ends: readonly { readonly victim: Victim; readonly moment: DeathMoment }[] = [
    { victim: 'watcher', moment: 'before' },
    { victim: 'process', moment: 'during' },
    { victim: 'process', moment: 'after' },
    { victim: 'machine', moment: 'during' },
    { victim: 'machine', moment: 'after' },
  ]

  test.each(ends)('of the $victim, $moment it, loses nothing and ends well', (end) => {
    const { victim, moment } = end
    // In `npm test` one change in fifteen, others for each end: one in three with all ends together.
    const [first, step] = isLong ? [1, 1] : [1 + 3 * ends.indexOf(end), 15]
    for (const peer of [A, B]) {
      for (let count = first; count <= operations; count += step) {
        const world = story()
        happen(world, { type: 'death-in-operation', peer, count, moment, victim, downMs: 300 })
        world.startAll()
        world.run(SOON_MS)
        settle(world, 0)
        expect(world.breach, `operation ${count} of ${'AB'[peer]}`).toBeUndefined()
      }
    }
  })
})
