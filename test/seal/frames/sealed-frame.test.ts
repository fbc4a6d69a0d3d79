import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES, FRAME_BYTES_MAX } from '../../../src/base/limits.js'
import type { BlockName } from '../../../src/rdt/protection.js'
import { nativeCodec, webAssemblyCodec } from '../../../src/seal/frames/codec.js'
import { Compressor } from '../../../src/seal/frames/compression.js'
import { CODEC_PLAIN } from '../../../src/seal/frames/frame.js'
import { CODEC_LZ4, SealedFrames } from '../../../src/seal/frames/sealed-frame.js'
import { sessionKeys } from '../../../src/seal/keys.js'
import { COMPRESSION_RETRY_BLOCKS, COMPRESSION_TRIES, FRAMES_PER_KEY_MAX } from '../../../src/seal/limits.js'

const wasm = webAssemblyCodec()
const codecs = [wasm, nativeCodec()].filter((codec) => codec !== undefined)

function frames(codec = wasm, compresses = true): { ours: SealedFrames; theirs: SealedFrames } {
  const { asker, answerer } = sessionKeys(new Uint8Array(randomBytes(32)), new Uint8Array(32))
  const make = (ours: typeof asker, theirs: typeof asker) =>
    new SealedFrames({ ours, theirs }, codec, compresses ? new Compressor(codec) : undefined)
  return { ours: make(asker, answerer), theirs: make(answerer, asker) }
}

const name: BlockName = { kind: 'file', digest: 'ab'.repeat(32), blockIndex: 3 }
const noise = new Uint8Array(randomBytes(BLOCK_BYTES))
const text = new TextEncoder()
  .encode('to be or not to be, that is the question. '.repeat(1_555))
  .slice(0, BLOCK_BYTES)

const names = fc.record({
  kind: fc.constantFrom('tree' as const, 'list' as const, 'file' as const, 'pack' as const),
  digest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  blockIndex: fc.nat(2 ** 20 - 1),
})

describe('a sealed frame', () => {
  test.each([0, 1, 255, 256, BLOCK_BYTES - 1, BLOCK_BYTES])('of %i bytes comes back as it was', (length) => {
    for (const content of [noise, text]) {
      const { ours, theirs } = frames()
      const block = content.slice(0, length)
      const frame = ours.seal(name, block)
      expect(frame.length).toBeLessThanOrEqual(FRAME_BYTES_MAX)
      const opened = theirs.open(name, frame)
      expect(opened.ok && Buffer.from(opened.value.block).equals(block)).toBe(true)
      if (opened.ok) expect(opened.value.savedBytes).toBe(length + 17 - frame.length)
    }
  })

  test('is the same each time, so that a repair may mix two servings', () => {
    const { ours } = frames()
    for (const block of [noise, text]) expect(ours.seal(name, block)).toEqual(ours.seal(name, block))
  })

  test('does not open with any one bit turned, nor cut short, nor with more behind it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(), (block, draw) => {
        const { ours, theirs } = frames()
        const frame = ours.seal(name, block)
        const turned = frame.slice()
        turned[(draw >> 3) % frame.length]! ^= 1 << (draw & 7)
        expect(theirs.open(name, turned).ok).toBe(false)
        expect(theirs.open(name, frame.slice(0, draw % frame.length)).ok).toBe(false)
        expect(theirs.open(name, Uint8Array.from([...frame, 0])).ok).toBe(false)
      }),
    )
  })

  test('does not open as another block, in another session, or on the side that sealed it', () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        const { ours, theirs } = frames()
        const frame = ours.seal(one, text)
        expect(theirs.open(one, frame).ok).toBe(true)
        expect(theirs.open(other, frame).ok).toBe(false)
        expect(ours.open(one, frame).ok).toBe(false)
        expect(frames().theirs.open(one, frame).ok).toBe(false)
      }),
    )
  })

  test('never covers two texts with one nonce: equal keystreams only where the block is the same', () => {
    const { ours } = frames(wasm, false)
    // Sealing zeros shows the keystream itself.
    const zeros = new Uint8Array(64)
    const seen = new Map<string, string>()
    fc.assert(
      fc.property(names, (named) => {
        const stream = Buffer.from(ours.seal(named, zeros).subarray(1, 65)).toString('hex')
        const key = JSON.stringify(named)
        expect(seen.get(stream) ?? key).toBe(key)
        seen.set(stream, key)
      }),
      { numRuns: 2_000 },
    )
    // And the codec is part of the name: what was compressed and what was not have different nonces.
    const plain = ours.seal(name, text)
    const compressing = frames(wasm)
    expect(compressing.ours.seal(name, text)[0]).toBe(CODEC_LZ4)
    expect(plain[0]).toBe(CODEC_PLAIN)
  })

  test('of random bytes, or longer than any, does not open and does not throw', () => {
    const { theirs } = frames()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(3), (bytes, codec) => {
        if (bytes.length > 0) bytes[0] = codec
        expect(theirs.open(name, bytes).ok).toBe(false)
      }),
    )
    expect(theirs.open(name, new Uint8Array(FRAME_BYTES_MAX + 1))).toEqual({ ok: false, reason: 'too-long' })
  })

  test('wears the keys out at its limit, not before', () => {
    const { ours } = frames()
    const empty = new Uint8Array(0)
    Object.assign(ours, { sealedCount: FRAMES_PER_KEY_MAX - 1 })
    expect(ours.isWorn).toBe(false)
    ours.seal(name, empty)
    expect(ours.isWorn).toBe(true)
  })
})

describe.each(codecs)('LZ4 by $name', (codec) => {
  test('gives back what it was given, also what the other library compressed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ab', 'left', 'x'.repeat(50)), { maxLength: 400 }), (words) => {
        const block = new TextEncoder().encode(words.join('')).slice(0, BLOCK_BYTES)
        const compressed = codec.compress(block, BLOCK_BYTES)?.slice()
        if (compressed === undefined || block.length === 0) return
        for (const other of codecs)
          expect(Buffer.from(other.decompress(compressed)!).equals(Buffer.from(block))).toBe(true)
      }),
    )
  })

  test('never makes more than a block, whatever the bytes claim', () => {
    // A literal and a match that repeats it for ever: 255s say "and 255 more".
    const bomb = Uint8Array.from([
      0x1f,
      0x41,
      1,
      0,
      ...new Uint8Array(60_000).fill(255),
      0,
      0x50,
      1,
      2,
      3,
      4,
      5,
    ])
    expect(codec.decompress(bomb)).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codec.decompress(bytes)?.length ?? 0).toBeLessThanOrEqual(BLOCK_BYTES)
      }),
      { numRuns: 500 },
    )
  })

  test('gives up on what does not shrink enough', () => {
    expect(codec.compress(noise, BLOCK_BYTES - 1_500)).toBeUndefined()
  })
})

describe('a frame of a pack', () => {
  const pack: BlockName = { kind: 'pack', digest: 'cd'.repeat(32), blockIndex: 0 }
  const secret = noise.slice(0, 4_000)
  const beside = (other: Uint8Array) => Uint8Array.from([...secret, ...other, ...text.slice(0, 20_000)])
  const lengths = [4_000, 4_000, 20_000]

  test('is as long whether or not one file of it is in another', () => {
    const { ours } = frames()
    const lengthWith = (other: Uint8Array) => ours.seal(pack, beside(other), undefined, lengths).length
    expect(lengthWith(secret)).toBe(lengthWith(noise.slice(30_000, 34_000)))
  })

  test('is compressed file by file, opens as any other, and is the same each time', () => {
    const { ours, theirs } = frames()
    const block = beside(noise.slice(30_000, 34_000))
    const frame = ours.seal(pack, block, undefined, lengths)
    expect(frame[0]).toBe(CODEC_LZ4)
    expect(frame.length).toBeLessThan(9_000)
    expect(ours.seal(pack, block, undefined, lengths)).toEqual(frame)
    const opened = theirs.open(pack, frame)
    expect(opened.ok && Buffer.from(opened.value.block).equals(Buffer.from(block))).toBe(true)
  })

  test('of which the lengths of the files are not known is not compressed', () => {
    expect(frames().ours.seal(pack, text)[0]).toBe(CODEC_PLAIN)
  })
})

describe('what is compressed', () => {
  const block = (blockIndex: number) => ({ ...name, blockIndex })

  test('of an item that does not shrink, only every so many-th block is tried again', () => {
    let tries = 0
    const counting = {
      ...wasm,
      compress: (bytes: Uint8Array, most: number) => {
        tries++
        return wasm.compress(bytes, most)
      },
    }
    const compressor = new Compressor(counting)
    for (let index = 1; index <= COMPRESSION_RETRY_BLOCKS; index++) compressor.compress(block(index), noise)
    expect(tries).toBe(COMPRESSION_TRIES + 1)
  })

  test('of an item that shrinks is every block, also after one that does not', () => {
    const compressor = new Compressor(wasm)
    expect(compressor.compress(block(0), text)).toBeDefined()
    for (let index = 1; index < 20; index++) expect(compressor.compress(block(index), noise)).toBeUndefined()
    expect(compressor.compress(block(21), text)).toBeDefined()
  })
})
