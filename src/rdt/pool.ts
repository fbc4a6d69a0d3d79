// The memory that frames are put together in: a bounded number of buffers that come back. One per endpoint.

import { FRAME_BYTES_MAX } from '../base/limits.js'
import { POOL_BUFFERS_MAX, SMALL_FRAME_BYTES_MAX } from './limits.js'

export class FramePool {
  private readonly free: Uint8Array[] = []
  private readonly lent = new Set<ArrayBufferLike>()

  constructor(private readonly buffersMax = POOL_BUFFERS_MAX) {}

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

  /** Takes back what `take` gave, or a view of it. False where it was not lent (released twice). */
  release(frame: Uint8Array): boolean {
    if (!this.lent.delete(frame.buffer)) return false
    // A buffer that was transferred to another thread has no bytes any more, and small ones were made to measure.
    if (frame.buffer.byteLength === FRAME_BYTES_MAX) this.free.push(new Uint8Array(frame.buffer))
    return true
  }
}
