// The small ports: clock, randomness, digests.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf, utf8 } from '../../src/base/bytes.js'
import { nowMs, systemWallClock } from '../../src/io/clock.js'
import { crc32, hash } from '../../src/io/hash.js'
import { RANDOM_BATCH_BYTES } from '../../src/io/limits.js'
import { SystemRandom } from '../../src/io/random.js'

describe('the clocks', () => {
  it('never step back, and know the date', () => {
    const before = nowMs()
    expect(nowMs()).toBeGreaterThanOrEqual(before)
    expect(systemWallClock.wallMs()).toBeGreaterThan(Date.UTC(2020, 0))
  })
})

describe('the randomness of the system', () => {
  it('is uniform in [0, 1)', () => {
    const random = new SystemRandom()
    const buckets = new Array<number>(10).fill(0)
    for (let draw = 0; draw < 20_000; draw++) {
      const value = random.next()
      expect(value >= 0 && value < 1).toBe(true)
      buckets[Math.floor(value * 10)]!++
    }
    for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(300)
  })

  it('gives as many bytes as asked, on memory of their own, never the same', () => {
    const random = new SystemRandom()
    const seen = new Set<string>()
    for (const count of [0, 1, 16, 32, RANDOM_BATCH_BYTES / 8, RANDOM_BATCH_BYTES / 8 + 1, 100_000]) {
      const bytes = random.bytes(count)
      expect(bytes.length).toBe(count)
      expect(bytes.buffer.byteLength).toBe(count)
    }
    for (let draw = 0; draw < 1_000; draw++) seen.add(hexOf(random.bytes(16)))
    expect(seen.size).toBe(1_000)
  })
})

describe('the digests', () => {
  it('are BLAKE3 as its authors publish it', () => {
    expect(hexOf(hash(new Uint8Array()))).toBe(
      'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
    )
    expect(hexOf(hash(utf8('abc')))).toBe('6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85')
    expect(hash(utf8('abc'))).toStrictEqual(bytesOfHex(hexOf(hash(utf8('abc')))))
  })

  it('take views as the bytes they show', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(8), (bytes, offset) => {
        const view = new Uint8Array(offset + bytes.length).subarray(offset)
        view.set(bytes)
        expect(hash(view)).toEqual(hash(bytes))
        expect(crc32(view)).toBe(crc32(bytes))
      }),
    )
  })

  it('are CRC-32 with its check value, unsigned', () => {
    expect(crc32(utf8('123456789'))).toBe(0xcbf43926)
    expect(crc32(new Uint8Array())).toBe(0)
  })
})
