// Reads and writes blocks beside the engine's loop, in libuv's thread pool. The engine serves blocks of the
// share's files from here and puts received ones into temporary files under `.left/tmp`.
//
// Measured with 8 in flight, blocks of 65,300 bytes, cached files, four cores: reads 8.7 GB/s, writes 1.5
// GB/s into a growing file and 8.9 GB/s into one that has its pages; 39,000 files a second where each read
// opens another. That last figure is three trips through the pool instead of one, which is why descriptors
// are kept. A trip costs the loop 20 µs, twice that on a busy machine, to wake a thread: so what is asked for in one
// turn and lies side by side in one file makes one trip.

import { close, constants, fdatasync, fstatSync, open, read, readv, write, writev } from 'node:fs'
import { isAbsolute } from 'node:path'
import { assert } from '../base/assert.js'
import { FRAME_BLOCK_AT } from '../base/limits.js'
import { DiskError, NO_PRIVATE_PLACES } from '../base/ports.js'
import type { FrameCipher } from '../rdt/protection.js'
import {
  BlockProver,
  openBlock,
  type PieceToSeal,
  type Proved,
  type ProvedPiece,
  sealBlockOf,
} from './block-prover.js'
import { openedCheck } from './confinement.js'
import { diskError } from './disk-errors.js'
import { refuseForeignName } from './foreign-names.js'
import { OPEN_FILES_MAX, RUN_BLOCKS_MAX } from './limits.js'
import { PrivateFiles } from './private-files.js'

/** A file as the index knows it. A descriptor is only used again for the same state of the same path: a file
 *  that was replaced has another time or size, and is opened anew. (Where it has not, its blocks do not match
 *  their digests, and the caller says `forget`.) */
export interface ReadableFile {
  /** Relative to the root. */
  readonly path: string
  readonly mtimeMs: number
  readonly sizeBytes: number
}

/** A received block: `bytes` to be written at `position`, once they are proved. */
export interface BlockToProve {
  readonly path: string
  readonly position: number
  readonly bytes: Uint8Array
  readonly digest: Uint8Array
  readonly cipher: FrameCipher | undefined
}

/** Whether this descriptor is of the file at this path of the share, and was reached through no link. */
type OpenedCheck = (path: string, fd: number) => boolean

export interface BlockIoOptions {
  /** Of each cache, for reading and for writing. */
  readonly openFilesMax?: number
  /** Whether blocks are read through links (the default); never are they written so. */
  readonly followLinks?: boolean
  /** What is neither read nor written, whatever path leads to it: none unless given. */
  readonly privateFiles?: PrivateFiles
}

const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK
const WRITE_FLAGS = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** All failures are DiskErrors. Any number of calls may be in flight; the pool runs four at a time. */
export class BlockIo {
  private readonly readers: DescriptorCache
  private readonly writers: DescriptorCache
  private readonly reads = new Runs(readRun)
  private readonly writes = new Runs(writeRun)
  /** One thread each, for what comes and for what goes. */
  private readonly prover = new BlockProver((piece) => this.proveHere(piece))
  private readonly sealer = new BlockProver((piece) => this.proveHere(piece))

  /** `root` is the absolute path of the share folder, which is there. */
  constructor(root: string, options: BlockIoOptions = {}) {
    assert(isAbsolute(root), 'a share has an absolute path')
    const { openFilesMax: countMax = OPEN_FILES_MAX, followLinks = true } = options
    const { privateFiles = new PrivateFiles(NO_PRIVATE_PLACES) } = options
    const isInPlace = openedCheck(root)
    const readFlags = followLinks ? READ_FLAGS : READ_FLAGS | constants.O_NOFOLLOW
    const common = { root, countMax, privateFiles }
    this.readers = new DescriptorCache({
      ...common,
      flags: readFlags,
      isInPlace: followLinks ? undefined : isInPlace,
    })
    this.writers = new DescriptorCache({ ...common, flags: WRITE_FLAGS, isInPlace })
  }

  /** Reads from `position` on into `into`; answers the part of it that was filled: less where the file ends before. */
  readBlock(file: ReadableFile, position: number, into: Uint8Array): Promise<Uint8Array> {
    const { path, mtimeMs, sizeBytes } = file
    return this.readers.use(path, `${mtimeMs} ${sizeBytes}`, 'read', (descriptor) =>
      this.reads.add(descriptor, position, into),
    )
  }

  /** Puts the block at its position of an existing file, never through a link, if it has the digest: the bytes, or what
   *  the cipher opens them to. Nothing else of their buffer may be used until this is answered. */
  async writeProved(block: BlockToProve): Promise<Proved> {
    const { path, position, bytes, digest, cipher } = block
    return this.writers.use(path, '', 'write', (fd) =>
      this.prover.add({ type: 'write', fd, position, bytes, digest, cipher }),
    )
  }

  /** Reads a block into the room of its frame and seals it, if it has the digest. The same holds for that buffer. */
  async readSealed(
    { path, mtimeMs, sizeBytes }: ReadableFile,
    piece: Omit<PieceToSeal, 'type' | 'fd'>,
  ): Promise<Proved> {
    return this.readers.use(path, `${mtimeMs} ${sizeBytes}`, 'read', (fd) =>
      this.sealer.add({ type: 'seal', fd, ...piece }),
    )
  }

  /** Blocks are about to come: the first one should not wait while the thread for them is started. */
  expectWrites(): void {
    this.prover.start()
  }

  /** Whether both threads are there, once that is known: until then, and without them, all is done here. */
  async areThreadsThere(): Promise<boolean> {
    const both = await Promise.all([this.prover.isThreaded(), this.sealer.isThreaded()])
    return both.every((isThere) => isThere)
  }

  private async proveHere(piece: ProvedPiece): Promise<Proved> {
    const { buffer } = piece.bytes
    if (piece.type === 'seal') {
      const into = piece.bytes.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + piece.length)
      const read = await this.reads.add(piece.fd, piece.position, into)
      return { proof: sealBlockOf(piece, read.length), buffer }
    }
    const block = openBlock(piece)
    if (typeof block === 'string') return { proof: block, buffer }
    await this.writes.add(piece.fd, piece.position, block)
    return { proof: 'written', buffer }
  }

  /** Drops the kept descriptor of a file that changed, went or did not match its digest. */
  forget(path: string): void {
    this.readers.forget(path)
  }

  /** Waits for the writes of this file that were asked for before, and where asked for stable storage, which
   *  reports what the file system could not write. Then nothing of ours holds the file. Where it is not synced, it is
   *  given up: what is written from this call on goes into the file that has the path by then. */
  async closeWriter(path: string, options: { sync: boolean } = { sync: false }): Promise<void> {
    if (options.sync) {
      await this.writers.settled(path)
      await this.writers.use(path, '', 'sync', syncContent)
    }
    this.writers.forget(path)
    await this.writers.settled(path)
  }

  /** Waits for what is in flight and closes every file. */
  async close(): Promise<void> {
    await Promise.all([this.readers.close(), this.writers.close()])
    await Promise.all([this.prover.close(), this.sealer.close()])
  }
}

/** One open file: who uses it now, and who waits until nobody does. */
interface Descriptor {
  readonly state: string
  readonly opened: Promise<number>
  users: number
  waiters: (() => void)[]
}

interface DescriptorCacheOptions {
  readonly root: string
  readonly flags: number
  readonly countMax: number
  readonly isInPlace: OpenedCheck | undefined
  readonly privateFiles: PrivateFiles
}

/** Open files by path, the least recently used first. A file is never closed under its users, so more than
 *  `countMax` stay open while more than that many are in use. */
class DescriptorCache {
  private readonly options: DescriptorCacheOptions
  private readonly descriptors = new Map<string, Descriptor>()
  /** Given up, yet in use or closing. */
  private readonly leaving = new Set<Promise<void>>()

  constructor(options: DescriptorCacheOptions) {
    this.options = options
  }

  async use<T>(path: string, state: string, operation: string, act: (fd: number) => Promise<T>): Promise<T> {
    const descriptor = this.take(path, state)
    try {
      return await act(await descriptor.opened)
    } catch (error) {
      // Whatever went wrong, the next attempt starts from the path.
      if (this.descriptors.get(path) === descriptor) this.forget(path)
      throw diskError(error, operation, path)
    } finally {
      this.release(descriptor)
    }
  }

  forget(path: string): void {
    const descriptor = this.descriptors.get(path)
    if (descriptor === undefined) return
    this.descriptors.delete(path)
    const left = untilUnused(descriptor)
      .then(() => descriptor.opened)
      .then(closeFile)
      .catch(() => {}) // it never opened: its users were told
      .then(() => {
        this.leaving.delete(left)
      })
    this.leaving.add(left)
  }

  /** Resolves when the uses of this path that were in flight have ended and what was given up is closed. */
  async settled(path: string): Promise<void> {
    const descriptor = this.descriptors.get(path)
    if (descriptor !== undefined) await untilUnused(descriptor)
    await Promise.all(this.leaving)
  }

  async close(): Promise<void> {
    for (const path of [...this.descriptors.keys()]) this.forget(path)
    await Promise.all(this.leaving)
  }

  private take(path: string, state: string): Descriptor {
    let descriptor = this.descriptors.get(path)
    if (descriptor?.state !== state) {
      this.forget(path)
      descriptor = { state, opened: this.open(path), users: 0, waiters: [] }
    }
    this.descriptors.delete(path)
    this.descriptors.set(path, descriptor) // at the young end
    descriptor.users++
    this.makeRoom()
    return descriptor
  }

  /** Opening makes nothing and changes nothing, so it is what was opened that is checked, before its first use. */
  private async open(path: string): Promise<number> {
    refuseForeignName(path)
    const { root, flags, isInPlace, privateFiles } = this.options
    const fd = await openFile(`${root}/${path}`, flags)
    const refusal =
      isInPlace?.(path, fd) === false
        ? new DiskError('link', `${path} is behind a symbolic link`)
        : !privateFiles.isEmpty && privateFiles.hasNow(fstatSync(fd))
          ? new DiskError('private', `${path} is one of this user's secrets`)
          : undefined
    if (refusal === undefined) return fd
    await closeFile(fd)
    throw refusal
  }

  private release(descriptor: Descriptor): void {
    descriptor.users--
    if (descriptor.users > 0) return
    for (const resume of descriptor.waiters.splice(0)) resume()
    this.makeRoom()
  }

  private makeRoom(): void {
    const { countMax } = this.options
    if (this.descriptors.size <= countMax) return
    for (const [path, descriptor] of this.descriptors) {
      if (descriptor.users > 0) continue
      this.forget(path)
      if (this.descriptors.size <= countMax) return
    }
  }
}

function untilUnused(descriptor: Descriptor): Promise<void> {
  if (descriptor.users === 0) return Promise.resolve()
  return new Promise((resolve) => descriptor.waiters.push(resolve))
}

// The callback forms of node:fs, because its promises cost a FileHandle and twice the time per block.

function openFile(place: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(place, flags, (error, fd) => (error === null ? resolve(fd) : reject(error)))
  })
}

function closeFile(fd: number): Promise<void> {
  return new Promise((resolve) => close(fd, () => resolve()))
}

function syncContent(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}

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
class Runs {
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

function readRun(run: Run): void {
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

function writeRun(run: Run): void {
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
