// Takes blocks of a new version that stand at other offsets of the old one. The search for them runs elsewhere
// (src/delta/search-port.ts) and only says where they are: each is read, proved by its digest and written here, in bounded steps of the
// keeper's turn, so that nobody else ever writes a temporary file that may just be put in place. Used by Builds.

import type { BlockSet } from '../../base/blockset.js'
import { equalBytes } from '../../base/bytes.js'
import { blockBytes, type Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import type { Disk, FileHandle } from '../../base/ports.js'
import type { BlockSearch, SearchReport } from '../../delta/search-port.js'
import { type FoundBlock, isWorthSearching, type ShiftInput } from '../../delta/shift-search.js'
import { STEP_BYTES } from '../limits.js'
import { type BuildSource, type Built, openSource } from './build-job.js'

export interface ShiftOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly search: BlockSearch
  /** Names the search. */
  readonly id: number
  readonly sizeBytes: number
  readonly list: Uint8Array
  /** Weak sums of the blocks, proved by nothing. */
  readonly sums: Uint8Array
  readonly source: BuildSource
  readonly built: Built
}

/** Undefined where a search is not worth it, or the old version cannot be read. Throws a DiskError where the temporary file cannot
 *  be opened. */
export function beginShift(options: ShiftOptions): ShiftJob | undefined {
  const { disk, search, id, source, built, sizeBytes, list, sums } = options
  const input: ShiftInput = {
    sizeBytes,
    list,
    sums,
    needed: built.needed.toBytes(),
    oldSizeBytes: source.sizeBytes,
    covered: built.covered.toBytes(),
  }
  if (!isWorthSearching(input)) return undefined
  const from = openSource(disk, source.path)
  if (from === undefined) return undefined
  const job = new ShiftJob(options, from)
  const handle = openSource(disk, source.path)
  if (handle === undefined) {
    job.close()
    return undefined
  }
  search.begin({ search: id, handle, input })
  return job
}

export class ShiftJob {
  /** Blocks that are not written yet. */
  readonly needed: BlockSet
  foundBytes = 0
  private readonly options: ShiftOptions
  private readonly from: FileHandle
  private readonly to: FileHandle
  private readonly buffer = new Uint8Array(BLOCK_BYTES)
  private toCopy: FoundBlock[] = []
  private isLagging = false
  private isSearched = false

  /** Takes the handle over. */
  constructor(options: ShiftOptions, from: FileHandle) {
    this.options = options
    this.needed = options.built.needed
    this.from = from
    try {
      this.to = options.disk.create(options.built.temporary)
    } catch (error) {
      options.disk.close(from)
      throw error
    }
  }

  /** Whether `step` has something to do. */
  get busy(): boolean {
    return this.toCopy.length > 0
  }

  /** Whether the fetch of what is not found may begin. */
  get mayFetch(): boolean {
    return (this.isLagging || this.isSearched) && !this.busy
  }

  /** Whether nothing more comes of it. */
  get isOver(): boolean {
    return this.isSearched && !this.busy
  }

  handleReport({ found, isLagging, isOver }: SearchReport): void {
    this.toCopy = this.toCopy.concat(found)
    if (isLagging) this.isLagging = true
    if (isOver) this.isSearched = true
  }

  /** Answers which blocks it wrote. Throws a DiskError where the temporary file cannot be written. */
  step(): readonly number[] {
    const { disk, hash, list, sizeBytes } = this.options
    const written: number[] = []
    let next = 0
    for (let usedBytes = 0; next < this.toCopy.length && usedBytes < STEP_BYTES; next++) {
      const { blockIndex, position } = this.toCopy[next]!
      const block = this.buffer.subarray(0, blockBytes(sizeBytes, blockIndex))
      usedBytes += 2 * block.length
      if (disk.read(this.from, block, position) !== block.length) continue
      const digest = list.subarray(blockIndex * DIGEST_BYTES, (blockIndex + 1) * DIGEST_BYTES)
      if (!equalBytes(hash(block), digest) || !this.needed.delete(blockIndex)) continue
      disk.write(this.to, block, blockIndex * BLOCK_BYTES)
      written.push(blockIndex)
      this.foundBytes += block.length
    }
    this.toCopy = this.toCopy.slice(next)
    return written
  }

  /** Nothing is written from now on. */
  close(): void {
    const { disk, search, id } = this.options
    search.cancel(id)
    disk.close(this.from)
    disk.close(this.to)
  }
}
