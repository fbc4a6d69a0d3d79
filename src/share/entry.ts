// One thing in a share, and how it is written down: in a folder's listing, in a message and in a capture.
// The same line everywhere.

import type { Digest } from '../base/item.js'
import type { Version } from './version.js'

export type EntryKind = 'file' | 'folder' | 'link' | 'tombstone'

/** A manifest entry. Immutable: a change is a new entry. */
export interface Entry {
  /** Relative, joined by '/'; no empty, '.' or '..' component. */
  readonly path: string
  readonly kind: EntryKind
  /** 0 for anything that is not a file. */
  readonly sizeBytes: number
  /** Whole milliseconds since the Unix epoch; 0 for folders. For a tombstone, when the deletion was seen. */
  readonly mtimeMs: number
  readonly executable: boolean
  /** Digest of a file's digest list; for an empty file the digest of nothing; '' for the other kinds. */
  readonly digest: Digest | ''
  /** The target of a kept link; '' for the other kinds. */
  readonly target: string
  readonly version: Version
}
