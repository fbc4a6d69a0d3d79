// The items that a session pulls, by name and by handle, and for a while those that it has pulled. Used by the
// puller.

import { blockCount, type Digest, type ItemKind, type ItemRef, itemKey } from '../../base/item.js'
import { BLOCK_COUNT_MAX } from '../../base/limits.js'
import type { BlockSupply, PullPriority } from '../api.js'
import { HANDLE_MAX } from '../wire/limits.js'
import { PULLS_ENDED_MAX } from './limits.js'
import { OwnBlocks, PulledItem } from './pulled-item.js'

export class ItemTable {
  private readonly byKey = new Map<string, PulledItem>()
  private readonly byHandle = new Map<number, PulledItem>()
  /** Those that are over, oldest first: kept for late duplicates and rejections. */
  private readonly retired: PulledItem[] = []
  private nextHandle = 1

  get(kind: ItemKind, digest: Digest): PulledItem | undefined {
    return this.byKey.get(itemKey(kind, digest))
  }

  ofHandle(handle: number): PulledItem | undefined {
    return this.byHandle.get(handle)
  }

  all(): PulledItem[] {
    return [...this.byKey.values()]
  }

  /** The item as it is being pulled, or anew under a handle that nothing late can be for. */
  open(ref: ItemRef, priority: PullPriority, supply?: BlockSupply): PulledItem {
    const key = itemKey(ref.kind, ref.digest)
    const known = this.byKey.get(key)
    if (known !== undefined && !known.isFinished && (supply ?? known.supply) === known.supply) return known
    const count = blockCount(ref.sizeBytes)
    if (count > BLOCK_COUNT_MAX) throw new Error(`an item of ${ref.sizeBytes} bytes has too many blocks`)
    if (this.nextHandle > HANDLE_MAX) throw new Error('a session pulled too many items')
    if (known !== undefined) this.forget(known)
    const item = new PulledItem(
      this.nextHandle++,
      ref.kind,
      ref.digest,
      ref.sizeBytes,
      priority,
      supply ?? new OwnBlocks(count),
      ref.members,
    )
    this.byKey.set(key, item)
    this.byHandle.set(item.handle, item)
    return item
  }

  /** The item is over for now; a bounded number of those is remembered. */
  retire(item: PulledItem): void {
    this.retired.push(item)
    if (this.retired.length <= PULLS_ENDED_MAX) return
    const oldest = this.retired.shift()!
    if (oldest.isFinished) this.forget(oldest)
  }

  forget(item: PulledItem): void {
    const key = itemKey(item.kind, item.digest)
    if (this.byKey.get(key) === item) this.byKey.delete(key)
    this.byHandle.delete(item.handle)
  }

  /** The item is not found under its name any more; its handle is still known. */
  unname(item: PulledItem): void {
    const key = itemKey(item.kind, item.digest)
    if (this.byKey.get(key) === item) this.byKey.delete(key)
  }
}
