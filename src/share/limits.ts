// The numbers of a share, each with its unit and where it comes from.

import { assert } from '../base/assert.js'
import { NAME_BYTES_MAX, PATH_BYTES_MAX, TREE_ITEM_BYTES_MAX } from '../base/limits.js'
import { SEEN_PEERS_MAX } from './dots.js'

// — Specification: changing one of these changes which shares two peers agree on. —

/** Length of a kept link's target, bytes of UTF-8: Linux's PATH_MAX less its terminator. */
export const TARGET_BYTES_MAX = PATH_BYTES_MAX

/** The farthest a modification time may be from 1970, either way: what a JavaScript date can hold. */
export const MTIME_MS_MAX = 8.64e15

/** Names of one page of a folder's listing at most. The longest rows of so many names fit TREE_ITEM_BYTES_MAX, whatever the
 *  entries are: every page that a peer writes can be read by every peer. Pages have half of it on average, 16 kB in lines of
 *  about 130 bytes. */
export const PAGE_NAMES_MAX = 240

/** Peers in the table of one listing: a page that names more than this cannot be. */
export const TABLE_PEERS_MAX = PAGE_NAMES_MAX * SEEN_PEERS_MAX

/** Pages of one list of pages, and lists of one list of lists: a folder of two million names has its first second list by
 *  chance. Somebody who chooses the names can have a page of each. */
export const PAGE_LIST_LINES_MAX = 1 << 14

/** Lists of pages below each other in one folder, at most: room for PAGE_LIST_LINES_MAX² pages, each of at least one name. */
export const PAGE_LIST_DEPTH_MAX = 2

/** Lines of one tree item at most: it bounds what decoding an item can allocate. */
export const TREE_ITEM_LINES_MAX = 1 << 16

/** The longest field of these bytes, each of them escaped as %XX. */
const escapedMax = (bytes: number) => 3 * bytes

/** A dot written out: peer, ':', count. */
const DOT_BYTES_MAX = 16 + 1 + 16

/** Bytes of the longest entry line in a listing: kind, mode and size; time, touch and its dot; digest; version, each peer of
 *  it a place of 3 digits and a distance of 11, then two indices with counts; name; target. Each with what ends it. */
const ENTRY_LINE_BYTES_MAX =
  2 +
  3 +
  12 +
  (17 + 1 + 17 + 1 + DOT_BYTES_MAX + 1) +
  65 +
  (SEEN_PEERS_MAX * (3 + 1 + 11 + 1) + 2 * (1 + 2 + 1 + 16) + 1) +
  (escapedMax(NAME_BYTES_MAX) + 1) +
  (escapedMax(TARGET_BYTES_MAX) + 1)

/** The line of a subfolder's listing: 'D', name, digest, size. */
const SUBTREE_LINE_BYTES_MAX = 2 + (escapedMax(NAME_BYTES_MAX) + 1) + 65 + 8

/** All that one name can add to a listing: its two lines, and its peers in the table. */
export const ROW_BYTES_MAX =
  ENTRY_LINE_BYTES_MAX + SUBTREE_LINE_BYTES_MAX + SEEN_PEERS_MAX * (1 + DOT_BYTES_MAX)

/** The header of a listing, and the beginning of its table. */
const HEADER_BYTES_MAX = 32

/** A line of a list of pages: 'P', digest, size. */
const PAGE_LINE_BYTES_MAX = 2 + 65 + 8

// — Implementation: each peer may choose its own. —

/** Bytes of replaced tree items that are still served, so that a peer that walks an older root is not
 *  thrown off by every edit. */
export const RECENT_ITEM_BYTES_MAX = 4 * 1024 * 1024

/** Peers that entries in memory name by number: as many as one listing may have, and more. Others cost 8 bytes a name. */
export const PACKED_PEERS_MAX = 1 << 14

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

/** Lines of the item that tells what is held otherwise than the tree says. Beyond, a visitor is told how many more there are. */
export const HELD_LINES_MAX = 1 << 16

/** Lines decoded at once, between which the step is held against its bound. */
export const WALK_CHUNK_LINES = 64

assert(RECENT_ITEM_BYTES_MAX < TREE_ITEM_BYTES_MAX * 2, 'a replaced item must not push everything else out')
assert(HEADER_BYTES_MAX + PAGE_NAMES_MAX * ROW_BYTES_MAX <= TREE_ITEM_BYTES_MAX, 'any page fits one item')
assert(2 * PAGE_NAMES_MAX <= TREE_ITEM_LINES_MAX, 'any page has few enough lines')
assert(TABLE_PEERS_MAX < 36 ** 3, 'a place in the table has three digits')
assert(
  HEADER_BYTES_MAX + PAGE_LIST_LINES_MAX * PAGE_LINE_BYTES_MAX <= TREE_ITEM_BYTES_MAX,
  'any list of pages fits one item',
)
assert(
  PAGE_LIST_LINES_MAX ** PAGE_LIST_DEPTH_MAX >= WALK_LINES_MAX,
  'any folder that a walk reads fits its lists',
)

/** Things that one rename moves and one line tells, and all lines of one message together: they are looked at, and recorded, in one step
 *  of the keeper, of two seconds on a slow machine with so many. What is more is moved path by path. */
export const TREE_MOVE_THINGS_MAX = 1 << 17

/** Steps of matching one path against ignore rules, 3 to 8 ns each. A line with wildcards and a path take a hundred or two. */
export const MATCH_STEPS_MAX = 1_000_000
