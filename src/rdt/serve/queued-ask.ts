// Asks that wait at the server to be answered, the blocks that they are for, and the segments that are written from them.
// Used by the server.

import type { Digest, ItemKind } from '../../base/item.js'
import { belowBits, highBit, lowBit, lowestOf } from '../wire/bits.js'
import { SEGMENT_HEADER_BYTES } from '../wire/limits.js'
import type { SegmentHeader } from '../wire/segment.js'

/** A block that asks wait for. */
export interface WantedBlock {
  readonly key: string
  readonly kind: ItemKind
  readonly digest: Digest
  readonly blockIndex: number
  /** Only of a pack. */
  readonly members: Uint8Array | undefined
  readonly asks: QueuedAsk[]
  /** Asks of it that were looked at and are not answered: while there are any, it holds its frame. */
  looked: number
  /** The caller was told, and has not answered yet. */
  isWanted: boolean
  /** Its item is not held: the asks that are still in the queue are not answered. */
  isGone: boolean
  frame: Uint8Array | undefined
}

export interface QueuedAsk {
  readonly block: WantedBlock
  readonly handle: number
  readonly segmentBytes: number
  readonly requestNumber: number
  low: number
  high: number
}

/** Whether all that was asked for is written, or lies beyond the end of the frame. */
export function isAnswered({ low, high }: QueuedAsk): boolean {
  return (low | high) === 0
}

/** Takes out of an ask the segments beyond the end of the frame. */
export function limitToFrame(ask: QueuedAsk, frame: Uint8Array): void {
  const segmentCount = Math.ceil(frame.length / (ask.segmentBytes - SEGMENT_HEADER_BYTES))
  ask.low = (ask.low & belowBits(segmentCount)) >>> 0
  ask.high = (ask.high & belowBits(segmentCount - 32)) >>> 0
}

/** Bytes of the next segment of an ask, with its header. */
export function segmentLength(ask: QueuedAsk): number {
  const payloadBytes = ask.segmentBytes - SEGMENT_HEADER_BYTES
  const from = lowestOf(ask.low, ask.high) * payloadBytes
  return SEGMENT_HEADER_BYTES + Math.min(ask.block.frame!.length - from, payloadBytes)
}

/** Writes the next segment of an ask and takes it out of the ask. Answers its bytes. `header` has its session and is
 *  used again. */
export function writeSegment(
  { bytes, at }: { bytes: Uint8Array; at: number },
  ask: QueuedAsk,
  frame: Uint8Array,
  header: SegmentHeader,
): number {
  const payloadBytes = ask.segmentBytes - SEGMENT_HEADER_BYTES
  const index = lowestOf(ask.low, ask.high)
  ask.low = (ask.low & ~lowBit(index)) >>> 0
  ask.high = (ask.high & ~highBit(index)) >>> 0
  header.handle = ask.handle
  header.blockIndex = ask.block.blockIndex
  header.segmentIndex = index
  header.segmentCount = Math.ceil(frame.length / payloadBytes)
  header.requestNumber = ask.requestNumber
  header.write(bytes, at)
  const from = index * payloadBytes
  const until = Math.min(frame.length, from + payloadBytes)
  // Costs two thirds of what `subarray` does, which asks the frame for its kind.
  bytes.set(new Uint8Array(frame.buffer, frame.byteOffset + from, until - from), at + SEGMENT_HEADER_BYTES)
  return SEGMENT_HEADER_BYTES + until - from
}
