// Puts what was received in its place in the share: by rename of a finished temporary file, never over something that
// the catalogue does not know, the loser of a conflict kept first. The log says what is about to happen before it does.
// The intake calls the steps one after the other and none of them calls it back:
//
//     plan ─▶ (the owner places wanted parent folders) ─▶ prepare ─▶ log ─▶ carryOut

import { PRIVACY } from '../../base/access.js'
import type { Hash } from '../../base/item.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import type { JournalRecord } from '../../journal/record.js'
import { LINK_TEMPORARY, type Temporary } from '../../pipe/layout.js'
import type { Direction } from '../../pipe/settings.js'
import { type Decision, decide, defendFolder } from '../../share/decide.js'
import type { Entry, EntryKind } from '../../share/entry.js'
import { isShareMark, ownFoldersWithin, parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { modeOf, signatureOf } from '../index/signature.js'
import type { Scanner } from '../scan/scanner.js'
import { sameNameReason } from '../scan/sight.js'
import type { Trash } from '../trash/trash.js'
import { adoptStanding, recordStanding } from './adopting.js'
import { announce } from './announcing.js'
import { decideHere } from './deciding.js'
import { type Failure, failureOf } from './failure.js'
import { syncFile } from './file-sync.js'
import { Keeping } from './keeping.js'
import { applyMode, makeFolder, prepareTemporary, shownMode, signatureAfter } from './metadata.js'
import { isStanding, Moving } from './moving.js'
import { makeWay, missingFolders, reviveFolder } from './way.js'

export type Placed =
  /** `keptAs`: where the loser of a conflict is, beside it or in the trash. `vacated`: the deletion of the path that the file had
   *  before, carried out with it. */
  | {
      readonly type: 'placed'
      readonly entry: Entry
      readonly keptAs: string | undefined
      readonly vacated: Entry | undefined
    }
  /** The file of the share that was to be moved is not what it was: the content is to be had by another way. */
  | { readonly type: 'unmoved' }
  /** Ours turned out to be as good: nothing was put anywhere. */
  | { readonly type: 'needless' }
  /** Ours won against it: nothing was put anywhere, and it may yet win when ours changes. */
  | { readonly type: 'beaten' }
  /** The path does not hold what the catalogue says: it must be looked at first. */
  | { readonly type: 'unsettled' }
  | Failure

/** A change of one path, decided; nothing is done yet. */
export interface Plan {
  readonly type: 'planned'
  readonly decision: Decision & { type: 'take' | 'conflict' }
  readonly temporary: Temporary | undefined
  /** Parents that are no folders yet, outermost first. Those that are wanted are placed before `prepare`, so that they get
   *  the version of the peer that made them; `prepare` makes the others, with a version of ours. */
  readonly missingFolders: readonly string[]
}

/** A change of one path, ready. */
export interface Prepared {
  readonly type: 'prepared'
  readonly decision: Plan['decision']
  /** With its time and mode. */
  readonly temporary: Temporary | undefined
  readonly record: JournalRecord<Entry> & { kind: 'placing' }
  /** All that the loser of the conflict holds is in the winner. */
  readonly isContained: boolean
}

export interface PlacingOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly scanner: Scanner
  readonly edits: OwnEdits
  readonly trash: Trash
  readonly direction: Direction
}

export class Placing {
  readonly moving: Moving
  private readonly options: PlacingOptions
  private readonly keeping: Keeping

  constructor(options: PlacingOptions) {
    this.options = options
    this.keeping = new Keeping(options)
    this.moving = new Moving(options)
  }

  decide(remote: Entry): Decision {
    return decideHere(this.options.catalogue, remote)
  }

  /** Which of two versions that peers have is the better one to want. */
  compare(wanted: Entry, other: Entry): Decision {
    return decide(wanted, other, { folderHasLiveChildren: false })
  }

  /** A new version of a folder of ours, which what wants its place has not seen. */
  defended(folder: Entry): Entry {
    return defendFolder(folder, this.options.edits.nextDot())
  }

  /** A folder that was deleted is one again, for what stays in it. Undefined where there is none, or nobody may look at it. */
  revived(path: string): Entry | undefined {
    return reviveFolder(this.options, path)
  }

  /** Takes over what a peer knows of content that is here already. Answers false where the file must be looked
   *  at first. */
  adopt(entry: Entry): boolean {
    try {
      return adoptStanding(this.options, entry)
    } catch (error) {
      // Nobody may look into its folder, say: what cannot be looked at is not known.
      if (!(error instanceof DiskError)) throw error
      return false
    }
  }

  /** Makes a file or a folder of ours as private as its entry. A file that was edited meanwhile is left to the next scan. */
  close(path: string): void {
    const { disk, catalogue, scanner } = this.options
    const entry = catalogue.live(path)
    const shown = catalogue.mode(path)
    if (entry?.kind !== 'file' && entry?.kind !== 'folder') return
    if (shown === undefined || shown.access === 'none') return
    if (PRIVACY[entry.access] <= PRIVACY[shown.access]) return
    try {
      if (!scanner.matches(path)) return
      applyMode(disk, path, entry, false)
      const stat = disk.stat(path)
      if (stat?.kind === 'file') catalogue.refreshSignature(path, signatureOf(stat))
      else if (stat?.kind === 'folder') catalogue.refreshMode(path, modeOf({ ...stat, executable: false }))
    } catch (error) {
      // Nobody may look into its folder, or it has gone.
      if (!(error instanceof DiskError)) throw error
    }
  }

  /** Puts `remote` in place, all steps at once; `temporary` holds the content where it is a file. */
  place(remote: Entry, temporary: Temporary | undefined): Placed {
    const plan = this.plan(remote, temporary)
    if (plan.type !== 'planned') return plan
    const prepared = this.prepare(plan)
    return prepared.type === 'prepared' ? this.finish(prepared) : prepared
  }

  /** Decides what is to be done; `temporary` holds the content where `remote` is a file. `folders` are known to be there: a
   *  caller that plans several files at once hands in one set, to which those found are added, since most files have one
   *  folder. */
  plan(remote: Entry, temporary: Temporary | undefined, folders = new Set<string>()): Plan | Placed {
    return this.attempt(() => this.tryToPlan(remote, temporary, folders))
  }

  /** Everything short of the change itself. What is prepared together is logged and carried out together, before anything
   *  else is done with these paths. `synced` are folders that need no sync for it, to which those that got one are added. */
  prepare(plan: Plan, synced = new Set<string>()): Prepared | Placed {
    return this.attempt(() => this.tryToPrepare(plan, synced))
  }

  /** Logs and carries out a change that is prepared alone. */
  finish(prepared: Prepared): Placed {
    return this.attempt(() => {
      // A loss of power tears no folder, and one that comes back without the log is the same folder: nothing waits for the log.
      if (prepared.record.entry.kind === 'folder') this.append([prepared])
      else this.log([prepared])
      return this.carryOut(prepared)
    })
  }

  /** Writes down what is about to happen, where a loss of power does not undo it: the content of new files may be lost
   *  with one, and a link may stay, and then the log must say that they are ours. One sync for all of them. Throws a DiskError. */
  log(prepared: readonly Prepared[]): void {
    this.append(prepared)
    this.options.journal.sync()
  }

  private append(prepared: readonly Prepared[]): void {
    announce(this.options, prepared.flatMap(recordsOf))
  }

  /** The change itself. */
  carryOut(prepared: Prepared): Placed {
    const { decision, temporary, record } = prepared
    const result = this.attempt<Placed>(() => {
      const { catalogue, scanner } = this.options
      const { kind, path } = record.entry
      // Writing the log takes a while, and somebody may have edited the file meanwhile. A new file takes no place that
      // is taken anyway.
      const takesFreePlace = kind === 'file' && catalogue.live(path) === undefined && !scanner.isLocal(path)
      if (!takesFreePlace && !scanner.matches(path)) return { type: 'unsettled' }
      if (isStanding(temporary) && !this.moving.isUntouched(temporary)) return { type: 'unmoved' }
      const isCopied = decision.type === 'conflict' && !prepared.isContained
      const keptAs = isCopied ? this.keeping.keepLoser(path, decision.copy) : undefined
      const isInTrash = prepared.isContained && this.keeping.keepContained(path)
      this.replace(decision.entry, temporary, keptAs !== undefined || isInTrash)
      scanner.locals.delete(path)
      const vacated = isStanding(temporary) ? temporary.vacates : undefined
      if (isStanding(temporary)) this.moving.handlePlaced(temporary)
      return { type: 'placed', entry: decision.entry, keptAs, vacated }
    })
    if (result.type !== 'placed') this.attempt(() => this.logUnplaced(prepared))
    return result
  }

  /** Or recovery would take what is not there for something that a person removed. */
  private logUnplaced(prepared: Prepared): void {
    const { catalogue, journal } = this.options
    // Until the index says that the place was vacated, the log has to.
    if (!catalogue.isHeld(prepared.record.entry.path)) catalogue.commit()
    journal.append(recordsOf(prepared).map(({ entry }) => ({ kind: 'unplaced', path: entry.path }) as const))
  }

  private attempt<T>(work: () => T): T | Placed {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (error.code === 'exists' || error.code === 'missing') return { type: 'unsettled' }
      return failureOf(error)
    }
  }

  private tryToPlan(remote: Entry, temporary: Temporary | undefined, folders: Set<string>): Plan | Placed {
    const decision = this.decide(remote)
    switch (decision.type) {
      case 'keep':
        return { type: decision.wins ? 'beaten' : 'needless' }
      case 'remove':
        return { type: 'needless' }
      case 'hold':
        return { type: this.revived(remote.path) === undefined ? 'needless' : 'beaten' }
      case 'adopt':
        return this.adopt(decision.entry) ? { type: 'needless' } : { type: 'unsettled' }
      case 'defend':
        recordStanding(this.options.catalogue, this.defended(decision.folder))
        return { type: 'beaten' }
    }
    const { entry } = decision
    const { path } = entry
    const { disk, catalogue, scanner } = this.options
    const isNew = catalogue.live(entry.path) === undefined
    const clash = scanner.clashAt(entry.path)
    if (clash !== undefined) throw new DiskError('same-name', sameNameReason(clash))
    // Where nothing is known the disk refuses the places of secrets.
    const mayBeWithheld = !isNew || ownFoldersWithin(entry.path).length > 0
    if ((mayBeWithheld && scanner.isWithheld(entry.path)) || isShareMark(entry.path))
      throw new DiskError('private', `${entry.path} is never written`)
    if (scanner.locals.get(path)?.kind === 'folder' && entry.kind !== 'folder')
      throw new DiskError('not-empty', `a folder that was made here stands at ${path}`)
    // A new file takes no place that is taken, whatever has appeared there.
    if (!(isNew && entry.kind === 'file') && !scanner.matches(remote.path)) return { type: 'unsettled' }
    return { type: 'planned', decision, temporary, missingFolders: missingFolders(disk, entry.path, folders) }
  }

  private tryToPrepare(
    { decision, temporary, missingFolders }: Plan,
    synced: Set<string>,
  ): Prepared | Placed {
    const { catalogue, scanner } = this.options
    const { entry } = decision
    const standing = catalogue.live(entry.path)
    for (const folder of missingFolders) makeWay(this.options, folder)
    // Here, since reading takes a while: between the last look at what stands there and its change nothing is to wait.
    const isContained =
      decision.type === 'conflict' && this.keeping.isContained(decision.copy, entry, temporary)
    const prepared = this.preparedContent(temporary, entry, standing)
    if (temporary !== undefined && prepared === undefined) return { type: 'unmoved' }
    const replaced = standing ?? scanner.locals.get(entry.path)
    if (replaced?.kind === 'file') this.syncStanding(entry.path)
    // Recovery leaves what it finds in the place of something, and what it finds must be whole.
    if (temporary !== undefined && replaced !== standing) this.syncStanding(temporary.path)
    this.syncNames(entry.path, synced)
    const replaces = replaced?.digest ?? ''
    const record = {
      kind: 'placing',
      entry,
      replaces,
      ...(temporary === undefined ? {} : { temporary: temporary.path }),
    } as const
    return { type: 'prepared', decision, temporary: prepared, record, isContained }
  }

  /** Somebody may have removed what we had put here a moment ago, or renamed a file over it: a loss of power could bring that back torn,
   *  and what is placed now would be blamed for it. */
  private syncNames(path: string, synced: Set<string>): void {
    const { disk, journal } = this.options
    const folder = parentOf(path)
    if (synced.has(folder) || !journal.mayBeUnsynced(path)) return
    disk.syncFolder(folder)
    synced.add(folder)
  }

  private preparedContent(temporary: Temporary | undefined, entry: Entry, standing: Entry | undefined) {
    const { disk } = this.options
    if (temporary === undefined) return undefined
    if (!isStanding(temporary)) return prepareTemporary(disk, temporary, entry, standing)
    // A version that is replaced must not be lost with unsynced data of the new one.
    if (standing !== undefined) this.syncStanding(temporary.path)
    return this.moving.prepare(temporary, entry)
  }

  /** Syncs the file that is replaced first: a loss of power may undo the rename, and then the old version must be there
   *  whole. Of a local change the trash has the only copy. */
  private syncStanding(path: string): void {
    syncFile(this.options.disk, path)
  }

  /** The one moment in which a path changes from an old version to a new one. `isKept`: the old one has another name already. */
  private replace(entry: Entry, temporary: Temporary | undefined, isKept: boolean): void {
    const { disk, catalogue, scanner, trash } = this.options
    const { path } = entry
    const local = scanner.locals.get(path)
    const before = catalogue.live(path) ?? local
    if (entry.kind === 'folder') {
      if (before !== undefined && before.kind !== 'folder') this.vacate(before.kind, entry)
      // One that was deleted, and still stands: nobody has told who may look into it.
      if (catalogue.isRemaining(path)) applyMode(disk, path, entry, true)
      const isThere = disk.statLink(path) !== undefined
      const mode = isThere ? shownMode(disk, path) : makeFolder(disk, path, entry.access)
      catalogue.record(entry, undefined, mode)
      return
    }
    if (before?.kind === 'folder') this.vacate('folder', entry)
    else if (catalogue.isRemaining(path)) disk.removeFolder(path)
    // Nobody else has seen what was changed here.
    else if (local !== undefined) trash.keepLoser(path)
    else if (before !== undefined && !isKept) trash.keepVersion(path)
    if (entry.kind === 'link') {
      if (before === undefined || before.kind === 'folder') disk.makeLink(path, entry.target)
      else this.replaceByLink(path, entry.target)
      catalogue.record(entry, undefined)
      return
    }
    if (temporary === undefined)
      throw new DiskError('io', 'left is broken: a file was placed without content')
    // A new name is taken only where nothing is: a file made there a moment ago is met and not overwritten.
    const isFree = before === undefined || before.kind === 'folder'
    if (!isFree) disk.rename(temporary.path, path)
    const placed = isFree ? disk.moveNew(temporary.path, path) : disk.stat(path)
    catalogue.record(entry, signatureAfter(temporary.looks, placed), temporary.looks)
  }

  /** Removes what no rename can replace. The disk may still refuse `entry`: then the empty path is nobody's deletion. */
  private vacate(kind: EntryKind, entry: Entry): void {
    const { disk, catalogue, scanner, trash } = this.options
    const { path } = entry
    if (kind === 'folder') disk.removeFolder(path)
    else if (scanner.locals.get(path) !== undefined) {
      trash.takeUnseen(path)
      scanner.locals.delete(path)
    } else trash.settle(trash.take(path))
    catalogue.recordVacated(entry)
  }

  /** Made beside the share and renamed, so that the path is at no moment empty. */
  private replaceByLink(path: string, target: string): void {
    const { disk } = this.options
    if (disk.statLink(LINK_TEMPORARY) !== undefined) disk.removeFile(LINK_TEMPORARY)
    disk.makeLink(LINK_TEMPORARY, target)
    disk.rename(LINK_TEMPORARY, path)
  }
}

/** A move is logged with the deletion that it carries out. */
function recordsOf({ record, temporary }: Prepared): Prepared['record'][] {
  const vacates = isStanding(temporary) ? temporary.vacates : undefined
  if (vacates === undefined) return [record]
  return [record, { kind: 'placing', entry: vacates, replaces: record.entry.digest }]
}
