import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeItem, type Node, openPair, World } from '../../harness/rdt/world.js'
import { BlockSet } from '../../src/base/blockset.js'
import { BLOCK_BYTES, FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES } from '../../src/base/limits.js'
import { FRAMES_CACHED_MAX, POOL_BUFFERS_MAX, POOL_LOANS_MAX, REJECTS_MAX } from '../../src/rdt/limits.js'
import { STALLED_MS } from '../../src/rdt/pull/limits.js'
import { AHEAD_BYTES_MAX, ASKS_QUEUED_MAX, BLOCKS_AHEAD_MAX } from '../../src/rdt/serve/limits.js'
import { DatagramType } from '../../src/rdt/wire/control.js'
import { SEGMENT_COUNT_MAX } from '../../src/rdt/wire/limits.js'
import { decodeRequest } from '../../src/rdt/wire/request.js'
import type { LinkFaults } from '../../src/sim/network.js'

const ETHERNET: Partial<LinkFaults> = {
  rateBitPerS: 100e6,
  delayMs: 5,
  queueBytes: 256 * 1024,
  mtuBytes: 1_500,
}

/** Pulls an item over a link with faults; answers both ends once it is there and whole. */
function transfer(
  seed: number,
  faults: Partial<LinkFaults>,
  options: {
    sizeBytes?: number
    window?: number | 'auto'
    limitMs?: number
    prepare?: (right: Node, left: Node) => void
  } = {},
) {
  const world = new World(seed, { ...ETHERNET, ...faults })
  const { left, right } = openPair(world, { left: { window: options.window ?? 'auto' } })
  const item = makeItem(options.sizeBytes ?? 700_000)
  right.hold(item)
  options.prepare?.(right, left)
  left.pull(item.ref)
  const isDone = world.runUntil(() => left.has(item.ref), options.limitMs ?? 600_000)
  expect(isDone).toBe(true)
  expect(Buffer.compare(left.pulled.get(item.ref.digest)!.bytes!, item.bytes)).toBe(0)
  return { world, left, right, item }
}

describe('a transfer', () => {
  it('of items of every length around a block and a segment arrives whole', () => {
    for (const sizeBytes of [
      1,
      500,
      1_208,
      1_448,
      1_449,
      BLOCK_BYTES - 1,
      BLOCK_BYTES,
      BLOCK_BYTES + 1,
      3 * BLOCK_BYTES,
    ]) {
      transfer(1, {}, { sizeBytes })
    }
  })

  it('loses nothing at any loss up to half of all datagrams, in both directions, with any window', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 50 }),
        fc.constantFrom(1, 2, 8, 64, 'auto' as const),
        (seed, lossPercent, window) => {
          transfer(seed, { loss: lossPercent / 100 }, { window, sizeBytes: 400_000 })
        },
      ),
      { numRuns: 60 },
    )
  })

  it('loses nothing over a link with every fault at once', () => {
    const probability = (max: number) => fc.double({ min: 0, max, noNaN: true })
    const faults = fc.record({
      loss: probability(0.2),
      bursts: fc.constantFrom(undefined, { enter: 0.005, leave: 0.1, loss: 0.9 }),
      duplication: probability(0.3),
      reordering: probability(0.3),
      reorderMs: fc.double({ min: 0, max: 50, noNaN: true }),
      jitterMs: fc.double({ min: 0, max: 20, noNaN: true }),
      // Frames of 48 segments are damaged four times in ten then: sixteen in a row of one block are not to be met with.
      bitFlips: probability(0.01),
      truncation: probability(0.05),
      delayMs: fc.double({ min: 0, max: 100, noNaN: true }),
      queueBytes: fc.constantFrom(8_000, 64_000, 1e6),
    })
    fc.assert(
      fc.property(fc.integer(), faults, fc.constantFrom(1, 8, 'auto' as const), (seed, drawn, window) => {
        transfer(seed, drawn, { window, sizeBytes: 300_000 })
      }),
      { numRuns: 60 },
    )
  })

  it('throws away damaged blocks and asks for them again', () => {
    const { left } = transfer(4, { bitFlips: 0.01 }, { sizeBytes: 2_000_000 })
    expect(left.rejectedCount).toBeGreaterThan(0)
    expect(left.gone).toEqual([])
  })

  it('goes on after an outage in either direction that is shorter than the patience of a session', () => {
    for (const [from, to] of [
      ['10.0.0.1:1', '10.0.0.2:1'],
      ['10.0.0.2:1', '10.0.0.1:1'],
    ] as const) {
      const { left } = transfer(
        1,
        { rateBitPerS: 10e6 },
        {
          sizeBytes: 3_000_000,
          limitMs: 20_000,
          prepare: ({ world }) => {
            world.scheduler.at(world.nowMs + 500, () => {
              world.network.link(from, to).faults.down = true
            })
            world.scheduler.at(world.nowMs + 10_500, () => {
              world.network.link(from, to).faults.down = false
            })
          },
        },
      )
      expect(left.count('closed')).toBe(0)
    }
  })

  it('of everything that is wanted ends in silence', () => {
    const { world, left, right } = transfer(1, { loss: 0.1 })
    world.run(5_000)
    const sent = left.endpoint.counters.datagramsOut + right.endpoint.counters.datagramsOut
    world.run(4_000)
    expect(left.endpoint.counters.datagramsOut + right.endpoint.counters.datagramsOut - sent).toBeLessThan(8)
  })

  it('does the same again from the same seed', () => {
    const trace = (seed: number) => {
      const world = new World(seed, {
        ...ETHERNET,
        loss: 0.1,
        duplication: 0.1,
        reordering: 0.1,
        reorderMs: 20,
        bitFlips: 0.01,
      })
      const { left, right } = openPair(world)
      const item = {
        ref: { kind: 'file', digest: 'ef'.repeat(32), sizeBytes: 500_000 } as const,
        bytes: new Uint8Array(500_000).fill(3),
      }
      right.hold(item)
      left.pull(item.ref)
      world.runUntil(() => left.has(item.ref), 60_000)
      return [
        world.nowMs,
        left.endpoint.counters,
        right.endpoint.counters,
        left.endpoint.stats(left.session!),
        left.events,
      ]
    }
    expect(trace(42)).toEqual(trace(42))
    expect(trace(42)).not.toEqual(trace(43))
  })

  it('asks for little more than it needs on a clean link, and repairs only what was lost on another', () => {
    const clean = transfer(1, { queueBytes: 1e6 }, { sizeBytes: 5_000_000 })
    expect(clean.left.endpoint.stats(clean.left.session!)).toMatchObject({
      segmentsDuplicate: 0,
      segmentsAskedAgain: 0,
    })
    const lossy = transfer(1, { loss: 0.05 }, { sizeBytes: 5_000_000 })
    const { segmentsDuplicate, segmentsReceived } = lossy.left.endpoint.stats(lossy.left.session!)!
    expect(segmentsDuplicate / segmentsReceived).toBeLessThan(0.01)
  })

  it('asks twice for what is repaired when nothing is left to begin, and for nothing else', () => {
    const repeatedIn = (loss: number) => {
      const world = new World(3, { ...ETHERNET, delayMs: 20, loss })
      const { left, right } = openPair(world)
      const item = makeItem(5_000_000)
      right.hold(item)
      world.run(2_000)
      const requests: { number: number; atMs: number }[] = []
      const link = world.network.link(left.address, right.address)
      const send = link.send.bind(link)
      link.send = (bytes) => {
        const isRequest = bytes[0] === DatagramType.request
        const decoded = isRequest ? decodeRequest(bytes.subarray(0, -4)) : undefined
        if (decoded?.ok) requests.push({ number: decoded.value.number, atMs: world.nowMs })
        send(bytes)
      }
      left.pull(item.ref)
      const beganAtMs = world.nowMs
      expect(world.runUntil(() => left.has(item.ref), 60_000)).toBe(true)
      const isSecond = ({ number }: { number: number }, index: number) =>
        requests[index - 1]?.number === number
      const [firstAtMs] = requests.filter(isSecond).map(({ atMs }) => atMs)
      return {
        count: requests.filter(isSecond).length,
        all: requests.length,
        beganAtMs,
        firstAtMs,
        endedAtMs: world.nowMs,
      }
    }
    expect(repeatedIn(0).count).toBe(0)
    const { count, all, firstAtMs, beganAtMs, endedAtMs } = repeatedIn(0.05)
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThan(all / 8)
    // In the last round trips.
    expect(firstAtMs! - beganAtMs).toBeGreaterThan((endedAtMs - beganAtMs) / 2)
  })

  it('learns to wait where datagrams overtake each other, instead of asking twice', () => {
    const faults = { rateBitPerS: 20e6, delayMs: 20, reordering: 0.1, reorderMs: 15 }
    const { left } = transfer(1, faults, { sizeBytes: 8_000_000 })
    const { segmentsDuplicate, segmentsReceived } = left.endpoint.stats(left.session!)!
    expect(segmentsDuplicate / segmentsReceived).toBeLessThan(0.02)
  })

  it('asks again for a lost last segment within two round trips and a little', () => {
    const world = new World(1, { ...ETHERNET, delayMs: 20 })
    const { left, right } = openPair(world)
    const [first, item] = [makeItem(2_000_000), makeItem(BLOCK_BYTES)]
    right.hold(first)
    right.hold(item)
    left.pull(first.ref)
    world.run(2_000)
    expect(left.has(first.ref)).toBe(true)
    let segments = 0
    const link = world.network.link(right.address, left.address)
    const send = link.send.bind(link)
    link.send = (bytes) => {
      if (bytes[0] === DatagramType.segment && ++segments === 45) return
      send(bytes)
    }
    const beganAtMs = world.nowMs
    left.pull(item.ref)
    expect(world.runUntil(() => left.has(item.ref), 10_000)).toBe(true)
    expect(world.nowMs - beganAtMs).toBeLessThan(3 * 40 + 30)
  })
})

describe('many items', () => {
  it('all arrive, control before small, small before bulk, and none of them starves', () => {
    const world = new World(1, { ...ETHERNET, rateBitPerS: 20e6 })
    const { left, right } = openPair(world)
    const bulk = makeItem(10_000_000)
    const smalls = Array.from({ length: 300 }, (_, index) => makeItem(3_000 + index))
    const control = makeItem(30_000)
    for (const item of [bulk, ...smalls, control]) right.hold(item)
    const order: string[] = []
    left.onEvent = (event) => {
      if (event.type === 'block') order.push(event.digest)
    }
    left.pull(bulk.ref)
    world.run(50)
    const before = order.length
    for (const { ref } of smalls) left.pull(ref, 'small')
    left.pull(control.ref, 'control')
    expect(world.runUntil(() => [bulk, ...smalls, control].every(({ ref }) => left.has(ref)), 60_000)).toBe(
      true,
    )
    const since = order.slice(before)
    expect(since.indexOf(control.ref.digest)).toBeLessThan(since.indexOf(smalls[50]!.ref.digest))
    const lastSmall = since.lastIndexOf(smalls.at(-1)!.ref.digest)
    const bulkAmongSmall = since.slice(0, lastSmall).filter((digest) => digest === bulk.ref.digest).length
    expect(bulkAmongSmall).toBeGreaterThan(10)
    expect(lastSmall).toBeLessThan(since.length - 1)
  })

  it('that are pulled twice at once, in parts or again are each had once', () => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world)
    const item = makeItem(10 * BLOCK_BYTES)
    right.hold(item)
    let blocks = 0
    left.onEvent = (event) => {
      if (event.type === 'block') blocks++
    }
    const some = new BlockSet(10)
    some.add(7)
    some.add(9)
    left.endpoint.pull(left.session!, item.ref, some, { priority: 'bulk' })
    left.pull(item.ref)
    left.pull(item.ref)
    world.run(5_000)
    expect(left.has(item.ref)).toBe(true)
    expect(blocks).toBe(10)
  })

  it('stop coming when they are cancelled, and come when they are wanted again', () => {
    const world = new World(1, { ...ETHERNET, rateBitPerS: 10e6 })
    const { left, right } = openPair(world)
    const item = makeItem(3_000_000)
    right.hold(item)
    left.pull(item.ref)
    world.run(500)
    left.endpoint.cancelPull(left.session!, item.ref.kind, item.ref.digest)
    let blocks = 0
    left.onEvent = (event) => {
      if (event.type === 'block') blocks++
    }
    world.run(2_000)
    expect(blocks).toBe(0)
    expect(left.endpoint.stats(left.session!)!.inFlightBytes).toBe(0)
    left.pull(item.ref)
    world.run(10_000)
    expect(left.has(item.ref)).toBe(true)
  })

  it('that the other side does not hold are told of once, and the rest arrives', () => {
    const world = new World(1, { ...ETHERNET, loss: 0.2 })
    const { left, right } = openPair(world)
    const [held, missing] = [makeItem(500_000), makeItem(500_000)]
    right.hold(held)
    left.pull(missing.ref)
    left.pull(held.ref)
    expect(world.runUntil(() => left.has(held.ref) && left.gone.length > 0, 60_000)).toBe(true)
    world.run(5_000)
    expect(left.gone).toEqual([missing.ref.digest])
  })

  it('that vanish while they are sent are told of, and half of them stays', () => {
    const world = new World(1, { ...ETHERNET, rateBitPerS: 10e6 })
    const { left, right } = openPair(world)
    const item = makeItem(6_000_000)
    right.hold(item)
    left.pull(item.ref)
    world.run(1_000)
    right.held.delete(item.ref.digest)
    world.run(6_000)
    expect(left.gone).toEqual([item.ref.digest])
    expect(left.has(item.ref)).toBe(false)
  })

  it('whose frames never open are given up after REJECTS_MAX tries', () => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world)
    const item = makeItem(2 * BLOCK_BYTES)
    right.hold(item)
    right.seal = (block) => block.slice()
    left.pull(item.ref)
    world.run(5_000)
    expect(left.events.filter(({ type }) => type === 'gone')).toMatchObject([{ reason: 'unservable' }])
    expect(left.rejectedCount).toBeLessThanOrEqual(2 * REJECTS_MAX)
  })
})

describe('a peer that answers with frames that are longer than the block', () => {
  /** Makes each frame that `right` serves longer by so many bytes. */
  const lengthen = (right: Node, bytes: number) => {
    const { frameOf } = right
    right.frameOf = (digest, blockIndex) => {
      const frame = frameOf(digest, blockIndex)
      if (frame === undefined) return undefined
      const longer = new Uint8Array(frame.length + bytes)
      longer.set(frame)
      return longer
    }
  }

  /** The wire leaves room for the overhead of every frame, and the tests' own takes 4 bytes of it. */
  const room = FRAME_OVERHEAD_BYTES - 4

  it.each([
    ['by a byte', 1_000, room + 1],
    ['by a segment', 1_000, 2_000],
    ['by a byte in the last of many segments', 30_000, room + 1],
    ['by forty segments', 1_000, 60_000],
  ])('%s is given up for that item, told once, and everything else goes on', (_, sizeBytes, bytes) => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world)
    const [lie, honest] = [makeItem(sizeBytes), makeItem(100_000)]
    right.hold(lie)
    right.hold(honest)
    const { frameOf } = right
    lengthen(right, bytes)
    const lying = right.frameOf
    right.frameOf = (digest, blockIndex) => (digest === lie.ref.digest ? lying : frameOf)(digest, blockIndex)
    left.pull(lie.ref)
    expect(world.runUntil(() => left.gone.length > 0, 5_000)).toBe(true)
    left.pull(honest.ref)
    expect(world.runUntil(() => left.has(honest.ref), 5_000)).toBe(true)
    world.run(5_000)
    const told = left.events.filter(({ type }) => type === 'gone')
    expect(told).toMatchObject([{ digest: lie.ref.digest, reason: 'unservable' }])
    expect(left.has(lie.ref)).toBe(false)
    expect(left.count('closed')).toBe(0)
    const { segmentsAsked } = left.endpoint.stats(left.session!)!
    expect(segmentsAsked).toBeLessThan(REJECTS_MAX * SEGMENT_COUNT_MAX)
  })

  it('that says another count with each segment is given up too', () => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world)
    const item = makeItem(BLOCK_BYTES)
    right.hold(item)
    const link = world.network.link(right.address, left.address)
    const send = link.send.bind(link)
    let count = 0
    link.send = (bytes) => {
      const forged = bytes.slice()
      if (bytes[0] === DatagramType.segment) forged[17] = 30 + (count++ % 10)
      send(forged)
    }
    left.pull(item.ref)
    expect(world.runUntil(() => left.gone.length > 0, 60_000)).toBe(true)
    expect(left.has(item.ref)).toBe(false)
  })

  it('for a while is believed again as soon as it does not', () => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world)
    const item = makeItem(BLOCK_BYTES)
    right.hold(item)
    const link = world.network.link(right.address, left.address)
    const send = link.send.bind(link)
    let longer = REJECTS_MAX - 1
    link.send = (bytes) => {
      if (bytes[0] !== DatagramType.segment || longer-- <= 0) return send(bytes)
      const forged = new Uint8Array(bytes.length + 1)
      forged.set(bytes)
      send(forged)
    }
    left.pull(item.ref)
    expect(world.runUntil(() => left.has(item.ref), 5_000)).toBe(true)
    expect(left.gone).toEqual([])
  })
})

describe('a peer that answers nothing', () => {
  it('though it lives, is waited for so long and no longer', () => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world)
    const item = makeItem(500_000)
    right.hold(item)
    right.endpoint.serveBlock = () => {}
    left.pull(item.ref)
    world.run(STALLED_MS - 1_000)
    expect(left.gone).toEqual([])
    expect(world.runUntil(() => left.gone.length > 0, 5_000)).toBe(true)
    expect(left.events.filter(({ type }) => type === 'gone')).toMatchObject([
      { digest: item.ref.digest, reason: 'gone' },
    ])
    expect(left.count('closed')).toBe(0)
  })
})

describe('memory', () => {
  it('of frames that are not released is bounded, and the transfer goes on when they are', () => {
    const world = new World(1, { ...ETHERNET, rateBitPerS: 1e9 })
    const { left, right } = openPair(world)
    const item = makeItem((POOL_LOANS_MAX + 50) * BLOCK_BYTES)
    right.hold(item)
    left.releases = false
    left.pull(item.ref)
    world.run(5_000)
    // Those that were under way when it became the last come as well.
    expect(left.kept.length).toBeGreaterThanOrEqual(POOL_LOANS_MAX)
    expect(left.kept.length).toBeLessThan(POOL_LOANS_MAX + 50)
    expect(new Set(left.kept.map(({ bytes }) => bytes.buffer)).size).toBe(left.kept.length)
    left.releases = true
    for (const frame of left.kept) frame.release()
    for (const frame of left.kept) frame.release()
    left.drain()
    world.run(5_000)
    expect(left.has(item.ref)).toBe(true)
  })

  it('of a server that is asked for more than it may keep is bounded', () => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world, { left: { window: 400 } })
    right.loadMs = 1e9
    for (let item = 0; item < 600; item++) {
      const digest = item.toString(16).padStart(64, '0')
      left.pull({ kind: 'file', digest, sizeBytes: 9 * BLOCK_BYTES }, 'bulk', false)
    }
    world.run(10_000)
    // Nothing is ever loaded, so it wanted no more than it may.
    expect(right.wantedCount).toBe(AHEAD_BYTES_MAX / FRAME_BYTES_MAX)
    expect(ASKS_QUEUED_MAX).toBeGreaterThan(POOL_BUFFERS_MAX)
  })

  it('of a server that is asked for small items loads more of them ahead, up to a limit', () => {
    const world = new World(1, ETHERNET)
    const { left, right } = openPair(world, { left: { window: 400 } })
    // One after the other, until small ones are what it expects.
    for (let count = 0; count < 50; count++) {
      const item = makeItem(100 + count)
      right.hold(item)
      left.pull(item.ref)
    }
    world.run(10_000)
    const before = right.wantedCount
    right.loadMs = 1e9
    for (let item = 0; item < 600; item++) left.pull(makeItem(1_000 + item).ref)
    world.run(10_000)
    expect(right.wantedCount - before).toBe(BLOCKS_AHEAD_MAX)
  })

  it('of cached frames saves loading a block again for its repair', () => {
    const { right, item } = transfer(1, { loss: 0.05 }, { sizeBytes: 50 * BLOCK_BYTES })
    expect(50).toBeLessThan(FRAMES_CACHED_MAX)
    expect(right.wantedCount).toBe(Math.ceil(item.bytes.length / BLOCK_BYTES))
  })
})

describe('what the other side sends unasked', () => {
  it('never gets into a block: other sizes, counts, positions and late answers are dropped', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.tuple(fc.nat(19), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (seed, changes) => {
          // Segments with altered headers arrive before the real ones.
          const { left } = transfer(
            seed,
            {},
            {
              sizeBytes: 200_000,
              prepare: (right, { address }) => {
                const link = right.world.network.link(right.address, address)
                const send = link.send.bind(link)
                let forgeries = 0
                link.send = (bytes) => {
                  if (bytes[0] === DatagramType.segment && forgeries < 30) {
                    forgeries++
                    const forged = bytes.slice()
                    for (const [at, value] of changes) forged[at] = value
                    send(forged)
                  }
                  send(bytes)
                }
              },
            },
          )
          expect(left.gone).toEqual([])
        },
      ),
      { numRuns: 40 },
    )
  })

  it('never throws, in any state of the session', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.tuple(fc.nat(17), fc.uint8Array({ maxLength: 80 })), { maxLength: 60 }),
        (seed, forged) => {
          const world = new World(seed, ETHERNET)
          const { left, right } = openPair(world)
          const item = makeItem(200_000)
          right.hold(item)
          left.pull(item.ref)
          // Random datagrams, and such that carry the session's id.
          let genuine: Uint8Array = new Uint8Array(20)
          const link = world.network.link(right.address, left.address)
          const send = link.send.bind(link)
          link.send = (bytes) => {
            genuine = bytes
            send(bytes)
          }
          for (const [type, bytes] of forged) {
            world.run(1)
            const aimed = new Uint8Array(9 + bytes.length)
            aimed.set(genuine.subarray(0, 9))
            aimed[0] = type
            aimed.set(bytes, 9)
            left.endpoint.handleDatagram(right.address, bytes, world.nowMs)
            left.endpoint.handleDatagram(right.address, aimed, world.nowMs)
            left.drain()
          }
          expect(world.runUntil(() => left.has(item.ref), 60_000)).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  })
})
