// Limits of finding peers on the local network. The port, the groups and the length of a beacon are part of the wire format; the
// rest is ours to choose.

import { assert } from '../base/assert.js'

/** UDP port of beacons, for all peers of a machine together. Sessions have ports of their own. */
export const BEACON_PORT = 22_099

/** Groups that beacons go to: of the IPv4 local scope (RFC 2365, 6.1), and transient within the link (RFC 4291, 2.7). */
export const BEACON_GROUP_IPV4 = '239.255.76.69'
export const BEACON_GROUP_IPV6 = 'ff12::4c45:4654'

/** Marker, format, port, nonce, tag. */
export const BEACON_BYTES = 40
export const BEACON_NONCE_BYTES = 16
/** HMAC-SHA-256, cut: a guess fits once in 2^128, and costs a datagram. */
export const BEACON_TAG_BYTES = 16

/** Waits between two beacons from one address: doubled from the first on, jittered by a quarter. Six beacons in the first minute,
 *  so that a lost one costs a second; then 40 bytes every half minute. */
export const BEACON_MS_FIRST = 1_000
export const BEACON_MS_MAX = 30_000

/** Secrets that beacons are tagged with: the old one and the new one (SECRETS_MAX of seal). */
export const BEACON_KEYS_MAX = 2

/** Addresses of this machine that beacons are sent from. */
export const OWN_ADDRESSES_MAX = 64

/** Beacons of our own that are known again when they come back. */
export const OWN_NONCES_MAX = 512

/** Beacons of one host that are looked at: an honest peer sends two at once (multicast and broadcast), twice with two secrets,
 *  and a machine may run a few peers. */
export const BEACONS_PER_HOST_PER_S_MAX = 4
export const BEACONS_PER_HOST_BURST = 16
export const HOSTS_COUNTED_MAX = 1_024

/** Beacons of all hosts that are looked at, per second: at 4 µs for an HMAC with each of two secrets, below 1% of a core. */
export const BEACONS_PER_S_MAX = 1_000

/** Nonces that came: a beacon that comes again, from whoever, is dropped. An hour of 8 peers. */
export const NONCES_REMEMBERED_MAX = 1_024

/** Addresses told per second, and how many wait to be taken: each costs a call. */
export const FOUND_PER_S_MAX = 8
export const FOUND_QUEUED_MAX = 64

/** Hosts whose beacons came: their neighbour entry needs no hello. */
export const HEARD_HOSTS_MAX = 256

/** First look into the system's neighbour table: beacons have had their answer by then. Looks from then on, doubled. */
export const NEIGHBOURS_MS_FIRST = 3_000
export const NEIGHBOURS_MS_MAX = 60_000

/** Hellos to neighbours in one look, and neighbours that get one until an address of ours changes. */
export const NEIGHBOURS_PER_LOOK_MAX = 32
export const NEIGHBOURS_MAX = 256

assert(NEIGHBOURS_MS_FIRST > BEACON_MS_FIRST, 'a second beacon comes before the first hello')
assert(BEACONS_PER_HOST_BURST >= 4 * BEACON_KEYS_MAX, 'two peers of one host start at once')
