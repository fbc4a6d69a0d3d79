// Conflicts as a person sees and settles them: the file that stands at a path, and the losers that are kept beside it. Commands call it. A
// choice is an edit of the person's, which the scanner finds as it finds any other; what is not chosen goes to the trash.

import { type Disk, DiskError } from '../base/ports.js'
import type { Conflict, ConflictChoice, ConflictSide, Sample, SettledConflicts } from '../pipe/commands.js'
import { SAMPLE_MAX } from '../pipe/limits.js'
import { keptPath, originalOf } from '../share/decide.js'
import { peerOf } from '../share/dots.js'
import { mtimeOf } from '../share/edit.js'
import type { Entry } from '../share/entry.js'
import { isWithin } from '../share/path.js'
import type { Catalogue } from './index/catalogue.js'
import { CONFLICT_COPIES_MAX } from './place/limits.js'
import type { Scanner } from './scan/scanner.js'
import type { Trash } from './trash/trash.js'

export interface ConflictsOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly trash: Trash
}

export class Conflicts {
  private readonly options: ConflictsOptions

  constructor(options: ConflictsOptions) {
    this.options = options
  }

  /** Lists the conflicts of a file, of all that is in a folder, or of the whole share (''), by path. */
  list(path: string): Sample<Conflict> {
    const { catalogue } = this.options
    const first: Conflict[] = []
    let count = 0
    let copyCount = 0
    for (const original of [...catalogue.conflictCopies.originals()].sort()) {
      if (!isWithin(original, originalOf(path))) continue
      count++
      if (copyCount >= SAMPLE_MAX) continue
      const copies = [...catalogue.conflictCopies.of(original)]
      const others = copies.slice(0, CONFLICT_COPIES_MAX).map((copy) => sideOf(catalogue.live(copy)!))
      copyCount += others.length
      const standing = catalogue.live(original)
      first.push({
        path: original,
        this: standing === undefined ? null : sideOf(standing),
        others: { count: copies.length, first: others },
      })
    }
    return { count, first }
  }

  /** `path` names one copy, or a file with all its copies. */
  settle(path: string, choice: ConflictChoice): SettledConflicts {
    const original = originalOf(path)
    const copies = this.options.catalogue.conflictCopies.of(original)
    const chosen = path === original ? [...copies] : copies.has(path) ? [path] : []
    const settled: { path: string; as: string }[] = []
    const refused: { path: string; reason: string }[] = []
    if (chosen.length === 0) refused.push({ path, reason: 'no conflict copy of it is here' })
    else if (choice === 'other' && chosen.length > 1)
      refused.push({ path, reason: `there are ${chosen.length} copies of it: name the one to keep` })
    else
      for (const copy of chosen.slice(0, SAMPLE_MAX)) {
        try {
          settled.push({ path: copy, as: this.carryOut(copy, original, choice) })
        } catch (error) {
          if (!(error instanceof DiskError)) throw error
          refused.push({ path: copy, reason: error.message })
        }
      }
    if (chosen.length > SAMPLE_MAX && refused.length === 0)
      refused.push({ path, reason: `there are ${chosen.length - SAMPLE_MAX} more copies: ask again` })
    return { settled, refused }
  }

  /** Answers where the content of the copy is now. Throws a DiskError. */
  private carryOut(copy: string, original: string, choice: ConflictChoice): string {
    const { disk, catalogue, scanner, trash } = this.options
    this.check(copy)
    scanner.hint(copy)
    if (choice === 'this') {
      const place = trash.keepLoser(copy)
      disk.removeFile(copy)
      return place
    }
    if (choice === 'both') {
      const as = keptPath(copy)
      disk.moveNew(copy, as)
      scanner.hint(as)
      return as
    }
    scanner.hint(original)
    const standing = catalogue.live(original)
    if (standing === undefined) {
      disk.moveNew(copy, original)
      return original
    }
    if (standing.kind === 'folder')
      throw new DiskError('changed-kind', `${original} is a folder by now: rename the copy`)
    this.check(original)
    // The path is at no moment empty.
    trash.keepLoser(original)
    disk.rename(copy, original)
    return original
  }

  /** The person has chosen between what was told; what is there now may be something else. */
  private check(path: string): void {
    const { scanner } = this.options
    if (scanner.matches(path)) return
    scanner.hint(path)
    throw new DiskError('changed-kind', `${path} has changed a moment ago: look at it again`)
  }
}

function sideOf(entry: Entry): ConflictSide {
  const { path, kind, sizeBytes: bytes, version } = entry
  return { path, kind, bytes, mtimeMs: mtimeOf(entry), author: peerOf(version.content) }
}
