import { describe, expect, test } from 'vitest'
import { hexOf } from '../../src/base/bytes.js'
import { decodeBeacon, encodeBeacon, taggedText } from '../../src/beacons/beacon.js'
import { BEACON_BYTES, BEACON_TAG_BYTES } from '../../src/beacons/limits.js'
import { beaconKeys } from '../../src/seal/beacon-key.js'
import { hmac } from '../../src/seal/keys.js'
import { readVectors } from '../vectors/read.js'

const counting = (length: number, first = 0) => Uint8Array.from({ length }, (_, index) => first + index)
const nonce = counting(16)
const SECRET = new TextEncoder().encode(`left-0123abcd-${'A'.repeat(43)}`)

/** Of the vectors: one that nobody tagged, and one of a group. */
function vectors(): [string, Uint8Array][] {
  const [key] = beaconKeys([SECRET]).keys
  const tag = hmac(key!, taggedText({ port: 51_966, nonce })).subarray(0, BEACON_TAG_BYTES)
  return [
    ['beacon without a secret: port 22001', encodeBeacon({ port: 22_001, nonce, tag: counting(16, 100) })],
    ['beacon of a group: port 51966', encodeBeacon({ port: 51_966, nonce, tag })],
  ]
}

describe('a beacon', () => {
  test('is as its golden vectors', () => {
    expect(readVectors('beacon.hex').map(([name, bytes]) => [name, hexOf(bytes)])).toEqual(
      vectors().map(([name, bytes]) => [name, hexOf(bytes)]),
    )
  })

  test('has one length, with a secret or without', () => {
    expect(vectors().map(([, bytes]) => bytes.length)).toEqual([BEACON_BYTES, BEACON_BYTES])
  })

  test('is read as it was written', () => {
    const beacon = { port: 65_535, nonce, tag: counting(16, 7) }
    expect(decodeBeacon(encodeBeacon(beacon))).toEqual({ ok: true, value: beacon })
  })

  test.each([
    ['a byte is missing', (bytes: Uint8Array) => bytes.subarray(1), 'truncated'],
    ['there is nothing', () => new Uint8Array(0), 'truncated'],
    ['a byte is too many', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0), 'trailing-bytes'],
    ['it is of another format', (bytes: Uint8Array) => bytes.with(5, 2), 'unknown-kind'],
    ['it is none', (bytes: Uint8Array) => bytes.with(0, 0), 'unknown-kind'],
    ['its port is 0', (bytes: Uint8Array) => bytes.with(6, 0).with(7, 0), 'bad-field'],
  ])('is refused where %s', (_, change, reason) => {
    const bytes = encodeBeacon({ port: 22_001, nonce, tag: nonce })
    expect(decodeBeacon(change(bytes))).toEqual({ ok: false, reason })
  })
})

describe('the keys of beacons', () => {
  const sentence = new TextEncoder().encode('correct horse battery staple, and more of them')

  test('come of secrets that nobody can guess, and of no other: a tag can be tried against a dictionary', () => {
    expect(beaconKeys([SECRET])).toMatchObject({ keys: { length: 1 }, takesAny: false })
    expect(beaconKeys([sentence])).toEqual({ keys: [], takesAny: true })
    expect(beaconKeys([])).toEqual({ keys: [], takesAny: true })
    expect(beaconKeys([SECRET, sentence])).toMatchObject({ keys: { length: 1 }, takesAny: true })
  })

  test('differ from secret to secret', () => {
    const other = new TextEncoder().encode(`left-0123abcd-${'B'.repeat(43)}`)
    const { keys } = beaconKeys([SECRET, other])
    expect(new Set(keys.map(hexOf)).size).toBe(2)
  })
})
