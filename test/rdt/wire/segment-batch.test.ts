import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeItem, openPair, World } from '../../../harness/rdt/world.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { firstDatagramBytes } from '../../../src/rdt/wire/gro-split.js'
import { SEGMENT_HEADER_BYTES } from '../../../src/rdt/wire/limits.js'
import { SegmentHeader } from '../../../src/rdt/wire/segment.js'
import { SegmentBatch } from '../../../src/rdt/wire/segment-batch.js'
import { handleOneByOne } from './one-by-one.js'

type Fields = Pick<
  SegmentHeader,
  'sessionHigh' | 'sessionLow' | 'handle' | 'blockIndex' | 'segmentIndex' | 'segmentCount' | 'requestNumber'
>

const FIRST: Fields = {
  sessionHigh: 0xffff_ffff,
  sessionLow: 0xfedc_ba98,
  handle: 0xff_ffff,
  blockIndex: 0xf_ffff,
  segmentIndex: 10,
  segmentCount: 64,
  requestNumber: 0xffff,
}

/** Datagrams end to end, each full of a byte of its own but the header. */
function bundle(headers: readonly Fields[], datagramBytes: number, lastBytes = datagramBytes): Uint8Array {
  const bytes = new Uint8Array((headers.length - 1) * datagramBytes + lastBytes)
  for (const [index, fields] of headers.entries()) {
    bytes.fill(100 + index, index * datagramBytes, (index + 1) * datagramBytes)
    const header = Object.assign(new SegmentHeader(), fields)
    if (bytes.length - index * datagramBytes >= SEGMENT_HEADER_BYTES)
      header.write(bytes, index * datagramBytes)
  }
  return bytes
}

function following(count: number, from: Fields = FIRST): Fields[] {
  return Array.from({ length: count }, (_, step) => ({ ...from, segmentIndex: from.segmentIndex + step }))
}

function runAt(bytes: Uint8Array, at: number, datagramBytes: number): SegmentBatch | undefined {
  const run = new SegmentBatch()
  return run.read(bytes, at, datagramBytes) ? run : undefined
}

describe('a run of segments', () => {
  it('goes on as long as nothing but the index changes, and that by one', () => {
    const changes: Partial<Fields>[] = [
      { sessionHigh: 0x7fff_ffff },
      { sessionLow: 0xfedc_ba99 },
      { handle: 0xff_fffe },
      { blockIndex: 0 },
      { segmentIndex: 12 }, // doubled
      { segmentIndex: 14 },
      { segmentCount: 63 },
      { requestNumber: 0 },
    ]
    for (const change of changes) {
      const headers = following(6)
      headers[3] = { ...headers[3]!, ...change }
      const run = runAt(bundle(headers, 40), 0, 40)!
      expect(run.count).toBe(3)
      expect(run.end).toBe(120)
    }
    expect(runAt(bundle(following(6), 40), 0, 40)!.count).toBe(6)
  })

  it('ends with the last index that there may be, and before a shorter datagram', () => {
    const last = { ...FIRST, segmentIndex: 61 }
    expect(runAt(bundle(following(3, last), 40), 0, 40)!.count).toBe(3)
    const beyond = bundle(following(4, last), 40)
    expect(runAt(beyond, 0, 40)!.count).toBe(3)
    expect(runAt(beyond, 120, 40)).toBeUndefined()
    for (const lastBytes of [1, 19, 20, 21, 39]) {
      const bytes = bundle(following(5), 40, lastBytes)
      expect(runAt(bytes, 0, 40)!.count).toBe(4)
      const rest = runAt(bytes, 160, 40)
      if (lastBytes <= SEGMENT_HEADER_BYTES) expect(rest).toBeUndefined()
      else expect(rest).toMatchObject({ count: 1, payloadBytes: lastBytes - SEGMENT_HEADER_BYTES })
    }
  })

  it('tells the same as its segments one by one, whatever comes in whatever order', () => {
    const header = fc.record({
      sessionHigh: fc.constant(1),
      sessionLow: fc.constantFrom(2, 0x8000_0002),
      handle: fc.constantFrom(3, 4),
      blockIndex: fc.constant(5),
      segmentIndex: fc.nat(63),
      segmentCount: fc.integer({ min: 60, max: 66 }),
      requestNumber: fc.constantFrom(6, 7),
    })
    const stretch = fc.tuple(header, fc.integer({ min: 1, max: 20 })).map(([from, n]) => following(n, from))
    const came = fc.record({
      headers: fc.array(stretch, { minLength: 1, maxLength: 5 }).map((stretches) => stretches.flat()),
      datagramBytes: fc.integer({ min: 15, max: 90 }),
      shorter: fc.nat(89),
      skipped: fc.nat(5),
    })
    fc.assert(
      fc.property(came, ({ headers, datagramBytes, shorter, skipped }) => {
        const bytes = bundle(headers, datagramBytes, Math.max(1, datagramBytes - shorter))
        const run = new SegmentBatch()
        for (let at = 0; at < bytes.length; ) {
          const isRun = run.read(bytes, at, datagramBytes)
          const firstEnd = Math.min(bytes.length, at + datagramBytes)
          expect(isRun).toBe(new SegmentHeader().read(bytes, at, firstEnd))
          const end = isRun ? run.end : firstEnd
          expect(end).toBeGreaterThan(at)
          if (isRun && run.count > skipped) {
            run.skip(skipped)
            const { count, payloadBytes } = run
            const payloads = new Uint8Array(1 + count * payloadBytes)
            run.copyPayloads(count, payloads, 1)
            for (let index = 0; index < count; index++) {
              const start = end - (count - index) * (SEGMENT_HEADER_BYTES + payloadBytes)
              const alone = new SegmentHeader()
              expect(alone.read(bytes, start, start + SEGMENT_HEADER_BYTES + payloadBytes)).toBe(true)
              const { segmentIndex } = run.header
              expect({ ...run.header, segmentIndex: segmentIndex + index }).toEqual({ ...alone })
              expect(payloads[1 + index * payloadBytes]).toBe(bytes[start + SEGMENT_HEADER_BYTES])
              expect(payloads[(index + 1) * payloadBytes]).toBe(bytes[start + SEGMENT_HEADER_BYTES])
            }
          }
          at = end
        }
      }),
    )
  })
})

describe('what comes in runs', () => {
  it('is the same as one by one, however it is lost, doubled, late and merged', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.boolean(), (seed, isSplit) => {
        const world = new World(seed, {
          rateBitPerS: 200e6,
          delayMs: 3,
          jitterMs: 2,
          loss: 0.03,
          duplication: 0.03,
          reordering: 0.03,
          reorderMs: 5,
          mtuBytes: 1_500,
        })
        const { left, right } = openPair(world)
        const { endpoint } = left
        const item = makeItem(700_000, seed)
        right.hold(item)
        // Datagrams wait for a millisecond, and are merged with those as long that come meanwhile.
        const waiting: Uint8Array[] = []
        world.network.attach(left.address, (from, bytes) => {
          waiting.push(bytes.slice())
          if (waiting.length > 1) return
          world.scheduler.at(world.nowMs + 1, () => {
            for (const { bytes, datagramBytes } of mergedOf(waiting.splice(0))) {
              if (!isSplit) endpoint.handleDatagrams(from, bytes, datagramBytes, world.nowMs)
              else handleOneByOne(endpoint, from, bytes, { datagramBytes, nowMs: world.nowMs })
            }
            left.drain()
          })
        })
        left.pull(item.ref)
        expect(world.runUntil(() => left.has(item.ref), 60_000)).toBe(true)
        expect(Buffer.compare(left.pulled.get(item.ref.digest)!.bytes!, item.bytes)).toBe(0)
        world.run(1_000)
        const { segmentsReceived, segmentsDuplicate, inFlightBytes } = endpoint.stats(left.session!)!
        expect(inFlightBytes).toBe(0)
        const payloadBytes = 1_472 - SEGMENT_HEADER_BYTES
        expect(segmentsReceived - segmentsDuplicate).toBeGreaterThanOrEqual(item.bytes.length / payloadBytes)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a segment that cannot be', () => {
  it('is refused alone, however many good ones it comes with', () => {
    const world = new World(3, { rateBitPerS: 1e9, delayMs: 1 })
    const { left, right } = openPair(world, {
      left: { datagramBytesMax: () => 1_472 },
      right: { datagramBytesMax: () => 1_472 },
    })
    world.run(1_000) // until the path's size is known
    const { endpoint } = left
    const item = makeItem(BLOCK_BYTES, 3)
    right.hold(item)
    right.mergesBundles = true
    let forgedCount = 0
    world.network.attach(left.address, (from, bytes) => {
      const header = new SegmentHeader()
      const datagramBytes = firstDatagramBytes(bytes)
      const lastAt = bytes.length - datagramBytes
      if (datagramBytes === 1_472 && header.read(bytes, lastAt) && header.segmentIndex === 43) {
        // The last segment of the frame, longer than it may be.
        forgedCount++
        header.segmentIndex++
        const forged = new Uint8Array(bytes.length + 1_472)
        forged.set(bytes)
        header.write(forged, bytes.length)
        const { dropped } = endpoint.counters
        endpoint.handleDatagrams(from, forged, 1_472, world.nowMs)
        expect(endpoint.counters.dropped - dropped).toBe(1)
        expect(endpoint.stats(left.session!)!.segmentsReceived).toBe(44)
      } else endpoint.handleDatagrams(from, bytes, datagramBytes, world.nowMs)
      left.drain()
    })
    left.pull(item.ref)
    expect(world.runUntil(() => left.has(item.ref), 60_000)).toBe(true)
    expect(forgedCount).toBe(1)
    expect(endpoint.stats(left.session!)!.segmentsDuplicate).toBeLessThanOrEqual(1)
  })
})

/** Merges runs of datagrams of one length, in the order in which they came. */
function mergedOf(datagrams: readonly Uint8Array[]): { bytes: Uint8Array; datagramBytes: number }[] {
  const merged: Uint8Array[][] = []
  for (const datagram of datagrams) {
    const latest = merged.at(-1)
    if (latest !== undefined && latest[0]!.length === datagram.length && latest.length < 64)
      latest.push(datagram)
    else merged.push([datagram])
  }
  return merged.map((same) => ({
    bytes: new Uint8Array(Buffer.concat(same)),
    datagramBytes: same[0]!.length,
  }))
}
