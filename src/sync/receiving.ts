// Takes in what is pulled: tree items and digest lists into memory, small files into memory, large files block by
// block into their temporary file. Each block is opened, proved by its digest, and only then counts. Performs no
// I/O: writes are polled, and those of large files come with the digest that proves them. Used by the engine alone, which owns the endpoint that this asks.

import { BlockSet } from '../base/blockset.js'
import { concatBytes, hexOf } from '../base/bytes.js'
import {
  blockBytes,
  blockCount,
  type Digest,
  type Hash,
  type ItemKind,
  type ItemRef,
  itemKey,
  listBytes,
} from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, FRAME_BLOCK_AT, FRAME_OVERHEAD_BYTES } from '../base/limits.js'
import { cutIntoPacks, packOf } from '../base/pack.js'
import type { FrameCipher, OpenedFrame } from '../base/protection.js'
import type { HoldingMessage } from '../ecp/message.js'
import type { Endpoint, SessionId } from '../rdt/endpoint.js'
import type { PeerId } from '../share/version.js'
import { AheadBlocks } from './ahead.js'
import { type Building, FileBuilding, type FileInFlight, hereBytes, LargeFetch } from './large-fetch.js'
import {
  AHEAD_BLOCKS_MAX,
  AHEAD_BLOCKS_SHARED_MAX,
  BLOCK_REPORT_MS,
  BLOCKS_PER_REPORT,
  ITEM_TRIES_MAX,
  ORPHANED_MS,
  SPREAD_TICK_MS,
  TREE_PULL_BYTES_MAX,
  TREE_PULLS_MAX,
} from './limits.js'
import type { EngineToKeeper, FetchFailure, FetchId, KeeperToEngine, SourceFailure } from './messages.js'

/** A block to be written into a temporary file, if `digest` is that of its bytes, or of what `cipher` opens them to;
 *  answered by `handleWritten`. */
export interface WriteOp {
  readonly type: 'write'
  readonly id: number
  readonly path: string
  readonly position: number
  /** All that is used of their buffer, which may go to another thread meanwhile. */
  readonly bytes: Uint8Array
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

/** A tree item or digest list being put together in memory. */
interface Assembly {
  readonly session: SessionId
  readonly peer: string
  readonly item: ItemRef
  /** Grows with what arrives, not with what the peer claims. */
  readonly blocks: Map<number, Uint8Array>
  tries: number
  readonly fetch: FetchId | undefined
}

interface SmallFetch {
  readonly type: 'small'
  readonly fetch: FetchId
  readonly session: SessionId
  readonly file: ItemRef
  /** With which it comes. */
  pack: Pack | undefined
}

/** Small files that come in one block. */
interface Pack {
  readonly item: ItemRef
  readonly session: SessionId
  readonly files: readonly SmallFetch[]
  /** How many of them are still wanted. */
  wantedCount: number
}

type Fetch = SmallFetch | LargeFetch

/** A block as rdt hands it up: a frame in one of its buffers, to be released. */
interface ReceivedBlock {
  readonly session: SessionId
  readonly kind: ItemKind
  readonly digest: Digest
  readonly blockIndex: number
  readonly frame: Uint8Array
}

/** What it is written from, and how long it will be. */
interface LargeBlock {
  readonly bytes: Uint8Array
  readonly textBytes: number
  readonly cipher: FrameCipher | undefined
  readonly savedBytes: number
}

interface ItemGone {
  readonly session: SessionId
  readonly kind: ItemKind
  readonly digest: Digest
  readonly reason: 'gone' | 'unservable'
}

type PendingWrite = { readonly fetch: LargeFetch } & (
  | { readonly type: 'finish' }
  | {
      readonly type: 'block'
      readonly block: ReceivedBlock
      readonly bytes: Uint8Array
      readonly savedBytes: number
    }
)

export class Receiving {
  private readonly endpoint: Endpoint
  private readonly hash: Hash
  private readonly self: PeerId
  private readonly fetches = new Map<FetchId, Fetch>()
  /** No content is fetched twice at once: the keeper sees to that. */
  private readonly fetchByDigest = new Map<Digest, Fetch>()
  /** Those of several blocks: four at most. */
  private readonly large = new Set<LargeFetch>()
  private readonly sessions = new Map<SessionId, PeerId>()
  private readonly assemblies = new Map<string, Assembly>()
  private readonly packs = new Map<string, Pack>()
  /** Small files that were ordered and are not asked for yet: what is ordered together comes together. */
  private smallOrders: SmallFetch[] = []
  private readonly writes = new Map<number, PendingWrite>()
  private readonly ops: (WriteOp | FinishOp | ReleaseOp)[] = []
  private readonly toKeeper: EngineToKeeper[] = []
  private contents: { fetch: FetchId; bytes: Uint8Array; savedBytes: number }[] = []
  /** Files that became whole, and can still be served from where they were built. */
  private readonly built: { readonly digest: Digest; readonly building: Building }[] = []
  private reportAtMs: number | undefined
  private tickAtMs: number | undefined
  private nextOpId = 1
  /** Bytes of file content taken in and proved. */
  receivedBytes = 0
  /** What compression kept from crossing for them. */
  savedBytes = 0

  constructor(endpoint: Endpoint, hash: Hash, self: PeerId) {
    this.endpoint = endpoint
    this.hash = hash
    this.self = self
  }

  *filesInFlight(): Iterable<FileInFlight> {
    for (const fetch of this.fetches.values())
      if (fetch.type === 'large' && fetch.building !== undefined) yield fetch.progress
  }

  pullTree(session: SessionId, peer: string, item: ItemRef, nowMs: number): void {
    this.makeRoomForTree(session, item)
    this.assemble(session, peer, item, undefined, nowMs)
  }

  /** A walk has no more on its way than its limits allow; what is more belongs to walks that have ended. */
  private makeRoomForTree(session: SessionId, item: ItemRef): void {
    const again = sessionKey(session, item.kind, item.digest)
    const known = this.assemblies.get(again)
    if (known !== undefined) {
      // The walk of now wants it too: it counts as new.
      this.assemblies.delete(again)
      this.assemblies.set(again, known)
    }
    const trees = [...this.assemblies].filter(
      ([
        key,
        {
          session: its,
          item: { kind },
        },
      ]) => its === session && kind === 'tree' && key !== again,
    )
    let bytes = item.sizeBytes
    for (const [, assembly] of trees) bytes += assembly.item.sizeBytes
    while (trees.length >= TREE_PULLS_MAX || (trees.length > 0 && bytes > TREE_PULL_BYTES_MAX)) {
      const [key, oldest] = trees.shift()!
      bytes -= oldest.item.sizeBytes
      this.dropAssembly(key, oldest)
    }
  }

  /** Asked for with the next `pullSmall`. */
  fetchSmall(session: SessionId, { fetch, file }: KeeperToEngine & { type: 'fetch-small' }): void {
    const small: SmallFetch = { type: 'small', fetch, session, file, pack: undefined }
    this.start(small)
    this.smallOrders.push(small)
  }

  /** Asks for the small files that were ordered, packed. Call before anything is sent. */
  pullSmall(nowMs: number): void {
    if (this.smallOrders.length === 0) return
    const orders = this.smallOrders.filter((small) => this.fetches.get(small.fetch) === small)
    this.smallOrders = []
    for (const session of new Set(orders.map((small) => small.session)))
      for (const files of cutIntoPacks(orders.filter((small) => small.session === session)))
        if (files.length > 1) this.pullPack(session, files, nowMs)
        else this.pullAlone(files[0]!, nowMs)
  }

  private pullPack(session: SessionId, files: readonly SmallFetch[], nowMs: number): void {
    const item = packOf(
      this.hash,
      files.map(({ file }) => file),
    )
    const pack: Pack = { item, session, files, wantedCount: files.length }
    for (const small of files) small.pack = pack
    this.packs.set(sessionKey(session, 'pack', item.digest), pack)
    this.endpoint.pull(session, item, BlockSet.full(1), { priority: 'small' }, nowMs)
  }

  private pullAlone({ session, file }: SmallFetch, nowMs: number): void {
    this.endpoint.pull(session, file, BlockSet.full(1), { priority: 'small' }, nowMs)
  }

  fetchList(
    session: SessionId,
    peer: string,
    order: KeeperToEngine & { type: 'fetch-list' },
    nowMs: number,
  ): void {
    const fetch = new LargeFetch(order.fetch, session, peer, order.file, order.path)
    this.start(fetch)
    const list: ItemRef = {
      kind: 'list',
      digest: order.file.digest,
      sizeBytes: listBytes(order.file.sizeBytes),
    }
    this.assemble(session, peer, list, order.fetch, nowMs)
    if (!order.isNew) return
    const blocksMax = this.sessions.size > 1 ? AHEAD_BLOCKS_SHARED_MAX : AHEAD_BLOCKS_MAX
    fetch.ahead = new AheadBlocks(Math.min(blocksMax, blockCount(order.file.sizeBytes)))
    this.endpoint.pullFrom(session, order.file, fetch.ahead, { priority: 'bulk' }, nowMs)
  }

  fetchBlocks(order: KeeperToEngine & { type: 'fetch-blocks' }, nowMs: number): void {
    const fetch = this.fetches.get(order.fetch)
    if (fetch?.type !== 'large' || fetch.list === undefined) return
    const { sizeBytes } = fetch.file
    const needed = new BlockSet(blockCount(sizeBytes), order.needed)
    const { self } = this
    const building = new FileBuilding(order.temporary, fetch.list, { sizeBytes, needed, self }, nowMs)
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
      this.endpoint.cancelBlock(session, kind, digest, blockIndex)
    for (const { blockIndex, frame } of ahead.takeHeld())
      this.handleBlock({ session, kind, digest, blockIndex, frame }, nowMs)
  }

  cancel(id: FetchId): void {
    const fetch = this.fetches.get(id)
    if (fetch !== undefined) this.stop(fetch)
  }

  /** The watcher process is gone: nobody waits for any of this any more. */
  handleKeeperLost(): void {
    for (const fetch of [...this.fetches.values()]) this.stop(fetch)
    for (const [key, assembly] of this.assemblies) this.dropAssembly(key, assembly)
    this.toKeeper.length = 0
    this.contents = []
  }

  handleOpened(session: SessionId, peer: PeerId, nowMs: number): void {
    this.sessions.set(session, peer)
    if (this.sessions.size > 1) this.tickAtMs ??= nowMs + SPREAD_TICK_MS
  }

  handleClosed(session: SessionId, nowMs: number): void {
    this.sessions.delete(session)
    for (const [key, assembly] of this.assemblies)
      if (assembly.session === session) this.assemblies.delete(key)
    for (const fetch of [...this.fetches.values()]) {
      if (fetch.type === 'large' && fetch.building !== undefined) {
        this.loseSource(fetch, fetch.building, session, 'peer-gone', nowMs)
        fetch.building.partners.handleClosed(session)
      } else if (fetch.session === session) this.fail(fetch, 'peer-gone')
    }
  }

  handleGone({ session, kind, digest, reason }: ItemGone, nowMs: number): void {
    if (kind === 'pack') {
      this.unpack(sessionKey(session, kind, digest), nowMs)
      return
    }
    if (kind !== 'file') {
      const key = sessionKey(session, kind, digest)
      const assembly = this.assemblies.get(key)
      if (assembly !== undefined) this.abandonAssembly(key, assembly, reason)
      return
    }
    const fetch = this.fetchByDigest.get(digest)
    if (fetch?.type === 'large' && fetch.building !== undefined) {
      fetch.building.partners.bar(session, reason, nowMs)
      this.loseSource(fetch, fetch.building, session, reason, nowMs)
    } else if (fetch?.session === session) this.fail(fetch, reason)
  }

  // — What peers hold of the files that are being built —

  /** What is here of a file that is being built, to be said to others; undefined where it is not. */
  piecesOf(digest: Digest): BlockSet | undefined {
    return this.buildingOf(digest)?.pieces
  }

  /** A file that is being built, so that what is here of it can be served. */
  buildingOf(digest: Digest): FileBuilding | undefined {
    const fetch = this.fetchByDigest.get(digest)
    return fetch?.type === 'large' ? fetch.building : undefined
  }

  /** The next peer's turn to say what it holds: asked by saying what is here. */
  pollHolding(session: SessionId, nowMs: number): HoldingMessage | undefined {
    for (const fetch of this.large) {
      const { building, file } = fetch
      if (building === undefined || building.pieces.blockCount < 2) continue
      if (!building.partners.isDue(session, nowMs)) continue
      building.partners.handleAsked(session)
      return { type: 'holding', file, pieces: building.pieces }
    }
    return undefined
  }

  /** A peer said which pieces of a file it holds, asked or not. */
  handleHolding(session: SessionId, { file, pieces }: HoldingMessage, nowMs: number): void {
    const fetch = this.fetchByDigest.get(file.digest)
    const peer = this.sessions.get(session)
    if (fetch?.type !== 'large' || fetch.building === undefined || peer === undefined) return
    const { building } = fetch
    if (file.sizeBytes !== building.sizeBytes) return
    const isWhole = pieces.size === pieces.blockCount
    if (!building.partners.handleHolding(session, isWhole, nowMs)) return
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

  handleBlock(block: ReceivedBlock, nowMs: number): void {
    if (block.kind === 'file' && this.holdAhead(block)) return
    const frames = this.endpoint.framesOf(block.session)
    const large = block.kind === 'file' ? this.fetchByDigest.get(block.digest) : undefined
    const cipher = large?.type === 'large' ? frames?.openingOf(block, block.frame) : undefined
    if (large?.type === 'large' && cipher !== undefined) {
      this.handleLargeBlock(large, block, {
        bytes: block.frame.subarray(FRAME_BLOCK_AT),
        textBytes: block.frame.length - FRAME_OVERHEAD_BYTES,
        cipher,
        savedBytes: 0,
      })
      return
    }
    const opened = frames?.open(block, block.frame)
    if (!opened?.ok) {
      this.reject(block, 'damaged')
      return
    }
    if (block.kind === 'pack') {
      this.handlePackBlock(block, opened.value)
      return
    }
    if (block.kind !== 'file') {
      const key = sessionKey(block.session, block.kind, block.digest)
      this.handleAssemblyBlock(key, block, opened.value.block, nowMs)
      return
    }
    const fetch = this.fetchByDigest.get(block.digest)
    const { block: bytes, savedBytes } = opened.value
    if (fetch?.type === 'large')
      this.handleLargeBlock(fetch, block, { bytes, textBytes: bytes.length, cipher: undefined, savedBytes })
    else if (fetch?.session === block.session) this.handleSmallBlock(fetch, block, opened.value)
    else this.endpoint.releaseBlock(block.session, block.frame)
  }

  /** Answers whether it is a block that cannot be proved yet. */
  private holdAhead(block: ReceivedBlock): boolean {
    const fetch = this.fetchByDigest.get(block.digest)
    if (fetch?.type !== 'large' || fetch.building !== undefined || fetch.session !== block.session)
      return false
    if (fetch.ahead === undefined) return false
    fetch.ahead.hold(block.blockIndex, block.frame)
    this.endpoint.releaseBlock(block.session, block.frame)
    return true
  }

  /** `failure` undefined where the operation succeeded; `buffer` is that of its bytes, if it was in another thread. */
  handleWritten(
    id: number,
    failure: WriteFailure | undefined,
    nowMs: number,
    buffer?: ArrayBufferLike,
  ): void {
    const write = this.writes.get(id)
    if (write === undefined) return
    this.writes.delete(id)
    const { fetch } = write
    const isOver = this.fetches.get(fetch.fetch) !== fetch
    if (write.type === 'block') {
      const { session, frame } = write.block
      // What was deciphered is not the frame's.
      const isOfFrame = write.bytes.buffer === frame.buffer
      this.endpoint.releaseBlock(session, frame, isOfFrame ? buffer : undefined)
    }
    if (isOver) return
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

  private handleFinished(fetch: LargeFetch): void {
    this.report(fetch)
    const { crossedBytes, savedBytes, building } = fetch
    const sources = building?.delivered() ?? []
    this.toKeeper.push({ type: 'fetched', fetch: fetch.fetch, crossedBytes, savedBytes, sources })
    if (building !== undefined) this.built.push({ digest: fetch.file.digest, building })
    this.stop(fetch)
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
    building.spread.handleRefused(blockIndex, building.spread.source(session))
    this.endpoint.rejectBlock(session, kind, digest, blockIndex, why)
    // All seemed to be here when the last source went.
    if (building.spread.sourceCount === 0) this.fail(fetch, 'peer-gone')
    else this.pullMore(fetch, building, nowMs)
  }

  handleTimeout(nowMs: number): void {
    if (this.tickAtMs !== undefined && nowMs >= this.tickAtMs) this.tick(nowMs)
    if (this.reportAtMs === undefined || nowMs < this.reportAtMs) return
    this.reportAtMs = undefined
    for (const fetch of this.large) this.report(fetch)
  }

  pollTimeout(): number | undefined {
    if (this.reportAtMs === undefined || this.tickAtMs === undefined) return this.reportAtMs ?? this.tickAtMs
    return Math.min(this.reportAtMs, this.tickAtMs)
  }

  pollOp(): WriteOp | FinishOp | ReleaseOp | undefined {
    return this.ops.shift()
  }

  pollKeeper(): EngineToKeeper | undefined {
    if (this.contents.length > 0) {
      const files = this.contents
      this.contents = []
      return { type: 'contents', files }
    }
    return this.toKeeper.shift()
  }

  private start(fetch: Fetch): void {
    this.fetches.set(fetch.fetch, fetch)
    this.fetchByDigest.set(fetch.file.digest, fetch)
    if (fetch.type === 'large') this.large.add(fetch)
  }

  private handleSmallBlock(
    fetch: SmallFetch,
    block: ReceivedBlock,
    { block: bytes, savedBytes }: OpenedFrame,
  ): void {
    if (!this.provesSmall(fetch, bytes)) {
      this.reject(block, 'wrong')
      return
    }
    this.takeSmall(fetch, bytes.slice(), savedBytes)
    this.endpoint.releaseBlock(block.session, block.frame)
  }

  private handlePackBlock(block: ReceivedBlock, { block: bytes, savedBytes }: OpenedFrame): void {
    const pack = this.packs.get(sessionKey(block.session, block.kind, block.digest))
    if (pack !== undefined && !this.provesPack(pack, bytes)) {
      this.reject(block, 'wrong')
      return
    }
    const whole = pack === undefined ? bytes : bytes.slice()
    this.endpoint.releaseBlock(block.session, block.frame)
    let at = 0
    for (const small of pack?.files ?? []) {
      const { sizeBytes } = small.file
      const savedPart = Math.floor((savedBytes * sizeBytes) / bytes.length)
      if (this.fetches.get(small.fetch) === small)
        this.takeSmall(small, whole.subarray(at, at + sizeBytes), savedPart)
      at += sizeBytes
    }
  }

  /** One that is wrong makes all of it wrong: then they are asked for one by one. */
  private provesPack({ item, files }: Pack, bytes: Uint8Array): boolean {
    if (bytes.length !== item.sizeBytes) return false
    let at = 0
    for (const small of files) {
      if (!this.provesSmall(small, bytes.subarray(at, at + small.file.sizeBytes))) return false
      at += small.file.sizeBytes
    }
    return true
  }

  private provesSmall({ file }: SmallFetch, bytes: Uint8Array): boolean {
    return bytes.length === file.sizeBytes && hexOf(this.hash(this.hash(bytes))) === file.digest
  }

  private takeSmall(fetch: SmallFetch, bytes: Uint8Array, savedBytes: number): void {
    this.receivedBytes += bytes.length
    this.savedBytes += savedBytes
    this.contents.push({ fetch: fetch.fetch, bytes, savedBytes })
    this.stop(fetch)
  }

  /** The peer does not give it as a whole: one of its files may have changed there. */
  private unpack(key: string, nowMs: number): void {
    const pack = this.packs.get(key)
    if (pack === undefined) return
    this.packs.delete(key)
    for (const small of pack.files) {
      if (this.fetches.get(small.fetch) !== small) continue
      small.pack = undefined
      this.pullAlone(small, nowMs)
    }
  }

  private handleLargeBlock(
    fetch: LargeFetch,
    block: ReceivedBlock,
    { bytes, textBytes, cipher, savedBytes }: LargeBlock,
  ): void {
    const { blockIndex, session } = block
    const { building } = fetch
    const source = building?.spread.source(session)
    if (building === undefined || source === undefined || !building.spread.missing.has(blockIndex)) {
      this.endpoint.releaseBlock(session, block.frame)
      return
    }
    if (textBytes !== blockBytes(fetch.file.sizeBytes, blockIndex)) {
      // Of what is still sealed, nobody knows who made it so long.
      this.reject(block, cipher === undefined ? 'wrong' : 'damaged')
      return
    }
    // Whoever writes it proves it. Until then it is taken for the block: almost always it is.
    for (const needless of building.spread.handleArrived(blockIndex, source))
      this.endpoint.cancelBlock(needless.session, 'file', fetch.file.digest, needless.blockIndex)
    building.orphanedSinceMs = undefined
    fetch.writing++
    const id = this.nextOpId++
    this.writes.set(id, { fetch, type: 'block', block, bytes, savedBytes })
    const start = blockIndex * DIGEST_BYTES
    const digest = building.list.slice(start, start + DIGEST_BYTES)
    const position = blockIndex * BLOCK_BYTES
    this.ops.push({ type: 'write', id, path: building.path, position, bytes, digest, cipher })
  }

  // — Several sources —

  /** Has every source look whether there is something for it. */
  private pullMore(fetch: LargeFetch, { spread }: FileBuilding, nowMs: number): void {
    for (const source of spread.all())
      if (source.hasNext)
        this.endpoint.pullFrom(
          source.session,
          fetch.file,
          fetch.supplyOf(source),
          { priority: 'bulk' },
          nowMs,
        )
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
    this.endpoint.cancelPull(session, 'file', fetch.file.digest)
    const { spread } = building
    // Peers that are building it too may have all of it together.
    const isComplete = spread.missing.size === 0
    const goesOn = isComplete || spread.hasWholeSource || (reason === 'peer-gone' && spread.sourceCount > 0)
    if (source.isWhole && (goesOn || source.peer !== fetch.peer))
      this.toKeeper.push({ type: 'source-lost', fetch: fetch.fetch, peer: source.peer, reason })
    if (!goesOn) {
      this.fail(fetch, reason)
      return
    }
    this.pullMore(fetch, building, nowMs)
  }

  private tick(nowMs: number): void {
    this.tickAtMs = undefined
    for (const fetch of [...this.large]) {
      const { building } = fetch
      if (building === undefined) continue
      this.tickAtMs = nowMs + SPREAD_TICK_MS
      const needless = building.spread.tick((session) => this.factsOf(session), nowMs)
      for (const { session, blockIndex } of needless)
        this.endpoint.cancelBlock(session, 'file', fetch.file.digest, blockIndex)
      const isOrphan = !building.spread.hasWholeSource && building.spread.missing.size > 0
      building.orphanedSinceMs = isOrphan ? (building.orphanedSinceMs ?? nowMs) : undefined
      if (nowMs - (building.orphanedSinceMs ?? nowMs) >= ORPHANED_MS) this.fail(fetch, 'peer-gone')
      else this.pullMore(fetch, building, nowMs)
    }
  }

  private factsOf(session: SessionId): { srttMs: number; silentSinceMs: number | undefined } {
    const srttMs = this.endpoint.stats(session)?.srttMs ?? 0
    return { srttMs, silentSinceMs: this.endpoint.silentSinceMs(session) }
  }

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
    this.toKeeper.push({ type: 'blocks', fetch: fetch.fetch, blockIndices: fetch.written.splice(0) })
  }

  private reject(block: ReceivedBlock, why: 'damaged' | 'wrong'): void {
    this.endpoint.releaseBlock(block.session, block.frame)
    this.endpoint.rejectBlock(block.session, block.kind, block.digest, block.blockIndex, why)
  }

  private fail(fetch: Fetch, reason: FetchFailure): void {
    if (fetch.type === 'large') this.report(fetch)
    this.toKeeper.push({ type: 'fetch-failed', fetch: fetch.fetch, reason })
    this.stop(fetch)
  }

  private stop(fetch: Fetch): void {
    const { session } = fetch
    const { digest } = fetch.file
    this.fetches.delete(fetch.fetch)
    if (this.fetchByDigest.get(digest) === fetch) this.fetchByDigest.delete(digest)
    if (fetch.type === 'small' && fetch.pack !== undefined) {
      this.leavePack(fetch.pack)
      return
    }
    this.endpoint.cancelPull(session, 'file', digest)
    if (fetch.type === 'small') return
    this.large.delete(fetch)
    for (const source of fetch.building?.spread.all() ?? [])
      this.endpoint.cancelPull(source.session, 'file', digest)
    if (fetch.list === undefined) {
      const key = sessionKey(session, 'list', digest)
      const assembly = this.assemblies.get(key)
      if (assembly !== undefined) this.dropAssembly(key, assembly)
    }
    if (fetch.building !== undefined && !fetch.finishing)
      this.ops.push({ type: 'release', path: fetch.building.path })
  }

  private leavePack(pack: Pack): void {
    if (--pack.wantedCount > 0) return
    const { session, item } = pack
    const key = sessionKey(session, item.kind, item.digest)
    if (this.packs.get(key) === pack) this.packs.delete(key)
    this.endpoint.cancelPull(session, item.kind, item.digest)
  }

  private assemble(
    session: SessionId,
    peer: string,
    item: ItemRef,
    fetch: FetchId | undefined,
    nowMs: number,
  ): void {
    const key = sessionKey(session, item.kind, item.digest)
    if (this.assemblies.has(key)) return
    this.assemblies.set(key, { session, peer, item, blocks: new Map(), tries: 1, fetch })
    this.pullWhole(session, item, nowMs)
  }

  private pullWhole(session: SessionId, item: ItemRef, nowMs: number): void {
    this.endpoint.pull(
      session,
      item,
      BlockSet.full(blockCount(item.sizeBytes)),
      { priority: 'control' },
      nowMs,
    )
  }

  private handleAssemblyBlock(key: string, block: ReceivedBlock, bytes: Uint8Array, nowMs: number): void {
    const assembly = this.assemblies.get(key)
    if (assembly !== undefined && bytes.length !== blockBytes(assembly.item.sizeBytes, block.blockIndex)) {
      this.reject(block, 'wrong')
      return
    }
    assembly?.blocks.set(block.blockIndex, bytes.slice())
    this.endpoint.releaseBlock(block.session, block.frame)
    if (assembly === undefined || assembly.blocks.size < blockCount(assembly.item.sizeBytes)) return
    const whole = wholeOf(assembly)
    if (hexOf(this.hash(whole)) === assembly.item.digest) this.handleAssembled(key, assembly, whole)
    else this.tryAgain(key, assembly, nowMs)
  }

  private handleAssembled(key: string, assembly: Assembly, bytes: Uint8Array): void {
    this.assemblies.delete(key)
    const { item } = assembly
    if (assembly.fetch === undefined) {
      this.toKeeper.push({ type: 'tree', peer: assembly.peer, digest: item.digest, bytes })
      return
    }
    const fetch = this.fetches.get(assembly.fetch)
    if (fetch?.type !== 'large') return
    fetch.list = bytes
    this.toKeeper.push({ type: 'list', fetch: fetch.fetch, list: bytes })
  }

  private tryAgain(key: string, assembly: Assembly, nowMs: number): void {
    if (assembly.tries >= ITEM_TRIES_MAX) {
      this.abandonAssembly(key, assembly, 'unservable')
      return
    }
    assembly.tries++
    assembly.blocks.clear()
    this.pullWhole(assembly.session, assembly.item, nowMs)
  }

  private abandonAssembly(key: string, assembly: Assembly, reason: 'gone' | 'unservable'): void {
    this.assemblies.delete(key)
    if (assembly.fetch === undefined) {
      this.toKeeper.push({
        type: 'tree',
        peer: assembly.peer,
        digest: assembly.item.digest,
        bytes: undefined,
      })
      return
    }
    const fetch = this.fetches.get(assembly.fetch)
    if (fetch !== undefined) this.fail(fetch, reason)
  }

  private dropAssembly(key: string, assembly: Assembly): void {
    this.assemblies.delete(key)
    this.endpoint.cancelPull(assembly.session, assembly.item.kind, assembly.item.digest)
  }
}

function sessionKey(session: SessionId, kind: ItemKind, digest: Digest): string {
  return `${session} ${itemKey(kind, digest)}`
}

function wholeOf(assembly: Assembly): Uint8Array {
  const parts: Uint8Array[] = []
  for (let index = 0; index < assembly.blocks.size; index++) parts.push(assembly.blocks.get(index)!)
  return concatBytes(parts)
}
