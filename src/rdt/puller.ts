// The heart of rdt: decides which segments are asked for next and when again, and puts together what comes.
// One per session; the session hands it segments and time, and sends the requests that it answers.
//
//               begin            ask                come
//   waiting ───────────▶ needed ─────▶ in flight ──────────▶ here ── all ──▶ handed up
//   (blocks)               ▲               │      (segments)
//                          └── lost ◀──────┘   a later asking was answered (RACK, RFC 8985), or nothing
//                                              came at all for a probe timeout (RFC 9002, 6.2)

import type { BlockSet } from '../base/blockset.js'
import { blockBytes, blockCount, type Digest, type ItemKind, type ItemRef } from '../base/item.js'
import { FRAME_OVERHEAD_BYTES } from '../base/limits.js'
import type { BlockSupply, PullPriority } from './api.js'
import type { Assembly } from './assembly.js'
import { BegunBlocks } from './begun.js'
import { belowBits, highBit, lowBit, lowestOf } from './bits.js'
import type { TokenBucket } from './bucket.js'
import type { WireSession } from './control.js'
import { Flight } from './flight.js'
import { FORGERIES_MAX, SEGMENT_COUNT_MAX, SEGMENT_HEADER_BYTES, STALLED_MS } from './limits.js'
import { DeliveryMeter } from './meter.js'
import { Pacer } from './pacer.js'
import type { PathSize } from './path.js'
import type { FramePool } from './pool.js'
import { PullBook } from './pullbook.js'
import { type PulledItem, PullQueue } from './pulled.js'
import { Reordering } from './reordering.js'
import { RequestWriter } from './request.js'
import type { RoundTrip } from './rtt.js'
import type { SegmentHeader } from './segment.js'
import type { Delivery, WindowPolicy } from './window.js'

/** What the puller shares with its session and endpoint. */
export interface PullerHost {
  readonly pool: FramePool
  readonly bucket: TokenBucket | undefined
  readonly roundTrip: RoundTrip
  readonly path: PathSize
  readonly window: WindowPolicy
  /** Answers for segments of one block that may be none, in a row. */
  readonly misfitsMax: number
  /** Makes a datagram of a request. */
  readonly seal: (request: Uint8Array) => Uint8Array
  /** How much of the pool this session may hold, in buffers. */
  poolShare(): number
  handleBlock(item: PulledItem, blockIndex: number, frame: Uint8Array): void
  handleGone(item: PulledItem, reason: 'gone' | 'unservable'): void
}

export interface PullerStats {
  segmentsReceived: number
  segmentsDuplicate: number
  /** All askings, repeated ones included. */
  segmentsAsked: number
  segmentsAskedAgain: number
  /** Called lost, less what came after all. */
  segmentsLost: number
  blocksReceived: number
}

/** How many frames the fill ratio looks back. */
const FILL_FRAMES = 8

/** Of the window, what may be in flight where repairs of the tail are asked for twice: what there is room for. */
const TAIL_WINDOW_PART = 1 / 2

const NEVER = Number.POSITIVE_INFINITY

export class Puller {
  readonly stats: PullerStats = {
    segmentsReceived: 0,
    segmentsDuplicate: 0,
    segmentsAsked: 0,
    segmentsAskedAgain: 0,
    segmentsLost: 0,
    blocksReceived: 0,
  }
  inFlightBytes = 0
  readonly meter = new DeliveryMeter()

  private readonly book = new PullBook()
  private readonly queue = new PullQueue()
  private readonly flight = new Flight()
  private readonly pacer = new Pacer()
  private readonly reordering = new Reordering()
  private readonly writer = new RequestWriter()

  private readonly begun = new BegunBlocks()
  /** Frames that the caller has not released. */
  private lentCount = 0

  /** Of what frames may take, what they have been taking of late. */
  private fillRatio = 1

  private lastAskedAtMs = 0
  private lastArrivalAtMs = 0
  /** When something was asked for while nothing was outstanding. */
  private busySinceMs = 0
  /** Something could be asked for, were it not too early. */
  private isHeldBack = false

  /** The newest asking that was answered, and how long that took: what loss is judged by. */
  private newestPosition = -1
  private newestRttMs = 0
  private lossAtMs = NEVER
  private timeoutsInRow = 0
  /** A request of the tail, to be sent once more. */
  private again: Uint8Array | undefined
  private probesOwedBytes = 0
  private readonly delivery: Delivery = {
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

  constructor(
    private readonly host: PullerHost,
    /** How the other side knows this session. */
    private readonly session: WireSession,
  ) {}

  /** Whether there is anything that it still wants. */
  get isBusy(): boolean {
    return this.begun.size > 0 || !this.queue.isEmpty
  }

  /** Since when nothing has come of what is outstanding; undefined where nothing is. */
  get silentSinceMs(): number | undefined {
    return this.flight.isEmpty ? undefined : Math.max(this.lastArrivalAtMs, this.busySinceMs)
  }

  // — Commands —

  pull(ref: ItemRef, blocks: BlockSet, priority: PullPriority): void {
    const item = this.book.open(ref, priority)
    for (const blockIndex of blocks) {
      if (!this.begun.has(item.handle, blockIndex)) item.supply.giveBack(blockIndex)
    }
    if (item.isFinished) this.book.forget(item)
    else this.queue.add(item)
  }

  /** Pulls what `supply` has; said again, looks whether it has something by now. Goes on until it is cancelled. */
  pullFrom(ref: ItemRef, supply: BlockSupply, priority: PullPriority): void {
    this.queue.add(this.book.open(ref, priority, supply))
  }

  cancel(kind: ItemKind, digest: Digest): void {
    const item = this.book.get(kind, digest)
    if (item !== undefined) this.end(item)
  }

  /** One block is not wanted from here any more; what was asked of it and still comes counts for nothing. */
  cancelBlock(kind: ItemKind, digest: Digest, blockIndex: number): void {
    const item = this.book.get(kind, digest)
    const assembly = item && this.begun.find(item.handle, blockIndex)
    if (item === undefined || assembly === undefined) return
    item.activeCount--
    this.drop(assembly)
    this.host.pool.release(assembly.buffer)
  }

  reject(kind: ItemKind, digest: Digest, blockIndex: number, rejectsMax: number): void {
    const item = this.book.get(kind, digest)
    if (item === undefined || this.begun.has(item.handle, blockIndex)) return
    if (item.countReject(blockIndex) >= rejectsMax) {
      this.giveUp(item, 'unservable')
      return
    }
    item.supply.giveBack(blockIndex)
    this.queue.add(item)
  }

  release(frame: Uint8Array, buffer?: ArrayBufferLike): void {
    if (this.host.pool.release(frame, buffer)) this.lentCount--
  }

  /** Gives back every buffer that is not with the caller. The puller is not used any more. */
  close(): void {
    for (const item of this.book.all()) this.end(item)
  }

  handleGone(handle: number): boolean {
    const item = this.book.ofHandle(handle)
    if (item === undefined) return false
    if (!item.isFinished) {
      this.end(item)
      this.host.handleGone(item, 'gone')
    }
    return true
  }

  // — Arrivals —

  /** Answers false for what was not asked for. `payload` is valid during the call only. */
  handleSegment(header: SegmentHeader, payload: Uint8Array, nowMs: number): boolean {
    const assembly = this.begun.find(header.handle, header.blockIndex)
    if (assembly === undefined) return this.handleStray(header)
    if (!this.fits(assembly, header, payload.length)) {
      this.handleMisfit(assembly, header)
      return false
    }
    const datagramBytes = SEGMENT_HEADER_BYTES + payload.length
    this.lastArrivalAtMs = nowMs
    this.timeoutsInRow = 0
    this.host.path.handleDelivered(assembly.segmentBytes, nowMs)
    if (!assembly.isCountKnown) this.learnCount(assembly, header.segmentCount)
    this.stats.segmentsReceived++
    if (assembly.isHere(header.segmentIndex)) {
      this.stats.segmentsDuplicate++
      if (assembly.isRepaired(header.segmentIndex) && !this.isTail) this.handleNeedless()
      return true
    }
    // What was taken for it was a guess.
    this.host.bucket?.take(datagramBytes - assembly.datagramBytesOf(header.segmentIndex))
    this.account(assembly, header, datagramBytes, nowMs)
    assembly.put(header.segmentIndex, payload, nowMs)
    if (assembly.isComplete) this.handUp(assembly)
    this.detectLosses(nowMs)
    return true
  }

  /** A segment of a block that is not begun: late, doubled, cancelled, or invented. */
  private handleStray(header: SegmentHeader): boolean {
    const item = this.book.ofHandle(header.handle)
    if (item === undefined || header.blockIndex >= blockCount(item.sizeBytes)) return false
    this.stats.segmentsReceived++
    this.stats.segmentsDuplicate++
    return true
  }

  /** Whether the segment is one that was asked for, of the length that it must have. */
  private fits(assembly: Assembly, header: SegmentHeader, payloadBytes: number): boolean {
    const { segmentIndex, segmentCount } = header
    if (!assembly.isAsked(segmentIndex)) return false
    if (assembly.isCountKnown) {
      if (segmentCount !== assembly.segmentCount) return false
    } else if (segmentCount > assembly.segmentCount) return false
    const isLast = segmentIndex === segmentCount - 1
    if (isLast ? payloadBytes > assembly.payloadBytes : payloadBytes !== assembly.payloadBytes) return false
    return segmentIndex * assembly.payloadBytes + payloadBytes <= assembly.frameBytesMax
  }

  /** What cannot be the segment came in answer to its last asking, so nothing else will: it is asked for again at once.
   *  A peer that answers so for ever is given up for this item, as one whose frames do not open; the session is not, for a
   *  segment's header proves nobody. */
  private handleMisfit(
    assembly: Assembly,
    { segmentIndex, segmentCount, requestNumber }: SegmentHeader,
  ): void {
    if (!assembly.isAsked(segmentIndex)) return
    if (assembly.isCountKnown && segmentCount !== assembly.segmentCount) {
      // One of the two counts is damaged, and there is no telling which.
      if (++assembly.contradictionCount >= FORGERIES_MAX) this.giveUp(assembly.item, 'unservable')
      else this.restart(assembly, assembly.segmentBytes)
      return
    }
    if (!assembly.isFlying(segmentIndex)) return
    const lastAsk = this.flight.requestOf(assembly.positions[segmentIndex]!)
    if (this.flight.requestOfNumber(requestNumber) !== lastAsk) return
    if (++assembly.misfitCount >= this.host.misfitsMax) {
      this.giveUp(assembly.item, 'unservable')
      return
    }
    this.resolve(assembly, segmentIndex)
    assembly.addNeed(segmentIndex)
    this.begun.enqueue(assembly)
  }

  private learnCount(assembly: Assembly, segmentCount: number): void {
    const beyondLow = (assembly.flyingLow & ~belowBits(segmentCount)) >>> 0
    const beyondHigh = (assembly.flyingHigh & ~belowBits(segmentCount - 32)) >>> 0
    this.resolveAll(assembly, beyondLow, beyondHigh)
    assembly.learnCount(segmentCount)
    this.begun.enqueue(assembly)
  }

  /** Takes a new segment out of what is in flight, and tells the round trip and the window about it. */
  private account(assembly: Assembly, header: SegmentHeader, bytes: number, nowMs: number): void {
    const { flight, meter, delivery } = this
    const { roundTrip, window } = this.host
    const request = flight.requestOfNumber(header.requestNumber)
    const isKnown = request >= 0
    const rttMs = isKnown ? Math.max(0.001, nowMs - flight.askedAtMsOf(request)) : 0
    delivery.tag = isKnown ? flight.tagOf(request) : 0
    this.settle(assembly, header.segmentIndex, request, rttMs, bytes)
    meter.count(bytes, nowMs)
    delivery.bytes = bytes
    delivery.rttMs = rttMs
    delivery.leastRttMs = roundTrip.minMs
    delivery.rateBytesPerMs = isKnown ? meter.rateSince(request, flight, roundTrip.minMs) : 0
    delivery.isAppLimited = !isKnown || flight.isAppLimited(request)
    delivery.deliveredBytes = meter.deliveredBytes
    delivery.deliveredBytesAtAsk = isKnown ? flight.deliveredBytesOf(request) : 0
    delivery.inFlightBytes = this.inFlightBytes
    delivery.nowMs = nowMs
    if (isKnown) roundTrip.handleSample(rttMs, nowMs)
    window.handleDelivered(delivery)
  }

  /** Whatever became of its askings, the segment is here. */
  private settle(assembly: Assembly, index: number, request: number, rttMs: number, bytes: number): void {
    if (assembly.isFlying(index)) {
      const position = assembly.positions[index]!
      const isOfLastAsk = this.flight.requestOf(position) === request
      this.resolve(assembly, index)
      if (!isOfLastAsk) {
        this.handleFound(bytes)
      } else if (position > this.newestPosition) {
        this.newestPosition = position
        this.newestRttMs = rttMs
      }
    } else if (assembly.takeNeed(index)) {
      this.handleFound(bytes)
    }
  }

  private handUp(assembly: Assembly): void {
    const { item, blockIndex, buffer, frameBytes, frameBytesMax } = assembly
    this.stats.blocksReceived++
    this.lentCount++
    item.activeCount--
    item.handleFrame(frameBytes, frameBytesMax)
    this.fillRatio += (frameBytes / frameBytesMax - this.fillRatio) / FILL_FRAMES
    this.drop(assembly)
    if (item.isFinished) this.book.retire(item)
    this.host.handleBlock(item, blockIndex, buffer.subarray(0, frameBytes))
  }

  // — Loss —

  private detectLosses(nowMs: number): void {
    const { flight } = this
    const waitMs = this.newestRttMs + this.reordering.windowMs(this.host.roundTrip)
    this.lossAtMs = NEVER
    while (flight.oldestPosition < this.newestPosition) {
      const position = flight.oldestPosition
      const overdueAtMs = flight.askedAtMsOf(flight.requestOf(position)) + waitMs
      if (nowMs < overdueAtMs) {
        this.lossAtMs = overdueAtMs
        return
      }
      this.lose(position, nowMs)
    }
  }

  private lose(position: number, nowMs: number): void {
    const { flight } = this
    const { window, path, roundTrip } = this.host
    const assembly = this.begun.inSlot(flight.slotOf(position))
    const index = flight.segmentOf(position)
    const tag = flight.tagOf(flight.requestOf(position))
    const bytes = assembly.datagramBytesOf(index)
    this.resolve(assembly, index)
    this.stats.segmentsLost++
    assembly.addNeed(index)
    this.begun.enqueue(assembly)
    window.handleLost(bytes, tag, nowMs)
    if (assembly.isFullSize(index) && path.handleLost(assembly.segmentBytes, nowMs, roundTrip.smoothedMs))
      this.handlePathSize()
    // The session lives, or it would be over; this is something that the other side does not give.
    if (nowMs - assembly.cameAtMs! >= STALLED_MS) this.giveUp(assembly.item, 'gone')
  }

  /** What was called lost came after all. */
  private handleFound(bytes: number): void {
    if (this.stats.segmentsLost > 0) this.stats.segmentsLost--
    this.host.window.handleFound(bytes, this.delivery.tag)
    this.handleNeedless()
  }

  private handleNeedless(): void {
    this.reordering.handleNeedless(this.meter.deliveredBytes, this.inFlightBytes)
  }

  // — Time —

  pollTimeout(): number | undefined {
    let atMs = Math.min(this.lossAtMs, this.probeAtMs())
    if (this.isHeldBack) atMs = Math.min(atMs, this.askAtMs())
    return atMs === NEVER ? undefined : atMs
  }

  handleTimeout(nowMs: number): void {
    if (nowMs >= this.lossAtMs) this.detectLosses(nowMs)
    if (nowMs >= this.probeAtMs()) this.probeTail(nowMs)
  }

  private probeAtMs(): number {
    if (this.flight.isEmpty) return NEVER
    const sinceMs = Math.max(this.lastAskedAtMs, this.lastArrivalAtMs)
    return sinceMs + this.host.roundTrip.probeTimeoutMs(this.timeoutsInRow)
  }

  /** Nothing came for a while. The oldest askings are done again, whatever the window says: what comes of them
   *  tells which of the others were lost. */
  private probeTail(nowMs: number): void {
    const { flight } = this
    const { window, path } = this.host
    this.timeoutsInRow++
    window.handleTimedOut(this.timeoutsInRow, nowMs)
    if (path.handleTimedOut(nowMs)) this.handlePathSize()
    let bytes = 0
    while (!flight.isEmpty && bytes < window.quantumBytes) {
      const position = flight.oldestPosition
      bytes += this.begun.inSlot(flight.slotOf(position)).datagramBytesOf(flight.segmentOf(position))
      this.lose(position, nowMs)
    }
    this.probesOwedBytes = bytes
    // So that the timer does not fire again before the probe is sent.
    this.lastAskedAtMs = nowMs
    // And so that the silence does not count as time in which the path delivered little.
    if (this.timeoutsInRow > 1) this.meter.restart(nowMs)
  }

  /** The path carries other datagrams than before: blocks that are asked for in larger ones begin anew. */
  handlePathSize(): void {
    const { currentBytes } = this.host.path
    this.host.window.handlePathSize(currentBytes)
    for (const assembly of this.begun.all()) {
      if (assembly.segmentBytes > currentBytes) this.restart(assembly, currentBytes)
    }
  }

  private restart(assembly: Assembly, segmentBytes: number): void {
    this.resolveAll(assembly, assembly.flyingLow, assembly.flyingHigh)
    assembly.restart(segmentBytes)
    this.begun.enqueue(assembly)
  }

  // — Asking —

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
    const { flight, meter, writer } = this
    const { window, bucket } = this.host
    this.reordering.handleProgress(meter.deliveredBytes, this.inFlightBytes)
    if (this.inFlightBytes === 0) {
      meter.restart(nowMs)
      if (this.timeoutsInRow === 0) this.busySinceMs = nowMs
    }
    writer.start(this.session, flight.nextRequest & 0xffff)
    const newBefore = this.newAskedCount
    let askedBytes = 0
    while (askedBytes < quotaBytes && flight.room >= SEGMENT_COUNT_MAX) {
      if (!writer.hasRoomFor(undefined)) break
      const assembly = this.begun.nextNeedy() ?? this.begin()
      if (assembly === undefined || !writer.hasRoomFor(assembly.item.members)) break
      if (askedBytes === 0) flight.addRequest(nowMs, meter, window.askTag)
      askedBytes += this.ask(assembly, quotaBytes - askedBytes, nowMs)
    }
    if (askedBytes === 0) return undefined
    this.probesOwedBytes = Math.max(0, this.probesOwedBytes - askedBytes)
    this.lastAskedAtMs = nowMs
    this.pacer.charge(askedBytes, window.askBytesPerMs, nowMs)
    bucket?.take(askedBytes)
    const request = writer.finish()
    if (this.newAskedCount === newBefore && this.isTail && this.hasSpareRoom) this.again = request.slice()
    return this.host.seal(request)
  }

  /** Nothing is left to begin. Whoever waits for the last segments waits for as many round trips as the unluckiest of
   *  them is lost in a row, so their repairs are asked for twice. */
  private get isTail(): boolean {
    return this.queue.isEmpty
  }

  private get hasSpareRoom(): boolean {
    const { window, bucket } = this.host
    return bucket === undefined && this.inFlightBytes < TAIL_WINDOW_PART * window.windowBytes
  }

  private get newAskedCount(): number {
    return this.stats.segmentsAsked - this.stats.segmentsAskedAgain
  }

  /** How many bytes may be asked for now: a quantum, or nothing until there is room for one. */
  private quotaBytes(nowMs: number): number {
    if (this.probesOwedBytes > 0) return this.probesOwedBytes
    const { window, bucket } = this.host
    const mayBegin = this.mayBegin()
    if (!mayBegin && !this.begun.mayNeed) {
      if (this.inFlightBytes < window.windowBytes && this.isCallerSlow())
        this.meter.markLimited(this.inFlightBytes)
      return 0
    }
    const quantumBytes =
      bucket === undefined ? window.quantumBytes : Math.min(bucket.turnBytes, window.windowBytes / 4)
    const wantedBytes = mayBegin ? quantumBytes : this.begun.neededBytes(quantumBytes)
    const roomBytes = window.windowBytes - this.inFlightBytes
    if (roomBytes < wantedBytes && this.inFlightBytes > 0) return 0
    if (bucket !== undefined && !bucket.hasTokens(nowMs)) this.meter.markLimited(this.inFlightBytes)
    this.isHeldBack = nowMs < this.askAtMs()
    return this.isHeldBack ? 0 : Math.max(1, Math.min(wantedBytes, roomBytes))
  }

  /** Whether it is the caller that keeps us from asking: it wants nothing more, or has not released what came.
   *  A pool that is full of blocks on their way is the path's doing. */
  private isCallerSlow(): boolean {
    return this.queue.isEmpty || this.lentCount > this.begun.size
  }

  /** When the pace and the limit allow the next asking. */
  private askAtMs(): number {
    const { window, bucket } = this.host
    return Math.max(this.pacer.readyAtMs(window.askBytesPerMs), bucket?.readyAtMs() ?? 0)
  }

  private mayBegin(): boolean {
    if (this.begun.size >= this.host.window.blocksMax || this.queue.isEmpty) return false
    return this.begun.size + this.lentCount < this.host.poolShare() && this.host.pool.room > 0
  }

  private begin(): Assembly | undefined {
    if (!this.mayBegin()) return undefined
    const item = this.queue.take()!
    const blockIndex = item.supply.take()
    this.queue.add(item)
    const buffer = this.host.pool.take(blockBytes(item.sizeBytes, blockIndex) + FRAME_OVERHEAD_BYTES)!
    item.activeCount++
    const segmentBytes = this.host.path.currentBytes
    return this.begun.begin(item, blockIndex, buffer, { segmentBytes, fillRatio: this.fillRatio })
  }

  /** Asks for the first needed segments of a block, up to `quotaBytes` and one at least; answers their bytes. */
  private ask(assembly: Assembly, quotaBytes: number, nowMs: number): number {
    assembly.cameAtMs ??= nowMs
    let low = 0
    let high = 0
    let bytes = 0
    const { item } = assembly
    // What is asked for again may have been lost with the request that told what is in the pack.
    let isTold = item.isTold
    while (bytes < quotaBytes && assembly.hasNeeds) {
      const index = lowestOf(assembly.neededLow, assembly.neededHigh)
      this.stats.segmentsAsked++
      if (assembly.isAsked(index)) {
        this.stats.segmentsAskedAgain++
        isTold = false
      }
      assembly.fly(index, this.flight.addSegment(assembly.slot, index))
      low = (low | lowBit(index)) >>> 0
      high = (high | highBit(index)) >>> 0
      bytes += assembly.datagramBytesOf(index)
    }
    this.inFlightBytes += bytes
    const asked = isTold ? { handle: item.handle, kind: item.kind, digest: item.digest } : item
    this.writer.add(asked, assembly.segmentBytes, { blockIndex: assembly.blockIndex, low, high })
    item.isTold = item.members !== undefined
    return bytes
  }

  // — Bookkeeping —

  /** A segment is not in flight any more. */
  private resolve(assembly: Assembly, index: number): void {
    this.flight.resolve(assembly.positions[index]!)
    this.inFlightBytes -= assembly.datagramBytesOf(index)
    assembly.land(index)
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
  private drop(assembly: Assembly): void {
    this.resolveAll(assembly, assembly.flyingLow, assembly.flyingHigh)
    this.begun.drop(assembly)
  }

  private giveUp(item: PulledItem, reason: 'gone' | 'unservable'): void {
    this.end(item)
    this.host.handleGone(item, reason)
  }

  private end(item: PulledItem): void {
    item.isEnded = true
    for (const assembly of this.begun.all()) {
      if (assembly.item !== item) continue
      this.drop(assembly)
      this.host.pool.release(assembly.buffer)
    }
    item.activeCount = 0
    this.book.unname(item)
    this.book.retire(item)
  }
}
