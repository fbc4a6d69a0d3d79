// One block on its way: the buffer that its segments are put into and what is known of each of them. Used by
// the puller, which keeps these by slot and uses them again.

import { blockBytes } from '../../base/item.js'
import { FRAME_OVERHEAD_BYTES } from '../../base/limits.js'
import type { FrameBuffer } from '../pool.js'
import { belowBits, bitsBetween, countOf, highBit, lowBit, lowestOf } from '../wire/bits.js'
import { SEGMENT_COUNT_MAX, SEGMENT_HEADER_BYTES } from '../wire/limits.js'
import type { SegmentBatch } from '../wire/segment-batch.js'
import type { PulledItem } from './pulled-item.js'

/** Each segment of the block is exactly one of: here, in flight, needed, not thought of yet (`open` ones, which
 *  are needed last), or beyond the end. */
export class Reassembly {
  item!: PulledItem
  blockIndex = 0
  frame!: FrameBuffer
  segmentBytes = 0
  payloadBytes = 0
  frameBytesMax = 0
  /** Bytes that it counts for until it is here. */
  private frameBytesExpected = 0
  /** Segments that the frame has; what it may have at most until the first one came. */
  segmentCount = 0
  isCountKnown = false
  frameBytes = 0
  /** When one of its segments came last, or it was first asked for; undefined until it is. */
  cameAtMs: number | undefined
  /** Answers since a segment came that were none. */
  misfitCount = 0
  /** How often two of its segments said different counts. */
  contradictionCount = 0
  hereCount = 0
  hereLow = 0
  hereHigh = 0
  flyingLow = 0
  flyingHigh = 0
  neededLow = 0
  neededHigh = 0
  askedLow = 0
  askedHigh = 0
  /** Asked for more than once. */
  repairedLow = 0
  repairedHigh = 0
  /** Whether it waits in the puller's queue of blocks with something to ask for. */
  isQueued = false
  /** Where in the flight each segment was asked for last. */
  readonly positions = new Float64Array(SEGMENT_COUNT_MAX)

  constructor(readonly slot: number) {}

  /** `fillRatio`: of what frames may take, what they have been taking; 1 unless they are compressed. */
  begin(
    item: PulledItem,
    blockIndex: number,
    frame: FrameBuffer,
    { segmentBytes, fillRatio }: { segmentBytes: number; fillRatio: number },
  ): void {
    this.item = item
    this.blockIndex = blockIndex
    this.frame = frame
    this.frameBytesMax = blockBytes(item.sizeBytes, blockIndex) + FRAME_OVERHEAD_BYTES
    this.frameBytesExpected = Math.ceil(fillRatio * this.frameBytesMax)
    this.cameAtMs = undefined
    this.misfitCount = this.contradictionCount = 0
    this.restart(segmentBytes)
  }

  /** Forgets what came, and needs all of it in segments of another size. Nothing is in flight. */
  restart(segmentBytes: number): void {
    this.segmentBytes = segmentBytes
    this.payloadBytes = segmentBytes - SEGMENT_HEADER_BYTES
    this.segmentCount = Math.ceil(this.frameBytesMax / this.payloadBytes)
    this.isCountKnown = false
    this.frameBytes = 0
    this.hereCount = this.hereLow = this.hereHigh = 0
    this.flyingLow = this.flyingHigh = 0
    this.askedLow = this.askedHigh = 0
    this.repairedLow = this.repairedHigh = 0
    this.neededLow = belowBits(this.segmentCount)
    this.neededHigh = belowBits(this.segmentCount - 32)
    this.expectFewer(this.item.expectedSegments(this))
  }

  /** Until the count is known, needs no more than what blocks of this item have been having. */
  private expectFewer(segmentCount: number): void {
    this.neededLow = (this.neededLow & belowBits(segmentCount)) >>> 0
    this.neededHigh = (this.neededHigh & belowBits(segmentCount - 32)) >>> 0
  }

  /** A segment told how many there are: what was expected beyond is dropped, what was not expected is needed. */
  learnCount(segmentCount: number): void {
    this.isCountKnown = true
    this.segmentCount = segmentCount
    const idleLow = ~(this.hereLow | this.flyingLow)
    const idleHigh = ~(this.hereHigh | this.flyingHigh)
    this.neededLow = (belowBits(segmentCount) & idleLow) >>> 0
    this.neededHigh = (belowBits(segmentCount - 32) & idleHigh) >>> 0
  }

  isHere(index: number): boolean {
    return ((this.hereLow & lowBit(index)) | (this.hereHigh & highBit(index))) !== 0
  }

  isFlying(index: number): boolean {
    return ((this.flyingLow & lowBit(index)) | (this.flyingHigh & highBit(index))) !== 0
  }

  isAsked(index: number): boolean {
    return ((this.askedLow & lowBit(index)) | (this.askedHigh & highBit(index))) !== 0
  }

  /** How many segments from `first` on are in the same state as the first: asked for, in flight, here. */
  alikeCount(first: number, count: number): number {
    const { low, high } = bitsBetween(first, first + count - 1)
    const isAsked = -Number(this.isAsked(first))
    const isHere = -Number(this.isHere(first))
    const isFlying = -Number(this.isFlying(first))
    const otherLow = low & ((this.askedLow ^ isAsked) | (this.hereLow ^ isHere) | (this.flyingLow ^ isFlying))
    const otherHigh =
      high & ((this.askedHigh ^ isAsked) | (this.hereHigh ^ isHere) | (this.flyingHigh ^ isFlying))
    return (otherLow | otherHigh) === 0 ? count : lowestOf(otherLow >>> 0, otherHigh >>> 0) - first
  }

  areSomeRepaired(first: number, count: number): boolean {
    const { low, high } = bitsBetween(first, first + count - 1)
    return ((this.repairedLow & low) | (this.repairedHigh & high)) !== 0
  }

  /** The first segments of the run came: their payloads take their places. */
  put(run: SegmentBatch, count: number, nowMs: number): void {
    const first = run.header.segmentIndex
    const last = first + count - 1
    run.copyPayloads(count, this.frame.bytes, first * this.payloadBytes)
    if (last === this.segmentCount - 1) this.frameBytes = last * this.payloadBytes + run.payloadBytes
    const { low, high } = bitsBetween(first, last)
    this.hereLow = (this.hereLow | low) >>> 0
    this.hereHigh = (this.hereHigh | high) >>> 0
    this.hereCount += count
    this.cameAtMs = nowMs
    this.misfitCount = 0
  }

  /** The segment is asked for, at this position in the ring of sent segments. */
  fly(index: number, position: number): void {
    const low = lowBit(index)
    const high = highBit(index)
    this.repairedLow = (this.repairedLow | (this.askedLow & low)) >>> 0
    this.repairedHigh = (this.repairedHigh | (this.askedHigh & high)) >>> 0
    this.neededLow = (this.neededLow & ~low) >>> 0
    this.neededHigh = (this.neededHigh & ~high) >>> 0
    this.askedLow = (this.askedLow | low) >>> 0
    this.askedHigh = (this.askedHigh | high) >>> 0
    this.flyingLow = (this.flyingLow | low) >>> 0
    this.flyingHigh = (this.flyingHigh | high) >>> 0
    this.positions[index] = position
  }

  /** They are not in flight any more. */
  land(first: number, count: number): void {
    const { low, high } = bitsBetween(first, first + count - 1)
    this.flyingLow = (this.flyingLow & ~low) >>> 0
    this.flyingHigh = (this.flyingHigh & ~high) >>> 0
  }

  addNeed(index: number): void {
    this.neededLow = (this.neededLow | lowBit(index)) >>> 0
    this.neededHigh = (this.neededHigh | highBit(index)) >>> 0
  }

  /** Answers how many of them were needed. */
  takeNeeds(first: number, count: number): number {
    const { low, high } = bitsBetween(first, first + count - 1)
    const neededCount = countOf(this.neededLow & low, this.neededHigh & high)
    this.neededLow = (this.neededLow & ~low) >>> 0
    this.neededHigh = (this.neededHigh & ~high) >>> 0
    return neededCount
  }

  get isComplete(): boolean {
    return this.isCountKnown && this.hereCount === this.segmentCount
  }

  get hasNeeds(): boolean {
    return (this.neededLow | this.neededHigh) !== 0
  }

  get neededCount(): number {
    return countOf(this.neededLow, this.neededHigh)
  }

  /** Bytes that segment `index` counts for while in flight: its datagram, at the fill ratio of recent frames, and the
   *  same at every time. At the most that the datagram may take, a window would be filled by a third of its blocks
   *  where they shrink to a third, and the rate that it measures would fall from round to round. */
  datagramBytesOf(index: number): number {
    return this.datagramsBytesOf(index, 1)
  }

  /** The same of `count` segments. */
  datagramsBytesOf(first: number, count: number): number {
    const rest = this.frameBytesExpected - first * this.payloadBytes
    return count * SEGMENT_HEADER_BYTES + Math.max(0, Math.min(rest, count * this.payloadBytes))
  }

  /** Whether the datagram of segment `index` is as long as they get. */
  isFullSize(index: number): boolean {
    return this.frameBytesMax - index * this.payloadBytes >= this.payloadBytes
  }
}
