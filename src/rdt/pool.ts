// The memory that frames are put together in, that they are read into to be served, and that segments are laid out in:
// buffers that come back, a bounded number of each. One of each per endpoint.

import { FRAME_BYTES_MAX } from '../base/limits.js'
import {
  BUNDLE_BYTES_MAX,
  BUNDLES_FREE_MAX,
  POOL_BUFFERS_MAX,
  POOL_LOANS_MAX,
  SMALL_BUNDLE_BYTES_MAX,
  SMALL_FRAME_BYTES_MAX,
} from './limits.js'

/** Frames of one session that were handed up and are not released. */
export interface FrameLoans {
  count: number
}

/** A frame with the memory that it is in. One part holds it at a time, and whoever holds it either hands it on or releases it:
 *  the first release gives the memory back to its pool, another one does nothing, even where the memory is lent again. */
export class FrameBuffer {
  private currentBytes: Uint8Array
  private memory: ArrayBufferLike
  private pool: FramePool | undefined
  private loans: FrameLoans | undefined

  /** Memory that belongs to no pool is forgotten when it is released. */
  constructor(bytes: Uint8Array, pool?: FramePool) {
    this.currentBytes = bytes
    this.memory = bytes.buffer
    this.pool = pool
  }

  /** The frame, or all the memory where none is in it yet; none after the release. */
  get bytes(): Uint8Array {
    return this.currentBytes
  }

  /** The frame is in these bytes: a part of the memory, unless it had no place there. */
  holdFrame(bytes: Uint8Array): void {
    this.currentBytes = bytes
  }

  /** The holder is from now on whoever pulls; counted in `loans` until the release. */
  lend(loans: FrameLoans): void {
    this.loans = loans
    loans.count++
    this.pool?.handleLoan(1)
  }

  /** The memory was handed to another thread and came back as `buffer`: without bytes where the thread is gone with them. */
  adopt(buffer: ArrayBufferLike): void {
    this.memory = buffer
    this.currentBytes = buffer.byteLength === 0 ? NO_BYTES : new Uint8Array(buffer)
  }

  /** Answers whether it gave memory back to a pool. */
  release(): boolean {
    const { pool, loans, memory } = this
    this.currentBytes = NO_BYTES
    if (pool === undefined) return false
    this.pool = this.loans = undefined
    if (loans !== undefined) {
      loans.count--
      pool.handleLoan(-1)
    }
    pool.takeBack(memory)
    return true
  }
}

const NO_BYTES = new Uint8Array(0)

export class FramePool {
  private readonly free: ArrayBufferLike[] = []
  private lentCount = 0
  private loanCount = 0

  /** At most so many lent at once, and so many kept for the next; none is lent while so many frames of it are handed up. */
  constructor(
    private readonly buffersMax = POOL_BUFFERS_MAX,
    private readonly freeMax = POOL_LOANS_MAX,
    private readonly loansMax = POOL_LOANS_MAX,
  ) {}

  /** Buffers that may still be taken. */
  get room(): number {
    return Math.min(this.buffersMax - this.lentCount, this.loansMax - this.loanCount)
  }

  /** Called by a FrameBuffer that is handed up, or given back after that. */
  handleLoan(change: 1 | -1): void {
    this.loanCount += change
  }

  /** Room for a frame of up to `frameBytesMax`, or undefined where the pool is empty. */
  take(frameBytesMax: number): FrameBuffer | undefined {
    if (this.room <= 0) return undefined
    this.lentCount++
    const bytes =
      frameBytesMax <= SMALL_FRAME_BYTES_MAX
        ? new Uint8Array(frameBytesMax)
        : new Uint8Array(this.free.pop() ?? new ArrayBuffer(FRAME_BYTES_MAX))
    return new FrameBuffer(bytes, this)
  }

  /** Called by the FrameBuffer that had this memory, once. */
  takeBack(memory: ArrayBufferLike): void {
    this.lentCount--
    // Memory that did not come back from another thread has no bytes, and small frames had theirs made to measure.
    const isReusable = memory.byteLength === FRAME_BYTES_MAX && this.free.length < this.freeMax
    if (isReusable) this.free.push(memory)
  }
}

/** Bundles that are never given back are simply forgotten: it is the caller who knows when the kernel has them. */
export class BundlePool {
  private readonly free: ArrayBufferLike[] = []

  /** `bytes` at most BUNDLE_BYTES_MAX; what is in them is of no account. */
  take(bytes: number): Uint8Array {
    if (bytes <= SMALL_BUNDLE_BYTES_MAX) return new Uint8Array(bytes)
    return new Uint8Array(this.free.pop() ?? new ArrayBuffer(BUNDLE_BYTES_MAX), 0, bytes)
  }

  /** Keeps the buffer; not one that was not taken here, nor one that is here already. */
  release({ buffer }: Uint8Array): void {
    const isOurs = buffer.byteLength === BUNDLE_BYTES_MAX && !this.free.includes(buffer)
    if (isOurs && this.free.length < BUNDLES_FREE_MAX) this.free.push(buffer)
  }
}
