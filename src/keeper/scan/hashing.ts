// Reads a file and takes the digests of its blocks, a bounded piece at a time, so that whoever waits for the
// keeper does not wait for a file of several GB.

import { hexOf } from '../../base/bytes.js'
import { blockCount, type Digest, type Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import type { Disk, FileHandle } from '../../base/ports.js'
import { type Signature, sameSignature, signatureOf } from '../index/signature.js'

export type HashStep =
  | { readonly type: 'more' }
  | { readonly type: 'changed' } // the file is not what it was when the job began
  | { readonly type: 'done'; readonly digest: Digest; readonly list: Uint8Array }

/** Digest of one file as it was when `signature` was taken. Close it whatever comes. */
export class HashJob {
  readonly path: string
  readonly signature: Signature
  private readonly disk: Disk
  private readonly hash: Hash
  private readonly handle: FileHandle
  private readonly list: Uint8Array
  private nextBlock = 0

  /** Throws a DiskError where the file cannot be opened. */
  constructor(disk: Disk, hash: Hash, path: string, signature: Signature) {
    this.disk = disk
    this.hash = hash
    this.path = path
    this.signature = signature
    this.handle = disk.open(path)
    this.list = new Uint8Array(blockCount(signature.sizeBytes) * DIGEST_BYTES)
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
        this.list.set(this.hash(block), this.nextBlock * DIGEST_BYTES)
        this.nextBlock++
      }
      usedBytes += readBytes
    }
    if (this.nextBlock < blocks) return { type: 'more' }
    // Through the path and through the descriptor: a file replaced meanwhile, and one written into.
    const now = this.disk.stat(this.path)
    const unchanged =
      now !== undefined &&
      sameSignature(signatureOf(now), this.signature) &&
      sameSignature(signatureOf(this.disk.stateOf(this.handle)), this.signature)
    if (!unchanged) return { type: 'changed' }
    return { type: 'done', digest: hexOf(this.hash(this.list)), list: this.list }
  }

  close(): void {
    this.disk.close(this.handle)
  }
}
