// A segment: a piece of a sealed block. Describes itself, so that it may come merged, doubled or late.
//
//   segment 16  session:8 handle:u24 block:u32 index:u8 count:u8 request:u16 payload
//
// The payload of all segments of a block but the last is segmentBytes − 20 long, so the last one tells how
// long the frame is. There is no checksum: a frame carries its own, and UDP's stands in front of it.

import { DatagramType, type WireSession } from './control.js'
import { SEGMENT_COUNT_MAX, SEGMENT_HEADER_BYTES } from './limits.js'

/** The fields of a segment's header. One object is used again for every segment that comes. */
export class SegmentHeader {
  sessionHigh = 0
  sessionLow = 0
  handle = 0
  blockIndex = 0
  segmentIndex = 0
  segmentCount = 0
  requestNumber = 0

  /** Reads the header of the datagram that stands from `at` up to `end`; false where it cannot be one. */
  read(bytes: Uint8Array, at = 0, end = bytes.length): boolean {
    if (end - at <= SEGMENT_HEADER_BYTES || bytes[at] !== DatagramType.segment) return false
    this.sessionHigh = u32At(bytes, at + 1)
    this.sessionLow = u32At(bytes, at + 5)
    this.handle = (bytes[at + 9]! << 16) | (bytes[at + 10]! << 8) | bytes[at + 11]!
    this.blockIndex = u32At(bytes, at + 12)
    this.segmentIndex = bytes[at + 16]!
    this.segmentCount = bytes[at + 17]!
    this.requestNumber = (bytes[at + 18]! << 8) | bytes[at + 19]!
    return this.segmentIndex < this.segmentCount && this.segmentCount <= SEGMENT_COUNT_MAX
  }

  /** Writes the header at `at`. */
  write(bytes: Uint8Array, at: number): void {
    bytes[at] = DatagramType.segment
    putU32(bytes, at + 1, this.sessionHigh)
    putU32(bytes, at + 5, this.sessionLow)
    bytes[at + 9] = this.handle >>> 16
    bytes[at + 10] = this.handle >>> 8
    bytes[at + 11] = this.handle
    putU32(bytes, at + 12, this.blockIndex)
    bytes[at + 16] = this.segmentIndex
    bytes[at + 17] = this.segmentCount
    bytes[at + 18] = this.requestNumber >>> 8
    bytes[at + 19] = this.requestNumber
  }
}

/** The session of any datagram within one, or undefined where it is too short to have one. */
export function sessionOf(bytes: Uint8Array): WireSession | undefined {
  return bytes.length < 9 ? undefined : { high: u32At(bytes, 1), low: u32At(bytes, 5) }
}

export function u32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
