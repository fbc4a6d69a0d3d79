// The datagrams between a peer and a tracker, and the two machines that read them.

import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { type DiscoveryDatagram, decodeDiscovery, encodeDiscovery } from '../../src/discovery/wire.js'
import { withCrc } from '../../src/rdt/wire/control.js'
import { CRC_BYTES } from '../../src/rdt/wire/limits.js'
import { accepted, fuzz } from './fuzz.js'

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const nonce = bytesOf(8)
const cookie = bytesOf(16)
const group = bytesOf(16)
const version = fc.constant(1)
const host = fc.oneof(
  fc.ipV4(),
  fc.integer({ min: 1, max: 0xffff }).map((last) => `[2001:db8::${last.toString(16)}]`),
)
const address = fc.tuple(host, fc.integer({ min: 1, max: 65_535 })).map(([at, port]) => `${at}:${port}`)
const line = fc.record({ member: bytesOf(8), mark: bytesOf(16), address })

const datagram: fc.Arbitrary<DiscoveryDatagram> = fc.oneof(
  fc.record({
    type: fc.constant('beat' as const),
    nonce,
    version,
    group,
    member: bytesOf(8),
    mark: bytesOf(16),
    cookie,
  }),
  fc.record({ type: fc.constant('leave' as const), nonce, version, group, cookie }),
  fc.record({ type: fc.constant('challenge' as const), nonce, cookie, seen: address }),
  fc.record({
    type: fc.constant('members' as const),
    nonce,
    cookie,
    page: fc.nat(3),
    pages: fc.integer({ min: 4, max: 9 }),
    lines: fc.array(line, { maxLength: 20 }),
  }),
  fc.record({ type: fc.constant('joined' as const), nonce, line }),
  fc.record({
    type: fc.constant('refused' as const),
    nonce,
    reason: fc.constantFrom('full' as const, 'version' as const),
  }),
)

fuzz<DiscoveryDatagram>({
  name: 'decodeDiscovery',
  valid: datagram.map((each) => encodeDiscovery(each, crc32)),
  decode: accepted((bytes) => decodeDiscovery(bytes, crc32)),
  encode: (each) => encodeDiscovery(each, crc32),
  // A beat of another version is read as far as every version writes it.
  isCanonical: (each) => !('version' in each) || each.version === 1,
  mend: (bytes) => withCrc(bytes.subarray(0, Math.max(0, bytes.length - CRC_BYTES)), crc32),
  rawBytesMax: 1_300,
})
