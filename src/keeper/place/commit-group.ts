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
  private readonly commitIndex: (nowMs: number) => boolean
  private readonly checkpoint: Checkpoint
  private readonly placed: string[] = []
  private dueMs: number | undefined

  /** `commitIndex` makes the catalogue survive a kill; false where the disk is full. */
  constructor(
    options: {
      readonly disk: Disk
      readonly journal: Journal<Entry>
      readonly commitIndex: (nowMs: number) => boolean
    },
    nowMs: number,
  ) {
    this.journal = options.journal
    this.commitIndex = options.commitIndex
    this.checkpoint = new Checkpoint(options.disk, options.journal, nowMs)
  }

  /** This path was put in place. */
  add(path: string, nowMs: number): void {
    this.placed.push(path)
    this.dueMs ??= nowMs + PLACED_COMMIT_MS
    if (this.placed.length >= PLACED_COMMIT_MAX) this.commit(nowMs)
  }

  /** When the group is due, or the checkpoint, which may only be written while nothing is wanted. */
  pollTimeout(isQuiet: boolean): number | undefined {
    if (this.dueMs !== undefined) return this.dueMs
    return isQuiet ? this.checkpoint.pollTimeout() : undefined
  }

  /** Commits what is due; with `isOver` whatever there is, since nothing more will come: with the next call, so that
   *  nobody who waits for what was placed waits for the disk too. */
  settle(isOver: boolean, nowMs: number): void {
    if (this.dueMs === undefined) return
    if (nowMs >= this.dueMs) this.commit(nowMs)
    else if (isOver) this.dueMs = nowMs
  }

  /** Call while nothing else is to be done. */
  stepCheckpoint(nowMs: number): void {
    this.checkpoint.step(nowMs)
  }

  /** The index first, then the log: a kill between the two only means that the log is asked in vain. */
  private commit(nowMs: number): void {
    this.dueMs = undefined
    if (this.placed.length === 0) return
    if (!this.commitIndex(nowMs)) {
      this.dueMs = nowMs + FULL_DISK_RETRY_MS
      return
    }
    const paths = this.placed.splice(0)
    try {
      this.journal.append({ kind: 'placed', paths })
      for (const path of paths) this.checkpoint.add(path, nowMs)
      this.journal.compactIfLarge()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }
}
