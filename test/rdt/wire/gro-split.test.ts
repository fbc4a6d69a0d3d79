import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeItem, openPair, World } from '../../../harness/rdt/world.js'
import { firstDatagramBytes } from '../../../src/rdt/wire/gro-split.js'
import { handleOneByOne } from './one-by-one.js'

const session = fc.uint8Array({ minLength: 8, maxLength: 8 }).filter((id) => new Set(id).size > 3)

/** Datagrams of one session as a kernel merges them: of one length but the last, which may be shorter. */
const merged = fc
  .record({
    session,
    datagramBytes: fc.integer({ min: 21, max: 1_500 }),
    count: fc.integer({ min: 2, max: 64 }),
    lastBytes: fc.integer({ min: 9, max: 3_000 }),
    filling: fc.uint8Array({ minLength: 4_096, maxLength: 4_096 }),
    types: fc.array(fc.integer({ min: 8, max: 20 }), { minLength: 64, maxLength: 64 }),
  })
  .map(({ session, datagramBytes, count, lastBytes, filling, types }) => {
    const bytes = new Uint8Array((count - 1) * datagramBytes + Math.min(lastBytes, datagramBytes))
    for (let at = 0; at < bytes.length; at += filling.length)
      bytes.set(filling.subarray(0, bytes.length - at), at)
    for (let index = 0; index < count; index++) {
      const at = index * datagramBytes
      bytes[at] = types[index]!
      bytes.set(session, at + 1)
    }
    return { bytes, datagramBytes, session }
  })

function occursBetween(bytes: Uint8Array, session: Uint8Array, until: number): boolean {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(session, 2)
  return at >= 0 && at - 1 < until
}

describe('datagrams that the kernel merged', () => {
  it('are told apart by the session that each of them begins with', () => {
    fc.assert(
      fc.property(merged, ({ bytes, datagramBytes, session }) => {
        fc.pre(!occursBetween(bytes, session, datagramBytes))
        expect(firstDatagramBytes(bytes)).toBe(datagramBytes)
      }),
    )
  })

  it('are one where nothing repeats, and never none, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(3), (bytes, kinds) => {
        const few = bytes.map((byte) => byte % (kinds + 1)) // where a session's id is everywhere
        for (const whole of [bytes, few]) {
          const first = firstDatagramBytes(whole)
          expect(first).toBeGreaterThan(0)
          expect(first).toBeLessThanOrEqual(whole.length)
        }
      }),
    )
    const single = Uint8Array.from({ length: 1_472 }, (_, at) => (at < 9 ? 200 + at : at % 199))
    expect(firstDatagramBytes(single)).toBe(single.length)
  })

  it('are as many as a kernel merges at most, however often the session comes again', () => {
    const repeating = (datagramBytes: number, totalBytes = 65_000) => {
      const bytes = new Uint8Array(totalBytes)
      for (let at = 0; at < bytes.length; at += datagramBytes) bytes.fill(7, at, at + 9)
      return bytes
    }
    expect(firstDatagramBytes(repeating(1_016))).toBe(1_016)
    expect(firstDatagramBytes(repeating(1_000, 64 * 1_000))).toBe(1_000)
    expect(firstDatagramBytes(repeating(1_000, 64 * 1_000 + 9))).toBe(2_000)
    for (const datagramBytes of [9, 10, 100, 1_015]) {
      expect(65_000 / firstDatagramBytes(repeating(datagramBytes))).toBeLessThanOrEqual(64)
    }
  })

  it('do the same as one by one, segments and control datagrams mixed', () => {
    for (const isSplit of [true, false]) {
      const world = new World(7, { rateBitPerS: 1e9, delayMs: 1, mtuBytes: 65_000 })
      const { left, right } = openPair(world)
      const { endpoint } = left
      const item = makeItem(3_000_000, 7)
      right.hold(item)
      // The link carries what is sent at once as one, as a kernel may give it.
      right.mergesBundles = true
      world.network.attach(left.address, (from, bytes) => {
        const datagramBytes = firstDatagramBytes(bytes)
        if (!isSplit) endpoint.handleDatagrams(from, bytes, datagramBytes, world.nowMs)
        else handleOneByOne(endpoint, from, bytes, { datagramBytes, nowMs: world.nowMs })
        left.drain()
      })
      left.pull(item.ref)
      expect(world.runUntil(() => left.has(item.ref), 60_000)).toBe(true)
      expect(Buffer.compare(left.pulled.get(item.ref.digest)!.bytes!, item.bytes)).toBe(0)
      expect(endpoint.counters.dropped).toBe(0)
      expect(left.endpoint.stats(left.session!)!.segmentsAskedAgain).toBe(0)
    }
  })

  it('of a stranger are each counted, and none is answered', () => {
    const world = new World(8)
    const { left } = openPair(world, { left: { admit: (from) => !from.startsWith('10.9') } })
    const before = { ...left.endpoint.counters }
    left.endpoint.handleDatagrams('10.9.0.1:1', new Uint8Array(95).fill(16), 10, world.nowMs)
    expect(left.endpoint.counters.strangers - before.strangers).toBe(10)
    expect(left.endpoint.counters.datagramsIn - before.datagramsIn).toBe(10)
    expect(left.endpoint.counters.bytesIn - before.bytesIn).toBe(95)
  })
})
