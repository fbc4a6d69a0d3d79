import { DATAGRAM_BYTES_MAX } from '../base/limits.js'

/** Sessions at once, settled or not; each holds about 0.5 MB once it has pulled. */
export const SESSIONS_MAX = 256

/** Peers of one key that may have a session at once: a person's machines have one key each, and a machine may keep a
 *  few copies of a share. And sessions of one such peer, of which one stays. */
export const SESSIONS_PER_KEY_MAX = 4

/** Visitors of one key that may have a session at once, beside its peers: a person has a few terminals. */
export const VISITS_PER_KEY_MAX = 4

/** Addresses of strangers that are remembered as told. */
export const STRANGERS_MAX = 1_024

/** Of these, those that call as a peer does: shown to a person, who names the machines of a group. */
export const CALLERS_MAX = 64

/** An address that says hello calls for so long after it: attempts are at most 5 s apart, and some are lost. */
export const CALLER_MS = 30_000

/** Answers to datagrams of unknown sessions, per second: enough for every peer, useless as a weapon. */
export const RESETS_PER_S_MAX = 64

/** Buffers for frames that are being put together or were not released: 1,024 × 65,317 bytes = 64 MiB. A path of 1 Gbit/s and 100 ms that
 *  loses a fifth of all datagrams each way takes half a second to bring all segments of a block: 750 of them are under way then. */
export const POOL_BUFFERS_MAX = 1_024

/** Frames that were handed up and not released, from which nothing new is begun: a slow disk is to cost no more than 32 MiB. As many
 *  buffers are kept for the next. */
export const POOL_LOANS_MAX = 512

/** Buffers that a session may hold however many others there are. */
export const POOL_SHARE_MIN = 8

/** Frames up to this long get a buffer of their own length instead of a pooled one. */
export const SMALL_FRAME_BYTES_MAX = 8_192

/** Frames of one block that may fail to open until the item is called unservable; and answers for its segments in a row
 *  that may be none, because they are longer or shorter than what was asked for. */
export const REJECTS_MAX = 16

/** The same of sealed frames that were changed on the way, and of segments of a sealed session, whose headers nothing
 *  seals; and how often segments of one block may contradict each other about their count. */
export const FORGERIES_MAX = 1_024

/** How late an asking may be made up for at once: what a busy event loop misses, for example while it collects
 *  garbage. Anything less, and a stall empties the pipe for as long as it lasted. */
export const PACING_SLACK_MS = 10

/** Frames kept for repairs, per endpoint: 64 × 65,317 bytes = 4 MiB. */
export const FRAMES_CACHED_MAX = 64

/** Bytes and datagrams handed to the caller at once. Linux: UDP_MAX_SEGMENTS is 64, the whole at most 64 KiB. */
export const BUNDLE_BYTES_MAX = DATAGRAM_BYTES_MAX
export const BUNDLE_SEGMENTS_MAX = 64

/** Buffers for bundles that are kept for the next ones, per endpoint; and what is not worth one. */
export const BUNDLES_FREE_MAX = 4
export const SMALL_BUNDLE_BYTES_MAX = 4_096
