/** Written blocks are told to the log after this long, or as soon as there are BLOCKS_PER_REPORT. */
export const BLOCK_REPORT_MS = 50
export const BLOCKS_PER_REPORT = 64

/** A tree or list whose digest does not match is pulled again this often, then given up. */
export const ITEM_TRIES_MAX = 3

/** How often the sources of a file are looked at: who fell silent, who is slow, whom to ask what it holds by now. */
export const SOURCES_TICK_MS = 50

/** Wrong blocks after which a source is asked for no more of the file. One would do: what is
 *  damaged on its way is refused before. */
export const WRONG_BLOCKS_MAX = 4

/** With nobody left who holds the whole file, peers that are building it too are pulled from until nothing has come of
 *  them for so long. */
export const ORPHANED_MS = 2_000

/** Blocks of a file of which nothing is here that are pulled before its list has come, 3 MB: what comes in the round
 *  trip between the two at 1 Gbit/s and 20 ms. Where there are other peers too, each block is better asked of the one
 *  that has it to spare; one only says how fast this one is. */
export const PREFETCH_BLOCKS_MAX = 48
export const PREFETCH_BLOCKS_SHARED_MAX = 1

/** Parts of a file in a picture of how far it is: what fits a line of a page. */
export const FILE_MAP_CELLS_MAX = 160
