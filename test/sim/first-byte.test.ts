// How many round trips pass from the first datagram of a handshake until the first block of a file is at the receiver,
// in the simulated world, where they can be counted.

import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { crc32, hash } from '../../src/io/hash.js'
import { DatagramType } from '../../src/rdt/wire/control.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer } from '../../src/sim/plan.js'
import { addressOf, World } from '../../src/sim/world.js'

const SOURCE = 0
const SINK = 1
const RTT_MS = 100
/** Enough that each side asks first now and then. */
const SEEDS = 8
/** Peers give each other up after DEAD_MS. */
const APART_MS = 40_000

interface Start {
  readonly seed: number
  /** Two processes that have met before, or two that were started anew. */
  readonly kind: 'fresh' | 'resumed'
  readonly sizeBytes: number
}

interface Counted {
  /** 'both' where the hellos crossed: which attempt goes on is decided by the ids then. */
  readonly firstAsker: 'source' | 'sink' | 'both'
  readonly firstBlockRtts: number
}

function countRoundTrips({ seed, kind, sizeBytes }: Start): Counted {
  const link = calmLink(SOURCE, SINK, { delayMs: RTT_MS / 2, rateBitPerS: 1e9, queueBytes: 4_000_000 })
  const world = new World({ seed, peers: [calmPeer(SOURCE), calmPeer(SINK)], links: [link] }, { hash, crc32 })
  world.startAll()
  world.run(2_000)
  write(world, 'before', 2, 24 * BLOCK_BYTES)
  world.run(6_000)
  const cut = (down: boolean) => {
    world.network.shape(addressOf(SOURCE), addressOf(SINK), { down })
  }
  cut(true)
  if (kind === 'fresh') for (const peer of [SOURCE, SINK]) happen(world, { type: 'kill', peer, downMs: 100 })
  world.run(1_000)
  // Before they give each other up: a hello that resumes says what its asker knew when it was first said.
  write(world, 'new', 1, sizeBytes)
  world.run(APART_MS + 37 * seed)
  cut(false)
  const helloCount = () => world.datagramCounts[DatagramType.hello]!
  const sent = (from: number, to: number) => world.network.link(addressOf(from), addressOf(to)).counters.sent
  const hellosBefore = helloCount()
  const sourceBefore = sent(SOURCE, SINK)
  const sinkBefore = sent(SINK, SOURCE)
  while (helloCount() === hellosBefore) world.run(0.25)
  const beganAtMs = world.nowMs
  // Before anything can have arrived.
  world.run(RTT_MS / 2 - 1)
  const hasSourceAsked = sent(SOURCE, SINK) > sourceBefore
  const firstAsker = !hasSourceAsked ? 'sink' : sent(SINK, SOURCE) > sinkBefore ? 'both' : 'source'
  const receivedBefore = world.peers[SINK]!.engine!.receivedBytes
  while (world.peers[SINK]!.engine!.receivedBytes === receivedBefore) {
    world.run(0.25)
    if (world.nowMs > beganAtMs + 20_000) throw new Error('nothing came')
  }
  return { firstAsker, firstBlockRtts: (world.nowMs - beganAtMs) / RTT_MS }
}

function write(world: World, path: string, content: number, sizeBytes: number): void {
  world.edit(SOURCE, { type: 'write', path, content, sizeBytes, steps: 1, stepMs: 0 })
}

type Slowest = Record<'source' | 'sink', number>

/** The slowest of so many starts, by the side that asked first. */
function slowest(kind: Start['kind'], sizeBytes: number): Slowest {
  const most = { source: 0, sink: 0 }
  for (let seed = 0; seed < SEEDS; seed++) {
    const { firstAsker, firstBlockRtts } = countRoundTrips({ seed, kind, sizeBytes })
    if (firstAsker !== 'both') most[firstAsker] = Math.max(most[firstAsker], firstBlockRtts)
  }
  return most
}

/** Time that the machines take for their part, RSA included where there is any. */
const RESUMED_MS_MAX = 5
const FRESH_MS_MAX = 25

function expectRtts(found: Slowest, rtts: Slowest, spareMs: number): void {
  for (const asker of ['source', 'sink'] as const) {
    // Not less either: a bound that nothing comes near would say nothing, and neither would no such start at all.
    expect(found[asker]).toBeGreaterThanOrEqual(rtts[asker])
    expect(found[asker]).toBeLessThanOrEqual(rtts[asker] + spareMs / RTT_MS)
  }
}

describe('from the first hello to the first block of a file', () => {
  test('two round trips pass between peers that met before, half a one less where the source asks', () => {
    // hello, accept and update, request, block; or: hello and update, accept and request, block
    for (const sizeBytes of [4_000, 16 * BLOCK_BYTES])
      expectRtts(slowest('resumed', sizeBytes), { sink: 2, source: 1.5 }, RESUMED_MS_MAX)
  })

  test('three pass between peers that were started anew, and half a one more where the source asks', () => {
    // hello, cookie, open, accept and update, request, block; or: hello, cookie, open, accept, update, request, block
    for (const sizeBytes of [4_000, 16 * BLOCK_BYTES])
      expectRtts(slowest('fresh', sizeBytes), { sink: 3, source: 3.5 }, FRESH_MS_MAX)
  })
})
