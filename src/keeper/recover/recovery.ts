// Opening a share after whatever happened to it: the log is replayed, what it says is compared with what the disk
// holds, and each difference is settled before the first scan. What is to be done is in the rows of recovery-table.ts; here
// the facts are established and the actions carried out.

import { assert } from '../../base/assert.js'
import type { Decoded } from '../../base/decoded.js'
import type { Index } from '../../base/index-port.js'
import type { Digest, Hash } from '../../base/item.js'
import type { Disk } from '../../base/ports.js'
import type { Witness } from '../../base/witness-port.js'
import { JOURNAL_PATH, Journal, type LoggedMoving, type LoggedPlacing } from '../../journal/journal.js'
import { TEMPORARY_FOLDER } from '../../pipe/layout.js'
import { holds, type PeerId, sameVersion } from '../../share/dots.js'
import { mtimeOf } from '../../share/edit.js'
import type { Entry, EntryKind } from '../../share/entry.js'
import { decodeEntry, encodeEntry } from '../../share/entry-line.js'
import { lineOfFormat1 } from '../../share/format1.js'
import { isOwnPath, OWN_FOLDER, parentOf } from '../../share/path.js'
import {
  decodeTreeMove,
  deletionOfFolder,
  movedTree,
  stateOfPlaces,
  type TreeMove,
} from '../../share/tree-move.js'
import { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { PeerAuthors } from '../index/peer-authors.js'
import { isKeptTime, modeOf, type Signature, sameSignature, signatureOf } from '../index/signature.js'
import { checkpointAtStop } from '../place/checkpoint.js'
import { applyMetadata, makeFolder, placedAccess, widens } from '../place/metadata.js'
import { standsAs } from '../scan/standing-tree.js'
import { checkTrashPlace } from '../trash/place.js'
import { noteForgotten, openEdits } from './author.js'
import { established } from './facts.js'
import { FoundPlaces } from './found-places.js'
import { type End, isRecent, lostKeptPaths, lostPaths } from './loss.js'
import { recoveryOf } from './recovery-table.js'
import { lookAt, unlessRefused } from './refused.js'
import { tidyLists, tidyTemporaries } from './tidying.js'

export interface RecoveryOptions {
  readonly disk: Disk
  readonly peer: PeerId
  readonly hash: Hash
  readonly crc32: (bytes: Uint8Array) => number
  readonly index: Index
  /** Names the machine's run since it was last switched on: another one than in the log means that unsynced data
   *  may be lost. '' where it is not known. */
  readonly boot: string
  readonly wallMs: () => number
  /** Any whole number from 0, below the given one. */
  readonly random: (below: number) => number
  readonly witness: Witness
}

export interface Recovered {
  /** Counts the share's edits from now on. */
  readonly edits: OwnEdits
  readonly authors: PeerAuthors
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  /** One line for each thing that was settled, for the person. */
  readonly notes: readonly string[]
}

/** Makes `.left` where it is missing. Throws a DiskError, or a LeftError where a newer left wrote the log, or the trash is on
 *  another disk. */
export function openShare(options: RecoveryOptions): Recovered {
  const { disk, hash, crc32, index, boot } = options
  for (const folder of [OWN_FOLDER, TEMPORARY_FOLDER])
    if (disk.stat(folder) === undefined) disk.makeFolder(folder, 'private')
  checkTrashPlace(disk)
  disk.probe(TEMPORARY_FOLDER)
  const catalogue = new Catalogue(hash, index)
  const lastWriteMs = disk.stat(JOURNAL_PATH)?.ctimeMs ?? 0
  const journal = new Journal<Entry>({ disk, crc32, encodeEntry, decodeEntry: decodeLogged })
  const recovery = new Recovery(options, catalogue, journal, lastWriteMs)
  try {
    recovery.run()
    journal.append({ kind: 'opened', boot })
    disk.syncFolder(OWN_FOLDER)
    disk.syncFolder('')
  } catch (error) {
    journal.close()
    throw error
  }
  catalogue.commitAfter(() => journal.sync())
  const { edits, suspicion } = openEdits(options)
  if (suspicion !== undefined) recovery.notes.push(suspicion)
  return { edits, authors: new PeerAuthors(index, catalogue), catalogue, journal, notes: recovery.notes }
}

/** An entry line of the log, which may be of format 1: a kill came before that format's last placing was recorded. */
function decodeLogged(text: string): Decoded<Entry> {
  const entry = decodeEntry(text)
  const line = entry.ok ? undefined : lineOfFormat1(text)
  return line === undefined ? entry : decodeEntry(line)
}

export interface OpenShare {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
}

/** Leaves word that nothing was under way and all that is ours is on the disk: what is missing at the next start was
 *  deleted, even if the machine was switched off meanwhile. Throws a DiskError. */
export function closeShare({ disk, catalogue, journal }: OpenShare): void {
  catalogue.commits.commitAll()
  // Without it the log tells of no orderly stop, and what is deleted until the machine has started anew comes back.
  checkpointAtStop(disk, journal)
  const isUnderWay = journal.placing.length > 0 || journal.moving.length > 0
  if (journal.placedSinceCheckpoint.size === 0 && !isUnderWay) {
    journal.append({ kind: 'opened', boot: `${STOPPED}.${journal.boot}` })
  }
  journal.sync()
  journal.close()
}

/** Stands in the log before the run of the machine after an orderly stop. */
const STOPPED = 'stopped'

/** Whether what a log says of the machine's run tells of an orderly stop. */
export function isStopped(boot: string): boolean {
  return boot === STOPPED || boot.startsWith(`${STOPPED}.`)
}

class Recovery {
  readonly notes: string[] = []
  private readonly options: RecoveryOptions
  private readonly catalogue: Catalogue
  private readonly journal: Journal<Entry>
  /** When the log was last written, by the disk's clock. */
  private readonly lastWriteMs: number
  private readonly found: FoundPlaces

  constructor(options: RecoveryOptions, catalogue: Catalogue, journal: Journal<Entry>, lastWriteMs: number) {
    this.options = options
    this.catalogue = catalogue
    this.journal = journal
    this.lastWriteMs = lastWriteMs
    this.found = new FoundPlaces({ disk: options.disk, hash: options.hash, catalogue })
  }

  run(): void {
    const { cut, boot } = this.journal.replay
    if (cut !== undefined)
      this.notes.push(`the log ended in the middle of a record (${cut.reason}); what it said before stands`)
    const stopped = isStopped(boot)
    const unclean = boot !== this.options.boot && !stopped
    const { placing } = this.journal
    for (const moving of this.journal.moving) this.settleMoving(moving, unclean)
    for (const each of placing) if (each.entry.kind !== 'tombstone') this.settlePlacing(each, unclean)
    // The old name of a file that was moved goes first.
    for (const { entry } of placing) if (entry.kind === 'tombstone') this.settleRemoval(entry)
    for (const [path, digest] of this.journal.placedSinceCheckpoint)
      this.sparing(path, unclean, () => this.settlePlaced(path, digest, unclean))
    // Files that a person had written just before we stopped may not have been on the disk when the machine went down.
    if (boot !== this.options.boot && boot !== `${STOPPED}.${this.options.boot}`) this.findDamage(stopped)
    if (unclean) this.findLoss()
    tidyTemporaries(this.options, this.catalogue, this.journal)
    tidyLists(this.options, this.catalogue)
    this.catalogue.commit()
  }

  private settlePlacing(placing: LoggedPlacing<Entry>, machineWentDown: boolean): void {
    const { path } = placing.entry
    this.sparing(path, machineWentDown, () => this.carryOutPlacing(placing, machineWentDown))
    this.catalogue.commit()
    this.journal.append({ kind: 'placed', paths: [path] })
  }

  /** Where the disk refuses it, what may be torn counts for nothing; else a scan finds later whether the file was put in place. */
  private sparing(path: string, machineWentDown: boolean, work: () => void): void {
    if (!unlessRefused(work) && machineWentDown) this.forget(path)
  }

  /** The process died between saying that it would put `entry` in place and knowing that it did. */
  private carryOutPlacing(placing: LoggedPlacing<Entry>, machineWentDown: boolean): void {
    const { disk } = this.options
    const { entry, temporary, replaces } = placing
    const { path } = entry
    const { action } = recoveryOf(
      'placing',
      established({
        machineWentDown: () => machineWentDown,
        indexKnows: () => this.indexKnows(entry),
        targetExists: () => disk.statLink(path) !== undefined,
        halfReplaced: () => entry.kind === 'folder' && this.stood(path, ['file', 'link']),
        folderReplaced: () => entry.kind !== 'folder' && this.stood(path, ['folder']),
        tookFreePlace: () => replaces === '',
        targetLooksPlaced: () => this.found.looksPlaced(entry),
        pathKnown: () => this.catalogue.live(path) !== undefined,
        temporaryGone: () => temporary !== undefined && disk.statLink(temporary) === undefined,
        movesFile: () => temporary !== undefined && !isOwnPath(temporary),
        targetHolds: () => this.found.holds(entry),
      }),
    )
    switch (action) {
      case 'take-as-received':
      case 'apply-metadata-and-take':
        // Its other name goes first: that changes the times of the file. By now that may be another file of the same content.
        if (temporary !== undefined && this.found.isSameFile(temporary, path)) disk.removeFile(temporary)
        // Its time may not have reached the disk, and is nobody's edit.
        if (action === 'apply-metadata-and-take' && entry.kind === 'file')
          applyMetadata(disk, entry, widens(this.catalogue.live(path), entry))
        this.takeAsReceived(placing, machineWentDown)
        break
      case 'take-as-edited':
        this.takeAsReceived(placing, machineWentDown, true)
        break
      case 'make-folder':
        this.makeFolder(entry)
        break
      case 'record-vacated':
        this.catalogue.recordVacated(entry)
        break
      case 'record-as-placed':
        this.catalogue.record(entry, undefined)
        break
      case 'remove-torn':
        this.found.removeTorn(entry)
        break
      default:
        assert(action === 'leave', 'what is being placed has an action of its own')
    }
  }

  /** The process died between saying that it would carry a deletion out and knowing that it did. */
  private settleRemoval(entry: Entry): void {
    const { path, version } = entry
    const known = this.catalogue.get(path)
    const { action } = recoveryOf(
      'removing',
      established({
        indexKnows: () => known !== undefined && holds(known.version.seen, version.content),
        // Where the disk refuses to look, something may be there: the peer tells of the deletion again.
        targetExists: () => lookAt(this.options.disk, path) !== undefined,
      }),
    )
    if (action === 'record-removal') this.catalogue.record(entry, undefined)
    else assert(action === 'leave', 'what is being removed has an action of its own')
    this.catalogue.commit()
    this.journal.append({ kind: 'placed', paths: [path] })
  }

  /** The process died between saying that it would rename a folder and knowing that it did. The index was committed just before. */
  private settleMoving({ path, line }: LoggedMoving, machineWentDown: boolean): void {
    const { catalogue, journal } = this
    const decoded = decodeTreeMove(line)
    if (decoded.ok) this.sparing(path, machineWentDown, () => this.carryOutMoving(decoded.value))
    catalogue.commit()
    journal.append({ kind: 'placed', paths: [path] })
  }

  private carryOutMoving(move: TreeMove): void {
    const { catalogue } = this
    const { disk } = this.options
    const { from, to } = move
    const known = catalogue.get(from)
    const isAsBefore = () => stateOfPlaces(catalogue.manifest, from, to) === move.state
    const { action } = recoveryOf(
      'moving',
      established({
        indexKnows: () => known !== undefined && holds(known.version.seen, deletionOfFolder(move)),
        targetHolds: () => isAsBefore() && standsAs({ disk, catalogue, from, at: to }),
      }),
    )
    const moved = action === 'record-move' ? movedTree(catalogue.manifest, move) : undefined
    if (moved !== undefined) catalogue.recordMove(moved)
  }

  /** A disk that refuses it must not keep the share from being opened: the file before is gone, and the folder comes again. */
  private makeFolder(entry: Entry): void {
    const { path, access } = entry
    const make = () => this.catalogue.record(entry, undefined, makeFolder(this.options.disk, path, access))
    if (!unlessRefused(make)) this.forget(path)
  }

  private indexKnows({ path, version }: Entry): boolean {
    const known = this.catalogue.get(path)
    return known !== undefined && this.catalogue.isHeld(path) && sameVersion(known.version, version)
  }

  /** Records the entry as received. The scan will see what a person changed of it since; `isEdited`: its content, whatever time
   *  the file has. */
  private takeAsReceived(
    { entry, temporary, replaces }: LoggedPlacing<Entry>,
    machineWentDown: boolean,
    isEdited = false,
  ): void {
    const { path, executable } = entry
    const stat = this.options.disk.statLink(path)
    const before = this.catalogue.live(path)
    const isNew = replaces === '' || before === undefined
    const replaced = isNew ? undefined : { entry: before, mode: this.catalogue.mode(path) }
    // A file of the share that took another path kept its mode.
    const isMoved = temporary !== undefined && !isOwnPath(temporary)
    const access = isMoved
      ? (this.catalogue.mode(temporary)?.access ?? 'none')
      : placedAccess(this.options.disk, entry, replaced)
    // After a loss of power its mode may be any that it has had.
    const isUnknown = machineWentDown || access === 'none'
    const mode = isUnknown ? stat && modeOf(stat) : modeOf({ access, executable })
    const asPlaced = !isEdited && stat !== undefined && isKeptTime(stat.mtimeMs, mtimeOf(entry))
    const signature = entry.kind === 'file' && asPlaced ? { ...signatureOf(stat), mode: mode! } : undefined
    this.catalogue.record(entry, signature, mode)
    this.notes.push(`${entry.path} was put in place before the last stop; taken as received`)
  }

  /** Whether the index has something of these kinds at the path, which is removed before anything else can take its place. */
  private stood(path: string, kinds: readonly EntryKind[]): boolean {
    const kind = this.catalogue.live(path)?.kind
    if (kind === undefined || !kinds.includes(kind)) return false
    return this.options.disk.statLink(parentOf(path))?.kind === 'folder'
  }

  /** The machine went down: what was put in place without waiting for the disk may be torn, gone, or what was there
   *  before. What else is there is somebody's, and stays; nothing of it counts as a change of what peers have. */
  private settlePlaced(path: string, digest: Digest | '', machineWentDown: boolean): void {
    const entry = this.catalogue.live(path)
    const { action } = recoveryOf(
      'placed',
      established({
        machineWentDown: () => machineWentDown,
        indexKnows: () => entry?.digest === digest,
        targetHolds: () => entry !== undefined && this.found.holds(entry),
      }),
    )
    if (action === 'leave' || entry === undefined) return
    assert(action === 'remove-torn-and-forget', 'what was placed has an action of its own')
    this.found.removeTorn(entry)
    this.forget(path)
    this.notes.push(`${path} was not wholly on the disk when the machine stopped; it is fetched again`)
  }

  /** Files that a person's programs wrote just before the machine went down may be torn or back at an older state, and
   *  peers may have them whole: such a file must not count as an edit of what they have. */
  private findDamage(isStopped: boolean): void {
    const files = [...this.catalogue.signedFiles()]
    const end = this.end(isStopped)
    for (const { entry, signature } of files)
      unlessRefused(() => this.findDamageAt(entry, signature, isStopped, end))
  }

  private findDamageAt(entry: Entry, signature: Signature, isStopped: boolean, end: End): void {
    const { disk } = this.options
    const stat = disk.statLink(entry.path)
    if (stat?.kind === 'folder' && isRecent(signature.ctimeMs, end)) this.disown(entry.path)
    if (stat?.kind !== 'file') return
    // A program that writes into a file gives it a later time; a loss of power does not, nor a copy that was made after one.
    const isOther = stat.mtimeMs !== signature.mtimeMs || stat.sizeBytes !== signature.sizeBytes
    const isWritten = isStopped ? isOther : stat.mtimeMs > signature.mtimeMs
    if (stat.ctimeMs > signature.ctimeMs && isWritten) return
    const asKnown = sameSignature(signatureOf(stat), signature)
    if (asKnown && !isRecent(signature.ctimeMs, end)) return
    if (!this.found.holds(entry)) this.disown(entry.path)
    else if (!asKnown && stat.ctimeMs <= signature.ctimeMs) {
      applyMetadata(disk, { ...entry, ...signature.mode }, signature.mode.access !== 'none')
      this.catalogue.refreshSignature(entry.path, signatureOf(disk.stat(entry.path) ?? stat))
    }
  }

  /** The log tells the time of an orderly stop. A file that is newer was written before the clock was set back, and nobody can
   *  tell how long before. */
  private end(isStopped: boolean): End {
    const { lastWriteMs } = this
    const { committedMs } = this.catalogue.commits
    if (isStopped) return { newestMs: lastWriteMs, lastWriteMs, committedMs }
    let newestMs = Number.NEGATIVE_INFINITY
    for (const { signature } of this.catalogue.signedFiles()) newestMs = Math.max(newestMs, signature.ctimeMs)
    return { newestMs, lastWriteMs, committedMs }
  }

  /** Torn, or what was there before is back: a folder whose place the file had taken, for example. */
  private disown(path: string): void {
    this.forget(path)
    this.notes.push(`${path} was damaged when the machine stopped; what peers have of it is kept too`)
  }

  /** Entries that are missing now were made just before the machine went down and did not reach the disk. Nobody
   *  deleted them, so they are no deletions, and come back from whoever has them. */
  private findLoss(): void {
    const { disk } = this.options
    const { catalogue, journal } = this
    const options = { disk, catalogue, journal, end: this.end(false) }
    // The change of the peer is all there is of these.
    for (const path of lostKeptPaths(options)) catalogue.keptEntries.drop(path)
    const missing = lostPaths(options)
    for (const path of missing) this.forget(path)
    const [first] = missing
    if (first === undefined) return
    const others = missing.length === 1 ? '' : ` and ${missing.length - 1} more`
    this.notes.push(
      `${first}${others} did not reach the disk before the machine stopped; fetched again if a peer has it`,
    )
  }

  /** Whatever is found at the path by the next scan becomes an edit that has seen nothing of what others have there, and
   *  nothing of theirs counts as seen or deleted. */
  private forget(path: string): void {
    noteForgotten(this.options.index)
    this.catalogue.forget(path)
  }
}
