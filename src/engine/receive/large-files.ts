// Takes in files of several blocks, each from everybody who holds some of it: has each block written into the temporary
// file by whoever proves it, and tells the log. Performs no I/O: writes are polled, with the digest of the list that proves
// them. Used by Receiving.

import { BlockSet } from '../../base/blockset.js'
import { earliest } from '../../base/earliest.js'
import { blockBytes, blockCount, type Digest } from '../../base/item.js'
import type { HoldingMessage } from '../../ecp/message.js'
import type { FetchFailure, FetchId, KeeperToEngine } from '../../pipe/messages.js'
import type { Endpoint, SessionId } from '../../rdt/endpoint.js'
import type { PeerId } from '../../share/dots.js'
import type { Outbox } from '../outbox.js'
import { openOrLeaveSealed } from './block-opening.js'
import { BlockWrites, type PendingWrite } from './block-writes.js'
import type { FinishOp, ReleaseOp, WriteFailure, WriteOp } from './disk-op.js'
import { FetchSources } from './fetch-sources.js'
import {
  type Building,
  FileBuilding,
  type FileInFlight,
  type FileMap,
  hereBytes,
  LargeFetch,
} from './large-fetch.js'
import {
  BLOCK_REPORT_MS,
  BLOCKS_PER_REPORT,
  PREFETCH_BLOCKS_MAX,
  PREFETCH_BLOCKS_SHARED_MAX,
  SOURCES_TICK_MS,
} from './limits.js'
import { Prefetch } from './prefetch.js'
import type { ReceivedBlock } from './received-block.js'

export interface LargeFilesOptions {
  readonly endpoint: Endpoint
  readonly self: PeerId
  readonly toKeeper: Outbox
  /** The list of a fetch that stopped is not wanted any more. */
  readonly onListNeedless: (session: SessionId, digest: Digest) => void
}

export class LargeFiles {
  private readonly options: LargeFilesOptions
  /** Four at most, and no content twice at once: the keeper sees to that. */
  private readonly fetches = new Map<FetchId, LargeFetch>()
  private readonly byDigest = new Map<Digest, LargeFetch>()
  /** Failed at its peer while blocks were on their way to the disk, and why: the keeper hears of it once those are there, since blocks of
   *  a fetch that is over are not logged. */
  private readonly ending = new Map<LargeFetch, FetchFailure>()
  private readonly sources: FetchSources
  private readonly writes = new BlockWrites()
  /** Files that became whole, and can still be served from where they were built. */
  private readonly built: { readonly digest: Digest; readonly building: Building }[] = []
  private reportAtMs: number | undefined
  private tickAtMs: number | undefined
  /** Bytes of file content taken in and proved. */
  receivedBytes = 0
  /** Bytes that compression saved for them. */
  savedBytes = 0

  constructor(options: LargeFilesOptions) {
    this.options = options
    this.sources = new FetchSources(options)
  }

  *inFlight(): Iterable<FileInFlight> {
    for (const fetch of this.fetches.values()) if (fetch.building !== undefined) yield fetch.progress
  }

  *maps(): Iterable<FileMap> {
    for (const { building, progress } of this.fetches.values())
      if (building !== undefined) yield { path: progress.path, ...building.map() }
  }

  has(digest: Digest): boolean {
    return this.byDigest.has(digest)
  }

  // — Orders of the keeper —

  /** Its list is being pulled. */
  start(session: SessionId, peer: PeerId, order: KeeperToEngine & { type: 'fetch-list' }): void {
    const fetch = new LargeFetch(order.fetch, session, peer, order.file, order.path)
    this.fetches.set(fetch.fetch, fetch)
    this.byDigest.set(fetch.file.digest, fetch)
  }

  /** Nothing of it is here: its first blocks are asked for together with the list. */
  prefetch(id: FetchId): void {
    const fetch = this.fetches.get(id)
    if (fetch === undefined) return
    const { session, file } = fetch
    const blocksMax = this.sources.sessionCount > 1 ? PREFETCH_BLOCKS_SHARED_MAX : PREFETCH_BLOCKS_MAX
    fetch.prefetch = new Prefetch(Math.min(blocksMax, blockCount(file.sizeBytes)))
    this.options.endpoint.pullFrom(session, file, fetch.prefetch, { priority: 'bulk' })
  }

  handleList(id: FetchId, list: Uint8Array): void {
    const fetch = this.fetches.get(id)
    if (fetch === undefined) return
    fetch.list = list
    this.tellList(fetch)
  }

  /** The weak sums of its blocks are being pulled with its list: the keeper is told of both together. */
  awaitSums(id: FetchId): void {
    const fetch = this.fetches.get(id)
    if (fetch !== undefined) fetch.awaitsSums = true
  }

  /** Undefined where the peer has none. */
  handleSums(id: FetchId, sums: Uint8Array | undefined): void {
    const fetch = this.fetches.get(id)
    if (fetch === undefined) return
    fetch.sums = sums
    fetch.awaitsSums = false
    this.tellList(fetch)
  }

  private tellList({ fetch, list, sums, awaitsSums }: LargeFetch): void {
    if (list !== undefined && !awaitsSums) this.options.toKeeper.push({ type: 'list', fetch, list, sums })
  }

  handleListGivenUp(id: FetchId, reason: 'gone' | 'unservable'): void {
    const fetch = this.fetches.get(id)
    if (fetch !== undefined) this.fail(fetch, reason)
  }

  /** These blocks were here after all, and are written: whoever was asked for them need not go on. */
  handleHere(id: FetchId, blockIndices: readonly number[]): void {
    const fetch = this.fetches.get(id)
    if (fetch?.building === undefined) return
    const { building, file, progress } = fetch
    for (const blockIndex of blockIndices) {
      for (const needless of building.picker.handleHere(blockIndex))
        this.options.endpoint.cancelBlock(needless.session, 'file', file.digest, needless.blockIndex)
      if (building.handleWritten(blockIndex)) progress.doneBytes += blockBytes(file.sizeBytes, blockIndex)
    }
    this.sources.pullMore(fetch, building)
    this.finishIfWhole(fetch)
  }

  fetchBlocks(order: KeeperToEngine & { type: 'fetch-blocks' }, nowMs: number): void {
    const fetch = this.fetches.get(order.fetch)
    if (fetch?.list === undefined) return
    const { sizeBytes } = fetch.file
    const needed = new BlockSet(blockCount(sizeBytes), order.needed)
    const picker = { sizeBytes, needed, self: this.options.self, isAlone: this.sources.sessionCount < 2 }
    const place = { path: order.temporary, target: fetch.progress.path }
    const building = new FileBuilding(place, fetch.list, picker, nowMs)
    fetch.building = building
    fetch.progress.doneBytes = hereBytes(sizeBytes, needed)
    building.picker.setHolder(fetch.session, fetch.peer, BlockSet.full(building.pieces.blockCount))
    building.availability.handleHolding(fetch.session, true, nowMs)
    this.goOnWithPrefetched(fetch, building, nowMs)
    this.sources.pullMore(fetch, building)
    if (this.sources.sessionCount > 1) this.tickAtMs ??= nowMs + SOURCES_TICK_MS
    this.finishIfWhole(fetch)
  }

  /** Prefetched blocks are proved now, or were needless. */
  private goOnWithPrefetched(fetch: LargeFetch, { picker }: FileBuilding, nowMs: number): void {
    const { prefetch, session, file } = fetch
    const source = picker.source(session)
    if (prefetch === undefined || source === undefined) return
    const { kind, digest } = file
    for (const blockIndex of prefetch.join(source, picker))
      this.options.endpoint.cancelBlock(session, kind, digest, blockIndex)
    for (const { blockIndex, frame } of prefetch.takeHeld())
      this.handleBlock({ session, kind, digest, blockIndex, frame }, nowMs)
  }

  cancel(id: FetchId): void {
    const fetch = this.fetches.get(id)
    if (fetch !== undefined) this.stop(fetch)
    for (const late of this.ending.keys()) if (late.fetch === id) this.ending.delete(late)
  }

  stopAll(): void {
    this.ending.clear()
    for (const fetch of [...this.fetches.values()]) this.stop(fetch)
  }

  // — Sessions —

  handleOpened(session: SessionId, peer: PeerId, nowMs: number): void {
    this.sources.handleOpened(session, peer)
    if (this.sources.sessionCount > 1) this.tickAtMs ??= nowMs + SOURCES_TICK_MS
  }

  handleClosed(session: SessionId): void {
    this.sources.handleClosed(session)
    for (const fetch of [...this.fetches.values()]) {
      if (fetch.building !== undefined) {
        const { building } = fetch
        this.failIf(fetch, this.sources.lose(fetch, building, session, 'peer-gone'))
        building.availability.handleClosed(session)
      } else if (fetch.session === session) this.fail(fetch, 'peer-gone')
    }
  }

  /** The session goes on, and nothing is asked for in it any more. */
  handlePaused(session: SessionId): void {
    for (const { file } of this.fetches.values())
      this.options.endpoint.cancelPull(session, 'file', file.digest)
    this.handleClosed(session)
  }

  handleGone(session: SessionId, digest: Digest, reason: 'gone' | 'unservable', nowMs: number): void {
    const fetch = this.byDigest.get(digest)
    if (fetch?.building !== undefined)
      this.failIf(fetch, this.sources.bar(fetch, fetch.building, session, reason, nowMs))
    else if (fetch?.session === session) this.fail(fetch, reason)
  }

  // — What peers hold of the files that are being built —

  /** A file that is being built, so that what is here of it can be told and served. */
  buildingOf(digest: Digest): FileBuilding | undefined {
    return this.byDigest.get(digest)?.building
  }

  /** The next peer's turn to say what it holds: asked by saying what is here. */
  pollHolding(session: SessionId, nowMs: number): HoldingMessage | undefined {
    for (const fetch of this.fetches.values()) {
      const holding = this.sources.pollHolding(fetch, session, nowMs)
      if (holding !== undefined) return holding
    }
    return undefined
  }

  /** A peer said which pieces of a file it holds, asked or not. */
  handleHolding(session: SessionId, message: HoldingMessage, nowMs: number): void {
    const fetch = this.byDigest.get(message.file.digest)
    if (fetch?.building !== undefined)
      this.sources.handleHolding(fetch, fetch.building, session, message, nowMs)
  }

  /** The peer has nothing of a file, or cannot tell now. */
  handleNotHolding(session: SessionId, digest: Digest, nowMs: number): void {
    this.buildingOf(digest)?.availability.handleNothing(session, nowMs)
  }

  /** A file that became whole here, and that the keeper has not put in place yet. */
  pollBuilt(): { readonly digest: Digest; readonly building: Building } | undefined {
    return this.built.shift()
  }

  // — Blocks —

  handleBlock(block: ReceivedBlock, nowMs: number): void {
    const { endpoint } = this.options
    const { blockIndex, session } = block
    const fetch = this.byDigest.get(block.digest)
    const { building } = fetch ?? {}
    const source = building?.picker.source(session)
    if (fetch !== undefined && building === undefined) {
      // The block cannot be proved yet.
      if (fetch.session === session && fetch.prefetch !== undefined)
        fetch.prefetch.hold(blockIndex, block.frame)
      else block.frame.release()
      return
    }
    if (!fetch || !building || !source || !building.picker.missing.has(blockIndex)) {
      block.frame.release()
      return
    }
    const opened = openOrLeaveSealed(endpoint.framesOf(session), block)
    if (opened === undefined) {
      this.reject(block, 'damaged')
      return
    }
    if (opened.textBytes !== blockBytes(building.sizeBytes, blockIndex)) {
      // A sealed block of the wrong length may have been damaged on its way: the peer is not blamed.
      if (opened.cipher !== undefined) this.reject(block, 'damaged')
      else {
        block.frame.release()
        this.failIf(fetch, this.sources.blame(fetch, building, source, block, nowMs))
      }
      return
    }
    // The writer proves it. Until then it is taken for the block: almost always it is.
    for (const needless of building.picker.handleArrived(blockIndex, source))
      endpoint.cancelBlock(needless.session, 'file', fetch.file.digest, needless.blockIndex)
    building.orphanedSinceMs = undefined
    fetch.writing++
    this.writes.write(fetch, building, block, opened)
  }

  private reject({ session, kind, digest, blockIndex, frame }: ReceivedBlock, why: 'damaged'): void {
    frame.release()
    this.options.endpoint.rejectBlock(session, kind, digest, blockIndex, why)
  }

  /** `failure` undefined where the operation succeeded. */
  handleWritten(id: number, failure: WriteFailure | undefined, nowMs: number): void {
    const write = this.writes.take(id)
    if (write === undefined) return
    const { fetch } = write
    if (this.ending.has(fetch)) this.handleLate(fetch, write, failure)
    if (this.fetches.get(fetch.fetch) !== fetch) return
    if (write.type === 'block' && (failure === 'wrong' || failure === 'damaged')) {
      this.handleRefused(fetch, write.block, failure, nowMs)
      return
    }
    if (failure !== undefined) {
      this.fail(fetch, failure === 'no-space' ? failure : 'disk')
      return
    }
    if (write.type === 'finish') {
      this.handleFinished(fetch)
      return
    }
    const { block, savedBytes } = write
    const bytes = blockBytes(fetch.file.sizeBytes, block.blockIndex)
    fetch.crossedBytes += bytes
    fetch.savedBytes += savedBytes
    this.savedBytes += savedBytes
    this.receivedBytes += bytes
    fetch.writing--
    fetch.written.push(block.blockIndex)
    const giver = fetch.building?.picker.source(block.session)?.peer
    if (fetch.building?.handleWritten(block.blockIndex, giver) === true) fetch.progress.doneBytes += bytes
    if (fetch.written.length >= BLOCKS_PER_REPORT) this.report(fetch)
    else this.reportAtMs ??= nowMs + BLOCK_REPORT_MS
    this.finishIfWhole(fetch)
  }

  /** The bytes that came are not the block. They were taken for it, and it is missing again. */
  private handleRefused(
    fetch: LargeFetch,
    block: ReceivedBlock,
    why: 'damaged' | 'wrong',
    nowMs: number,
  ): void {
    const { building } = fetch
    const { session, kind, digest, blockIndex } = block
    fetch.writing--
    if (building === undefined) return
    const source = building.picker.source(session)
    building.picker.handleRefused(blockIndex, source)
    if (why === 'wrong' && source !== undefined)
      this.failIf(fetch, this.sources.blame(fetch, building, source, block, nowMs))
    else this.options.endpoint.rejectBlock(session, kind, digest, blockIndex, why)
    if (this.fetches.get(fetch.fetch) !== fetch) return
    // All seemed to be here when the last source went.
    if (building.picker.sourceCount === 0) this.fail(fetch, 'peer-gone')
    else this.sources.pullMore(fetch, building)
  }

  private handleFinished(fetch: LargeFetch): void {
    this.report(fetch)
    const { crossedBytes, savedBytes, building } = fetch
    const sources = building?.delivered() ?? []
    this.options.toKeeper.push({ type: 'fetched', fetch: fetch.fetch, crossedBytes, savedBytes, sources })
    if (building !== undefined) this.built.push({ digest: fetch.file.digest, building })
    this.stop(fetch)
  }

  // — Time —

  handleTimeout(nowMs: number): void {
    if (this.tickAtMs !== undefined && nowMs >= this.tickAtMs) this.tick(nowMs)
    if (this.reportAtMs === undefined || nowMs < this.reportAtMs) return
    this.reportAtMs = undefined
    for (const fetch of this.fetches.values()) this.report(fetch)
  }

  pollTimeout(): number | undefined {
    return earliest(this.reportAtMs, this.tickAtMs)
  }

  pollOp(): WriteOp | FinishOp | ReleaseOp | undefined {
    return this.writes.poll()
  }

  private tick(nowMs: number): void {
    this.tickAtMs = undefined
    for (const fetch of [...this.fetches.values()]) {
      const { building } = fetch
      if (building === undefined) continue
      this.tickAtMs = nowMs + SOURCES_TICK_MS
      this.failIf(fetch, this.sources.tick(fetch, building, nowMs))
    }
  }

  // — The end of a fetch —

  private finishIfWhole(fetch: LargeFetch): void {
    const { building } = fetch
    if (fetch.finishing || building === undefined || building.picker.missing.size > 0 || fetch.writing > 0)
      return
    fetch.finishing = true
    this.writes.finish(fetch, building.path)
  }

  private report(fetch: LargeFetch): void {
    if (fetch.written.length === 0) return
    this.options.toKeeper.push({ type: 'blocks', fetch: fetch.fetch, blockIndices: fetch.written.splice(0) })
  }

  private failIf(fetch: LargeFetch, reason: FetchFailure | undefined): void {
    if (reason !== undefined) this.fail(fetch, reason)
  }

  private fail(fetch: LargeFetch, reason: FetchFailure): void {
    this.report(fetch)
    const isOfSource = reason === 'gone' || reason === 'unservable'
    if (isOfSource && fetch.writing > 0) this.ending.set(fetch, reason)
    else this.tellFailed(fetch, reason)
    this.stop(fetch)
  }

  /** A block of a fetch that failed is written, or not. */
  private handleLate(fetch: LargeFetch, write: PendingWrite, failure: WriteFailure | undefined): void {
    if (write.type !== 'block') return
    if (failure === undefined) fetch.written.push(write.block.blockIndex)
    if (--fetch.writing > 0) return
    this.report(fetch)
    this.tellFailed(fetch, this.ending.get(fetch)!)
    this.ending.delete(fetch)
  }

  private tellFailed({ fetch }: LargeFetch, reason: FetchFailure): void {
    this.options.toKeeper.push({ type: 'fetch-failed', fetch, reason })
  }

  private stop(fetch: LargeFetch): void {
    const { endpoint, onListNeedless } = this.options
    const { session, building } = fetch
    const { digest } = fetch.file
    this.fetches.delete(fetch.fetch)
    if (this.byDigest.get(digest) === fetch) this.byDigest.delete(digest)
    // Blocks are asked of it before the list is here.
    endpoint.cancelPull(session, 'file', digest)
    for (const source of building?.picker.all() ?? []) endpoint.cancelPull(source.session, 'file', digest)
    if (fetch.list === undefined || fetch.awaitsSums) onListNeedless(session, digest)
    // While it is being synced too: the next file of this name is another.
    if (building !== undefined) this.writes.release(building.path)
  }
}
