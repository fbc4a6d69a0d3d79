import { assert } from '../../base/assert.js'

/** Deletions and replacements are counted over so long, in so many parts. */
export const COUNTED_HOURS = 24
export const HOUR_MS = 3_600_000

/** So many files may always go: a person who deletes a folder of a small share is not asked. */
export const STOPPED_FILES_MIN = 20

/** Origins that are counted, and those that are stopped; beyond them all others count as one. Each author that a peer invents is one. */
export const ORIGINS_MAX = 256

assert(STOPPED_FILES_MIN > 0 && COUNTED_HOURS > 0)
