// The numbers of a visit, each with its unit and where it comes from.

/** How often a peer's tree may move on under the reading of it, until that is given up: with sixteen thousand names a second read, a
 *  share is listed between two edits, or serves what it replaced for as long. */
export const LISTING_RESTARTS_MAX = 16

/** Files of one visit that are pulled at once; each costs at least a round trip. */
export const FETCHES_MAX = 32

/** How often the blocks of one file are asked for anew, after the peer said that it has not the file. */
export const FETCH_TRIES_MAX = 3
