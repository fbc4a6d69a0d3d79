// The numbers of a share, each with its unit and where it comes from.

import { assert } from '../base/assert.js'
import { PATH_BYTES_MAX, TREE_ITEM_BYTES_MAX } from '../base/limits.js'

// — Specification: changing one of these changes which shares two peers agree on. —

/** Peers in the table of one listing: 256 files of a page that 64 peers edited each have no more than that in common. */
export const TABLE_PEERS_MAX = 1 << 14

/** Length of a kept link's target, bytes of UTF-8: Linux's PATH_MAX less its terminator. */
export const TARGET_BYTES_MAX = PATH_BYTES_MAX

/** The farthest a modification time may be from 1970, either way: what a JavaScript date can hold. */
export const MTIME_MS_MAX = 8.64e15

/** One line in this many ends a page of a folder's listing, on average. About 130 bytes a line make pages
 *  of 33 kB: half a block, so that one changed file costs one block of listing. */
export const PAGE_LINES_MEAN = 256

/** Lines of one tree item at most. A page has that many by chance once in e²⁵⁶ pages, and a page list of
 *  TREE_ITEM_BYTES_MAX has 56,000. It bounds what decoding an item can allocate. */
export const TREE_ITEM_LINES_MAX = 1 << 16

// — Implementation: each peer may choose its own. —

/** Bytes of replaced tree items that are still served, so that a peer that walks an older root is not
 *  thrown off by every edit. */
export const RECENT_ITEM_BYTES_MAX = 4 * 1024 * 1024

/** Peers that entries in memory name by number: as many as one listing may have. Others cost 8 bytes a name. */
export const PACKED_PEERS_MAX = TABLE_PEERS_MAX

/** Characters that the owner of a manifest may keep with an entry: its length is one of them. */
export const NOTE_LENGTH_MAX = 255

/** Listings of one walk that are known but not looked into yet. The walk goes deep first, so an honest tree
 *  has a page list and a few pages' worth of them open. */
export const WALK_PLACES_MAX = 1 << 18

/** UTF-16 code units of the paths of those listings: names of 255 bytes sixteen deep would make each place
 *  4 kB otherwise. */
export const WALK_PATH_UNITS_MAX = 1 << 25

/** Lines that one walk reads in all, before it takes the tree for a hostile one: ten items that list each
 *  other a thousand times would be 10³⁰ paths. */
export const WALK_LINES_MAX = 1 << 24

/** Lines that one `read` of a walk takes, about ten milliseconds' work; what is longer than a line of so many bytes counts
 *  as several of them. */
export const WALK_STEP_LINES = 4_096
export const WALK_LINE_BYTES = 128

/** Lines decoded at once, between which the step is held against its bound. */
export const WALK_CHUNK_LINES = 64

assert(RECENT_ITEM_BYTES_MAX < TREE_ITEM_BYTES_MAX * 2, 'a replaced item must not push everything else out')

/** Steps of matching one path against ignore rules, 3 to 8 ns each. A line with wildcards and a path take a hundred or two. */
export const MATCH_STEPS_MAX = 1_000_000
