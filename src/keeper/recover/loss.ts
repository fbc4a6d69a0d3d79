// Paths lost when the machine went down: entries that were recorded just before and are missing now did not reach the disk. Those
// recorded earlier and missing were deleted while LEFT was not there. Called by recovery.ts.

import type { Disk } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import { COUNTS_PER_SECOND, countOf } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { UNWRITTEN_MS_MAX } from './limits.js'
import { lookAt } from './refused.js'

/** When the machine went down, in three ways: the clock may have been set back meanwhile. */
export interface End {
  /** The newest time of any file; after an orderly stop, that of the stop. */
  readonly newestMs: number
  /** When the log was last written, and the index. */
  readonly lastWriteMs: number
  readonly committedMs: number
}

export interface LossOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly end: End
}

/** Whether what happened then may not have reached the disk. */
export function isRecent(atMs: number, { newestMs, lastWriteMs, committedMs }: End): boolean {
  const isNear = (ms: number) => Math.abs(atMs - ms) < UNWRITTEN_MS_MAX
  return atMs > newestMs - UNWRITTEN_MS_MAX || isNear(lastWriteMs) || isNear(committedMs)
}

/** Paths that are missing because they were lost: nobody deleted them. */
export function lostPaths({ disk, catalogue, journal, end }: LossOptions): string[] {
  const lost = new Set<string>()
  for (const entry of catalogue.manifest.entries()) {
    const { kind, path } = entry
    if (kind === 'tombstone' || !catalogue.isHeld(path) || lookAt(disk, path) !== undefined) continue
    // Things that were moved here with their folder have older times of their own.
    const isWithFolder = lost.has(parentOf(path))
    if (isWithFolder || journal.mayBeUnsynced(path) || isRecent(recordedMs(entry, catalogue), end))
      lost.add(path)
  }
  return [...lost]
}

/** Paths at which ours was kept against a change of a peer and was lost: no person removed it. */
export function lostKeptPaths({ disk, catalogue, end }: LossOptions): string[] {
  return [...catalogue.stoppedPaths.keptPaths.keys()].filter((path) => {
    const recordedMs = catalogue.kept(path)?.signature?.ctimeMs ?? Number.POSITIVE_INFINITY
    return isRecent(recordedMs, end) && lookAt(disk, path) === undefined
  })
}

/** Where the disk does not tell, by the count of the edit, which runs with the clock of its machine. */
function recordedMs({ kind, path, version }: Entry, catalogue: Catalogue): number {
  if (kind !== 'file') return (countOf(version.content) / COUNTS_PER_SECOND) * 1_000
  return catalogue.signature(path)?.ctimeMs ?? Number.POSITIVE_INFINITY
}
