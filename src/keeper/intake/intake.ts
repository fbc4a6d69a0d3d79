// The download pipeline: what is wanted is ordered, fetched by the engine or copied from where it is already, built in a
// temporary file and put in place. What is wanted and what is ordered next is here; fetches.ts has what is on its way, placements.ts
// what is complete, want-end.ts how a want ends or is put off when a peer, the disk or the log fails. The keeper owns it.
//
//     want ─┬─▶ copy ────────────────────────┐
//           ├─▶ fetch-small ─▶ content ──────┼─▶ temporary file ─▶ Placing ─▶ log, index
//           └─▶ fetch-list ─▶ build ─▶ blocks┤         ▲               │ not what we know
//                    └─▶ gone ─▶ build, whole┘         └── look again ◀┘

import { earliest } from '../../base/earliest.js'
import type { Digest, Hash } from '../../base/item.js'
import type { Disk } from '../../base/ports.js'
import type { BlockSearch } from '../../delta/search-port.js'
import type { Journal } from '../../journal/journal.js'
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
import { Fetches } from './fetches.js'
import { Gate } from './gate.js'
import { SETTLE_ROUNDS_MAX } from './limits.js'
import { type IntakeOutcome, Outcomes } from './outcomes.js'
import { Placements } from './placements.js'
import { Removals } from './removals.js'
import type { Refused } from './retry-backoff.js'
import { Room } from './room.js'
import { Temporaries } from './temporaries.js'
import { type Refuses, ToldMoves } from './told-moves.js'
import { WantEnd } from './want-end.js'
import { WantReasons } from './want-reasons.js'
import { Wants } from './wants.js'

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
  readonly fetches: Fetches
  private readonly options: IntakeOptions
  private readonly wants = new Wants()
  private readonly outcomes = new Outcomes()
  private readonly room: Room
  private readonly temporaries: Temporaries
  private readonly end: WantEnd
  private readonly gate: Gate
  private readonly placements: Placements
  private readonly removals: Removals
  private readonly toldMoves: ToldMoves
  private readonly sweeping: Sweeping
  /** For the person. */
  readonly reasons: WantReasons
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
    const { lacksSome, search } = options
    const built = { disk, hash, catalogue, journal, wants, room, search }
    this.fetches = new Fetches({ ...built, scanner, temporaries, placements, end, outcomes, lacksSome })
    this.removing = removing
    this.reasons = new WantReasons({ wants, end, fetches: this.fetches, placements, isComparing })
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

  /** The entry that is wanted at this path. */
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

  /** The same for a command. */
  refusedAt(path: string): Refused | undefined {
    return this.end.refusedAt(path)
  }

  /** Peers that have what is wanted at this path. */
  sourcesAt(path: string): ReadonlySet<PeerId> {
    return this.wants.get(path)?.sources ?? NONE
  }

  /** Wanted, and not in place yet. */
  *wantedEntries(): Iterable<Entry> {
    for (const { remote } of this.wants.all()) yield remote
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
      this.fetches.busy ||
      this.sweeping.busy ||
      (!this.end.fullDisk.paused && isOrdering)
    )
  }

  /** How `remote` stands against what is wanted at its path: it is that, is no better than that, or is free to be
   *  considered; or cannot be had for now. What it beats is given up, and no outcome says that it was. */
  standing(remote: Entry, peer: PeerId): 'wanted' | 'beaten' | 'free' | 'refused' {
    if (this.end.isRefused(remote, peer)) return 'refused'
    const want = this.wants.get(remote.path)
    if (want === undefined) return 'free'
    if (sameVersion(want.remote.version, remote.version) && want.remote.digest === remote.digest) {
      this.wants.addSource(want, peer)
      return 'wanted'
    }
    if (!this.isBetter(remote, want.remote) || this.isBeatenByLoser(remote, want.remote)) return 'beaten'
    this.end.giveWay(want)
    // The same content goes on from the blocks that are here: a touch of a large file does not fetch it from its start.
    if (want.remote.digest !== remote.digest) this.temporaries.drop(want)
    return 'free'
  }

  /** Whether what a peer has is to be wanted instead of what is. Equal content only with a version that has seen the other:
   *  a join of the two would be an edit that nobody made. */
  private isBetter(remote: Entry, wanted: Entry): boolean {
    const decision = this.placing.compare(wanted, remote)
    if (decision.type === 'adopt') return hasSeenMore(remote, wanted)
    return decision.type === 'take' || decision.type === 'conflict' || decision.type === 'remove'
  }

  /** Whether ours wins against `remote` and loses against what is wanted, which `remote` beats. Given up for that, which is not taken
   *  while ours stands, it would be wanted anew, without end. In its place, it is compared with `remote` again. */
  private isBeatenByLoser(remote: Entry, wanted: Entry): boolean {
    return this.placing.decide(remote).type === 'keep' && this.placing.decide(wanted).type !== 'keep'
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
  want(remote: Entry, peer: PeerId, nowMs: number): 'wanted' | 'stopped' | 'unread' {
    return this.gate.add(remote, peer, nowMs)
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

  /** The path changed here: what was refused there, above or below it may fit now, and what is wanted there may replace nothing. */
  handleLocalChange(path: string): void {
    this.gate.handleLocalChange(path)
    this.end.handleLocalChange(path)
    this.removing.handleLocalChange(path)
  }

  /** A person wants what was refused at the path, above it or below it to be tried again. Answers how many paths that are. */
  retryBelow(path: string): number {
    return this.end.handleLocalChange(path)
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

  /** Does a bounded piece of building, and tries again what waited for its place. */
  step(nowMs: number): void {
    this.removing.handleTurn()
    this.fetches.step(nowMs)
    this.end.retryRefused(nowMs)
    for (let want = this.end.takePlaceAgain(nowMs); want !== undefined; want = this.end.takePlaceAgain(nowMs))
      if (want.remote.kind === 'tombstone') this.removals.remove(want, nowMs)
      else this.placements.place(want, nowMs)
    if (this.end.fullDisk.paused) this.sweeping.handleFull(nowMs)
    this.sweeping.step(nowMs)
    if (this.wants.size === 0) this.placements.stepCheckpoint(nowMs)
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
      if (!this.room.hasFor(order.want)) this.end.handleNoSpace(order.want, nowMs)
      else if (order.type === 'place') this.placements.place(order.want, nowMs)
      else if (order.type === 'copy') this.fetches.copy(order.want, order.from, nowMs)
      else this.fetches.begin(order)
    }
    return orders
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

const NONE: ReadonlySet<PeerId> = new Set()
