/** Root changes remembered, so that an update can list what is new to a peer that knows an older root. */
export const ROOT_HISTORY_MAX = 64

/** Listings that a peer may ask for before it is vetted: a walk has no more of them under way. */
export const UNVETTED_REQUESTS_MAX = 256

/** Where not all known addresses are called, peers that are told of a new file of several blocks before one of them has it all:
 *  they pass it on, and the uplink brings a first copy out so much sooner. Measured in docs/scale.md. */
export const TOLD_FIRST_MAX = 4

/** The others are told after so long at the latest, however slow the first are. */
export const HELD_BACK_MS = 1_500

/** Peers that are known to be vetted while no session is open with them; another tells first what it knows. */
export const VETTED_PEERS_MAX = 1_024

/** Peers with whom a person pauses the exchange one by one: as many addresses as `--ip` may name. */
export const PAUSED_PEERS_MAX = 512

/** Questions of persons that wait for one peer: a person, a script or two. */
export const QUESTIONS_WAITING_MAX = 8

/** Questions about a path that a peer is answered in so many milliseconds; more are to be put later. Each costs the keeper a step, and
 *  a person at a terminal asks a few. */
export const PATHS_TOLD_MAX = 32
export const PATHS_TOLD_MS = 1_000

/** How long a pause lasts at least that a peer tells of. Each costs the keeper all that is known of that peer, and a greeting of both
 *  sides when it is over: told all the time, it would cost that at each round trip. */
export const THEIR_PAUSE_MS_MIN = 1_000
