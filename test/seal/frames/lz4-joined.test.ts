import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { nativeCodec, webAssemblyCodec } from '../../../src/seal/frames/codec.js'
import { decodeBlock } from '../../../src/seal/frames/lz4-block.js'
import { compressParts } from '../../../src/seal/frames/lz4-joined.js'
import { COMPRESSION_PART_BYTES_MIN } from '../../../src/seal/limits.js'

const codecs = [webAssemblyCodec(), nativeCodec()].filter((codec) => codec !== undefined)

/** Bytes that do not shrink, the same for the same name. */
function noise(name: string, bytes: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let count = 0; count * 32 < bytes; count++)
    parts.push(new Uint8Array(createHash('sha256').update(`${name} ${count}`).digest()))
  return concatBytes(parts).slice(0, bytes)
}

const arbitraryPart = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .array(fc.constantFrom('ab', 'left', 'x'.repeat(50), 'y'.repeat(300)), { maxLength: 60 })
    .map((words) => utf8(words.join(''))),
  fc.nat(2_000).map((bytes) => noise('part', bytes)),
)

describe.each(codecs)('files that are compressed one by one, by $name', (codec) => {
  test('come out of any decoder as they were', () => {
    fc.assert(
      fc.property(fc.array(arbitraryPart, { minLength: 1, maxLength: 16 }), (parts) => {
        const block = concatBytes(parts).slice(0, BLOCK_BYTES)
        const joined = compressParts(
          codec,
          block,
          parts.map(({ length }) => length),
          BLOCK_BYTES,
        )?.slice()
        if (joined === undefined) {
          // Parts that do not shrink may come out longer than a block.
          expect(block.length).toBeGreaterThan(BLOCK_BYTES / 2)
          return
        }
        for (const other of codecs)
          expect(Buffer.from(other.decompress(joined)!).equals(Buffer.from(block))).toBe(true)
        const out = new Uint8Array(BLOCK_BYTES)
        expect(Buffer.from(out.subarray(0, decodeBlock(joined, out))).equals(Buffer.from(block))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test.each([14, 15, 16, 269, 270, 271, 524, 525, 526])(
    'keep %i literals between two of them',
    (literals) => {
      const parts = [utf8('a'.repeat(500)), noise('between', literals), utf8('b'.repeat(500))]
      const block = concatBytes(parts)
      const lengths = parts.map(({ length }) => length)
      const joined = compressParts(codec, block, lengths, BLOCK_BYTES)!.slice()
      expect(joined.length).toBeLessThan(literals + 60)
      expect(Buffer.from(codec.decompress(joined)!).equals(Buffer.from(block))).toBe(true)
    },
  )

  test('do not shrink more where one of them is in another', () => {
    const secret = noise('secret', 2_000)
    const sizeBeside = (other: Uint8Array) =>
      compressParts(codec, concatBytes([secret, other]), [secret.length, other.length], BLOCK_BYTES)!.length
    expect(sizeBeside(secret)).toBe(sizeBeside(noise('guess', 2_000)))
    expect(sizeBeside(concatBytes([secret.subarray(0, 1_000), noise('guess', 1_000)]))).toBe(
      sizeBeside(secret),
    )
  })

  test('are given up where they take more than they may', () => {
    const parts = [noise('one', 1_000), utf8('a'.repeat(1_000))]
    const lengths = parts.map(({ length }) => length)
    const { length } = compressParts(codec, concatBytes(parts), lengths, BLOCK_BYTES)!
    expect(compressParts(codec, concatBytes(parts), lengths, length)).toBeDefined()
    expect(compressParts(codec, concatBytes(parts), lengths, length - 1)).toBeUndefined()
  })

  test('are tried from a length on', () => {
    const lengthOf = (bytes: number) =>
      compressParts(codec, new Uint8Array(bytes), [bytes], BLOCK_BYTES)!.length
    expect(lengthOf(COMPRESSION_PART_BYTES_MIN)).toBeLessThan(20)
    expect(lengthOf(COMPRESSION_PART_BYTES_MIN - 1)).toBeGreaterThanOrEqual(COMPRESSION_PART_BYTES_MIN - 1)
  })

  test('whose lengths are not those of the block are not compressed', () => {
    const block = utf8('a'.repeat(1_000))
    expect(compressParts(codec, block, [999], BLOCK_BYTES)).toBeUndefined()
  })
})
