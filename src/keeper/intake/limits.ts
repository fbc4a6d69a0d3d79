/** A path that is not what the catalogue says is looked at, and placing is tried again after this long, so often. */
export const PLACE_RETRY_MS = 150
export const PLACE_TRIES_MAX = 40

/** Files of one block in flight at most, until they are in place, and their bytes, until they are written. */
export const SMALL_FETCHES_MAX = 512
export const SMALL_FETCH_BYTES_MAX = 6 * 1024 * 1024

/** Files of several blocks in flight at most, until the last block of each is here. */
export const LARGE_FETCHES_MAX = 4

/** Paths wanted of one peer until nothing more is looked for in its listings, 800 bytes each, and the UTF-16 code units of
 *  their texts, for paths may be long: 26 to 40 MB. Far more than is fetched at once, and as much as many a share holds, so
 *  that a person mostly sees at once how much is to come. */
export const WANTS_PER_PEER_MAX = 32_768
export const WANT_TEXT_PER_PEER_MAX = 8 * 1024 * 1024

/** Wants that a deletion counts for, if it says where the content is now: of a peer that wants nothing but those, 131,072 of them take
 *  115 MB. What is kept of deletions and moves beside wants (RemovalQueue, Moves) has an entry for each want, and for each folder
 *  of this share above one. A power of two: sums of it are exact. */
export const MOVED_WANT_PART = 1 / 4

/** How often what was placed may let something else be placed in one call; the rest waits for the next one. */
export const SETTLE_ROUNDS_MAX = 64

/** Entries that could not be placed are tried again after this long, and then after twice as long each time. */
export const RETRY_BACKOFF_MS = 60_000
export const RETRY_BACKOFF_MS_MAX = 3_600_000

/** The first time after a peer said that it does not hold the content: its file may only have been written at that moment. */
export const NOT_HELD_BACKOFF_MS = 1_000

/** Deletions wait for the content that came with them, but not longer than this after the last news of what is wanted. */
export const REMOVAL_WAIT_MS = 10_000

/** Paths that go into the trash by one rename of their folder: each is looked at twice, 30 µs a time, and until then nothing else is
 *  done. A larger folder goes folder by folder. */
export const TREE_REMOVAL_PATHS_MAX = 1_024

/** Content that is in the share waits so long for a deletion to tell that it was moved, after the last that came to wait; and for what
 *  takes its place. */
export const MOVE_WAIT_MS = 10_000

/** Longest time that a complete want waits for what its author recorded before it, among so many wants at most: as many small files as
 *  are in flight at once, since what waits to be placed stays in flight. */
export const ORDER_WAIT_MS = 10_000
export const ORDERED_WANTS_MAX = SMALL_FETCHES_MAX

/** Names that are told of a folder that cannot go. */
export const REMAINING_NAMED_MAX = 3

/** Blocks that a fetch may get ahead of the search for shifted ones until that is given up: 4 MB, which take longer than a search in
 *  vain takes in all where the link is slower than 200 Mbit/s. */
export const OUTRUN_BLOCKS_MAX = 64
