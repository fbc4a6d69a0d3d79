// Loss recovery: a segment that was asked for comes, and tells the round trip and the window about the path; or a later
// asking was answered, and the segment is lost (RACK, RFC 8985); or nothing comes at all for a probe timeout (RFC 9002,
// 6.2). One per puller.

import { earliest } from '../../base/earliest.js'
import type { PathMtu } from '../path/path-mtu.js'
import type { RoundTrip } from '../path/rtt.js'
import type { Delivery, WindowPolicy } from '../window/window-policy.js'
import { SEGMENT_HEADER_BYTES } from '../wire/limits.js'
import type { SegmentBatch } from '../wire/segment-batch.js'
import { STALLED_MS } from './limits.js'
import type { DeliveryMeter } from './meter.js'
import type { Outstanding } from './outstanding.js'
import type { PulledItem } from './pulled-item.js'
import type { Reassembly } from './reassembly.js'
import { Reordering } from './reordering.js'

export interface LossRecoveryHost {
  readonly roundTrip: RoundTrip
  readonly path: PathMtu
  readonly window: WindowPolicy
  /** The path carries other datagrams than before. */
  handlePathSize(): void
  /** The other side does not give it. */
  giveUp(item: PulledItem): void
}

export class LossRecovery {
  /** To be asked for whatever the window says, since nothing came for a while. */
  probesOwedBytes = 0

  private lastAskedAtMs = 0
  private lastArrivalAtMs = 0
  /** When something was asked for while nothing was outstanding. */
  private busySinceMs = 0
  private readonly reordering = new Reordering()
  /** The newest asking that was answered, and how long that took: what loss is judged by. */
  private newestPosition = -1
  private newestRttMs = 0
  private lossAtMs: number | undefined
  private timeoutsInRow = 0
  private readonly delivery: Delivery = {
    segments: 0,
    bytes: 0,
    rttMs: 0,
    leastRttMs: 0,
    rateBytesPerMs: 0,
    isAppLimited: false,
    deliveredBytes: 0,
    deliveredBytesAtAsk: 0,
    tag: 0,
    inFlightBytes: 0,
    nowMs: 0,
  }

  private readonly outstanding: Outstanding
  private readonly meter: DeliveryMeter
  private readonly stats: { segmentsLost: number }

  /** `stats.segmentsLost`: called lost, less what came after all. */
  constructor(
    private readonly host: LossRecoveryHost,
    shared: { outstanding: Outstanding; meter: DeliveryMeter; stats: { segmentsLost: number } },
  ) {
    this.outstanding = shared.outstanding
    this.meter = shared.meter
    this.stats = shared.stats
  }

  /** Since when nothing has come of what is outstanding; undefined where nothing is. */
  get silentSinceMs(): number | undefined {
    return this.outstanding.sent.isEmpty ? undefined : Math.max(this.lastArrivalAtMs, this.busySinceMs)
  }

  // — Arrivals —

  /** Something that was asked for came, be it for the second time. */
  handleArrived(reassembly: Reassembly, nowMs: number): void {
    this.lastArrivalAtMs = nowMs
    this.timeoutsInRow = 0
    this.host.path.handleDelivered(reassembly.segmentBytes, nowMs)
  }

  /** Takes new segments out of what is in flight, and tells the round trip and the window about them. */
  handleDelivered(
    reassembly: Reassembly,
    { header, payloadBytes }: SegmentBatch,
    count: number,
    nowMs: number,
  ): void {
    const { sent } = this.outstanding
    const { meter, delivery } = this
    const { roundTrip, window } = this.host
    const segmentBytes = SEGMENT_HEADER_BYTES + payloadBytes
    const request = sent.requestOfNumber(header.requestNumber)
    const isKnown = request >= 0
    const rttMs = isKnown ? Math.max(0.001, nowMs - sent.askedAtMsOf(request)) : 0
    delivery.tag = isKnown ? sent.tagOf(request) : 0
    const foundCount = reassembly.isFlying(header.segmentIndex)
      ? this.settle(reassembly, header.segmentIndex, count, request, rttMs)
      : reassembly.takeNeeds(header.segmentIndex, count)
    if (foundCount > 0) this.handleFound(foundCount, foundCount * segmentBytes)
    meter.count(count * segmentBytes, nowMs)
    delivery.segments = count
    delivery.bytes = count * segmentBytes
    delivery.rttMs = rttMs
    delivery.leastRttMs = roundTrip.minMs
    delivery.rateBytesPerMs = isKnown ? meter.rateSince(request, sent, roundTrip.minMs) : 0
    delivery.isAppLimited = !isKnown || sent.isAppLimited(request)
    delivery.deliveredBytes = meter.deliveredBytes
    delivery.deliveredBytesAtAsk = isKnown ? sent.deliveredBytesOf(request) : 0
    delivery.inFlightBytes = this.outstanding.inFlightBytes
    delivery.nowMs = nowMs
    if (isKnown) roundTrip.handleSample(rttMs, nowMs)
    window.handleDelivered(delivery)
  }

  /** Whatever became of their askings, segments that are in flight are here. Answers how many of them had been called
   *  lost: those that came of an earlier asking. */
  private settle(
    reassembly: Reassembly,
    first: number,
    count: number,
    request: number,
    rttMs: number,
  ): number {
    const { sent } = this.outstanding
    let foundCount = 0
    for (let index = first; index < first + count; index++) {
      const position = reassembly.positions[index]!
      const isOfLastAsk = sent.requestOf(position) === request
      sent.resolve(position)
      if (!isOfLastAsk) {
        foundCount++
      } else if (position > this.newestPosition) {
        this.newestPosition = position
        this.newestRttMs = rttMs
      }
    }
    this.outstanding.inFlightBytes -= reassembly.datagramsBytesOf(first, count)
    reassembly.land(first, count)
    return foundCount
  }

  // — Loss —

  /** To be called when something came. */
  detectLosses(nowMs: number): void {
    const { sent } = this.outstanding
    const waitMs = this.newestRttMs + this.reordering.windowMs(this.host.roundTrip)
    this.lossAtMs = undefined
    while (sent.oldestPosition < this.newestPosition) {
      const position = sent.oldestPosition
      const overdueAtMs = sent.askedAtMsOf(sent.requestOf(position)) + waitMs
      if (nowMs < overdueAtMs) {
        this.lossAtMs = overdueAtMs
        return
      }
      this.lose(position, nowMs)
    }
  }

  private lose(position: number, nowMs: number): void {
    const { sent, inProgress } = this.outstanding
    const { window, path, roundTrip } = this.host
    const reassembly = inProgress.inSlot(sent.slotOf(position))
    const index = sent.segmentOf(position)
    const tag = sent.tagOf(sent.requestOf(position))
    const bytes = reassembly.datagramBytesOf(index)
    this.outstanding.needAgain(reassembly, index)
    this.stats.segmentsLost++
    window.handleLost(bytes, tag, nowMs)
    if (reassembly.isFullSize(index) && path.handleLost(reassembly.segmentBytes, nowMs, roundTrip.smoothedMs))
      this.host.handlePathSize()
    // The session lives, or it would be over; this is something that the other side does not give.
    if (nowMs - reassembly.cameAtMs! >= STALLED_MS) this.host.giveUp(reassembly.item)
  }

  /** Segments that were called lost came after all. */
  private handleFound(count: number, bytes: number): void {
    this.stats.segmentsLost = Math.max(0, this.stats.segmentsLost - count)
    this.host.window.handleFound(bytes, this.delivery.tag)
    this.handleNeedless()
  }

  /** A segment that is here came once more, after it was asked for again: it was not lost, only late. */
  handleNeedless(): void {
    this.reordering.handleNeedless(this.meter.deliveredBytes, this.outstanding.inFlightBytes)
  }

  // — Time —

  pollTimeout(): number | undefined {
    return earliest(this.lossAtMs, this.probeAtMs())
  }

  handleTimeout(nowMs: number): void {
    if (this.lossAtMs !== undefined && nowMs >= this.lossAtMs) this.detectLosses(nowMs)
    const probeAtMs = this.probeAtMs()
    if (probeAtMs !== undefined && nowMs >= probeAtMs) this.probeTail(nowMs)
  }

  private probeAtMs(): number | undefined {
    if (this.outstanding.sent.isEmpty) return undefined
    const sinceMs = Math.max(this.lastAskedAtMs, this.lastArrivalAtMs)
    return sinceMs + this.host.roundTrip.probeTimeoutMs(this.timeoutsInRow)
  }

  /** Nothing came for a while. The oldest askings are done again, whatever the window says: what comes of them
   *  tells which of the others were lost. */
  private probeTail(nowMs: number): void {
    const { sent, inProgress } = this.outstanding
    const { window, path } = this.host
    this.timeoutsInRow++
    window.handleTimedOut(this.timeoutsInRow, nowMs)
    if (path.handleTimedOut(nowMs)) this.host.handlePathSize()
    let bytes = 0
    while (!sent.isEmpty && bytes < window.quantumBytes) {
      const position = sent.oldestPosition
      bytes += inProgress.inSlot(sent.slotOf(position)).datagramBytesOf(sent.segmentOf(position))
      this.lose(position, nowMs)
    }
    this.probesOwedBytes = bytes
    // Else the timer would fire again before the probe is sent.
    this.lastAskedAtMs = nowMs
    // Else the silence would count as time in which the path delivered little.
    if (this.timeoutsInRow > 1) this.meter.restart(nowMs)
  }

  /** To be called before something may be asked for. */
  handleProgress(nowMs: number): void {
    const { meter } = this
    const { inFlightBytes } = this.outstanding
    this.reordering.handleProgress(meter.deliveredBytes, inFlightBytes)
    if (inFlightBytes > 0) return
    meter.restart(nowMs)
    if (this.timeoutsInRow === 0) this.busySinceMs = nowMs
  }

  handleAsked(bytes: number, nowMs: number): void {
    this.probesOwedBytes = Math.max(0, this.probesOwedBytes - bytes)
    this.lastAskedAtMs = nowMs
  }
}
