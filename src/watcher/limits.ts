// The numbers of the watcher process, each with its unit and where it comes from.

import type { Growths } from '../io/heap-growth.js'
import { LEAN_GROWTH } from '../io/limits.js'

/** How often it is seen whether the share is still where it was: one stat. Soon enough for somebody who wonders. */
export const SHARE_CHECK_MS = 3_000

/** Garbage that a one-file index may hold beyond twice its content before a rewrite: 64,000 entries of 250 bytes. */
export const INDEX_GARBAGE_BYTES_MAX = 16_000_000

/** An index that is one file is read and written in pieces of this size: larger ones are not faster. */
export const INDEX_PIECE_BYTES = 262_144

/** Entries that lmdb reads or writes before its file is mapped anew, which takes 2 ms: at most 20 MB of it are resident, where
 *  they would be all that there are. */
export const MAPPED_ENTRIES_MAX = 50_000

/** How long a dry run waits, after the share has been read, for what is being written: deletions are told by then, and a log never rests. */
export const REHEARSAL_SETTLE_MS_MAX = 10_000

/** 12 to 15 MB are in use with 5,000 files. With a growth of 20 percent these were collected whole 14 and 12 times while 5,000 small
 *  files were sent and received, a fifth of the watchers' processor time; with 100 it is 11 and 6 times, for 5 MB more. */
export const WATCHER_GROWTHS: Growths = {
  smallBytesMax: 32 << 20,
  small: '--heap-growing-percent=100',
  large: LEAN_GROWTH,
}
