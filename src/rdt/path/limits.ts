import { SESSIONS_MAX } from '../limits.js'
import { PATH_BYTES_WHOLE } from '../wire/limits.js'

/** Bounds of the retransmission timeout. The first stands until an RTT is known. RFC 6298 has 1 s for
 *  both; a lost message on a LAN should not cost a second. */
export const RTO_MS_FIRST = 250
export const RTO_MS_MIN = 30
export const RTO_MS_MAX = 2_000

/** Tail probe: srtt + max(4 · rttvar, granularity) + allowance. RFC 9002, 6.2. The allowance stands for a
 *  peer whose event loop is busy. */
export const TIMER_GRANULARITY_MS = 1
export const PEER_DELAY_MS = 2
export const PROBE_TIMEOUT_MS_MAX = 2_000

/** RTT taken for granted until one is measured. RFC 9002 has 333 ms. */
export const RTT_MS_FIRST = 250

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

/** Signs of a black hole: so many segments of full size lost in a row, while none came for this long or so many
 *  tail probes in a row were not answered; or more such probes alone. */
export const BLACK_HOLE_SEGMENTS = 10
export const BLACK_HOLE_MS_MIN = 300
export const BLACK_HOLE_RTTS = 4
export const BLACK_HOLE_TIMEOUTS = 3
export const BLACK_HOLE_TIMEOUTS_ALONE = 6
