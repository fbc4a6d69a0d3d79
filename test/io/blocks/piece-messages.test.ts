import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type PieceResult,
  type PieceToSeal,
  type PieceToWrite,
  packPieces,
  packResults,
  readResults,
  unpackPieces,
} from '../../../src/io/blocks/piece-messages.js'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const cipher = fc.record({
  key: bytes(32),
  nonce: bytes(12),
  associated: fc.uint8Array({ minLength: 1, maxLength: 64 }),
})
const common = {
  fd: fc.nat(100_000),
  position: fc.maxSafeNat(),
  bytes: fc.tuple(fc.nat(9), fc.nat(40)).map(([at, length]) => new Uint8Array(50).subarray(at, at + length)),
  digest: bytes(32),
}
const toWrite = fc.record({ ...common, cipher: fc.option(cipher, { nil: undefined }) })
const toSeal = fc.record({ ...common, length: fc.nat(65_300), cipher })

test('pieces come out as they were packed', () => {
  const pieces = fc.oneof(
    fc.array(
      toWrite.map((piece): PieceToWrite => ({ type: 'write', ...piece })),
      { minLength: 1 },
    ),
    fc.array(
      toSeal.map((piece): PieceToSeal => ({ type: 'seal', ...piece })),
      { minLength: 1 },
    ),
  )
  fc.assert(
    fc.property(pieces, (packed) => {
      const request = packPieces(7, packed)
      expect(request.id).toBe(7)
      const unpacked = unpackPieces(structuredClone(request))
      expect(unpacked).toHaveLength(packed.length)
      for (const [index, piece] of packed.entries()) {
        expect(unpacked[index]).toMatchObject(piece)
        expect(unpacked[index]!.bytes.byteOffset).toBe(piece.bytes.byteOffset)
      }
    }),
  )
})

test('results come out as they were packed', () => {
  const result = fc.constantFrom<PieceResult>(
    'written',
    'sealed',
    'damaged',
    'wrong',
    { code: 'EIO' },
    { code: 'ENOSPC' },
  )
  fc.assert(
    fc.property(fc.array(result), (results) => {
      const request = { id: 3, type: 'write', records: new Uint8Array(0), buffers: [] } as const
      expect(readResults(packResults({ ...request, buffers: [] }, results))).toEqual(results)
    }),
  )
})
