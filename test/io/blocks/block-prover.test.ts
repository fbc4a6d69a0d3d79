import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES } from '../../../src/base/limits.js'
import { BlockIo } from '../../../src/io/blocks/block-io.js'
import { BlockProver, type ProofResult } from '../../../src/io/blocks/block-prover.js'
import type { ProvedPiece } from '../../../src/io/blocks/piece-messages.js'
import { hash } from '../../../src/io/hash.js'
import { THREAD_BYTES_MIN } from '../../../src/io/limits.js'
import { decipher, sealInPlace } from '../../../src/seal/frames/frame-cipher.js'

let folder: string
let fd: number
let here: ProvedPiece[]
let prover: BlockProver
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'left-prover-'))
  fd = openSync(join(folder, 'file'), 'w')
  here = []
  prover = new BlockProver(async (piece): Promise<ProofResult> => {
    here.push(piece)
    return { proof: 'written', buffer: piece.bytes.buffer }
  })
})
afterEach(async () => {
  await prover.close()
  closeSync(fd)
  rmSync(folder, { recursive: true })
})

const LENGTH = THREAD_BYTES_MIN

/** A block in the room of a frame, as it arrives. */
function pieceOf(index: number, isRight = true): ProvedPiece {
  const bytes = new Uint8Array(FRAME_BYTES_MAX).subarray(1, 1 + LENGTH).fill(index + 1)
  const digest = hash(bytes)
  if (!isRight) bytes[7]! ^= 1
  return { type: 'write', fd, position: index * LENGTH, bytes, digest, cipher: undefined }
}

test('what is right is written and what is wrong is not, in whatever order and company they come', async () => {
  expect(await prover.isThreaded()).toBe(true)
  const rounds = fc.array(fc.record({ index: fc.nat(9), isRight: fc.boolean() }), { maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(rounds, async (asked) => {
      const rightOnes = new Set<number>()
      const results = await Promise.all(
        asked.map(({ index, isRight }) => prover.add(pieceOf(index, isRight))),
      )
      expect(results.map(({ proof }) => proof)).toEqual(
        asked.map(({ isRight }) => (isRight ? 'written' : 'wrong')),
      )
      for (const { buffer } of results) expect(buffer.byteLength).toBe(FRAME_BYTES_MAX)
      for (const { index, isRight } of asked) if (isRight) rightOnes.add(index)
      const written = readFileSync(join(folder, 'file'))
      for (const index of rightOnes)
        expect(new Set(written.subarray(index * LENGTH, (index + 1) * LENGTH))).toEqual(new Set([index + 1]))
    }),
    { numRuns: 30 },
  )
  expect(here).toEqual([])
})

test('what the disk refuses is told with its code, and nothing else fails with it', async () => {
  await prover.isThreaded()
  const reading = openSync(join(folder, 'file'), 'r')
  const refused = expect(prover.add({ ...pieceOf(0), fd: reading })).rejects.toMatchObject({ code: 'EBADF' })
  expect(await prover.add(pieceOf(1))).toMatchObject({ proof: 'written' })
  await refused
  closeSync(reading)
})

test.each([
  [LENGTH - 1, 1],
  [LENGTH, 0],
])('%i bytes are proved here %i times', async (length, times) => {
  await prover.isThreaded()
  const bytes = new Uint8Array(length)
  await prover.add({ type: 'write', fd, position: 0, bytes, digest: hash(bytes), cipher: undefined })
  expect(here).toHaveLength(times)
})

test('until the thread is there, and after it has gone, blocks are proved here', async () => {
  await prover.add(pieceOf(0))
  expect(here).toHaveLength(1)
  expect(await prover.isThreaded()).toBe(true)
  await prover.close()
  expect(await prover.isThreaded()).toBe(false)
  await prover.add(pieceOf(0))
  expect(here).toHaveLength(2)
})

test('what was in a thread that ends is called wrong, and so asked for again', async () => {
  await prover.isThreaded()
  const asked = [0, 1, 2].map((index) => prover.add(pieceOf(index)))
  await Promise.resolve() // it is on its way
  await prover.close()
  const results = await Promise.all(asked)
  expect(new Set(results.map(({ proof }) => proof)).size).toBe(1)
})

const CIPHER = {
  key: new Uint8Array(32).fill(1),
  nonce: new Uint8Array(12).fill(2),
  associated: Uint8Array.of(1, 2, 3),
}

describe.each(['in the thread', 'without it'])('sealed blocks %s', (way) => {
  let io: BlockIo
  const block = new Uint8Array(LENGTH).map((_, index) => index % 251)
  const state = { path: 'file', mtimeMs: 1, sizeBytes: LENGTH }
  const roomy = (): Uint8Array => new Uint8Array(LENGTH + FRAME_OVERHEAD_BYTES)
  const seal = (digest: Uint8Array, length = LENGTH) =>
    io.readSealed(state, { position: 0, length, bytes: roomy(), digest, cipher: CIPHER })
  const write = (bytes: Uint8Array) =>
    io.writeProved({ path: 'copy', position: 0, bytes, digest: hash(block), cipher: CIPHER })

  beforeEach(async () => {
    io = new BlockIo(folder)
    writeFileSync(join(folder, 'file'), block)
    writeFileSync(join(folder, 'copy'), '')
    if (way === 'in the thread') expect(await io.areThreadsThere()).toBe(true)
  })
  afterEach(() => io.close())

  test('are read, sealed, opened and written', async () => {
    const sealed = await seal(hash(block))
    expect(sealed.proof).toBe('sealed')
    const frame = new Uint8Array(sealed.buffer)
    expect(frame[0]).toBe(0)
    expect(Buffer.from(decipher(CIPHER, frame.subarray(1))!)).toEqual(Buffer.from(block))
    const { proof, buffer } = await write(frame.subarray(1))
    expect(proof).toBe('written')
    expect(buffer.byteLength).toBe(LENGTH + FRAME_OVERHEAD_BYTES)
    expect(readFileSync(join(folder, 'copy'))).toEqual(Buffer.from(block))
  })

  test('are not sealed where they are not what they should be, nor where the file is shorter', async () => {
    expect((await seal(hash(block.subarray(1)))).proof).toBe('wrong')
    writeFileSync(join(folder, 'file'), block.subarray(0, LENGTH - 1))
    io.forget('file')
    expect((await seal(hash(block))).proof).toBe('wrong')
  })

  test('are not written where their seal is broken, or they are other blocks', async () => {
    const frame = new Uint8Array((await seal(hash(block))).buffer)
    frame[20]! ^= 1
    expect((await write(frame.subarray(1))).proof).toBe('damaged')
    const other = roomy().fill(7)
    sealInPlace(CIPHER, other, LENGTH)
    expect((await write(other.subarray(1))).proof).toBe('wrong')
    expect(readFileSync(join(folder, 'copy'))).toHaveLength(0)
  })
})
