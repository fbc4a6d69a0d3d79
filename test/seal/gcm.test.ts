import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { FRAME_BYTES_MAX } from '../../src/base/limits.js'
import type { FrameCipher } from '../../src/rdt/protection.js'
import { Evp } from '../../src/seal/evp.js'
import {
  nonceOf,
  openGcm,
  openGcmInPlace,
  sealGcm,
  sealGcmInto,
  useNativeCrypto,
} from '../../src/seal/gcm.js'
import { ASSOCIATED_BYTES_MAX, GCM_NONCE_BYTES, KEY_BYTES, TAG_BYTES } from '../../src/seal/limits.js'

const SEED = 20_261
const BLOCKS = 4_000
/** Bytes that follow from the seed and their number alone. */
let drawn = 0
function draw(length: number): Uint8Array {
  const stream = createCipheriv(
    'aes-256-ctr',
    createHash('sha256').update(`${SEED} ${drawn++}`).digest(),
    Buffer.alloc(16),
  )
  return new Uint8Array(stream.update(Buffer.alloc(length)))
}

function drawNumber(below: number): number {
  return new DataView(draw(4).buffer).getUint32(0) % below
}

function drawCipher(): FrameCipher {
  const associated = draw(1 + drawNumber(ASSOCIATED_BYTES_MAX))
  return { key: draw(KEY_BYTES), nonce: draw(GCM_NONCE_BYTES), associated }
}

/** As RFC 5116 has it, by node:crypto: the ciphertext, then the tag. */
function sealed({ key, nonce, associated }: FrameCipher, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated)
  return new Uint8Array(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]))
}

const evp = Evp.load()

// Also without koffi, where these run by node:crypto.
describe.each([
  { body: 'node:crypto', begin: () => {} },
  { body: 'libcrypto, where it is there', begin: () => expect(useNativeCrypto()).toBe(evp !== undefined) },
])('with $body', ({ begin }) => {
  test(`blocks of every length are sealed as by node:crypto and opened again (seed ${SEED})`, () => {
    begin()
    for (let block = 0; block < BLOCKS; block++) {
      const cipher = drawCipher()
      // Most are short, for the sake of time; lengths around those of a cipher's block are many.
      const text = draw(block % 40 === 0 ? drawNumber(FRAME_BYTES_MAX - TAG_BYTES) : drawNumber(200))
      const expected = sealed(cipher, text)
      expect(Buffer.compare(sealGcm(cipher, text), expected)).toBe(0)
      const at = drawNumber(20)
      const room = new Uint8Array(at + expected.length + 5)
      room.set(text, at)
      expect(sealGcmInto(cipher, room.subarray(at, at + text.length), room, at)).toBe(expected.length)
      expect(Buffer.compare(room.subarray(at, at + expected.length), expected)).toBe(0)
      expect(
        [...room.subarray(0, at), ...room.subarray(at + expected.length)].every((byte) => byte === 0),
      ).toBe(true)
      expect(Buffer.compare(openGcm(cipher, expected)!, text)).toBe(0)
      const inPlace = room.subarray(at, at + expected.length)
      expect(Buffer.compare(openGcmInPlace(cipher, inPlace)!, text)).toBe(0)
    }
  })

  test('whatever is changed does not open, and what comes after it does', () => {
    begin()
    for (let round = 0; round < 200; round++) {
      const cipher = drawCipher()
      const text = draw(1 + drawNumber(300))
      const whole = sealed(cipher, text)
      const bad = whole.slice()
      bad[drawNumber(bad.length)]! ^= 1 << drawNumber(8)
      expect(openGcm(cipher, bad)).toBeUndefined()
      expect(openGcmInPlace(cipher, bad)).toBeUndefined()
      const { associated } = cipher
      const other = associated.slice()
      other[drawNumber(other.length)]! ^= 1
      expect(openGcm({ ...cipher, associated: other }, whole)).toBeUndefined()
      expect(openGcm(cipher, whole.subarray(0, whole.length - 1))).toBeUndefined()
      expect(Buffer.compare(openGcm(cipher, whole)!, text)).toBe(0)
    }
  })

  test('less than a tag does not open, and an empty text does', () => {
    begin()
    const cipher = drawCipher()
    for (let length = 0; length < TAG_BYTES; length++) expect(openGcm(cipher, draw(length))).toBeUndefined()
    expect(openGcm(cipher, sealed(cipher, new Uint8Array(0)))).toHaveLength(0)
    expect(sealGcm(cipher, new Uint8Array(0))).toEqual(sealed(cipher, new Uint8Array(0)))
  })

  test('associated data may be of any length', () => {
    begin()
    for (const length of [0, ASSOCIATED_BYTES_MAX, ASSOCIATED_BYTES_MAX + 1, 1_000]) {
      const cipher = { ...drawCipher(), associated: draw(length) }
      const text = draw(100)
      expect(Buffer.compare(sealGcm(cipher, text), sealed(cipher, text))).toBe(0)
      expect(Buffer.compare(openGcm(cipher, sealed(cipher, text))!, text)).toBe(0)
    }
  })

  test('nonces are the beginning of HMAC-SHA-256, and stay as they are', () => {
    begin()
    const nonces = Array.from({ length: 100 }, () => {
      const key = draw(KEY_BYTES)
      const bytes = draw(drawNumber(80))
      const expected = createHmac('sha256', key).update(bytes).digest().subarray(0, GCM_NONCE_BYTES)
      return { expected, nonce: nonceOf(key, bytes) }
    })
    for (const { expected, nonce } of nonces) expect(Buffer.compare(nonce, expected)).toBe(0)
  })
})

describe.runIf(evp !== undefined)('libcrypto itself', () => {
  test('writes nothing where there is no room for the tag', () => {
    const text = draw(100)
    const room = new Uint8Array(100 + TAG_BYTES - 1)
    expect(evp!.seal(drawCipher(), text, room, 0)).toBe(false)
    expect(room.every((byte) => byte === 0)).toBe(true)
    expect(evp!.open(drawCipher(), draw(50), new Uint8Array(50 - TAG_BYTES - 1))).toBe('refused')
  })

  test('keeps no error that node:crypto would take for its own', () => {
    const cipher = drawCipher()
    const bad = sealed(cipher, draw(64))
    bad[3]! ^= 1
    expect(evp!.open(cipher, bad, new Uint8Array(64))).toBe('damaged')
    expect(() => createHmac('sha256', draw(32)).update(draw(9)).digest()).not.toThrow()
    expect(() => sealed(drawCipher(), draw(10))).not.toThrow()
  })
})
