// Small files that settle are read meanwhile, so that one more look is all that is left to do when they have: a folder of
// 2,000 that comes at once is told of 30 ms sooner. What was read counts only while its times stay the same and nothing is
// heard of its path. The scanner owns this.

import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import type { Disk } from '../../base/ports.js'
import { DueQueue } from '../due-queue.js'
import type { Signature } from '../index/signature.js'
import { STEP_BYTES, STEP_FILES } from '../limits.js'
import { HashJob } from './hashing.js'
import { READ_AHEAD_MS } from './limits.js'

export class ReadAhead {
  private readonly disk: Disk
  private readonly hash: Hash
  private readonly due = new DueQueue()
  private readonly signatures = new Map<string, Signature>()
  private readonly digests = new Map<string, Digest>()

  constructor(disk: Disk, hash: Hash) {
    this.disk = disk
    this.hash = hash
  }

  /** This has been seen at the path for the first time, and settles for `restMs` yet. Only of one block, and on a disk whose
   *  times are finer than seconds: they tell whether it is still what was read. */
  handleArmed(path: string, signature: Signature | undefined, restMs: number, nowMs: number): void {
    this.forget(path)
    if (signature === undefined || signature.sizeBytes > BLOCK_BYTES || restMs <= READ_AHEAD_MS) return
    if (signature.ctimeMs % 1_000 === 0) return
    this.signatures.set(path, signature)
    this.due.set(path, nowMs + READ_AHEAD_MS)
  }

  /** Something may have changed there, and its times may be too coarse to tell. */
  handleHint(path: string): void {
    this.digests.delete(path)
  }

  forget(path: string): void {
    this.digests.delete(path)
    if (this.signatures.delete(path)) this.due.delete(path)
  }

  pollTimeout(): number | undefined {
    return this.due.nextDueMs()
  }

  /** Reads some of what is due through `buffer`, of a block at least. `guarded` catches the DiskErrors of each. */
  readSome(buffer: Uint8Array, nowMs: number, guarded: (path: string, work: () => void) => void): void {
    let budgetBytes = STEP_BYTES
    for (let files = 0; files < STEP_FILES && budgetBytes > 0; files++) {
      const path = this.due.take(nowMs)
      if (path === undefined) return
      guarded(path, () => {
        budgetBytes -= Math.max(this.read(path, buffer), 1)
      })
    }
  }

  /** Answers how many bytes that were. Throws a DiskError. */
  private read(path: string, buffer: Uint8Array): number {
    const signature = this.signatures.get(path)
    if (signature === undefined) return 0
    const job = new HashJob(this.disk, this.hash, path, signature)
    try {
      const result = job.step(buffer, BLOCK_BYTES)
      // A file that has changed is found to have when it is due.
      if (result.type === 'done') this.digests.set(path, result.digest)
      return signature.sizeBytes
    } finally {
      job.close()
    }
  }

  /** The digest of what was read, where nothing was heard of the path since. */
  take(path: string): Digest | undefined {
    const digest = this.digests.get(path)
    this.forget(path)
    return digest
  }
}
