import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesOfHex,
  concatBytes,
  equalBytes,
  equalSecrets,
  hexOf,
  textOf,
  utf8,
} from '../../src/base/bytes.js'

const bytes = fc.uint8Array({ maxLength: 80 })

describe('hexadecimal', () => {
  test('every text of bytes comes back as the same bytes', () => {
    fc.assert(
      fc.property(bytes, (original) => {
        expect(bytesOfHex(hexOf(original))).toEqual(original)
      }),
    )
  })

  test('what is no lowercase hexadecimal of whole bytes is refused', () => {
    for (const text of ['0', 'abc', 'AB', 'aB', '0x', 'g0', ' 00', '0é', '00\n']) {
      expect(bytesOfHex(text)).toBeUndefined()
    }
    expect(bytesOfHex('')).toEqual(new Uint8Array(0))
    expect(bytesOfHex('00ff0a')).toEqual(Uint8Array.of(0, 255, 10))
  })
})

describe('secrets', () => {
  test('are equal where all of their bytes are', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (secret, index, change) => {
        expect(equalSecrets(secret, secret.slice())).toBe(true)
        expect(equalSecrets(secret, concatBytes([secret, Uint8Array.of(0)]))).toBe(false)
        if (secret.length === 0) return
        const other = secret.slice()
        other[index % secret.length]! ^= change
        expect(equalSecrets(secret, other)).toBe(false)
      }),
    )
  })
})

describe('UTF-8', () => {
  test('every text comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(textOf(utf8(text))).toBe(text)
      }),
    )
  })

  test('bytes that are not UTF-8 are refused instead of replaced', () => {
    for (const broken of [
      [0x80],
      [0xc3],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0x61, 0xff],
    ]) {
      expect(textOf(Uint8Array.from(broken))).toBeUndefined()
    }
  })

  test('any bytes either are a text that has exactly these bytes, or none', () => {
    fc.assert(
      fc.property(bytes, (original) => {
        const text = textOf(original)
        if (text !== undefined) expect(utf8(text)).toEqual(original)
      }),
    )
  })

  test('a byte order mark stays part of the text', () => {
    expect(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })
})

describe('whole byte arrays', () => {
  test('are equal where every byte is, also as views into something larger', () => {
    fc.assert(
      fc.property(bytes, fc.nat(3), (original, shift) => {
        const larger = new Uint8Array(original.length + 8)
        larger.set(original, shift)
        const view = larger.subarray(shift, shift + original.length)
        expect(equalBytes(view, original)).toBe(true)
        expect(equalBytes(larger, original)).toBe(false)
        if (original.length === 0) return
        view[original.length - 1]! ^= 1
        expect(equalBytes(view, original)).toBe(false)
      }),
    )
  })

  test('are joined in order', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), (parts) => {
        expect([...concatBytes(parts)]).toEqual(parts.flatMap((part) => [...part]))
      }),
    )
  })
})
