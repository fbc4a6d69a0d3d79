// seal's numbers, each with its unit and where it comes from.

import { assert } from '../base/assert.js'
import { BLOCK_BYTES, FRAME_OVERHEAD_BYTES } from '../base/limits.js'

// — Specification: both ends must agree on these. —

export const PEER_ID_BYTES = 8
/** Random, of one run of a process. */
export const LIFE_BYTES = 8
/** A count of edits: a whole number that a double holds. */
export const AUTHOR_BYTES = 8
export const COUNT_BYTES = 8
export const SESSION_BYTES = 8

/** AES-256-GCM, NIST SP 800-38D. */
export const KEY_BYTES = 32
export const GCM_NONCE_BYTES = 12
export const TAG_BYTES = 16

/** Associated data that libcrypto is given directly: 38 bytes of a frame, 13 of a datagram. Longer ones, of handshakes, go
 *  through node:crypto. */
export const ASSOCIATED_BYTES_MAX = 64

/** SHA-256, HMAC and HKDF with it. */
export const HASH_BYTES = 32

/** RFC 7748. */
export const X25519_BYTES = 32

/** An element of ristretto255, and a scalar (RFC 9496). */
export const GROUP_BYTES = 32

/** Leaves 252 bits of a scalar, as draft-irtf-cfrg-cpace advises: below the order of the group. */
export const CPACE_SCALAR_TOP_MASK = 0x0f

/** ISK of CPace: a digest of SHA-512. */
export const CPACE_KEY_BYTES = 64

/** scrypt (RFC 7914) of a shared secret, once a start: 128 MiB and 0.5 s a guess. */
export const SECRET_SCRYPT_COST = 2 ** 17
export const SECRET_SCRYPT_BLOCK = 8
export const SECRET_BYTES = 32

/** Secrets that are valid at once, so that one can be replaced by another. */
export const SECRETS_MAX = 2

/** RSA-3072: 128 bits of strength (NIST SP 800-57). Modulus, ciphertext and signature are all this long. */
export const RSA_BITS = 3_072
export const RSA_BYTES = RSA_BITS / 8

/** Bytes of the secret that RSA-OAEP carries to the asker. */
export const OAEP_SECRET_BYTES = 32

/** Names a session that may be resumed. */
export const TICKET_ID_BYTES = 16

/** The counter of a sealed datagram, in the clear. */
export const COUNTER_BYTES = 4

// — Implementation: each peer may choose its own. —

/** How far datagrams may overtake each other, in datagrams of a session. */
export const REPLAY_WINDOW = 2_048

/** How old a ticket may be: a day. */
export const TICKET_MS_MAX = 86_400_000

/** Wrong guesses of a secret, of all addresses together: 43,200 a day. A sentence of four common words (2^44) is guessed in
 *  half a million years, and one of five letters from a list of 2^20 in a month. Of one host fewer, so that no host uses
 *  up what all have. */
export const GUESSES_BURST = 32
export const GUESSES_PER_S_MAX = 0.5
export const GUESSES_PER_HOST_BURST = 4
export const GUESSES_PER_HOST_PER_S_MAX = 0.05
export const GUESSERS_REMEMBERED_MAX = 1_024

/** The same of our own attempts, for whoever answers in the place of a peer tests a guess with each. */
export const ASKED_GUESSES_BURST = 32
export const ASKED_GUESSES_PER_S_MAX = 0.05

/** Addresses of which it is remembered which secrets did not fit there. */
export const ADDRESSES_WALKED_MAX = 1_024

/** Uses of a session's keys until another session takes its place: RFC 9001 (6.6, B.1) allows AES-GCM 2²³ packets of
 *  2 KiB, which is 2³⁰ blocks of AES. Frames have 2¹² of those: 2¹⁸ frames (17 GB). Datagrams have at most 2¹²
 *  as well (path probes), commonly 2⁷. Keys of an hour ago are worth nothing to a thief then, too. Derived nonces
 *  of 96 bits meet by chance with 2³⁶⁻⁹⁷ at 2¹⁸ frames. */
export const FRAMES_PER_KEY_MAX = 2 ** 18
export const DATAGRAMS_PER_KEY_MAX = 2 ** 22

/** Forged datagrams per session until its keys are given up: RFC 9001 allows 2⁵². */
export const FORGERIES_PER_KEY_MAX = 2 ** 36

/** Tickets that may be answered, the oldest forgotten first; and as many to ask with. */
export const TICKETS_MAX = 512

/** Slow steps that may wait at once. What needs another is dropped, and comes again. */
export const STEPS_MAX = 64

/** Rounds of PBKDF2-HMAC-SHA-512 between a passphrase and the key of an identity's file: 0.2 s of a core, once a start.
 *  OWASP's password storage cheat sheet asks for 210,000 of them, and for 600,000 with SHA-256. */
export const LOCK_ITERATIONS = 600_000
export const LOCK_SALT_BYTES = 16
export const LOCK_IV_BYTES = 16

/** A key that another tool put under scrypt stays as it is from here on: `openssl pkcs8 -scrypt` takes these (16 MiB a
 *  guess, RFC 7914). */
export const LOCK_SCRYPT_COST_MIN = 2 ** 14
export const LOCK_SCRYPT_BLOCK_MIN = 8

/** A shared secret shorter than this is refused: a word or two can be guessed even at the rate that guesses are let. */
export const SHARED_SECRET_BYTES_MIN = 16

/** The random name in a secret that `left secret` made. */
export const SECRET_NAME_BYTES = 4

/** Blocks of an item that are compressed in vain until its others are not tried; and every how many-th is tried all
 *  the same, for a file may change its nature on the way. */
export const COMPRESSION_TRIES = 4
export const COMPRESSION_RETRY_BLOCKS = 32

/** Bytes that must be saved for a frame to be worth decompressing: a segment of an Ethernet path. */
export const COMPRESSION_GAIN_BYTES_MIN = 1_500

/** Blocks shorter than this are not worth the trouble. */
export const COMPRESSION_BLOCK_BYTES_MIN = 256

/** Files in a pack shorter than this are not tried: LZ4 finds nothing in 12 bytes, and little in a few dozen. */
export const COMPRESSION_PART_BYTES_MIN = 64

/** Items whose compressibility is remembered. */
export const COMPRESSION_ITEMS_MAX = 4_096

/** Addresses that are remembered of one trusted key: as many as `--ip` may name, for all of them may be machines with copies
 *  of one identity, and at an address that is forgotten an unknown key would be a first meeting again. */
export const PIN_ADDRESSES_MAX = 256

/** Peer ids that are remembered as one key's: copies of a share that one user ever kept. The oldest is forgotten. */
export const PEER_IDS_PER_KEY_MAX = 64

/** Changes of the pins that could not be written and are kept in memory. */
export const PIN_CHANGES_PENDING_MAX = 256

/** How long the file of pins may be locked, which is until it is on the disk, before the lock counts as left behind, and how often it is tried. */
export const PIN_LOCK_MS_MAX = 10_000
export const PIN_LOCK_TRY_MS = 15

assert(1 + TAG_BYTES <= FRAME_OVERHEAD_BYTES, 'a sealed frame must fit what rdt has room for')
assert(BLOCK_BYTES / 16 < 2 ** 12, 'the limits above count 2¹² blocks of AES to a frame')
