// One file of a visit as it arrives: its blocks go into a temporary file beside its place, each proved; the whole is synced, given its
// mode and time, and put in its place by one rename. A temporary file that a kill left is read back: what its blocks prove is not
// fetched again. All paths go through the confinement of the disk (io/confinement.ts). Used by getting.ts.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { BlockSet } from '../base/blockset.js'
import { concatBytes, equalBytes, hexOf } from '../base/bytes.js'
import { blockBytes, blockCount } from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../base/limits.js'
import { type Disk, DiskError, type FileHandle } from '../base/ports.js'
import { hash } from '../io/hash.js'
import { mtimeOf } from '../share/edit.js'
import { joinPath, parentOf } from '../share/path.js'
import type { Arrival } from '../visit/get-plan.js'
import { GET_BLOCKS_PER_TURN } from './limits.js'

/** Of the file whose content has this digest; in the folder of its place. */
const TEMPORARY_PREFIX = '.left-get-'
const TEMPORARY_DIGITS = 32

export type Standing = 'nothing' | 'same' | 'other'

export class ArrivingFile {
  readonly sizeBytes: number
  readonly blockCount: number
  private readonly digest: string
  private readonly temporary: string
  private handle: FileHandle | undefined

  constructor(
    private readonly disk: Disk,
    readonly arrival: Arrival,
  ) {
    const { entry, target } = arrival
    this.sizeBytes = entry.sizeBytes
    this.blockCount = blockCount(entry.sizeBytes)
    this.digest = entry.digest
    const name = `${TEMPORARY_PREFIX}${this.digest.slice(0, TEMPORARY_DIGITS)}`
    this.temporary = joinPath(parentOf(target), name)
  }

  /** Compares what stands in its place, block by block. Throws a DiskError. */
  async standing(): Promise<Standing> {
    const { disk, sizeBytes } = this
    const { target } = this.arrival
    const stat = disk.statLink(target)
    if (stat === undefined) return 'nothing'
    if (stat.kind !== 'file' || stat.sizeBytes !== sizeBytes) return 'other'
    const handle = disk.open(target)
    try {
      const digests: Uint8Array[] = []
      for (let index = 0; index < this.blockCount; index++) {
        const bytes = this.readBlock(handle, index)
        if (bytes === undefined) return 'other'
        digests.push(hash(bytes))
        if (index % GET_BLOCKS_PER_TURN === GET_BLOCKS_PER_TURN - 1) await nextTurn()
      }
      return hexOf(hash(concatBytes(digests))) === this.digest ? 'same' : 'other'
    } finally {
      disk.close(handle)
    }
  }

  /** Throws a DiskError. */
  open(): void {
    this.handle = this.disk.create(this.temporary)
  }

  /** Answers the blocks that are not in the temporary file yet. `list` is the proved one; undefined for a file of one block. */
  async lacking(list: Uint8Array | undefined): Promise<BlockSet> {
    const lacking = BlockSet.full(this.blockCount)
    if (list === undefined) return lacking
    const { sizeBytes: hereBytes } = this.disk.stateOf(this.handle!)
    for (let index = 0; index < this.blockCount && index * BLOCK_BYTES < hereBytes; index++) {
      const bytes = this.readBlock(this.handle!, index)
      const digest = list.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES)
      if (bytes !== undefined && equalBytes(hash(bytes), digest)) lacking.delete(index)
      if (index % GET_BLOCKS_PER_TURN === GET_BLOCKS_PER_TURN - 1) await nextTurn()
    }
    return lacking
  }

  /** A proved block. Throws a DiskError. */
  write(blockIndex: number, bytes: Uint8Array): void {
    this.disk.write(this.handle!, bytes, blockIndex * BLOCK_BYTES)
  }

  /** All blocks are written. Throws a DiskError, 'exists' where something has come into its place meanwhile. */
  finish(replaces: boolean): void {
    const { disk, temporary, handle } = this
    const { entry, target } = this.arrival
    disk.truncate(handle!, this.sizeBytes)
    disk.sync(handle!)
    this.close()
    const { access, executable } = entry
    disk.setAccess(temporary, { access, executable, widens: true, replaces: replaces ? target : undefined })
    disk.setTimes(temporary, mtimeOf(entry))
    if (replaces) disk.rename(temporary, target)
    else this.moveNew()
  }

  /** Gives the handle back; the temporary file stays, for the next try. */
  close(): void {
    if (this.handle !== undefined) this.disk.close(this.handle)
    this.handle = undefined
  }

  /** A disk without hard links renames, having looked. */
  private moveNew(): void {
    const { disk, temporary } = this
    const { target } = this.arrival
    try {
      disk.moveNew(temporary, target)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code === 'exists') throw error
      if (disk.statLink(target) !== undefined) throw new DiskError('exists', `${target} exists`)
      disk.rename(temporary, target)
    }
  }

  private readBlock(handle: FileHandle, index: number): Uint8Array | undefined {
    const bytes = new Uint8Array(blockBytes(this.sizeBytes, index))
    return this.disk.read(handle, bytes, index * BLOCK_BYTES) === bytes.length ? bytes : undefined
  }
}
