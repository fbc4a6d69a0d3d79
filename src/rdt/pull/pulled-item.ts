// An item that is being pulled, and in which order blocks of several of them are begun. Used by the puller.

import { BlockSet } from '../../base/blockset.js'
import type { Digest, ItemKind } from '../../base/item.js'
import type { BlockSupply, PullPriority } from '../api.js'
import { BULK_EVERY } from './limits.js'

/** The blocks of a pull that shares them with nobody, in their order. */
export class OwnBlocks implements BlockSupply {
  private readonly waiting: BlockSet
  private cursor = 0

  constructor(blockCount: number) {
    this.waiting = new BlockSet(blockCount)
  }

  get hasNext(): boolean {
    return this.waiting.size > 0
  }

  take(): number {
    const blockIndex = this.waiting.next(this.cursor) ?? this.waiting.next(0)!
    this.waiting.delete(blockIndex)
    this.cursor = blockIndex + 1
    return blockIndex
  }

  giveBack(blockIndex: number): void {
    this.waiting.add(blockIndex)
  }
}

export class PulledItem {
  /** Blocks begun and not yet handed up. */
  activeCount = 0
  /** How often each block's frame was rejected; most items have none. */
  private rejects: Map<number, number> | undefined
  isQueued = false
  isEnded = false
  /** The other side was told which files the pack has; the telling may be lost. */
  isTold = false
  /** Fill ratio of the frames that came: their bytes over the most that they may have. Falls slowly, rises at once. */
  private fillRatio = 1

  constructor(
    readonly handle: number,
    readonly kind: ItemKind,
    readonly digest: Digest,
    readonly sizeBytes: number,
    readonly priority: PullPriority,
    /** Blocks that were not begun. */
    readonly supply: BlockSupply,
    /** Only of a pack. */
    readonly members?: Uint8Array | undefined,
  ) {}

  /** Nothing of it is wanted any more. What is shared may be given back by others, so it only ends when that is said. */
  get isFinished(): boolean {
    const isOwn = this.supply instanceof OwnBlocks
    return this.isEnded || (isOwn && this.activeCount === 0 && !this.supply.hasNext)
  }

  get hasWaiting(): boolean {
    return this.supply.hasNext
  }

  /** Counts a frame of this block that did not open; answers how many there were. */
  countReject(blockIndex: number): number {
    this.rejects ??= new Map()
    const count = (this.rejects.get(blockIndex) ?? 0) + 1
    this.rejects.set(blockIndex, count)
    return count
  }

  handleFrame(frameBytes: number, frameBytesMax: number): void {
    const ratio = frameBytes / frameBytesMax
    this.fillRatio = ratio > this.fillRatio ? ratio : this.fillRatio + (ratio - this.fillRatio) / 8
  }

  /** Segments that a frame of at most `frameBytesMax` will likely have: compressed frames are shorter than they may be,
   *  and a window full of segments that do not exist would keep real ones out. */
  expectedSegments({ frameBytesMax, payloadBytes }: { frameBytesMax: number; payloadBytes: number }): number {
    return Math.max(1, Math.ceil((this.fillRatio * frameBytesMax) / payloadBytes))
  }
}

/** Round-robin within a class; control first; bulk gets every BULK_EVERY-th block while small ones wait. */
export class PullQueue {
  private readonly classes: Record<PullPriority, PulledItem[]> = { control: [], small: [], bulk: [] }
  private turn = 0

  add(item: PulledItem): void {
    if (item.isQueued || !item.hasWaiting) return
    item.isQueued = true
    this.classes[item.priority].push(item)
  }

  get isEmpty(): boolean {
    return this.next() === undefined
  }

  /** The item whose block is to be begun next; it is to be given back with `add`. */
  take(): PulledItem | undefined {
    const queue = this.next()
    if (queue === undefined) return undefined
    this.turn++
    const item = queue.shift()!
    item.isQueued = false
    return item
  }

  private next(): PulledItem[] | undefined {
    const { control, small, bulk } = this.classes
    for (const queue of [control, small, bulk]) while (queue.length > 0 && !isAlive(queue[0]!)) drop(queue)
    if (control.length > 0) return control
    const isBulkTurn = bulk.length > 0 && (small.length === 0 || this.turn % BULK_EVERY === BULK_EVERY - 1)
    if (isBulkTurn) return bulk
    return small.length > 0 ? small : undefined
  }
}

function isAlive(item: PulledItem): boolean {
  return !item.isEnded && item.hasWaiting
}

function drop(queue: PulledItem[]): void {
  queue.shift()!.isQueued = false
}
