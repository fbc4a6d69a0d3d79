// Changes made on a machine that only receives (scan/locals.ts): a peer tells of something at such a path, or the person takes them back.
// Nobody is ever told of them. The keeper owns this.

import { type Disk, DiskError } from '../base/ports.js'
import type { PathWithReason } from '../pipe/commands.js'
import { sameVersion } from '../share/dots.js'
import { sameContent } from '../share/edit.js'
import type { Entry } from '../share/entry.js'
import { parentOf } from '../share/path.js'
import type { Catalogue } from './index/catalogue.js'
import type { Intake } from './intake/intake.js'
import type { NotHeldTries } from './not-held.js'
import { syncFile } from './place/file-sync.js'
import type { Scanner } from './scan/scanner.js'
import type { Trash } from './trash/trash.js'

export interface LocalChangesOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly intake: Intake
  readonly notHeld: NotHeldTries
  readonly trash: Trash
}

export class LocalChanges {
  constructor(private readonly options: LocalChangesOptions) {}

  get count(): number {
    const { scanner, catalogue } = this.options
    return scanner.locals.size + catalogue.stoppedPaths.missing.size
  }

  /** For the person. */
  *described(): Generator<PathWithReason> {
    const { scanner, catalogue } = this.options
    for (const path of scanner.locals.paths())
      yield { path, reason: catalogue.get(path) === undefined ? 'made here' : 'edited here' }
    for (const path of catalogue.stoppedPaths.missing) yield { path, reason: 'deleted here' }
  }

  /** A peer tells of something at a path. 'held': that is the very content that was made here. 'known': it is what was changed here, or
   *  what a person changed it from. 'free': it is news, and takes the place of what was changed. */
  handleTold(remote: Entry): 'held' | 'known' | 'free' {
    const { scanner, catalogue, intake } = this.options
    const { path } = remote
    const local = scanner.locals.get(path)
    if (local === undefined || remote.kind === 'tombstone') return 'free'
    const decision = intake.placing.decide(remote)
    if (decision.type === 'take' && sameContent(decision.entry, local) && isLocal(scanner, path)) {
      catalogue.record(decision.entry, local.signature, local.signature?.mode)
      scanner.locals.delete(path)
      return 'held'
    }
    const known = catalogue.get(path)
    const isNews = known === undefined || !sameVersion(known.version, remote.version)
    return isNews || scanner.locals.isLeaving(path) ? 'free' : 'known'
  }

  /** All that was changed here is taken back: what peers have comes in its place, and what only is here goes to the trash. Answers how
   *  many paths that are; what is being written at this moment stays. */
  undo(): number {
    const { scanner, catalogue, notHeld } = this.options
    // Things in a folder go before it.
    const paths = [...scanner.locals.paths()].sort((left, right) => (left < right ? 1 : -1))
    /** In the trash, one of each folder. */
    const places = new Map<string, string>()
    let count = 0
    for (const path of paths) {
      const known = catalogue.get(path)
      const isReplaced = isFile(known) && isFile(scanner.locals.get(path))
      if (isReplaced) scanner.locals.leave(path)
      else if (!this.take(path, places)) continue
      if (known !== undefined) notHeld.handleRetry(path)
      count++
    }
    for (const place of places.values()) this.syncPlace(place)
    return count
  }

  private syncPlace(place: string): void {
    try {
      this.options.trash.syncPlace(place)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }

  /** Answers false where it cannot go. `places`: where it went. */
  private take(path: string, places: Map<string, string>): boolean {
    const { disk, scanner, intake, trash } = this.options
    if (!isLocal(scanner, path)) {
      scanner.hint(path)
      return false
    }
    try {
      const stat = disk.statLink(path)
      if (stat?.kind === 'folder') {
        disk.removeFolder(path)
        trash.takeFolder(path, stat.access)
      } else {
        // The trash has the only copy.
        if (trash.isKept && stat?.kind === 'file') syncFile(disk, path)
        const place = trash.take(path)
        trash.settle(place)
        if (trash.isKept) places.set(parentOf(place), place)
      }
    } catch (error) {
      // The folder holds something, or nobody may change it.
      if (!(error instanceof DiskError)) throw error
      return scanner.recording.leaveRemaining(path)
    }
    scanner.locals.delete(path)
    scanner.handleRemoved(path, true)
    intake.handleLocalChange(path)
    return true
  }
}

function isFile(thing: { readonly kind: Entry['kind'] } | undefined): boolean {
  return thing?.kind === 'file' || thing?.kind === 'link'
}

/** Where nobody may look it is not known. */
function isLocal(scanner: Scanner, path: string): boolean {
  try {
    return scanner.isLocal(path)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return false
  }
}
