import { assert } from '../../base/assert.js'
import { TRASH_DAYS_MIN } from '../../base/limits.js'
import { TRASH_POLICY } from '../../pipe/settings.js'

/** Things that one path may leave in the trash within one hour, beside the first of the day: a peer that writes and deletes one
 *  path again and again waits for the next hour then. */
export const TRASHED_PER_HOUR_MAX = 9

/** The trash is looked through this often, so many of its names a step. */
export const SWEEP_MS = 3_600_000
export const SWEEP_STEP_NAMES = 64

/** Folders of the trash that are remembered to be there. */
export const KNOWN_FOLDERS_MAX = 4_096

/** Bytes copied at once where the disk makes no hard links. */
export const COPY_BYTES = 1024 * 1024

assert(TRASH_POLICY.days >= TRASH_DAYS_MIN)
