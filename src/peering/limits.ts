import { assert } from '../base/assert.js'

/** With so many known addresses or fewer, all are called: each peer has a session with each other one. */
export const ALL_CALLED_MAX = 16

/** Beyond that, addresses that a peer calls at once. Others call it in turn, about as many. A random graph in which each of n
 *  nodes picks k others is connected but for a chance of about n^(1 - k) (Fenner and Frieze, 1982): 10^-18 for 500. With a
 *  third of them gone and nobody called in their place yet, each of the rest has 5.3 left. */
export const CALLED_MAX = 8

/** An address that has no session after this long makes room for the next one: three calls to it were lost, and a fourth. */
export const ANSWER_MS = 5_000

/** How long it is passed over then; doubled each time, until it has a session. */
export const REST_MS_FIRST = 60_000
export const REST_MS_MAX = 480_000

/** An address that comes before one that is called takes its place no sooner than this after the last such change. */
export const CHANGE_MS = 60_000

assert(CALLED_MAX < ALL_CALLED_MAX)
assert(ANSWER_MS < CHANGE_MS, 'a called address has answered, or was passed over, before the next change')
