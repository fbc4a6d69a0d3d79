import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf, utf8 } from '../../../src/base/bytes.js'
import { CONTROL_BYTES_MAX, DIGEST_BYTES, PACK_FILES_MAX, WIRE_VERSION } from '../../../src/base/limits.js'
import { bitsBetween, countOf, highestOf, lowestOf } from '../../../src/rdt/wire/bits.js'
import { type Control, DatagramType, decodeControl, encodeControl } from '../../../src/rdt/wire/control.js'
import {
  AGENT_BYTES_MAX,
  PATH_BYTES_BASE,
  PATH_BYTES_WHOLE,
  REQUEST_BYTES_MAX,
} from '../../../src/rdt/wire/limits.js'
import { type Ask, decodeRequest, RequestWriter } from '../../../src/rdt/wire/request.js'
import { SegmentHeader } from '../../../src/rdt/wire/segment.js'

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const session = fc.record({ high: fc.nat(0xffff_ffff), low: fc.nat(0xffff_ffff) })
const agent = fc.string({ unit: fc.constantFrom(...'left 0.1-beta'), maxLength: AGENT_BYTES_MAX })
const prefix = { agent, nonce: bytesOf(8) }
const body = fc.uint8Array({ maxLength: CONTROL_BYTES_MAX })
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const flight = fc.uint8Array({ maxLength: 1_100 })
const suite = fc.constantFrom('plain' as const, 'sealed' as const)

const control: fc.Arbitrary<Control> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.constant(WIRE_VERSION),
    ...prefix,
    suite,
    introduction: bytesOf(16),
    flight,
  }),
  fc.record({ type: fc.constant('cookie' as const), nonce: bytesOf(8), cookie: bytesOf(16), flight }),
  fc.record({
    type: fc.constant('open' as const),
    ...prefix,
    suite,
    introduction: bytesOf(16),
    cookie: bytesOf(16),
    flight,
  }),
  fc.record({ type: fc.constant('accept' as const), nonce: bytesOf(8), step: fc.nat(255), flight }),
  fc.record({
    type: fc.constant('refuse' as const),
    version: u16,
    ...prefix,
    reason: fc.constantFrom(
      'version' as const,
      'same-peer' as const,
      'encryption' as const,
      'cloned' as const,
    ),
  }),
  fc.record({ type: fc.constantFrom('reset' as const, 'bye' as const), session }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), session, number: u32 }),
  fc.record({ type: fc.constantFrom('message' as const, 'reply' as const), session, number: u32, body }),
  fc.record({ type: fc.constant('gone' as const), session, handle: fc.nat(0xff_ffff) }),
  fc.record({ type: fc.constant('probe' as const), session, bytes: u16 }),
  fc.record({
    type: fc.constant('probed' as const),
    session,
    bytes: fc.integer({ min: PATH_BYTES_BASE, max: PATH_BYTES_WHOLE }),
  }),
)

const ask: fc.Arbitrary<Ask> = fc
  .record({ blockIndex: fc.nat((1 << 20) - 1), low: u32, high: u32 })
  .filter(({ low, high }) => low !== 0 || high !== 0)
const group = fc.record({
  handle: fc.nat(0xff_ffff),
  kind: fc.constantFrom('tree' as const, 'list' as const, 'file' as const, 'sums' as const),
  digest: bytesOf(32).map(hexOf),
  segmentBytes: fc.integer({ min: PATH_BYTES_BASE, max: PATH_BYTES_WHOLE }),
  asks: fc.array(ask, { minLength: 1, maxLength: 20 }),
})

describe('control datagrams', () => {
  it('come back as they were, and fit any path', () => {
    fc.assert(
      fc.property(control, (original) => {
        const bytes = encodeControl(original, crc32)
        if (original.type !== 'probed') expect(bytes.length).toBeLessThanOrEqual(PATH_BYTES_BASE)
        else expect(bytes.length - 4).toBe(original.bytes)
        expect(decodeControl(bytes, crc32)).toEqual({ ok: true, value: original })
      }),
    )
  })

  it('are dropped with any one bit turned, and at any length but their own', () => {
    fc.assert(
      fc.property(control, fc.nat(), (original, draw) => {
        const bytes = encodeControl(original, crc32)
        const turned = bytes.slice()
        turned[(draw >> 3) % bytes.length]! ^= 1 << (draw & 7)
        expect(decodeControl(turned, crc32).ok).toBe(false)
        expect(decodeControl(bytes.slice(0, draw % bytes.length), crc32).ok).toBe(false)
      }),
    )
  })

  it('with a body of more than CONTROL_BYTES_MAX are dropped', () => {
    const letter = { type: 'message', session: { high: 1, low: 2 }, number: 3 } as const
    const longest = encodeControl({ ...letter, body: new Uint8Array(CONTROL_BYTES_MAX) }, crc32)
    expect(decodeControl(longest, crc32).ok).toBe(true)
    const longer = withCrcOf(concat(longest.slice(0, -4), new Uint8Array(1)))
    expect(decodeControl(longer, crc32)).toEqual({ ok: false, reason: 'too-long' })
  })

  it('that ask and are longer than any path carries for sure are dropped unread', () => {
    expect(decodeRequest(new Uint8Array(PATH_BYTES_BASE + 1))).toEqual({ ok: false, reason: 'too-long' })
    expect(decodeRequest(new Uint8Array(PATH_BYTES_BASE))).toEqual({ ok: false, reason: 'unknown-kind' })
  })

  it('never throw at random bytes, checksummed ones included', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (bytes, type) => {
        decodeControl(bytes, crc32)
        const typed = bytes.slice()
        if (typed.length > 0) typed[0] = type
        decodeControl(withCrcOf(typed), crc32)
        decodeRequest(typed)
      }),
      { numRuns: 2_000 },
    )
  })

  it('of another version are read up to what every version has', () => {
    const hello = {
      type: 'hello',
      version: 1,
      agent: 'left 9',
      nonce: bytes8(1),
      suite: 'plain',
      introduction: new Uint8Array(16),
      flight: new Uint8Array(0),
    } as const
    const newer = encodeControl({ ...hello, version: 7 }, crc32)
    const extended = withCrcOf(concat(newer.slice(0, -4), utf8('what version 7 adds')))
    const decoded = decodeControl(extended, crc32)
    expect(decoded.ok && decoded.value).toMatchObject({
      type: 'hello',
      version: 7,
      agent: 'left 9',
      nonce: bytes8(1),
    })
    // After type, magic, version and the agent with its length comes the nonce; nothing behind it is read.
    const prefix = newer.slice(0, 1 + 4 + 2 + 1 + 'left 9'.length + 8)
    const other = decodeControl(withCrcOf(concat(prefix, utf8('\u00ff'))), crc32)
    expect(other.ok && other.value).toMatchObject({ type: 'hello', version: 7, nonce: bytes8(1) })
  })

  it('show a person nothing but visible ASCII of the other side’s agent', () => {
    const refuse = encodeControl(
      { type: 'refuse', version: 2, agent: 'le\u001b[2Jft', reason: 'version', nonce: bytes8(1) },
      crc32,
    )
    const decoded = decodeControl(refuse, crc32)
    expect(decoded.ok && decoded.value).toMatchObject({ agent: 'le?[2Jft' })
  })
})

describe('requests', () => {
  it('come back as they were, within REQUEST_BYTES_MAX', () => {
    fc.assert(
      fc.property(
        session,
        fc.nat(0xffff),
        fc.array(group, { minLength: 1, maxLength: 6 }),
        (wire, number, groups) => {
          const writer = new RequestWriter()
          writer.start(wire, number)
          const written: { handle: number; blockIndex: number; low: number; high: number }[] = []
          for (const { asks, segmentBytes, ...item } of groups) {
            for (const one of asks) {
              if (!writer.hasRoomFor(undefined)) break
              writer.add(item, segmentBytes, one)
              written.push({ handle: item.handle, ...one })
            }
          }
          const bytes = writer.finish()
          expect(bytes.length).toBeLessThanOrEqual(REQUEST_BYTES_MAX)
          const decoded = decodeRequest(bytes)
          if (!decoded.ok) throw new Error(decoded.reason)
          expect(decoded.value).toMatchObject({ session: wire, number })
          const read = decoded.value.groups.flatMap(({ handle, asks }) =>
            asks.map((one) => ({ handle, ...one })),
          )
          expect(read).toEqual(written)
        },
      ),
    )
  })

  it('for packs tell what is in them, or that it was told; two whole packs fit', () => {
    const writer = new RequestWriter()
    writer.start({ high: 1, low: 2 }, 3)
    const members = new Uint8Array(PACK_FILES_MAX * DIGEST_BYTES).fill(7)
    const pack = (handle: number) => ({ handle, kind: 'pack', digest: 'ab'.repeat(32), members }) as const
    const all = { blockIndex: 0, low: 0xffff_ffff, high: 0x1001 }
    for (const handle of [1, 2]) {
      expect(writer.hasRoomFor(members)).toBe(true)
      writer.add(pack(handle), 1_472, all)
    }
    expect(writer.hasRoomFor(members)).toBe(false)
    const bytes = writer.finish()
    expect(bytes.length).toBeLessThanOrEqual(REQUEST_BYTES_MAX)
    const both = decodeRequest(bytes)
    expect(both.ok && both.value.groups).toMatchObject([{ members }, { members }])

    writer.start({ high: 1, low: 2 }, 4)
    writer.add({ ...pack(1), members: undefined }, 1_472, all)
    const told = decodeRequest(writer.finish())
    expect(told.ok && told.value.groups[0]!.members).toEqual(new Uint8Array(0))
  })

  it('for packs of more files than a pack may have are dropped', () => {
    const request = (count: number) => {
      const writer = new RequestWriter()
      writer.start({ high: 1, low: 2 }, 3)
      const members = new Uint8Array(count * DIGEST_BYTES)
      const item = { handle: 1, kind: 'pack', digest: 'ab'.repeat(32), members } as const
      writer.add(item, 1_472, { blockIndex: 0, low: 1, high: 0 })
      return decodeRequest(writer.finish()).ok
    }
    expect([PACK_FILES_MAX, PACK_FILES_MAX + 1].map(request)).toEqual([true, false])
  })

  it('never throw at random bytes after a good beginning', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        const head = new Uint8Array(11)
        head[0] = DatagramType.request
        decodeRequest(concat(head, tail))
      }),
      { numRuns: 2_000 },
    )
  })

  it('for segments of a size that no path needs or carries are dropped', () => {
    const request = (segmentBytes: number) => {
      const writer = new RequestWriter()
      writer.start({ high: 1, low: 2 }, 3)
      writer.add({ handle: 1, kind: 'file', digest: 'ab'.repeat(32) }, segmentBytes, {
        blockIndex: 0,
        low: 1,
        high: 0,
      })
      return decodeRequest(writer.finish()).ok
    }
    expect(
      [PATH_BYTES_BASE - 1, PATH_BYTES_BASE, PATH_BYTES_WHOLE, PATH_BYTES_WHOLE + 1].map(request),
    ).toEqual([false, true, true, false])
  })

  it('count the bits of a set', () => {
    fc.assert(
      fc.property(fc.nat(63), fc.nat(63), (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)]
        const { low, high } = bitsBetween(first, last)
        expect(lowestOf(low, high)).toBe(first)
        expect(highestOf(low, high)).toBe(last)
        expect(countOf(low, high)).toBe(last - first + 1)
      }),
    )
  })
})

describe('segments', () => {
  it('come back as they were', () => {
    const fields = fc.record({
      sessionHigh: u32,
      sessionLow: u32,
      handle: fc.nat(0xff_ffff),
      blockIndex: u32,
      segmentIndex: fc.nat(63),
      segmentCount: fc.integer({ min: 1, max: 64 }),
      requestNumber: u16,
    })
    fc.assert(
      fc.property(fields, (original) => {
        const header = Object.assign(new SegmentHeader(), original)
        const bytes = new Uint8Array(30)
        header.write(bytes, 0)
        const read = new SegmentHeader()
        expect(read.read(bytes)).toBe(original.segmentIndex < original.segmentCount)
        expect(read).toEqual(header)
      }),
    )
  })

  it('never throw at random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        new SegmentHeader().read(bytes)
      }),
    )
  })
})

describe('golden vectors: a change to one of these is a change of the protocol', () => {
  const wire = { high: 0x01020304, low: 0x05060708 }
  const named = { agent: 'left 0.1.0', nonce: bytes8(0x30) }
  const introduction = concat(bytes8(0x60), bytes8(0x70))
  const controls: Control[] = [
    {
      type: 'hello',
      version: 2,
      ...named,
      suite: 'plain',
      introduction: new Uint8Array(16),
      flight: new Uint8Array(0),
    },
    { type: 'hello', version: 2, ...named, suite: 'sealed', introduction, flight: utf8('known') },
    {
      type: 'cookie',
      nonce: bytes8(0x30),
      cookie: concat(bytes8(0x40), bytes8(0x50)),
      flight: new Uint8Array(0),
    },
    {
      type: 'cookie',
      nonce: bytes8(0x30),
      cookie: concat(bytes8(0x40), bytes8(0x50)),
      flight: utf8('offer'),
    },
    {
      type: 'open',
      ...named,
      suite: 'sealed',
      introduction,
      cookie: concat(bytes8(0x40), bytes8(0x50)),
      flight: utf8('first and third'),
    },
    { type: 'accept', nonce: bytes8(0x30), step: 4, flight: utf8('fourth') },
    { type: 'refuse', version: 2, ...named, reason: 'version' },
    { type: 'refuse', version: 2, ...named, reason: 'encryption' },
    { type: 'refuse', version: 2, ...named, reason: 'cloned' },
    { type: 'reset', session: wire },
    { type: 'ping', session: wire, number: 7 },
    { type: 'pong', session: wire, number: 7 },
    { type: 'bye', session: wire },
    { type: 'message', session: wire, number: 9, body: utf8('h') },
    { type: 'reply', session: wire, number: 9, body: utf8('s') },
    { type: 'gone', session: wire, handle: 0x0a0b0c },
    { type: 'probe', session: wire, bytes: 1_472 },
  ]

  it.each(
    vectorsOf('rdt-control.hex').map(
      (vector, index) => [vector.name, vector.bytes, controls[index]!] as const,
    ),
  )('%s', (_name, bytes, expected) => {
    expect(hexOf(encodeControl(expected, crc32))).toBe(hexOf(bytes))
    expect(decodeControl(bytes, crc32)).toEqual({ ok: true, value: expected })
  })

  it('covers every control datagram', () => {
    expect(vectorsOf('rdt-control.hex').length).toBe(controls.length)
  })

  it('a request with a range and a set, and a segment that answers it', () => {
    const [request, segment, packed] = vectorsOf('rdt-data.hex')
    const writer = new RequestWriter()
    writer.start(wire, 0x0102)
    const item = { handle: 5, kind: 'file', digest: 'ab'.repeat(32) } as const
    writer.add(item, 1_472, { blockIndex: 3, ...bitsBetween(0, 44) })
    writer.add(item, 1_472, { blockIndex: 9, low: 0b1010, high: 1 })
    expect(hexOf(writer.finish())).toBe(hexOf(request!.bytes))
    const members = bytesOfHex('01'.repeat(32) + '02'.repeat(32))!
    const pack = { handle: 6, kind: 'pack', digest: 'cd'.repeat(32) } as const
    writer.start(wire, 0x0103)
    writer.add({ ...pack, members }, 1_472, { blockIndex: 0, ...bitsBetween(0, 5) })
    writer.add({ ...pack, handle: 7 }, 1_472, { blockIndex: 0, ...bitsBetween(6, 11) })
    expect(hexOf(writer.finish())).toBe(hexOf(packed!.bytes))
    const header = new SegmentHeader()
    expect(header.read(segment!.bytes)).toBe(true)
    expect(header).toMatchObject({
      handle: 5,
      blockIndex: 9,
      segmentIndex: 3,
      segmentCount: 45,
      requestNumber: 0x0102,
    })
  })
})

function vectorsOf(file: string): { name: string; bytes: Uint8Array }[] {
  const lines = readFileSync(new URL(`../../vectors/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const vectors: { name: string; bytes: Uint8Array }[] = []
  for (let at = 0; at + 1 < lines.length; at += 2) {
    vectors.push({ name: lines[at]!.replace('# ', ''), bytes: bytesOfHex(lines[at + 1]!)! })
  }
  return vectors
}

function bytes8(first: number): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, index) => first + index)
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

function withCrcOf(bytes: Uint8Array): Uint8Array {
  const crc = new Uint8Array(4)
  new DataView(crc.buffer).setUint32(0, crc32(bytes))
  return concat(bytes, crc)
}
