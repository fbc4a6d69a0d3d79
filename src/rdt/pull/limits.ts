import { assert } from '../../base/assert.js'
import { POOL_BUFFERS_MAX } from '../limits.js'
import { SEGMENT_COUNT_MAX } from '../wire/limits.js'

/** Asked segments that are neither here nor lost: a full pool at the base size, next power of two. */
export const FLIGHT_SEGMENTS_MAX = 65_536

/** Requests that are remembered for their times. */
export const FLIGHT_REQUESTS_MAX = 8_192

/** Nothing of a block came for so long, though the session lives: its item is taken for one that the other side does not
 *  hold, so that another can be asked. Askings are 2 s apart then: where half of all datagrams are lost each way, sixty of
 *  them fail in a row by chance less than once in ten million times. */
export const STALLED_MS = 120_000

/** Every how many-th new block is bulk while small items wait. */
export const BULK_EVERY = 4

/** Pulls that ended are kept for late rejections. */
export const PULLS_ENDED_MAX = 64

assert(
  (FLIGHT_SEGMENTS_MAX & (FLIGHT_SEGMENTS_MAX - 1)) === 0 &&
    (FLIGHT_REQUESTS_MAX & (FLIGHT_REQUESTS_MAX - 1)) === 0,
)

assert(FLIGHT_REQUESTS_MAX <= 1 << 15, 'request numbers are u16 and compared in half their circle')

assert(
  FLIGHT_SEGMENTS_MAX >= POOL_BUFFERS_MAX * SEGMENT_COUNT_MAX,
  'every segment of the pool may be in flight',
)
