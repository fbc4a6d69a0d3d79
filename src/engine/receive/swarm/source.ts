// One peer that holds a file, or is building it: which blocks are asked of it, how fast it delivers, and what is thought of
// it. PiecePicker decides, and marks here; rdt takes from here which block to ask for next.

import type { BlockSet } from '../../../base/blockset.js'
import { BLOCK_BYTES } from '../../../base/limits.js'
import type { BlockSupply, SessionId } from '../../../rdt/endpoint.js'
import type { PeerId } from '../../../share/dots.js'
import { SOURCE_RATE_WEIGHT } from './limits.js'

/** How a session does, as rdt measures it. */
export interface SessionFacts {
  readonly srttMs: number
  /** Since when nothing has come of what was asked for; undefined where nothing is outstanding. */
  readonly silentSinceMs: number | undefined
}

/** Decides which block is next; implemented by PiecePicker. */
export interface BlockPicker {
  nextOf(source: Source): number | undefined
  take(source: Source): number
  giveBack(source: Source, blockIndex: number): void
}

/** One peer that holds the file, or is building it. */
export class Source implements BlockSupply {
  /** Blocks asked of it, the oldest first. */
  readonly taken = new Set<number>()
  /** Blocks that it is to take although another has: those are expected later. */
  readonly again: number[] = []
  /** Whose blocks it goes on with. */
  piece: number | undefined
  /** The change at which it was found to have nothing to take: until the next one it still has nothing. */
  idleSinceChange = -1
  /** Nothing came of it for too long: one block at a time until something does. */
  isDoubted = false
  /** Others would bring the rest sooner. */
  isTooSlow = false
  /** Missing pieces that it alone holds would come long after the rest: whole sources give them too. */
  isBehind = false
  /** Blocks of it that were not what the file has there. */
  wrongCount = 0
  deliveredBytes = 0
  /** Measured while blocks were asked of it; 0 until then. */
  bytesPerMs = 0
  srttMs = 0
  countedBytes = 0
  wasBusy = false
  readonly hash: number

  constructor(
    private readonly picker: BlockPicker,
    readonly session: SessionId,
    readonly peer: PeerId,
    /** The pieces that it holds. */
    public pieces: BlockSet,
  ) {
    this.hash = hashOfPeer(peer)
  }

  get isWhole(): boolean {
    return this.pieces.size === this.pieces.blockCount
  }

  get isUsable(): boolean {
    return !this.isDoubted && !this.isTooSlow
  }

  get hasNext(): boolean {
    return this.picker.nextOf(this) !== undefined
  }

  take(): number {
    return this.picker.take(this)
  }

  giveBack(blockIndex: number): void {
    this.picker.giveBack(this, blockIndex)
  }

  /** When a block that `ahead` others come before would be here, from now. */
  expectedMs(ahead: number): number {
    return this.srttMs + ((ahead + 1) * BLOCK_BYTES) / this.bytesPerMs
  }

  /** Takes in what was delivered since the last time. A time in which nothing was asked of it says nothing. */
  measure(elapsedMs: number): void {
    const bytes = Math.max(0, this.deliveredBytes - this.countedBytes)
    this.countedBytes = this.deliveredBytes
    const isBusy = this.taken.size > 0
    const counts = bytes > 0 || (isBusy && this.wasBusy)
    this.wasBusy = isBusy
    if (!counts) return
    const newest = bytes / elapsedMs
    this.bytesPerMs =
      this.bytesPerMs === 0 ? newest : this.bytesPerMs + SOURCE_RATE_WEIGHT * (newest - this.bytesPerMs)
  }
}

export function hashOfPeer(peer: PeerId): number {
  return Number.parseInt(peer.slice(0, 8), 16) >>> 0
}
