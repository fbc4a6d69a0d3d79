// Specification: both ends must agree on these numbers. A change of one is another wire version.

import { assert } from '../../base/assert.js'
import { CONTROL_BYTES_MAX, DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX } from '../../base/limits.js'

/** type 1, session 8, handle 3, block 4, segment 1, count 1, request 2. */
export const SEGMENT_HEADER_BYTES = 20

/** UDP payload that every path carries: IPv6's minimum MTU 1280 − 40 − 8. RFC 8200, section 5. */
export const PATH_BYTES_BASE = 1_232

/** Segments of one frame at most; a set of them is one bitmap of 8 bytes. */
export const SEGMENT_COUNT_MAX = 64

/** The datagram that carries the longest frame in one piece. */
export const PATH_BYTES_WHOLE = SEGMENT_HEADER_BYTES + FRAME_BYTES_MAX

/** Names a program in a refusal, ASCII. */
export const AGENT_BYTES_MAX = 32

/** A request fits one datagram on any path, before it is sealed. */
export const REQUEST_BYTES_MAX = 1_190

/** Bytes that sealing may add to a datagram: a counter (4) and a GCM tag (16), or a CRC-32. */
export const DATAGRAM_SEAL_BYTES_MAX = 20

export const NONCE_BYTES = 8
export const COOKIE_BYTES = 16
export const SESSION_BYTES = 8
export const CRC_BYTES = 4

/** Handles of pulled items are u24 and never reused within a session. */
export const HANDLE_MAX = 0xff_ffff

// — Implementation —

/** Linux: UDP_GRO_CNT_MAX. More would be a stranger's one datagram, made to be taken apart. */
export const MERGED_DATAGRAMS_MAX = 64

assert(
  SEGMENT_COUNT_MAX * (PATH_BYTES_BASE - SEGMENT_HEADER_BYTES) >= FRAME_BYTES_MAX,
  'a frame must fit its segments',
)

assert(PATH_BYTES_WHOLE <= DATAGRAM_BYTES_MAX, 'a whole frame must fit one datagram')

assert(
  1 + SESSION_BYTES + 4 + CONTROL_BYTES_MAX + DATAGRAM_SEAL_BYTES_MAX <= PATH_BYTES_BASE &&
    REQUEST_BYTES_MAX + DATAGRAM_SEAL_BYTES_MAX <= PATH_BYTES_BASE,
  'control fits any path',
)
