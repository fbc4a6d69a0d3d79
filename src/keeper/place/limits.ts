import { assert } from '../../base/assert.js'

/** Placed entries are committed and logged after this long, or as soon as there are so many: a commit waits for the
 *  disk, and until then the log says that the files are being placed. */
export const PLACED_COMMIT_MS = 250
export const PLACED_COMMIT_MAX = 2_048

/** When nothing was placed for this long, what was is brought onto stable storage, so many files a step; where something is
 *  placed again and again, at the latest after the longer time, as soon as nothing is wanted. */
export const CHECKPOINT_QUIET_MS = 10_000
export const CHECKPOINT_DELAY_MS_MAX = 300_000
export const CHECKPOINT_STEP_FILES = 16

/** Bytes of a log with a checkpoint at its end from which it is compacted: each start reads it, 10 µs for each of some 300 files. */
export const CHECKPOINT_LOG_BYTES = 64 * 1024

/** Placed files that an orderly stop still syncs: at 10 ms each, half of the time after which the parent kills the process. */
export const CHECKPOINT_STOP_FILES_MAX = 32

/** Copies of one file that lost conflicts, beside it: what loses after that is kept in the trash. A person can look through so many,
 *  and two programs that write one large file at once must not fill the disk. */
export const CONFLICT_COPIES_MAX = 10

/** Names tried for the loser of a conflict, where something else stands at the first ones. */
export const CONFLICT_NAMES_MAX = 100

assert(CONFLICT_COPIES_MAX < CONFLICT_NAMES_MAX)
