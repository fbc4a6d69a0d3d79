// How a want ends, or is put off: it is in place, needless, beaten, given up, refused for a reason that does not pass by
// itself, or waits for the disk. The intake owns it.

import { earliest } from '../../base/earliest.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import type { DiskError } from '../../base/ports.js'
import type { Cause } from '../../base/reason.js'
import type { PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { DueQueue } from '../due-queue.js'
import type { Catalogue } from '../index/catalogue.js'
import { FULL_DISK_RETRY_MS } from '../limits.js'
import { type Failure, writeCause } from '../place/failure.js'
import type { Knowing } from '../place/knowing.js'
import { FULL_DISK_REASON, FullDisk } from './full-disk.js'
import type { Outcomes } from './outcomes.js'
import { type Refused, RetryBackoff, type RetryOrder } from './retry-backoff.js'
import type { Room } from './room.js'
import type { Temporaries } from './temporaries.js'
import { firstSource, type Want, type Wants } from './wants.js'

export interface WantEndOptions {
  readonly catalogue: Catalogue
  readonly knowing: Knowing
  readonly wants: Wants
  readonly temporaries: Temporaries
  readonly room: Room
  readonly outcomes: Outcomes
}

export class WantEnd {
  readonly fullDisk = new FullDisk()
  private readonly options: WantEndOptions
  private readonly backoff = new RetryBackoff()
  /** Paths whose content is complete, and when to try to put it in place again. */
  private readonly placeAgain = new DueQueue()

  constructor(options: WantEndOptions) {
    this.options = options
  }

  /** Whether this very thing was refused and is not to be tried now with this peer. */
  isRefused(remote: Entry, peer: PeerId): boolean {
    return this.backoff.has(remote, peer)
  }

  /** Why what is known at this path was refused last; empty where it was not. */
  refusalAt(path: string): string {
    return this.backoff.reasonAt(path)
  }

  /** The same for a command. */
  refusedAt(path: string): Refused | undefined {
    return this.backoff.at(path)
  }

  pollTimeout(): number | undefined {
    return earliest(this.placeAgain.nextDueMs(), this.fullDisk.pollTimeout(), this.backoff.pollTimeout())
  }

  /** Tries again what was refused some time ago. */
  retryRefused(nowMs: number): void {
    this.retry(this.backoff.takeDue(nowMs))
  }

  /** Takes the next want that is to be put in place again by now. */
  takePlaceAgain(nowMs: number): Want | undefined {
    for (let path = this.placeAgain.take(nowMs); path !== undefined; path = this.placeAgain.take(nowMs)) {
      const want = this.options.wants.get(path)
      if (want !== undefined) return want
    }
    return undefined
  }

  /** The path changed here: what was refused there, above or below it may fit now. Answers how many paths
   *  that are. */
  handleLocalChange(path: string): number {
    const orders = this.backoff.takeTouched(path)
    this.retry(orders)
    return orders.length
  }

  /** This peer holds more than before. */
  handleHoldsMore(peer: PeerId): void {
    this.retry(this.backoff.takeNotHeldBy(peer))
  }

  private retry(orders: readonly RetryOrder[]): void {
    const { catalogue, outcomes } = this.options
    const peers = new Set<PeerId>()
    for (const { path, sources } of orders) {
      if (!catalogue.isHeld(path)) outcomes.push({ type: 'retry', path })
      else for (const source of sources) peers.add(source)
    }
    for (const source of peers) outcomes.sourceFailed(source)
  }

  stopFetch(want: Want): void {
    const { wants, outcomes } = this.options
    if (want.fetch !== undefined) outcomes.message({ type: 'cancel', fetch: want.fetch })
    wants.endFetch(want)
  }

  /** Something better than it is there, or is wanted. */
  reportBeaten({ sources, remote }: Want): void {
    for (const peer of sources) this.options.outcomes.push({ type: 'beaten', peer, remote })
  }

  /** Ends a want: the entry that stands at the path is as good. */
  finish(want: Want): void {
    const { path } = want.remote
    this.stopFetch(want)
    this.backoff.delete(path)
    this.options.temporaries.drop(want)
    this.placeAgain.delete(path)
    this.options.wants.remove(want, true)
  }

  /** The wanted entry is in place. */
  handlePlaced(want: Want): void {
    const { path, kind } = want.remote
    this.placeAgain.delete(path)
    this.retry(this.backoff.takeUnseenBy(want.remote))
    if (kind === 'folder') this.handleLocalChange(path)
    // Fetches that were under way when the disk turned out to be full may still find room.
    if (!this.fullDisk.paused) this.options.outcomes.notify(this.fullDisk.handleRoom())
  }

  /** Gives a want up for a better one at its path. */
  giveWay(want: Want): void {
    this.reportBeaten(want)
    this.giveUp(want)
  }

  /** Gives a want up. The person is told where there is a `reason`. */
  abandon(want: Want, reason: string | undefined, source: PeerId = ''): void {
    const { outcomes } = this.options
    const { path, sizeBytes } = want.remote
    this.giveUp(want)
    outcomes.push({ type: 'abandoned', path })
    if (reason === undefined) return
    // The progress of a large one is on screen, and ends with this.
    if (sizeBytes > BLOCK_BYTES) outcomes.notify({ event: 'abandoned', path, reason })
    else outcomes.refuse(source, { event: 'abandoned', path, reason })
  }

  private giveUp(want: Want): void {
    const { wants, temporaries } = this.options
    this.stopFetch(want)
    temporaries.handleAbandoned(want)
    this.placeAgain.delete(want.remote.path)
    wants.remove(want, false)
  }

  /** Its content is complete, and is put in place then. */
  placeLater(want: Want, atMs: number): void {
    this.placeAgain.set(want.remote.path, atMs)
  }

  handleUnwritable(want: Want, error: DiskError, nowMs: number): void {
    const reason = `it cannot be written (${error.message})`
    if (error.code === 'no-space') this.handleNoSpace(want, nowMs)
    else this.handleRefused(want, reason, writeCause(error), nowMs)
  }

  /** It cannot be written, or put in place. */
  handleFailure(want: Want, { noSpace, reason, cause }: Omit<Failure, 'type'>, nowMs: number): void {
    if (noSpace) this.handleNoSpace(want, nowMs)
    else this.handleRefused(want, reason, cause, nowMs)
  }

  handleNoSpace(want: Want, nowMs: number): void {
    const { wants, room, outcomes } = this.options
    this.stopFetch(want)
    const why = room.hasFor(want) ? FULL_DISK_REASON : room.reason
    outcomes.notify(this.fullDisk.handleFull(nowMs, why))
    if (want.temporary !== undefined) this.placeLater(want, nowMs + FULL_DISK_RETRY_MS)
    else wants.queue(want)
  }

  private handleRefused(want: Want, reason: string, cause: Cause, nowMs: number): void {
    const { outcomes } = this.options
    this.stopFetch(want)
    if (this.backoff.add(want.remote, want.sources, { reason, cause }, nowMs))
      outcomes.refuse(firstSource(want), { event: 'problem', path: want.remote.path, reason })
    this.abandonKnown(want)
  }

  /** This peer does not hold what is wanted of it. */
  handleNotHeld(want: Want, peer: PeerId, nowMs: number): void {
    this.backoff.addNotHeld(want.remote, peer, nowMs)
  }

  /** Gives up a want that cannot be had for now. Peers are told that it is known, where nothing of ours stands there. */
  abandonKnown(want: Want): void {
    const { knowing, wants, outcomes } = this.options
    const noted = knowing.know(want.remote)
    if (noted === 'unread') this.reportBeaten(want)
    this.abandon(want, undefined)
    if (noted === 'news') outcomes.push({ type: 'changed', by: 'received', isLast: wants.size === 0 })
  }
}
