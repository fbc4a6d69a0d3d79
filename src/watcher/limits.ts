// The numbers of the watcher process, each with its unit and where it comes from.

/** How often it is seen whether the share is still where it was: one stat. Soon enough for somebody who wonders. */
export const SHARE_CHECK_MS = 3_000
