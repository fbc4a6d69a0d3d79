// Files that were put in place together are committed together: the index first, then the log says that it need not
// remember them any more. A commit waits for the disk, and until then the log says that they are being placed, so a kill
// in between costs nothing. The intake owns it.

import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import type { Entry } from '../../share/entry.js'
import { FULL_DISK_RETRY_MS } from '../limits.js'
import { Checkpoint } from './checkpoint.js'
import { PLACED_COMMIT_MAX, PLACED_COMMIT_MS } from './limits.js'

export class CommitGroup {
  private readonly journal: Journal<Entry>
  private readonly checkpoint: Checkpoint
  private readonly placed: string[] = []
  private dueMs: number | undefined

  constructor(disk: Disk, journal: Journal<Entry>, nowMs: number) {
    this.journal = journal
    this.checkpoint = new Checkpoint(disk, journal, nowMs)
  }

  /** This path was put in place. Answers whether the index is to be committed now. */
  add(path: string, nowMs: number): boolean {
    this.placed.push(path)
    this.dueMs ??= nowMs + PLACED_COMMIT_MS
    return this.placed.length >= PLACED_COMMIT_MAX
  }

  /** When the group is due, or the checkpoint, which may only be written while nothing is wanted. */
  pollTimeout(isQuiet: boolean): number | undefined {
    if (this.dueMs !== undefined) return this.dueMs
    return isQuiet ? this.checkpoint.pollTimeout() : undefined
  }

  /** Answers whether the index is to be committed now, because the group is due. With `isOver` it is due with the next call,
   *  since nothing more will come: not with this one, so that nobody who waits for what was placed waits for the disk too. */
  settle(isOver: boolean, nowMs: number): boolean {
    if (this.dueMs === undefined) return false
    if (nowMs >= this.dueMs) return true
    if (isOver) this.dueMs = nowMs
    return false
  }

  /** Call while nothing else is to be done. */
  stepCheckpoint(nowMs: number): void {
    this.checkpoint.step(nowMs)
  }

  /** The index could not be committed: the disk is full. */
  handleFull(nowMs: number): void {
    this.dueMs = nowMs + FULL_DISK_RETRY_MS
  }

  /** The index was committed, and now the log is written: a kill between the two only means that the log is asked in vain. */
  handleCommitted(nowMs: number): void {
    this.dueMs = undefined
    const paths = this.placed.splice(0)
    try {
      this.journal.append({ kind: 'placed', paths })
      if (paths.length > 0) this.checkpoint.handlePlaced(nowMs)
      this.journal.compactIfLarge()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }
}
