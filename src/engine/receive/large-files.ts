// Takes in files of several blocks, each from everybody who holds some of it: has each block written into the temporary
// file by whoever proves it, and tells the log. Performs no I/O: writes are polled, with the digest of the list that proves
// them. Used by Receiving.

import { BlockSet } from '../../base/blockset.js'
import { blockBytes, blockCount, type Digest, type Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, FRAME_BLOCK_AT, FRAME_OVERHEAD_BYTES } from '../../base/limits.js'
import type { HoldingMessage } from '../../ecp/message.js'
import type { FetchFailure, FetchId, KeeperToEngine, SourceFailure } from '../../pipe/messages.js'
import type { Endpoint, SessionId } from '../../rdt/endpoint.js'
import type { FrameBuffer } from '../../rdt/pool.js'
import type { FrameCipher } from '../../rdt/protection.js'
import type { PeerId } from '../../share/version.js'
import type { Outbox } from '../outbox.js'
import { AheadBlocks } from './ahead.js'
import { type Building, FileBuilding, type FileInFlight, hereBytes, LargeFetch } from './large-fetch.js'
import {
  AHEAD_BLOCKS_MAX,
  AHEAD_BLOCKS_SHARED_MAX,
  BLOCK_REPORT_MS,
  BLOCKS_PER_REPORT,
  ORPHANED_MS,
  SPREAD_TICK_MS,
  WRONG_BLOCKS_MAX,
} from './limits.js'
import type { ReceivedBlock } from './received-block.js'
import { Liars } from './swarm/liars.js'
import type { SessionFacts, Source } from './swarm/source.js'

/** A block to be written into a temporary file, if `digest` is that of its bytes, or of what `cipher` opens them to;
 *  answered by `handleWritten`. */
export interface WriteOp {
  readonly type: 'write'
  readonly id: number
  readonly path: string
  readonly position: number
  /** All that is used of their buffer, which may go to another thread meanwhile. */
  readonly bytes: Uint8Array
  /** Whose memory they are in, which adopts what comes back of that thread; undefined where it is no pool's. */
  readonly memory: FrameBuffer | undefined
  readonly digest: Uint8Array
  readonly cipher: FrameCipher | undefined
}

/** Why a block was not written: its seal is broken, it is another one, or the disk's fault. */
export type WriteFailure = 'damaged' | 'wrong' | 'no-space' | 'disk'

/** All blocks are written: sync and close the file; answered by `handleWritten` too. */
export interface FinishOp {
  readonly type: 'finish'
  readonly id: number
  readonly path: string
}

/** A fetch stopped: let go of the temporary file's descriptor. Not answered. */
export interface ReleaseOp {
  readonly type: 'release'
  readonly path: string
}

/** What it is written from, and how long it will be. */
interface LargeBlock {
  readonly bytes: Uint8Array
  readonly textBytes: number
  readonly cipher: FrameCipher | undefined
  readonly savedBytes: number
}

type PendingWrite = { readonly fetch: LargeFetch } & (
  | { readonly type: 'finish' }
  | {
      readonly type: 'block'
      readonly block: ReceivedBlock
      readonly savedBytes: number
    }
)

export interface LargeFilesOptions {
  readonly endpoint: Endpoint
  readonly hash: Hash
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
  private readonly sessions = new Map<SessionId, PeerId>()
  private readonly liars = new Liars()
  private readonly writes = new Map<number, PendingWrite>()
  private readonly ops: (WriteOp | FinishOp | ReleaseOp)[] = []
  /** Files that became whole, and can still be served from where they were built. */
  private readonly built: { readonly digest: Digest; readonly building: Building }[] = []
  private reportAtMs: number | undefined
  private tickAtMs: number | undefined
  private nextOpId = 1
  /** Bytes of file content taken in and proved. */
  receivedBytes = 0
  /** What compression kept from crossing for them. */
  savedBytes = 0

  constructor(options: LargeFilesOptions) {
    this.options = options
  }

  *inFlight(): Iterable<FileInFlight> {
    for (const fetch of this.fetches.values()) if (fetch.building !== undefined) yield fetch.progress
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
  pullAhead(id: FetchId, nowMs: number): void {
    const fetch = this.fetches.get(id)
    if (fetch === undefined) return
    const { session, file } = fetch
    const blocksMax = this.sessions.size > 1 ? AHEAD_BLOCKS_SHARED_MAX : AHEAD_BLOCKS_MAX
    fetch.ahead = new AheadBlocks(Math.min(blocksMax, blockCount(file.sizeBytes)))
    this.options.endpoint.pullFrom(session, file, fetch.ahead, { priority: 'bulk' }, nowMs)
  }

  handleList(id: FetchId, list: Uint8Array): void {
    const fetch = this.fetches.get(id)
    if (fetch === undefined) return
    fetch.list = list
    this.options.toKeeper.push({ type: 'list', fetch: id, list })
  }

  handleListGivenUp(id: FetchId, reason: 'gone' | 'unservable'): void {
    const fetch = this.fetches.get(id)
    if (fetch !== undefined) this.fail(fetch, reason)
  }

  fetchBlocks(order: KeeperToEngine & { type: 'fetch-blocks' }, nowMs: number): void {
    const fetch = this.fetches.get(order.fetch)
    if (fetch?.list === undefined) return
    const { sizeBytes } = fetch.file
    const needed = new BlockSet(blockCount(sizeBytes), order.needed)
    const spread = { sizeBytes, needed, self: this.options.self, isAlone: this.sessions.size < 2 }
    const building = new FileBuilding(order.temporary, fetch.list, spread, nowMs)
    fetch.building = building
    fetch.progress.doneBytes = hereBytes(sizeBytes, needed)
    building.spread.setHolder(fetch.session, fetch.peer, BlockSet.full(building.pieces.blockCount))
    building.partners.handleHolding(fetch.session, true, nowMs)
    this.goOnWithAhead(fetch, building, nowMs)
    this.pullMore(fetch, building, nowMs)
    if (this.sessions.size > 1) this.tickAtMs ??= nowMs + SPREAD_TICK_MS
    this.finishIfWhole(fetch)
  }

  /** What was asked for before the list was here is proved now, or was needless. */
  private goOnWithAhead(fetch: LargeFetch, { spread }: FileBuilding, nowMs: number): void {
    const { ahead, session, file } = fetch
    const source = spread.source(session)
    if (ahead === undefined || source === undefined) return
    const { kind, digest } = file
    for (const blockIndex of ahead.join(source, spread))
      this.options.endpoint.cancelBlock(session, kind, digest, blockIndex)
    for (const { blockIndex, frame } of ahead.takeHeld())
      this.handleBlock({ session, kind, digest, blockIndex, frame }, nowMs)
  }

  cancel(id: FetchId): void {
    const fetch = this.fetches.get(id)
    if (fetch !== undefined) this.stop(fetch)
  }

  stopAll(): void {
    for (const fetch of [...this.fetches.values()]) this.stop(fetch)
  }

  // — Sessions —

  handleOpened(session: SessionId, peer: PeerId, nowMs: number): void {
    this.sessions.set(session, peer)
    if (this.sessions.size > 1) this.tickAtMs ??= nowMs + SPREAD_TICK_MS
  }

  handleClosed(session: SessionId, nowMs: number): void {
    this.sessions.delete(session)
    for (const fetch of [...this.fetches.values()]) {
      if (fetch.building !== undefined) {
        this.loseSource(fetch, fetch.building, session, 'peer-gone', nowMs)
        fetch.building.partners.handleClosed(session)
      } else if (fetch.session === session) this.fail(fetch, 'peer-gone')
    }
  }

  handleGone(session: SessionId, digest: Digest, reason: 'gone' | 'unservable', nowMs: number): void {
    const fetch = this.byDigest.get(digest)
    if (fetch?.building !== undefined) this.bar(fetch, fetch.building, session, reason, nowMs)
    else if (fetch?.session === session) this.fail(fetch, reason)
  }

  // — What peers hold of the files that are being built —

  /** A file that is being built, so that what is here of it can be told and served. */
  buildingOf(digest: Digest): FileBuilding | undefined {
    return this.byDigest.get(digest)?.building
  }

  /** The next peer's turn to say what it holds: asked by saying what is here. */
  pollHolding(session: SessionId, nowMs: number): HoldingMessage | undefined {
    for (const { building, file } of this.fetches.values()) {
      if (building === undefined || building.pieces.blockCount < 2) continue
      if (!building.partners.isDue(session, nowMs) || this.isLiar(session, file.digest, nowMs)) continue
      building.partners.handleAsked(session)
      return { type: 'holding', file, pieces: building.pieces }
    }
    return undefined
  }

  /** A peer said which pieces of a file it holds, asked or not. */
  handleHolding(session: SessionId, { file, pieces }: HoldingMessage, nowMs: number): void {
    const fetch = this.byDigest.get(file.digest)
    const peer = this.sessions.get(session)
    if (fetch?.building === undefined || peer === undefined) return
    const { building } = fetch
    if (file.sizeBytes !== building.sizeBytes) return
    const isWhole = pieces.size === pieces.blockCount
    if (!building.partners.handleHolding(session, isWhole, nowMs)) return
    if (building.spread.source(session) === undefined && this.isLiar(session, file.digest, nowMs)) return
    building.spread.setHolder(session, peer, pieces)
    this.pullMore(fetch, building, nowMs)
  }

  /** It has nothing of a file, or cannot tell now. */
  handleNotHolding(session: SessionId, digest: Digest, nowMs: number): void {
    this.buildingOf(digest)?.partners.handleNothing(session, nowMs)
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
    const source = building?.spread.source(session)
    if (fetch !== undefined && building === undefined) {
      // It cannot be proved yet.
      if (fetch.session === session && fetch.ahead !== undefined) fetch.ahead.hold(blockIndex, block.frame)
      else block.frame.release()
      return
    }
    if (!fetch || !building || !source || !building.spread.missing.has(blockIndex)) {
      block.frame.release()
      return
    }
    const opened = this.openedOrSealed(block)
    if (opened === undefined) {
      this.reject(block, 'damaged')
      return
    }
    const { bytes, textBytes, cipher, savedBytes } = opened
    if (textBytes !== blockBytes(building.sizeBytes, blockIndex)) {
      // Of what is still sealed, nobody knows who made it so long.
      if (cipher !== undefined) this.reject(block, 'damaged')
      else {
        block.frame.release()
        this.blame(fetch, building, source, block, nowMs)
      }
      return
    }
    // Whoever writes it proves it. Until then it is taken for the block: almost always it is.
    for (const needless of building.spread.handleArrived(blockIndex, source))
      endpoint.cancelBlock(needless.session, 'file', fetch.file.digest, needless.blockIndex)
    building.orphanedSinceMs = undefined
    fetch.writing++
    const id = this.nextOpId++
    this.writes.set(id, { fetch, type: 'block', block, savedBytes })
    const start = blockIndex * DIGEST_BYTES
    const digest = building.list.slice(start, start + DIGEST_BYTES)
    const position = blockIndex * BLOCK_BYTES
    // What was deciphered is not the frame's.
    const memory = bytes.buffer === block.frame.bytes.buffer ? block.frame : undefined
    this.ops.push({ type: 'write', id, path: building.path, position, bytes, memory, digest, cipher })
  }

  /** Undefined where its seal is broken, as far as that is known before it is opened. */
  private openedOrSealed(block: ReceivedBlock): LargeBlock | undefined {
    const frames = this.options.endpoint.framesOf(block.session)
    const frame = block.frame.bytes
    const cipher = frames?.openingOf(block, frame)
    if (cipher !== undefined) {
      const textBytes = frame.length - FRAME_OVERHEAD_BYTES
      return { bytes: frame.subarray(FRAME_BLOCK_AT), textBytes, cipher, savedBytes: 0 }
    }
    const opened = frames?.open(block, frame)
    if (!opened?.ok) return undefined
    const { block: bytes, savedBytes } = opened.value
    return { bytes, textBytes: bytes.length, cipher: undefined, savedBytes }
  }

  private reject({ session, kind, digest, blockIndex, frame }: ReceivedBlock, why: 'damaged'): void {
    frame.release()
    this.options.endpoint.rejectBlock(session, kind, digest, blockIndex, why)
  }

  /** Whoever sent it made it wrong: what is damaged on the way does not come up to here. */
  private blame(
    fetch: LargeFetch,
    building: FileBuilding,
    source: Source,
    { session, kind, digest, blockIndex }: ReceivedBlock,
    nowMs: number,
  ): void {
    if (++source.wrongCount >= WRONG_BLOCKS_MAX) this.bar(fetch, building, session, 'unservable', nowMs)
    else this.options.endpoint.rejectBlock(session, kind, digest, blockIndex, 'wrong')
  }

  /** `failure` undefined where the operation succeeded. */
  handleWritten(id: number, failure: WriteFailure | undefined, nowMs: number): void {
    const write = this.writes.get(id)
    if (write === undefined) return
    this.writes.delete(id)
    const { fetch } = write
    if (write.type === 'block') write.block.frame.release()
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
    fetch.progress.doneBytes += bytes
    this.receivedBytes += bytes
    fetch.writing--
    fetch.written.push(block.blockIndex)
    fetch.building?.handleWritten(block.blockIndex)
    if (fetch.written.length >= BLOCKS_PER_REPORT) this.report(fetch)
    else this.reportAtMs ??= nowMs + BLOCK_REPORT_MS
    this.finishIfWhole(fetch)
  }

  /** What came is not the block. It was taken for it, and is missing again. */
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
    const source = building.spread.source(session)
    building.spread.handleRefused(blockIndex, source)
    if (why === 'wrong' && source !== undefined) this.blame(fetch, building, source, block, nowMs)
    else this.options.endpoint.rejectBlock(session, kind, digest, blockIndex, why)
    if (this.fetches.get(fetch.fetch) !== fetch) return
    // All seemed to be here when the last source went.
    if (building.spread.sourceCount === 0) this.fail(fetch, 'peer-gone')
    else this.pullMore(fetch, building, nowMs)
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
    if (this.reportAtMs === undefined || this.tickAtMs === undefined) return this.reportAtMs ?? this.tickAtMs
    return Math.min(this.reportAtMs, this.tickAtMs)
  }

  pollOp(): WriteOp | FinishOp | ReleaseOp | undefined {
    return this.ops.shift()
  }

  // — Several sources —

  /** Has every source look whether there is something for it. */
  private pullMore(fetch: LargeFetch, { spread }: FileBuilding, nowMs: number): void {
    const { endpoint } = this.options
    for (const source of spread.all())
      if (source.hasNext)
        endpoint.pullFrom(source.session, fetch.file, fetch.supplyOf(source), { priority: 'bulk' }, nowMs)
  }

  /** It has not what it said, or sends what is not it: it is not asked for this file for a while. */
  private bar(
    fetch: LargeFetch,
    building: FileBuilding,
    session: SessionId,
    reason: 'gone' | 'unservable',
    nowMs: number,
  ): void {
    const { digest } = fetch.file
    if (reason === 'gone') building.partners.bar(session, nowMs)
    else this.liars.add(this.nameOf(session), digest, nowMs)
    this.loseSource(fetch, building, session, reason, nowMs)
  }

  private isLiar(session: SessionId, digest: Digest, nowMs: number): boolean {
    return this.liars.has(this.nameOf(session), digest, nowMs)
  }

  /** What a peer cannot change from one session to the next: of one without a key, the id that it gives itself. */
  private nameOf(session: SessionId): string {
    return this.options.endpoint.fingerprintOf(session) ?? this.sessions.get(session) ?? ''
  }

  /** What was asked of it is asked of the others at once. */
  private loseSource(
    fetch: LargeFetch,
    building: FileBuilding,
    session: SessionId,
    reason: SourceFailure,
    nowMs: number,
  ): void {
    const source = building.spread.drop(session)
    if (source === undefined) return
    building.countDelivered(source)
    this.options.endpoint.cancelPull(session, 'file', fetch.file.digest)
    const { spread } = building
    // Peers that are building it too may have all of it together.
    const isComplete = spread.missing.size === 0
    const goesOn = isComplete || spread.hasWholeSource || (reason === 'peer-gone' && spread.sourceCount > 0)
    if (source.isWhole && (goesOn || source.peer !== fetch.peer))
      this.options.toKeeper.push({ type: 'source-lost', fetch: fetch.fetch, peer: source.peer, reason })
    if (!goesOn) {
      this.fail(fetch, reason)
      return
    }
    this.pullMore(fetch, building, nowMs)
  }

  private tick(nowMs: number): void {
    this.tickAtMs = undefined
    for (const fetch of [...this.fetches.values()]) {
      const { building } = fetch
      if (building === undefined) continue
      this.tickAtMs = nowMs + SPREAD_TICK_MS
      const needless = building.spread.tick((session) => this.factsOf(session), nowMs)
      for (const { session, blockIndex } of needless)
        this.options.endpoint.cancelBlock(session, 'file', fetch.file.digest, blockIndex)
      const isOrphan = !building.spread.hasWholeSource && building.spread.missing.size > 0
      building.orphanedSinceMs = isOrphan ? (building.orphanedSinceMs ?? nowMs) : undefined
      if (nowMs - (building.orphanedSinceMs ?? nowMs) >= ORPHANED_MS) this.fail(fetch, 'peer-gone')
      else this.pullMore(fetch, building, nowMs)
    }
  }

  private factsOf(session: SessionId): SessionFacts {
    const { endpoint } = this.options
    const srttMs = endpoint.stats(session)?.srttMs ?? 0
    return { srttMs, silentSinceMs: endpoint.silentSinceMs(session) }
  }

  // — The end of a fetch —

  private finishIfWhole(fetch: LargeFetch): void {
    const { building } = fetch
    if (fetch.finishing || building === undefined || building.spread.missing.size > 0 || fetch.writing > 0)
      return
    fetch.finishing = true
    const id = this.nextOpId++
    this.writes.set(id, { fetch, type: 'finish' })
    this.ops.push({ type: 'finish', id, path: building.path })
  }

  private report(fetch: LargeFetch): void {
    if (fetch.written.length === 0) return
    this.options.toKeeper.push({ type: 'blocks', fetch: fetch.fetch, blockIndices: fetch.written.splice(0) })
  }

  private fail(fetch: LargeFetch, reason: FetchFailure): void {
    this.report(fetch)
    this.options.toKeeper.push({ type: 'fetch-failed', fetch: fetch.fetch, reason })
    this.stop(fetch)
  }

  private stop(fetch: LargeFetch): void {
    const { endpoint, onListNeedless } = this.options
    const { session, building } = fetch
    const { digest } = fetch.file
    this.fetches.delete(fetch.fetch)
    if (this.byDigest.get(digest) === fetch) this.byDigest.delete(digest)
    // Blocks are asked of it before the list is here.
    endpoint.cancelPull(session, 'file', digest)
    for (const source of building?.spread.all() ?? []) endpoint.cancelPull(source.session, 'file', digest)
    if (fetch.list === undefined) onListNeedless(session, digest)
    // While it is being synced too: the next file of this name is another.
    if (building !== undefined) this.ops.push({ type: 'release', path: building.path })
  }
}
