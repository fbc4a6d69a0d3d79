import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf, utf8 } from '../../src/base/bytes.js'
import { bytesOfAddress, isDialable } from '../../src/discovery/address-bytes.js'
import { DISCOVERY_DATAGRAM_BYTES_MAX, DISCOVERY_VERSION } from '../../src/discovery/limits.js'
import {
  type DiscoveryDatagram,
  DiscoveryType,
  decodeDiscovery,
  encodeDiscovery,
  encodeLine,
  isDiscovery,
  LINES_PER_PAGE,
} from '../../src/discovery/wire.js'
import { DatagramType, decodeControl } from '../../src/rdt/wire/control.js'
import { firstDatagramBytes } from '../../src/rdt/wire/gro-split.js'
import { groupKeysOf } from '../../src/seal/group-keys.js'
import { readVectors } from '../vectors/read.js'

const counting = (length: number, first = 0) => Uint8Array.from({ length }, (_, index) => first + index)
const nonce = counting(8, 0x10)
const group = counting(16, 0x20)
const member = counting(8, 0x30)
const mark = counting(16, 0x40)
const cookie = counting(16, 0x50)
const v4 = { member, mark, address: '192.0.2.7:22001' }
const v6 = { member, mark, address: '[2001:db8::7]:22002' }
const version = DISCOVERY_VERSION

const DATAGRAMS: readonly (readonly [string, DiscoveryDatagram])[] = [
  [
    'beat: nonce, version, group, member, mark, cookie',
    { type: 'beat', nonce, version, group, member, mark, cookie },
  ],
  ['challenge: nonce, cookie, the IPv4 address seen', { type: 'challenge', nonce, cookie, seen: v4.address }],
  ['challenge: an IPv6 address', { type: 'challenge', nonce, cookie, seen: v6.address }],
  [
    'members: nonce, cookie, page 0 of 1, nobody',
    { type: 'members', nonce, cookie, page: 0, pages: 1, lines: [] },
  ],
  [
    'members: page 1 of 2, two lines of member, mark, address',
    { type: 'members', nonce, cookie, page: 1, pages: 2, lines: [v4, v6] },
  ],
  ['joined: nonce, one line', { type: 'joined', nonce, line: v4 }],
  ['leave: nonce, version, group, cookie', { type: 'leave', nonce, version, group, cookie }],
  ['refused: full', { type: 'refused', nonce, reason: 'full' }],
  ['refused: version', { type: 'refused', nonce, reason: 'version' }],
]

describe('datagrams of the tracker protocol', () => {
  const vectors = readVectors('discovery.hex')

  test('are those of the golden vectors, and nothing else is there', () => {
    const keys = groupKeysOf(utf8('left-0badcafe-0123456789012345678901234567890123456789012'))
    const made = [
      ...DATAGRAMS.map(([comment, datagram]) => [comment, hexOf(encodeDiscovery(datagram, crc32))]),
      ['name of a group, of its secret', hexOf(keys.name)],
      ['id of the peer 0011223344556677 in it', hexOf(keys.memberOf('0011223344556677'))],
      [`mark of that id at ${v4.address}`, hexOf(keys.mark(keys.memberOf('0011223344556677'), v4.address))],
    ]
    expect(vectors.map(([comment, bytes]) => [comment, hexOf(bytes)])).toEqual(made)
  })

  test.each(DATAGRAMS)('decode to what was encoded: %s', (_, datagram) => {
    expect(decodeDiscovery(encodeDiscovery(datagram, crc32), crc32)).toEqual({ ok: true, value: datagram })
  })

  test('begin as no datagram of a session or handshake does', () => {
    const taken = new Set<number>(Object.values(DatagramType))
    for (const type of Object.values(DiscoveryType)) {
      expect(taken).not.toContain(type)
      expect(isDiscovery(type)).toBe(true)
    }
    for (const type of taken) expect(isDiscovery(type)).toBe(false)
    for (const [, datagram] of DATAGRAMS)
      expect(decodeControl(encodeDiscovery(datagram, crc32), crc32)).toMatchObject({ ok: false })
  })

  test('fit the path with as many lines of IPv6 as a page has, and not with one more', () => {
    const page = (count: number): DiscoveryDatagram => ({
      ...{ type: 'members', nonce, cookie, page: 0, pages: 1 },
      lines: new Array(count).fill(v6),
    })
    expect(encodeDiscovery(page(LINES_PER_PAGE), crc32).length).toBeLessThanOrEqual(
      DISCOVERY_DATAGRAM_BYTES_MAX,
    )
    expect(() => encodeDiscovery(page(LINES_PER_PAGE + 1), crc32)).toThrow()
  })

  test('are read up to the length that is written, and no further', () => {
    const lines = new Array(37).fill(v4)
    const longest = encodeDiscovery({ type: 'members', nonce, cookie, page: 0, pages: 1, lines }, crc32)
    expect(decodeDiscovery(longest, crc32)).toMatchObject({ ok: true, value: { lines } })
    const longer = checked(Buffer.concat([longest.slice(0, -4), encodeLine(v4)]))
    expect(longest.length).toBeLessThanOrEqual(DISCOVERY_DATAGRAM_BYTES_MAX)
    expect(longer.length).toBeGreaterThan(DISCOVERY_DATAGRAM_BYTES_MAX)
    expect(decodeDiscovery(longer, crc32)).toEqual({ ok: false, reason: 'trailing-bytes' })
  })

  test('of one answer are cut apart where the kernel merged them', () => {
    const pages = [0, 1].map((page) =>
      encodeDiscovery(
        { type: 'members', nonce, cookie, page, pages: 3, lines: new Array(9).fill(v6) },
        crc32,
      ),
    )
    expect(firstDatagramBytes(Buffer.concat(pages))).toBe(pages[0]!.length)
  })

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'empty'],
    ['a datagram of a session', Uint8Array.of(7, 1, 2, 3, 4, 5, 6, 7), 'unknown-kind'],
    ['four bytes', Uint8Array.of(64, 1, 2, 3), 'truncated'],
    ['a flipped bit', flipped(encodeDiscovery(DATAGRAMS[0]![1], crc32)), 'damaged'],
    ['a short beat', checked(encodeDiscovery(DATAGRAMS[0]![1], crc32).slice(0, 40)), 'truncated'],
    [
      'a beat with more behind it',
      checked(Buffer.concat([body(DATAGRAMS[0]![1]), Uint8Array.of(0)])),
      'trailing-bytes',
    ],
    ['page 2 of 2', checked(patched(body(DATAGRAMS[4]![1]), 25, 2)), 'bad-field'],
    ['an address of the family 5', checked(patched(body(DATAGRAMS[1]![1]), 25, 5)), 'bad-field'],
    ['a refusal for the reason 3', checked(patched(body(DATAGRAMS[7]![1]), 9, 3)), 'bad-field'],
    ['half a line', checked(body(DATAGRAMS[4]![1]).slice(0, -3)), 'truncated'],
  ])('are refused with a reason: %s', (_, bytes, reason) => {
    expect(decodeDiscovery(bytes, crc32)).toEqual({ ok: false, reason })
  })

  test('of another version say that they are, whatever follows', () => {
    const other = checked(Uint8Array.of(64, ...nonce, 9, 1, 2, 3))
    expect(decodeDiscovery(other, crc32)).toMatchObject({
      ok: true,
      value: { type: 'beat', nonce, version: 9 },
    })
  })
})

describe('addresses in datagrams', () => {
  test.each([
    '0.0.0.0:0',
    '255.255.255.255:65535',
    '[::]:1',
    '[::1]:22001',
    '[2001:db8::1:0:0:1]:7',
    '[2001:0:0:1::1]:7',
    '[1:2:3:4:5:6:7:8]:65535',
    '[fe80::1]:1',
  ])('%s comes out as it went in', (address) => {
    const line = { member, mark, address }
    const datagram = encodeDiscovery({ type: 'joined', nonce, line }, crc32)
    expect(decodeDiscovery(datagram, crc32)).toMatchObject({ value: { line: { address } } })
  })

  test('any bytes of an address are read as one text, which makes the same bytes', () => {
    const ip = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    )
    fc.assert(
      fc.property(ip, fc.nat(0xffff), (bytes, port) => {
        const address = Uint8Array.of(bytes.length === 4 ? 4 : 6, ...bytes, port >> 8, port & 255)
        const datagram = checked(Uint8Array.of(67, ...nonce, ...member, ...mark, ...address))
        const read = decodeDiscovery(datagram, crc32)
        if (!read.ok || read.value.type !== 'joined') throw new Error('not read')
        expect(bytesOfAddress(read.value.line.address)).toEqual(address)
      }),
    )
  })

  test.each([
    '10.0.0.1',
    '10.0.0.256:1',
    '10.0.0:1',
    '[fe80::1%eth0]:1',
    '[1::2::3]:1',
    '[1:2:3]:1',
    '1.2.3.4:65536',
    '',
  ])('%j is none', (address) => {
    expect(bytesOfAddress(address)).toBeUndefined()
  })

  test.each<[string, string, boolean]>([
    ['192.0.2.1:1', '10.0.0.1:1', true],
    ['192.0.2.1:0', '10.0.0.1:1', false],
    ['224.0.0.1:1', '10.0.0.1:1', false],
    ['255.255.255.255:1', '10.0.0.1:1', false],
    ['0.1.2.3:1', '10.0.0.1:1', false],
    ['127.0.0.1:1', '10.0.0.1:1', false],
    ['127.0.0.1:1', '127.0.0.9:1', true],
    ['[::1]:1', '10.0.0.1:1', false],
    ['[::1]:1', '[::1]:9', true],
    ['[::]:1', '[::1]:9', false],
    ['[ff02::1]:1', '[2001:db8::1]:9', false],
    ['[fe80::1]:1', '[2001:db8::1]:9', false],
    ['[::ffff:a00:1]:1', '[2001:db8::1]:9', false],
    ['[2001:db8::1]:1', '[2001:db8::2]:9', true],
  ])('%s, named by a tracker at %s, is called: %s', (address, tracker, isCalled) => {
    expect(isDialable(address, { tracker })).toBe(isCalled)
  })
})

function body(datagram: DiscoveryDatagram): Uint8Array {
  return encodeDiscovery(datagram, crc32).slice(0, -4)
}

function checked(fields: Uint8Array): Uint8Array {
  const sum = crc32(fields) >>> 0
  return Uint8Array.of(...fields, sum >>> 24, (sum >>> 16) & 255, (sum >>> 8) & 255, sum & 255)
}

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value
  return bytes
}

function flipped(bytes: Uint8Array): Uint8Array {
  return patched(bytes, 12, bytes[12]! ^ 1)
}
