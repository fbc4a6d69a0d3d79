import { assert } from '../base/assert.js'
import { BLOCK_BYTES } from '../base/limits.js'

/** A file must stay the same this long before it is announced; doubles each time it changes meanwhile. */
export const SETTLE_MS = 100
export const SETTLE_MS_MAX = 2_000

/** Bytes read and hashed in one step of background work: a few milliseconds. */
export const STEP_BYTES = 16 * BLOCK_BYTES * 4

/** Files looked at in one step. */
export const STEP_FILES = 256

/** Refused paths that are remembered, so that they are neither told nor tried again with every root of a peer. */
export const REFUSED_PATHS_MAX = 16_384

/** The whole share is read again this often at most, and at most this share of the time. */
export const RESCAN_MS_MIN = 30_000
export const RESCAN_DUTY = 0.001

/** Paths that something keeps back, of which those in one folder are listed for a person: 10 ms. */
export const WHY_PATHS_MAX = 32_768

/** After a full disk, how long until the next try. */
export const FULL_DISK_RETRY_MS = 5_000

assert(STEP_BYTES >= BLOCK_BYTES)
assert(SETTLE_MS <= SETTLE_MS_MAX)
