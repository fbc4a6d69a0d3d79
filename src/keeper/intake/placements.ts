// The last part of the way of a want: its temporary file is written or complete, it waits for the others that are ready, is
// put in place together with them, and is committed. Wanted folders on the way of a file are placed before it. The intake
// owns it.

import { earliest } from '../../base/earliest.js'
import { type Disk, DiskError } from '../../base/ports.js'
import { causeOf } from '../../base/reason.js'
import type { Journal } from '../../journal/journal.js'
import type { PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import type { MovedTree } from '../../share/tree-move.js'
import type { Catalogue } from '../index/catalogue.js'
import { CommitGroup } from '../place/commit-group.js'
import { writeCause } from '../place/failure.js'
import type { Standing } from '../place/moving.js'
import type { Placed, Placing, Prepared } from '../place/placing.js'
import type { TreeMoving } from '../place/tree-moving.js'
import { missingFolders } from '../place/way.js'
import type { Removing } from '../remove/removing.js'
import type { Scanner } from '../scan/scanner.js'
import type { Gate } from './gate.js'
import { PLACE_RETRY_MS, PLACE_TRIES_MAX } from './limits.js'
import { ifThere, Links } from './links.js'
import type { Outcomes } from './outcomes.js'
import { PlacingOrder } from './placing-order.js'
import type { Temporaries } from './temporaries.js'
import type { WantEnd } from './want-end.js'
import { firstSource, type Want, type Wants } from './wants.js'

export interface PlacementsOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly scanner: Scanner
  readonly placing: Placing
  readonly treeMoving: TreeMoving
  readonly removing: Removing
  readonly wants: Wants
  readonly temporaries: Temporaries
  readonly end: WantEnd
  readonly gate: Gate
  readonly outcomes: Outcomes
  /** Whether more of what peers have may be found in a moment. */
  readonly isComparing: () => boolean
  /** Stands for the comparison with a peer that is under way, if there is one. */
  readonly comparisonWith: (peer: PeerId) => object | undefined
}

/** Folders that were looked at or synced for one batch of wants: most wants of a batch have the same folder. */
interface Folders {
  readonly found: Set<string>
  readonly synced: Set<string>
}

interface PreparedWant {
  readonly want: Want
  readonly change: Prepared
}

/** Result for a want that has to wait: what is in the folder in its place is to be removed first. */
interface Waiting {
  readonly type: 'waiting'
}

export class Placements {
  private readonly options: PlacementsOptions
  /** Complete, and to be put in place before the intake's call is over. */
  private readonly ready = new Set<Want>()
  private readonly committing: CommitGroup
  private readonly links: Links
  private readonly order: PlacingOrder
  /** In the place of a folder of which deletions are still to be carried out. */
  private readonly waiting = new Set<Want>()

  constructor(options: PlacementsOptions, nowMs: number) {
    this.options = options
    this.links = new Links(options)
    this.order = new PlacingOrder({ ...options, links: this.links })
    this.committing = new CommitGroup(options.disk, options.journal, nowMs)
  }

  /** Whether files or links wait for `placeReady`. */
  get busy(): boolean {
    return this.ready.size > this.order.heldCount || this.order.hasDue
  }

  /** How a want waits for others: deletions below it, or what its author recorded before it. */
  waitOf(
    want: Want,
  ): { readonly type: 'removals' } | { readonly type: 'order'; readonly sinceMs: number } | undefined {
    if (this.waiting.has(want)) return { type: 'removals' }
    const sinceMs = this.order.heldSinceMs(want)
    return sinceMs === undefined ? undefined : { type: 'order', sinceMs }
  }

  /** How many wait for deletions, with those that wait for the content of one that does. */
  get waitingCount(): number {
    const { wants } = this.options
    let parkedCount = 0
    for (const want of this.waiting) {
      if (wants.get(want.remote.path) !== want) this.waiting.delete(want)
      else parkedCount += wants.parkedBehind(want)
    }
    return this.waiting.size + parkedCount
  }

  /** A file or a link waits for the others that are ready now: they share one sync of the log. */
  place(want: Want, nowMs: number): void {
    if (want.move?.type === 'link' && want.temporary === undefined) {
      this.links.add(want)
      return
    }
    if (want.remote.kind === 'file') {
      this.ready.add(want)
      return
    }
    if (want.move?.type === 'move' && this.moveTree(want, want.move.removal, nowMs)) return
    want.move = undefined
    if (want.remote.kind === 'link') {
      this.ready.add(want)
      return
    }
    const prepared = this.prepare(want, undefined, { found: new Set(), synced: new Set() }, nowMs)
    const placed = prepared.type === 'prepared' ? this.options.placing.finish(prepared) : prepared
    this.handlePlacing(want, placed, nowMs)
  }

  /** Writes the whole content of a want beside the share, to be put in place. */
  placeContent(want: Want, bytes: Uint8Array, nowMs: number): void {
    if (!this.makeTemporary(want, bytes, nowMs)) return
    this.options.wants.handleWritten(want)
    this.place(want, nowMs)
  }

  /** Answers whether anything was ready. */
  placeReady(nowMs: number): boolean {
    const due = this.order.take(this.ready, nowMs)
    const { links, refused } = this.links.take(new Set(due), nowMs)
    for (const want of refused) this.refuseMove(want)
    if (due.length === 0 && links.size === 0) return false
    const wants = [...links.keys(), ...due]
    const folders: Folders = { found: new Set(), synced: new Set() }
    const prepared: PreparedWant[] = []
    for (const want of wants) {
      const isWanted = this.options.wants.get(want.remote.path) === want
      const standing = links.get(want) ?? (isWanted ? this.movedFile(want) : undefined)
      if (!isWanted || (standing === undefined && !this.makeEmptyTemporary(want, nowMs))) continue
      const change = this.prepare(want, standing, folders, nowMs)
      if (change.type === 'prepared') prepared.push({ want, change })
      else this.handlePlacing(want, change, nowMs)
    }
    if (prepared.length > 0) this.carryOut(prepared, nowMs)
    for (const { path } of links.values()) this.options.temporaries.remove(path)
    return true
  }

  /** Renames a folder with all that is in it. Answers false where not all of it is wanted alike. */
  private moveTree({ remote }: Want, removal: Want, nowMs: number): boolean {
    const { treeMoving, removing, scanner, wants } = this.options
    const { path: to } = remote
    const { path: from } = removal.remote
    const parts = ifThere(() => {
      for (const folder of missingFolders(this.options.disk, to, new Set())) {
        const wanted = wants.wantedFolder(folder)
        if (wanted !== undefined) this.place(wanted, nowMs)
      }
      const plan = treeMoving.plan(from, to, (path) => wants.get(path)?.remote)
      if (plan !== undefined) treeMoving.carryOut(plan)
      return plan
    })
    if (parts === undefined) return false
    removing.handleTreeMoved(from, to)
    scanner.hint(to)
    for (const { creation, deletion } of parts) {
      this.handleMovedPart(creation, nowMs)
      this.handleMovedPart(deletion, nowMs)
    }
    return true
  }

  /** A folder was renamed because a peer told of that in one line. */
  handleTreeMoved({ move, parts }: MovedTree, peer: PeerId, nowMs: number): void {
    const { removing, scanner, outcomes } = this.options
    const { from, to } = move
    removing.handleTreeMoved(from, to)
    scanner.hint(to)
    outcomes.notify({ event: 'moved', from, path: to, things: parts.length, peer })
    for (const path of [from, to]) outcomes.push({ type: 'placed', path })
    this.changed('received')
    this.handleInPlace(to, nowMs)
  }

  private handleMovedPart({ path }: Entry, nowMs: number): void {
    const { wants, end, temporaries } = this.options
    const want = wants.get(path)
    if (want === undefined) return
    if (want.remote.kind === 'tombstone') {
      this.finishRemoval(want, nowMs)
      return
    }
    // Its content may have been copied, or be on its way, since before the folder was known to be moved.
    end.stopFetch(want)
    temporaries.drop(want)
    this.handlePlaced(want, undefined, nowMs)
  }

  /** The file that is moved to where it is wanted. Where that cannot be used, the want goes on without it. */
  private movedFile(want: Want): Standing | undefined {
    const { placing, wants } = this.options
    const { move } = want
    if (move?.type !== 'move') return undefined
    const { removal } = move
    if (wants.get(removal.remote.path) !== removal) return undefined
    return ifThere(() => placing.moving.standingFor(want.remote, removal.remote))
  }

  /** Its content is copied or fetched, as that of any other. */
  private refuseMove(want: Want): void {
    want.move = undefined
    want.isMoveRefused = true
    this.options.wants.queue(want)
  }

  /** When placed files are to be committed, or brought onto stable storage; and when something has waited for long enough. */
  pollTimeout(): number | undefined {
    return earliest(
      this.links.pollTimeout(),
      this.order.pollTimeout(),
      this.committing.pollTimeout(this.options.wants.size === 0),
    )
  }

  /** Commits placed files that are due; with `isOver` nothing more will come. */
  settle(isOver: boolean, nowMs: number): void {
    if (this.committing.settle(isOver, nowMs)) this.commitPlaced(nowMs)
  }

  /** Call while nothing is wanted. */
  stepCheckpoint(nowMs: number): void {
    this.committing.stepCheckpoint(nowMs)
  }

  /** Makes what the catalogue says survive a kill. Answers false, and pauses, where the disk is too full for it. */
  commit(nowMs: number): boolean {
    const { catalogue, wants, end, outcomes } = this.options
    try {
      catalogue.commit()
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'no-space') throw error
      outcomes.notify(end.fullDisk.handleFull(nowMs))
      return false
    }
    if (wants.size === 0) outcomes.notify(end.fullDisk.handleRoom())
    return true
  }

  /** The same, and the log says no more that it is being placed. */
  commitPlaced(nowMs: number): boolean {
    const isCommitted = this.commit(nowMs)
    if (isCommitted) this.committing.handleCommitted(nowMs)
    else this.committing.handleFull(nowMs)
    return isCommitted
  }

  /** Answers false where the disk refuses. */
  private makeTemporary(want: Want, bytes: Uint8Array, nowMs: number): boolean {
    try {
      this.options.temporaries.make(want, bytes)
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.options.end.handleUnwritable(want, error, nowMs)
      return false
    }
  }

  /** An empty file has nothing to fetch, and still is built beside the share. Answers false where it cannot be. */
  private makeEmptyTemporary(want: Want, nowMs: number): boolean {
    if (want.remote.kind !== 'file' || want.remote.sizeBytes > 0 || want.temporary !== undefined) return true
    return this.makeTemporary(want, new Uint8Array(0), nowMs)
  }

  /** Everything short of the change itself. Folders on the way that are wanted are placed first, as their maker has them. */
  private prepare(
    want: Want,
    standing: Standing | undefined,
    folders: Folders,
    nowMs: number,
  ): Prepared | Placed | Waiting {
    const { placing, wants } = this.options
    this.waiting.delete(want)
    if (this.mustWait(want)) return { type: 'waiting' }
    if (want.move !== undefined && standing === undefined) return { type: 'unmoved' }
    const plan = placing.plan(want.remote, standing ?? want.temporary, folders.found)
    if (plan.type !== 'planned') return plan
    for (const path of plan.missingFolders) {
      const folder = wants.wantedFolder(path)
      if (folder !== undefined) this.handlePlacing(folder, placing.place(folder.remote, undefined), nowMs)
    }
    const prepared = placing.prepare(plan, folders.synced)
    // They are there, whatever becomes of the file.
    if (plan.missingFolders.length > 0) this.changed('received')
    return prepared
  }

  /** Whether a want has to wait: what is in a folder goes before something else takes its place; its deletion may be told after that. */
  private mustWait(want: Want): boolean {
    const { catalogue, wants, isComparing } = this.options
    const { path, kind } = want.remote
    // On some disks the old name of what was renamed is in the way of the new one.
    const isGoing = (other: string) => wants.get(other)?.remote.kind === 'tombstone'
    if (catalogue.twins.find(path, isGoing) !== undefined) return true
    if (kind === 'folder' || !catalogue.hasHeldBelow(path)) return false
    return wants.removals.hasBelow(path) || (isComparing() && ++want.placeTries < PLACE_TRIES_MAX)
  }

  private carryOut(prepared: readonly PreparedWant[], nowMs: number): void {
    const { placing, end } = this.options
    try {
      placing.log(prepared.map(({ change }) => change))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      const noSpace = error.code === 'no-space'
      const reason = `the log cannot be written (${error.message})`
      for (const { want } of prepared)
        end.handleFailure(want, { noSpace, reason, cause: writeCause(error) }, nowMs)
      return
    }
    for (const { want, change } of prepared) this.handlePlacing(want, placing.carryOut(change), nowMs)
  }

  private handlePlacing(want: Want, result: Placed | Waiting, nowMs: number): void {
    const { end, catalogue } = this.options
    // Its place may have been vacated for it.
    if (result.type !== 'placed' && !catalogue.isHeld(want.remote.path)) this.changed('received')
    switch (result.type) {
      case 'placed':
        this.handlePlaced(want, result.keptAs, nowMs)
        if (result.vacated !== undefined) this.handleVacated(want, result.vacated, nowMs)
        return
      case 'unmoved':
        this.refuseMove(want)
        return
      case 'beaten':
        end.reportBeaten(want)
        end.finish(want)
        this.changed('received')
        return
      case 'needless':
        end.finish(want)
        this.changed('received')
        return
      case 'waiting':
        this.waiting.add(want)
        end.placeLater(want, nowMs + PLACE_RETRY_MS)
        return
      case 'unsettled':
        this.handleUnsettled(want, nowMs)
        return
      case 'failed':
        if (want.move !== undefined) this.refuseMove(want)
        else end.handleFailure(want, result, nowMs)
        return
    }
  }

  private handleUnsettled(want: Want, nowMs: number): void {
    const { scanner, end } = this.options
    scanner.hint(want.remote.path)
    if (++want.placeTries < PLACE_TRIES_MAX) {
      end.placeLater(want, nowMs + PLACE_RETRY_MS)
      return
    }
    const reason = 'what stands in its place cannot be read or does not come to rest'
    end.handleFailure(want, { noSpace: false, reason, cause: causeOf('place-restless') }, nowMs)
  }

  private handlePlaced(want: Want, keptAs: string | undefined, nowMs: number): void {
    const { wants, end, gate, outcomes } = this.options
    const { path, kind, sizeBytes } = want.remote
    end.handlePlaced(want)
    if (keptAs === undefined) gate.handleDone(want)
    if (keptAs !== undefined) outcomes.notify({ event: 'conflict', path, kept: keptAs })
    if (kind === 'file') {
      outcomes.notify({
        event: 'received',
        path,
        bytes: sizeBytes,
        crossedBytes: want.crossedBytes,
        savedBytes: want.savedBytes,
        durationMs: want.startedMs === 0 ? 0 : nowMs - want.startedMs,
        peer: want.delivered[0]?.peer ?? want.source ?? firstSource(want),
        sources: want.delivered,
      })
    }
    wants.remove(want, true)
    outcomes.push({ type: 'placed', path })
    this.changed(keptAs === undefined ? 'received' : 'own')
    this.handleInPlace(path, nowMs)
  }

  /** The content of the want was moved from the path of this deletion, which is carried out with that. */
  private handleVacated({ move, remote }: Want, vacated: Entry, nowMs: number): void {
    const { removing } = this.options
    removing.handleMoved(vacated, remote.path)
    if (move?.type === 'move') this.finishRemoval(move.removal, nowMs)
  }

  private finishRemoval(removal: Want, nowMs: number): void {
    const { wants, end, outcomes } = this.options
    const { path } = removal.remote
    end.handlePlaced(removal)
    wants.remove(removal, true)
    outcomes.push({ type: 'placed', path })
    this.changed('received')
    this.handleInPlace(path, nowMs)
  }

  /** The path is as a peer has it: that is to be committed with the others. */
  handleInPlace(path: string, nowMs: number): void {
    if (this.committing.add(path, nowMs)) this.commitPlaced(nowMs)
  }

  private changed(by: 'own' | 'received'): void {
    const { wants, outcomes } = this.options
    outcomes.push({ type: 'changed', by, isLast: wants.size === 0 })
  }
}
