/** A file of one block is read so long after it was seen first, while it settles: any later write gets a later time then,
 *  also from a clock that ticks every 10 ms. */
export const READ_AHEAD_MS = 20

/** Folders are listed before a file is read that has been due for less than this. A scan of 10,000 folders takes less. */
export const LISTED_FIRST_MS_MAX = 1_000

/** Files get their times from a clock that ticks every 4 ms (Linux, 250 Hz), and programs write several within one tick: a new one
 *  counts as so much earlier than one that replaces another, which may refer to it. */
export const NEW_EARLIER_MS = 0.01

/** A step ahead of the wall clock is believed after this long, twice at most. */
export const FILE_CLOCK_MS = 10_000

/** A hint is looked at so long after the change that it tells of, at most: the keeper may be busy. */
export const HINT_LATE_MS = 2_000

/** Hints about what was put in place a moment ago wait until nothing is wanted any more, at most so long; and of so many
 *  paths. */
export const OWN_WRITE_REST_MS = 1_000
export const OWN_WRITES_MAX = 65_536

/** Blocks read at once for hashing: a 1 MB buffer, held for ever. */
export const HASH_CHUNK_BLOCKS = 16

/** Reading is told of from so many files or bytes on, a tenth of a second on a slow machine; and how often then. */
export const READING_FILES_MIN = 2_000
export const READING_BYTES_MIN = 64_000_000
export const READING_TOLD_MS = 250

/** A file that does not rest is read after so long, and not again before so many times the time that this took: one part in twenty of the
 *  time is spent on it. */
export const GROWING_MS_MIN = 5_000
export const GROWING_READS = 20

/** Files that do not rest of which a person is told, at a time. */
export const RESTLESS_NAMED_MAX = 16

/** A deletion waits so long, at most, for what may be the other half of a move; and between two looks whether that is there. */
export const MOVE_MS_MAX = 10_000
export const MOVE_RETRY_MS = 50

/** New folders that wait until it is known whether one that is missing is the same; of more than that nothing is missed but speed. */
export const CAME_MAX = 256

/** Where a file was renamed and another one stands in its place, that one is waited for so long: a log may grow for ever. */
export const REPLACED_MS_MAX = 1_000

/** Files of one content that are looked at to find out which of them was moved. */
export const SAME_CONTENT_LOOKED_AT_MAX = 16

/** A file of ignore rules: the longest that github.com/github/gitignore has are 12 kB. */
export const RULES_BYTES_MAX = 65_536

/** All of them together: 60 bytes of memory for each byte, and peers may send any number. */
export const RULES_TOTAL_BYTES_MAX = 1_048_576

/** Folders of which is remembered whether rules leave them out; looked up anew beyond that. */
export const FOLDER_VERDICTS_MAX = 4_096

/** Deletions wait until nothing is read or settles, at most so long: the other half of a rename may still be found, and all that goes at
 *  once is counted at once. */
export const DEPARTURE_WAIT_MS = 10_000

/** Longest time that a file not settled yet keeps deletions waiting, from when it was first seen to change: a log never rests, and
 *  nothing that came with a deletion takes so long after its last write. */
export const DEPARTURE_SETTLE_MS = 1_000

/** A share that held so many names at its top, and holds none, is taken for a disk that is not mounted. */
export const EMPTIED_ENTRIES_MIN = 2
