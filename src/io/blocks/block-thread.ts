// The thread that does what a block costs beside the socket. One that was received it opens, takes its digest and, where that is
// the right one, writes it; one that is to be served sealed it reads, takes its digest and seals it. Started by
// block-prover.ts, which gathers what is to be done; ends with it.
//
// Measured on Node 20, into a tmpfs: 1.9 GB/s with one block a message, 2.8 with four. A block costs the loop that asks 3
// to 9 µs, where hashing takes 16 µs and a write through libuv's pool up to 20. Buffers are handed over and back: shared
// memory would cost less here, and far more where segments are put together (V8 copies into it a word at a time).
//
// Sealing: 512 MiB between two peers that were just started, over a veth pair, best of three: 510 MB/s and 4.8 s of
// processor time for a GiB, 430 and 5.3 where the loop seals itself. Messages of four blocks instead of ten cost half a
// second more.

import { readSync, writeSync, writevSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { FRAME_BLOCK_AT } from '../../base/limits.js'
import { useNativeCrypto } from '../../seal/frames/frame-cipher.js'
import { loadHash } from '../hash.js'
import { openBlock, sealBlockOf } from './block-prover.js'
import {
  type PieceResult,
  type PieceToSeal,
  type PieceToWrite,
  type ProofRequest,
  packResults,
  unpackPieces,
} from './piece-messages.js'

void loadHash().then(() => {
  parentPort?.on('message', handle)
  parentPort?.postMessage(undefined) // ready
})

function handle(request: ProofRequest): void {
  const reply = packResults(request, prove(unpackPieces(request)))
  parentPort?.postMessage(reply, reply.buffers)
}

function prove(pieces: PieceToSeal[] | PieceToWrite[]): PieceResult[] {
  if (pieces.some(({ cipher }) => cipher !== undefined)) useNativeCrypto()
  return isToSeal(pieces) ? pieces.map(readAndSeal) : openAndWrite(pieces)
}

function isToSeal(pieces: PieceToSeal[] | PieceToWrite[]): pieces is PieceToSeal[] {
  return pieces[0]?.type === 'seal'
}

function readAndSeal(piece: PieceToSeal): PieceResult {
  const { fd, position, length, bytes } = piece
  try {
    let done = 0
    for (let count = -1; done < length && count !== 0; ) {
      count = readSync(fd, bytes, FRAME_BLOCK_AT + done, length - done, position + done)
      done += count
    }
    return sealBlockOf(piece, done)
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? 'EIO' }
  }
}

function openAndWrite(pieces: readonly PieceToWrite[]): PieceResult[] {
  const blocks = pieces.map(openBlock)
  const results: PieceResult[] = blocks.map((block) => (typeof block === 'string' ? block : 'written'))
  for (let first = 0; first < pieces.length; ) {
    const run = runFrom(pieces, blocks, first)
    if (run.length > 0) {
      const { fd, position } = pieces[first]!
      const failure = write(fd, position, run)
      if (failure !== undefined) results.fill(failure, first, first + run.length)
    }
    first += Math.max(1, run.length)
  }
  return results
}

/** Blocks that lie side by side in one file, the first of them at `first`; none where that is none. */
function runFrom(
  pieces: readonly PieceToWrite[],
  blocks: readonly (Uint8Array | string)[],
  first: number,
): Uint8Array[] {
  const run: Uint8Array[] = []
  const { fd, position } = pieces[first]!
  let end = position
  for (let index = first; index < pieces.length; index++) {
    const block = blocks[index]!
    const piece = pieces[index]!
    if (typeof block === 'string' || piece.fd !== fd || piece.position !== end) break
    run.push(block)
    end += block.length
  }
  return run
}

/** Answers what failed. */
function write(
  fd: number,
  position: number,
  bytes: readonly Uint8Array[],
): { readonly code: string } | undefined {
  try {
    let written = writevSync(fd, bytes, position)
    // The kernel may do less than it was asked for.
    let start = 0
    for (const block of bytes) {
      for (const end = start + block.length; written < end; )
        written += writeSync(fd, block, written - start, end - written, position + written)
      start += block.length
    }
    return undefined
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? 'EIO' }
  }
}
