/** Changes of the share are gathered this long before the peers are told. */
export const ANNOUNCE_MS = 15

/** And then not again for this long, which doubles while changes keep coming: the first ones are told at once, a stream
 *  of them in batches. */
export const ANNOUNCE_SPACING_MS_MIN = 25
export const ANNOUNCE_SPACING_MS = 100

/** Changes received from others are told on no more often than this while more is coming. */
export const RELAY_ANNOUNCE_MS = 3_000

/** Refused paths of one peer that are told by name, and unreadable listings likewise; then it is how many more, after
 *  COUNT_TOLD_MS and at last every COUNT_TOLD_MS_MAX. Peers beyond so many are counted as one. */
export const NOTICES_NAMED_MAX = 10
export const COUNT_TOLD_MS = 2_000
export const COUNT_TOLD_MS_MAX = 600_000
export const NOTICES_PEERS_MAX = 64

/** After a walk was thrown off or a source failed, how long until the peer is asked again. */
export const ASK_AGAIN_MS = 250
export const ASK_AGAIN_MS_MAX = 10_000

/** Peers that left whose last word is remembered. */
export const PEERS_LEFT_MAX = 256

/** Entries of one peer at one path that lost against ours and have not seen each other; the oldest beyond them is forgotten. */
export const SUPERSEDED_OF_PEER_MAX = 4
