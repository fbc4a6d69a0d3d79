// rdt's numbers, each with its unit and where it comes from.

import { assert } from '../base/assert.js'
import { CONTROL_BYTES_MAX, DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX } from '../base/limits.js'

// — Specification: both ends must agree on these. —

/** type 1, session 8, handle 3, block 4, segment 1, count 1, request 2. */
export const SEGMENT_HEADER_BYTES = 20

/** What every path carries: IPv6's minimum MTU 1280 − 40 − 8. RFC 8200, section 5. */
export const PATH_BYTES_BASE = 1_232

/** Segments of one frame at most; a set of them is one bitmap of 8 bytes. */
export const SEGMENT_COUNT_MAX = 64

/** The datagram that carries the longest frame in one piece. */
export const PATH_BYTES_WHOLE = SEGMENT_HEADER_BYTES + FRAME_BYTES_MAX

/** Names a program in a refusal, ASCII. */
export const AGENT_BYTES_MAX = 32

/** A request fits one datagram on any path, before it is sealed. */
export const REQUEST_BYTES_MAX = 1_190

/** What sealing may add to a datagram: a counter (4) and a GCM tag (16), or a CRC-32. */
export const DATAGRAM_SEAL_BYTES_MAX = 20

export const PEER_ID_BYTES = 8
export const BOOT_BYTES = 8
export const NONCE_BYTES = 8
export const COOKIE_BYTES = 16
export const SESSION_BYTES = 8
export const CRC_BYTES = 4

/** What may be sent to an address that has not proved itself, per byte that came from it. RFC 9000, 8.1. */
export const UNPROVED_FACTOR_MAX = 3

/** Handles of pulled items are u24 and never reused within a session. */
export const HANDLE_MAX = 0xff_ffff

// — Implementation: each peer may choose its own. —

// Sessions

/** Sessions at once, settled or not; each holds about 0.5 MB once it has pulled. */
export const SESSIONS_MAX = 256

/** Peers of one key that may have a session at once: a person's machines have one key each, and a machine may keep a
 *  few copies of a share. And sessions of one such peer, of which one stays. */
export const SESSIONS_PER_KEY_MAX = 4
export const SESSIONS_PER_PEER_MAX = 4

/** Addresses of strangers that are remembered as told. */
export const STRANGERS_MAX = 1_024

/** First and last wait between two attempts to reach a peer; doubled in between, jittered by a quarter. */
export const CONNECT_MS_FIRST = 250
export const CONNECT_MS_MAX = 5_000

/** A hello that was silent for so long is said anew where there is something new to say; sooner, its answer may be on the
 *  way. As waits grow, each round trip has its turn. */
export const GREETING_ANEW_MS = 350

/** Unanswered attempts until a peer is called unreachable (after about 1.75 s). */
export const CONNECT_TRIES_TOLD = 3

/** How long the peer with the smaller id lets the other's attempt pass because its own is under way. */
export const YIELD_MS = 1_500

/** Handshakes of others at once: of addresses that we call (every peer there may be, twice over) and of strangers, each
 *  with room of its own; and of one address. */
export const ANSWERS_NAMED_MAX = 512
export const ANSWERS_STRANGERS_MAX = 256
export const ANSWERS_PER_ADDRESS_MAX = 4

/** The same of all ports of one host that we do not call: peers behind one translated address (NAT) that come at once. */
export const ANSWERS_PER_HOST_MAX = 16

/** How long one of them may take, and is remembered so that what began it does not begin another: as long as a
 *  cookie may hold. */
export const HANDSHAKE_MS = 20_000

/** Handshakes that addresses which we do not call ourselves may begin, per second: at 0.5 ms for an X25519 agreement
 *  in Node, a flood of them takes a sixteenth of a core. */
export const ANSWERS_PER_S_MAX = 128

/** The same of one address that we call: an honest one begins another when its last cookie is stale or its process was
 *  started again. With all 256 named ones at their limit it is an eighth of a core. */
export const OPENS_PER_ADDRESS_PER_S_MAX = 1
export const OPENS_PER_ADDRESS_BURST = 4

/** And of one host that we do not call, so that one host does not use up what all strangers have. */
export const OPENS_PER_HOST_PER_S_MAX = 8
export const OPENS_PER_HOST_BURST = 16

/** Addresses and hosts whose opens are counted. */
export const OPENERS_REMEMBERED_MAX = 1_024

/** Hellos that are answered with an offer and not with a cookie alone, per second: an offer costs an agreement too,
 *  and the address may be forged. Beyond, a handshake takes a round trip more. */
export const OFFERS_PER_S_MAX = 128

/** Datagrams of a session that came before we knew that it is open: they wait for the last step of its handshake. A
 *  message, and requests for a first window. */
export const EARLY_DATAGRAMS_MAX = 32

/** How often the datagram that proves the address is repeated with what comes after it. */
export const OPEN_AGAIN_PART = 0.75

/** A process that says that it does not know a session may be a liar: what comes of the session within this time
 *  proves that. At half the datagrams lost each way, 15 pings go unanswered once in 75 times. */
export const RESET_MS = 3_000

/** A cookie holds for one to two of these. */
export const COOKIE_PERIOD_MS = 10_000

/** What an offer is made of. */
export const SEED_BYTES = 32

/** Offers that were taken while their cookies hold: more than come of addresses that we do not call in 20 s. Beyond, a
 *  handshake takes a round trip more. */
export const SEEDS_TAKEN_MAX = 4_096

/** Nothing received for this long: ask whether the other is there, then again every PING_AGAIN_MS. Fifty tries
 *  until DEAD_MS, so that half the datagrams may be lost each way and a false death is still one in a million. */
export const PING_MS = 5_000
export const PING_AGAIN_MS = 200
export const DEAD_MS = 15_000

/** Answers to datagrams of unknown sessions, per second: enough for every peer, useless as a weapon. */
export const RESETS_PER_S_MAX = 64

/** Control datagrams that wait to be sent, per session; a probed one may be 64 KiB. */
export const CONTROL_QUEUED_MAX = 32

// Messages (stop-and-wait)

/** Letters that wait to be sent, per session: our request and our reply. */
export const LETTERS_QUEUED_MAX = 2

/** Requests that wait behind the outstanding one. */
export const MESSAGES_QUEUED_MAX = 64

/** Bounds of the retransmission timeout. The first stands until an RTT is known. RFC 6298 has 1 s for
 *  both; a lost message on a LAN should not cost a second. */
export const RTO_MS_FIRST = 250
export const RTO_MS_MIN = 30
export const RTO_MS_MAX = 2_000

// Pulling

/** Buffers for frames that are being put together or were not released: 512 × 65,317 bytes = 32 MiB. */
export const POOL_BUFFERS_MAX = 512

/** Buffers that a session may hold however many others there are. */
export const POOL_SHARE_MIN = 8

/** Frames up to this long get a buffer of their own length instead of a pooled one. */
export const SMALL_FRAME_BYTES_MAX = 8_192

/** Asked segments that are neither here nor lost: a full pool at the base size, next power of two. */
export const FLIGHT_SEGMENTS_MAX = 32_768

/** Requests that are remembered for their times. */
export const FLIGHT_REQUESTS_MAX = 8_192

/** Frames of one block that may fail to open until the item is called unservable; and answers for its segments in a row
 *  that may be none, because they are longer or shorter than what was asked for. */
export const REJECTS_MAX = 16

/** The same of sealed frames that were changed on the way, and of segments of a sealed session, whose headers nothing
 *  seals; and how often segments of one block may contradict each other about their count. */
export const FORGERIES_MAX = 1_024

/** Nothing of a block came for so long, though the session lives: its item is taken for one that the other side does not
 *  hold, so that another can be asked. Askings are 2 s apart then: where half of all datagrams are lost each way, sixty of
 *  them fail in a row by chance less than once in ten million times. */
export const STALLED_MS = 120_000

/** Every how many-th new block is bulk while small items wait. */
export const BULK_EVERY = 4

/** Pulls that ended are kept for late rejections. */
export const PULLS_ENDED_MAX = 64

/** Tail probe: srtt + max(4 · rttvar, granularity) + allowance. RFC 9002, 6.2. The allowance stands for a
 *  peer whose event loop is busy. */
export const TIMER_GRANULARITY_MS = 1
export const PEER_DELAY_MS = 2
export const PROBE_TIMEOUT_MS_MAX = 2_000

/** RTT taken for granted until one is measured. RFC 9002 has 333 ms. */
export const RTT_MS_FIRST = 250

/** How late an asking may be made up for at once: what a busy event loop misses, for example while it collects
 *  garbage. Anything less, and a stall empties the pipe for as long as it lasted. */
export const PACING_SLACK_MS = 10

// Serving

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

/** Frames kept for repairs, per endpoint: 64 × 65,317 bytes = 4 MiB. */
export const FRAMES_CACHED_MAX = 64

/** Linux: UDP_GRO_CNT_MAX. More would be a stranger's one datagram, made to be taken apart. */
export const MERGED_DATAGRAMS_MAX = 64

/** Bytes and datagrams handed to the caller at once. Linux: UDP_MAX_SEGMENTS is 64, the whole at most 64 KiB. */
export const BUNDLE_BYTES_MAX = DATAGRAM_BYTES_MAX
export const BUNDLE_SEGMENTS_MAX = 64

/** Buffers for bundles that are kept for the next ones, per endpoint; and what is not worth one. */
export const BUNDLES_FREE_MAX = 4
export const SMALL_BUNDLE_BYTES_MAX = 4_096

/** Paths of sessions that ended, and for how long what they held is believed: Linux keeps its metrics for longer, and
 *  routes of people who carry their machine change sooner. */
export const PATHS_REMEMBERED_MAX = SESSIONS_MAX
export const PATHS_REMEMBERED_MS = 600_000

// Path size (RFC 8899)

/** Sizes worth trying: a whole frame (loopback), jumbo frames, Ethernet, IPv6 on Ethernet, PPPoE, WireGuard. */
export const PATH_BYTES_CANDIDATES: readonly number[] = [
  PATH_BYTES_WHOLE,
  8_972,
  8_952,
  1_472,
  1_464,
  1_452,
  1_392,
]

/** Probes of one size until it is given up, and when all is tried again. RFC 8899: MAX_PROBES 3, PMTU_RAISE 600 s. */
export const PATH_PROBES_MAX = 5
export const PATH_PROBE_MS_MIN = 100
export const PATH_RAISE_MS = 60_000

/** What makes a black hole: so many segments of full size lost in a row, while none came for this long or so many
 *  tail probes in a row were not answered; or more such probes alone. */
export const BLACK_HOLE_SEGMENTS = 10
export const BLACK_HOLE_MS_MIN = 300
export const BLACK_HOLE_RTTS = 4
export const BLACK_HOLE_TIMEOUTS = 3
export const BLACK_HOLE_TIMEOUTS_ALONE = 6

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
assert(
  FLIGHT_SEGMENTS_MAX >= POOL_BUFFERS_MAX * SEGMENT_COUNT_MAX,
  'every segment of the pool may be in flight',
)
assert(
  (FLIGHT_SEGMENTS_MAX & (FLIGHT_SEGMENTS_MAX - 1)) === 0 &&
    (FLIGHT_REQUESTS_MAX & (FLIGHT_REQUESTS_MAX - 1)) === 0,
)
assert(FLIGHT_REQUESTS_MAX <= 1 << 15, 'request numbers are u16 and compared in half their circle')
assert(STALLED_MS > DEAD_MS)
assert(PING_MS + 4 * PING_AGAIN_MS < DEAD_MS)
assert(SEEDS_TAKEN_MAX > (2 * ANSWERS_PER_S_MAX * COOKIE_PERIOD_MS) / 1_000)
assert(HANDSHAKE_MS >= 2 * COOKIE_PERIOD_MS, 'while a cookie holds, its handshake is remembered')
