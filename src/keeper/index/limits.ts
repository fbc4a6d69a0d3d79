/** Changes of the index gathered in memory before they are committed; measured in src/watcher/index-store.ts. */
export const COMMIT_CHANGES_MAX = 2_000
