// The download pipeline: what is wanted is ordered, fetched by the engine or copied from where it is already, built in a
// temporary file and put in place. Orders and what the engine answers are here; placements.ts has what is complete, want-end.ts
// how a want ends or is put off when a peer, the disk or the log fails. The keeper owns it.
//
//     want ─┬─▶ copy ────────────────────────┐
//           ├─▶ fetch-small ─▶ content ──────┼─▶ temporary file ─▶ Placing ─▶ log, index
//           └─▶ fetch-list ─▶ build ─▶ blocks┤         ▲               │ not what we know
//                    └─▶ gone ─▶ build, whole┘         └── look again ◀┘

import { earliest } from '../../base/earliest.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { BlockSearch } from '../../delta/search-port.js'
import type { Journal } from '../../journal/journal.js'
import { runsOf } from '../../journal/record.js'
import { largeTemporary } from '../../pipe/layout.js'
import type { Delivered, FetchFailure, FetchId, SourceFailure } from '../../pipe/messages.js'
import type { Direction, MinFree, TrashPolicy } from '../../pipe/settings.js'
import { type PeerId, sameVersion } from '../../share/dots.js'
import { hasSeenMore } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import type { TreeMove } from '../../share/tree-move.js'
import type { Breaker } from '../breaker/breaker.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { STEP_FILES } from '../limits.js'
import { Knowing } from '../place/knowing.js'
import { Placing } from '../place/placing.js'
import { TreeMoving } from '../place/tree-moving.js'
import { Removing } from '../remove/removing.js'
import { TreeRemoving } from '../remove/tree-removing.js'
import type { Scanner } from '../scan/scanner.js'
import { Sweeping } from '../trash/sweeping.js'
import { Trash } from '../trash/trash.js'
import { type BuildResult, Builds } from './builds.js'
import { Gate } from './gate.js'
import { SETTLE_ROUNDS_MAX } from './limits.js'
import { type IntakeOutcome, Outcomes } from './outcomes.js'
import { Placements } from './placements.js'
import { Removals } from './removals.js'
import { Room } from './room.js'
import { Temporaries } from './temporaries.js'
import { type Refuses, ToldMoves } from './told-moves.js'
import { WantEnd } from './want-end.js'
import { type FetchOrder, type Want, Wants } from './wants.js'

interface FetchedBytes {
  readonly crossedBytes: number
  readonly savedBytes: number
  readonly sources: readonly Delivered[]
}

export interface IntakeOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly scanner: Scanner
  readonly edits: OwnEdits
  readonly minFree: MinFree
  /** Whether a peer has said that it does not hold all that it knows. */
  readonly lacksSome: (peer: PeerId) => boolean
  /** Whether more of what peers have may be found in a moment. */
  readonly isComparing: () => boolean
  /** Stands for the comparison with a peer that is under way, if there is one. */
  readonly comparisonWith: (peer: PeerId) => object | undefined
  readonly wallMs: () => number
  readonly trash: TrashPolicy
  readonly search?: BlockSearch | undefined
  readonly breaker: Breaker
  readonly direction: Direction
}

/** After each call drain `pollOutcome` until it answers undefined. */
export class Intake {
  readonly placing: Placing
  readonly knowing: Knowing
  readonly removing: Removing
  private readonly options: IntakeOptions
  private readonly wants = new Wants()
  private readonly outcomes = new Outcomes()
  private readonly room: Room
  private readonly temporaries: Temporaries
  private readonly builds: Builds
  private readonly end: WantEnd
  private readonly gate: Gate
  private readonly placements: Placements
  private readonly removals: Removals
  private readonly toldMoves: ToldMoves
  private readonly sweeping: Sweeping
  /** The last call ordered as much as one may, and there may be more. */
  private ordersLeft = false

  constructor(options: IntakeOptions, nowMs: number) {
    this.options = options
    const { disk, hash, catalogue, journal, scanner, edits, minFree, isComparing, wallMs, direction } =
      options
    const { wants, outcomes } = this
    const room = new Room({ disk, minFree, wants })
    const temporaries = new Temporaries({ disk, hash, catalogue, journal, wants, room })
    const trash = new Trash({ disk, wallMs, policy: options.trash })
    this.sweeping = new Sweeping({ disk, wallMs, policy: options.trash }, nowMs)
    const placing = new Placing({ disk, hash, catalogue, journal, scanner, edits, trash, direction })
    const removing = new Removing({ disk, catalogue, journal, scanner, trash })
    const knowing = new Knowing({ disk, catalogue, scanner })
    const end = new WantEnd({ catalogue, knowing, wants, temporaries, room, outcomes })
    this.room = room
    this.temporaries = temporaries
    this.end = end
    this.placing = placing
    this.knowing = knowing
    this.builds = new Builds({ disk, hash, catalogue, journal, wants, room, search: options.search })
    const { breaker } = options
    const gate = new Gate({ catalogue, breaker, wants, end, outcomes, knowing, direction })
    this.gate = gate
    const treeMoving = new TreeMoving(options)
    this.toldMoves = new ToldMoves({
      ...options,
      wants,
      treeMoving,
      commit: (now) => this.placements.commitPlaced(now),
    })
    this.placements = new Placements(
      {
        disk,
        catalogue,
        journal,
        scanner,
        placing,
        treeMoving,
        removing,
        wants,
        temporaries,
        end,
        gate,
        outcomes,
        isComparing,
        comparisonWith: options.comparisonWith,
      },
      nowMs,
    )
    const { placements } = this
    this.removing = removing
    this.removals = new Removals({
      treeRemoving: new TreeRemoving({ ...options, trash }),
      removing,
      scanner,
      wants,
      end,
      gate,
      outcomes,
      placements,
      isComparing,
    })
    catalogue.commitAfter(() => {
      removing.syncFolders()
      journal.sync()
      catalogue.commits.noteTime(wallMs())
    })
  }

  /** Takes the next outcome to carry out, in the order in which they came about. */
  pollOutcome(): IntakeOutcome | undefined {
    return this.outcomes.poll()
  }

  /** How many paths are wanted. */
  get size(): number {
    return this.wants.size
  }

  /** What is wanted at this path. */
  wantedAt(path: string): Entry | undefined {
    return this.wants.get(path)?.remote
  }

  /** How many paths are wanted of this peer, others that it shares with an earlier one left out. */
  wantedOf(peer: PeerId): number {
    return this.wants.counts.countOf(peer)
  }

  /** Why nothing is written for now; empty where nothing keeps it from that. */
  get pause(): string {
    return this.end.fullDisk.reason
  }

  /** Why what is known at this path is not held; empty where nothing was refused. */
  refusalAt(path: string): string {
    return this.end.refusalAt(path)
  }

  /** Whether what is in this folder may be about to be removed. */
  mayBeFreed(folder: string): boolean {
    return this.wants.removals.hasBelow(folder) || this.options.isComparing()
  }

  /** Whether so much is wanted of this peer that it is better not to look for more. */
  isSated(peer: PeerId): boolean {
    return this.wants.counts.isSated(peer)
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    const isOrdering = this.ordersLeft || this.wants.hasInstant
    return (
      this.placements.busy ||
      this.builds.busy ||
      this.sweeping.busy ||
      (!this.end.fullDisk.paused && isOrdering)
    )
  }

  /** How `remote` stands against what is wanted at its path: it is that, is no better than that, or is free to be
   *  considered; or cannot be had for now. What it beats is given up. */
  standing(remote: Entry, peer: PeerId): 'wanted' | 'beaten' | 'free' | 'refused' {
    if (this.end.isRefused(remote, peer)) return 'refused'
    const want = this.wants.get(remote.path)
    if (want === undefined) return 'free'
    if (sameVersion(want.remote.version, remote.version) && want.remote.digest === remote.digest) {
      this.wants.addSource(want, peer)
      return 'wanted'
    }
    if (!this.isBetter(remote, want.remote)) return 'beaten'
    this.end.reportBeaten(want)
    this.end.abandon(want, undefined)
    this.temporaries.drop(want)
    return 'free'
  }

  /** Whether what a peer has is to be wanted instead of what is. Equal content only with a version that has seen the other:
   *  a join of the two would be an edit that nobody made. */
  private isBetter(remote: Entry, wanted: Entry): boolean {
    const decision = this.placing.compare(wanted, remote)
    if (decision.type === 'adopt') return hasSeenMore(remote, wanted)
    return decision.type === 'take' || decision.type === 'conflict' || decision.type === 'remove'
  }

  /** A peer renamed a folder. Answers whether it was renamed here too. */
  handleTreeMove(move: TreeMove, peer: PeerId, refuses: Refuses, nowMs: number): boolean {
    const moved = this.end.fullDisk.paused ? undefined : this.toldMoves.carryOut(move, peer, refuses, nowMs)
    if (moved === undefined) return false
    for (const path of [move.from, move.to]) this.end.handleLocalChange(path)
    this.placements.handleTreeMoved(moved, peer, nowMs)
    return true
  }

  /** 'stopped': it takes away so much that a person is asked first, or nothing is taken over at all. 'unread': that is known when what stands
   *  at the path has been read. */
  want(remote: Entry, peer: PeerId): 'wanted' | 'stopped' | 'unread' {
    return this.gate.add(remote, peer)
  }

  /** A person lets this happen here, though it was stopped. */
  handleConfirmed(entry: Entry): void {
    this.gate.handleConfirmed(entry)
  }

  handlePeerGone(peer: PeerId): void {
    for (const want of [...this.wants.wantedOf(peer)]) {
      this.wants.removeSource(want, peer)
      if (want.temporary !== undefined) continue
      if (want.source === peer) this.end.stopFetch(want)
      // While a fetch goes on, the engine has it from others.
      if (want.fetch !== undefined) continue
      if (want.sources.size === 0) this.end.abandon(want, undefined)
      else this.wants.queue(want)
    }
  }

  /** The path changed here: what was refused there, above or below it may fit now. */
  handleLocalChange(path: string): void {
    this.end.handleLocalChange(path)
    this.removing.handleLocalChange(path)
  }

  /** Rules may leave out more than before. A deletion of that removes nothing, and is carried out all the same. */
  handleRules(): void {
    const { scanner } = this.options
    for (const want of [...this.wants.all()])
      if (scanner.leavesOut(want.remote) && want.remote.kind !== 'tombstone') this.end.abandonKnown(want)
  }

  /** This peer holds more than before. */
  handleHoldsMore(peer: PeerId): void {
    this.end.handleHoldsMore(peer)
  }

  handleList(fetch: FetchId, list: Uint8Array, sums: Uint8Array | undefined): void {
    this.builds.handleList(fetch, list, sums)
  }

  /** Does a bounded piece of building, and tries again what waited for its place. */
  step(nowMs: number): void {
    this.removing.handleTurn()
    const result = this.builds.step()
    if (result !== undefined) this.handleBuilt(result, nowMs)
    this.end.retryRefused(nowMs)
    for (let want = this.end.takePlaceAgain(nowMs); want !== undefined; want = this.end.takePlaceAgain(nowMs))
      if (want.remote.kind === 'tombstone') this.removals.remove(want, nowMs)
      else this.placements.place(want, nowMs)
    if (this.end.fullDisk.paused) this.sweeping.handleFull(nowMs)
    this.sweeping.step(nowMs)
    if (this.wants.size === 0) this.placements.stepCheckpoint(nowMs)
  }

  private handleBuilt(result: BuildResult, nowMs: number): void {
    switch (result.type) {
      case 'built':
        for (const message of result.messages) this.outcomes.message(message)
        break
      case 'copied':
        this.handleFetched(result.fetch, { crossedBytes: 0, savedBytes: 0, sources: [] }, nowMs)
        break
      case 'not-copied':
        if (result.from !== undefined) this.options.scanner.hint(result.from)
        this.handleSourceFailed(result.fetch, 'gone', nowMs)
        break
      case 'failed':
        this.end.handleUnwritable(result.want, result.error, nowMs)
    }
  }

  pollTimeout(): number | undefined {
    return earliest(
      this.end.pollTimeout(),
      this.placements.pollTimeout(),
      this.wants.pollTimeout(),
      this.removals.pollTimeout(),
      this.sweeping.pollTimeout(),
    )
  }

  /** After each call into this: orders what may be ordered, and makes what was placed survive a kill. */
  settle(nowMs: number): void {
    this.room.handleTurn()
    this.removing.handleTurn()
    this.end.fullDisk.handleTimeout(nowMs)
    // Placed content may be what other wants wait for.
    let ordersLeft = STEP_FILES
    for (let rounds = 0; rounds < SETTLE_ROUNDS_MAX; rounds++) {
      ordersLeft -= this.order(ordersLeft, nowMs)
      if (!this.placements.placeReady(nowMs) || ordersLeft === 0) break
    }
    if (this.removals.isDue(nowMs)) ordersLeft -= this.removals.step(ordersLeft, nowMs)
    this.ordersLeft = ordersLeft <= 0
    this.placements.settle(this.wants.size === 0 && !this.end.fullDisk.paused, nowMs)
    const totals = this.wants.takeTotals()
    if (totals !== undefined) this.outcomes.message({ type: 'work', ...totals })
  }

  /** Answers how many orders it carried out. */
  private order(ordersMax: number, nowMs: number): number {
    const { catalogue, isComparing } = this.options
    const here = { holderOf: (digest: Digest) => catalogue.holderOf(digest), isComparing }
    let orders = 0
    for (; orders < ordersMax && !this.end.fullDisk.paused; orders++) {
      const order = this.wants.pollOrder(here, nowMs)
      if (order === undefined) return orders
      if (!this.room.hasFor(order.want)) this.end.handleDiskFailure(order.want, true, '', nowMs)
      else if (order.type === 'place') this.placements.place(order.want, nowMs)
      else if (order.type === 'copy') this.copy(order.want, order.from, nowMs)
      else this.fetch(order)
    }
    return orders
  }

  private fetch(order: FetchOrder & { type: 'fetch' }): void {
    const { want, peer, file, large } = order
    const common = { fetch: want.fetch!, peer, file, path: want.remote.path }
    if (large) this.outcomes.message({ type: 'fetch-list', ...common, isNew: this.builds.isNew(want) })
    else this.outcomes.message({ type: 'fetch-small', ...common })
  }

  /** The same content is in the share already, one block of it: read, prove, write. */
  private copy(want: Want, from: string, nowMs: number): void {
    const bytes = this.temporaries.readFrom(from, want)
    if (bytes !== undefined) {
      this.placements.placeContent(want, bytes, nowMs)
      return
    }
    // The holder is not what the index says; until the scan has seen it, the network is the source.
    this.options.scanner.hint(from)
    const order = this.wants.forceFetch(want)
    if (order !== undefined) this.fetch(order)
  }

  handleContent(fetch: FetchId, bytes: Uint8Array, savedBytes: number, nowMs: number): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    want.crossedBytes = bytes.length
    want.delivered = want.source === undefined ? [] : [{ peer: want.source, bytes: bytes.length }]
    want.savedBytes = savedBytes
    this.placements.placeContent(want, bytes, nowMs)
  }

  handleBlocks(fetch: FetchId, blockIndices: readonly number[]): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    this.room.handleWritten(fetch, blockIndices.length)
    this.builds.handleBlocks(fetch, blockIndices.length)
    const sorted = [...blockIndices].sort((left, right) => left - right)
    try {
      this.options.journal.append({ kind: 'blocks', digest: want.remote.digest, runs: runsOf(sorted) })
    } catch (error) {
      // The log may lag behind the disk: then a restart fetches these blocks again.
      if (!(error instanceof DiskError)) throw error
    }
  }

  handleFetched(fetch: FetchId, { crossedBytes, savedBytes, sources }: FetchedBytes, nowMs: number): void {
    const want = this.wants.byFetchId(fetch)
    this.builds.handleFetched(fetch)
    if (want === undefined) return
    want.delivered = sources
    want.crossedBytes = crossedBytes
    want.savedBytes = savedBytes
    want.temporary = { path: largeTemporary(want.remote.digest), looks: undefined }
    this.wants.handleFetched(want)
    this.placements.place(want, nowMs)
  }

  handleFetchFailed(fetch: FetchId, reason: FetchFailure, nowMs: number): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    const { digest, sizeBytes } = want.remote
    if (reason === 'no-space' || reason === 'disk') {
      this.end.handleDiskFailure(want, reason === 'no-space', 'the disk failed', nowMs)
      return
    }
    const isCopied = reason === 'gone' && digest !== '' && sizeBytes > BLOCK_BYTES
    if (!isCopied || !this.builds.copy(fetch, digest)) this.handleSourceFailed(fetch, reason, nowMs)
  }

  /** Where its session is over, the peer may have another: then it still has what it told there. */
  private handleSourceFailed(fetch: FetchId, reason: SourceFailure, nowMs: number): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    const { source } = want
    this.wants.endFetch(want)
    const isNotHeld = source !== undefined && this.isNotHeldBy(source, want, reason)
    if (isNotHeld) this.end.handleNotHeld(want, source, nowMs)
    if (source !== undefined) {
      this.wants.removeSource(want, source)
      if (!isNotHeld) this.outcomes.sourceFailed(source)
    }
    if (want.sources.size > 0) this.wants.queue(want)
    else if (isNotHeld) this.end.abandonKnown(want)
    else
      this.end.abandon(
        want,
        reason === 'unservable' ? 'what the peer sends does not match its digest' : undefined,
        source,
      )
  }

  /** Its tree tells of the content all the same, so that asking it anew would tell nothing new. */
  private isNotHeldBy(peer: PeerId, { remote }: Want, reason: SourceFailure): boolean {
    const { lacksSome, catalogue } = this.options
    return (reason === 'gone' && lacksSome(peer)) || !catalogue.isHeld(remote.path)
  }

  /** One of several sources is none any more; the fetch goes on. */
  handleSourceLost(fetch: FetchId, peer: PeerId): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    this.wants.removeSource(want, peer)
    if (want.source === peer) want.source = undefined
    this.outcomes.sourceFailed(peer)
  }

  /** Makes what the catalogue says survive a kill. Answers false, and pauses, where the disk is too full for it. */
  commit(nowMs: number): boolean {
    return this.placements.commit(nowMs)
  }

  /** Somebody here made this. */
  handleMade(entry: Entry): void {
    this.temporaries.handleMade(entry)
  }
}
