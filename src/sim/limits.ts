// The simulated world's numbers, each with its unit and where it comes from.

import { assert } from '../base/assert.js'
import { UNSEEN_MS_MAX } from '../judge/model.js'
import { RESCAN_MS_MIN } from '../keeper/limits.js'

/** Where the virtual wall clocks stand when nobody's is wrong: 2026-11-21 00:00 UTC. */
export const WALL_EPOCH_MS = 1_795_219_200_000

/** The world is quiet when nothing but pings has happened for this long: two rescans of the share are in it. */
export const QUIET_MS = 65_000

/** How long after the last fault a world may take until it is quiet. */
export const HEAL_MS_MAX = 600_000

/** And how much longer until it is quiet, where nothing changes any more and paths that are not held are tried again: many that were
 *  refused at different times leave no quiet time between their tries at first. By then one is tried once in half an hour. */
export const TRIES_MS_MAX = 3_600_000

/** Events in one run at most: beyond, something spins. */
export const EVENTS_MAX = 3_000_000

/** A block that was written this long before a kill has reached the log: it is reported within 50 ms, crosses a
 *  pipe, and is appended by a keeper that does nothing for longer than a step. */
export const LOGGED_AFTER_MS = 1_000

/** The watcher process is started this long after it was lost, as src/app does. */
export const WATCHER_RESTART_MS = 100

/** A start that the disk refused (it is full) is tried again by whoever runs the peer. */
export const START_AGAIN_MS = 3_000

/** Descriptors that the engine keeps open for reading, as src/io/blocks/block-io.ts does. */
export const READERS_MAX = 64

/** Journals longer than this are not compacted as they should be. */
export const JOURNAL_BYTES_MAX = 16 * 1024 * 1024

assert(UNSEEN_MS_MAX >= RESCAN_MS_MIN, 'a rescan must find what no hint told of')
assert(QUIET_MS > 2 * RESCAN_MS_MIN, 'a share that is never at rest must show within the quiet time')

/** Duration of an operation with an RSA private key. */
export const SLOW_STEP_MS = 3

/** Blocks that the engine may have been writing when its watcher process died. */
export const UNTOLD_WRITES_MAX = 4

/** A step of the search for shifted blocks takes up to this long: 2 MB on a busy core. */
export const SEARCH_STEP_MS_MAX = 40

/** How often somebody says what becomes of what is held: what one machine takes back may be too much for the next one. */
export const ANSWER_ROUNDS_MAX = 6

/** Runs that shrinking a plan may take: a minute or two. */
export const SHRINK_RUNS_MAX = 300

/** How long a found address is called that nobody is met at. */
export const FOUND_MS = 60_000
