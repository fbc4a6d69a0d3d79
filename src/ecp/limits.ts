import { assert } from '../base/assert.js'
import { CONTROL_BYTES_MAX, DIGEST_BYTES, PIECES_MAX } from '../base/limits.js'

/** Entry lines in one message. The shortest line is about 25 bytes. Bounds what a decoder makes of a message. */
export const ENTRIES_PER_MESSAGE_MAX = 47

/** The longest a peer may ask to be left alone. */
export const WORKING_MS_MAX = 60_000

/** Largest count of entries that a sender may say it does not hold: as many as a walk reads lines of a tree. */
export const NOT_HELD_MAX = 16_777_216

/** Text of a reason's detail that is told, in UTF-16 code units: a path of some folders. Longer ones are cut. */
export const DETAIL_CHARACTERS_MAX = 200

/** The same as it is written, bytes: of 200 characters that are escaped each takes nine. With the other fields it fits a message. */
export const DETAIL_BYTES_MAX = 800

/** Longest time that a reason is said to hold: as many digits, 31 years. */
export const REASON_SECONDS_MAX = 999_999_999

/** Name and version of a program: as many characters as it says in a hello. */
export const PROGRAM_CHARACTERS_MAX = 32

assert(ENTRIES_PER_MESSAGE_MAX * 25 <= CONTROL_BYTES_MAX)
assert(DETAIL_BYTES_MAX + 200 <= CONTROL_BYTES_MAX, 'a detail and the other fields fit one message')
assert(3 + (2 * DIGEST_BYTES + 1 + 11) + 3 + PIECES_MAX / 4 <= CONTROL_BYTES_MAX, 'pieces fit one message')
