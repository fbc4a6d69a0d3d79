import { assert } from '../../base/assert.js'
import { TRASH_DAYS_MIN } from '../../base/limits.js'
import { TRASH_POLICY } from '../../pipe/settings.js'

/** Slots of an hour that are tried one after the other. No more than these take losers of conflicts that the winner begins with. */
export const SLOTS_NEAR = 9

/** Losers of conflicts at one path beyond these wait for so long, each of them: two programs that write one file on two machines make
 *  them without end, and would fill the disk. */
export const LOSER_PACE_MS = 60_000

/** Largest number of a slot in its hour. No path comes near it: that would be 277,777 deletions a second. */
export const SLOT_NUMBER_MAX = 999_999_999

/** The trash is looked through this often, so many of its names a step. */
export const SWEEP_MS = 3_600_000
export const SWEEP_STEP_NAMES = 64

/** Folders of the trash that are remembered to be there. */
export const KNOWN_FOLDERS_MAX = 4_096

/** Bytes copied at once where the disk makes no hard links. */
export const COPY_BYTES = 1024 * 1024

assert(TRASH_POLICY.days >= TRASH_DAYS_MIN)
