// The first blocks of a large file, pulled while its list is still on its way: a round trip sooner than they could be
// named. They are held as they came, sealed and unproved, and count for nothing until the list has come and the temporary
// file is prepared. Then each goes the way of all blocks, and what was asked for in this way belongs to the source that
// it was asked of. Used by LargeFetch, one for each file of which nothing is here.

import type { BlockSupply } from '../../rdt/endpoint.js'
import { FrameBuffer } from '../../rdt/pool.js'
import type { Source } from './swarm/source.js'
import type { Spread } from './swarm/spread.js'

export class AheadBlocks implements BlockSupply {
  /** Asked for, whether they have come or not. */
  private readonly asked = new Set<number>()
  private readonly returned: number[] = []
  private held: { readonly blockIndex: number; readonly frame: FrameBuffer }[] = []
  private source: Source | undefined

  /** Blocks that may be asked for before the list is here: the first ones of the file. */
  constructor(private readonly blocksMax: number) {}

  get hasNext(): boolean {
    if (this.source !== undefined) return this.source.hasNext
    return this.returned.length > 0 || this.asked.size < this.blocksMax
  }

  take(): number {
    if (this.source !== undefined) return this.source.take()
    const blockIndex = this.returned.pop() ?? this.asked.size
    this.asked.add(blockIndex)
    return blockIndex
  }

  giveBack(blockIndex: number): void {
    if (this.source !== undefined) this.source.giveBack(blockIndex)
    else this.returned.push(blockIndex)
  }

  /** Takes over a frame that came before it can be proved. It is copied: buffers of the pool are for what is on its way. */
  hold(blockIndex: number, frame: FrameBuffer): void {
    if (this.source === undefined) this.held.push({ blockIndex, frame: new FrameBuffer(frame.bytes.slice()) })
    frame.release()
  }

  /** The list is here: from now on `source` says what is asked for. Answers what is not needed of what was. */
  join(source: Source, spread: Spread): readonly number[] {
    this.source = source
    for (const blockIndex of this.returned) this.asked.delete(blockIndex)
    return [...this.asked].filter((blockIndex) => !spread.takeThis(source, blockIndex))
  }

  /** Whether `source` is the one that goes on with what was asked for here. */
  isOf(source: Source): boolean {
    return this.source === source
  }

  takeHeld(): readonly { readonly blockIndex: number; readonly frame: FrameBuffer }[] {
    const { held } = this
    this.held = []
    return held
  }
}
