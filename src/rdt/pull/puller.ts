// The puller, the heart of rdt: decides which blocks are begun, and reassembles their segments. request-scheduler.ts
// decides when which segments are asked for, loss-recovery.ts which of them are lost. One per session; the session
// hands it segments and time, and sends the requests that it answers.
//
//               begin            ask                come
//   waiting ───────────▶ needed ─────▶ in flight ──────────▶ here ── all ──▶ handed up
//   (blocks)               ▲               │      (segments)
//                          └── lost ◀──────┘   a later asking was answered (RACK, RFC 8985), or nothing
//                                              came at all for a probe timeout (RFC 9002, 6.2)

import type { BlockSet } from '../../base/blockset.js'
import { earliest } from '../../base/earliest.js'
import { blockBytes, blockCount, type Digest, type ItemKind, type ItemRef } from '../../base/item.js'
import { FRAME_OVERHEAD_BYTES } from '../../base/limits.js'
import type { BlockSupply, PullPriority } from '../api.js'
import { FORGERIES_MAX } from '../limits.js'
import type { PathMtu } from '../path/path-mtu.js'
import type { RoundTrip } from '../path/rtt.js'
import type { FrameBuffer, FrameLoans, FramePool } from '../pool.js'
import type { WindowPolicy } from '../window/window-policy.js'
import type { WireSession } from '../wire/control.js'
import { SEGMENT_HEADER_BYTES } from '../wire/limits.js'
import type { SegmentHeader } from '../wire/segment.js'
import type { SegmentBatch } from '../wire/segment-batch.js'
import type { TokenBucket } from './bucket.js'
import { ItemTable } from './item-table.js'
import { LossRecovery } from './loss-recovery.js'
import { DeliveryMeter } from './meter.js'
import { Outstanding } from './outstanding.js'
import { type PulledItem, PullQueue } from './pulled-item.js'
import type { Reassembly } from './reassembly.js'
import { type AskedStats, RequestScheduler } from './request-scheduler.js'

/** Shared with the puller's session and endpoint. */
export interface PullerHost {
  readonly pool: FramePool
  readonly bucket: TokenBucket | undefined
  readonly roundTrip: RoundTrip
  readonly path: PathMtu
  readonly window: WindowPolicy
  /** Answers for segments of one block that may be none, in a row. */
  readonly misfitsMax: number
  /** Makes a datagram of a request. */
  readonly seal: (request: Uint8Array) => Uint8Array
  /** How much of the pool this session may hold, in buffers. */
  poolShare(): number
  handleBlock(item: PulledItem, blockIndex: number, frame: FrameBuffer): void
  handleGone(item: PulledItem, reason: 'gone' | 'unservable'): void
}

export interface PullerStats extends AskedStats {
  segmentsReceived: number
  segmentsDuplicate: number
  /** Called lost, less what came after all. */
  segmentsLost: number
  blocksReceived: number
}

/** How many frames the fill ratio looks back. */
const FILL_FRAMES = 8

export class Puller {
  readonly stats: PullerStats = {
    segmentsReceived: 0,
    segmentsDuplicate: 0,
    segmentsAsked: 0,
    segmentsAskedAgain: 0,
    segmentsLost: 0,
    blocksReceived: 0,
  }
  readonly meter = new DeliveryMeter()

  private readonly book = new ItemTable()
  private readonly queue = new PullQueue()
  private readonly outstanding = new Outstanding()
  private readonly lossRecovery: LossRecovery
  private readonly requests: RequestScheduler
  /** Frames that the caller has not released. */
  private readonly loans: FrameLoans = { count: 0 }
  /** Frame bytes over the most that a frame may have, averaged over recent frames. */
  private fillRatio = 1

  /** `session`: how the other side knows it. */
  constructor(
    private readonly host: PullerHost,
    session: WireSession,
  ) {
    const { roundTrip, path, window, bucket, seal } = host
    const { outstanding, meter, stats } = this
    this.lossRecovery = new LossRecovery(
      {
        roundTrip,
        path,
        window,
        handlePathSize: () => this.handlePathSize(),
        giveUp: (item) => this.giveUp(item, 'gone'),
      },
      { outstanding, meter, stats },
    )
    this.requests = new RequestScheduler(
      {
        window,
        bucket,
        seal,
        isTail: () => this.isTail,
        isCallerSlow: () => this.isCallerSlow(),
        mayBegin: () => this.mayBegin(),
        begin: () => this.begin(),
      },
      { outstanding, lossRecovery: this.lossRecovery, meter, stats },
      session,
    )
  }

  get inFlightBytes(): number {
    return this.outstanding.inFlightBytes
  }

  /** Whether there is anything that it still wants. */
  get isBusy(): boolean {
    return this.outstanding.inProgress.size > 0 || !this.queue.isEmpty
  }

  /** Since when nothing has come of what is outstanding; undefined where nothing is. */
  get silentSinceMs(): number | undefined {
    return this.lossRecovery.silentSinceMs
  }

  // — Commands —

  pull(ref: ItemRef, blocks: BlockSet, priority: PullPriority): void {
    const item = this.book.open(ref, priority)
    for (const blockIndex of blocks) {
      if (!this.outstanding.inProgress.has(item.handle, blockIndex)) item.supply.giveBack(blockIndex)
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
    const reassembly = item && this.outstanding.inProgress.find(item.handle, blockIndex)
    if (item === undefined || reassembly === undefined) return
    item.activeCount--
    this.outstanding.drop(reassembly)
    reassembly.frame.release()
  }

  reject(kind: ItemKind, digest: Digest, blockIndex: number, rejectsMax: number): void {
    const item = this.book.get(kind, digest)
    if (item === undefined || this.outstanding.inProgress.has(item.handle, blockIndex)) return
    if (item.countReject(blockIndex) >= rejectsMax) {
      this.giveUp(item, 'unservable')
      return
    }
    item.supply.giveBack(blockIndex)
    this.queue.add(item)
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

  /** Answers how many of them were not asked for. The run is used up, and its bytes are valid during the call only. */
  handleSegments(run: SegmentBatch, nowMs: number): number {
    const { header } = run
    let refusedCount = 0
    for (;;) {
      const reassembly = this.outstanding.inProgress.find(header.handle, header.blockIndex)
      if (reassembly === undefined) return refusedCount + this.handleStrays(run)
      const alikeCount = reassembly.alikeCount(header.segmentIndex, run.count)
      // Where one of them does not fit, each is looked at by itself.
      const count = this.fits(reassembly, run, alikeCount) ? alikeCount : 1
      if (count > 1 || this.fits(reassembly, run, 1)) {
        this.handleAlike(reassembly, run, count, nowMs)
      } else {
        this.handleMisfit(reassembly, header)
        refusedCount++
      }
      if (count === run.count) return refusedCount
      run.skip(count)
    }
  }

  /** The first `count` segments of the run, which are of the lengths that they must have and of which the same is known. */
  private handleAlike(reassembly: Reassembly, run: SegmentBatch, count: number, nowMs: number): void {
    const { segmentIndex, segmentCount } = run.header
    const bytes = count * (SEGMENT_HEADER_BYTES + run.payloadBytes)
    this.lossRecovery.handleArrived(reassembly, nowMs)
    if (!reassembly.isCountKnown) this.outstanding.learnCount(reassembly, segmentCount)
    this.stats.segmentsReceived += count
    if (reassembly.isHere(segmentIndex)) {
      this.stats.segmentsDuplicate += count
      if (reassembly.areSomeRepaired(segmentIndex, count) && !this.isTail) this.lossRecovery.handleNeedless()
      return
    }
    // The tokens taken when it was asked for were a guess.
    this.host.bucket?.take(bytes - reassembly.datagramsBytesOf(segmentIndex, count))
    this.lossRecovery.handleDelivered(reassembly, run, count, nowMs)
    reassembly.put(run, count, nowMs)
    if (reassembly.isComplete) this.handUp(reassembly)
    this.lossRecovery.detectLosses(nowMs)
  }

  /** Segments of a block that is not begun: late, doubled, cancelled, or invented. Answers how many are refused. */
  private handleStrays({ header, count }: SegmentBatch): number {
    const item = this.book.ofHandle(header.handle)
    if (item === undefined || header.blockIndex >= blockCount(item.sizeBytes)) return count
    this.stats.segmentsReceived += count
    this.stats.segmentsDuplicate += count
    return 0
  }

  /** Whether the first `count` segments, which are alike, were asked for and are of the length that they must have. */
  private fits(reassembly: Reassembly, run: SegmentBatch, count: number): boolean {
    const { segmentIndex, segmentCount } = run.header
    if (!reassembly.isAsked(segmentIndex)) return false
    if (reassembly.isCountKnown) {
      if (segmentCount !== reassembly.segmentCount) return false
    } else if (segmentCount > reassembly.segmentCount) return false
    const { payloadBytes } = reassembly
    // Only the last segment of a frame may be shorter, and a run has one length.
    const isLastAlone = count === 1 && segmentIndex === segmentCount - 1
    if (isLastAlone ? run.payloadBytes > payloadBytes : run.payloadBytes !== payloadBytes) return false
    const lastIndex = segmentIndex + count - 1
    return lastIndex * payloadBytes + run.payloadBytes <= reassembly.frameBytesMax
  }

  /** A datagram that cannot be the segment answered its last asking, so no other answer will come: it is asked for again
   *  at once.
   *  A peer that answers so for ever is given up for this item, as one whose frames do not open; the session is not, for a
   *  segment's header proves nobody. */
  private handleMisfit(
    reassembly: Reassembly,
    { segmentIndex, segmentCount, requestNumber }: SegmentHeader,
  ): void {
    if (!reassembly.isAsked(segmentIndex)) return
    if (reassembly.isCountKnown && segmentCount !== reassembly.segmentCount) {
      // One of the two counts is damaged, and there is no telling which.
      if (++reassembly.contradictionCount >= FORGERIES_MAX) this.giveUp(reassembly.item, 'unservable')
      else this.outstanding.restart(reassembly, reassembly.segmentBytes)
      return
    }
    if (!reassembly.isFlying(segmentIndex)) return
    const { sent } = this.outstanding
    const lastAsk = sent.requestOf(reassembly.positions[segmentIndex]!)
    if (sent.requestOfNumber(requestNumber) !== lastAsk) return
    if (++reassembly.misfitCount >= this.host.misfitsMax) {
      this.giveUp(reassembly.item, 'unservable')
      return
    }
    this.outstanding.needAgain(reassembly, segmentIndex)
  }

  private handUp(reassembly: Reassembly): void {
    const { item, blockIndex, frame, frameBytes, frameBytesMax } = reassembly
    this.stats.blocksReceived++
    item.activeCount--
    item.handleFrame(frameBytes, frameBytesMax)
    this.fillRatio += (frameBytes / frameBytesMax - this.fillRatio) / FILL_FRAMES
    this.outstanding.drop(reassembly)
    if (item.isFinished) this.book.retire(item)
    frame.holdFrame(frame.bytes.subarray(0, frameBytes))
    frame.lend(this.loans)
    this.host.handleBlock(item, blockIndex, frame)
  }

  // — Time —

  pollTimeout(): number | undefined {
    return earliest(this.lossRecovery.pollTimeout(), this.requests.pollTimeout())
  }

  handleTimeout(nowMs: number): void {
    this.lossRecovery.handleTimeout(nowMs)
  }

  /** The path carries other datagrams than before: blocks that are asked for in larger ones begin anew. */
  handlePathSize(): void {
    const { currentBytes } = this.host.path
    this.host.window.handlePathSize(currentBytes)
    for (const reassembly of this.outstanding.inProgress.all()) {
      if (reassembly.segmentBytes > currentBytes) this.outstanding.restart(reassembly, currentBytes)
    }
  }

  // — What is begun —

  /** The next request datagram, or undefined while nothing may or need be asked for. */
  pollRequest(nowMs: number): Uint8Array | undefined {
    return this.requests.pollRequest(nowMs)
  }

  /** Nothing is left to begin. */
  private get isTail(): boolean {
    return this.queue.isEmpty
  }

  private isCallerSlow(): boolean {
    return this.queue.isEmpty || this.loans.count > this.outstanding.inProgress.size
  }

  private mayBegin(): boolean {
    const { size } = this.outstanding.inProgress
    if (size >= this.host.window.blocksMax || this.queue.isEmpty) return false
    return size + this.loans.count < this.host.poolShare() && this.host.pool.room > 0
  }

  private begin(): Reassembly | undefined {
    if (!this.mayBegin()) return undefined
    const item = this.queue.take()!
    const blockIndex = item.supply.take()
    this.queue.add(item)
    const frame = this.host.pool.take(blockBytes(item.sizeBytes, blockIndex) + FRAME_OVERHEAD_BYTES)!
    item.activeCount++
    const segmentBytes = this.host.path.currentBytes
    return this.outstanding.inProgress.begin(item, blockIndex, frame, {
      segmentBytes,
      fillRatio: this.fillRatio,
    })
  }

  private giveUp(item: PulledItem, reason: 'gone' | 'unservable'): void {
    this.end(item)
    this.host.handleGone(item, reason)
  }

  private end(item: PulledItem): void {
    item.isEnded = true
    for (const reassembly of this.outstanding.inProgress.all()) {
      if (reassembly.item !== item) continue
      this.outstanding.drop(reassembly)
      reassembly.frame.release()
    }
    item.activeCount = 0
    this.book.unname(item)
    this.book.retire(item)
  }
}
