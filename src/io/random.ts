// The system's randomness, drawn in batches.

import { randomFillSync } from 'node:crypto'
import type { Random } from '../base/ports.js'
import { RANDOM_BATCH_BYTES } from './limits.js'

export class SystemRandom implements Random {
  private readonly batch = new DataView(new ArrayBuffer(RANDOM_BATCH_BYTES))
  private used = RANDOM_BATCH_BYTES

  /** 53 random bits, as `Math.random` gives them. */
  next(): number {
    const offset = this.take(8)
    const high = this.batch.getUint32(offset) >>> 5
    const low = this.batch.getUint32(offset + 4) >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  }

  bytes(count: number): Uint8Array {
    if (count > RANDOM_BATCH_BYTES / 8) return randomFillSync(new Uint8Array(count))
    const offset = this.take(count)
    const bytes = new Uint8Array(this.batch.buffer, offset, count).slice()
    // Nothing that was handed out stays readable here: it may become a key.
    new Uint8Array(this.batch.buffer, offset, count).fill(0)
    return bytes
  }

  private take(count: number): number {
    if (this.used + count > RANDOM_BATCH_BYTES) {
      randomFillSync(new Uint8Array(this.batch.buffer))
      this.used = 0
    }
    const offset = this.used
    this.used += count
    return offset
  }
}
