/** A peer that is building the same file is asked again after this long what it holds; one that has nothing of it, after
 *  twice as long as before. */
export const HOLDING_MS = 100
export const HOLDING_MS_MAX = 2_000

/** A peer that did not have what it had said is not asked for the file again for this long. */
export const BARRED_MS = 2_000

/** A source from which nothing came for so long gives its blocks back, if there is another. */
export const SILENT_MS = 250
export const SILENT_RTTS = 4

/** A peer is banned as a source of a file for so long, in whatever session; so many bans are remembered, 150 bytes each. */
export const BAN_MS = 600_000
export const BANS_MAX = 1_024

/** Weight of the newest tick in what a source is taken to deliver. */
export const SOURCE_RATE_WEIGHT = 0.25

/** With no more blocks than these free, it is weighed who shall still take one: about two windows of 1 Gbit/s and 20 ms. */
export const TAIL_BLOCKS = 64

/** Blocks asked of a second source at once, when the first would take this many times longer. */
export const AGAIN_BLOCKS_MAX = 16
export const AGAIN_FACTOR = 2

/** Pieces that only one partner holds come from a whole source too when they would come so much later than all the rest:
 *  rates vary tenfold on busy machines, and each block that a whole source sends twice is one more on its uplink. */
export const BEHIND_FACTOR = 4
export const BEHIND_MS = 500
