// Carries a deletion of a peer out: a path goes from the share into the trash, if it holds exactly what the catalogue knows of it.
// A path that has changed since is looked at as an edit first, which the deletion has not seen. The log says what is about to happen.
// Each step can be the last one: recovery-table.ts has the rows for `removing`. The intake calls it (intake/removals.ts).
//
//     decide ─▶ log ─▶ look ─▶ rename into the trash ─▶ look again ─▶ record

import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { announce } from '../place/announcing.js'
import { decideHere } from '../place/deciding.js'
import { type Failure, failureOf } from '../place/failure.js'
import type { Scanner } from '../scan/scanner.js'
import type { Trash } from '../trash/trash.js'
import { isSame } from './seen.js'

export type Removed =
  | { readonly type: 'removed'; readonly local: Entry }
  /** A folder that holds what the deletion had not seen: it stays, and its deletion stands. `names`: what is in it. */
  | { readonly type: 'remains'; readonly names: readonly string[] }
  /** Nothing was to be removed. `beaten`: ours won against the deletion, which may yet win when ours changes. */
  | { readonly type: 'needless' | 'beaten' }
  /** The path does not hold what the catalogue says: it must be looked at first. */
  | { readonly type: 'unsettled' }
  | Failure

export interface RemovingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly scanner: Scanner
  readonly trash: Trash
}

export class Removing {
  private readonly options: RemovingOptions
  /** In which a name was removed, or leads elsewhere, since the index was committed last. */
  private readonly unsynced = new Set<string>()
  /** Whether each folder that was asked for in this turn is a link: thousands of files are removed from one folder. */
  private readonly linksSeen = new Map<string, boolean>()

  constructor(options: RemovingOptions) {
    this.options = options
  }

  /** Others may have changed folders since: they are looked at anew. */
  handleTurn(): void {
    this.linksSeen.clear()
    this.options.trash.handleTurn()
  }

  /** Carries out a deletion that a peer has told of. `isGoing` answers whether the deletion of a folder is to be carried out too. */
  remove(tombstone: Entry, isGoing: (folder: string) => boolean = () => false): Removed {
    try {
      return this.tryToRemove(tombstone, isGoing)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return error.code === 'missing' ? { type: 'unsettled' } : failureOf(error)
    }
  }

  /** Somebody removed what is at the path, or renamed a file over it. A loss of power that undid this would bring back what we had put
   *  there, and nobody could sync it any more. */
  handleLocalChange(path: string): void {
    if (this.options.journal.mayBeUnsynced(path)) this.unsynced.add(parentOf(path))
  }

  /** Records the deletion of a path whose file has just been moved to another one. */
  handleMoved(tombstone: Entry, to: string): void {
    const { catalogue, scanner } = this.options
    const { path } = tombstone
    this.unsynced.add(parentOf(path)).add(parentOf(to))
    catalogue.record(tombstone, undefined)
    scanner.handleRemoved(path, false)
    this.tidy(parentOf(path))
  }

  /** A folder has just been moved with all that was in it. */
  handleTreeMoved(from: string, to: string): void {
    this.unsynced.add(parentOf(from)).add(parentOf(to))
    this.tidy(parentOf(from))
  }

  /** A folder has just been removed with all that was in it. */
  handleTreeRemoved(path: string): void {
    this.unsynced.add(parentOf(path))
    this.tidy(parentOf(path))
  }

  /** Removes a folder that was deleted and still stands, if nothing is in it any more, and those above it. */
  tidy(folder: string): void {
    const { catalogue } = this.options
    for (let path = folder; path !== '' && catalogue.isRemaining(path); path = parentOf(path)) {
      try {
        this.removeFolder(path)
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        return
      }
      catalogue.setRemaining(path, false)
    }
  }

  /** Before the index says that something is gone, the disk must: a loss of power that brought it back would make it an edit. */
  syncFolders(): void {
    const { disk } = this.options
    for (const folder of this.unsynced) {
      try {
        // Folders that are gone themselves are gone from a folder that is among these too.
        if (folder === '' || disk.statLink(folder)?.kind === 'folder') disk.syncFolder(folder)
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
      }
    }
    this.unsynced.clear()
  }

  /** Throws a DiskError. */
  private tryToRemove(tombstone: Entry, isGoing: (folder: string) => boolean): Removed {
    const { catalogue, scanner } = this.options
    const { path } = tombstone
    const decision = decideHere(catalogue, tombstone)
    if (decision.type === 'keep') return { type: decision.wins ? 'beaten' : 'needless' }
    if (decision.type !== 'remove' && decision.type !== 'adopt') return { type: 'needless' }
    const { entry } = decision
    const local = catalogue.live(path)
    if (entry.kind !== 'tombstone') return { type: 'needless' }
    // Nothing of what is known is here: that it was deleted is all there is to know.
    if (local === undefined) return this.record(entry, { type: 'needless' })
    if (this.isBehindGoing(path, isGoing)) {
      const seen = scanner.compare(path)
      if (seen.type === 'unshared') return this.record(entry, { type: 'needless' })
      return seen.type === 'same' ? this.record(entry, { type: 'removed', local }) : { type: 'unsettled' }
    }
    return local.kind === 'folder' ? this.takeFolder(entry, local) : this.take(entry, local)
  }

  /** Nothing on the disk changes. */
  private record(entry: Entry, result: Removed): Removed {
    this.options.catalogue.record(entry, undefined)
    return result
  }

  /** Whether it is seen through a link, a followed one, that goes: that takes it out of the share, and where the link leads it stays. */
  private isBehindGoing(path: string, isGoing: (folder: string) => boolean): boolean {
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder))
      if (isGoing(folder) && this.isLink(folder)) return true
    return false
  }

  private isLink(folder: string): boolean {
    let isLink = this.linksSeen.get(folder)
    if (isLink === undefined) {
      isLink = this.options.disk.statLink(folder)?.kind === 'link'
      this.linksSeen.set(folder, isLink)
    }
    return isLink
  }

  /** A file, or a link: never what it points at. */
  private take(entry: Entry, local: Entry): Removed {
    const { disk, catalogue, scanner, trash } = this.options
    const { path } = entry
    announce(this.options, [{ kind: 'placing', entry, replaces: local.digest }])
    const seen = scanner.compare(path)
    if (seen.type !== 'same') {
      const result = this.withdrawn(path)
      // A thing here that is not shared is nobody's business.
      return seen.type === 'unshared' ? this.record(entry, { type: 'needless' }) : result
    }
    const place = trash.take(path)
    if (!isSame(seen.own, disk.statLink(place))) {
      trash.giveBack(place, path)
      return this.withdrawn(path)
    }
    trash.settle(place)
    this.unsynced.add(parentOf(path))
    catalogue.record(entry, undefined)
    scanner.handleRemoved(path, false)
    this.tidy(parentOf(path))
    return { type: 'removed', local }
  }

  /** Its known children were removed before it. */
  private takeFolder(entry: Entry, local: Entry): Removed {
    const { disk, catalogue, scanner } = this.options
    const { path } = entry
    if (scanner.isUnshared(path)) return this.record(entry, { type: 'needless' })
    const kind = disk.statLink(path)?.kind
    // A link that is followed leads to a folder that is not ours: its place goes, and nothing in it.
    if (kind === 'link' && !catalogue.hasHeldBelow(path)) return this.take(entry, local)
    if (kind === 'link') throw new DiskError('link', `${path} is a symbolic link`)
    if (kind !== 'folder') return { type: 'unsettled' }
    announce(this.options, [{ kind: 'placing', entry, replaces: '' }])
    try {
      if (catalogue.hasHeldBelow(path)) return this.remains(entry)
      this.removeFolder(path)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'not-empty') {
        this.withdrawn(path)
        throw error
      }
      return this.remains(entry)
    }
    catalogue.record(entry, undefined)
    scanner.handleRemoved(path, true)
    this.tidy(parentOf(path))
    return { type: 'removed', local }
  }

  private remains(entry: Entry): Removed {
    const { disk, catalogue } = this.options
    const { path } = entry
    catalogue.record(entry, undefined)
    catalogue.setRemaining(path, true)
    return { type: 'remains', names: disk.list(path).names }
  }

  private removeFolder(path: string): void {
    const { disk, trash } = this.options
    const access = disk.statLink(path)?.access ?? 'owner'
    disk.removeFolder(path)
    trash.takeFolder(path, access)
    this.unsynced.add(parentOf(path))
  }

  private withdrawn(path: string): Removed {
    this.options.journal.append({ kind: 'unplaced', path })
    return { type: 'unsettled' }
  }
}
