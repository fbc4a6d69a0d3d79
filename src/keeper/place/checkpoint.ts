// Brings what was put in place onto stable storage, later and little by little: a sync for each of 80,000 files as it
// comes would cost more than the transfer. Until the log has its checkpoint, a loss of power makes recovery read these
// files again. The intake owns it.

import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import { syncFile } from './file-sync.js'
import {
  CHECKPOINT_DELAY_MS_MAX,
  CHECKPOINT_LOG_BYTES,
  CHECKPOINT_QUIET_MS,
  CHECKPOINT_STEP_FILES,
  CHECKPOINT_STOP_FILES_MAX,
} from './limits.js'

export class Checkpoint {
  private readonly disk: Disk
  private readonly journal: Journal<Entry>
  /** Over the paths of the log, which may be a million: it has no second list of them. What is placed meanwhile comes last. */
  private paths: Iterator<string> | undefined
  /** To be synced next. */
  private path: string | undefined
  private readonly folders = new Set<string>()
  private dueMs: number | undefined
  /** However much is placed, it is due then. */
  private dueMsMax: number | undefined

  constructor(disk: Disk, journal: Journal<Entry>, nowMs: number) {
    this.disk = disk
    this.journal = journal
    if (journal.placedSinceCheckpoint.size > 0) this.handlePlaced(nowMs)
  }

  /** The log says that something more is in place. */
  handlePlaced(nowMs: number): void {
    this.dueMsMax ??= nowMs + CHECKPOINT_DELAY_MS_MAX
    this.dueMs = Math.min(nowMs + CHECKPOINT_QUIET_MS, this.dueMsMax)
  }

  pollTimeout(): number | undefined {
    return this.dueMs
  }

  /** Syncs a few files. Call while nothing else is to be done; the last call writes the checkpoint. */
  step(nowMs: number): void {
    if (this.dueMs === undefined || nowMs < this.dueMs) return
    this.dueMs = nowMs
    if (this.paths === undefined) this.begin()
    for (let count = 0; count < CHECKPOINT_STEP_FILES && this.path !== undefined; count++) {
      const { path } = this
      this.folders.add(parentOf(path))
      if (!this.attempt(() => syncFile(this.disk, path))) return
      this.path = this.nextPath()
    }
    if (this.path !== undefined) return
    this.end()
    for (const folder of this.folders) if (!this.attempt(() => this.disk.syncFolder(folder))) return
    this.folders.clear()
    this.attempt(() => {
      this.journal.append({ kind: 'checkpoint' })
      this.journal.compactIfLarge(CHECKPOINT_LOG_BYTES)
    })
  }

  private begin(): void {
    this.paths = this.journal.placedSinceCheckpoint.keys()
    this.path = this.nextPath()
  }

  private nextPath(): string | undefined {
    const next = this.paths?.next()
    return next === undefined || next.done === true ? undefined : next.value
  }

  private end(): void {
    this.paths = undefined
    this.path = undefined
    this.dueMs = undefined
    this.dueMsMax = undefined
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
      this.end()
      return false
    }
  }
}

/** The process ends before the checkpoint is due: it is written now where few files need a sync for it. */
export function checkpointAtStop(disk: Disk, journal: Journal<Entry>): void {
  if (journal.placedSinceCheckpoint.size > CHECKPOINT_STOP_FILES_MAX) return
  const checkpoint = new Checkpoint(disk, journal, 0)
  for (let dueMs = checkpoint.pollTimeout(); dueMs !== undefined; dueMs = checkpoint.pollTimeout())
    checkpoint.step(dueMs)
}
