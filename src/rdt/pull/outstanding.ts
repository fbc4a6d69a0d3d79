// What a session has begun and asked for: blocks on their way, the segments of them that are in flight, and how many
// bytes that is. Shared by the parts of a puller: it begins blocks, asking.ts sends segments off, outcomes.ts says what
// became of them.

import { belowBits, highBit, lowBit, lowestOf } from '../wire/bits.js'
import type { Assembly } from './assembly.js'
import { BlocksInProgress } from './blocks-in-progress.js'
import { SentSegments } from './sent-segments.js'

export class Outstanding {
  readonly inProgress = new BlocksInProgress()
  readonly sent = new SentSegments()
  /** UDP payload. */
  inFlightBytes = 0

  /** A segment is not in flight any more. */
  resolve(assembly: Assembly, index: number): void {
    this.sent.resolve(assembly.positions[index]!)
    this.inFlightBytes -= assembly.datagramBytesOf(index)
    assembly.land(index, 1)
  }

  private resolveAll(assembly: Assembly, bitsLow: number, bitsHigh: number): void {
    let low = bitsLow
    let high = bitsHigh
    while ((low | high) !== 0) {
      const index = lowestOf(low, high)
      this.resolve(assembly, index)
      low = (low & ~lowBit(index)) >>> 0
      high = (high & ~highBit(index)) >>> 0
    }
  }

  /** Frees the slot; the buffer is with the caller, or has gone back. */
  drop(assembly: Assembly): void {
    this.resolveAll(assembly, assembly.flyingLow, assembly.flyingHigh)
    this.inProgress.drop(assembly)
  }

  /** Asks for all of a block anew, in segments of this size. */
  restart(assembly: Assembly, segmentBytes: number): void {
    this.resolveAll(assembly, assembly.flyingLow, assembly.flyingHigh)
    assembly.restart(segmentBytes)
    this.inProgress.enqueue(assembly)
  }

  /** A segment told how many there are of its block: those beyond do not come. */
  learnCount(assembly: Assembly, segmentCount: number): void {
    const beyondLow = (assembly.flyingLow & ~belowBits(segmentCount)) >>> 0
    const beyondHigh = (assembly.flyingHigh & ~belowBits(segmentCount - 32)) >>> 0
    this.resolveAll(assembly, beyondLow, beyondHigh)
    assembly.learnCount(segmentCount)
    this.inProgress.enqueue(assembly)
  }

  /** What was in flight is needed again. */
  needAgain(assembly: Assembly, index: number): void {
    this.resolve(assembly, index)
    assembly.addNeed(index)
    this.inProgress.enqueue(assembly)
  }
}
