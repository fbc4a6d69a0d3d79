// Entries that this machine lacks and the peers that they may come from: which fetch is started next, and what becomes
// of it. Decides; the keeper carries out. A want lives from the moment a difference is found until its path is in
// place, or until nobody is left who could give it.

import type { Digest, ItemRef } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import type { Temporary } from '../../pipe/layout.js'
import type { Delivered, FetchId } from '../../pipe/messages.js'
import type { PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { LARGE_FETCHES_MAX, SMALL_FETCH_BYTES_MAX, SMALL_FETCHES_MAX } from './limits.js'
import { type Move, Moves } from './moves.js'
import { RemovalQueue } from './removal-queue.js'
import { WantCounts } from './want-counts.js'

/** Something of ours goes, or is replaced, when the want is carried out. */
export interface Loss {
  /** The peer that told of it, and the author. */
  readonly origins: readonly string[]
  /** Whether the loss counts for the breaker: no folder, nor the one half of a move. */
  readonly isCounted: boolean
}

export interface Want {
  /** As the peers have it. */
  readonly remote: Entry
  /** Changed by `Wants` alone. */
  loss: Loss | undefined
  /** Peers that said they have it; the first of them is the one that it counts for. Changed by `Wants` alone. */
  readonly sources: ReadonlySet<PeerId>
  fetch: FetchId | undefined
  /** The peer that it is being fetched from. */
  source: PeerId | undefined
  startedMs: number
  /** Since when it has been wanted. */
  readonly sinceMs: number
  /** Complete and verified, waiting to be put in place. */
  temporary: Temporary | undefined
  crossedBytes: number
  savedBytes: number
  /** Peers that gave the bytes that crossed, and how many each; most first. */
  delivered: readonly Delivered[]
  /** Bytes that its temporary file was to take of the disk when there was not so much room; else 0. */
  roomBytes: number
  /** How often what stood in its place was not what the catalogue says. */
  placeTries: number
  /** How it is had from a file of this share that leaves its path. */
  move: Move<Want> | undefined
  /** Whether the content could not be had in that way. */
  isMoveRefused: boolean
}

/** The next step of a want. */
export type FetchOrder =
  | { readonly type: 'place'; readonly want: Want } // nothing to fetch: a folder, a link, an empty file, a move
  | { readonly type: 'copy'; readonly want: Want; readonly from: string } // the content is in the share already
  | {
      readonly type: 'fetch'
      readonly want: Want
      readonly peer: PeerId
      readonly file: ItemRef
      readonly large: boolean
    }

/** The content that this share holds. */
export interface ContentHere {
  holderOf(digest: Digest): string | undefined
  /** Whether more of what peers have may be found in a moment. */
  isComparing(): boolean
}

export interface Totals {
  filesWanted: number
  bytesWanted: number
  filesDone: number
  bytesDone: number
}

export class Wants {
  private readonly wants = new Map<string, Want>()
  /** Wants by peer: what several peers have counts for one of them, so that none has to wait for what another does not give. */
  readonly counts = new WantCounts()
  /** How many wants there are for each content. */
  private readonly digestCounts = new Map<Digest, number>()
  private readonly instant = new Set<Want>()
  private readonly small = new Set<Want>()
  private readonly large = new Set<Want>()
  /** Deletions: `pollOrder` does not order them. */
  readonly removals = new RemovalQueue<Want>()
  private readonly moves = new Moves<Want>()
  private readonly byFetch = new Map<FetchId, Want>()
  /** Wants for content that another want is fetching: they are copies once it is there. */
  private readonly parked = new Map<Digest, Set<Want>>()
  private readonly fetchingDigest = new Map<Digest, Want>()
  private nextFetch = 1
  private smallCount = 0
  /** Bytes of small files that are being fetched and are not written yet. */
  private smallBytes = 0
  /** Small files whose content is written, and not in place. */
  private readonly smallWritten = new Set<Want>()
  /** Files of several blocks of which blocks are still to come. */
  private readonly largeFetches = new Set<Want>()
  /** Since nothing was wanted last. */
  readonly totals: Totals = { filesWanted: 0, bytesWanted: 0, filesDone: 0, bytesDone: 0 }
  private totalsChanged = false

  get size(): number {
    return this.wants.size
  }

  /** The totals, where something was added or removed since they were taken last. */
  takeTotals(): Totals | undefined {
    if (!this.totalsChanged) return undefined
    this.totalsChanged = false
    return this.totals
  }

  /** Something is wanted that needs no fetching. */
  get hasInstant(): boolean {
    return this.instant.size > 0
  }

  get(path: string): Want | undefined {
    return this.wants.get(path)
  }

  byFetchId(fetch: FetchId): Want | undefined {
    return this.byFetch.get(fetch)
  }

  /** Whether blocks of this fetch may still come. */
  isFetching(fetch: FetchId): boolean {
    const want = this.byFetch.get(fetch)
    return want !== undefined && want.temporary === undefined
  }

  addSource(want: Want, peer: PeerId): void {
    const sources = want.sources as Set<PeerId>
    if (sources.size === 0) this.count(peer, want, 1)
    sources.add(peer)
  }

  removeSource(want: Want, peer: PeerId): void {
    const sources = want.sources as Set<PeerId>
    const isFirst = firstOf(sources) === peer
    if (!sources.delete(peer) || !isFirst) return
    this.count(peer, want, -1)
    const next = firstOf(sources)
    if (next !== undefined) this.count(next, want, 1)
  }

  /** A want that is over is not counted any more. */
  private count(peer: PeerId, want: Want, change: 1 | -1): void {
    if (this.wants.get(want.remote.path) === want) this.counts.count(peer, want.remote, change)
  }

  private countLoss({ loss }: Want, change: 1 | -1): void {
    if (loss?.isCounted === true) this.counts.countLoss(loss.origins, change)
  }

  /** Nothing of ours goes any more when it is carried out. */
  forgetLoss(want: Want): void {
    this.countLoss(want, -1)
    want.loss = undefined
  }

  /** Whether the same content is wanted at another path. */
  isWantedElsewhere(want: Want): boolean {
    const own = this.wants.get(want.remote.path) === want ? 1 : 0
    return (this.digestCounts.get(want.remote.digest) ?? 0) > own
  }

  isWanted(digest: Digest): boolean {
    return this.digestCounts.has(digest)
  }

  private countDigest(digest: Digest, change: 1 | -1): void {
    const count = (this.digestCounts.get(digest) ?? 0) + change
    if (count === 0) this.digestCounts.delete(digest)
    else this.digestCounts.set(digest, count)
  }

  /** A folder that is wanted and not in place yet. */
  wantedFolder(path: string): Want | undefined {
    const want = this.wants.get(path)
    return want?.remote.kind === 'folder' ? want : undefined
  }

  add(remote: Entry, peer: PeerId, loss?: Loss, nowMs = 0): Want {
    this.totalsChanged = true
    if (this.wants.size === 0)
      Object.assign(this.totals, { filesWanted: 0, bytesWanted: 0, filesDone: 0, bytesDone: 0 })
    const want: Want = {
      remote,
      loss,
      sources: new Set(),
      fetch: undefined,
      source: undefined,
      startedMs: 0,
      sinceMs: nowMs,
      temporary: undefined,
      crossedBytes: 0,
      savedBytes: 0,
      delivered: [],
      roomBytes: 0,
      placeTries: 0,
      move: undefined,
      isMoveRefused: false,
    }
    this.wants.set(remote.path, want)
    this.moves.add(want)
    this.countDigest(remote.digest, 1)
    this.countLoss(want, 1)
    this.addSource(want, peer)
    if (remote.kind === 'file') {
      this.totals.filesWanted++
      this.totals.bytesWanted += remote.sizeBytes
    }
    this.queue(want)
    return want
  }

  /** In place, or not wanted any more: `done` counts it. */
  remove(want: Want, done: boolean): void {
    this.totalsChanged = true
    if (this.wants.get(want.remote.path) === want) {
      const first = firstOf(want.sources)
      if (first !== undefined) this.count(first, want, -1)
      this.countDigest(want.remote.digest, -1)
      this.countLoss(want, -1)
      this.wants.delete(want.remote.path)
    }
    this.instant.delete(want)
    this.moves.delete(want)
    this.removals.delete(want)
    this.small.delete(want)
    this.large.delete(want)
    // Before the fetch ends, which would put it back into the queue with the others that wait.
    this.parked.get(want.remote.digest)?.delete(want)
    this.endFetch(want)
    if (want.remote.kind !== 'file') return
    if (done) {
      this.totals.filesDone++
      this.totals.bytesDone += want.remote.sizeBytes
    } else {
      this.totals.filesWanted--
      this.totals.bytesWanted -= want.remote.sizeBytes
    }
  }

  /** All of a small file is on the disk. It may still wait for what was recorded before it: its bytes keep nothing else from being
   *  fetched, or what it waits for might be that. */
  handleWritten(want: Want): void {
    if (want.fetch === undefined || isLarge(want) || this.smallWritten.has(want)) return
    this.smallWritten.add(want)
    this.smallBytes -= want.remote.sizeBytes
  }

  /** Its fetch is over, well or not; what waited for the same content may go on. */
  endFetch(want: Want): void {
    if (want.fetch !== undefined) {
      this.byFetch.delete(want.fetch)
      if (isLarge(want)) this.largeFetches.delete(want)
      else {
        this.smallCount--
        if (!this.smallWritten.delete(want)) this.smallBytes -= want.remote.sizeBytes
      }
    }
    want.fetch = undefined
    want.source = undefined
    const { digest } = want.remote
    if (this.fetchingDigest.get(digest) === want) this.fetchingDigest.delete(digest)
    this.unpark(digest)
  }

  /** All of it is here. Another one may be fetched: it may be the one that this waits for to be placed. */
  handleFetched(want: Want): void {
    this.largeFetches.delete(want)
  }

  /** How many wait for the content that came for this one. */
  parkedBehind(want: Want): number {
    const { digest } = want.remote
    return this.fetchingDigest.get(digest) === want ? (this.parked.get(digest)?.size ?? 0) : 0
  }

  /** Its content is in the share: whoever waited for it can copy it. */
  unpark(digest: Digest): void {
    const parked = this.parked.get(digest)
    if (parked === undefined) return
    this.parked.delete(digest)
    for (const want of parked) this.queue(want)
  }

  /** Back into the queue, to be ordered anew. */
  queue(want: Want): void {
    this.moves.handleQueued(want)
    if (want.remote.kind === 'tombstone') this.removals.queue(want)
    else if (want.remote.kind !== 'file' || want.remote.sizeBytes === 0) this.instant.add(want)
    else if (isLarge(want)) this.large.add(want)
    else this.small.add(want)
  }

  /** How a want waits that is neither fetched nor complete: for what may tell that it was moved, for the fetch of the same content at
   *  another path, or for its turn. */
  waitOf(
    want: Want,
  ):
    | { readonly type: 'undecided'; readonly untilMs: number }
    | { readonly type: 'parked'; readonly behind: string }
    | { readonly type: 'queued' } {
    const untilMs = this.moves.pollTimeout()
    if (untilMs !== undefined && this.moves.isUndecided(want)) return { type: 'undecided', untilMs }
    const { digest } = want.remote
    const first = digest === '' ? undefined : this.fetchingDigest.get(digest)
    if (first !== undefined && this.parked.get(digest)?.has(want) === true)
      return { type: 'parked', behind: first.remote.path }
    return { type: 'queued' }
  }

  all(): Iterable<Want> {
    return this.wants.values()
  }

  *wantedOf(peer: PeerId): Iterable<Want> {
    for (const want of this.wants.values()) if (want.sources.has(peer)) yield want
  }

  /** Answers the next order, or undefined while there is none or as much is under way as may be. */
  pollOrder(here: ContentHere, nowMs: number): FetchOrder | undefined {
    for (const want of this.moves.takeDecided(here.isComparing(), nowMs)) this.queue(want)
    for (const want of this.instant) {
      this.instant.delete(want)
      want.move = this.moveFor(want, here)
      // A folder is moved where all that is in it is known to be.
      if (want.remote.kind !== 'folder' || this.isDecided(want, here)) return { type: 'place', want }
      this.moves.putOff(want, nowMs)
    }
    if (this.smallCount < SMALL_FETCHES_MAX && this.smallBytes < SMALL_FETCH_BYTES_MAX) {
      const order = this.orderOf(this.small, here, nowMs)
      if (order !== undefined) return order
    }
    return this.largeFetches.size < LARGE_FETCHES_MAX ? this.orderOf(this.large, here, nowMs) : undefined
  }

  /** When it is waited no longer for what may tell of a move. */
  pollTimeout(): number | undefined {
    return this.moves.pollTimeout()
  }

  /** Where a deletion that is wanted says that the content of this want was. */
  oldPathOf(want: Want): string | undefined {
    return this.moves.oldPathOf(want)
  }

  private isDecided({ isMoveRefused }: Want, here: ContentHere): boolean {
    return isMoveRefused || !here.isComparing()
  }

  private moveFor(want: Want, here: ContentHere): Move<Want> | undefined {
    const { kind, digest } = want.remote
    const holder = kind === 'file' ? here.holderOf(digest as Digest) : undefined
    return this.moves.moveFor(want, holder, holder === undefined ? undefined : this.wants.get(holder))
  }

  /** Fetches a want whose copy here proved false. Undefined where nobody has it any more. */
  forceFetch(want: Want): (FetchOrder & { type: 'fetch' }) | undefined {
    const peer = firstOf(want.sources)
    if (peer === undefined) return undefined
    this.startFetch(want, peer)
    const { digest, sizeBytes } = want.remote
    return { type: 'fetch', want, peer, file: { kind: 'file', digest, sizeBytes }, large: isLarge(want) }
  }

  private orderOf(queue: Set<Want>, here: ContentHere, nowMs: number): FetchOrder | undefined {
    for (const want of queue) {
      queue.delete(want)
      const { digest, sizeBytes } = want.remote
      if (digest === '') continue
      want.startedMs = nowMs
      want.move = this.moveFor(want, here)
      if (want.move !== undefined) return { type: 'place', want }
      if (!this.isDecided(want, here) && here.holderOf(digest) !== undefined) {
        this.moves.putOff(want, nowMs)
        continue
      }
      if (this.fetchingDigest.has(digest)) {
        this.park(digest, want)
        continue
      }
      const peer = firstOf(want.sources)
      if (peer === undefined) continue
      const from = here.holderOf(digest)
      if (from !== undefined && !isLarge(want)) return { type: 'copy', want, from }
      this.startFetch(want, peer)
      return { type: 'fetch', want, peer, file: { kind: 'file', digest, sizeBytes }, large: isLarge(want) }
    }
    return undefined
  }

  private startFetch(want: Want, peer: PeerId): void {
    want.fetch = this.nextFetch++
    want.source = peer
    this.byFetch.set(want.fetch, want)
    if (want.remote.digest !== '') this.fetchingDigest.set(want.remote.digest, want)
    if (isLarge(want)) this.largeFetches.add(want)
    else {
      this.smallCount++
      this.smallBytes += want.remote.sizeBytes
    }
  }

  /** Whether this want waits for content that one of these brings into the share. */
  isBehind(want: Want, others: ReadonlySet<Want>): boolean {
    const first = this.fetchingDigest.get(want.remote.digest)
    return first !== undefined && first !== want && others.has(first)
  }

  private park(digest: Digest, want: Want): void {
    const parked = this.parked.get(digest)
    if (parked === undefined) this.parked.set(digest, new Set([want]))
    else parked.add(want)
  }
}

function isLarge(want: Want): boolean {
  return want.remote.sizeBytes > BLOCK_BYTES
}

/** The peer that it counts for; empty where nobody has it any more. */
export function firstSource(want: Want): PeerId {
  return firstOf(want.sources) ?? ''
}

function firstOf<T>(set: ReadonlySet<T>): T | undefined {
  for (const member of set) return member
  return undefined
}
