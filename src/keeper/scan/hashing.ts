// Reads a file and takes the digests of its blocks, a bounded piece at a time, so that whoever waits for the
// keeper does not wait for a file of several GB. Of a file that changed it takes the weak sums of the changed blocks too, by
// which others find them shifted in what they have; those of the other blocks are taken over from the version before.

import { equalBytes, hexOf } from '../../base/bytes.js'
import { blockCount, type Digest, type Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, WEAK_SUM_BYTES } from '../../base/limits.js'
import type { Disk, FileHandle } from '../../base/ports.js'
import { SEARCH_NEEDED_MIN } from '../../delta/limits.js'
import { NO_SUM, weakSum } from '../../delta/weak-sum.js'
import { type Signature, sameSignature, signatureOf } from '../index/signature.js'
import type { BlockList } from '../index/stored-list.js'
import { type Beginning, Comparison } from './growing.js'

export type HashStep =
  | { readonly type: 'more' }
  | { readonly type: 'changed' } // the file is not what it was when the job began
  /** The file has grown since the job began, and begins with what it began with before: what was read is of one moment. */
  | { readonly type: 'grown'; readonly digest: Digest; readonly list: Uint8Array }
  | {
      readonly type: 'done'
      readonly digest: Digest
      readonly list: Uint8Array
      /** Undefined where no version before is known, or few of its blocks are others. */
      readonly sums: Uint8Array | undefined
    }

/** Digest of one file as it was when `signature` was taken. Close it whatever comes. */
export class HashJob {
  readonly path: string
  readonly signature: Signature
  private readonly disk: Disk
  private readonly hash: Hash
  private readonly handle: FileHandle
  private readonly list: Uint8Array
  private readonly sums: BlockSums | undefined
  readonly isRestless: boolean
  private readonly comparison: Comparison | undefined
  private nextBlock = 0

  /** `former`: the version before. `restless`: the file does not rest; it counts only as grown, from what it began with where that is known.
   *  Throws a DiskError where it cannot be opened. */
  constructor(
    disk: Disk,
    hash: Hash,
    path: string,
    signature: Signature,
    {
      former,
      restless,
    }: {
      readonly former?: BlockList | undefined
      readonly restless?: { readonly beginning: Beginning | undefined } | undefined
    } = {},
  ) {
    this.disk = disk
    this.hash = hash
    this.path = path
    this.signature = signature
    this.handle = disk.open(path, 'trusted')
    const count = blockCount(signature.sizeBytes)
    this.list = new Uint8Array(count * DIGEST_BYTES)
    this.sums = former && new BlockSums(count, former)
    this.isRestless = restless !== undefined
    this.comparison = restless?.beginning && new Comparison(restless.beginning, hash)
  }

  /** Reads at most `budgetBytes`, at least one block, through `buffer` (whole blocks long). */
  step(buffer: Uint8Array, budgetBytes: number): HashStep {
    const blocks = blockCount(this.signature.sizeBytes)
    for (let usedBytes = 0; this.nextBlock < blocks && usedBytes < budgetBytes; ) {
      const wantedBytes = Math.min(buffer.length, this.signature.sizeBytes - this.nextBlock * BLOCK_BYTES)
      const readBytes = this.disk.read(
        this.handle,
        buffer.subarray(0, wantedBytes),
        this.nextBlock * BLOCK_BYTES,
      )
      if (readBytes !== wantedBytes) return { type: 'changed' }
      for (let offset = 0; offset < readBytes; offset += BLOCK_BYTES) {
        const block = buffer.subarray(offset, Math.min(offset + BLOCK_BYTES, readBytes))
        const digest = this.hash(block)
        this.list.set(digest, this.nextBlock * DIGEST_BYTES)
        this.sums?.add(this.nextBlock, block, digest)
        this.comparison?.add(this.nextBlock, block, digest)
        this.nextBlock++
      }
      usedBytes += readBytes
    }
    if (this.nextBlock < blocks) return { type: 'more' }
    // Through the path and through the descriptor: a file replaced meanwhile, and one written into.
    const now = this.disk.stat(this.path, 'trusted')
    const unchanged =
      now !== undefined &&
      sameSignature(signatureOf(now), this.signature) &&
      sameSignature(signatureOf(this.disk.stateOf(this.handle)), this.signature)
    const digest = hexOf(this.hash(this.list))
    if (unchanged && !this.isRestless)
      return { type: 'done', digest, list: this.list, sums: this.sums?.take() }
    const { inode, sizeBytes } = this.signature
    const isGrown = now?.kind === 'file' && now.inode === inode && now.sizeBytes >= sizeBytes
    return isGrown && this.comparison?.isSame
      ? { type: 'grown', digest, list: this.list }
      : { type: 'changed' }
  }

  /** Digests of the blocks; undefined where not all were read. */
  get read(): Uint8Array | undefined {
    return this.nextBlock === blockCount(this.signature.sizeBytes) ? this.list : undefined
  }

  get doneBytes(): number {
    return Math.min(this.signature.sizeBytes, this.nextBlock * BLOCK_BYTES)
  }

  close(): void {
    this.disk.close(this.handle)
  }
}

/** Weak sums of the blocks that are not what the version before had at their places. */
class BlockSums {
  private readonly sums: DataView
  private readonly former: BlockList
  private readonly formerSums: DataView | undefined
  private toldCount = 0

  constructor(count: number, former: BlockList) {
    this.sums = new DataView(new ArrayBuffer(count * WEAK_SUM_BYTES))
    this.former = former
    const { sums } = former
    this.formerSums = sums && new DataView(sums.buffer, sums.byteOffset, sums.byteLength)
  }

  add(index: number, block: Uint8Array, digest: Uint8Array): void {
    const { list } = this.former
    const start = index * DIGEST_BYTES
    const isSame = equalBytes(digest, list.subarray(start, start + DIGEST_BYTES))
    const at = index * WEAK_SUM_BYTES
    const sum = isSame ? (this.formerSums?.getUint32(at) ?? NO_SUM) : weakSum(block)
    if (sum !== NO_SUM) this.toldCount++
    this.sums.setUint32(at, sum)
  }

  take(): Uint8Array | undefined {
    return this.toldCount < SEARCH_NEEDED_MIN ? undefined : new Uint8Array(this.sums.buffer)
  }
}
