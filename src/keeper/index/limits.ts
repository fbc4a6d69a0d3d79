/** Changes of the index gathered in memory before they are committed; measured in src/watcher/index-store.ts. */
export const COMMIT_CHANGES_MAX = 2_000

/** Paths of one content that share the table of holders with those of others; beyond them each has a place of its own. */
export const SAME_CONTENT_SLOTS_MAX = 8
