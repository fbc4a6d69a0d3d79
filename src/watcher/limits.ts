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

/** Small files that come leave 15 to 60 MB of the heap in use, and the bytes of the files themselves, which are dropped at once, count as
 *  growth. With 20 percent beyond 32 MB the whole heap was marked 90 times while 40,000 files of 15 kB were received: a fifth of all
 *  processor time. Fourfold growth up to 64 MB marks it 6 times, for no more memory at the peak (190 MB). */
export const WATCHER_GROWTHS: Growths = {
  smallBytesMax: 64 << 20,
  small: '--heap-growing-percent=300',
  large: LEAN_GROWTH,
}
