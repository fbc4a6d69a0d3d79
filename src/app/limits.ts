import type { Growths } from '../io/heap-growth.js'
import { LEAN_GROWTH } from '../io/limits.js'

/** After the watcher process died, how long until the next one; doubles each time it dies young. */
export const WATCHER_RESTART_MS = 100
export const WATCHER_RESTART_MS_MAX = 5_000

/** A watcher process that lived this long did not die young. */
export const WATCHER_STEADY_MS = 30_000

/** Watcher processes in a row that end before they say anything, after one that did: a library may be replaced just now. Where
 *  none has ever spoken the first is enough, unless it was killed, as a system short of memory does. */
export const WATCHER_STARTS_MAX = 3

/** Kept of what a watcher process writes on stderr: Node's report of a fatal error takes 2,000 to 6,000 characters. */
export const WATCHER_WORDS_CHARS_MAX = 16_384

/** How long the watcher process may take to stop before it is killed: the log makes that harmless. */
export const WATCHER_STOP_MS = 600

/** How often names of peers are resolved again while they are not connected. */
export const RESOLVE_RETRY_MS = 10_000

/** How often a peer samples its rates and the size of its heap, and looks whether the file of trusted peers is another one, so that
 *  sessions of a removed key are over within a second. */
export const LOOK_MS = 400

/** The same at rest, where waking up for it is most of what a peer does. A busy machine has 300 ms to spare. */
export const REST_LOOK_MS = 700

/** A peer is at rest that had no more turns of its loop than this since the last look: an answer to a peer that asks whether it is
 *  there takes one, a block several. */
export const REST_TURNS = 4

/** Keys and addresses whose refusal is told; strangers may be many. */
export const REFUSED_TOLD_MAX = 256

/** How often the totals of what is being received are shown. */
export const TOTALS_MS = 250

/** Weight of the newest measurement in a shown rate. */
export const RATE_GAIN = 0.3

/** The watcher process trades a little time for memory, with an option that Node documents: receiving 10,618 files it peaks at
 *  91 MB with it and at 117 MB without (Node 22: 98 and 122, Node 24: 105 and 147), for the same processor time. */
export const LEAN_HEAP = '--max-semi-space-size=4'

/** The engine's heap is small, and each full collection stops it for 10 ms: it may grow faster than the watcher's (LEAN_GROWTH).
 *  As long as it is no larger than four times what is in use while files arrive, and some, it may grow fourfold: 12 MB are in use then,
 *  and with 75 percent that was collected twice in 256 MiB, by the main thread and V8's helpers: 0.4 CPU s/GiB. */
export const ENGINE_GROWTHS: Growths = {
  smallBytesMax: 64 << 20,
  small: '--heap-growing-percent=300',
  large: '--heap-growing-percent=75',
}

/** Bytecodes that V8 inlines into one function that it optimises, where it would take 920: the watcher's code is warm for seconds and
 *  has no loop that needs more, and optimising it took a quarter of its processor time while 10,000 small files came. */
const LEAN_INLINING = '--max-inlined-bytecode-size-cumulative=300'

/** Bytecode that runs in one function before V8 optimises it, where 67,584 would do: what a burst of 2,000 files warms is about to be
 *  idle. Such a burst takes 1.5 CPU s of both ends with it and 1.75 without, 10,000 files the same. Node 20 alone knows it. */
const PATIENT_COMPILER = '--interrupt-budget=400000'

/** Options of V8 for the watcher process, each looked for before it is used. */
export const WATCHER_OPTIONS = [LEAN_GROWTH, LEAN_INLINING, PATIENT_COMPILER]

/** Options of V8 for a tracker, each looked for before it is used: its young heap stays at 2 MB, where it would grow to 32 for what
 *  each heartbeat makes and drops. With 1,000 groups of 10 it then peaks at 82 MB, and at 113 without (Node 20). */
export const TRACKER_HEAP = [LEAN_GROWTH, '--semi-space-growth-factor=1']

const KNOWN_SINCE_20 = [LEAN_INLINING, ...TRACKER_HEAP]

/** By the V8 of Node 20, 22 and 24, which of the options above it knows: three looks at each start are 20 ms of processor time, most
 *  of it the main thread's for making processes. Another V8 is asked. */
export const KNOWN_OPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['11.3', [...KNOWN_SINCE_20, PATIENT_COMPILER]],
  ['12.4', KNOWN_SINCE_20],
  ['13.6', KNOWN_SINCE_20],
])

/** The look whether Node knows an option; a machine that takes longer goes on without. */
export const OPTION_LOOK_MS_MAX = 5_000

/** Datagrams sent before the loop receives again. The 200 requests that a first round trip allows take 4 ms to send,
 *  and blocks that have arrived would wait for that long. */
export const SENDS_PER_TURN_MAX = 16

/** How far a start looks for other shares within its own: some 50 ms. What lies deeper the scan finds. */
export const INNER_SHARE_FOLDERS_MAX = 1_000
export const INNER_SHARE_DEPTH_MAX = 4
export const INNER_SHARE_NAMES_MAX = 20_000

/** A file of which a peer has pulled nothing for this long is not being sent. */
export const SENDING_MS = 2_000

/** How long a state is waited for of a watcher process that is reading or hashing; a step of it takes milliseconds. */
export const STATE_MS_MAX = 3_000

/** How often `left --once` looks whether all is in step. */
export const ONCE_POLL_MS = 100

/** How long it goes on then. On a link of 20 ms that loses 5% each way, one answer in ten thousand is lost four times in it. */
export const ONCE_LINGER_MS = 500

/** Addresses that were found and not named. */
export const FOUND_PEERS_MAX = 64

/** How long a found address is called that nobody is met at. Of a beacon of the group three may be lost; of one that anybody may have
 *  sent, in the name of another host of the link, and at a neighbour, it is six hellos. */
export const FOUND_MS = { beacon: 120_000, untagged: 10_000, neighbour: 10_000 } as const

/** The same of one that was met since this process started: it may be off for the night. */
export const FOUND_MET_MS = 86_400_000

/** Addresses that were this machine's own: of all its interfaces, and of the networks it was in. */
export const OWN_ADDRESSES_NOTED_MAX = 64

/** How often this machine's addresses are looked at, 0.1 ms each time: a new one is used 2 s later. Found addresses are swept then. */
export const OWN_ADDRESSES_LOOK_MS = 2_000

/** Trusted keys that are tried at a found address, one a hello: with waits of up to 5 s these take five minutes. */
export const TRIALS_MAX = 64

/** Keys that are asked for one after the other at an address where none was met: 2 s each. */
export const VISIT_KEYS_MAX = 8

/** Blocks that `left get` reads and hashes between two turns of its loop: 16 take ten milliseconds on a slow machine. */
export const GET_BLOCKS_PER_TURN = 16

/** How often a tracker looks who is gone, and how often at most it tells of a change: its log does not grow by what others do. */
export const TRACKER_LOOK_MS = 1_000
export const TRACKER_TOLD_MS = 10_000

/** Addresses of trackers, of all names together. */
export const TRACKER_ADDRESSES_MAX = 32

/** Addresses that are kept of those that trackers told, of each tracker and of all: as many as a group may have, twice. */
export const TRACKED_PER_SOURCE_MAX = 256
export const TRACKED_MAX = 512

/** How long a peer is waited for that was asked something for a person: an answer takes a round trip, and a step of its watcher process. */
export const PEER_ANSWER_MS_MAX = 2_000

/** A knock is sent twice, and waited for so long after the peer has said that it sends it: a round trip, and more. */
export const KNOCK_AGAIN_MS = 200
export const KNOCK_MS_MAX = 1_000

/** Knocks at the addresses of peers that ask for them: each takes a socket. */
export const KNOCKS_PER_S_MAX = 4

/** Characters of a peer id by which a person may name a peer: with 512 peers two have the same four once in two shares. */
export const PEER_PREFIX_CHARACTERS_MIN = 4

/** Each of the two files of the log of events: 20,000 events of 200 bytes, which are weeks of a quiet share. A write that finds it so
 *  long begins the next one. */
export const LOG_FILE_BYTES_MAX = 4_194_304

/** Events wait so long for a write, and so many characters of them at most. */
export const LOG_FLUSH_MS = 500
export const LOG_BUFFER_CHARACTERS_MAX = 1_048_576
