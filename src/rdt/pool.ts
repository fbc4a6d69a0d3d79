// The memory that frames are put together in, that they are read into to be served, and that segments are laid out in:
// buffers that come back, a bounded number of each. One of each per endpoint.

import { FRAME_BYTES_MAX } from '../base/limits.js'
import {
  BUNDLE_BYTES_MAX,
  BUNDLES_FREE_MAX,
  POOL_BUFFERS_MAX,
  SMALL_BUNDLE_BYTES_MAX,
  SMALL_FRAME_BYTES_MAX,
} from './limits.js'

export class FramePool {
  private readonly free: Uint8Array[] = []
  private readonly lent = new Set<ArrayBufferLike>()

  /** At most so many lent at once, and so many kept for the next. */
  constructor(
    private readonly buffersMax = POOL_BUFFERS_MAX,
    private readonly freeMax = buffersMax,
  ) {}

  /** Buffers that may still be taken. */
  get room(): number {
    return this.buffersMax - this.lent.size
  }

  /** Room for a frame of up to `frameBytesMax`, or undefined where the pool is empty. */
  take(frameBytesMax: number): Uint8Array | undefined {
    if (this.room <= 0) return undefined
    const buffer =
      frameBytesMax <= SMALL_FRAME_BYTES_MAX
        ? new Uint8Array(frameBytesMax)
        : (this.free.pop() ?? new Uint8Array(FRAME_BYTES_MAX))
    this.lent.add(buffer.buffer)
    return buffer
  }

  /** A lent frame was handed to another thread and came back as `buffer`: that is lent now. */
  exchange(frame: Uint8Array, buffer: ArrayBufferLike): void {
    if (this.lent.delete(frame.buffer)) this.lent.add(buffer)
  }

  /** Takes back what `take` gave, or a view of it; of bytes that were in another thread, as `buffer`, what came back of
   *  it. False where it was not lent (released twice). */
  release(frame: Uint8Array, buffer: ArrayBufferLike = frame.buffer): boolean {
    if (!this.lent.delete(frame.buffer)) return false
    // A buffer that did not come back from another thread has no bytes, and small ones were made to measure.
    const isReusable = buffer.byteLength === FRAME_BYTES_MAX && this.free.length < this.freeMax
    if (isReusable) this.free.push(new Uint8Array(buffer))
    return true
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
