// One thing in a share, and how it is written down: in a folder's listing, in a message and in a capture.
// The same line everywhere.

import type { Access } from '../base/access.js'
import type { Digest } from '../base/item.js'
import type { Dot, DottedVersion } from './dots.js'

export type { Access } from '../base/access.js'

export type EntryKind = 'file' | 'folder' | 'link' | 'tombstone'

/** Written by one edit and never changed afterwards: one dot, one content. */
export interface Content {
  readonly kind: EntryKind
  /** 0 for anything that is not a file. */
  readonly sizeBytes: number
  /** Digest of a file's digest list; for an empty file the digest of nothing; '' for the other kinds. */
  readonly digest: Digest | ''
  /** The target of a kept link; of a tombstone, the path to which its content was moved, where it was; '' for the others. */
  readonly target: string
  /** Of a tombstone: the kind of thing that was deleted. */
  readonly deletedKind: Exclude<EntryKind, 'tombstone'> | undefined
  /** Modification time in whole milliseconds since the Unix epoch when the edit was found; of a tombstone, when the deletion
   *  was found; 0 for folders. A touch leaves it, since conflicts are ordered by it. */
  readonly mtimeMs: number
}

export interface Mode {
  readonly access: Access
  readonly executable: boolean
}

export interface Touch {
  readonly mtimeMs: number
  /** The edit whose content was touched: the time counts for no other. */
  readonly content: Dot
}

/** Written by one edit and never changed afterwards, too. */
export interface Attributes extends Mode {
  /** A modification time that was set later than the content was written. */
  readonly touched: Touch | undefined
  /** Of a tombstone: a person confirmed that so much is to go. */
  readonly confirmed: boolean
}

/** A manifest entry. Immutable: a change is a new entry. */
export interface Entry extends Content, Attributes {
  /** Relative, joined by '/'; no empty, '.' or '..' component. */
  readonly path: string
  readonly version: DottedVersion
}
