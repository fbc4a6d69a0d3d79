// Takes in what is pulled, and gives each block to whoever waits for it: tree items and digest lists are put together in
// memory (Assembling), files of several blocks beside the share (LargeFiles), and files of one block, which come several
// in a pack, are handed on from here. Each block is opened first, and only counts once it is proved by a digest. Used by the engine alone, which owns
// the endpoint that this asks.

import { BlockSet } from '../../base/blockset.js'
import {
  type Digest,
  type Hash,
  type ItemKind,
  type ItemRef,
  listBytes,
  provesSmall,
  sumsBytes,
} from '../../base/item.js'
import { cutIntoPacks, packOf } from '../../base/pack.js'
import type { FetchFailure, FetchId, KeeperToEngine } from '../../pipe/messages.js'
import type { Endpoint, SessionId } from '../../rdt/endpoint.js'
import type { OpenedFrame } from '../../rdt/protection.js'
import type { PeerId } from '../../share/dots.js'
import type { Outbox } from '../outbox.js'
import { Assembling } from './assembling.js'
import type { FinishOp, ReleaseOp, WriteOp } from './disk-op.js'
import { LargeFiles } from './large-files.js'
import type { ReceivedBlock } from './received-block.js'

interface SmallFetch {
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
  /** Ordered and not asked for yet: what is ordered together comes together. */
  private smallOrders: SmallFetch[] = []
  private readonly packs = new Map<string, Pack>()
  private readonly toKeeper: Outbox
  private smallReceivedBytes = 0
  private smallSavedBytes = 0

  constructor(endpoint: Endpoint, hash: Hash, self: PeerId, toKeeper: Outbox) {
    this.endpoint = endpoint
    this.hash = hash
    this.toKeeper = toKeeper
    this.large = new LargeFiles({
      endpoint,
      self,
      toKeeper,
      onListNeedless: (session, digest) => {
        this.assembling.drop(session, 'list', digest)
        this.assembling.drop(session, 'sums', digest)
      },
    })
    this.assembling = new Assembling({
      endpoint,
      hash,
      onWhole: (purpose, { digest }, bytes) => {
        if (purpose.type === 'tree') toKeeper.push({ type: 'tree', peer: purpose.peer, digest, bytes })
        else if (purpose.type === 'list') this.large.handleList(purpose.fetch, bytes)
        else this.large.handleSums(purpose.fetch, bytes)
      },
      onGivenUp: (purpose, { digest }, reason) => {
        if (purpose.type === 'tree')
          toKeeper.push({ type: 'tree', peer: purpose.peer, digest, bytes: undefined })
        else if (purpose.type === 'list') this.large.handleListGivenUp(purpose.fetch, reason)
        else this.large.handleSums(purpose.fetch, undefined)
      },
    })
  }

  /** Bytes of file content taken in and proved. */
  get receivedBytes(): number {
    return this.smallReceivedBytes + this.large.receivedBytes
  }

  /** Bytes that compression saved for them. */
  get savedBytes(): number {
    return this.smallSavedBytes + this.large.savedBytes
  }

  // — Orders of the keeper —

  pullTree(session: SessionId, peer: string, item: ItemRef): void {
    this.assembling.pull(session, item, { type: 'tree', peer })
  }

  /** Asked for with the next `pullSmall`. */
  fetchSmall(session: SessionId, { fetch, file }: KeeperToEngine & { type: 'fetch-small' }): void {
    const small: SmallFetch = { fetch, session, file, pack: undefined }
    this.small.set(fetch, small)
    this.smallByDigest.set(file.digest, small)
    this.smallOrders.push(small)
  }

  /** Asks for the small files that were ordered, packed. Call before anything is sent. */
  pullSmall(): void {
    if (this.smallOrders.length === 0) return
    const orders = this.smallOrders.filter((small) => this.small.get(small.fetch) === small)
    this.smallOrders = []
    for (const session of new Set(orders.map((small) => small.session)))
      for (const files of cutIntoPacks(orders.filter((small) => small.session === session)))
        if (files.length > 1) this.pullPack(session, files)
        else this.pullAlone(files[0]!)
  }

  fetchList(session: SessionId, peer: string, order: KeeperToEngine & { type: 'fetch-list' }): void {
    this.large.start(session, peer, order)
    const { digest, sizeBytes } = order.file
    const { fetch } = order
    const list: ItemRef = { kind: 'list', digest, sizeBytes: listBytes(sizeBytes) }
    this.assembling.pull(session, list, { type: 'list', fetch })
    if (order.isNew) {
      this.large.prefetch(fetch)
      return
    }
    this.large.awaitSums(fetch)
    const sums: ItemRef = { kind: 'sums', digest, sizeBytes: sumsBytes(sizeBytes) }
    this.assembling.pull(session, sums, { type: 'sums', fetch })
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
  }

  // — What comes of the network —

  handleClosed(session: SessionId): void {
    this.assembling.handleClosed(session)
    this.large.handleClosed(session)
    for (const fetch of [...this.small.values()]) if (fetch.session === session) this.fail(fetch, 'peer-gone')
  }

  /** Nothing is asked of the peer in this session any more, which goes on. */
  handlePaused(session: SessionId): void {
    this.assembling.handlePaused(session)
    this.large.handlePaused(session)
    this.handleClosed(session)
  }

  handleGone({ session, kind, digest, reason }: ItemGone, nowMs: number): void {
    const small = kind === 'file' ? this.smallByDigest.get(digest) : undefined
    if (kind === 'pack') this.unpack(packKey(session, digest))
    else if (kind !== 'file') this.assembling.handleGone(session, kind, digest, reason)
    else if (small === undefined) this.large.handleGone(session, digest, reason, nowMs)
    else if (small.session === session) this.fail(small, reason)
  }

  handleBlock(block: ReceivedBlock, nowMs: number): void {
    if (block.kind === 'file' && this.large.has(block.digest)) {
      this.large.handleBlock(block, nowMs)
      return
    }
    const opened = this.endpoint.framesOf(block.session)?.open(block, block.frame.bytes)
    if (!opened?.ok) {
      this.reject(block, 'damaged')
      return
    }
    const small = this.smallByDigest.get(block.digest)
    if (block.kind === 'pack') this.handlePackBlock(block, opened.value)
    else if (block.kind !== 'file') this.assembling.handleBlock(block, opened.value.block)
    else if (small?.session === block.session) this.handleSmallBlock(small, block, opened.value)
    else block.frame.release()
  }

  pollOp(): WriteOp | FinishOp | ReleaseOp | undefined {
    return this.large.pollOp()
  }

  // — Files of one block —

  private pullPack(session: SessionId, files: readonly SmallFetch[]): void {
    const item = packOf(
      this.hash,
      files.map(({ file }) => file),
    )
    const pack: Pack = { item, session, files, wantedCount: files.length }
    for (const small of files) small.pack = pack
    this.packs.set(packKey(session, item.digest), pack)
    this.endpoint.pull(session, item, BlockSet.full(1), { priority: 'small' })
  }

  private pullAlone({ session, file }: SmallFetch): void {
    this.endpoint.pull(session, file, BlockSet.full(1), { priority: 'small' })
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
    block.frame.release()
  }

  private handlePackBlock(block: ReceivedBlock, { block: bytes, savedBytes }: OpenedFrame): void {
    const pack = this.packs.get(packKey(block.session, block.digest))
    if (pack !== undefined && !this.provesPack(pack, bytes)) {
      this.reject(block, 'wrong')
      return
    }
    const whole = pack === undefined ? bytes : bytes.slice()
    block.frame.release()
    let at = 0
    for (const small of pack?.files ?? []) {
      const { sizeBytes } = small.file
      const savedPart = Math.floor((savedBytes * sizeBytes) / bytes.length)
      if (this.small.get(small.fetch) === small)
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
    return bytes.length === file.sizeBytes && provesSmall(this.hash, bytes, file.digest)
  }

  private takeSmall(fetch: SmallFetch, bytes: Uint8Array, savedBytes: number): void {
    this.smallReceivedBytes += bytes.length
    this.smallSavedBytes += savedBytes
    this.toKeeper.push({ type: 'contents', files: [{ fetch: fetch.fetch, bytes, savedBytes }] })
    this.stop(fetch)
  }

  /** The peer does not give it as a whole: one of its files may have changed there. */
  private unpack(key: string): void {
    const pack = this.packs.get(key)
    if (pack === undefined) return
    this.packs.delete(key)
    for (const small of pack.files) {
      if (this.small.get(small.fetch) !== small) continue
      small.pack = undefined
      this.pullAlone(small)
    }
  }

  private reject(block: ReceivedBlock, why: 'damaged' | 'wrong'): void {
    block.frame.release()
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
    if (fetch.pack !== undefined) this.leavePack(fetch.pack)
    else this.endpoint.cancelPull(fetch.session, 'file', digest)
  }

  private leavePack(pack: Pack): void {
    if (--pack.wantedCount > 0) return
    const { session, item } = pack
    const key = packKey(session, item.digest)
    if (this.packs.get(key) === pack) this.packs.delete(key)
    this.endpoint.cancelPull(session, item.kind, item.digest)
  }
}

function packKey(session: SessionId, digest: Digest): string {
  return `${session} ${digest}`
}
