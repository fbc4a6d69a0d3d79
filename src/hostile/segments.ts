// Cuts frames into the segments that a request asked for, and writes segments of any kind. Used by the attacker's serving.

import type { WireSession } from '../rdt/protection.js'
import { SEGMENT_HEADER_BYTES } from '../rdt/wire/limits.js'
import type { AskGroup } from '../rdt/wire/request.js'
import { SegmentHeader } from '../rdt/wire/segment.js'

/** A segment to be sent; what is left out is what an honest server would say. */
export interface SegmentLie {
  readonly handle?: number
  readonly blockIndex?: number
  readonly segmentIndex?: number
  readonly segmentCount?: number
  readonly requestNumber?: number
  readonly payload: Uint8Array
}

export interface AnsweredAsk {
  readonly session: WireSession
  /** The number of the request. */
  readonly number: number
  readonly handle: number
  readonly blockIndex: number
}

/** The segments of a frame that are asked for, as an honest server cuts them. */
export function askedSegments(
  group: AskGroup,
  ask: AskGroup['asks'][number],
  frame: Uint8Array,
): SegmentLie[] {
  const segments: SegmentLie[] = []
  const payloadBytes = group.segmentBytes - SEGMENT_HEADER_BYTES
  const segmentCount = Math.max(1, Math.ceil(frame.length / payloadBytes))
  for (let index = 0; index < segmentCount; index++) {
    const isAsked = index < 32 ? (ask.low >>> index) & 1 : (ask.high >>> (index - 32)) & 1
    if (isAsked === 0) continue
    const payload = frame.subarray(index * payloadBytes, (index + 1) * payloadBytes)
    segments.push({ segmentIndex: index, segmentCount, payload })
  }
  return segments
}

export function segmentDatagram(ask: AnsweredAsk, lie: SegmentLie): Uint8Array {
  const header = new SegmentHeader()
  header.sessionHigh = ask.session.high
  header.sessionLow = ask.session.low
  header.handle = lie.handle ?? ask.handle
  header.blockIndex = lie.blockIndex ?? ask.blockIndex
  header.segmentIndex = lie.segmentIndex ?? 0
  header.segmentCount = lie.segmentCount ?? 1
  header.requestNumber = lie.requestNumber ?? ask.number
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES + lie.payload.length)
  header.write(bytes, 0)
  bytes.set(lie.payload, SEGMENT_HEADER_BYTES)
  return bytes
}
