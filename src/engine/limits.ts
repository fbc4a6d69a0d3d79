/** Limit of places looked up before a peer asks: the newest files of several blocks among the changes told together. */
export const ANNOUNCED_AHEAD_MAX = 4

/** How often a person is shown the state of a file in flight. */
export const PROGRESS_MS = 250

/** How long a peer is asked to wait while the share is still being read. */
export const WORKING_RETRY_MS = 300

/** Sessions whose figures are kept for the receipt of one transfer: far more than there are peers, so only what came
 *  over the first of very many reconnections is missing. */
export const RECEIPT_SESSIONS_MAX = 256
