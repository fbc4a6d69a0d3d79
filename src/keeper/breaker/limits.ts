/** Deletions and replacements are counted over so long, in so many parts. */
export const COUNTED_HOURS = 24
export const HOUR_MS = 3_600_000

/** Origins that are counted, and those that are stopped; beyond them all others count as one. Each author that a peer invents is one. */
export const ORIGINS_MAX = 256

/** Paths of which is remembered that they were counted, 150 bytes each; those beyond them are counted again. */
export const COUNTED_PATHS_MAX = 65_536
