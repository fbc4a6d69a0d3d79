import { expect, test } from 'vitest'
import { hexOf } from '../../../src/base/bytes.js'
import { crc32 } from '../../../src/io/hash.js'
import { DatagramType } from '../../../src/rdt/wire/control.js'
import { decodeKnock, encodeKnock } from '../../../src/rdt/wire/knock.js'
import { readVectors } from '../../vectors/read.js'

const [[, bytes]] = [...readVectors('knock.hex')] as [[string, Uint8Array]]

test('a knock is the golden vector, and tells its token', () => {
  const token = '0123456789abcdef'
  expect(hexOf(encodeKnock(token, crc32))).toBe(hexOf(bytes))
  expect(decodeKnock(bytes, crc32)).toBe(token)
})

test('a knock that is cut, longer, damaged or of another kind is none', () => {
  for (let length = 0; length < bytes.length; length++)
    expect(decodeKnock(bytes.subarray(0, length), crc32)).toBeUndefined()
  expect(decodeKnock(Uint8Array.of(...bytes, 0), crc32)).toBeUndefined()
  for (let at = 0; at < bytes.length; at++)
    expect(
      decodeKnock(
        bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)),
        crc32,
      ),
    ).toBeUndefined()
})

test('no other datagram has the type of a knock', () => {
  expect(Object.values(DatagramType)).not.toContain(bytes[0])
})
