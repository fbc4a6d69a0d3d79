import { assert } from '../base/assert.js'
import { BLOCK_BYTES } from '../base/limits.js'

/** Blocks that must be lacking before shifted ones are looked for: fewer are fetched while a thread starts. */
export const SEARCH_NEEDED_MIN = 8

/** Blocks of a file at most that shifted ones are looked for in: 17 GB. Among more, a position in 16,000 has the sum of some
 *  block by chance and costs a digest: four bytes hashed for each byte rolled over. */
export const SEARCH_BLOCKS_MAX = 1 << 18

/** Blocks of the old version in a row, used for the new one, that are not rolled over. Shorter runs may be alike by chance. */
export const COVERED_BLOCKS_MIN = 4

/** Bytes looked at in vain, rolled over or hashed, until the search is given up. */
export const FRUITLESS_BYTES_MAX = 64 * 1024 * 1024

/** Bytes looked at in vain until the fetch no longer waits for the search: 20 ms at 400 MB/s. */
export const HEAD_START_BYTES = 8 * 1024 * 1024

/** Each block that is found takes off so many bytes from those two counts. The first makes 64 MB mean 64 MB without a match, and
 *  still bounds the work that an adversary gets for each block that it lets us find. The second is what a search at 400 MB/s rolls
 *  over while a link of 1 Gbit/s delivers a block. */
export const FOUND_EXTENDS_BYTES = 64 * BLOCK_BYTES
export const FOUND_LEADS_BYTES = 4 * BLOCK_BYTES

/** Slots that are looked at in a table for one sum or digest. What does not fit is not looked for: an adversary chooses both. */
export const PROBES_MAX = 16

/** Bytes that the search reads at a time. */
export const SEARCH_BUFFER_BYTES = 32 * BLOCK_BYTES

assert(SEARCH_BUFFER_BYTES >= 2 * BLOCK_BYTES, 'a window can be moved within what is read')
assert(HEAD_START_BYTES < FRUITLESS_BYTES_MAX)
