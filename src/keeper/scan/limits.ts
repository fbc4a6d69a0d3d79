/** A file of one block is read so long after it was seen first, while it settles: any later write gets a later time then,
 *  also from a clock that ticks every 10 ms. */
export const READ_AHEAD_MS = 20

/** Hints about what was put in place a moment ago wait until nothing is wanted any more, at most so long; and of so many
 *  paths. */
export const OWN_WRITE_REST_MS = 1_000
export const OWN_WRITES_MAX = 65_536

/** Blocks read at once for hashing: a 1 MB buffer, held for ever. */
export const HASH_CHUNK_BLOCKS = 16

/** Folders inside folders: PATH_BYTES_MAX has room for no more. */
export const FOLDER_DEPTH_MAX = 2_048

/** A share that held so many names at its top, and holds none, is taken for a disk that is not mounted. */
export const EMPTIED_ENTRIES_MIN = 2
