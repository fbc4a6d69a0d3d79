// Deeds of which a dry run tells: what a peer that ran would do to the share.

import type { EntryKind } from '../share/entry.js'

/** How a deed would be done. Paths are relative to the share. */
export type Deed =
  /** `crosses`: the content is nowhere in the share. `replaces`: something else stands there, and goes to the trash. */
  | {
      readonly deed: 'fetch'
      readonly path: string
      readonly kind: Exclude<EntryKind, 'tombstone'>
      readonly bytes: number
      readonly crosses: boolean
      readonly replaces: boolean
    }
  | { readonly deed: 'remove'; readonly path: string; readonly kind: EntryKind; readonly bytes: number }
  /** A folder with all that is in it, too. */
  | { readonly deed: 'rename'; readonly from: string; readonly path: string; readonly bytes: number }
  /** Time or mode alone. */
  | { readonly deed: 'touch'; readonly path: string }
  /** Edited on both. `stands` is whose would stay at the path; the other one is kept beside it, by whoever holds it. */
  | {
      readonly deed: 'conflict'
      readonly path: string
      readonly stands: 'ours' | 'theirs'
      readonly kept: string
      readonly bytes: number
    }
  /** Deleted or replaced so much that a person is asked first. */
  | { readonly deed: 'hold'; readonly path: string; readonly what: 'remove' | 'replace' }
  /** Known, and not done. */
  | { readonly deed: 'leave'; readonly path: string; readonly reason: string }

/** With the peers, by the names that the caller gave them, that have it so. */
export type ForetoldDeed = Deed & { readonly peers: readonly string[] }
