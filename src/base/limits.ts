// The numbers that several folders share, each with its unit and where it comes from. What one folder
// alone needs stands in that folder's own limits.ts.

import { assert } from './assert.js'

// — Specification: changing one of these changes the wire format or the shape of a share. —

/** Version of everything two peers must agree on: datagrams, messages, manifest lines, digests. */
export const WIRE_VERSION = 2

/** Bytes of an item in one block; the last block of an item may be shorter. LEFT wire format 1. */
export const BLOCK_BYTES = 65_300

/** BLAKE3 with its standard output length. */
export const DIGEST_BYTES = 32

/** Bytes of the weak sum of one block, as a number of 32 bits, big endian; 0 stands for none. */
export const WEAK_SUM_BYTES = 4

/** Largest UDP payload over IPv4: 65,535 − 20 (IP) − 8 (UDP). RFC 768. */
export const DATAGRAM_BYTES_MAX = 65_507

/** Bytes that a sealed block may add to its plaintext: codec byte and a GCM tag (16) or a CRC-32 (4). */
export const FRAME_OVERHEAD_BYTES = 17

/** Behind the codec byte. What is read there need not be moved to become a frame. */
export const FRAME_BLOCK_AT = 1

/** The longest frame: one whole block, sealed. */
export const FRAME_BYTES_MAX = BLOCK_BYTES + FRAME_OVERHEAD_BYTES

/** Blocks of one item at most: a file of 68 GB, whose digest list (32 MiB) still fits in memory. */
export const BLOCK_COUNT_MAX = 1 << 20

/** Bytes of one file at most, from BLOCK_COUNT_MAX. */
export const FILE_BYTES_MAX = BLOCK_BYTES * BLOCK_COUNT_MAX

/** Files in one pack at most: with their digests, two packs fit one request. */
export const PACK_FILES_MAX = 16

/** Blocks in one piece of a file at least: 256 KiB, so that files of a few MB have several. */
export const PIECE_BLOCKS_MIN = 4

/** Pieces of one file at most: 512 hexadecimal digits, which fit one control message. */
export const PIECES_MAX = 2_048

/** Bytes of one tree item at most, which is what a peer can make us take apart at once. An ordinary page of a folder's listing
 *  has 16 kB; the longest names, targets and versions of as many entries as a page may have come close to this. */
export const TREE_ITEM_BYTES_MAX = 4 * 1024 * 1024

/** Bytes of a path inside a share, UTF-8. Linux's PATH_MAX less its terminator. */
export const PATH_BYTES_MAX = 4_095

/** Components of a path inside a share. The 260 characters of Windows's MAX_PATH hold 130, and node_modules as npm 2 nested them
 *  were cut off there; each component costs a folder in memory with its path, 0.5 MB for the longest path of so many. */
export const PATH_DEPTH_MAX = 128

/** Bytes of one name inside a path. NAME_MAX of Linux, macOS and NTFS. */
export const NAME_BYTES_MAX = 255

/** A control message must fit one datagram on any path, with 13 bytes of header and sealed by 20 more: IPv6's minimum
 *  MTU 1280 − 40 − 8 = 1232. RFC 8200. */
export const CONTROL_BYTES_MAX = 1_190

// — Implementation: each peer may choose its own. —

/** Where a peer listens unless told otherwise. */
export const DEFAULT_PORT = 22_001

/** Where a tracker listens unless told otherwise. */
export const TRACKER_PORT = 22_100

/** TCP port of the page, `--web`. */
export const WEB_PORT = 22_080

assert(BLOCK_COUNT_MAX * DIGEST_BYTES <= 64 * 1024 * 1024, 'a digest list must fit in memory')
assert((BLOCK_COUNT_MAX / PIECES_MAX) % PIECE_BLOCKS_MIN === 0, 'pieces double until a file has few enough')
assert(FRAME_BYTES_MAX + 64 <= DATAGRAM_BYTES_MAX, 'a sealed block and its header must fit one datagram')

/** Bounds of `--trash`, days. All of the last TRASH_DAYS_MIN stays, however large; beyond TRASH_DAYS_MAX is a slip of the finger. */
export const TRASH_DAYS_MIN = 7
export const TRASH_DAYS_MAX = 3_650
