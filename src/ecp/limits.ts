import { assert } from '../base/assert.js'
import { CONTROL_BYTES_MAX, DIGEST_BYTES, PIECES_MAX } from '../base/limits.js'

/** Entry lines in one message. The shortest line is about 25 bytes. Bounds what a decoder makes of a message. */
export const ENTRIES_PER_MESSAGE_MAX = 47

/** The longest a peer may ask to be left alone. */
export const WORKING_MS_MAX = 60_000

assert(ENTRIES_PER_MESSAGE_MAX * 25 <= CONTROL_BYTES_MAX)
assert(
  1 + 3 + (2 * DIGEST_BYTES + 1 + 11) + 3 + PIECES_MAX / 4 <= CONTROL_BYTES_MAX,
  'pieces fit one message',
)
