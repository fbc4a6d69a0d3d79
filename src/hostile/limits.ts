// The numbers of the hostile self-test, each with its unit and where it comes from.

import { assert } from '../base/assert.js'

/** Memory that one attack may add to the target, engine and watcher together, once it has settled. The heap of a
 *  process grows to what its limits allow and is kept for the next time; so an attack that adds more is done again, and
 *  fails where that adds more once again. */
export const MEMORY_GROWTH_BYTES_MAX = 32 * 1024 * 1024
export const ATTACK_ROUNDS_MAX = 2

/** Memory for listings of a peer whose ends do not come, with what the network buffers meanwhile: twice the bytes
 *  that may be on their way (src/pipe/limits.ts), and as much again for a heap that has not been swept yet. */
export const UNFINISHED_BYTES_MAX = 64 * 1024 * 1024

/** Memory that a walk of endless listings may add, and work of the target for which another peer waits: twice and ten
 *  times the measured values. An unbounded walk took 408 MB, and 4.5 s in one call. */
export const WALK_BYTES_MAX = 80 * 1024 * 1024
export const WALK_STALL_MS_MAX = 400

/** How often the target's memory is looked at during an attack, and another peer asks it something. */
export const WATCH_MS = 50

/** One unit of processor time in proc(5): USER_HZ is 100 on Linux. */
export const CLOCK_TICK_MS = 10

/** For how long files without an end are announced, and listings of wants and trees that are walked for ever. */
export const ENDLESS_MS = { full: 60_000, quick: 6_000 }
export const WALK_MS = { full: 12_000, quick: 6_000 }

/** Asks for what is not there: what fills a queue of the target, and how fast they come then; for how long; how often some
 *  are sent; and how much processor time the target may spend on each. */
export const GONE_FIRST_BYTES = 400_000
export const GONE_BYTES_PER_S = 500_000
export const GONE_MS = { full: 8_000, quick: 4_000 }
export const GONE_TURN_MS = 20
export const GONE_ASK_US_MAX = 40

/** For how long a peer asks about paths, and begins and ends pauses, as fast as it is answered; how many answers a second it may have
 *  of what is asked of the keeper, and greetings of the target: twice as many as there should be. */
export const ASKING_MS = { full: 8_000, quick: 2_500 }
export const PATH_ANSWERS_PER_S_MAX = 64
export const GREETINGS_PER_S_MAX = 2

/** Memory that such a peer may add, and work of the target for which another peer waits. A target that has just started takes up to
 *  40 MB, for its heap grows to its first size; the same again adds 4 MB. */
export const ASKING_BYTES_MAX = 48 * 1024 * 1024
export const ASKING_STALL_MS_MAX = 200

/** Rounds of answers that nobody asked for; after each, the target tells its state again twice or three times. */
export const UNASKED_ROUNDS = { full: 8, quick: 3 }
export const UNASKED_ROUND_MS = 1_200
/** When a peer that does not answer at once is to be asked again, ms. */
export const ASKED_AGAIN_MS = 300

/** How often one message is repeated, and how many answers may come after the answer to a later ping. The kernel holds up to
 *  1,000 datagrams in a queue of each processor (net.core.netdev_max_backlog), and a ping sent from another processor passes
 *  them. A target that queues each answer keeps 5,000 and more. */
export const REPETITIONS = 100_000
export const LATE_ANSWERS_MAX = 1_000

/** Memory of both processes together after any attack. */
export const MEMORY_BYTES_MAX = 400 * 1024 * 1024

/** Bytes that may be sent to an address that has not proved itself, per byte that came from it. RFC 9000, 8.1. */
export const ANSWER_RATIO_MAX = 3

/** Half-open handshakes, and the sockets that they come from: each is a port of its own. */
export const HALF_OPEN_COUNT = 100_000
export const HALF_OPEN_COUNT_QUICK = 10_000
export const FLOOD_SOCKETS = 64

/** Addresses that the target is told to let in, ports of one host: each attacker has one of its own. */
export const NAMED_PORTS = 120
export const NAMED_PORT_FIRST = 30_001

/** The same of a target that is to call them all, as it does up to 16 (src/peering); each such target has ports of its own. */
export const CALLED_PORTS = 8
export const CALLED_PORT_FIRST = NAMED_PORT_FIRST + NAMED_PORTS

/** Bytes that an honest peer gets at the start, so that the target's buffers are there before memory is measured. */
export const WARM_UP_BYTES = 24 * 1024 * 1024

/** Peer ids that one key shows, and of how many ports of one host. */
export const IDS_COUNT = 256
export const IDS_COUNT_QUICK = 32
export const IDS_PER_HOST = 4

/** Sessions that one key may have. */
export const SESSIONS_OF_KEY_MAX = 4

/** How soon the sessions of a removed key must be over. */
export const REVOKED_MS_MAX = 1_000

/** Opens of one named address, and the part of a core that the target may use meanwhile: without a limit they take all of
 *  one, and a slow machine must not fail here. */
export const OPENS_PER_S = 2_000
export const OPENS_MS = 4_000
export const OPENS_MS_QUICK = 2_000
export const OPENS_CPU_PART_MAX = 0.6

/** Bytes of flights 1 and 3 together (docs/security/handshake.md). */
export const OPEN_FLIGHT_BYTES = 914

/** Opens with cookies that hold, said again and again: as many as a named address gets in a few seconds. */
export const OPENS_COUNT = 12

/** How late a hello comes back: after the time in which an attempt counts as under way. How long an accept is held: until the
 *  session that was made for it is over. And how long the target has for what it makes of that. */
export const REFLECTED_LATE_MS = 320
export const HELD_MS = { full: 16_000, quick: 1_000 }
export const REFLECTION_MS = 2_500

/** For how long an edit under a count that was used before is looked at. */
export const OLD_COPY_MS = 500

/** Files that a peer tries to delete, and how many at a time where not all at once; below the least that may always go. */
export const MASS_FILES = 200
export const MASS_PORTION = 19
/** Peer ids that one key shows, one after the other. */
export const MASS_NAMES = 4
/** The part of them that must stay: all peers together may delete twice a quarter of the files, those of the warm-up among them. */
export const MASS_KEPT_PART = 0.35
/** How long the target has for each. */
export const MASS_REST_MS = 1_000

/** Renames of a folder that are told and never were, and how many fit one message; for how long anything may still come of them. */
export const MOVE_LINES = 10_000
export const MOVE_LINES_QUICK = 500
export const MOVE_LINES_PER_MESSAGE = 7
export const MOVE_SETTLE_MS = 700

/** For how long calls are answered in the place of a peer that holds a secret. */
export const GUESSED_MS = { full: 25_000, quick: 6_000 }

/** For how long somebody whom a lying tracker named tries to get in. */
export const LYING_TRACKER_MS = { full: 8_000, quick: 2_000 }

/** Datagrams that flood a tracker, and the hosts they come from; resident memory of a tracker. Node alone takes 50 to 60 MB. */
export const TRACKER_FLOOD = { full: 100_000, quick: 8_000 }
export const TRACKER_FLOOD_HOSTS = 64
export const TRACKER_MEMORY_BYTES_MAX = 150 * 1024 * 1024

/** Ports of one host that begin handshakes, and how many each: as many as the target ever kept. */
export const PENDING_PORTS = 128
export const PENDING_PER_PORT = 4

/** How long a thing that must happen may take; the machine may be busy with other tests. */
export const WAIT_MS_MAX = 10_000

/** Attempts of an honest peer, which makes them for ever, until it counts as kept out. On a busy machine the target needs
 *  half a minute to get through what a flood left in its socket's buffer. */
export const ATTEMPTS_MAX = 6

/** Until the target has started, and has received what an honest peer gives it at the start, on a busy machine. */
export const WARM_UP_MS_MAX = 90_000

/** A control message is said again after this long. */
export const REPEAT_MS = 200

/** Until memory that was used and freed is given back; looked at again so often. */
export const MEMORY_SETTLE_MS = 250
export const MEMORY_LOOKS_MAX = 6

/** A target that says nothing for so long has put in place what it had been fetching; looked at so often at most. */
export const QUIET_MS = 1_000
export const QUIET_LOOKS_MAX = 60

assert(REPEAT_MS < WAIT_MS_MAX)
assert(NAMED_PORTS >= FLOOD_SOCKETS + 40, 'floods leave addresses for the others')
