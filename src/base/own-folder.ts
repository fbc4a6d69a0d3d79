// Paths of LEFT's own folder in a share. Never shared: paths below the folder are refused everywhere.
// Beside these it holds `lock` and what takes it over (src/io/lock.ts), and `watcher` (src/io/stale-watcher-takeover.ts).

/** In whatever case a peer spells it. */
export const OWN_FOLDER = '.left'

/** Names this copy of the share. What is in the own folder of every share makes one of the folder that it is in. */
export const SHARE_MARK = 'replica'

/** The version of this layout. */
export const FORMAT_PATH = `${OWN_FOLDER}/format`

/** Ignore rules of this machine, which its person may write. */
export const OWN_RULES_PATH = `${OWN_FOLDER}/ignore`

/** A folder of lmdb, or one file: src/watcher. */
export const INDEX_PATH = `${OWN_FOLDER}/index`

export const JOURNAL_PATH = `${OWN_FOLDER}/journal`
/** Becomes the journal once it is whole. */
export const NEW_JOURNAL_PATH = `${JOURNAL_PATH}.new`

/** Contents that a peer deleted or replaced: `<day>/<path>`; src/keeper/trash. */
export const TRASH_FOLDER = `${OWN_FOLDER}/trash`

/** Received files until they are put in place; their names are in src/pipe/layout.ts. */
export const TEMPORARY_FOLDER = `${OWN_FOLDER}/tmp`

/** Where a running peer is asked; src/control. */
export const CONTROL_SOCKET = 'control.sock'

/** Addresses of `--ip` that were this machine's own; src/app/own-address-notes.ts. */
export const OWN_ADDRESSES_PATH = `${OWN_FOLDER}/addresses`

/** Who may see the page of a running peer: one line, which only this user may read; src/web. */
export const WEB_TOKEN = 'web-token'

/** Events that a person was told, as lines of `--json`, and those before them; src/app/event-log.ts. */
export const EVENT_LOG_PATH = `${OWN_FOLDER}/events.jsonl`
export const OLD_EVENT_LOG_PATH = `${OWN_FOLDER}/events.1.jsonl`
