import { FRAME_BYTES_MAX } from '../../base/limits.js'
import { SEGMENT_COUNT_MAX } from '../wire/limits.js'

/** Packs whose files a session has told, so that it need not tell them with each ask: 512 KiB of digests. */
export const PACKS_REMEMBERED_MAX = 1_024

/** Asks that wait to be answered, per session. Beyond, they are dropped, and asked again. */
export const ASKS_QUEUED_MAX = 4_096

/** Asks for one block that wait, under all handles and sizes of segments. Those of one handle and size ask for different
 *  segments, and a puller changes its size of segments now and then: two of them. */
export const ASKS_PER_BLOCK_MAX = 2 * SEGMENT_COUNT_MAX

/** Asks for what is gone that stay in the queue, unless they are more than those that are waited for: so they cost the same
 *  whatever the length of the queue. */
export const ASKS_GONE_MAX = 64

/** Bytes that are loaded ahead of what is being sent, per session: 32 whole blocks, or many small ones, of which each
 *  waits as long for its place to be found. With eight, the thread that seals them waits while they are sent: 580 MB/s
 *  over a link that takes 880. */
export const AHEAD_BYTES_MAX = 32 * FRAME_BYTES_MAX
export const BLOCKS_AHEAD_MAX = 256
