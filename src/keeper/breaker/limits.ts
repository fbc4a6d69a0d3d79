/** Deletions and replacements are counted over so long, in so many parts. */
export const COUNTED_HOURS = 24
export const HOUR_MS = 3_600_000

/** Origins that are counted, and those that are stopped; beyond them all others count as one. Each author that a peer invents is one. */
export const ORIGINS_MAX = 256

/** Paths of which is remembered that they were counted, 150 bytes each, and the UTF-16 code units of these, for a path may have 4,095:
 *  10 to 20 MB. Those beyond them are counted again. */
export const COUNTED_PATHS_MAX = 65_536
export const COUNTED_TEXT_MAX = 8 * 1024 * 1024
