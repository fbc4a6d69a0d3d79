import { describe, expect, it } from 'vitest'
import { makeItem, type Node, openPair, World } from '../../../harness/rdt/world.js'
import { PATH_RAISE_MS } from '../../../src/rdt/path/limits.js'
import { PATH_BYTES_BASE, PATH_BYTES_WHOLE } from '../../../src/rdt/wire/limits.js'

const LARGE = { left: { datagramBytesMax: () => 65_507 }, right: { datagramBytesMax: () => 65_507 } }

function pathBytes(node: Node): number {
  return node.endpoint.stats(node.session!)!.pathBytes
}

describe('the path size', () => {
  it('is a whole frame where that passes, so that a block is one datagram', () => {
    const world = new World(1, { delayMs: 0.05 })
    const { left, right } = openPair(world, LARGE)
    world.run(100)
    expect(pathBytes(left)).toBe(PATH_BYTES_WHOLE)
    const item = makeItem(5_000_000)
    right.hold(item)
    left.pull(item.ref)
    world.run(1_000)
    expect(left.has(item.ref)).toBe(true)
    expect(left.endpoint.stats(left.session!)!.segmentsReceived).toBe(Math.ceil(5_000_000 / 65_300))
  })

  it('is the largest that passes, whatever the interfaces claim', () => {
    for (const [mtuBytes, expected] of [
      [65_535, PATH_BYTES_WHOLE],
      [9_000, 8_972],
      [1_500, 1_472],
      [1_492, 1_464],
      [1_420, 1_392],
      [1_280, PATH_BYTES_BASE],
    ] as const) {
      const world = new World(1, { delayMs: 5, mtuBytes })
      const { left } = openPair(world, LARGE)
      world.run(5_000)
      expect(pathBytes(left)).toBe(expected)
    }
  })

  it('is never larger than what either interface carries', () => {
    const world = new World(1, { delayMs: 5 })
    const { left, right } = openPair(world, { left: LARGE.left, right: { datagramBytesMax: () => 1_400 } })
    world.run(5_000)
    expect([pathBytes(left), pathBytes(right)]).toEqual([1_400, 1_400])
  })

  it('is found where a fifth of all datagrams is lost', () => {
    let found = 0
    for (let seed = 0; seed < 20; seed++) {
      const world = new World(seed, { delayMs: 5, loss: 0.2, mtuBytes: 1_500 })
      const { left } = openPair(world)
      world.run(5_000)
      if (pathBytes(left) === 1_472) found++
    }
    expect(found).toBeGreaterThanOrEqual(18)
  })

  it('falls back when large datagrams begin to vanish in the middle of a transfer, and rises when they pass again', () => {
    const world = new World(1, { delayMs: 5, mtuBytes: 1_500, rateBitPerS: 20e6 })
    const { left, right } = openPair(world)
    const item = makeItem(4_000_000)
    right.hold(item)
    left.pull(item.ref)
    world.run(500)
    expect(pathBytes(left)).toBe(1_472)
    world.network.shape(left.address, right.address, { mtuBytes: 1_300 })
    world.run(10_000)
    expect(pathBytes(left)).toBe(PATH_BYTES_BASE)
    expect(left.has(item.ref)).toBe(true)
    world.network.shape(left.address, right.address, { mtuBytes: 1_500 })
    world.run(PATH_RAISE_MS + 5_000)
    expect(pathBytes(left)).toBe(1_472)
  })

  it('is found again soon after an outage of the whole path', () => {
    const world = new World(1, { delayMs: 5, mtuBytes: 1_500, rateBitPerS: 20e6 })
    const { left, right } = openPair(world)
    const item = makeItem(20_000_000)
    right.hold(item)
    left.pull(item.ref)
    world.run(500)
    world.network.shape(left.address, right.address, { down: true })
    world.run(8_000)
    world.network.shape(left.address, right.address, { down: false })
    world.run(4_000)
    expect(pathBytes(left)).toBe(1_472)
    expect(left.count('closed')).toBe(0)
  })

  it('stays where it is while a queue overflows', () => {
    const world = new World(1, { delayMs: 5, mtuBytes: 1_500, rateBitPerS: 100e6, queueBytes: 20_000 })
    const { left, right } = openPair(world, { left: { window: 64 } })
    const item = makeItem(10_000_000)
    right.hold(item)
    world.run(1_000)
    left.pull(item.ref)
    let least = 1_472
    while (!left.has(item.ref) && world.nowMs < 100_000) {
      world.run(20)
      least = Math.min(least, pathBytes(left))
    }
    expect(left.has(item.ref)).toBe(true)
    expect(least).toBe(1_472)
  })

  it('bounds bursts by the receive buffer where a block is one datagram', () => {
    for (const window of ['auto', 64] as const) {
      const world = new World(1, { delayMs: 0.05, rateBitPerS: 10e9 })
      const { left, right } = openPair(world, {
        left: { ...LARGE.left, window, receiveBufferBytes: 425_984 },
        right: LARGE.right,
      })
      const item = makeItem(20_000_000)
      right.hold(item)
      world.run(100)
      left.pull(item.ref)
      let most = 0
      for (let step = 0; step < 2_000 && !left.has(item.ref); step++) {
        world.run(0.05)
        most = Math.max(most, left.endpoint.stats(left.session!)!.inFlightBytes)
      }
      expect(left.has(item.ref)).toBe(true)
      expect(most).toBeLessThanOrEqual(425_984 / 2)
    }
  })
})
