// Packet trains: a burst tells the rate of a path before a round trip of rates is known, for segments that were asked
// for at once come as far apart as the narrowest link puts them (Jacobson's packet trains; Carter and Crovella's
// cprobe, 1996). Used by the BBR window, which trusts a part of it while it starts.

import { TRAIN_ASK_MS, TRAIN_GRAIN_MS, TRAIN_SEGMENTS_MIN } from './limits.js'

export class PacketTrainMeter {
  private askedAtMs = Number.NEGATIVE_INFINITY
  private beganAtMs = 0
  private endedAtMs = 0
  /** After the first segment, whose arrival is where time begins. */
  private bytes = 0
  private segments = 0

  /** Rates of complete bursts. */
  private totalBytes = 0
  private totalMs = 0

  /** Bytes per millisecond at which bursts came, 0 until there was one. More than the path gives us where it is
   *  shared, so only a part of it may be asked for. */
  get bytesPerMs(): number {
    if (this.segments < TRAIN_SEGMENTS_MIN) return this.totalMs === 0 ? 0 : this.totalBytes / this.totalMs
    const ms = this.endedAtMs - this.beganAtMs + TRAIN_GRAIN_MS
    return (this.totalBytes + this.bytes) / (this.totalMs + ms)
  }

  /** Something that was asked for without pacing: what is paced tells the pace. */
  handleDelivered(
    { bytes, segments }: { readonly bytes: number; readonly segments: number },
    askedAtMs: number,
    nowMs: number,
  ): void {
    if (askedAtMs < this.askedAtMs) return // late, of an earlier burst
    if (askedAtMs - this.askedAtMs > TRAIN_ASK_MS) {
      this.complete()
      this.askedAtMs = askedAtMs
      this.beganAtMs = this.endedAtMs = nowMs
      this.bytes = bytes - bytes / segments
      this.segments = segments - 1
      return
    }
    this.endedAtMs = nowMs
    this.bytes += bytes
    this.segments += segments
  }

  reset(): void {
    this.askedAtMs = Number.NEGATIVE_INFINITY
    this.totalBytes = this.totalMs = 0
    this.segments = 0
  }

  private complete(): void {
    if (this.segments < TRAIN_SEGMENTS_MIN) return
    this.totalBytes += this.bytes
    this.totalMs += this.endedAtMs - this.beganAtMs + TRAIN_GRAIN_MS
  }
}
