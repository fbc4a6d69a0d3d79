/** Places of items that are being served, remembered so that each block does not ask the keeper. */
export const LOCATIONS_MAX = 4_096

/** Bytes of digest lists and tree items among them. */
export const LOCATION_BYTES_MAX = 48 * 1024 * 1024

/** Reads of blocks to serve that may be under way at once; libuv has four threads by default. */
export const READS_MAX = 32

/** Blocks waiting to be served at most, over all sessions: rdt asks for up to 256 ahead of each. */
export const REQUESTED_BLOCKS_MAX = 4_096

/** Files of which is remembered how much peers have pulled: several for each session, and no person reads more. */
export const SENT_FILES_MAX = 64

/** Sessions of which is remembered how much they have pulled: twice as many as a peer has at once. */
export const SENT_SESSIONS_MAX = 1_024

/** Files whose weak sums are served in the life of a process, 200 bytes each: what was served is remembered, and no more is. */
export const SUMS_SERVED_MAX = 8_192
