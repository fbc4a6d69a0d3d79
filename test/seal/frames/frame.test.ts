import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES, FRAME_BYTES_MAX } from '../../../src/base/limits.js'
import { crc32 } from '../../../src/io/hash.js'
import type { BlockName } from '../../../src/rdt/protection.js'
import { openFrame, sealBlock } from '../../../src/seal/frames/frame.js'

const OVERHEAD_BYTES = 5

const name: BlockName = { kind: 'list', digest: 'ab'.repeat(32), blockIndex: 7 }
const otherNames: readonly BlockName[] = [
  { ...name, kind: 'tree' },
  { ...name, digest: `${'ab'.repeat(31)}ac` },
  { ...name, blockIndex: 6 },
  { ...name, blockIndex: 70 },
]
const block = fc.uint8Array({ maxLength: 300 })

/** A frame with a check that fits, whatever its codec byte and its length. */
function forged(codec: number, blockLength: number): Uint8Array {
  const sealed = sealBlock(name, new Uint8Array(blockLength), crc32)
  sealed[0] = codec
  const named = crc32(new TextEncoder().encode(`${name.kind} ${name.digest} ${name.blockIndex}`))
  const end = sealed.length - 4
  new DataView(sealed.buffer).setUint32(end, crc32(sealed.subarray(0, end), named))
  return sealed
}

describe('a frame', () => {
  test('opens to the block that was sealed', () => {
    fc.assert(
      fc.property(block, (bytes) => {
        const frame = sealBlock(name, bytes, crc32)
        expect(openFrame(name, frame, crc32)).toEqual({ ok: true, value: bytes })
        expect(sealBlock(name, bytes, crc32)).toEqual(frame)
      }),
    )
  })

  test('opens where it lies in the middle of a larger buffer', () => {
    const frame = sealBlock(name, Uint8Array.of(1, 2, 3), crc32)
    const buffer = new Uint8Array(frame.length + 20).fill(9)
    buffer.set(frame, 11)
    const opened = openFrame(name, buffer.subarray(11, 11 + frame.length), crc32)
    expect(opened).toEqual({ ok: true, value: Uint8Array.of(1, 2, 3) })
  })

  test('does not open with any single bit flipped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const frame = sealBlock(name, bytes, crc32)
        for (let bit = 0; bit < frame.length * 8; bit++) {
          frame[bit >> 3]! ^= 1 << (bit & 7)
          expect(openFrame(name, frame, crc32).ok).toBe(false)
          frame[bit >> 3]! ^= 1 << (bit & 7)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('does not open when its end is missing', () => {
    fc.assert(
      fc.property(block, (bytes) => {
        const frame = sealBlock(name, bytes, crc32)
        for (let length = 0; length < frame.length; length++) {
          expect(openFrame(name, frame.subarray(0, length), crc32).ok).toBe(false)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('does not open under the name of another block', () => {
    fc.assert(
      fc.property(block, (bytes) => {
        const frame = sealBlock(name, bytes, crc32)
        for (const other of otherNames) {
          expect(openFrame(other, frame, crc32)).toEqual({ ok: false, reason: 'damaged' })
        }
      }),
      { numRuns: 20 },
    )
  })

  test.each([0, 1, BLOCK_BYTES - 1, BLOCK_BYTES])('carries a block of %i bytes', (length) => {
    const bytes = new Uint8Array(length).fill(0xa5)
    const frame = sealBlock(name, bytes, crc32)
    expect(frame.length).toBe(length + OVERHEAD_BYTES)
    expect(frame.length).toBeLessThanOrEqual(FRAME_BYTES_MAX)
    expect(openFrame(name, frame, crc32)).toEqual({ ok: true, value: bytes })
  })

  test('that holds more than a block is refused, even with a check that fits', () => {
    expect(openFrame(name, forged(0, BLOCK_BYTES), crc32).ok).toBe(true)
    expect(openFrame(name, forged(0, BLOCK_BYTES + 1), crc32)).toEqual({ ok: false, reason: 'too-long' })
  })

  test('shorter than its codec and its check is refused', () => {
    expect(openFrame(name, forged(0, 0), crc32)).toEqual({ ok: true, value: new Uint8Array(0) })
    expect(openFrame(name, forged(0, 0).subarray(1), crc32)).toEqual({ ok: false, reason: 'truncated' })
    expect(openFrame(name, new Uint8Array(0), crc32)).toEqual({ ok: false, reason: 'truncated' })
  })

  test('of a codec that we do not know is refused by name', () => {
    expect(openFrame(name, forged(1, 12), crc32)).toEqual({ ok: false, reason: 'unknown-codec' })
    expect(openFrame(name, forged(255, 12), crc32)).toEqual({ ok: false, reason: 'unknown-codec' })
  })

  test('of a file is what was read with a codec before it: its digest is its check', () => {
    const file: BlockName = { ...name, kind: 'file' }
    fc.assert(
      fc.property(block, (bytes) => {
        const frame = sealBlock(file, bytes, crc32)
        expect(frame).toEqual(Uint8Array.of(0, ...bytes))
        expect(openFrame(file, frame, crc32)).toEqual({ ok: true, value: bytes })
      }),
    )
    const open = (frame: Uint8Array) => openFrame(file, frame, crc32)
    expect(open(new Uint8Array(0))).toEqual({ ok: false, reason: 'truncated' })
    expect(open(Uint8Array.of(1, 2))).toEqual({ ok: false, reason: 'unknown-codec' })
    expect(open(new Uint8Array(1 + BLOCK_BYTES)).ok).toBe(true)
    expect(open(new Uint8Array(2 + BLOCK_BYTES))).toEqual({ ok: false, reason: 'too-long' })
  })

  test.each(['file', 'list'] as const)('of a %s is made in the room where its block is', (kind) => {
    const room = new Uint8Array(40).fill(9)
    const frame = sealBlock({ ...name, kind }, room.subarray(1, 11).fill(7), crc32, room)
    expect(frame.buffer).toBe(room.buffer)
    expect(frame).toEqual(sealBlock({ ...name, kind }, new Uint8Array(10).fill(7), crc32))
    expect(sealBlock({ ...name, kind }, new Uint8Array(10).fill(7), crc32, new Uint8Array(40))).toEqual(frame)
  })

  test('of random bytes does not open and does not throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(openFrame(name, bytes, crc32).ok).toBe(false)
      }),
    )
  })
})
