// Segments in flight, asked for and neither here nor given up: a ring of segments in the order of asking,
// and a ring of the requests that asked. Used by the puller. Typed arrays, no object per segment.

import { FLIGHT_REQUESTS_MAX, FLIGHT_SEGMENTS_MAX } from './limits.js'

const SEGMENT_MASK = FLIGHT_SEGMENTS_MAX - 1
const REQUEST_MASK = FLIGHT_REQUESTS_MAX - 1
const RESOLVED = 0xff

/** Delivery counters as they stand when a request is sent; a rate sample is taken against them later. */
export interface DeliveryState {
  readonly deliveredBytes: number
  readonly deliveredAtMs: number
  readonly firstAskedAtMs: number
  readonly isLimited: boolean
}

/** Positions (`position`) count askings of single segments, upward for ever. The server answers in this order, so
 *  it is what "a later one has come" is judged by. Requests are counted likewise; the wire has their lowest 16 bits. */
export class SentSegments {
  /** The position that the next asking gets, and the oldest that may be open. */
  nextPosition = 0
  oldestPosition = 0
  nextRequest = 0

  // Made with the first request: most sessions of a quiet share never pull.
  private slots!: Uint16Array
  private segments!: Uint8Array
  private requests!: Float64Array

  private askedAtMs!: Float64Array
  private deliveredBytes!: Float64Array
  private deliveredAtMs!: Float64Array
  private firstAskedAtMs!: Float64Array
  private tags!: Uint8Array
  private limited!: Uint8Array

  /** How many more segments may be asked for, one after the other. */
  get room(): number {
    if (this.nextRequest - this.requestOf(this.oldestPosition) >= FLIGHT_REQUESTS_MAX - 1) return 0
    return FLIGHT_SEGMENTS_MAX - (this.nextPosition - this.oldestPosition)
  }

  get isEmpty(): boolean {
    return this.oldestPosition === this.nextPosition
  }

  /** Notes a request before its segments are added, and what was delivered until then. */
  addRequest(nowMs: number, delivery: DeliveryState, tag: number): void {
    if (this.nextRequest === 0) this.allocate()
    const at = this.nextRequest++ & REQUEST_MASK
    this.askedAtMs[at] = nowMs
    this.deliveredBytes[at] = delivery.deliveredBytes
    this.deliveredAtMs[at] = delivery.deliveredAtMs
    this.firstAskedAtMs[at] = delivery.firstAskedAtMs
    this.tags[at] = tag
    this.limited[at] = delivery.isLimited ? 1 : 0
  }

  /** Adds a segment to the newest request; answers its position. */
  addSegment(slot: number, segmentIndex: number): number {
    const at = this.nextPosition & SEGMENT_MASK
    this.slots[at] = slot
    this.segments[at] = segmentIndex
    this.requests[at] = this.nextRequest - 1
    return this.nextPosition++
  }

  /** The segment came, or was given up. */
  resolve(position: number): void {
    this.segments[position & SEGMENT_MASK] = RESOLVED
    while (
      this.oldestPosition < this.nextPosition &&
      this.segments[this.oldestPosition & SEGMENT_MASK] === RESOLVED
    ) {
      this.oldestPosition++
    }
  }

  slotOf(position: number): number {
    return this.slots[position & SEGMENT_MASK]!
  }

  segmentOf(position: number): number {
    return this.segments[position & SEGMENT_MASK]!
  }

  /** The request that last asked at this position; meaningful while nothing newer took its place in the ring. */
  requestOf(position: number): number {
    return position === this.nextPosition ? this.nextRequest : this.requests[position & SEGMENT_MASK]!
  }

  /** The full count of a request number from the wire, or −1 where it is too old or was never sent. */
  requestOfNumber(number: number): number {
    const newest = this.nextRequest - 1
    const request = newest - ((newest - number) & 0xffff)
    return request >= 0 && newest - request < FLIGHT_REQUESTS_MAX ? request : -1
  }

  askedAtMsOf(request: number): number {
    return this.askedAtMs[request & REQUEST_MASK]!
  }

  deliveredBytesOf(request: number): number {
    return this.deliveredBytes[request & REQUEST_MASK]!
  }

  deliveredAtMsOf(request: number): number {
    return this.deliveredAtMs[request & REQUEST_MASK]!
  }

  firstAskedAtMsOf(request: number): number {
    return this.firstAskedAtMs[request & REQUEST_MASK]!
  }

  tagOf(request: number): number {
    return this.tags[request & REQUEST_MASK]!
  }

  isAppLimited(request: number): boolean {
    return this.limited[request & REQUEST_MASK] === 1
  }

  private allocate(): void {
    this.slots = new Uint16Array(FLIGHT_SEGMENTS_MAX)
    this.segments = new Uint8Array(FLIGHT_SEGMENTS_MAX).fill(RESOLVED)
    this.requests = new Float64Array(FLIGHT_SEGMENTS_MAX)
    this.askedAtMs = new Float64Array(FLIGHT_REQUESTS_MAX)
    this.deliveredBytes = new Float64Array(FLIGHT_REQUESTS_MAX)
    this.deliveredAtMs = new Float64Array(FLIGHT_REQUESTS_MAX)
    this.firstAskedAtMs = new Float64Array(FLIGHT_REQUESTS_MAX)
    this.tags = new Uint8Array(FLIGHT_REQUESTS_MAX)
    this.limited = new Uint8Array(FLIGHT_REQUESTS_MAX)
  }
}
