// How much is asked for at once, and when: as much as the window has room for, at its pace and under the limit, a
// quantum at a time. Makes the requests. One per puller.

import type { WindowPolicy } from '../window/window-policy.js'
import { highBit, lowBit, lowestOf } from '../wire/bits.js'
import type { WireSession } from '../wire/control.js'
import { SEGMENT_COUNT_MAX } from '../wire/limits.js'
import { RequestWriter } from '../wire/request.js'
import type { TokenBucket } from './bucket.js'
import type { LossRecovery } from './loss-recovery.js'
import type { DeliveryMeter } from './meter.js'
import type { Outstanding } from './outstanding.js'
import { Pacer } from './pacer.js'
import type { Reassembly } from './reassembly.js'

export interface RequestSchedulerHost {
  readonly bucket: TokenBucket | undefined
  readonly window: WindowPolicy
  /** Nothing is left to begin. Whoever waits for the last segments waits for as many round trips as the unluckiest of
   *  them is lost in a row, so their repairs are asked for twice. */
  isTail(): boolean
  /** Whether it is the caller that keeps us from asking: it wants nothing more, or has not released what came. A pool that
   *  is full of blocks on their way is the path's doing. */
  isCallerSlow(): boolean
  /** Makes a datagram of a request. */
  readonly seal: (request: Uint8Array) => Uint8Array
  mayBegin(): boolean
  /** The next block, all of it needed; undefined where none may be begun. */
  begin(): Reassembly | undefined
}

export interface AskedStats {
  /** All askings, repeated ones included. */
  segmentsAsked: number
  segmentsAskedAgain: number
}

/** Part of the window that may be in flight where repairs of the tail are asked for twice: there must be room for both. */
const TAIL_WINDOW_PART = 1 / 2

export class RequestScheduler {
  private readonly pacer = new Pacer()
  private readonly writer = new RequestWriter()
  /** Something could be asked for, were it not too early. */
  private isHeldBack = false
  /** A request of the tail, to be sent once more. */
  private again: Uint8Array | undefined

  private readonly outstanding: Outstanding
  private readonly lossRecovery: LossRecovery
  private readonly meter: DeliveryMeter
  private readonly stats: AskedStats

  constructor(
    private readonly host: RequestSchedulerHost,
    shared: { outstanding: Outstanding; lossRecovery: LossRecovery; meter: DeliveryMeter; stats: AskedStats },
    /** How the other side knows this session. */
    private readonly session: WireSession,
  ) {
    this.outstanding = shared.outstanding
    this.lossRecovery = shared.lossRecovery
    this.meter = shared.meter
    this.stats = shared.stats
  }

  /** When it is not too early any more for what was held back. */
  pollTimeout(): number | undefined {
    return this.isHeldBack ? this.askAtMs() : undefined
  }

  /** The next request datagram, or undefined while nothing may or need be asked for. */
  pollRequest(nowMs: number): Uint8Array | undefined {
    this.isHeldBack = false
    const { again } = this
    if (again !== undefined) {
      this.again = undefined
      return this.host.seal(again)
    }
    const quotaBytes = this.quotaBytes(nowMs)
    if (quotaBytes <= 0) return undefined
    const { meter, writer, lossRecovery } = this
    const { sent, inProgress } = this.outstanding
    const { window, bucket } = this.host
    lossRecovery.handleProgress(nowMs)
    writer.start(this.session, sent.nextRequest & 0xffff)
    const newBefore = this.newAskedCount
    let askedBytes = 0
    while (askedBytes < quotaBytes && sent.room >= SEGMENT_COUNT_MAX) {
      if (!writer.hasRoomFor(undefined)) break
      const reassembly = inProgress.nextNeedy() ?? this.host.begin()
      if (reassembly === undefined || !writer.hasRoomFor(reassembly.item.members)) break
      if (askedBytes === 0) sent.addRequest(nowMs, meter, window.askTag)
      askedBytes += this.ask(reassembly, quotaBytes - askedBytes, nowMs)
    }
    if (askedBytes === 0) return undefined
    lossRecovery.handleAsked(askedBytes, nowMs)
    this.pacer.charge(askedBytes, window.askBytesPerMs, nowMs)
    bucket?.take(askedBytes)
    const request = writer.finish()
    if (this.newAskedCount === newBefore && this.host.isTail() && this.hasSpareRoom)
      this.again = request.slice()
    return this.host.seal(request)
  }

  private get hasSpareRoom(): boolean {
    const { window, bucket } = this.host
    return bucket === undefined && this.outstanding.inFlightBytes < TAIL_WINDOW_PART * window.windowBytes
  }

  private get newAskedCount(): number {
    return this.stats.segmentsAsked - this.stats.segmentsAskedAgain
  }

  /** How many bytes may be asked for now: a quantum, or nothing until there is room for one. */
  private quotaBytes(nowMs: number): number {
    if (this.lossRecovery.probesOwedBytes > 0) return this.lossRecovery.probesOwedBytes
    const { window, bucket } = this.host
    const { inProgress } = this.outstanding
    const mayBegin = this.host.mayBegin()
    if (!mayBegin && !inProgress.mayNeed) {
      if (this.outstanding.inFlightBytes < window.windowBytes && this.host.isCallerSlow())
        this.meter.markLimited(this.outstanding.inFlightBytes)
      return 0
    }
    const quantumBytes =
      bucket === undefined ? window.quantumBytes : Math.min(bucket.turnBytes, window.windowBytes / 4)
    const wantedBytes = mayBegin ? quantumBytes : inProgress.neededBytes(quantumBytes)
    const roomBytes = window.windowBytes - this.outstanding.inFlightBytes
    if (roomBytes < wantedBytes && this.outstanding.inFlightBytes > 0) return 0
    if (bucket !== undefined && !bucket.hasTokens(nowMs))
      this.meter.markLimited(this.outstanding.inFlightBytes)
    this.isHeldBack = nowMs < this.askAtMs()
    return this.isHeldBack ? 0 : Math.max(1, Math.min(wantedBytes, roomBytes))
  }

  /** When the pace and the limit allow the next asking. */
  private askAtMs(): number {
    const { window, bucket } = this.host
    return Math.max(this.pacer.readyAtMs(window.askBytesPerMs), bucket?.readyAtMs() ?? 0)
  }

  /** Asks for the first needed segments of a block, up to `quotaBytes` and one at least; answers their bytes. */
  private ask(reassembly: Reassembly, quotaBytes: number, nowMs: number): number {
    reassembly.cameAtMs ??= nowMs
    let low = 0
    let high = 0
    let bytes = 0
    const { item } = reassembly
    // The first asking may have been lost, and with it the request that told what is in the pack.
    let isTold = item.isTold
    while (bytes < quotaBytes && reassembly.hasNeeds) {
      const index = lowestOf(reassembly.neededLow, reassembly.neededHigh)
      this.stats.segmentsAsked++
      if (reassembly.isAsked(index)) {
        this.stats.segmentsAskedAgain++
        isTold = false
      }
      reassembly.fly(index, this.outstanding.sent.addSegment(reassembly.slot, index))
      low = (low | lowBit(index)) >>> 0
      high = (high | highBit(index)) >>> 0
      bytes += reassembly.datagramBytesOf(index)
    }
    this.outstanding.inFlightBytes += bytes
    const asked = isTold ? { handle: item.handle, kind: item.kind, digest: item.digest } : item
    this.writer.add(asked, reassembly.segmentBytes, { blockIndex: reassembly.blockIndex, low, high })
    item.isTold = item.members !== undefined
    return bytes
  }
}
