import { TREE_ITEM_BYTES_MAX } from '../base/limits.js'

/** Tree items asked of one peer at once, and their bytes: a page has 16 kB, and two of the longest must do. What a peer
 *  sends all but the end of is held for as long as it is there. */
export const TREE_PULLS_MAX = 64
export const TREE_PULL_BYTES_MAX = 2 * TREE_ITEM_BYTES_MAX

/** Changes listed with a new root; more than this never fits one message. */
export const CHANGES_LISTED_MAX = 48

/** Paths of one kind that a state of the share names; a count tells how many there are. */
export const SAMPLE_MAX = 100
