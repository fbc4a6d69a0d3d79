// The side that serves: answers asks with segments, strictly in the order of asking, because the puller judges
// loss by that order. One per session. It keeps asks until they are answered, and nothing of a transfer.
//
//   ask ──▶ queue ──▶ (one of the first, by bytes and number) wanted ──▶ frame ──▶ segments
//                                                                    └───▶ gone: the item's asks are dropped
//
// Asks for what is gone stay in the queue until it is their turn or they are more than the others: else a peer that
// asks for nothing else would have the whole queue gone through for each.

import { hexOf } from '../../base/bytes.js'
import { type Digest, type ItemKind, itemKey } from '../../base/item.js'
import { FRAME_BYTES_MAX } from '../../base/limits.js'
import { BUNDLE_BYTES_MAX, BUNDLE_SEGMENTS_MAX } from '../limits.js'
import type { BundlePool, FrameBuffer } from '../pool.js'
import type { BlockName } from '../protection.js'
import { countOf } from '../wire/bits.js'
import type { WireSession } from '../wire/control.js'
import { PATH_BYTES_BASE } from '../wire/limits.js'
import type { AskGroup, Request } from '../wire/request.js'
import { SegmentHeader } from '../wire/segment.js'
import type { FrameCache } from './framecache.js'
import {
  AHEAD_BYTES_MAX,
  ASKS_GONE_MAX,
  ASKS_PER_BLOCK_MAX,
  ASKS_QUEUED_MAX,
  BLOCKS_AHEAD_MAX,
  PACKS_REMEMBERED_MAX,
} from './limits.js'
import {
  isAnswered,
  limitToFrame,
  type QueuedAsk,
  segmentLength,
  type WantedBlock,
  writeSegment,
} from './queued-ask.js'

export interface ServerHost {
  readonly frames: FrameCache
  readonly bundles: BundlePool
  /** Largest datagram that our own interface carries towards the puller. */
  readonly datagramBytesMax: number
  handleWanted(block: Pick<WantedBlock, 'kind' | 'digest' | 'blockIndex' | 'members'>): void
  sendGone(handle: number): void
}

type BlockAsked = Pick<WantedBlock, 'key' | 'kind' | 'digest' | 'blockIndex' | 'members'>

/** Datagrams laid end to end, each `segmentBytes` long but the last. */
export interface SegmentBundle {
  readonly bytes: Uint8Array
  readonly segmentBytes: number
}

/** Answered asks that are kept in front of the queue until all of them are given up at once. */
const QUEUE_SHIFT = 1_024

/** How many frames the typical length looks back. */
const TYPICAL_FRAMES = 4

export class Server {
  asksDropped = 0
  private readonly queue: QueuedAsk[] = []
  private head = 0
  private readonly blocks = new Map<string, WantedBlock>()
  /** The same by item. */
  private readonly blocksOf = new Map<string, Set<WantedBlock>>()
  /** Asks of the queue for what is gone. */
  private goneCount = 0
  /** Members of packs, as this session told them; the oldest is forgotten first. The caller checks whether they are
   *  true. */
  private readonly membersOf = new Map<Digest, Uint8Array>()
  /** Blocks of which asks were looked at: they have their frame, or were wanted of the caller. */
  private readonly ahead = new Set<WantedBlock>()
  /** The first ask that was not looked at yet. */
  private lookedUntil = 0
  private readonly header = new SegmentHeader()
  /** Expected bytes of the next frames. */
  private typicalFrameBytes = FRAME_BYTES_MAX

  constructor(
    private readonly host: ServerHost,
    /** How the puller knows this session. */
    session: WireSession,
    /** Sets this session's frames apart in the cache. */
    private readonly cachePrefix: string,
  ) {
    this.header.sessionHigh = session.high
    this.header.sessionLow = session.low
  }

  get asksWaiting(): number {
    return this.queue.length - this.head
  }

  handleRequest(request: Request): void {
    for (const group of request.groups) {
      // A puller asks for no more than our interface carries; more would be cut by IP.
      if (group.segmentBytes > Math.max(PATH_BYTES_BASE, this.host.datagramBytesMax)) continue
      const digest = hexOf(group.digest)
      const members = this.membersOfGroup(group, digest)
      if (group.kind === 'pack' && members === undefined) {
        // The request that told them was lost; the puller tells them again with what it misses.
        this.asksDropped += group.asks.length
        continue
      }
      const itemKeyed = this.cachePrefix + itemKey(group.kind, digest)
      for (const ask of group.asks) {
        if (this.asksWaiting >= ASKS_QUEUED_MAX) {
          this.asksDropped++
          continue
        }
        const key = `${itemKeyed}:${ask.blockIndex}`
        const block =
          this.blocks.get(key) ??
          this.addBlock(itemKeyed, { key, kind: group.kind, digest, blockIndex: ask.blockIndex, members })
        if (block.asks.length >= ASKS_PER_BLOCK_MAX) {
          this.asksDropped++
          continue
        }
        this.enqueue({
          block,
          handle: group.handle,
          segmentBytes: group.segmentBytes,
          requestNumber: request.number,
          low: ask.low,
          high: ask.high,
        })
      }
    }
    this.lookAhead()
  }

  private addBlock(item: string, name: BlockAsked): WantedBlock {
    const { key, kind, digest, blockIndex, members } = name
    // Written out: a spread costs more than all else of a block here.
    const block: WantedBlock = {
      key,
      kind,
      digest,
      blockIndex,
      members,
      asks: [],
      looked: 0,
      isWanted: false,
      isGone: false,
      frame: undefined,
    }
    this.blocks.set(block.key, block)
    const blocks = this.blocksOf.get(item)
    if (blocks === undefined) this.blocksOf.set(item, new Set([block]))
    else blocks.add(block)
    return block
  }

  private removeBlock(block: WantedBlock): void {
    this.blocks.delete(block.key)
    const item = this.cachePrefix + itemKey(block.kind, block.digest)
    const blocks = this.blocksOf.get(item)
    blocks?.delete(block)
    if (blocks?.size === 0) this.blocksOf.delete(item)
  }

  private membersOfGroup({ kind, members }: AskGroup, digest: Digest): Uint8Array | undefined {
    if (kind !== 'pack') return undefined
    if (members === undefined || members.length === 0) return this.membersOf.get(digest)
    this.membersOf.delete(digest)
    this.membersOf.set(digest, members)
    if (this.membersOf.size > PACKS_REMEMBERED_MAX) this.membersOf.delete(this.membersOf.keys().next().value!)
    return members
  }

  /** A segment that still waits here unsent is not sent twice: the puller's patience ran out, not the segment. */
  private enqueue(ask: QueuedAsk): void {
    for (const earlier of ask.block.asks) {
      if (earlier.handle !== ask.handle || earlier.segmentBytes !== ask.segmentBytes) continue
      ask.low = (ask.low & ~earlier.low) >>> 0
      ask.high = (ask.high & ~earlier.high) >>> 0
    }
    if (isAnswered(ask)) return
    ask.block.asks.push(ask)
    this.queue.push(ask)
  }

  private get isFarAhead(): boolean {
    const { size } = this.ahead
    return size >= BLOCKS_AHEAD_MAX || size * this.typicalFrameBytes >= AHEAD_BYTES_MAX
  }

  /** Wants the next blocks of the queue, so that they are there when it is their turn. */
  private lookAhead(): void {
    while (this.lookedUntil < this.queue.length) {
      if (this.isFarAhead && this.lookedUntil > this.head) return
      const block = this.queue[this.lookedUntil++]!.block
      if (block.isGone) continue
      block.looked++
      this.ahead.add(block)
      block.frame ??= this.host.frames.hold(block.key)
      if (block.frame !== undefined || block.isWanted) continue
      block.isWanted = true
      this.host.handleWanted(block)
    }
  }

  /** Answers whether the block was wanted. The frame belongs to the cache from now on. */
  serveBlock(
    { kind, digest, blockIndex }: BlockName,
    frame: FrameBuffer,
    { isKept }: { isKept: boolean },
  ): boolean {
    if (frame.bytes.length === 0 || frame.bytes.length > FRAME_BYTES_MAX)
      throw new Error(`a frame of ${frame.bytes.length} bytes cannot be served`)
    const block = this.blocks.get(`${this.cachePrefix}${itemKey(kind, digest)}:${blockIndex}`)
    if (block === undefined || block.frame !== undefined) return false
    block.isWanted = false
    this.learnFrameBytes(frame.bytes.length)
    block.frame = this.host.frames.add(block.key, frame, { isKept, isHeld: block.looked > 0 })
    return true
  }

  /** Small frames are believed one by one, a long one at once: what is loaded ahead must not grow beyond its bounds. */
  private learnFrameBytes(frameBytes: number): void {
    const { typicalFrameBytes: before } = this
    this.typicalFrameBytes = Math.max(frameBytes, before + (frameBytes - before) / TYPICAL_FRAMES)
  }

  /** We do not hold the item (any more): nothing of it is answered, and each puller of it is told. */
  serveGone(kind: ItemKind, digest: Digest): void {
    const item = this.cachePrefix + itemKey(kind, digest)
    this.host.frames.dropPrefix(`${item}:`)
    const blocks = this.blocksOf.get(item)
    if (blocks === undefined) return
    const handles = new Set<number>()
    for (const block of [...blocks]) {
      for (const { handle } of block.asks) handles.add(handle)
      this.goneCount += block.asks.length
      block.isGone = true
      // The frame is the cache's no more.
      block.frame = undefined
      this.ahead.delete(block)
      this.removeBlock(block)
    }
    this.dropGone()
    this.lookAhead()
    for (const handle of handles) this.host.sendGone(handle)
  }

  /** Takes asks for what is gone out of the queue: those at its head, and all where they are more than the others. */
  private dropGone(): void {
    while (this.head < this.queue.length && this.queue[this.head]!.block.isGone) {
      this.head++
      this.goneCount--
    }
    this.lookedUntil = Math.max(this.lookedUntil, this.head)
    const isMostGone = this.goneCount > ASKS_GONE_MAX && 2 * this.goneCount > this.asksWaiting
    if (!isMostGone && this.head < QUEUE_SHIFT && this.head !== this.queue.length) return
    const waiting = this.queue.splice(0).slice(this.head)
    const looked = this.lookedUntil - this.head
    this.lookedUntil = 0
    for (const [index, ask] of waiting.entries()) {
      if (isMostGone && ask.block.isGone) continue
      this.queue.push(ask)
      if (index < looked) this.lookedUntil++
    }
    this.head = 0
    if (isMostGone) this.goneCount = 0
  }

  private letGo(block: WantedBlock): void {
    if (block.frame === undefined) return
    block.frame = undefined
    this.host.frames.letGo(block.key)
  }

  /** Drops everything that was asked for, unanswered, and its frames. */
  clear(): void {
    this.queue.length = 0
    this.head = 0
    this.lookedUntil = 0
    for (const block of this.blocks.values()) this.letGo(block)
    this.blocks.clear()
    this.blocksOf.clear()
    this.goneCount = 0
    this.membersOf.clear()
    this.ahead.clear()
    this.host.frames.dropPrefix(this.cachePrefix)
  }

  get hasSegments(): boolean {
    return this.head < this.queue.length && this.queue[this.head]!.block.frame !== undefined
  }

  /** The next segments, in bytes of the pool: at most `bytesMax`, or one segment. Undefined while the block whose turn it is has
   *  no frame. */
  pollSegments(bytesMax = BUNDLE_BYTES_MAX): SegmentBundle | undefined {
    while (this.hasSegments) {
      const bundle = this.bundle(bytesMax)
      if (bundle !== undefined) return bundle
    }
    return undefined
  }

  /** Segments of one size, the last of which may be shorter; undefined where what was asked for is beyond the end. */
  private bundle(bytesMax: number): SegmentBundle | undefined {
    const first = this.queue[this.head]!
    limitToFrame(first, first.block.frame!)
    if (isAnswered(first)) {
      this.finish(first)
      return undefined
    }
    const { segmentBytes } = first
    const roomSegments = Math.max(1, Math.min(BUNDLE_SEGMENTS_MAX, Math.floor(bytesMax / segmentBytes)))
    const segments = this.segmentsReady(segmentBytes, roomSegments)
    // Where a whole block is one datagram, a small one should not take the room of a large one.
    const roomBytes = segments === 1 ? segmentLength(this.queue[this.head]!) : segments * segmentBytes
    const bytes = this.host.bundles.take(roomBytes)
    let at = 0
    for (let count = 0; count < segments; ) {
      if (!this.hasSegments || this.queue[this.head]!.segmentBytes !== segmentBytes) break
      const ask = this.queue[this.head]!
      const frame = ask.block.frame!
      limitToFrame(ask, frame)
      if (isAnswered(ask)) {
        this.finish(ask)
        continue
      }
      const written = writeSegment({ bytes, at }, ask, frame, this.header)
      at += written
      count++
      if (isAnswered(ask)) this.finish(ask)
      if (written < segmentBytes) break
    }
    return at === 0 ? undefined : { bytes: at === bytes.length ? bytes : bytes.subarray(0, at), segmentBytes }
  }

  /** How many the next asks can fill, so that a repair of one segment does not allocate 64 KiB. */
  private segmentsReady(segmentBytes: number, roomSegments: number): number {
    let segments = 0
    for (let index = this.head; index < this.queue.length && segments < roomSegments; index++) {
      const ask = this.queue[index]!
      if (ask.segmentBytes !== segmentBytes || ask.block.frame === undefined) break
      limitToFrame(ask, ask.block.frame)
      segments += countOf(ask.low, ask.high)
    }
    return Math.min(segments, roomSegments)
  }

  /** The ask at the head is answered. */
  private finish(ask: QueuedAsk): void {
    this.head++
    const { block } = ask
    block.asks.splice(block.asks.indexOf(ask), 1)
    if (--block.looked === 0) {
      this.ahead.delete(block)
      this.letGo(block)
    }
    if (block.asks.length === 0) this.removeBlock(block)
    this.dropGone()
    this.lookAhead()
  }
}
