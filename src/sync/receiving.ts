// Takes in what is pulled: tree items and digest lists into memory, small files into memory, large files block by
// block into their temporary file. Each block is opened, proved by its digest, and only then counts. Performs no
// I/O: writes are polled. Used by the engine alone, which owns the endpoint that this asks.

import { BlockSet } from '../base/blockset.js'
import { concatBytes, equalBytes, hexOf } from '../base/bytes.js'
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
import { BLOCK_BYTES, DIGEST_BYTES } from '../base/limits.js'
import type { OpenedFrame } from '../base/protection.js'
import type { Endpoint, SessionId } from '../rdt/endpoint.js'
import {
  BLOCK_REPORT_MS,
  BLOCKS_PER_REPORT,
  ITEM_TRIES_MAX,
  TREE_PULL_BYTES_MAX,
  TREE_PULLS_MAX,
} from './limits.js'
import type { EngineToKeeper, FetchFailure, FetchId, KeeperToEngine } from './messages.js'

/** A block to be written into a temporary file; answered by `handleWritten`. */
export interface WriteOp {
  readonly type: 'write'
  readonly id: number
  readonly path: string
  readonly position: number
  readonly bytes: Uint8Array
}

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

/** A large file in flight, for the progress view. */
export interface FileInFlight {
  readonly path: string
  readonly sizeBytes: number
  doneBytes: number
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
}

interface LargeFetch {
  readonly type: 'large'
  readonly fetch: FetchId
  readonly session: SessionId
  readonly file: ItemRef
  readonly progress: FileInFlight
  list: Uint8Array | undefined
  temporary: string | undefined
  missing: BlockSet
  readonly written: number[]
  writing: number
  crossedBytes: number
  savedBytes: number
  finishing: boolean
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

interface PendingWrite {
  readonly fetch: LargeFetch
  readonly blockIndex: number | undefined
  readonly frame: Uint8Array | undefined
}

export class Receiving {
  private readonly endpoint: Endpoint
  private readonly hash: Hash
  private readonly fetches = new Map<FetchId, Fetch>()
  private readonly fetchByItem = new Map<string, Fetch>()
  private readonly assemblies = new Map<string, Assembly>()
  private readonly writes = new Map<number, PendingWrite>()
  private readonly ops: (WriteOp | FinishOp | ReleaseOp)[] = []
  private readonly toKeeper: EngineToKeeper[] = []
  private contents: { fetch: FetchId; bytes: Uint8Array; savedBytes: number }[] = []
  private reportAtMs: number | undefined
  private nextOpId = 1
  /** Bytes of file content taken in and proved. */
  receivedBytes = 0
  /** What compression kept from crossing for them. */
  savedBytes = 0

  constructor(endpoint: Endpoint, hash: Hash) {
    this.endpoint = endpoint
    this.hash = hash
  }

  *filesInFlight(): Iterable<FileInFlight> {
    for (const fetch of this.fetches.values())
      if (fetch.type === 'large' && fetch.temporary !== undefined) yield fetch.progress
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

  fetchSmall(session: SessionId, order: KeeperToEngine & { type: 'fetch-small' }, nowMs: number): void {
    this.start({ type: 'small', fetch: order.fetch, session, file: order.file })
    this.endpoint.pull(session, order.file, BlockSet.full(1), { priority: 'small' }, nowMs)
  }

  fetchList(
    session: SessionId,
    peer: string,
    order: KeeperToEngine & { type: 'fetch-list' },
    nowMs: number,
  ): void {
    this.start({
      type: 'large',
      fetch: order.fetch,
      session,
      file: order.file,
      progress: { path: order.path, sizeBytes: order.file.sizeBytes, doneBytes: 0 },
      list: undefined,
      temporary: undefined,
      missing: new BlockSet(0),
      written: [],
      writing: 0,
      crossedBytes: 0,
      savedBytes: 0,
      finishing: false,
    })
    const list: ItemRef = {
      kind: 'list',
      digest: order.file.digest,
      sizeBytes: listBytes(order.file.sizeBytes),
    }
    this.assemble(session, peer, list, order.fetch, nowMs)
  }

  fetchBlocks(order: KeeperToEngine & { type: 'fetch-blocks' }, nowMs: number): void {
    const fetch = this.fetches.get(order.fetch)
    if (fetch?.type !== 'large' || fetch.list === undefined) return
    const needed = new BlockSet(blockCount(fetch.file.sizeBytes), order.needed)
    fetch.temporary = order.temporary
    fetch.missing = needed
    fetch.progress.doneBytes = fetch.file.sizeBytes - neededBytes(fetch.file.sizeBytes, needed)
    if (needed.size > 0) {
      const wanted = new BlockSet(needed.blockCount, needed.toBytes())
      this.endpoint.pull(fetch.session, fetch.file, wanted, { priority: 'bulk' }, nowMs)
    }
    this.finishIfWhole(fetch)
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

  handleClosed(session: SessionId): void {
    for (const [key, assembly] of this.assemblies)
      if (assembly.session === session) this.assemblies.delete(key)
    for (const fetch of [...this.fetches.values()])
      if (fetch.session === session) this.fail(fetch, 'peer-gone')
  }

  handleGone(session: SessionId, kind: ItemKind, digest: Digest, reason: 'gone' | 'unservable'): void {
    const key = sessionKey(session, kind, digest)
    if (kind !== 'file') {
      const assembly = this.assemblies.get(key)
      if (assembly !== undefined) this.abandonAssembly(key, assembly, reason)
      return
    }
    const fetch = this.fetchByItem.get(key)
    if (fetch !== undefined) this.fail(fetch, reason)
  }

  handleBlock(block: ReceivedBlock, nowMs: number): void {
    const opened = this.endpoint.framesOf(block.session)?.open(block, block.frame)
    if (!opened?.ok) {
      this.reject(block, 'damaged')
      return
    }
    const key = sessionKey(block.session, block.kind, block.digest)
    if (block.kind !== 'file') {
      this.handleAssemblyBlock(key, block, opened.value.block, nowMs)
      return
    }
    const fetch = this.fetchByItem.get(key)
    if (fetch === undefined) this.endpoint.releaseBlock(block.session, block.frame)
    else if (fetch.type === 'small') this.handleSmallBlock(fetch, block, opened.value)
    else this.handleLargeBlock(fetch, block, opened.value)
  }

  /** `failure` undefined where the operation succeeded. */
  handleWritten(id: number, failure: 'no-space' | 'disk' | undefined, nowMs: number): void {
    const write = this.writes.get(id)
    if (write === undefined) return
    this.writes.delete(id)
    const { fetch, blockIndex, frame } = write
    if (frame !== undefined) this.endpoint.releaseBlock(fetch.session, frame)
    if (this.fetches.get(fetch.fetch) !== fetch) return
    if (failure !== undefined) {
      this.fail(fetch, failure)
      return
    }
    if (blockIndex === undefined) {
      this.report(fetch)
      const { crossedBytes, savedBytes } = fetch
      this.toKeeper.push({ type: 'fetched', fetch: fetch.fetch, crossedBytes, savedBytes })
      this.stop(fetch)
      return
    }
    fetch.writing--
    fetch.written.push(blockIndex)
    if (fetch.written.length >= BLOCKS_PER_REPORT) this.report(fetch)
    else this.reportAtMs ??= nowMs + BLOCK_REPORT_MS
    this.finishIfWhole(fetch)
  }

  handleTimeout(nowMs: number): void {
    if (this.reportAtMs === undefined || nowMs < this.reportAtMs) return
    this.reportAtMs = undefined
    for (const fetch of this.fetches.values()) if (fetch.type === 'large') this.report(fetch)
  }

  pollTimeout(): number | undefined {
    return this.reportAtMs
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
    this.fetchByItem.set(sessionKey(fetch.session, 'file', fetch.file.digest), fetch)
  }

  private handleSmallBlock(
    fetch: SmallFetch,
    block: ReceivedBlock,
    { block: bytes, savedBytes }: OpenedFrame,
  ): void {
    const proved =
      bytes.length === fetch.file.sizeBytes && hexOf(this.hash(this.hash(bytes))) === fetch.file.digest
    if (!proved) {
      this.reject(block, 'wrong')
      return
    }
    this.receivedBytes += bytes.length
    this.savedBytes += savedBytes
    this.contents.push({ fetch: fetch.fetch, bytes: bytes.slice(), savedBytes })
    this.endpoint.releaseBlock(block.session, block.frame)
    this.stop(fetch)
  }

  private handleLargeBlock(
    fetch: LargeFetch,
    block: ReceivedBlock,
    { block: bytes, savedBytes }: OpenedFrame,
  ): void {
    const { blockIndex } = block
    if (fetch.list === undefined || fetch.temporary === undefined || !fetch.missing.has(blockIndex)) {
      this.endpoint.releaseBlock(block.session, block.frame)
      return
    }
    const start = blockIndex * DIGEST_BYTES
    const proved =
      bytes.length === blockBytes(fetch.file.sizeBytes, blockIndex) &&
      equalBytes(this.hash(bytes), fetch.list.subarray(start, start + DIGEST_BYTES))
    if (!proved) {
      this.reject(block, 'wrong')
      return
    }
    fetch.missing.delete(blockIndex)
    fetch.writing++
    fetch.crossedBytes += bytes.length
    fetch.savedBytes += savedBytes
    this.savedBytes += savedBytes
    fetch.progress.doneBytes += bytes.length
    this.receivedBytes += bytes.length
    const id = this.nextOpId++
    this.writes.set(id, { fetch, blockIndex, frame: block.frame })
    this.ops.push({ type: 'write', id, path: fetch.temporary, position: blockIndex * BLOCK_BYTES, bytes })
  }

  private finishIfWhole(fetch: LargeFetch): void {
    if (fetch.finishing || fetch.temporary === undefined || fetch.missing.size > 0 || fetch.writing > 0)
      return
    fetch.finishing = true
    const id = this.nextOpId++
    this.writes.set(id, { fetch, blockIndex: undefined, frame: undefined })
    this.ops.push({ type: 'finish', id, path: fetch.temporary })
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
    this.fetchByItem.delete(sessionKey(session, 'file', digest))
    this.endpoint.cancelPull(session, 'file', digest)
    if (fetch.type === 'small') return
    if (fetch.list === undefined) {
      const key = sessionKey(session, 'list', digest)
      const assembly = this.assemblies.get(key)
      if (assembly !== undefined) this.dropAssembly(key, assembly)
    }
    if (fetch.temporary !== undefined && !fetch.finishing)
      this.ops.push({ type: 'release', path: fetch.temporary })
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

function neededBytes(sizeBytes: number, needed: BlockSet): number {
  let bytes = 0
  for (const blockIndex of needed) bytes += blockBytes(sizeBytes, blockIndex)
  return bytes
}
