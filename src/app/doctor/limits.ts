// The numbers of `left doctor`, each with its unit and where it comes from.

/** A clock that is off by more is wrong: machines that keep time by NTP are within a second, and of two edits within such a difference
 *  the wrong one may win. */
export const CLOCK_OFF_MS_MAX = 5_000

/** A path is probed for at most this long after a session begins: PATH_PROBES_MAX tries, 100 ms to a second each. */
export const PATH_KNOWN_MS = 5_000

/** UDP payload of IPv6 that Ethernet carries, bytes: a path of less is noted. */
export const PATH_BYTES_USUAL = 1_452

/** Files that one of the two processes opens at most: 128 of blocks, those of the index and the log, sockets, pipes, and what scans and
 *  libraries hold. */
export const FILES_NEEDED = 256

/** A disk with less left is as good as full: a large file of photographs. */
export const DISK_BYTES_LOW = 100_000_000

/** Folders that are counted of a share that no peer runs on: some seconds. */
export const FOLDERS_COUNTED_MAX = 200_000

/** Processes whose watches are counted. */
export const PROCESSES_LOOKED_MAX = 4_096

/** Where no peer runs: how long calls of others are waited for, who call every 5 s, jittered by a quarter (CONNECT_MS_MAX of
 *  src/rdt/handshake). */
export const LISTEN_MS = 7_000

/** Then those that were not heard are called, so often, and waited for so long after the last. */
export const PROBES = 4
export const PROBE_MS = 400
export const ANSWER_MS = 1_000
