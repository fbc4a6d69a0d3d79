/** After the watcher process died, how long until the next one; doubles each time it dies young. */
export const WATCHER_RESTART_MS = 100
export const WATCHER_RESTART_MS_MAX = 5_000

/** A watcher process that lived this long did not die young. */
export const WATCHER_STEADY_MS = 30_000

/** Watcher processes in a row that end before they say anything, after one that did: a library may be replaced just now. Where
 *  none has ever spoken the first is enough. */
export const WATCHER_STARTS_MAX = 3

/** Kept of what a watcher process writes on stderr: Node's report of a fatal error takes 2,000 to 6,000 characters. */
export const WATCHER_WORDS_CHARS_MAX = 16_384

/** How long the watcher process may take to stop before it is killed: the log makes that harmless. */
export const WATCHER_STOP_MS = 600

/** How often names of peers are resolved again while they are not connected. */
export const RESOLVE_RETRY_MS = 10_000

/** Keys and addresses whose refusal is told; strangers may be many. */
export const REFUSED_TOLD_MAX = 256

/** How often the totals of what is being received are shown. */
export const TOTALS_MS = 250

/** Weight of the newest measurement in a shown rate. */
export const RATE_GAIN = 0.3

/** The watcher process trades a little time for memory: receiving 84,000 files of 1.3 GB, it peaks at 277 MB with these and
 *  at 370 MB as V8 would have it, for a tenth more processor time. */
export const LEAN_HEAP = ['--max-semi-space-size=4', '--heap-growing-percent=20']

/** And it works in bursts, while the engines need the other cores: as V8 would have it, half of the processor time of a
 *  burst of 2,000 files goes into its helper threads, which optimise functions that are about to be idle (after 135 kB of
 *  bytecode run in one) and wait for each other in collections of a small heap. With this the burst costs 180 ms instead of
 *  310; 20,000 files cost a fifth less too. With more patience than this they take longer. */
export const PATIENT_COMPILER = ['--interrupt-budget=400000', '--single-threaded-gc']

/** What the engine drops lies beside its heap, which is small, and each full collection stops it for 10 ms. Sending or
 *  receiving 512 MiB costs 4 to 18 of them if the heap may grow by half, 2 to 4 if threefold, and 1 if tenfold, which takes
 *  up to 30 MB more. So little is what leaves a process below 200 MB that receives 2 GiB at 1 GB/s, at a price of 3% of its
 *  speed. (What compresses is still dropped block by block.) */
export const ROOMY_HEAP = '--heap-growing-percent=75'

/** What is sent until the loop looks again what has come: the 200 requests that a first round trip allows take 4 ms, for
 *  which what it has brought would wait. */
export const SENDS_PER_TURN_MAX = 16
