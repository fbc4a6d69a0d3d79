// The blocks of large files that are on their way to the disk. Holds each one's frame until it is written, and remembers
// whose it is. Used by LargeFiles, which is told by whoever writes how that went.

import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import type { BlockToWrite } from './block-opening.js'
import type { FinishOp, ReleaseOp, WriteOp } from './disk-op.js'
import type { FileBuilding, LargeFetch } from './large-fetch.js'
import type { ReceivedBlock } from './received-block.js'

export type PendingWrite = { readonly fetch: LargeFetch } & (
  | { readonly type: 'finish' }
  | { readonly type: 'block'; readonly block: ReceivedBlock; readonly savedBytes: number }
)

export class BlockWrites {
  private readonly pending = new Map<number, PendingWrite>()
  private readonly ops: (WriteOp | FinishOp | ReleaseOp)[] = []
  private nextId = 1

  /** Takes the block's frame over. Whoever writes it proves it first, by its place in the list. */
  write(
    fetch: LargeFetch,
    { path, list }: FileBuilding,
    block: ReceivedBlock,
    { bytes, cipher, savedBytes }: BlockToWrite,
  ): void {
    const id = this.nextId++
    this.pending.set(id, { fetch, type: 'block', block, savedBytes })
    const start = block.blockIndex * DIGEST_BYTES
    const digest = list.slice(start, start + DIGEST_BYTES)
    const position = block.blockIndex * BLOCK_BYTES
    // Decompressed bytes are not in the frame's memory.
    const memory = bytes.buffer === block.frame.bytes.buffer ? block.frame : undefined
    this.ops.push({ type: 'write', id, path, position, bytes, memory, digest, cipher })
  }

  /** All blocks of the file are written. */
  finish(fetch: LargeFetch, path: string): void {
    const id = this.nextId++
    this.pending.set(id, { fetch, type: 'finish' })
    this.ops.push({ type: 'finish', id, path })
  }

  release(path: string): void {
    this.ops.push({ type: 'release', path })
  }

  poll(): WriteOp | FinishOp | ReleaseOp | undefined {
    return this.ops.shift()
  }

  /** The operation is over, and with it the need of the frame. */
  take(id: number): PendingWrite | undefined {
    const write = this.pending.get(id)
    this.pending.delete(id)
    if (write?.type === 'block') write.block.frame.release()
    return write
  }
}
