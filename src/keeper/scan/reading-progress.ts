// Tells how far the reading of files is, where there is so much to read that a person wonders. The keeper owns it.

import type { KeeperNotice } from '../../pipe/messages.js'
import { READING_BYTES_MIN, READING_FILES_MIN, READING_TOLD_MS } from './limits.js'

/** What was read since the process began. */
export interface ReadSoFar {
  readonly files: number
  readonly bytes: number
  /** The file that is read at the moment. */
  readonly file: { readonly path: string; readonly bytes: number; readonly doneBytes: number } | undefined
}

export class ReadingProgress {
  /** What was read before the reading that goes on. */
  private before: Pick<ReadSoFar, 'files' | 'bytes'> = { files: 0, bytes: 0 }
  /** Undefined where nothing of it is told yet. */
  private toldMs: number | undefined

  /** To be called after each step; `isReading`: there is more to look at or to read. */
  poll(soFar: ReadSoFar, isReading: boolean, nowMs: number): KeeperNotice | undefined {
    const files = soFar.files - this.before.files
    const bytes = soFar.bytes - this.before.bytes
    if (!isReading) {
      const wasTold = this.toldMs !== undefined
      this.before = { files: soFar.files, bytes: soFar.bytes }
      this.toldMs = undefined
      return wasTold ? { event: 'reading', files, bytes, file: null, isOver: true } : undefined
    }
    if (this.toldMs === undefined && files < READING_FILES_MIN && bytes < READING_BYTES_MIN) return undefined
    if (this.toldMs !== undefined && nowMs - this.toldMs < READING_TOLD_MS) return undefined
    this.toldMs = nowMs
    return { event: 'reading', files, bytes, file: soFar.file ?? null, isOver: false }
  }
}
