// The blocks that a puller has begun: by slot, by name, and those of them with something to ask for, in the order
// of their need. Assemblies are used again, so that a block costs no allocation but its buffer.

import { BLOCK_COUNT_MAX } from '../../base/limits.js'
import type { FrameBuffer } from '../pool.js'
import type { PulledItem } from './pulled-item.js'
import { Reassembly } from './reassembly.js'

export class BlocksInProgress {
  private readonly slots: Reassembly[] = []
  private readonly free: Reassembly[] = []
  private readonly byKey = new Map<number, Reassembly>()
  private readonly needy: Reassembly[] = []
  /** Segments of one block come together, so the last one found is looked at first. */
  private latest: Reassembly | undefined

  get size(): number {
    return this.byKey.size
  }

  /** Whether any may have something to ask for. */
  get mayNeed(): boolean {
    return this.needy.length > 0
  }

  all(): Reassembly[] {
    return [...this.byKey.values()]
  }

  has(handle: number, blockIndex: number): boolean {
    return this.byKey.has(keyOf(handle, blockIndex))
  }

  find(handle: number, blockIndex: number): Reassembly | undefined {
    const { latest } = this
    const isSame = latest?.item.handle === handle && latest.blockIndex === blockIndex
    if (!isSame) this.latest = this.byKey.get(keyOf(handle, blockIndex))
    return this.latest
  }

  inSlot(slot: number): Reassembly {
    return this.slots[slot]!
  }

  begin(
    item: PulledItem,
    blockIndex: number,
    frame: FrameBuffer,
    expected: { segmentBytes: number; fillRatio: number },
  ): Reassembly {
    const key = keyOf(item.handle, blockIndex)
    if (this.byKey.has(key)) throw new Error(`block ${blockIndex} was begun before`)
    const reassembly = this.free.pop() ?? this.addSlot()
    reassembly.begin(item, blockIndex, frame, expected)
    this.byKey.set(key, reassembly)
    this.enqueue(reassembly)
    return reassembly
  }

  /** Frees the slot of a block that has nothing in flight. */
  drop(reassembly: Reassembly): void {
    this.byKey.delete(keyOf(reassembly.item.handle, reassembly.blockIndex))
    if (this.latest === reassembly) this.latest = undefined
    if (reassembly.isQueued) {
      this.needy.splice(this.needy.indexOf(reassembly), 1)
      reassembly.isQueued = false
    }
    this.free.push(reassembly)
  }

  /** To be called when a block came to need something. */
  enqueue(reassembly: Reassembly): void {
    if (reassembly.isQueued || !reassembly.hasNeeds) return
    reassembly.isQueued = true
    this.needy.push(reassembly)
  }

  /** The block that has needed something for the longest time; it stays so until it needs nothing. */
  nextNeedy(): Reassembly | undefined {
    while (this.needy.length > 0) {
      const reassembly = this.needy[0]!
      if (reassembly.hasNeeds) return reassembly
      this.needy.shift()
      reassembly.isQueued = false
    }
    return undefined
  }

  /** Bytes that begun blocks need, counted no further than `enoughBytes`. */
  neededBytes(enoughBytes: number): number {
    let bytes = 0
    for (const reassembly of this.needy) {
      bytes += reassembly.neededCount * reassembly.segmentBytes
      if (bytes >= enoughBytes) return enoughBytes
    }
    return bytes
  }

  private addSlot(): Reassembly {
    const reassembly = new Reassembly(this.slots.length)
    this.slots.push(reassembly)
    return reassembly
  }
}

function keyOf(handle: number, blockIndex: number): number {
  return handle * BLOCK_COUNT_MAX + blockIndex
}
