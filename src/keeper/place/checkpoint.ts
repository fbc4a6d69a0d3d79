// Brings what was put in place onto stable storage, later and little by little: a sync for each of 80,000 files as it
// comes would cost more than the transfer. Until the log has its checkpoint, a loss of power makes recovery read these
// files again. The intake owns it.

import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import { syncFile } from './file-sync.js'
import { CHECKPOINT_QUIET_MS, CHECKPOINT_STEP_FILES } from './limits.js'

export class Checkpoint {
  private readonly disk: Disk
  private readonly journal: Journal<Entry>
  private pending: string[]
  private readonly folders = new Set<string>()
  private dueMs: number | undefined

  constructor(disk: Disk, journal: Journal<Entry>, nowMs: number) {
    this.disk = disk
    this.journal = journal
    this.pending = [...journal.placedSinceCheckpoint.keys()]
    if (this.pending.length > 0) this.dueMs = nowMs + CHECKPOINT_QUIET_MS
  }

  /** The log says that this path is in place. */
  add(path: string, nowMs: number): void {
    this.pending.push(path)
    this.dueMs = nowMs + CHECKPOINT_QUIET_MS
  }

  pollTimeout(): number | undefined {
    return this.dueMs
  }

  /** Syncs a few files. Call while nothing else is to be done; the last call writes the checkpoint. */
  step(nowMs: number): void {
    if (this.dueMs === undefined || nowMs < this.dueMs) return
    this.dueMs = nowMs
    const paths = this.pending.splice(-CHECKPOINT_STEP_FILES)
    for (const path of paths) {
      this.folders.add(parentOf(path))
      if (!this.attempt(() => syncFile(this.disk, path))) return
    }
    if (this.pending.length > 0) return
    this.dueMs = undefined
    for (const folder of this.folders) if (!this.attempt(() => this.disk.syncFolder(folder))) return
    this.folders.clear()
    this.attempt(() => {
      this.journal.append({ kind: 'checkpoint' })
      this.journal.compactIfLarge()
    })
  }

  /** Answers whether to go on. What is gone or unreadable needs no sync of ours; what cannot be synced must not be
   *  claimed, and waits for the next placed file. */
  private attempt(work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (error.code !== 'io' && error.code !== 'no-space') return true
      this.pending = [...this.journal.placedSinceCheckpoint.keys()]
      this.dueMs = undefined
      return false
    }
  }
}
