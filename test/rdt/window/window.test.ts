import { describe, expect, it } from 'vitest'
import { jain } from '../../../harness/rdt/bottleneck.js'
import { makeItem, openPair, World } from '../../../harness/rdt/world.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { DatagramType } from '../../../src/rdt/wire/control.js'
import { decodeRequest } from '../../../src/rdt/wire/request.js'
import type { LinkFaults } from '../../../src/sim/network.js'

const GIGABIT: Partial<LinkFaults> = {
  rateBitPerS: 1e9,
  delayMs: 10,
  queueBytes: 1024 * 1024,
  mtuBytes: 1_500,
}

/** Pulls with a fixed window and tells how many blocks were ever outstanding at once. */
function outstandingMax(window: number, faults: Partial<LinkFaults>): number {
  const world = new World(5, { ...GIGABIT, ...faults })
  const { left, right } = openPair(world, { left: { window } })
  const item = makeItem(40 * BLOCK_BYTES)
  right.hold(item)
  const outstanding = new Set<number>()
  let most = 0
  const link = world.network.link(left.address, right.address)
  const send = link.send.bind(link)
  link.send = (bytes) => {
    if (bytes[0] === DatagramType.request) {
      const decoded = decodeRequest(bytes.subarray(0, -4))
      if (decoded.ok)
        for (const { asks } of decoded.value.groups)
          for (const { blockIndex } of asks) outstanding.add(blockIndex)
      most = Math.max(most, outstanding.size)
    }
    send(bytes)
  }
  left.onEvent = (event) => {
    if (event.type === 'block') outstanding.delete(event.blockIndex)
  }
  left.pull(item.ref)
  expect(world.runUntil(() => left.has(item.ref), 600_000)).toBe(true)
  return most
}

/** Pulls and tells how fast, as a part of what the link carries. */
function efficiency(
  faults: Partial<LinkFaults>,
  sizeBytes: number,
): { efficiency: number; redundancy: number } {
  const world = new World(7, { ...GIGABIT, ...faults })
  const { left, right } = openPair(world)
  const item = makeItem(sizeBytes)
  right.hold(item)
  world.run(1_000)
  const { link } = { link: world.network.link(right.address, left.address) }
  const [beganAtMs, sentBytes] = [world.nowMs, link.counters.sentBytes]
  left.pull(item.ref)
  expect(world.runUntil(() => left.has(item.ref), 600_000)).toBe(true)
  const { rateBitPerS, loss } = link.faults
  const limit = (rateBitPerS / 8_000) * (1_472 / 1_500) * (1 - loss)
  return {
    efficiency: sizeBytes / (world.nowMs - beganAtMs) / limit,
    redundancy: ((link.counters.sentBytes - sentBytes) * (1 - loss)) / ((sizeBytes * 1_472) / 1_452) - 1,
  }
}

describe('a fixed window', () => {
  it('of one is stop-and-wait: never more than one block is outstanding, whatever is lost', () => {
    expect(outstandingMax(1, {})).toBe(1)
    expect(outstandingMax(1, { loss: 0.2 })).toBe(1)
  })

  it('of N is N blocks, used fully and never exceeded', () => {
    for (const window of [2, 8, 32]) {
      expect(outstandingMax(window, {})).toBe(window)
      expect(outstandingMax(window, { loss: 0.1 })).toBe(window)
    }
  })
})

/** Pulls over a link without delay of its own, and tells how many segments a request brings. */
function segmentsPerRequest(faults: Partial<LinkFaults>): number {
  const world = new World(11, { ...GIGABIT, delayMs: 0.1, ...faults })
  const { left, right } = openPair(world)
  const item = makeItem(400 * BLOCK_BYTES)
  right.hold(item)
  world.run(1_000)
  const count = (to: typeof left, from: typeof left) =>
    world.network.link(from.address, to.address).counters.sent
  const before = [count(right, left), count(left, right)] as const
  left.pull(item.ref)
  expect(world.runUntil(() => left.has(item.ref), 60_000)).toBe(true)
  return (count(left, right) - before[1]) / (count(right, left) - before[0])
}

describe('the measured window', () => {
  it('asks for a dozen segments at once where they take no longer than a millisecond, and for fewer where they do', () => {
    expect(segmentsPerRequest({ rateBitPerS: 250e6 })).toBeGreaterThan(12)
    expect(segmentsPerRequest({ rateBitPerS: 50e6 })).toBeLessThan(8)
  })

  it('asks for more at once on a fast link that loses nothing', () => {
    expect(segmentsPerRequest({ rateBitPerS: 4e9 })).toBeGreaterThan(100)
    expect(segmentsPerRequest({ rateBitPerS: 4e9, loss: 0.001 })).toBeLessThan(90)
  })

  it('fills a fast link, a long one and a thin one with a short queue, and asks for little twice', () => {
    const fast = efficiency({ loss: 0.01 }, 120e6)
    expect(fast.efficiency).toBeGreaterThan(0.8)
    const thin = efficiency({ rateBitPerS: 10e6, delayMs: 20, queueBytes: 32 * 1024 }, 10e6)
    expect(thin.efficiency).toBeGreaterThan(0.9)
    for (const { redundancy } of [fast, thin]) expect(redundancy).toBeLessThan(0.03)
  })

  it('fills a long link that loses much, and one without delay that loses more', () => {
    const long = { rateBitPerS: 100e6, delayMs: 50, loss: 0.02, queueBytes: 1_250_000 }
    expect(efficiency(long, 60e6).efficiency).toBeGreaterThan(0.88)
    expect(efficiency({ delayMs: 0.1, loss: 0.1 }, 40e6).efficiency).toBeGreaterThan(0.9)
  })

  it('is at the rate of the link within five round trips', () => {
    const world = new World(7, { ...GIGABIT, queueBytes: 5e6 })
    const { left, right } = openPair(world)
    const item = makeItem(40e6)
    right.hold(item)
    world.run(1_000)
    const received = () => left.endpoint.stats(left.session!)!.bytesReceived
    left.pull(item.ref)
    world.run(100)
    const before = received()
    world.run(20)
    expect((received() - before) / 20 / (1e9 / 8_000)).toBeGreaterThan(0.85)
  })

  it('keeps the queue at the bottleneck short', () => {
    const world = new World(3, { ...GIGABIT, rateBitPerS: 50e6, queueBytes: 4e6 })
    const { left, right } = openPair(world)
    const item = makeItem(30e6)
    right.hold(item)
    left.pull(item.ref)
    world.run(2_000)
    const { srttMs, minRttMs } = left.endpoint.stats(left.session!)!
    expect(srttMs).toBeLessThan(1.6 * minRttMs)
  })

  it('follows a link that becomes slower, and one that becomes faster', () => {
    const world = new World(3, { ...GIGABIT, rateBitPerS: 50e6 })
    const { left, right } = openPair(world)
    const item = makeItem(60e6)
    right.hold(item)
    left.pull(item.ref)
    const rateOver = (ms: number) => {
      const before = left.endpoint.stats(left.session!)!.bytesReceived
      world.run(ms)
      return ((left.endpoint.stats(left.session!)!.bytesReceived - before) * 8) / ms / 1e3
    }
    world.run(1_000)
    expect(rateOver(1_000)).toBeGreaterThan(40)
    world.network.shape(left.address, right.address, { rateBitPerS: 10e6 })
    world.run(2_000)
    expect(rateOver(1_000)).toBeGreaterThan(8)
    world.network.shape(left.address, right.address, { rateBitPerS: 50e6 })
    world.run(4_000)
    expect(rateOver(1_000)).toBeGreaterThan(40)
  })
})

describe('a limit', () => {
  it('holds within three parts in a hundred, for one session and for two together', () => {
    for (const [limitBytesPerS, overS] of [
      [100e3, 4],
      [2e6, 4],
      [20e6, 1],
    ] as const) {
      for (const peers of [1, 2]) {
        const world = new World(1, GIGABIT)
        const left = world.node('10.0.0.1:1', { limitBytesPerS })
        for (let peer = 0; peer < peers; peer++) {
          const right = world.node(`10.0.0.${2 + peer}:1`)
          left.connect(right)
          world.run(1_000)
          const item = makeItem(Math.ceil((1 + overS) * limitBytesPerS))
          right.hold(item)
          left.pull(item.ref)
        }
        world.run(1_000)
        const before = left.endpoint.counters.bytesIn
        world.run(1_000 * overS)
        const rate = (left.endpoint.counters.bytesIn - before) / overS
        expect(rate / limitBytesPerS).toBeGreaterThan(0.97)
        expect(rate / limitBytesPerS).toBeLessThan(1.03)
      }
    }
  })

  it('of what is sent holds within three parts in a hundred, to one peer and to two together, which share it evenly', () => {
    for (const limitSendBytesPerS of [20e3, 2e6]) {
      for (const peers of [1, 2]) {
        const world = new World(1, GIGABIT)
        const server = world.node('10.0.0.1:1', { limitSendBytesPerS })
        const item = makeItem(10 * limitSendBytesPerS)
        server.hold(item)
        const pullers = Array.from({ length: peers }, (_, peer) => {
          const puller = world.node(`10.0.0.${2 + peer}:1`)
          puller.connect(server)
          world.run(1_000)
          puller.pull(item.ref)
          return puller
        })
        world.run(2_000)
        const counts = () => [
          server.endpoint.counters.bytesOut,
          ...pullers.map(({ endpoint }) => endpoint.counters.bytesIn),
        ]
        const before = counts()
        world.run(5_000)
        const [sent, ...received] = counts().map((count, index) => (count - before[index]!) / 5)
        const label = `${limitSendBytesPerS} to ${peers}`
        expect(sent! / limitSendBytesPerS, label).toBeGreaterThan(0.97)
        expect(sent! / limitSendBytesPerS, label).toBeLessThan(1.03)
        expect(jain(received), label).toBeGreaterThan(0.98)
      }
    }
  })

  it('of what is sent delays no message, and has little sent twice', () => {
    const world = new World(1, GIGABIT)
    const server = world.node('10.0.0.1:1', { limitSendBytesPerS: 100e3 })
    const puller = world.node('10.0.0.2:1')
    puller.connect(server)
    world.run(1_000)
    const item = makeItem(500_000)
    server.hold(item)
    puller.pull(item.ref)
    world.run(1_000)
    const answers = () => puller.events.filter(({ type }) => type === 'reply').length
    puller.endpoint.sendRequest(puller.session!, Uint8Array.of(1), world.nowMs)
    puller.drain()
    world.run(100)
    expect(answers()).toBe(1)
    expect(world.runUntil(() => puller.pulled.get(item.ref.digest)!.missing.size === 0, 10_000)).toBe(true)
    expect(server.endpoint.counters.bytesOut).toBeLessThan(1.1 * item.bytes.length)
  })

  it('is divided evenly between two sessions', () => {
    const world = new World(1, GIGABIT)
    const left = world.node('10.0.0.1:1', { limitBytesPerS: 2e6 })
    for (const address of ['10.0.0.2:1', '10.0.0.3:1']) {
      const right = world.node(address)
      left.connect(right)
      world.run(1_000)
      const item = makeItem(20e6)
      right.hold(item)
      left.pull(item.ref)
    }
    const counts = () => [...left.pulled.values()].map(({ missing }) => missing.blockCount - missing.size)
    const before = counts()
    world.run(5_000)
    const [one, other] = counts().map((count, index) => count - before[index]!)
    expect(one! + other!).toBeGreaterThan(140)
    expect(Math.abs(one! - other!)).toBeLessThan(15)
  })
})
