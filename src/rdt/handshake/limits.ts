import { assert } from '../../base/assert.js'

/** Bytes that may be sent to an address that has not proved itself, per byte that came from it. RFC 9000, 8.1. */
export const UNPROVED_FACTOR_MAX = 3

/** First and last wait between two attempts to reach a peer; doubled in between, jittered by a quarter. */
export const CONNECT_MS_FIRST = 250
export const CONNECT_MS_MAX = 5_000

/** Unanswered attempts until a peer is called unreachable (after about 1.75 s). */
export const CONNECT_TRIES_TOLD = 3

/** How long the peer with the smaller id lets the other's attempt pass because its own is under way. */
export const YIELD_MS = 1_500

/** Handshakes of others at once: of addresses that were named (one of every peer there may be) and of strangers, each
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
 *  started again. With all 512 named ones at their limit it is a quarter of a core. */
export const OPENS_PER_ADDRESS_PER_S_MAX = 1
export const OPENS_PER_ADDRESS_BURST = 4

/** And of one host that we do not call, so that one host does not use up what all strangers have. */
export const OPENS_PER_HOST_PER_S_MAX = 8
export const OPENS_PER_HOST_BURST = 16

/** Addresses and hosts whose opens are counted. */
export const OPENERS_REMEMBERED_MAX = 1_024

/** Hellos of addresses that nobody named, answered per second: flight 2 costs three multiplications of points, 1 ms
 *  together, and the address may be forged. Beyond, a handshake waits for its next hello. */
export const OFFERS_PER_S_MAX = 128

/** The same of one address that was named: an honest asker says hello 4 times in its first second, and half of them may
 *  be lost. */
export const HELLOS_PER_ADDRESS_PER_S_MAX = 2
export const HELLOS_PER_ADDRESS_BURST = 8

/** Introductions of strangers that are checked per second, of one host and of all: 0.2 ms each. */
export const CHECKS_PER_HOST_PER_S_MAX = 8
export const CHECKS_PER_HOST_BURST = 16
export const CHECKS_PER_S_MAX = 256

/** Datagrams of a session that came before we knew that it is open: they wait for the last step of its handshake. A
 *  message, and requests for a first window. */
export const EARLY_DATAGRAMS_MAX = 32

/** A cookie holds for one to two of these. */
export const COOKIE_PERIOD_MS = 10_000

/** Use of a session's keys until fresh ones take their place: WireGuard renews every 2 minutes and ends at 3, TLS 1.3 advises
 *  2^24.5 records (RFC 8446, 5.5). A thief of the memory reads at most so much of what was recorded before. */
export const REKEY_MS = 600_000
export const REKEY_BYTES = 2 ** 32

/** The one that answered begins a renewal where nothing has come of the other's for so long; and the session ends where none
 *  has come to anything. */
export const REKEY_TURN_MS = 4_000
export const REKEY_GRACE_MS = 30_000

/** A hello that renews is repeated after CONNECT_MS_FIRST, doubled so often. */
export const REKEY_WAIT_DOUBLINGS = 3

/** Bytes of the seed that an offer is made of. */
export const SEED_BYTES = 32

/** Seeds that were taken while their cookies hold: more than come of addresses that we do not call in 20 s. Beyond, no
 *  handshake begins. */
export const SEEDS_TAKEN_MAX = 4_096

assert(SEEDS_TAKEN_MAX > (2 * ANSWERS_PER_S_MAX * COOKIE_PERIOD_MS) / 1_000)

assert(HANDSHAKE_MS >= 2 * COOKIE_PERIOD_MS, 'while a cookie holds, its handshake is remembered')
