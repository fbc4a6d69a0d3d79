// The numbers of the tracker protocol and of both its machines, each with its unit and where it comes from.

import { assert } from '../base/assert.js'

// — Specification: changing one of these changes the wire format —

/** Version of the tracker protocol, said in each heartbeat. */
export const DISCOVERY_VERSION = 1

/** Bytes of the name of a group: 128 bits that nobody meets by chance, nor guesses. */
export const GROUP_NAME_BYTES = 16

/** Bytes of a member's id: a peer id, hashed with a key of the group. */
export const MEMBER_ID_BYTES = 8

/** Bytes of a mark, a truncated HMAC-SHA-256: 2^128 tries to forge one, each of which needs a datagram. RFC 2104, 5. */
export const MARK_BYTES = 16

/** Bytes of one datagram at most: fits IPv6's smallest MTU, 1,280 bytes, with its headers and those of a tunnel. RFC 8200, 5. */
export const DISCOVERY_DATAGRAM_BYTES_MAX = 1_200

/** How often a peer that is known says that it is there, and how long it is remembered after the last time. */
export const HEARTBEAT_MS = 30_000
export const MEMBER_GONE_MS = 90_000

// — The tracker —

/** A cookie holds for one to two of these: a peer that missed three heartbeats proves its address in one round trip all the same. */
export const TRACKER_COOKIE_PERIOD_MS = 120_000

/** Members of one group: as many as --ip may name. */
export const MEMBERS_PER_GROUP_MAX = 256

/** Members and groups of one tracker. A member takes about 700 bytes: 23 MB together. */
export const MEMBERS_MAX = 32_768
export const GROUPS_MAX = 8_192

/** Datagrams of one host that are looked at: 256 peers behind one translated address (NAT) send 9 heartbeats a second, and twice that many
 *  when the tracker was started again. */
export const DATAGRAMS_PER_HOST_PER_S_MAX = 32
export const DATAGRAMS_PER_HOST_BURST = 512
export const HOSTS_REMEMBERED_MAX = 16_384

/** Challenges per second to addresses that have proved nothing, and may be forged: 10 µs each, a tenth of a core. */
export const CHALLENGES_PER_S_MAX = 10_000

/** Newcomers of one group whose coming is told to the others at once; the others hear of any further one at their next heartbeat. */
export const NEWS_PER_GROUP_PER_S_MAX = 2
export const NEWS_PER_GROUP_BURST = 16

/** Datagrams that wait for room in the kernel; what does not fit is lost, and asked for again. */
export const TRACKER_OUTBOX_MAX = 8_192

// — The peer —

/** First wait for an answer; doubled up to HEARTBEAT_MS, jittered by a quarter. */
export const ANSWER_MS_FIRST = 1_000

/** Unanswered heartbeats until a tracker is called silent: after 7 s. */
export const BEATS_TOLD = 3

/** Challenges that one heartbeat answers: one of a tracker that was started again, one of an address that changed meanwhile. */
export const CHALLENGES_PER_BEAT_MAX = 3

/** Addresses that one tracker may name in one group at a time, those that are not in its last answer included. */
export const FOUND_PER_TRACKER_MAX = MEMBERS_PER_GROUP_MAX

/** Times that a leave is sent: nothing is left to repeat it. */
export const LEAVES = 2

assert(MEMBER_GONE_MS === 3 * HEARTBEAT_MS, 'two heartbeats in a row may be lost')
assert(TRACKER_COOKIE_PERIOD_MS > MEMBER_GONE_MS, 'who is remembered needs no new cookie')
