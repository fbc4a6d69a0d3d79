import { assert } from '../base/assert.js'
import { BLOCK_BYTES, TREE_ITEM_BYTES_MAX } from '../base/limits.js'

// — What the engine holds —

/** Places of items that are being served, remembered so that each block does not ask the keeper. */
export const LOCATIONS_MAX = 4_096

/** Bytes of digest lists and tree items among them. */
export const LOCATION_BYTES_MAX = 48 * 1024 * 1024

/** Of the changes that peers are told together, the newest files of several blocks whose places are looked up ahead. */
export const ANNOUNCED_AHEAD_MAX = 4

/** Reads of blocks to serve that may be under way at once; libuv has four threads by default. */
export const READS_MAX = 32

/** Blocks waiting to be served at most, over all sessions: rdt asks for up to 256 ahead of each. */
export const WANTED_MAX = 4_096

/** Written blocks are told to the log after this long, or as soon as there are BLOCKS_PER_REPORT. */
export const BLOCK_REPORT_MS = 50
export const BLOCKS_PER_REPORT = 64

/** How often a person is shown the state of a file in flight. */
export const PROGRESS_MS = 250

/** Root changes remembered, so that an update can list what is new to a peer that knows an older root. */
export const ROOT_HISTORY_MAX = 64

/** How long a peer is asked to wait while the share is still being read. */
export const WORKING_RETRY_MS = 300

/** A tree or list whose digest does not match is pulled again this often, then given up. */
export const ITEM_TRIES_MAX = 3

/** How often the sources of a file are looked at: who fell silent, who is slow, whom to ask what it holds by now. */
export const SPREAD_TICK_MS = 50

/** A peer that is building the same file is asked again after this long what it holds; one that has nothing of it, after
 *  twice as long as before. */
export const HOLDING_MS = 100
export const HOLDING_MS_MAX = 2_000

/** A peer that did not have what it had said is not asked for the file again for this long. */
export const BARRED_MS = 2_000

/** A source from which nothing came for so long gives its blocks back, if there is another. */
export const SILENT_MS = 250
export const SILENT_RTTS = 4

/** Of a source that has sent so many blocks that are not what the file has there, no more is asked. One would do: what is
 *  damaged on its way is refused before. */
export const WRONG_BLOCKS_MAX = 4

/** For so long, whatever session it comes in; and of so many peers and files this is remembered, 150 bytes each. */
export const LIAR_MS = 600_000
export const LIARS_MAX = 1_024

/** With nobody left who holds the whole file, peers that are building it too are pulled from until nothing has come of
 *  them for so long. */
export const ORPHANED_MS = 2_000

/** Weight of the newest tick in what a source is taken to deliver. */
export const SOURCE_RATE_WEIGHT = 0.25

/** With no more blocks than these free, it is weighed who shall still take one: about two windows of 1 Gbit/s and 20 ms. */
export const TAIL_BLOCKS = 64

/** What is asked of a second source at once, when it would take this many times longer from the first. */
export const AGAIN_BLOCKS_MAX = 16
export const AGAIN_FACTOR = 2

/** Blocks of a file of which nothing is here that are pulled before its list has come, 3 MB: what comes in the round
 *  trip between the two at 1 Gbit/s and 20 ms. Where there are other peers too, each block is better asked of the one
 *  that has it to spare; one only says how fast this one is. */
export const AHEAD_BLOCKS_MAX = 48
export const AHEAD_BLOCKS_SHARED_MAX = 1

/** What one partner holds and no other comes from a whole source too when it would come so much later than all the rest:
 *  rates vary tenfold on busy machines, and each block that a whole source sends twice is one more on its uplink. */
export const BEHIND_FACTOR = 4
export const BEHIND_MS = 500

// — What the keeper holds —

/** Files up to this long are read by the keeper where the engine asks for their place: opening, reading and closing one
 *  in libuv's pool takes the engine 100 µs, and the keeper 10. */
export const INLINE_BYTES_MAX = 16 * 1024

/** A file must stay the same this long before it is announced; doubles each time it changes meanwhile. */
export const SETTLE_MS = 100
export const SETTLE_MS_MAX = 2_000

/** A file of one block is read so long after it was seen first, while it settles: any later write gets a later time then,
 *  also from a clock that ticks every 10 ms. */
export const READ_AHEAD_MS = 20

/** Changes of the share are gathered this long before the peers are told. */
export const ANNOUNCE_MS = 15

/** And then not again for this long, which doubles while changes keep coming: the first ones are told at once, a stream
 *  of them in batches. */
export const ANNOUNCE_SPACING_MS_MIN = 25
export const ANNOUNCE_SPACING_MS = 100

/** A path that is not what the catalogue says is looked at, and placing is tried again after this long, so often. */
export const PLACE_RETRY_MS = 150
export const PLACE_TRIES_MAX = 40

/** Hints about what was put in place a moment ago wait until nothing is wanted any more, at most so long; and of so many
 *  paths. */
export const ECHO_REST_MS = 1_000
export const ECHOES_MAX = 65_536

/** What was received from others is told on no more often than this while more is coming. */
export const RELAY_ANNOUNCE_MS = 3_000

/** Bytes read and hashed in one step of background work: a few milliseconds. */
export const STEP_BYTES = 16 * BLOCK_BYTES * 4

/** Files looked at in one step. */
export const STEP_FILES = 256

/** Files of one block in flight at most, and their bytes. */
export const SMALL_FETCHES_MAX = 512
export const SMALL_FETCH_BYTES_MAX = 6 * 1024 * 1024

/** Files of several blocks in flight at most. */
export const LARGE_FETCHES_MAX = 4

/** Tree items asked of one peer at once, and their bytes: a page has 33 kB, and two of the longest must do. What a peer
 *  sends all but the end of is held for as long as it is there. */
export const TREE_PULLS_MAX = 64
export const TREE_PULL_BYTES_MAX = 2 * TREE_ITEM_BYTES_MAX

/** Paths wanted of one peer until nothing more is looked for in its listings, 600 bytes each, and the UTF-16 code units of
 *  their texts, for paths may be long: 20 to 40 MB. Far more than is fetched at once, and as much as many a share holds, so
 *  that a person mostly sees at once how much is to come. */
export const WANTS_PER_PEER_MAX = 32_768
export const WANT_TEXT_PER_PEER_MAX = 8 * 1024 * 1024

/** Changes of the index gathered in memory before they are committed; measured in src/watcher/index-store.ts. */
export const COMMIT_CHANGES_MAX = 2_000

/** What was placed is committed and logged after this long, or as soon as there are so many: a commit waits for
 *  the disk, and until then the log says that the files are being placed. */
export const PLACED_COMMIT_MS = 250
export const PLACED_COMMIT_MAX = 2_048

/** How often what was placed may let something else be placed in one call; the rest waits for the next one. */
export const SETTLE_ROUNDS_MAX = 64

/** When nothing was placed for this long, what was is brought onto stable storage, so many files a step. */
export const CHECKPOINT_QUIET_MS = 10_000
export const CHECKPOINT_STEP_FILES = 16

/** Changes listed with a new root; more than this never fits one message. */
export const CHANGES_LISTED_MAX = 48

/** Refused paths of one peer that are told by name, and unreadable listings likewise; then it is how many more, after
 *  COUNT_TOLD_MS and at last every COUNT_TOLD_MS_MAX. Peers beyond so many are counted as one. */
export const COMPLAINTS_NAMED_MAX = 10
export const COUNT_TOLD_MS = 2_000
export const COUNT_TOLD_MS_MAX = 600_000
export const COMPLAINTS_PEERS_MAX = 64

/** Refused paths that are remembered, so that they are neither told nor tried again with every root of a peer. */
export const REFUSED_PATHS_MAX = 16_384

/** The whole share is read again this often at most, and at most this share of the time. */
export const RESCAN_MS_MIN = 30_000
export const RESCAN_DUTY = 0.0025

/** After a full disk, how long until the next try. */
export const FULL_DISK_RETRY_MS = 5_000

/** Names tried for the loser of a conflict, where something else stands at the first ones. */
export const CONFLICT_NAMES_MAX = 100

/** What could not be placed is tried again after this long, and then after twice as long each time. */
export const REFUSAL_MS = 60_000
export const REFUSAL_MS_MAX = 3_600_000

/** After a walk was thrown off or a source failed, how long until the peer is asked again. */
export const ASK_AGAIN_MS = 250
export const ASK_AGAIN_MS_MAX = 10_000

assert(STEP_BYTES >= BLOCK_BYTES)
assert(SETTLE_MS <= SETTLE_MS_MAX)

/** Blocks read at once for hashing: a 1 MB buffer, held for ever. */
export const HASH_CHUNK_BLOCKS = 16

/** Folders inside folders: PATH_BYTES_MAX has room for no more. */
export const FOLDER_DEPTH_MAX = 2_048

/** A large file that nobody has gone on with for this long is not gone on with: a week. */
export const TEMPORARY_AGE_MS_MAX = 7 * 24 * 3_600_000

/** How long written data may stay in the memory of a machine: Linux writes it back after 30 s, and this is generous. */
export const UNWRITTEN_MS_MAX = 120_000

/** Sessions whose figures are kept for the receipt of one transfer: far more than there are peers, so only what came
 *  over the first of very many reconnections is missing. */
export const RECEIPT_SESSIONS_MAX = 256
