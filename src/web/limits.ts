// The numbers of the page's server, each with its unit and where it comes from.

/** Bytes of a token: nobody guesses 256 bits. */
export const TOKEN_BYTES = 32

/** A browser holds six connections to one server, of which each page that is open keeps one for good; a scraper holds one. */
export const CONNECTIONS_MAX = 32

/** Pages that are told of changes at once. */
export const STREAMS_MAX = 8

/** Commands that are carried out at once for pages: each may read a large trash. */
export const COMMANDS_MAX = 4

/** The head of a request: a browser sends some 700 bytes, and other programs of this machine may have set it cookies. */
export const HEAD_BYTES_MAX = 16_384

/** A request that has not come by then is given up, in milliseconds: nothing of it is large. */
export const HEAD_MS_MAX = 5_000
export const REQUEST_MS_MAX = 10_000

/** A connection without a request is closed after this long. */
export const KEEP_ALIVE_MS = 5_000

/** How often the state is looked at while somebody looks, and while nothing has changed for `QUIET_LOOKS`. */
export const LOOK_MS = 1_000
export const QUIET_LOOK_MS = 3_000
export const QUIET_LOOKS = 5

/** A rate below it is not told: two peers that are in step exchange some hundred bytes a second. */
export const IDLE_BYTES_PER_S = 2_000

/** A stream says this often that it is there: what is between closes connections that are silent for a minute. */
export const BEAT_MS = 20_000

/** A page that has read nothing for this long, while there was something to read, is cut off. */
export const UNREAD_MS_MAX = 30_000

/** Events that the log keeps: some screens. */
export const LOG_MAX = 300

/** How long connections may take to end with the peer, which stops in under a second. */
export const CLOSE_MS = 200
