// Reads and writes of the pool: what is asked for in one turn and lies side by side in one file makes one trip. Used by
// block-io.ts.

import { read, readv, write, writev } from 'node:fs'
import { RUN_BLOCKS_MAX } from '../limits.js'

/** A piece of a file on its way; `resolve` gets what of it there was. */
interface Piece {
  readonly bytes: Uint8Array
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** Pieces of one file, one after the other. */
interface Run {
  readonly fd: number
  readonly position: number
  readonly pieces: Piece[]
  end: number
}

/** Gathers what is asked for in one turn, joins what is adjacent, and carries each run out in one go. */
export class Runs {
  private runs: Run[] = []

  constructor(private readonly carryOut: (run: Run) => void) {}

  add(fd: number, position: number, bytes: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.runs.length === 0) queueMicrotask(this.flush)
      const piece = { bytes, resolve, reject }
      const end = position + bytes.length
      const run = this.runs.at(-1)
      if (run?.fd === fd && run.end === position && run.pieces.length < RUN_BLOCKS_MAX) {
        run.pieces.push(piece)
        run.end = end
      } else {
        this.runs.push({ fd, position, pieces: [piece], end })
      }
    })
  }

  private readonly flush = (): void => {
    const { runs } = this
    this.runs = []
    for (const run of runs) this.carryOut(run)
  }
}

export function readRun(run: Run): void {
  if (run.pieces.length === 1) {
    readPiece(run.fd, run.position, run.pieces[0]!)
    return
  }
  readv(
    run.fd,
    run.pieces.map(({ bytes }) => bytes),
    run.position,
    (error, count) => {
      if (error !== null) failAll(run, error)
      else forEachPiece(run, count, readPiece)
    },
  )
}

export function writeRun(run: Run): void {
  if (run.pieces.length === 1) {
    writePiece(run.fd, run.position, run.pieces[0]!)
    return
  }
  writev(
    run.fd,
    run.pieces.map(({ bytes }) => bytes),
    run.position,
    (error, count) => {
      if (error !== null) failAll(run, error)
      else forEachPiece(run, count, writePiece)
    },
  )
}

function failAll({ pieces }: Run, error: Error): void {
  for (const { reject } of pieces) reject(error)
}

/** Those within the first `count` bytes are done. The kernel may do less than it was asked for: the others go on
 *  alone. */
function forEachPiece(
  { fd, position, pieces }: Run,
  count: number,
  goOn: (fd: number, position: number, piece: Piece, done: number) => void,
): void {
  let at = 0
  for (const piece of pieces) {
    const { length } = piece.bytes
    if (count >= at + length) piece.resolve(piece.bytes)
    else goOn(fd, position + at, piece, Math.max(0, count - at))
    at += length
  }
}

function readPiece(fd: number, position: number, { bytes, resolve, reject }: Piece, alreadyDone = 0): void {
  const { length } = bytes
  const readFrom = (done: number) => {
    read(fd, bytes, done, length - done, position + done, (error, count) => {
      if (error !== null) reject(error)
      else if (count === 0) resolve(bytes.subarray(0, done))
      else if (done + count === length) resolve(bytes)
      else readFrom(done + count)
    })
  }
  readFrom(alreadyDone)
}

function writePiece(fd: number, position: number, { bytes, resolve, reject }: Piece, alreadyDone = 0): void {
  const { length } = bytes
  const writeFrom = (done: number) => {
    write(fd, bytes, done, length - done, position + done, (error, count) => {
      if (error !== null) reject(error)
      else if (done + count === length) resolve(bytes)
      else writeFrom(done + count)
    })
  }
  writeFrom(alreadyDone)
}
