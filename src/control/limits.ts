/** The version of the protocol. */
export const CONTROL_VERSION = 1

/** A request: a path of 4,096 bytes, of which each is an escape of six, and the rest. */
export const REQUEST_BYTES_MAX = 65_536

/** An answer. Lists in it are cut to LISTED_MAX, each with a path and a reason. */
export const ANSWER_BYTES_MAX = 4_194_304

/** Entries of one list in an answer; its count tells how many there are. */
export const LISTED_MAX = 100

/** A person, a script or two, a web page. */
export const CONNECTIONS_MAX = 16

/** A connection on which nothing was asked for this long is closed. */
export const IDLE_MS = 60_000

/** How long a command waits for its answer: a peer that is reading a large share answers between two steps, in milliseconds. */
export const ANSWER_MS_MAX = 10_000

/** The same where there is work to be done first: 20,000 files came back from the trash in 22 s on a busy machine of two cores. */
export const WORK_ANSWER_MS_MAX = 600_000

/** The same of `doctor`, which asks each peer (2 s), waits for its knock (1 s), and looks at the system. */
export const DOCTOR_ANSWER_MS_MAX = 30_000

export const COMMAND_CHARACTERS_MAX = 32
export const ARGUMENTS_MAX = 16

/** The name of a Unix socket, without its final NUL: `sun_path` of unix(7), of 108 bytes on Linux and 104 elsewhere. */
export const SOCKET_NAME_BYTES_MAX = { linux: 107, elsewhere: 103 } as const
