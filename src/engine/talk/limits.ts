/** Root changes remembered, so that an update can list what is new to a peer that knows an older root. */
export const ROOT_HISTORY_MAX = 64

/** Listings that a peer may ask for before it is vetted: a walk has no more of them under way. */
export const UNVETTED_REQUESTS_MAX = 256

/** Peers that are known to be vetted while no session is open with them; another tells first what it knows. */
export const VETTED_PEERS_MAX = 1_024
