// Prepares the temporary file of a large fetch: finds which of its blocks are there already, from an earlier try that
// the log knows of, from the version that it replaces, or from another file with the same blocks. Each is proved by
// its digest before it counts. A block of zeros needs no source: it is left a hole, so that sparse files stay sparse.
// One bounded step at a time; the keeper drives it.

import { BlockSet } from '../../base/blockset.js'
import { equalBytes, isZeros } from '../../base/bytes.js'
import { blockBytes, blockCount, type Digest, type Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import { type Disk, DiskError, type FileHandle } from '../../base/ports.js'
import { planReuse } from '../../delta/reuse.js'
import { largeTemporary } from '../../pipe/layout.js'
import { STEP_BYTES } from '../limits.js'

export interface BuildSource {
  readonly path: string
  readonly list: Uint8Array
  readonly sizeBytes: number
}

export interface BuildOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly digest: Digest
  readonly sizeBytes: number
  /** Block digests of the file, proved. */
  readonly list: Uint8Array
  /** Blocks that the log says are in the temporary file. */
  readonly logged: BlockSet | undefined
  /** A file here that may hold some of the blocks. */
  readonly source: BuildSource | undefined
}

export interface Built {
  readonly temporary: string
  /** Blocks that must be pulled. */
  readonly needed: BlockSet
  /** Blocks that are in the temporary file, proved. */
  readonly held: BlockSet
  readonly resumedBytes: number
  readonly reusedBytes: number
  /** Blocks of the source that were looked at for some block. */
  readonly covered: BlockSet
}

export class BuildJob {
  readonly temporary: string
  private readonly options: BuildOptions
  private readonly handle: FileHandle
  private readonly sourceHandle: FileHandle | undefined
  private readonly blocks: number
  /** For each block, the block of the source that should be the same; absent where there is none. */
  private readonly reuse = new Map<number, number>()
  private readonly held: BlockSet
  private readonly covered: BlockSet
  private readonly buffer = new Uint8Array(BLOCK_BYTES)
  private readonly zeros: ZeroBlocks
  /** Size of the temporary file as an earlier try left it: zero blocks that lie behind become holes. */
  private readonly formerBytes: number
  private nextBlock = 0
  private resumedBytes = 0
  private reusedBytes = 0

  /** Throws a DiskError where the temporary file cannot be made. */
  constructor(options: BuildOptions) {
    const { disk, digest, sizeBytes, list, source } = options
    this.options = options
    this.temporary = largeTemporary(digest)
    this.blocks = blockCount(sizeBytes)
    this.held = new BlockSet(this.blocks)
    // It may have been open to others already, when its place was taken after all.
    if (disk.statLink(this.temporary) !== undefined) disk.setMode(this.temporary, PRIVATE)
    this.handle = disk.create(this.temporary)
    this.formerBytes = disk.stateOf(this.handle).sizeBytes
    this.zeros = new ZeroBlocks(options.hash, list, sizeBytes)
    this.covered = new BlockSet(blockCount(source?.sizeBytes ?? 0))
    this.sourceHandle = source === undefined ? undefined : openSource(disk, source.path)
    if (source !== undefined && this.sourceHandle !== undefined) {
      const plan = planReuse({ list, sizeBytes, old: source.list, oldSizeBytes: source.sizeBytes })
      for (const run of plan.copies) {
        for (let offset = 0; offset < run.count; offset++) {
          this.reuse.set(run.toIndex + offset, run.fromIndex + offset)
          this.covered.add(run.fromIndex + offset)
        }
      }
    }
  }

  /** Answers what there is to pull once every block has been looked at, undefined while there is more to do.
   *  Throws a DiskError where the temporary file cannot be written. */
  step(): Built | undefined {
    const { disk, sizeBytes, logged } = this.options
    for (let usedBytes = 0; this.nextBlock < this.blocks; this.nextBlock++) {
      if (usedBytes >= STEP_BYTES) return undefined
      const index = this.nextBlock
      const length = blockBytes(sizeBytes, index)
      if (this.zeros.has(index)) {
        usedBytes += this.leaveZeros(index, length)
        this.held.add(index)
        if (logged?.has(index)) this.resumedBytes += length
        else this.reusedBytes += length
        continue
      }
      if (logged?.has(index)) {
        usedBytes += length
        if (this.verifies(this.handle, index * BLOCK_BYTES, index, length)) {
          this.held.add(index)
          this.resumedBytes += length
          continue
        }
      }
      const from = this.reuse.get(index)
      if (from === undefined || this.sourceHandle === undefined) continue
      usedBytes += 2 * length
      if (!this.verifies(this.sourceHandle, from * BLOCK_BYTES, index, length)) continue
      disk.write(this.handle, this.buffer.subarray(0, length), index * BLOCK_BYTES)
      this.held.add(index)
      this.reusedBytes += length
    }
    // A longer file may have been begun under this name only by damage; it must not leave a tail.
    disk.truncate(this.handle, sizeBytes)
    const needed = BlockSet.full(this.blocks)
    for (const index of this.held) needed.delete(index)
    const { temporary, held, resumedBytes, reusedBytes, covered } = this
    return { temporary, needed, held, resumedBytes, reusedBytes, covered }
  }

  /** Throws a DiskError. */
  sync(): void {
    this.options.disk.sync(this.handle)
  }

  close(): void {
    this.options.disk.close(this.handle)
    if (this.sourceHandle !== undefined) this.options.disk.close(this.sourceHandle)
  }

  /** Sees to it that a block reads as zeros, and takes no room where none is taken. Answers what that cost, in bytes. */
  private leaveZeros(index: number, length: number): number {
    const { disk } = this.options
    const position = index * BLOCK_BYTES
    if (position >= this.formerBytes) return LOOK_BYTES
    const there = disk.read(this.handle, this.buffer.subarray(0, length), position)
    if (isZeros(this.buffer.subarray(0, there))) return length
    disk.write(this.handle, this.buffer.fill(0, 0, length).subarray(0, length), position)
    return 2 * length
  }

  /** Reads a block into the buffer and compares it with the digest that block `index` must have. */
  private verifies(handle: FileHandle, position: number, index: number, length: number): boolean {
    const { disk, hash, list } = this.options
    const block = this.buffer.subarray(0, length)
    if (disk.read(handle, block, position) !== length) return false
    return equalBytes(hash(block), list.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES))
  }
}

/** Tells blocks that are all zeros from the others by their digests. */
export class ZeroBlocks {
  private readonly whole: Uint8Array
  private readonly last: Uint8Array

  constructor(
    hash: Hash,
    private readonly list: Uint8Array,
    private readonly sizeBytes: number,
  ) {
    this.whole = hash(new Uint8Array(BLOCK_BYTES))
    this.last = hash(new Uint8Array(blockBytes(sizeBytes, blockCount(sizeBytes) - 1)))
  }

  has(index: number): boolean {
    const isLast = (index + 1) * BLOCK_BYTES >= this.sizeBytes
    const digest = this.list.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES)
    return equalBytes(digest, isLast ? this.last : this.whole)
  }
}

/** Bytes that a file will take on the disk beyond what the log says is there: its blocks that are not zeros. */
export function bytesToWrite(file: Pick<BuildOptions, 'list' | 'sizeBytes' | 'logged' | 'hash'>): number {
  const { list, sizeBytes, logged, hash } = file
  const zeros = new ZeroBlocks(hash, list, sizeBytes)
  let bytes = 0
  for (let index = 0; index < blockCount(sizeBytes); index++)
    if (logged?.has(index) !== true && !zeros.has(index)) bytes += blockBytes(sizeBytes, index)
  return bytes
}

/** Stands for the cost of a block that need not be looked at. */
const LOOK_BYTES = 512
const PRIVATE = { access: 'owner', executable: false, widens: false } as const

/** A source that cannot be read is no source: its blocks are pulled. */
export function openSource(disk: Disk, path: string): FileHandle | undefined {
  try {
    return disk.open(path)
  } catch (error) {
    if (error instanceof DiskError) return undefined
    throw error
  }
}
