/** Changes of the index gathered in memory before they are committed; measured in src/watcher/index-store.ts. */
export const COMMIT_CHANGES_MAX = 2_000

/** Paths with a forgotten edit that a person is told of in one run of the process. */
export const FOLDED_PATHS_MAX = 1_024
