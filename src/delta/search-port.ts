// The search port: looking for shifted blocks takes seconds of computing, which no turn of the watcher has. Its real body is a
// thread (src/watcher/block-search.ts), its simulated one takes its turns on the scheduler (src/sim/peer/turned-search.ts).

import type { FileHandle } from '../base/ports.js'
import type { FoundBlock, ShiftInput } from './shift-search.js'

export interface SearchOrder {
  /** Names the search; never used again. */
  readonly search: number
  /** The old version, open for reading. The search takes it over and closes it. */
  readonly handle: FileHandle
  readonly input: ShiftInput
}

export interface SearchReport {
  readonly search: number
  /** Blocks found since the last report: proved by the searcher, and again by the one that copies them. */
  readonly found: readonly FoundBlock[]
  /** Whether a fetch should not wait for it any longer. */
  readonly isLagging: boolean
  /** No report of this search follows. */
  readonly isOver: boolean
}

/** Searches for shifted blocks, one search after the other. Its owner is woken when there are reports. */
export interface BlockSearch {
  begin(order: SearchOrder): void
  /** Nothing is reported of this search any more. */
  cancel(search: number): void
  poll(): SearchReport | undefined
}
