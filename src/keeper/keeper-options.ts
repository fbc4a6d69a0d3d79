// Parts that a keeper is made of, and how its person set it. Whoever opened the share gives them.

import type { Hash } from '../base/item.js'
import type { Disk } from '../base/ports.js'
import type { BlockSearch } from '../delta/search-port.js'
import type { Journal } from '../journal/journal.js'
import type { Direction, LinkPolicy, MaxDelete, MinFree, TrashPolicy } from '../pipe/settings.js'
import type { Entry } from '../share/entry.js'
import type { Catalogue } from './index/catalogue.js'
import type { OwnEdits } from './index/own-edits.js'
import type { PeerAuthors } from './index/peer-authors.js'

export interface KeeperOptions {
  readonly disk: Disk
  readonly hash: Hash
  /** Opened and recovered (src/keeper/recover/recovery.ts), as is the catalogue. */
  readonly journal: Journal<Entry>
  readonly catalogue: Catalogue
  readonly edits: OwnEdits
  readonly authors: PeerAuthors
  readonly links: LinkPolicy
  readonly wallMs: () => number
  /** Space of the disk that stays free, whatever peers send; nothing unless given. */
  readonly minFree?: MinFree
  /** The usual one unless given. */
  readonly trash?: TrashPolicy
  /** Looks for shifted blocks; nobody does unless given. */
  readonly search?: BlockSearch | undefined
  /** The usual one unless given. */
  readonly maxDelete?: MaxDelete
  /** Both unless given. */
  readonly direction?: Direction
  /** A folder is there (or no longer) and hints about it are welcome. */
  readonly onFolder: (path: string, present: boolean) => void
  /** Folders of which there will be no hints, since the system refuses to watch them; none where not given. */
  readonly unwatchedCount?: () => number
}
