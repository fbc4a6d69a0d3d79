// The numbers of the log, each with its unit and where it comes from.

import { assert } from '../base/assert.js'
import { PATH_BYTES_MAX } from '../base/limits.js'

/** Bytes of one record's payload at most. The longest are a `placing` of a link in a deep folder (path and
 *  target of 4,095 bytes, each byte escaped to three, and a version of 2,111) and the lists, which are
 *  split to fit. */
export const RECORD_BYTES_MAX = 64 * 1024

/** Bytes of the log below which it is not compacted while files are placed: about 8,000 of them. */
export const COMPACT_BYTES_MIN = 2 * 1024 * 1024

/** A log is compacted when it has grown to this many times what the last compaction left. */
export const COMPACT_GROWTH = 4

/** Records written at once while a log is compacted: some 130 kB of them. */
export const COMPACT_BATCH_RECORDS = 1_024

/** Bytes of memory that are taken at once for paths that were put in place: some 4,000 of them. */
export const PLACED_CHUNK_BYTES = 256 * 1024

/** Bytes of paths that were put in place again since, below which they are left where they are. */
export const PLACED_DEAD_BYTES_MIN = 1024 * 1024

/** Bytes read at once while the log is replayed. */
export const REPLAY_CHUNK_BYTES = 1024 * 1024

/** Characters of the name of one run of the machine; Linux's boot_id has 36. */
export const BOOT_LENGTH_MAX = 64

assert(RECORD_BYTES_MAX >= 2 * 3 * PATH_BYTES_MAX + 4096, 'the longest entry line must fit one record')
assert(REPLAY_CHUNK_BYTES >= RECORD_BYTES_MAX + 8, 'a whole record must fit what is read at once')
