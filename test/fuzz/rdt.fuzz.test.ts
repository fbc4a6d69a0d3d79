// Datagrams: what is in them, and an endpoint that gets anything at any time.

import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeItem, World } from '../../harness/rdt/world.js'
import { hexOf } from '../../src/base/bytes.js'
import { WIRE_VERSION } from '../../src/base/limits.js'
import { crc32 } from '../../src/io/hash.js'
import {
  type Control,
  decodeControl,
  decodeFields,
  encodeControl,
  encodeFields,
} from '../../src/rdt/wire/control.js'
import { decodeRequest, type Request, RequestWriter } from '../../src/rdt/wire/request.js'
import { SegmentHeader } from '../../src/rdt/wire/segment.js'
import { SeededRandom } from '../../src/sim/random.js'
import { readVectors } from '../vectors/read.js'
import { accepted, assertForFuzzTime, damaged, fuzz } from './fuzz.js'

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const u32 = fc.nat(0xffff_ffff)
const session = fc.record({ high: u32, low: u32 })
const agent = fc.constantFrom('', 'left', 'left 0.1.0')
const nonce = bytesOf(8)
const suite = fc.constantFrom('plain' as const, 'sealed' as const)
const flight = fc.uint8Array({ maxLength: 300 })
const step = fc.nat(255)
const body = fc.uint8Array({ maxLength: 100 })

const control: fc.Arbitrary<Control> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.constantFrom(WIRE_VERSION, 1, 3),
    agent,
    nonce,
    suite,
    introduction: bytesOf(16),
    flight,
  }),
  fc.record({ type: fc.constant('cookie' as const), nonce, cookie: bytesOf(16), flight }),
  fc.record({
    type: fc.constant('open' as const),
    agent,
    nonce,
    suite,
    introduction: bytesOf(16),
    cookie: bytesOf(16),
    flight,
  }),
  fc.record({ type: fc.constant('accept' as const), nonce, step, flight }),
  fc.record({
    type: fc.constant('refuse' as const),
    version: fc.nat(0xffff),
    agent,
    reason: fc.constantFrom('version' as const, 'same-peer' as const, 'encryption' as const),
    nonce,
  }),
  fc.record({ type: fc.constantFrom('reset' as const, 'bye' as const), session }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), session, number: u32 }),
  fc.record({ type: fc.constantFrom('message' as const, 'reply' as const), session, number: u32, body }),
  fc.record({ type: fc.constant('gone' as const), session, handle: fc.nat(0xff_ffff) }),
  fc.record({ type: fc.constant('probe' as const), session, bytes: fc.nat(0xffff) }),
  fc.record({ type: fc.constant('probed' as const), session, bytes: fc.integer({ min: 9, max: 1_500 }) }),
)

/** A probed one is as long as it is, whatever pads it; of another version we know the beginning; and an agent shows
 *  nothing but visible ASCII. */
function isCanonical(value: Control): boolean {
  if (value.type === 'probed') return false
  if (value.type === 'hello' && value.version !== WIRE_VERSION) return false
  return !('agent' in value) || !value.agent.includes('?')
}

/** A flight that is longer than any path carries in one piece is read, and refused by whoever knows flights. */
function isWritten(value: Control): boolean {
  return !('flight' in value) || value.flight.length <= 1_100
}

fuzz({
  name: 'the fields of a control datagram',
  valid: control.map(encodeFields),
  decode: accepted(decodeFields),
  encode: (value) => (isWritten(value) ? encodeFields(value) : undefined),
  isCanonical,
})

fuzz({
  name: 'a control datagram',
  valid: control.map((value) => encodeControl(value, crc32)),
  decode: accepted((bytes: Uint8Array) => decodeControl(bytes, crc32)),
  encode: (value) => (isWritten(value) ? encodeControl(value, crc32) : undefined),
  isCanonical,
  mend: withCrc,
})

const ask = fc
  .record({ blockIndex: fc.nat((1 << 20) - 1), low: u32, high: u32 })
  .filter(({ low, high }) => (low | high) !== 0)
const asked = {
  handle: fc.nat(0xff_ffff),
  digest: bytesOf(32),
  segmentBytes: fc.integer({ min: 1_232, max: 65_337 }),
  asks: fc.array(ask, { minLength: 1, maxLength: 8 }),
}
const group = fc.oneof(
  fc.record({ ...asked, kind: fc.constantFrom('tree' as const, 'list' as const, 'file' as const) }),
  fc.record({
    ...asked,
    kind: fc.constant('pack' as const),
    members: fc.nat(4).chain((n) => bytesOf(32 * n)),
  }),
)
const request: fc.Arbitrary<Request> = fc.record({
  session,
  number: fc.nat(0xffff),
  groups: fc.array(group, { minLength: 1, maxLength: 4 }),
})

fuzz({
  name: 'a request',
  valid: request.map(encodeRequest),
  decode: accepted(decodeRequest),
  // A run may be written as a set, and one group as two: what is meant is the same.
  encode: encodeRequest,
  isCanonical: () => false,
})

function encodeRequest({ session: wire, number, groups }: Request): Uint8Array {
  const writer = new RequestWriter()
  writer.start(wire, number)
  for (const { digest, segmentBytes, asks, ...item } of groups)
    for (const one of asks) writer.add({ ...item, digest: hexOf(digest) }, segmentBytes, one)
  return writer.finish().slice()
}

fuzz({
  name: 'the header of a segment',
  valid: fc
    .tuple(bytesOf(20), fc.nat(63), fc.nat(63), fc.uint8Array({ minLength: 1, maxLength: 40 }))
    .map(([head, first, second, payload]) => {
      const bytes = new Uint8Array(20 + payload.length)
      bytes.set(head)
      bytes.set(payload, 20)
      bytes[0] = 16
      bytes[16] = Math.min(first, second)
      bytes[17] = Math.max(first, second) + 1
      return bytes
    }),
  decode: (bytes) => {
    const header = new SegmentHeader()
    return header.read(bytes) ? { header, payload: bytes.subarray(20) } : undefined
  },
  encode: ({ header, payload }) => {
    const bytes = new Uint8Array(20 + payload.length)
    header.write(bytes, 0)
    bytes.set(payload, 20)
    return bytes
  },
})

describe('an endpoint', () => {
  /** Both halves of a conversation with transfers in it, whose datagrams are lost, damaged, doubled and mended. */
  test('goes on whatever is in the datagrams that come', { timeout: 120_000 }, () => {
    const seeds = fc.nat(0xffff_ffff)
    const property = fc.property(seeds, fc.array(damaged(bytesOf(64)), { maxLength: 20 }), (seed, raw) => {
      const world = new World(seed)
      const a = world.node('10.0.0.1:1', { peerId: '00000000000000aa' })
      const b = world.node('10.0.0.2:1', { peerId: '00000000000000bb' })
      const random = new SeededRandom(seed)
      for (const node of [a, b]) {
        const { endpoint } = node
        const handle = endpoint.handleDatagram.bind(endpoint)
        endpoint.handleDatagram = (from, bytes, nowMs) => {
          handle(from, bytes, nowMs)
          if (random.next() < 0.3) handle(from, mutated(bytes, random), nowMs)
          if (random.next() < 0.05) handle(from, withCrc(mutated(bytes, random)), nowMs)
          const other = raw[Math.floor(random.next() * raw.length)]
          if (other !== undefined && random.next() < 0.05) handle(from, withCrc(other), nowMs)
        }
      }
      const item = makeItem(200_000, seed)
      b.hold(item)
      a.connect(b)
      world.run(1_000)
      if (a.session !== undefined) a.pull(item.ref)
      world.run(2_000)
      expect(a.endpoint.counters.datagramsIn).toBeGreaterThan(0)
    })
    assertForFuzzTime(property)
  })
})

test('a server passes over what is asked for beyond the end', () => {
  // In a process of its own: it once did not end by itself.
  const script = `
    import { FrameCache } from './src/rdt/serve/framecache.js'
    import { FrameBuffer } from './src/rdt/pool.js'
    import { Server } from './src/rdt/serve/server.js'
    const host = { frames: new FrameCache(), datagramBytesMax: 1472, handleWanted() {}, sendGone() {} }
    const session = { high: 1, low: 2 }
    const server = new Server(host, session, '')
    const asks = [{ blockIndex: 0, low: 32, high: 0 }]
    const group = { handle: 1, kind: 'file', digest: new Uint8Array(32), segmentBytes: 1232, asks }
    server.handleRequest({ session, number: 1, groups: [group] })
    const frame = new FrameBuffer(new Uint8Array(100))
    server.serveBlock({ kind: 'file', digest: '0'.repeat(64), blockIndex: 0 }, frame, { isKept: true })
    process.exit(server.pollSegments() === undefined ? 0 : 1)
  `
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { status } = spawnSync(process.execPath, words, { timeout: 60_000, killSignal: 'SIGKILL' })
  expect(status).toBe(0)
})

test('what was found before does no harm', () => {
  for (const [, bytes] of readVectors('fuzz-rdt.hex')) {
    decodeFields(bytes)
    decodeControl(bytes, crc32)
    decodeRequest(bytes)
    new SegmentHeader().read(bytes)
  }
})

function mutated(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const result = bytes.slice(0, random.next() < 0.2 ? Math.floor(random.next() * bytes.length) : bytes.length)
  const count = 1 + Math.floor(random.next() * 4)
  for (let change = 0; change < count && result.length > 0; change++) {
    // Mostly in the header, where it matters.
    const within = random.next() < 0.7 ? Math.min(result.length, 40) : result.length
    result[Math.floor(random.next() * within)] = random.next() < 0.5 ? 255 : Math.floor(random.next() * 256)
  }
  return result
}

function withCrc(bytes: Uint8Array): Uint8Array {
  const cut = bytes.slice(0, Math.max(0, bytes.length - 4))
  const mended = new Uint8Array(cut.length + 4)
  mended.set(cut)
  new DataView(mended.buffer).setUint32(cut.length, crc32(cut))
  return mended
}
