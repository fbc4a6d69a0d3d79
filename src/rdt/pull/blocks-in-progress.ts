// The blocks that a puller has begun: by slot, by name, and those of them with something to ask for, in the order
// of their need. Assemblies are used again, so that a block costs no allocation but its buffer.

import { BLOCK_COUNT_MAX } from '../../base/limits.js'
import { Assembly } from './assembly.js'
import type { PulledItem } from './pulled-item.js'

export class BlocksInProgress {
  private readonly slots: Assembly[] = []
  private readonly free: Assembly[] = []
  private readonly byKey = new Map<number, Assembly>()
  private readonly needy: Assembly[] = []
  /** Segments of one block come together, so the last one found is looked at first. */
  private latest: Assembly | undefined

  get size(): number {
    return this.byKey.size
  }

  /** Whether any may have something to ask for. */
  get mayNeed(): boolean {
    return this.needy.length > 0
  }

  all(): Assembly[] {
    return [...this.byKey.values()]
  }

  has(handle: number, blockIndex: number): boolean {
    return this.byKey.has(keyOf(handle, blockIndex))
  }

  find(handle: number, blockIndex: number): Assembly | undefined {
    const { latest } = this
    const isSame = latest?.item.handle === handle && latest.blockIndex === blockIndex
    if (!isSame) this.latest = this.byKey.get(keyOf(handle, blockIndex))
    return this.latest
  }

  inSlot(slot: number): Assembly {
    return this.slots[slot]!
  }

  begin(
    item: PulledItem,
    blockIndex: number,
    buffer: Uint8Array,
    expected: { segmentBytes: number; fillRatio: number },
  ): Assembly {
    const key = keyOf(item.handle, blockIndex)
    if (this.byKey.has(key)) throw new Error(`block ${blockIndex} was begun before`)
    const assembly = this.free.pop() ?? this.addSlot()
    assembly.begin(item, blockIndex, buffer, expected)
    this.byKey.set(key, assembly)
    this.enqueue(assembly)
    return assembly
  }

  /** Frees the slot of a block that has nothing in flight. */
  drop(assembly: Assembly): void {
    this.byKey.delete(keyOf(assembly.item.handle, assembly.blockIndex))
    if (this.latest === assembly) this.latest = undefined
    if (assembly.isQueued) {
      this.needy.splice(this.needy.indexOf(assembly), 1)
      assembly.isQueued = false
    }
    this.free.push(assembly)
  }

  /** To be called when a block came to need something. */
  enqueue(assembly: Assembly): void {
    if (assembly.isQueued || !assembly.hasNeeds) return
    assembly.isQueued = true
    this.needy.push(assembly)
  }

  /** The block that has needed something for the longest time; it stays so until it needs nothing. */
  nextNeedy(): Assembly | undefined {
    while (this.needy.length > 0) {
      const assembly = this.needy[0]!
      if (assembly.hasNeeds) return assembly
      this.needy.shift()
      assembly.isQueued = false
    }
    return undefined
  }

  /** What begun blocks need, counted no further than `enoughBytes`. */
  neededBytes(enoughBytes: number): number {
    let bytes = 0
    for (const assembly of this.needy) {
      bytes += assembly.neededCount * assembly.segmentBytes
      if (bytes >= enoughBytes) return enoughBytes
    }
    return bytes
  }

  private addSlot(): Assembly {
    const assembly = new Assembly(this.slots.length)
    this.slots.push(assembly)
    return assembly
  }
}

function keyOf(handle: number, blockIndex: number): number {
  return handle * BLOCK_COUNT_MAX + blockIndex
}
