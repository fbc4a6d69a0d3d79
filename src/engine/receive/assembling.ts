// Puts tree items, digest lists and weak sums together in memory: their blocks are not proved one by one, but the whole by its
// digest. Weak sums are taken as they come: they prove nothing, and nothing proves them. Used by Receiving.

import { BlockSet } from '../../base/blockset.js'
import { concatBytes, hexOf } from '../../base/bytes.js'
import {
  blockBytes,
  blockCount,
  type Digest,
  type Hash,
  type ItemKind,
  type ItemRef,
  itemKey,
} from '../../base/item.js'
import { TREE_PULL_BYTES_MAX, TREE_PULLS_MAX } from '../../pipe/limits.js'
import type { FetchId } from '../../pipe/messages.js'
import type { Endpoint, SessionId } from '../../rdt/endpoint.js'
import { ITEM_TRIES_MAX } from './limits.js'
import type { ReceivedBlock } from './received-block.js'

/** The waiter for an item: the walk through a peer's tree, or the fetch of a large file. */
export type Purpose =
  | { readonly type: 'tree'; readonly peer: string }
  | { readonly type: 'list' | 'sums'; readonly fetch: FetchId }

interface Assembly {
  readonly session: SessionId
  readonly item: ItemRef
  readonly purpose: Purpose
  /** Grows with what arrives, not with what the peer claims. */
  readonly blocks: Map<number, Uint8Array>
  tries: number
}

export interface AssemblingOptions {
  readonly endpoint: Endpoint
  readonly hash: Hash
  readonly onWhole: (purpose: Purpose, item: ItemRef, bytes: Uint8Array) => void
  /** The peer has it not, or what it sends as it never is. */
  readonly onGivenUp: (purpose: Purpose, item: ItemRef, reason: 'gone' | 'unservable') => void
}

export class Assembling {
  private readonly options: AssemblingOptions
  private readonly assemblies = new Map<string, Assembly>()

  constructor(options: AssemblingOptions) {
    this.options = options
  }

  pull(session: SessionId, item: ItemRef, purpose: Purpose): void {
    if (purpose.type === 'tree') this.makeRoomForTree(session, item)
    const key = sessionKey(session, item.kind, item.digest)
    if (this.assemblies.has(key)) return
    const assembly: Assembly = { session, item, purpose, blocks: new Map(), tries: 1 }
    this.assemblies.set(key, assembly)
    this.pullWhole(assembly)
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
      ([key, assembly]) => assembly.session === session && assembly.item.kind === 'tree' && key !== again,
    )
    let bytes = item.sizeBytes
    for (const [, assembly] of trees) bytes += assembly.item.sizeBytes
    while (trees.length >= TREE_PULLS_MAX || (trees.length > 0 && bytes > TREE_PULL_BYTES_MAX)) {
      const [key, oldest] = trees.shift()!
      bytes -= oldest.item.sizeBytes
      this.dropAssembly(key, oldest)
    }
  }

  drop(session: SessionId, kind: ItemKind, digest: Digest): void {
    const key = sessionKey(session, kind, digest)
    const assembly = this.assemblies.get(key)
    if (assembly !== undefined) this.dropAssembly(key, assembly)
  }

  dropAll(): void {
    for (const [key, assembly] of this.assemblies) this.dropAssembly(key, assembly)
  }

  /** The peer may have another session already, and then nobody asks for its listings anew unless it is said that they do not come
   *  any more. Fetches are told by those who order them. */
  handleClosed(session: SessionId): void {
    for (const [key, assembly] of this.assemblies) {
      if (assembly.session !== session) continue
      if (assembly.purpose.type === 'tree') this.giveUp(key, assembly, 'gone')
      else this.assemblies.delete(key)
    }
  }

  /** The session goes on, and nothing is asked for in it any more. */
  handlePaused(session: SessionId): void {
    for (const { session: of, item } of this.assemblies.values())
      if (of === session) this.options.endpoint.cancelPull(session, item.kind, item.digest)
    this.handleClosed(session)
  }

  handleGone(session: SessionId, kind: ItemKind, digest: Digest, reason: 'gone' | 'unservable'): void {
    const key = sessionKey(session, kind, digest)
    const assembly = this.assemblies.get(key)
    if (assembly !== undefined) this.giveUp(key, assembly, reason)
  }

  handleBlock(block: ReceivedBlock, bytes: Uint8Array): void {
    const { endpoint, hash, onWhole } = this.options
    const { session, kind, digest, blockIndex, frame } = block
    const key = sessionKey(session, kind, digest)
    const assembly = this.assemblies.get(key)
    const isWrong = assembly !== undefined && bytes.length !== blockBytes(assembly.item.sizeBytes, blockIndex)
    if (!isWrong) assembly?.blocks.set(blockIndex, bytes.slice())
    frame.release()
    if (isWrong) endpoint.rejectBlock(session, kind, digest, blockIndex, 'wrong')
    if (assembly === undefined || assembly.blocks.size < blockCount(assembly.item.sizeBytes)) return
    const whole = wholeOf(assembly)
    if (kind !== 'sums' && hexOf(hash(whole)) !== digest) {
      this.tryAgain(key, assembly)
      return
    }
    this.assemblies.delete(key)
    onWhole(assembly.purpose, assembly.item, whole)
  }

  private tryAgain(key: string, assembly: Assembly): void {
    if (assembly.tries >= ITEM_TRIES_MAX) {
      this.giveUp(key, assembly, 'unservable')
      return
    }
    assembly.tries++
    assembly.blocks.clear()
    this.pullWhole(assembly)
  }

  private pullWhole({ session, item }: Assembly): void {
    const blocks = BlockSet.full(blockCount(item.sizeBytes))
    this.options.endpoint.pull(session, item, blocks, { priority: 'control' })
  }

  private giveUp(key: string, assembly: Assembly, reason: 'gone' | 'unservable'): void {
    this.assemblies.delete(key)
    this.options.onGivenUp(assembly.purpose, assembly.item, reason)
  }

  private dropAssembly(key: string, { session, item }: Assembly): void {
    this.assemblies.delete(key)
    this.options.endpoint.cancelPull(session, item.kind, item.digest)
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
