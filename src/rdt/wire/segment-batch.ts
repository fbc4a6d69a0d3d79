// Segments that a kernel merged are nearly always of one block, with indexes that count up: they were cut from one frame
// and sent at once. Such a run is read, looked up and taken account of as one, for at a GiB a second that is what a
// receiver has time for. A segment that came alone is a run of one. Used by the endpoint and the puller.

import { SEGMENT_HEADER_BYTES } from './limits.js'
import { SegmentHeader } from './segment.js'

/** Where a header has its index and count; all in front of it is the same in a run. */
const INDEX_WORD_AT = 16
const NEXT_INDEX = 0x100_0000

/** The segments from one place on in what came, as many as there are. One object is used again for all that comes. */
export class SegmentBatch {
  /** Header of the first segment; those of the others differ in the index alone. */
  readonly header = new SegmentHeader()
  count = 0
  /** Payload of each: a segment shorter than the one before it begins another run. */
  payloadBytes = 0

  private bytes: Uint8Array = new Uint8Array(0)
  private view = new DataView(this.bytes.buffer)
  private at = 0
  /** Bytes of the payloads of merged datagrams, in their places. */
  private readonly views: Uint8Array[] = []
  private viewed: ArrayBufferLike | undefined
  private viewedFrom = 0
  private viewBytes = 0

  /** Reads the segments that stand end to end from `at` on, each `datagramBytes` long but the last; false where none
   *  begins there. */
  read(bytes: Uint8Array, at: number, datagramBytes: number): boolean {
    const firstBytes = Math.min(datagramBytes, bytes.length - at)
    if (!this.header.read(bytes, at, at + firstBytes)) return false
    this.at = at
    this.payloadBytes = firstBytes - SEGMENT_HEADER_BYTES
    this.count = 1
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    const wholeCount = Math.floor((bytes.length - at) / firstBytes)
    const countMax = Math.min(wholeCount, this.header.segmentCount - this.header.segmentIndex)
    while (this.count < countMax && this.goesOnAt(at + this.count * firstBytes)) this.count++
    return true
  }

  /** Just behind the last segment. */
  get end(): number {
    return this.at + this.count * (SEGMENT_HEADER_BYTES + this.payloadBytes)
  }

  /** Whether the header there is that of the next segment. */
  private goesOnAt(at: number): boolean {
    const { view, at: first } = this
    return (
      view.getUint32(at + INDEX_WORD_AT) ===
        view.getUint32(first + INDEX_WORD_AT) + this.count * NEXT_INDEX &&
      view.getUint32(at + 12) === view.getUint32(first + 12) &&
      view.getUint32(at + 8) === view.getUint32(first + 8) &&
      view.getUint32(at + 4) === view.getUint32(first + 4) &&
      view.getUint32(at) === view.getUint32(first)
    )
  }

  /** Takes away the first `count` segments, which are fewer than all. */
  skip(count: number): void {
    this.at += count * (SEGMENT_HEADER_BYTES + this.payloadBytes)
    this.count -= count
    this.header.segmentIndex += count
  }

  /** Puts the payloads of the first `count` segments end to end from `to` on. */
  copyPayloads(count: number, into: Uint8Array, to: number): void {
    const { payloadBytes } = this
    if (count > 1) this.keepViews()
    for (let index = 0; index < count; index++) {
      const at = this.at + index * (SEGMENT_HEADER_BYTES + payloadBytes)
      into.set(count > 1 ? this.viewAt(at) : this.payloadAt(at), to + index * payloadBytes)
    }
  }

  /** Merged datagrams are received into the same memory every time: views of it are made once, for making one costs more
   *  than copying what it shows. */
  private keepViews(): void {
    const { bytes, payloadBytes } = this
    const isSame = this.viewed === bytes.buffer && this.viewedFrom === bytes.byteOffset
    if (isSame && this.viewBytes === payloadBytes) return
    this.viewed = bytes.buffer
    this.viewedFrom = bytes.byteOffset
    this.viewBytes = payloadBytes
    this.views.length = 0
  }

  private viewAt(at: number): Uint8Array {
    const ordinal = at / (SEGMENT_HEADER_BYTES + this.payloadBytes)
    this.views[ordinal] ??= this.payloadAt(at)
    return this.views[ordinal]
  }

  private payloadAt(at: number): Uint8Array {
    return this.bytes.subarray(at + SEGMENT_HEADER_BYTES, at + SEGMENT_HEADER_BYTES + this.payloadBytes)
  }
}
