/** Root changes remembered, so that an update can list what is new to a peer that knows an older root. */
export const ROOT_HISTORY_MAX = 64
