// Takes in what is pulled, and gives each block to whoever waits for it: tree items and digest lists are put together in
// memory (Assembling), files of several blocks beside the share (LargeFiles), and files of one block are handed on from
// here. Each block is opened first, and only counts once it is proved by a digest. Used by the engine alone, which owns
// the endpoint that this asks.

import { BlockSet } from '../base/blockset.js'
import { hexOf } from '../base/bytes.js'
import { type Digest, type Hash, type ItemKind, type ItemRef, listBytes } from '../base/item.js'
import type { OpenedFrame } from '../base/protection.js'
import type { Endpoint, SessionId } from '../rdt/endpoint.js'
import type { PeerId } from '../share/version.js'
import { Assembling } from './assembling.js'
import { type FinishOp, LargeFiles, type ReleaseOp, type WriteOp } from './large-files.js'
import type { EngineToKeeper, FetchFailure, FetchId, KeeperToEngine } from './messages.js'
import type { ReceivedBlock } from './received-block.js'

interface SmallFetch {
  readonly fetch: FetchId
  readonly session: SessionId
  readonly file: ItemRef
}

interface ItemGone {
  readonly session: SessionId
  readonly kind: ItemKind
  readonly digest: Digest
  readonly reason: 'gone' | 'unservable'
}

export class Receiving {
  readonly large: LargeFiles
  private readonly endpoint: Endpoint
  private readonly hash: Hash
  private readonly assembling: Assembling
  private readonly small = new Map<FetchId, SmallFetch>()
  /** No content is fetched twice at once: the keeper sees to that. */
  private readonly smallByDigest = new Map<Digest, SmallFetch>()
  private readonly toKeeper: EngineToKeeper[] = []
  private contents: { fetch: FetchId; bytes: Uint8Array; savedBytes: number }[] = []
  private smallReceivedBytes = 0
  private smallSavedBytes = 0

  constructor(endpoint: Endpoint, hash: Hash, self: PeerId) {
    this.endpoint = endpoint
    this.hash = hash
    const push = (message: EngineToKeeper) => this.toKeeper.push(message)
    this.large = new LargeFiles({
      endpoint,
      hash,
      self,
      push,
      onListNeedless: (session, digest) => this.assembling.drop(session, 'list', digest),
    })
    this.assembling = new Assembling({
      endpoint,
      hash,
      onWhole: (purpose, { digest }, bytes) => {
        if (purpose.type === 'tree') push({ type: 'tree', peer: purpose.peer, digest, bytes })
        else this.large.handleList(purpose.fetch, bytes)
      },
      onGivenUp: (purpose, { digest }, reason) => {
        if (purpose.type === 'tree') push({ type: 'tree', peer: purpose.peer, digest, bytes: undefined })
        else this.large.handleListGivenUp(purpose.fetch, reason)
      },
    })
  }

  /** Bytes of file content taken in and proved. */
  get receivedBytes(): number {
    return this.smallReceivedBytes + this.large.receivedBytes
  }

  /** What compression kept from crossing for them. */
  get savedBytes(): number {
    return this.smallSavedBytes + this.large.savedBytes
  }

  // — Orders of the keeper —

  pullTree(session: SessionId, peer: string, item: ItemRef, nowMs: number): void {
    this.assembling.pull(session, item, { type: 'tree', peer }, nowMs)
  }

  fetchSmall(session: SessionId, order: KeeperToEngine & { type: 'fetch-small' }, nowMs: number): void {
    const fetch = { fetch: order.fetch, session, file: order.file }
    this.small.set(fetch.fetch, fetch)
    this.smallByDigest.set(fetch.file.digest, fetch)
    this.endpoint.pull(session, order.file, BlockSet.full(1), { priority: 'small' }, nowMs)
  }

  fetchList(
    session: SessionId,
    peer: string,
    order: KeeperToEngine & { type: 'fetch-list' },
    nowMs: number,
  ): void {
    this.large.start(session, peer, order)
    const { digest, sizeBytes } = order.file
    const list: ItemRef = { kind: 'list', digest, sizeBytes: listBytes(sizeBytes) }
    this.assembling.pull(session, list, { type: 'list', fetch: order.fetch }, nowMs)
  }

  cancel(id: FetchId): void {
    const small = this.small.get(id)
    if (small !== undefined) this.stop(small)
    else this.large.cancel(id)
  }

  /** The watcher process is gone: nobody waits for any of this any more. */
  handleKeeperLost(): void {
    for (const fetch of [...this.small.values()]) this.stop(fetch)
    this.large.stopAll()
    this.assembling.dropAll()
    this.toKeeper.length = 0
    this.contents = []
  }

  // — What comes of the network —

  handleClosed(session: SessionId, nowMs: number): void {
    this.assembling.handleClosed(session)
    this.large.handleClosed(session, nowMs)
    for (const fetch of [...this.small.values()]) if (fetch.session === session) this.fail(fetch, 'peer-gone')
  }

  handleGone({ session, kind, digest, reason }: ItemGone, nowMs: number): void {
    const small = kind === 'file' ? this.smallByDigest.get(digest) : undefined
    if (kind !== 'file') this.assembling.handleGone(session, kind, digest, reason)
    else if (small === undefined) this.large.handleGone(session, digest, reason, nowMs)
    else if (small.session === session) this.fail(small, reason)
  }

  handleBlock(block: ReceivedBlock, nowMs: number): void {
    const opened = this.endpoint.framesOf(block.session)?.open(block, block.frame)
    if (!opened?.ok) {
      this.reject(block, 'damaged')
      return
    }
    const small = this.smallByDigest.get(block.digest)
    if (block.kind !== 'file') this.assembling.handleBlock(block, opened.value.block, nowMs)
    else if (small?.session === block.session) this.handleSmallBlock(small, block, opened.value)
    else this.large.handleBlock(block, opened.value, nowMs)
  }

  pollKeeper(): EngineToKeeper | undefined {
    if (this.contents.length > 0) {
      const files = this.contents
      this.contents = []
      return { type: 'contents', files }
    }
    return this.toKeeper.shift()
  }

  pollOp(): WriteOp | FinishOp | ReleaseOp | undefined {
    return this.large.pollOp()
  }

  // — Files of one block —

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
    this.smallReceivedBytes += bytes.length
    this.smallSavedBytes += savedBytes
    this.contents.push({ fetch: fetch.fetch, bytes: bytes.slice(), savedBytes })
    this.endpoint.releaseBlock(block.session, block.frame)
    this.stop(fetch)
  }

  private reject(block: ReceivedBlock, why: 'damaged' | 'wrong'): void {
    this.endpoint.releaseBlock(block.session, block.frame)
    this.endpoint.rejectBlock(block.session, block.kind, block.digest, block.blockIndex, why)
  }

  private fail(fetch: SmallFetch, reason: FetchFailure): void {
    this.toKeeper.push({ type: 'fetch-failed', fetch: fetch.fetch, reason })
    this.stop(fetch)
  }

  private stop(fetch: SmallFetch): void {
    const { digest } = fetch.file
    this.small.delete(fetch.fetch)
    if (this.smallByDigest.get(digest) === fetch) this.smallByDigest.delete(digest)
    this.endpoint.cancelPull(fetch.session, 'file', digest)
  }
}
