// Everything that a session has begun and asked for: blocks on their way, the segments of them that are in flight, and
// how many bytes that is. Shared by the parts of a puller: it begins blocks, request-scheduler.ts asks for segments,
// loss-recovery.ts tells which came and which are lost.

import { belowBits, highBit, lowBit, lowestOf } from '../wire/bits.js'
import { BlocksInProgress } from './blocks-in-progress.js'
import type { Reassembly } from './reassembly.js'
import { SentSegments } from './sent-segments.js'

export class Outstanding {
  readonly inProgress = new BlocksInProgress()
  readonly sent = new SentSegments()
  /** UDP payload. */
  inFlightBytes = 0

  /** A segment is not in flight any more. */
  resolve(reassembly: Reassembly, index: number): void {
    this.sent.resolve(reassembly.positions[index]!)
    this.inFlightBytes -= reassembly.datagramBytesOf(index)
    reassembly.land(index, 1)
  }

  private resolveAll(reassembly: Reassembly, bitsLow: number, bitsHigh: number): void {
    let low = bitsLow
    let high = bitsHigh
    while ((low | high) !== 0) {
      const index = lowestOf(low, high)
      this.resolve(reassembly, index)
      low = (low & ~lowBit(index)) >>> 0
      high = (high & ~highBit(index)) >>> 0
    }
  }

  /** Frees the slot; the buffer is with the caller, or has gone back. */
  drop(reassembly: Reassembly): void {
    this.resolveAll(reassembly, reassembly.flyingLow, reassembly.flyingHigh)
    this.inProgress.drop(reassembly)
  }

  /** Asks for all of a block anew, in segments of this size. */
  restart(reassembly: Reassembly, segmentBytes: number): void {
    this.resolveAll(reassembly, reassembly.flyingLow, reassembly.flyingHigh)
    reassembly.restart(segmentBytes)
    this.inProgress.enqueue(reassembly)
  }

  /** A segment told how many there are of its block: those beyond do not come. */
  learnCount(reassembly: Reassembly, segmentCount: number): void {
    const beyondLow = (reassembly.flyingLow & ~belowBits(segmentCount)) >>> 0
    const beyondHigh = (reassembly.flyingHigh & ~belowBits(segmentCount - 32)) >>> 0
    this.resolveAll(reassembly, beyondLow, beyondHigh)
    reassembly.learnCount(segmentCount)
    this.inProgress.enqueue(reassembly)
  }

  /** The segment was in flight, and is needed again. */
  needAgain(reassembly: Reassembly, index: number): void {
    this.resolve(reassembly, index)
    reassembly.addNeed(index)
    this.inProgress.enqueue(reassembly)
  }
}
