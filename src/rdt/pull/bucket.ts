// A token bucket: keeps what is asked for, or what is sent, under a rate. One of each per endpoint, shared by its sessions.

import { PATH_BYTES_WHOLE } from '../wire/limits.js'

/** Depth of an idle bucket, as time at its rate: long enough for coarse timers, too short to be seen. */
const BURST_MS = 20
const TURN_MS = 4

/** A debt is allowed, so that a block larger than the bucket can be asked for, or a segment sent; the next one waits longer. */
export class TokenBucket {
  private tokens: number
  private filledAtMs: number
  private readonly bytesPerMs: number
  private readonly depthBytes: number
  /** Bytes that each session may ask for, or send, in its turn: the same for all, so that they share evenly. */
  readonly turnBytes: number

  constructor(bytesPerS: number, nowMs: number) {
    this.bytesPerMs = bytesPerS / 1_000
    this.depthBytes = this.bytesPerMs * BURST_MS
    this.turnBytes = Math.min(this.bytesPerMs * TURN_MS, PATH_BYTES_WHOLE)
    this.tokens = this.depthBytes
    this.filledAtMs = nowMs
  }

  hasTokens(nowMs: number): boolean {
    if (nowMs > this.filledAtMs) {
      this.tokens = Math.min(this.depthBytes, this.tokens + (nowMs - this.filledAtMs) * this.bytesPerMs)
      this.filledAtMs = nowMs
    }
    // A millionth of a byte of rounding must not make a timer that is never due.
    return this.tokens > -1e-6
  }

  take(bytes: number): void {
    this.tokens -= bytes
  }

  /** When there will be tokens, where there are none now. */
  dueMs(): number | undefined {
    return this.tokens > -1e-6 ? undefined : this.readyAtMs()
  }

  /** When there will be tokens. */
  readyAtMs(): number {
    return this.tokens >= 0 ? this.filledAtMs : this.filledAtMs - this.tokens / this.bytesPerMs
  }
}
