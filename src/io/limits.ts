// Limits of the real world's side. All are ours to choose: none is part of the wire format.

import { assert } from '../base/assert.js'
import { DATAGRAM_BYTES_MAX } from '../base/limits.js'

/** Buffer that a socket asks the kernel for, each way. Linux gives at most `net.core.{r,w}mem_max`, often 208 KiB.
 *  */
export const SOCKET_BUFFER_BYTES = 8 * 1024 * 1024

/** Where asking for less and less ends: below this any answer of the kernel's is taken. */
export const SOCKET_BUFFER_BYTES_MIN = 64 * 1024

/** Datagrams that the kernel refused for now and that wait in the process. Past either limit `hasRoom`
 *  answers no: what waits here is latency that the congestion window cannot see. */
export const SEND_QUEUE_BYTES_MAX = 4 * 1024 * 1024
export const SEND_QUEUE_DATAGRAMS_MAX = 1_024

/** Datagrams that Linux cuts out of one send (UDP_MAX_SEGMENTS of 4.18; newer kernels take 128). */
export const OFFLOAD_SEGMENTS_MAX = 64

/** Datagrams received in one turn of the event loop, merged ones counted one by one: then what came is answered. Less than
 *  comes in a few milliseconds of a fast link leaves the rest to Node, which reads up to 31 more, each at the price of
 *  several of ours. */
export const RECEIVED_PER_TURN_MAX = 2_048

/** Probe that compares offload with Node: bundles of 64 KB a time, times each, and how long to wait for one. They
 *  fit the smallest buffer that sockets have by default. */
export const PROBE_BUNDLES = 2
export const PROBE_ROUNDS = 3
export const PROBE_MS_MAX = 100

/** Addresses whose texts a socket remembers. Strangers can fill it, so it is emptied when full. */
export const ADDRESS_CACHE_COUNT_MAX = 4_096

/** Ethernet's MTU: what we assume of an interface that does not tell. RFC 894. */
export const ETHERNET_MTU_BYTES = 1_500

/** IP and UDP headers without options. RFC 791, 8200, 768. */
export const IPV4_HEADERS_BYTES = 20 + 8
export const IPV6_HEADERS_BYTES = 40 + 8

/** The largest datagram that macOS sends unless `net.inet.udp.maxdgram` is raised. */
export const DARWIN_DATAGRAM_BYTES_MAX = 9_216

/** How long an answer about the local interface towards an address is believed. */
export const INTERFACE_AGE_MS_MAX = 30_000

/** How long a name may take to resolve. The resolver's own patience (5 s × servers × tries) is longer. */
export const RESOLVE_TIMEOUT_MS = 5_000

/** Addresses of one name that are worth trying. */
export const RESOLVED_COUNT_MAX = 16

/** Followed links that the disk remembers, so as not to look for a way without links first. Forgotten all at once: it saves time alone. */
export const OUTWARD_LINKS_MAX = 1_000

/** Open files that the engine keeps for reading, and as many again for writing. */
export const OPEN_FILES_MAX = 64

/** Blocks that are read or written in one go: 1 MB. */
export const RUN_BLOCKS_MAX = 16

/** Messages with blocks to be proved that the thread has at once: one that it works on, and one that it goes on with. */
export const PROOFS_IN_FLIGHT_MAX = 2

/** The thread's heap, in MB: it holds a few messages. */
export const THREAD_HEAP = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 } as const

/** Blocks shorter than this are not worth a message; and the bytes of very short ones may lie in memory that Node shares
 *  between many (Buffer.poolSize). */
export const THREAD_BYTES_MIN = 16_384

/** Folders that the disk holds open to write into, and how long: a scan or a large tree comes back to the same few
 *  within milliseconds, and what is idle should hold nothing. */
export const FOLDERS_HELD_MAX = 64
export const FOLDER_HELD_MS_MAX = 1_000

/** Whether a folder is still in the share is asked this often at most of the folder of temporary files, and of one that was just
 *  listed or whose files are hashed or served. */
export const FOLDER_TRUSTED_MS = 5

/** Randomness is drawn from the system in batches of this size: a call costs more than its bytes. */
export const RANDOM_BATCH_BYTES = 4_096

/** Dead owners that left a half-made takeover of one lock behind. Each needs a kill within a millisecond. */
export const LOCK_TAKEOVERS_MAX = 64

assert(SEND_QUEUE_BYTES_MAX >= DATAGRAM_BYTES_MAX, 'one datagram must fit the send queue')
assert(FOLDERS_HELD_MAX >= 2, 'a rename needs two folders at once')

/** How long a watcher process of an earlier run may take to be gone once it is killed: one that waits for a disk ends
 *  when the disk answers. And how often it is looked for. */
export const PREDECESSOR_END_MS = 10_000
export const PREDECESSOR_POLL_MS = 5

/** How old the knowledge of where the user's secrets are may be while a disk is read and written: one look for some ten small
 *  files, since it takes 6 to 10 µs. Before a block is served from a file it is looked up anew. */
export const PRIVATE_TRUSTED_MS = 1

/** Secrets that were replaced and still have a name somewhere, with those that are in use. */
export const PRIVATE_HELD_MAX = 64

/** Links that lead from one to the next, as Linux has it (path_resolution(7)). */
export const PRIVATE_LINKS_MAX = 40

/** Notes of where peer ids were last used that are read at a start, 10 µs each; a share whose note lies beyond them is not missed. */
export const PLACES_LOOKED_AT_MAX = 10_000

/** Files in LEFT's own folder whose mode is put right at a start, and how deep: `.left/index/data.mdb` is at 2. More than
 *  the log, the index and a few hundred temporary files are there only by mistake, and the folder itself keeps all out. */
export const OWN_FILES_MAX = 10_000
export const OWN_FOLDER_DEPTH_MAX = 2

/** The system's neighbour table: some 80 bytes an entry, of which Linux keeps 1,024; and how long a command may take that prints it. */
export const NEIGHBOUR_TABLE_BYTES_MAX = 1_048_576
export const NEIGHBOUR_TABLE_MS_MAX = 2_000

/** Received beacons that wait in the kernel. What a flood brings beyond is dropped there, at no cost. */
export const BEACON_BUFFER_BYTES = 64 * 1_024

/** Hops of a beacon: it stays on its link. */
export const BEACON_HOPS = 1

/** Growth of a heap after a collection, an option of V8 that is looked for before it is used (app/heap.ts). Without it both
 *  processes together hold 477 to 505 MB after the self-test's attacks with long names and endless indexes, where they hold
 *  less than 400 with it: V8 would let the heaps of a machine with much memory grow fourfold. */
export const LEAN_GROWTH = '--heap-growing-percent=20'
