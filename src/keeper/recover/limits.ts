/** A large file that nobody has gone on with for this long is not gone on with: a week. */
export const TEMPORARY_AGE_MS_MAX = 7 * 24 * 3_600_000

/** How long written data may stay in the memory of a machine: Linux writes it back after 30 s, and this is generous. */
export const UNWRITTEN_MS_MAX = 120_000
