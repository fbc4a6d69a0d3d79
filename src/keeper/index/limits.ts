/** Changes of the index gathered in memory before they are committed; measured in src/watcher/index-store.ts. */
export const COMMIT_CHANGES_MAX = 2_000

/** Lives of which the share remembers where their counts began, in full. */
export const GAPS_MAX = 256

/** A peer that tells of edits of ours that we do not know may bring about one new name in this time. */
export const RENEWAL_MS_MIN = 24 * 3_600_000

/** Counts that a life may begin above the last one: a minute of the clock. Two lives of one copy that make some thousand edits
 *  each meet in them once in a thousand times, and then only where the clock is behind. */
export const LIFE_COUNTS_DRAWN = 2 ** 22

/** Paths with a forgotten edit that a person is told of in one run of the process. */
export const FOLDED_PATHS_MAX = 1_024

/** Paths of one content that share the table of holders with those of others; beyond them each has a place of its own. */
export const SAME_CONTENT_SLOTS_MAX = 8

/** Authors whose highest counts are kept, at 100 bytes each (dots of format 1 have none). A share has as many as machines ever edited it, and once more for
 *  each time that one was put back to an older copy; a peer that invents more would fill the memory. */
export const COUNTED_AUTHORS_MAX = 65_536

/** Peers of which it is kept in whose name they edit; of another the first message of its next session tells it. */
export const PEER_AUTHORS_MAX = 256

/** A deletion is remembered for so many days: who was away for longer holds what nobody else knows (keeper/away.ts). */
export const TOMBSTONE_DAYS = 400

/** A machine that ran on so many days since it was in step last is the one that the others were away from. */
export const HOME_DAYS = 30

/** Clocks of peers differ: a deletion that a peer tells of so many days after its end is not taken note of again. */
export const TOMBSTONE_LATE_DAYS = 2

/** Expired deletions forgotten in one step. */
export const EXPIRY_STEP_PATHS = 256
