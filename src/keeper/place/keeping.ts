// Keeps the loser of a conflict, in the moment before the winner takes its path: beside it, under a name that every peer makes of the same
// loser; in the trash where enough copies of one file stand beside it, or where the winner holds all of it. Placing calls it.

import type { Digest, Hash } from '../../base/item.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import type { Temporary } from '../../pipe/layout.js'
import type { Direction } from '../../pipe/settings.js'
import { originalOf } from '../../share/decide.js'
import { sameContent } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import { conflictPath } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import type { Scanner } from '../scan/scanner.js'
import type { Trash } from '../trash/trash.js'
import { adoptStanding } from './adopting.js'
import { beginsWith } from './beginning.js'
import { decideHere } from './deciding.js'
import { CONFLICT_COPIES_MAX, CONFLICT_NAMES_MAX } from './limits.js'
import { signatureAfter } from './metadata.js'

export interface KeepingOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly scanner: Scanner
  readonly trash: Trash
  readonly direction: Direction
}

export class Keeping {
  private readonly options: KeepingOptions

  constructor(options: KeepingOptions) {
    this.options = options
  }

  /** Gives the loser of a conflict at `from` its second name; answers which, or undefined where somebody has seen the copy
   *  and deleted it. A loser that is a copy itself loses its name: it takes the next one of its original. Folders never
   *  lose. Throws a DiskError. */
  keepLoser(from: string, copy: Entry): string | undefined {
    const original = originalOf(copy.path)
    for (let choice = 1; choice <= CONFLICT_NAMES_MAX; choice++) {
      const path = choice === 1 ? copy.path : conflictPath({ ...copy, path: originalOf(from) }, choice)
      if (path === from) continue
      const { catalogue } = this.options
      const kept = this.keepAs(from, { ...copy, path }, catalogue.conflictCopies.of(original).size)
      if (kept === 'too-many') return this.keepInTrash(from)
      if (kept === 'kept') return catalogue.live(path) === undefined ? undefined : path
    }
    throw new DiskError('io', `no name is left for the loser of a conflict at ${from}`)
  }

  /** Whether the loser is the beginning of the winner, whose content the temporary file holds. Where that cannot be read the
   *  loser gets its copy. */
  isContained(loser: Entry, winner: Entry, temporary: Temporary | undefined): boolean {
    const { disk, hash, catalogue } = this.options
    if (temporary === undefined) return false
    const list = (digest: Digest) => catalogue.list(digest)
    try {
      return beginsWith({ disk, hash, list }, temporary.path, winner, loser)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return false
    }
  }

  /** Keeps a loser that the winner begins with in the trash: its person may have meant to cut the file short. Answers false where
   *  the trash has taken too many within this hour; the winner holds all of it. Throws a DiskError. */
  keepContained(from: string): boolean {
    return this.options.trash.keepContained(from)
  }

  /** A conflict copy is a file like any other: somebody may have written into it since, or deleted it. 'taken': something else
   *  is there. */
  private keepAs(from: string, copy: Entry, copyCount: number): 'kept' | 'taken' | 'too-many' {
    const { disk, catalogue, scanner } = this.options
    const { path } = copy
    const decision = decideHere(catalogue, copy)
    if (decision.type === 'keep') {
      // Kept already, or seen and deleted since. Any other content that has its dot among the seen ones is one that the loser's
      // author wrote here by another way: a vector holds every count up to the largest, whatever path that edit was of.
      const standing = catalogue.live(path)
      const isSame = standing === undefined || sameContent(standing, copy)
      return isSame && scanner.matches(path) ? 'kept' : 'taken'
    }
    if (decision.type === 'adopt') return adoptStanding(this.options, decision.entry) ? 'kept' : 'taken'
    if (!scanner.matches(path)) return 'taken'
    if (decision.type !== 'take' || decision.replaces !== undefined) return 'taken'
    if (copyCount >= CONFLICT_COPIES_MAX) return 'too-many'
    if (copy.kind === 'link') {
      // A link has no time of its own, and its version may be years old: after a loss of power only the log tells the copy from
      // one that a person removed. The log is synced before the index is committed.
      this.options.journal.append({ kind: 'unsynced', digest: copy.digest, path })
      disk.makeLink(path, copy.target)
      catalogue.record(decision.entry, undefined)
      return 'kept'
    }
    const own = disk.stat(from)
    disk.linkFile(from, path)
    catalogue.record(decision.entry, signatureAfter(own, disk.stat(path)), own)
    return 'kept'
  }

  private keepInTrash(from: string): string {
    try {
      return this.options.trash.keepLoser(from)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'exists') throw error
      const reason = `${CONFLICT_COPIES_MAX} conflict copies of it are kept, and of more the trash takes one a minute: left conflicts shows them`
      throw new DiskError('io', reason, error)
    }
  }
}
