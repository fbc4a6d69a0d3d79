// When what the catalogue recorded survives a kill. The catalogue owns it.

import type { Index } from '../../base/index-port.js'
import { DiskError } from '../../base/ports.js'
import { COMMIT_CHANGES_MAX } from './limits.js'

/** In the index: when it was last committed, by this machine's clock. */
const COMMITTED_MS = 'committed'

export class Commits {
  private changeCount = 0
  private isTogether = false
  private beforeCommit: () => void = () => {}

  constructor(private readonly index: Index) {}

  /** Runs `record`: what that puts into the index survives a kill as a whole or not at all. */
  together(record: () => void): void {
    this.isTogether = true
    try {
      record()
    } finally {
      this.isTogether = false
    }
  }

  /** Something was put into the index, or removed from it. */
  handleChange(): void {
    if (++this.changeCount % COMMIT_CHANGES_MAX !== 0 || this.isTogether) return
    try {
      this.commit()
    } catch (error) {
      // The commit bounds what a kill loses, no more: a caller that commits before telling the peers says that the disk is full.
      if (!(error instanceof DiskError) || error.code !== 'no-space') throw error
    }
  }

  /** Sets the action before each commit: it syncs the log, which must say that something is in place before the index
   *  does. */
  after(beforeCommit: () => void): void {
    this.beforeCommit = beforeCommit
  }

  /** Goes into the index with the next commit. */
  noteTime(wallMs: number): void {
    this.index.putMeta(COMMITTED_MS, String(Math.round(wallMs)))
  }

  /** When the index was last committed by whoever noted the time; NaN where nobody did. */
  get committedMs(): number {
    return Number(this.index.getMeta(COMMITTED_MS) ?? Number.NaN)
  }

  /** Makes everything recorded so far survive a kill. Before anything is announced. */
  commit(): void {
    if (this.changeCount > 0) this.commitAll()
  }

  /** Also what the index was told beside entries, for which alone nothing is committed. */
  commitAll(): void {
    this.beforeCommit()
    this.index.commit()
    this.changeCount = 0
  }
}
