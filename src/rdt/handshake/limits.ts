import { assert } from '../../base/assert.js'

/** Bytes that may be sent to an address that has not proved itself, per byte that came from it. RFC 9000, 8.1. */
export const UNPROVED_FACTOR_MAX = 3

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

/** A cookie holds for one to two of these. */
export const COOKIE_PERIOD_MS = 10_000

/** Bytes of the seed that an offer is made of. */
export const SEED_BYTES = 32

/** Offers that were taken while their cookies hold: more than come of addresses that we do not call in 20 s. Beyond, a
 *  handshake takes a round trip more. */
export const SEEDS_TAKEN_MAX = 4_096

assert(SEEDS_TAKEN_MAX > (2 * ANSWERS_PER_S_MAX * COOKIE_PERIOD_MS) / 1_000)

assert(HANDSHAKE_MS >= 2 * COOKIE_PERIOD_MS, 'while a cookie holds, its handshake is remembered')
