// Prefetch: the first blocks of a large file, requested together with its list to save a round trip. Frames are held as
// they came, sealed and unproved, until the list is here and the temporary file is prepared; then they go the way of all
// blocks, and what is still requested belongs to the source that it was requested from. Used by LargeFetch, one for each
// file of which nothing is here.

import type { BlockSupply } from '../../rdt/endpoint.js'
import { FrameBuffer } from '../../rdt/pool.js'
import type { PiecePicker } from './swarm/piece-picker.js'
import type { Source } from './swarm/source.js'

export class Prefetch implements BlockSupply {
  /** Requested, whether they have come or not. */
  private readonly asked = new Set<number>()
  private readonly returned: number[] = []
  private held: { readonly blockIndex: number; readonly frame: FrameBuffer }[] = []
  private source: Source | undefined

  /** `blocksMax`: how many of the first blocks may be requested before the list is here. */
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

  /** Takes over a frame that came before it can be proved. Copies it: buffers of the pool are for blocks in flight. */
  hold(blockIndex: number, frame: FrameBuffer): void {
    if (this.source === undefined) this.held.push({ blockIndex, frame: new FrameBuffer(frame.bytes.slice()) })
    frame.release()
  }

  /** The list is here: from now on `source` says what is requested. Returns the requested blocks that are not needed. */
  join(source: Source, picker: PiecePicker): readonly number[] {
    this.source = source
    for (const blockIndex of this.returned) this.asked.delete(blockIndex)
    return [...this.asked].filter((blockIndex) => !picker.takeThis(source, blockIndex))
  }

  /** Whether `source` goes on with what was requested here. */
  isOf(source: Source): boolean {
    return this.source === source
  }

  takeHeld(): readonly { readonly blockIndex: number; readonly frame: FrameBuffer }[] {
    const { held } = this
    this.held = []
    return held
  }
}
