// The way of what is wanted into the share: ordered, fetched by the engine or copied from where it is already, built in a
// temporary file, put in place; and what happens when a peer, the disk or the log fails on the way. The keeper owns it.
//
//     want ─┬─▶ copy ────────────────────────┐
//           ├─▶ fetch-small ─▶ content ──────┼─▶ temporary file ─▶ Placing ─▶ log, index
//           └─▶ fetch-list ─▶ build ─▶ blocks┘         ▲               │ not what we know
//                                                      └── look again ◀┘

import { earliest } from '../../base/earliest.js'
import type { Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import { runsOf } from '../../journal/record.js'
import { largeTemporary } from '../../pipe/layout.js'
import type { Delivered, FetchFailure, FetchId, KeeperNotice, KeeperToEngine } from '../../pipe/messages.js'
import type { MinFree } from '../../pipe/settings.js'
import type { Entry } from '../../share/entry.js'
import { compareVersions, type PeerId } from '../../share/version.js'
import { DueQueue } from '../due-queue.js'
import type { Catalogue } from '../index/catalogue.js'
import { FULL_DISK_RETRY_MS, STEP_FILES } from '../limits.js'
import { CommitGroup } from '../place/commit-group.js'
import { type Placed, Placing, type Prepared } from '../place/placing.js'
import type { Scanner } from '../scan/scanner.js'
import { Builds } from './builds.js'
import { FULL_DISK_REASON, FullDisk } from './full-disk.js'
import { PLACE_RETRY_MS, PLACE_TRIES_MAX, SETTLE_ROUNDS_MAX } from './limits.js'
import { Refusals } from './refusals.js'
import { Room } from './room.js'
import { Temporaries } from './temporaries.js'
import { type Order, type Want, Wants } from './wants.js'

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
  readonly peer: PeerId
  readonly minFree: MinFree
}

/** What the owner of the intake carries out: for the engine, for a person, for the other parts. */
export type IntakeOutcome =
  | { readonly type: 'message'; readonly message: KeeperToEngine }
  /** Something was put at this path. */
  | { readonly type: 'placed'; readonly path: string }
  /** The catalogue changed by what a peer sent; with a kept conflict copy (`own`) it changed by us too. `isLast`: nothing
   *  more was wanted then. */
  | { readonly type: 'changed'; readonly by: 'own' | 'received'; readonly isLast: boolean }
  /** What this peer said it has, it has not: ask it again. */
  | { readonly type: 'source-failed'; readonly peer: PeerId }
  /** What this peer has is not wanted any more, for something better that another has. */
  | { readonly type: 'beaten'; readonly peer: PeerId; readonly remote: Entry }
  /** What was wanted at this path is not wanted any more, and was not put in place. */
  | { readonly type: 'abandoned'; readonly path: string }
  /** The person ought to know that this cannot be had from this peer, or cannot be put in place. */
  | { readonly type: 'refused'; readonly peer: PeerId; readonly notice: RefusalNotice }

export type RefusalNotice = KeeperNotice & { readonly event: 'problem' | 'abandoned' }

interface PreparedWant {
  readonly want: Want
  readonly change: Prepared
}

/** After each call drain `pollOutcome` until it answers undefined. */
export class Intake {
  readonly placing: Placing
  private readonly options: IntakeOptions
  private readonly wants = new Wants()
  /** Paths whose content is complete, and when to try to put it in place again. */
  private readonly placeAgain = new DueQueue()
  private readonly refusals = new Refusals()
  private readonly builds: Builds
  private readonly temporaries: Temporaries
  /** Complete, and to be put in place before this call is over. */
  private readonly ready = new Set<Want>()
  private readonly committing: CommitGroup
  private readonly room: Room
  private readonly fullDisk = new FullDisk()
  private outcomes: IntakeOutcome[] = []
  private outcomesTaken = 0
  private totalsChanged = false
  /** The last call ordered as much as one may, and there may be more. */
  private ordersLeft = false

  constructor(options: IntakeOptions, nowMs: number) {
    this.options = options
    const { disk, hash, catalogue, journal, scanner, peer, minFree } = options
    const { wants } = this
    const room = new Room({ disk, minFree, wants })
    this.room = room
    this.temporaries = new Temporaries({ disk, hash, catalogue, journal, wants, room })
    this.builds = new Builds({ disk, hash, catalogue, journal, wants, room })
    this.committing = new CommitGroup(disk, journal, nowMs)
    this.placing = new Placing({
      disk,
      catalogue,
      journal,
      scanner,
      peer,
    })
  }

  /** What to carry out next, in the order in which it came about. */
  pollOutcome(): IntakeOutcome | undefined {
    if (this.outcomesTaken < this.outcomes.length) return this.outcomes[this.outcomesTaken++]
    this.outcomes = []
    this.outcomesTaken = 0
    return undefined
  }

  /** How many paths are wanted. */
  get size(): number {
    return this.wants.size
  }

  /** Whether so much is wanted of this peer that it is better not to look for more. */
  isSated(peer: PeerId): boolean {
    return this.wants.isSated(peer)
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    const isOrdering = this.ordersLeft || this.wants.hasInstant
    return this.ready.size > 0 || this.builds.busy || (!this.fullDisk.paused && isOrdering)
  }

  /** How `remote` stands against what is wanted at its path: it is that, is no better than that, or is free to be
   *  considered. What it beats is given up. */
  standing(remote: Entry, peer: PeerId): 'wanted' | 'beaten' | 'free' {
    if (this.refusals.has(remote)) return 'wanted'
    const want = this.wants.get(remote.path)
    if (want === undefined) return 'free'
    if (want.remote.version === remote.version && want.remote.digest === remote.digest) {
      this.wants.addSource(want, peer)
      return 'wanted'
    }
    if (!this.isBetter(remote, want.remote)) return 'beaten'
    this.handleBeaten(want)
    this.abandon(want, undefined)
    this.temporaries.drop(want)
    return 'free'
  }

  /** Whether what a peer has is to be wanted instead of what is. A deletion never is, and equal content only with a
   *  version that has seen the other: a join of the two would be an edit that nobody made. */
  private isBetter(remote: Entry, wanted: Entry): boolean {
    const decision = this.placing.compare(wanted, remote)
    if (decision.type === 'adopt') return compareVersions(wanted.version, remote.version) === 'before'
    return decision.type === 'take' || (decision.type === 'conflict' && decision.winner === 'remote')
  }

  want(remote: Entry, peer: PeerId): void {
    this.wants.add(remote, peer)
    this.totalsChanged = true
  }

  handlePeerGone(peer: PeerId): void {
    for (const want of [...this.wants.wantedOf(peer)]) {
      this.wants.removeSource(want, peer)
      if (want.temporary !== undefined) continue
      if (want.source === peer) this.stopFetch(want)
      // While a fetch goes on, the engine has it from others.
      if (want.fetch !== undefined) continue
      if (want.sources.size === 0) this.abandon(want, undefined)
      else this.wants.queue(want)
    }
  }

  /** The path changed here: what was refused there, above or below it may fit now. */
  handleLocalChange(path: string): void {
    for (const source of this.refusals.takeTouched(path)) this.handleSourceFailed(source)
  }

  handleList(fetch: FetchId, list: Uint8Array): void {
    this.builds.handleList(fetch, list)
  }

  /** Does a bounded piece of building, and tries again what waited for its place. */
  step(nowMs: number): void {
    const result = this.builds.step()
    if (result?.type === 'failed') this.handleUnwritable(result.want, result.error, nowMs)
    else for (const message of result?.messages ?? []) this.push(message)
    for (const source of this.refusals.takeDue(nowMs)) this.handleSourceFailed(source)
    for (let path = this.placeAgain.take(nowMs); path !== undefined; path = this.placeAgain.take(nowMs)) {
      const want = this.wants.get(path)
      if (want !== undefined) this.place(want, nowMs)
    }
    if (this.wants.size === 0) this.committing.stepCheckpoint(nowMs)
  }

  pollTimeout(): number | undefined {
    return earliest(
      this.placeAgain.nextDueMs(),
      this.fullDisk.pollTimeout(),
      this.refusals.pollTimeout(),
      this.committing.pollTimeout(this.wants.size === 0),
    )
  }

  /** After each call into this: orders what may be ordered, and makes what was placed survive a kill. */
  settle(nowMs: number): void {
    this.room.handleTurn()
    this.fullDisk.handleTimeout(nowMs)
    // What is placed may be the content that others wait for.
    let ordersLeft = STEP_FILES
    for (let rounds = 0; rounds < SETTLE_ROUNDS_MAX; rounds++) {
      ordersLeft -= this.order(ordersLeft, nowMs)
      if (!this.placeReady(nowMs) || ordersLeft === 0) break
    }
    this.ordersLeft = ordersLeft === 0
    if (this.committing.settle(this.wants.size === 0 && !this.fullDisk.paused, nowMs))
      this.commitPlaced(nowMs)
    if (!this.totalsChanged) return
    this.totalsChanged = false
    this.push({ type: 'work', ...this.wants.totals })
  }

  /** Answers how many orders it carried out. */
  private order(ordersMax: number, nowMs: number): number {
    let orders = 0
    for (; orders < ordersMax && !this.fullDisk.paused; orders++) {
      const order = this.wants.pollOrder((digest) => this.options.catalogue.holderOf(digest), nowMs)
      if (order === undefined) return orders
      if (!this.room.has(bytesAhead(order.want))) this.handleDiskFailure(order.want, true, '', nowMs)
      else if (order.type === 'place') this.place(order.want, nowMs)
      else if (order.type === 'copy') this.copy(order.want, order.from, nowMs)
      else this.fetch(order)
    }
    return orders
  }

  private fetch(order: Order & { type: 'fetch' }): void {
    const { want, peer, file, large } = order
    const common = { fetch: want.fetch!, peer, file, path: want.remote.path }
    if (large) this.push({ type: 'fetch-list', ...common, isNew: this.builds.isNew(want) })
    else this.push({ type: 'fetch-small', ...common })
  }

  /** The same content is in the share already, one block of it: read, prove, write. */
  private copy(want: Want, from: string, nowMs: number): void {
    const bytes = this.temporaries.readFrom(from, want)
    if (bytes !== undefined) {
      this.writeSmall(want, bytes, nowMs)
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
    this.writeSmall(want, bytes, nowMs)
  }

  private writeSmall(want: Want, bytes: Uint8Array, nowMs: number): void {
    if (this.makeTemporary(want, bytes, nowMs)) this.place(want, nowMs)
  }

  /** Writes the whole content of a want beside the share. Answers false where it cannot be. */
  private makeTemporary(want: Want, bytes: Uint8Array, nowMs: number): boolean {
    try {
      this.temporaries.make(want, bytes)
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.handleUnwritable(want, error, nowMs)
      return false
    }
  }

  handleBlocks(fetch: FetchId, blockIndices: readonly number[]): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    this.room.handleWritten(fetch, blockIndices.length)
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
    if (want === undefined) return
    want.delivered = sources
    want.crossedBytes = crossedBytes
    want.savedBytes = savedBytes
    want.temporary = { path: largeTemporary(want.remote.digest), looks: undefined }
    this.place(want, nowMs)
  }

  /** Where its session is over, the peer may have another: then it still has what it told there. */
  handleFetchFailed(fetch: FetchId, reason: FetchFailure, nowMs: number): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    const { source } = want
    if (reason === 'no-space' || reason === 'disk') {
      this.handleDiskFailure(want, reason === 'no-space', 'the disk failed', nowMs)
      return
    }
    this.wants.endFetch(want)
    if (source !== undefined) {
      this.wants.removeSource(want, source)
      this.handleSourceFailed(source)
    }
    if (want.sources.size > 0) this.wants.queue(want)
    else
      this.abandon(
        want,
        reason === 'unservable' ? 'what the peer sends does not match its digest' : undefined,
        source,
      )
  }

  /** One of several sources is none any more; the fetch goes on. */
  handleSourceLost(fetch: FetchId, peer: PeerId): void {
    const want = this.wants.byFetchId(fetch)
    if (want === undefined) return
    this.wants.removeSource(want, peer)
    if (want.source === peer) want.source = undefined
    this.handleSourceFailed(peer)
  }

  private stopFetch(want: Want): void {
    if (want.fetch !== undefined) this.push({ type: 'cancel', fetch: want.fetch })
    this.wants.endFetch(want)
  }

  /** Gives a want up. */
  private abandon(want: Want, reason: string | undefined, source: PeerId = ''): void {
    this.stopFetch(want)
    this.temporaries.handleAbandoned(want)
    this.placeAgain.delete(want.remote.path)
    this.wants.remove(want, false)
    this.totalsChanged = true
    this.outcomes.push({ type: 'abandoned', path: want.remote.path })
    const { path, sizeBytes } = want.remote
    if (reason === undefined) return
    // The progress of a large one is on screen, and ends with this.
    if (sizeBytes > BLOCK_BYTES) this.notify({ event: 'abandoned', path, reason })
    else this.refuse(source, { event: 'abandoned', path, reason })
  }

  // — Placing —

  /** A file waits for the others that are ready now: they share one sync of the log. */
  private place(want: Want, nowMs: number): void {
    if (want.remote.kind === 'file') {
      this.ready.add(want)
      return
    }
    const prepared = this.prepare(want, new Set(), nowMs)
    const placed = prepared.type === 'prepared' ? this.placing.finish(prepared) : prepared
    this.handlePlacing(want, placed, nowMs)
  }

  /** Answers whether anything was ready. */
  private placeReady(nowMs: number): boolean {
    if (this.ready.size === 0) return false
    const wants = [...this.ready]
    this.ready.clear()
    const folders = new Set<string>()
    const prepared: PreparedWant[] = []
    for (const want of wants) {
      if (this.wants.get(want.remote.path) !== want || !this.makeEmptyTemporary(want, nowMs)) continue
      const change = this.prepare(want, folders, nowMs)
      if (change.type === 'prepared') prepared.push({ want, change })
      else this.handlePlacing(want, change, nowMs)
    }
    if (prepared.length > 0) this.carryOut(prepared, nowMs)
    return true
  }

  /** Everything short of the change itself. Folders on the way that are wanted are placed first, as their maker has them. */
  private prepare(want: Want, folders: Set<string>, nowMs: number): Prepared | Placed {
    const plan = this.placing.plan(want.remote, want.temporary, folders)
    if (plan.type !== 'planned') return plan
    for (const path of plan.missingFolders) {
      const folder = this.wants.wantedFolder(path)
      if (folder !== undefined)
        this.handlePlacing(folder, this.placing.place(folder.remote, undefined), nowMs)
    }
    return this.placing.prepare(plan)
  }

  private carryOut(prepared: readonly PreparedWant[], nowMs: number): void {
    try {
      this.placing.log(prepared.map(({ change }) => change))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      const noSpace = error.code === 'no-space'
      for (const { want } of prepared)
        this.handleDiskFailure(want, noSpace, `the log cannot be written (${error.message})`, nowMs)
      return
    }
    for (const { want, change } of prepared) this.handlePlacing(want, this.placing.carryOut(change), nowMs)
  }

  private handlePlacing(want: Want, result: Placed, nowMs: number): void {
    const { path } = want.remote
    switch (result.type) {
      case 'placed':
        this.handlePlaced(want, result.keptAs, nowMs)
        return
      case 'beaten':
        this.handleBeaten(want)
        this.finish(want)
        this.changed('received')
        return
      case 'needless':
        this.finish(want)
        this.changed('received')
        return
      case 'unsettled':
        this.options.scanner.hint(path)
        if (++want.placeTries < PLACE_TRIES_MAX) this.wait(want, nowMs + PLACE_RETRY_MS)
        else
          this.handleDiskFailure(
            want,
            false,
            'what stands in its place cannot be read or does not come to rest',
            nowMs,
          )
        return
      case 'failed':
        this.handleDiskFailure(want, result.noSpace, result.reason, nowMs)
        return
    }
  }

  /** An empty file has nothing to fetch, and still is built beside the share. Answers false where it cannot be. */
  private makeEmptyTemporary(want: Want, nowMs: number): boolean {
    if (want.remote.kind !== 'file' || want.remote.sizeBytes > 0 || want.temporary !== undefined) return true
    return this.makeTemporary(want, new Uint8Array(0), nowMs)
  }

  private handlePlaced(want: Want, keptAs: string | undefined, nowMs: number): void {
    const { path, kind, sizeBytes } = want.remote
    this.placeAgain.delete(path)
    this.refusals.delete(path)
    if (kind === 'folder') this.handleLocalChange(path)
    // What was under way when the disk turned out to be full may still find room.
    if (!this.fullDisk.paused) this.notify(this.fullDisk.handleRoom())
    if (keptAs !== undefined) this.notify({ event: 'conflict', path, kept: keptAs })
    if (kind === 'file') {
      this.notify({
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
    this.wants.remove(want, true)
    this.totalsChanged = true
    this.outcomes.push({ type: 'placed', path })
    this.changed(keptAs === undefined ? 'received' : 'own')
    if (this.committing.add(path, nowMs)) this.commitPlaced(nowMs)
  }

  private commitPlaced(nowMs: number): void {
    if (this.commit(nowMs)) this.committing.handleCommitted(nowMs)
    else this.committing.handleFull(nowMs)
  }

  /** Makes what the catalogue says survive a kill. Answers false, and pauses, where the disk is too full for it. */
  commit(nowMs: number): boolean {
    try {
      this.options.catalogue.commit()
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'no-space') throw error
      this.notify(this.fullDisk.handleFull(nowMs))
      return false
    }
    if (this.wants.size === 0) this.notify(this.fullDisk.handleRoom())
    return true
  }

  private finish(want: Want): void {
    this.stopFetch(want)
    this.refusals.delete(want.remote.path)
    this.temporaries.drop(want)
    this.placeAgain.delete(want.remote.path)
    this.wants.remove(want, true)
    this.totalsChanged = true
  }

  /** Somebody here made this. */
  handleMade(entry: Entry): void {
    this.temporaries.handleMade(entry)
  }

  private wait(want: Want, untilMs: number): void {
    this.placeAgain.set(want.remote.path, untilMs)
  }

  private handleUnwritable(want: Want, error: DiskError, nowMs: number): void {
    this.handleDiskFailure(want, error.code === 'no-space', `it cannot be written (${error.message})`, nowMs)
  }

  private handleDiskFailure(want: Want, noSpace: boolean, reason: string, nowMs: number): void {
    this.stopFetch(want)
    if (noSpace) {
      const why = this.room.has(bytesAhead(want)) ? FULL_DISK_REASON : this.room.reason
      this.notify(this.fullDisk.handleFull(nowMs, why))
      if (want.temporary !== undefined) this.wait(want, nowMs + FULL_DISK_RETRY_MS)
      else this.wants.queue(want)
      return
    }
    if (this.refusals.add(want.remote, want.sources, reason, nowMs))
      this.refuse(firstSource(want), { event: 'problem', path: want.remote.path, reason })
    this.abandon(want, undefined)
  }

  private notify(notice: KeeperNotice | undefined): void {
    if (notice !== undefined) this.push({ type: 'notice', notice })
  }

  private push(message: KeeperToEngine): void {
    this.outcomes.push({ type: 'message', message })
  }

  private changed(by: 'own' | 'received'): void {
    this.outcomes.push({ type: 'changed', by, isLast: this.wants.size === 0 })
  }

  private refuse(peer: PeerId, notice: RefusalNotice): void {
    this.outcomes.push({ type: 'refused', peer, notice })
  }

  private handleSourceFailed(peer: PeerId): void {
    this.outcomes.push({ type: 'source-failed', peer })
  }

  private handleBeaten({ sources, remote }: Want): void {
    for (const peer of sources) this.outcomes.push({ type: 'beaten', peer, remote })
  }
}

/** What is to be written of a want that is not ordered yet, as far as it is known. */
function bytesAhead({ remote, temporary, roomBytes }: Want): number {
  if (remote.kind !== 'file' || temporary !== undefined) return 0
  return remote.sizeBytes <= BLOCK_BYTES ? remote.sizeBytes : roomBytes
}

function firstSource(want: Want): PeerId {
  for (const peer of want.sources) return peer
  return ''
}
