// Reads and writes blocks beside the engine's loop, in libuv's thread pool. The engine serves blocks of the
// share's files from here and puts received ones into temporary files under `.left/tmp`.
//
// Measured with 8 in flight, blocks of 65,300 bytes, cached files, four cores: reads 8.7 GB/s, writes 1.5
// GB/s into a growing file and 8.9 GB/s into one that has its pages; 39,000 files a second where each read
// opens another. That last figure is three trips through the pool instead of one, which is why descriptors
// are kept. A trip costs the loop 20 µs, twice that on a busy machine, to wake a thread: so what is asked for in one
// turn and lies side by side in one file makes one trip.

import { constants } from 'node:fs'
import { isAbsolute } from 'node:path'
import { assert } from '../../base/assert.js'
import { FRAME_BLOCK_AT } from '../../base/limits.js'
import { NO_PRIVATE_PLACES } from '../../base/ports.js'
import type { FrameCipher } from '../../rdt/protection.js'
import { openedCheck } from '../confinement.js'
import { OPEN_FILES_MAX } from '../limits.js'
import { PrivateFiles } from '../private-files.js'
import { type Following, outwardCheck, READ_FLAGS } from '../reading.js'
import { BlockProver, openBlock, type ProofResult, sealBlockOf } from './block-prover.js'
import { DescriptorCache, syncContent } from './descriptor-cache.js'
import type { PieceToSeal, ProvedPiece } from './piece-messages.js'
import { Runs, readRun, writeRun } from './runs.js'

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

export interface BlockIoOptions {
  /** Open files of each cache, for reading and for writing. */
  readonly openFilesMax?: number
  /** Through which links blocks are read, all unless given; never are they written so. */
  readonly following?: Following
  /** Files that are neither read nor written, whatever path leads to them: none unless given. */
  readonly privateFiles?: PrivateFiles
}

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
    const { openFilesMax: countMax = OPEN_FILES_MAX, following = 'all' } = options
    const { privateFiles = new PrivateFiles(NO_PRIVATE_PLACES) } = options
    const isInPlace = openedCheck(root)
    const readFlags = following === 'none' ? READ_FLAGS | constants.O_NOFOLLOW : READ_FLAGS
    const outward = outwardCheck(root)
    const isReadable =
      following === 'none'
        ? isInPlace
        : (path: string, fd: number) => isInPlace(path, fd) || outward(path, fd)
    const common = { root, countMax, privateFiles }
    this.readers = new DescriptorCache({
      ...common,
      flags: readFlags,
      isInPlace: following === 'all' ? undefined : isReadable,
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
  writeProved(block: BlockToProve): Promise<ProofResult> {
    const { path, position, bytes, digest, cipher } = block
    return this.writers.use(path, '', 'write', (fd) =>
      this.prover.add({ type: 'write', fd, position, bytes, digest, cipher }),
    )
  }

  /** Reads a block into the room of its frame and seals it, if it has the digest. The same holds for that buffer. */
  readSealed(
    { path, mtimeMs, sizeBytes }: ReadableFile,
    { position, length, bytes, digest, cipher }: Omit<PieceToSeal, 'type' | 'fd'>,
  ): Promise<ProofResult> {
    return this.readers.use(path, `${mtimeMs} ${sizeBytes}`, 'read', (fd) =>
      this.sealer.add({ type: 'seal', fd, position, length, bytes, digest, cipher }),
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

  private async proveHere(piece: ProvedPiece): Promise<ProofResult> {
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
