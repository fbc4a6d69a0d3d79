// The numbers of the command line and of its views, each with its unit and where it comes from.

import { assert } from '../base/assert.js'

// — What a person may ask for —

/** Addresses in `--ip`, all of them together: as many as peers were simulated (docs/scale.md), and as many handshakes as
 *  addresses that were named may begin at once. */
export const PEER_COUNT_MAX = 512

/** Trackers in `--tracker`, all of them together. Each is asked every 30 s. */
export const TRACKER_COUNT_MAX = 8

/** Ports of UDP; 0 would mean "any", which nobody could find. RFC 768. */
export const PORT_MAX = 65_535

/** Blocks asked for at once, `--window`: what buffers there are for. 512 × 65,300 bytes is a path
 *  of 1 Gbit/s and 267 ms. */
export const WINDOW_BLOCKS_MAX = 512

/** The slowest `--limit` and `--limit-send`: below it one block takes more than 6.5 s and looks like a dead link. */
export const LIMIT_BYTES_PER_S_MIN = 10_000

/** The fastest of both: a terabyte per second; beyond it the number is a slip of the finger. */
export const LIMIT_BYTES_PER_S_MAX = 1_000_000_000_000

/** Space that `--min-free` keeps where a part of the disk is less, 100 MB: room for logs and for editors to save. */
export const MIN_FREE_BYTES_MIN = 100_000_000
export const MIN_FREE_DEFAULT = { percent: 1, bytes: MIN_FREE_BYTES_MIN } as const

/** How long the trash keeps what peers delete or replace, and how much of the disk that may be. */
export const TRASH_DEFAULT = { days: 30, percent: 10 } as const

/** The part of the files that one machine may delete or replace in a day before a person is asked. */
export const MAX_DELETE_PERCENT_DEFAULT = 25
/** Files that may always go: a person who empties a folder of a small share is not asked. */
export const MAX_DELETE_FILES_MIN = 20

/** A petabyte; beyond it the number is a slip of the finger. */
export const MIN_FREE_BYTES_MAX = 1_000_000_000_000_000

/** A DNS name and one of its labels, in characters. RFC 1035, section 2.3.4. */
export const NAME_CHARACTERS_MAX = 253
export const LABEL_CHARACTERS_MAX = 63

/** The time of `--once`: a second is less than a peer takes to start, and 30 days are for ever. */
export const TIMEOUT_MS_MIN = 1_000
export const TIMEOUT_MS_MAX = 720 * 3_600_000

/** Seeds, runs and workers of `left sim`. */
export const SEED_MAX = 0xffff_ffff
export const RUN_COUNT_MAX = 10_000_000
export const WORKER_COUNT_MAX = 256

/** Runs of `left sim` unless told otherwise, and with `--quick`. */
export const RUN_COUNT_DEFAULT = 1
export const RUN_COUNT_QUICK = 100

// — The file of options —

/** Bytes of left.toml: 512 addresses, 64 shares and comments take a tenth. */
export const CONFIG_BYTES_MAX = 1_048_576

/** Shares in one file: each is two processes of up to 200 MB. */
export const CONFIG_SHARES_MAX = 64

/** Characters of the name of a share, which stands before each line. */
export const SHARE_NAME_CHARACTERS_MAX = 40

/** Bytes of one line of a share's process: an event names 512 peers at most, in 60 bytes each, and a path. */
export const SHARE_LINE_BYTES_MAX = 1_048_576

// — How a peer ends —

/** From the first Ctrl-C to the end of the process, whatever hangs: the promise is "under a second". */
export const STOP_MS_MAX = 900

/** From the wish to stop to the kill of the process of a share: twice what it needs at most, on a busy machine. */
export const SHARE_STOP_MS_MAX = 2 * STOP_MS_MAX

/** How long the end waits for the reader of our output to take what is still buffered. */
export const FLUSH_MS_MAX = 300

// — What the views draw —

/** How often a view looks at its clock: bars are redrawn, held-back lines are printed. Once nothing has happened for so long, it looks
 *  less often: each look wakes the process, which takes 0.1 ms and more of a processor that sleeps. */
export const TICK_MS = 200
export const VIEW_REST_AFTER_MS = 6_000
export const REST_TICK_MS = 1_000

/** Bars of files at once, so that the screen still has room for what happens. */
export const FILE_BARS_MAX = 6

/** Bars of peers to whom is being sent, of those. */
export const SENDING_BARS_MAX = 2

/** Files in flight that a view remembers. More than any window asks for; the rest go unshown. */
export const FILES_IN_FLIGHT_MAX = 4_096

/** Files below this size get no line of their own when many arrive at once. */
export const SMALL_FILE_BYTES = 1_000_000

/** Between two lines that sum up small files: without bars, and with bars that already tell most of it. */
export const TALLY_MS = 1_000
export const TALLY_UNDER_BARS_MS = 5_000

/** Names listed in one summed-up line of what went wrong; `--json` lists every one. */
export const TALLY_NAMES_MAX = 3

/** Names listed in one part of `left status`; `--json` lists more. */
export const STATUS_NAMES_MAX = 5

/** Paths that `left why` lists of a folder; `--json` lists more. */
export const WHY_BELOW_MAX = 20

/** Between two answers of `--watch`. */
export const WATCH_MS = 1_000

/** Events that `left log` prints where no time is given. */
export const LOG_LINES_DEFAULT = 200

/** Kinds of lines summed up at once; one kind more and they are printed before their time. */
export const TALLY_GROUPS_MAX = 32

/** Between two plain lines about the progress of one file, and of everything. */
export const PLAIN_PROGRESS_MS = 5_000

/** Buffered output from which progress is left out, because the reader is slower than we are. */
export const BACKLOG_BYTES_SOFT = 1_000_000

/** Buffered output from which everything is left out (and counted): the reader has stopped. */
export const BACKLOG_BYTES_MAX = 16_000_000

assert(FLUSH_MS_MAX < STOP_MS_MAX, 'the last lines must be out before the guard ends the process')
assert(BACKLOG_BYTES_SOFT < BACKLOG_BYTES_MAX, 'progress is left out before anything else')
assert(
  VIEW_REST_AFTER_MS > TALLY_UNDER_BARS_MS && VIEW_REST_AFTER_MS > PLAIN_PROGRESS_MS,
  'nothing is held back then',
)
assert(TICK_MS <= TALLY_MS && TICK_MS <= PLAIN_PROGRESS_MS, 'a view must look at its clock often enough')

/** How long `left ls` and `left get` wait for a peer that does not answer: a handshake on a bad link takes three seconds, and three keys may
 *  have to be tried. */
export const VISIT_TIMEOUT_MS = 10_000

/** Characters of a list that are printed at once. */
export const PRINT_CHUNK_CHARACTERS = 65_536
