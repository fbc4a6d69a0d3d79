// How large a datagram the path towards us carries. RFC 8899 turned round: data flows to the puller, so the
// puller asks the other side for a padded answer of each size, and believes what arrives.
//
//   unknown ── probe every candidate at once ──▶ known: the largest that arrived
//      ▲                                            │ full segments vanish, one after the other
//      └──── base size, probe again ◀───────────────┘

import { PATH_BYTES_BASE, PATH_BYTES_WHOLE } from '../wire/limits.js'
import {
  BLACK_HOLE_MS_MIN,
  BLACK_HOLE_RTTS,
  BLACK_HOLE_SEGMENTS,
  BLACK_HOLE_TIMEOUTS,
  BLACK_HOLE_TIMEOUTS_ALONE,
  PATH_BYTES_CANDIDATES,
  PATH_PROBE_MS_MIN,
  PATH_PROBES_MAX,
  PATH_RAISE_MS,
} from './limits.js'

/** Emits the sizes to probe, and knows which one to ask for. Performs no I/O. */
export class PathMtu {
  /** UDP payload that every datagram towards us may have. */
  currentBytes = PATH_BYTES_BASE
  private readonly candidates: readonly number[]
  private unanswered: number[]
  private tries = 0
  private nextProbeAtMs: number
  private outbox: number[] = []
  private lostInRow = 0
  private arrivedAtMs: number
  private timeoutsInRow = 0
  /** Whether a fall may have been an outage of the whole path: then the next arrival is a reason to probe. */
  private hasFallen = false

  /** `bytesMax`: what both ends' interfaces carry. */
  constructor(bytesMax: number, nowMs: number) {
    const sizes = new Set([...PATH_BYTES_CANDIDATES, Math.min(bytesMax, PATH_BYTES_WHOLE)])
    this.candidates = [...sizes]
      .filter((size) => size > PATH_BYTES_BASE && size <= bytesMax)
      .sort((a, b) => b - a)
    this.unanswered = [...this.candidates]
    this.nextProbeAtMs = nowMs
    this.arrivedAtMs = nowMs
  }

  pollTimeout(): number | undefined {
    return this.nextProbeAtMs === Number.POSITIVE_INFINITY ? undefined : this.nextProbeAtMs
  }

  handleTimeout(nowMs: number, smoothedRttMs: number): void {
    if (nowMs < this.nextProbeAtMs) return
    if (this.tries === PATH_PROBES_MAX || this.unanswered.length === 0) {
      // Given up for now. A path may grow later, as a route changes.
      this.tries = 0
      this.unanswered = this.candidates.filter((size) => size > this.currentBytes)
      this.nextProbeAtMs = this.unanswered.length === 0 ? Number.POSITIVE_INFINITY : nowMs + PATH_RAISE_MS
      return
    }
    this.outbox = [...this.unanswered]
    this.tries++
    this.nextProbeAtMs = nowMs + Math.max(PATH_PROBE_MS_MIN, 2 * smoothedRttMs) * 2 ** (this.tries - 1)
  }

  /** The next size to ask a padded answer of. */
  pollProbe(): number | undefined {
    return this.outbox.shift()
  }

  /** A padded answer of this size came. */
  handleProbed(bytes: number, nowMs: number): void {
    if (!this.candidates.includes(bytes) || bytes <= this.currentBytes) return
    this.currentBytes = bytes
    this.unanswered = this.unanswered.filter((size) => size > bytes)
    this.outbox = this.outbox.filter((size) => size > bytes)
    if (this.unanswered.length === 0) this.nextProbeAtMs = nowMs
    this.handleDelivered(bytes, nowMs)
  }

  handleDelivered(segmentBytes: number, nowMs: number): void {
    if (this.hasFallen) this.probeAgain(nowMs)
    if (segmentBytes < this.currentBytes) return
    this.arrivedAtMs = nowMs
    this.lostInRow = 0
    this.timeoutsInRow = 0
  }

  /** A segment of full size was lost, though something after it came: smaller ones do. Answers whether the size
   *  fell. A queue that overflows loses many in a row as well, but lets one through before long. */
  handleLost(segmentBytes: number, nowMs: number, smoothedRttMs: number): boolean {
    if (segmentBytes < this.currentBytes || this.currentBytes === PATH_BYTES_BASE) return false
    if (++this.lostInRow < BLACK_HOLE_SEGMENTS) return false
    return (
      nowMs - this.arrivedAtMs >= Math.max(BLACK_HOLE_MS_MIN, BLACK_HOLE_RTTS * smoothedRttMs) &&
      this.fall(nowMs)
    )
  }

  /** Nothing came for a whole probe timeout. Answers whether the size fell. */
  handleTimedOut(nowMs: number): boolean {
    if (this.currentBytes === PATH_BYTES_BASE) return false
    this.timeoutsInRow++
    // Where a single segment is all that is asked for, a few in a row may be lost by chance.
    const isMany = this.timeoutsInRow >= BLACK_HOLE_TIMEOUTS && this.lostInRow >= BLACK_HOLE_SEGMENTS
    return (isMany || this.timeoutsInRow >= BLACK_HOLE_TIMEOUTS_ALONE) && this.fall(nowMs)
  }

  private fall(nowMs: number): boolean {
    this.currentBytes = PATH_BYTES_BASE
    this.lostInRow = 0
    this.timeoutsInRow = 0
    this.hasFallen = true
    this.nextProbeAtMs = nowMs + PATH_RAISE_MS
    return true
  }

  private probeAgain(nowMs: number): void {
    this.hasFallen = false
    this.tries = 0
    this.unanswered = this.candidates.filter((size) => size > this.currentBytes)
    this.nextProbeAtMs = nowMs
  }
}
