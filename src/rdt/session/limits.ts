import { assert } from '../../base/assert.js'
import { STALLED_MS } from '../pull/limits.js'

/** Sessions of one peer at once, of which one stays. */
export const SESSIONS_PER_PEER_MAX = 4

/** How long two that have one peer id are kept out after both were met: an honest one asks every 15 s. Peers whose lives are
 *  remembered, and lives of each. */
export const CLONED_MS = 40_000
export const CLONES_REMEMBERED_MAX = 1_024
export const LIVES_REMEMBERED_MAX = 8

/** A process that says that it does not know a session may be a liar: what comes of the session within this time
 *  proves that. At half the datagrams lost each way, 15 pings go unanswered once in 75 times. */
export const RESET_MS = 3_000

/** Two that call each other at several addresses come to several sessions within this time, and one of them stays. */
export const SESSION_FRESH_MS = 2_000

/** Nothing received for this long: ask whether the other is there, then again every PING_AGAIN_MS. Fifty tries
 *  until DEAD_MS, so that half the datagrams may be lost each way and a false death is still one in a million. */
export const PING_MS = 5_000
export const PING_AGAIN_MS = 200
export const DEAD_MS = 15_000

/** Control datagrams that wait to be sent, per session; a probed one may be 64 KiB. */
export const CONTROL_QUEUED_MAX = 32

/** Letters that wait to be sent, per session: our request and our reply. */
export const LETTERS_QUEUED_MAX = 2

/** Requests that wait behind the outstanding one. */
export const MESSAGES_QUEUED_MAX = 64

assert(PING_MS + 4 * PING_AGAIN_MS < DEAD_MS)
assert(STALLED_MS > DEAD_MS)
