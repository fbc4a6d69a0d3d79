// Lets changes of peers through that take something of ours away, or stops them where the breaker says that they are too many: then they
// are known, and what is here stays. The intake asks it for each want, before anything is fetched.

import type { Direction } from '../../pipe/settings.js'
import { type Dot, type PeerId, peerOf } from '../../share/dots.js'
import { sameContent } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import { sameEntry } from '../../share/entry-line.js'
import { type Breaker, type Origin, PEERS } from '../breaker/breaker.js'
import type { Catalogue } from '../index/catalogue.js'
import { decideHere } from '../place/deciding.js'
import type { Knowing } from '../place/knowing.js'
import { EMPTIED_ENTRIES_MIN } from '../scan/limits.js'
import type { Outcomes } from './outcomes.js'
import type { WantEnd } from './want-end.js'
import type { Loss, Want, Wants } from './wants.js'

export interface GateOptions {
  readonly catalogue: Catalogue
  readonly breaker: Breaker
  readonly knowing: Knowing
  readonly direction: Direction
  readonly wants: Wants
  readonly end: WantEnd
  readonly outcomes: Outcomes
}

export class Gate {
  private readonly options: GateOptions
  /** Content by path that a person here has let happen, whatever else goes with it. */
  private readonly confirmed = new Map<string, Dot>()

  constructor(options: GateOptions) {
    this.options = options
  }

  handleConfirmed({ path, version }: Entry): void {
    this.confirmed.set(path, version.content)
  }

  /** Makes a want of what a peer has, or stops it. */
  add(remote: Entry, peer: PeerId, nowMs: number): 'wanted' | 'stopped' | 'unread' {
    const { breaker, wants, direction } = this.options
    if (direction === 'send-only') return this.keepOut(remote)
    const loss = breaker.isOn ? this.lossOf(remote, peer) : undefined
    // Whether it is one half of a move is known when it is to be carried out.
    const isFree = isMove(remote) || this.isEmptyFolder(remote)
    if (loss !== undefined && !isFree && this.isOver(loss)) {
      this.keepOurs(remote)
      return 'stopped'
    }
    wants.add(remote, peer, loss, nowMs)
    return 'wanted'
  }

  /** Whether a deletion whose content is said to be elsewhere is one half of a move. Else it is a deletion like any other, and may
   *  be too much. A folder goes with what is in it. */
  admitsMove(want: Want): boolean {
    const { catalogue, breaker } = this.options
    const { path } = want.remote
    const ours = catalogue.live(path)
    if (want.loss === undefined || !isMove(want.remote) || ours === undefined) return true
    const isFolder = ours.kind === 'folder'
    if (isFolder ? !catalogue.stoppedPaths.isKeptBelow(path) : this.isMoved(ours, want)) return true
    const { origins } = want.loss
    const isCounted = !isFolder && !breaker.wasCounted(origins[0]!, path)
    if (this.isOver({ origins, isCounted })) {
      this.stop(want)
      return false
    }
    if (isCounted) breaker.handleDeleted(origins, [path])
    return true
  }

  /** Whether a peer deletes a folder that is here and in which nothing is left: what was in it was moved. */
  private isEmptyFolder({ kind, path }: Entry): boolean {
    const { catalogue } = this.options
    if (kind !== 'tombstone' || catalogue.live(path)?.kind !== 'folder') return false
    return !catalogue.hasHeldBelow(path) && !catalogue.stoppedPaths.isKeptBelow(path)
  }

  private isMoved(ours: Entry, { remote }: Pick<Want, 'remote'>): boolean {
    const moved = this.options.catalogue.live(remote.target)
    return moved !== undefined && sameContent(moved, ours)
  }

  /** The path changed here: what is wanted there may take nothing of ours away any more. */
  handleLocalChange(path: string): void {
    const { wants } = this.options
    const want = wants.get(path)
    if (want?.loss !== undefined && !this.takesAway(want.remote)) wants.forgetLoss(want)
  }

  /** A want was carried out. */
  handleDone({ loss, remote }: Want): void {
    const { breaker } = this.options
    this.confirmed.delete(remote.path)
    if (loss?.isCounted !== true) return
    if (remote.kind === 'tombstone') breaker.handleDeleted(loss.origins, [remote.path])
    else breaker.handleReplaced(loss.origins, remote.path)
  }

  /** Where all that is at the top of the share is to be deleted, and it is more than one thing, none of it is: a peer whose disk is
   *  not mounted shows the same. */
  stopEmptying(): void {
    const { catalogue, breaker, wants } = this.options
    // Paths that are set aside stay, though no tree has them.
    if (!breaker.isOn || catalogue.aside.size > 0) return
    const origins = new Set<string>()
    let count = 0
    for (const { path, kind } of catalogue.manifest.children('')) {
      if (kind === 'tombstone' || !catalogue.isHeld(path)) continue
      const want = wants.get(path)
      if (want?.loss === undefined || want.remote.kind !== 'tombstone') return
      const { target } = want.remote
      // A move leaves the share as full as it was.
      if (target !== '' && (catalogue.live(target) ?? wants.get(target)?.remote) !== undefined) return
      for (const origin of want.loss.origins) origins.add(origin)
      count++
    }
    if (count >= EMPTIED_ENTRIES_MIN) this.trip([...origins])
  }

  /** All that is wanted of what these origins would take away is stopped. */
  trip(origins: readonly string[]): void {
    const { breaker, wants, outcomes } = this.options
    let isNews = false
    for (const origin of origins) if (breaker.trip(origin)) isNews = true
    if (isNews) outcomes.notify({ event: 'note', message: wordsOf(origins[0]!) })
    for (const want of [...wants.all()]) {
      if (isMove(want.remote) || !want.loss?.origins.some((origin) => origins.includes(origin))) continue
      // Where ours went with its folder nothing is left to keep, and the change, given up, would not be told again.
      if (this.takesAway(want.remote)) this.stop(want)
      else wants.forgetLoss(want)
    }
  }

  private isOver(loss: Loss): boolean {
    const { breaker, wants } = this.options
    if (loss.origins.some((origin) => breaker.isTripped(origin))) return true
    if (!loss.isCounted) return false
    const over = loss.origins.filter((origin) =>
      breaker.exceeds(origin, wants.counts.lossCountOf(origin) + 1),
    )
    if (over.length > 0) this.trip(over)
    return over.length > 0
  }

  private lossOf(remote: Entry, peer: PeerId): Loss | undefined {
    const { catalogue, breaker } = this.options
    const ours = catalogue.live(remote.path)
    if (ours === undefined || (remote.confirmed && breaker.trustsConfirmed)) return undefined
    if (this.confirmed.get(remote.path) === remote.version.content) return undefined
    if (!this.takesAway(remote)) return undefined
    const author = peerOf(remote.version.content)
    return {
      origins: author === peer ? [peer, PEERS] : [peer, author, PEERS],
      isCounted: ours.kind !== 'folder' && !isMove(remote) && !breaker.wasCounted(peer, remote.path),
    }
  }

  /** Whether something of ours stands at the path, and goes or is replaced where this is carried out. */
  private takesAway(remote: Entry): boolean {
    const { catalogue } = this.options
    const { path } = remote
    if (catalogue.live(path) === undefined || catalogue.isMissing(path)) return false
    const decision = decideHere(catalogue, remote)
    return decision.type === 'remove' || (decision.type === 'take' && decision.replaces !== undefined)
  }

  private stop(want: Want): void {
    const { remote } = want
    this.options.end.abandon(want, undefined)
    this.keepOurs(remote)
  }

  /** Records a change of a peer as known, and not held. 'unread': something that nobody knows yet stands at its path. */
  private keepOut(remote: Entry): 'stopped' | 'unread' {
    const { catalogue, knowing, outcomes } = this.options
    const { path, kind } = remote
    if (catalogue.live(path) !== undefined) {
      this.keepOurs(remote)
      return 'stopped'
    }
    if (kind === 'tombstone' ? this.knowDeletion(remote) : knowing.know(remote) === 'news')
      outcomes.push({ type: 'changed', by: 'received', isLast: true })
    return kind !== 'tombstone' && this.isNews(remote) ? 'unread' : 'stopped'
  }

  private isNews(remote: Entry): boolean {
    const { catalogue } = this.options
    const known = catalogue.get(remote.path)
    const decision = decideHere(catalogue, remote)
    return decision.type === 'take' && (known === undefined || !sameEntry(decision.entry, known))
  }

  /** Nothing of it is here. */
  private knowDeletion(remote: Entry): boolean {
    const { catalogue } = this.options
    const decision = decideHere(catalogue, remote)
    if (decision.type !== 'remove' && decision.type !== 'adopt') return false
    catalogue.record(decision.entry, undefined)
    return true
  }

  /** Decided anew: what is here may have changed since it was wanted. */
  private keepOurs(remote: Entry): void {
    const { catalogue, outcomes, wants } = this.options
    const decision = decideHere(catalogue, remote)
    const isLoser = decision.type === 'conflict' && this.options.direction === 'send-only'
    if (decision.type !== 'take' && decision.type !== 'remove' && !isLoser) return
    if (catalogue.live(remote.path) === undefined) return
    // The loser of a conflict has not been kept beside it: the vectors are not united.
    catalogue.keptEntries.keep(isLoser ? remote : decision.entry)
    outcomes.push({ type: 'changed', by: 'received', isLast: wants.size === 0 })
  }
}

function isMove({ kind, target }: Entry): boolean {
  return kind === 'tombstone' && target !== ''
}

function wordsOf(origin: Origin): string {
  const who = origin === PEERS ? 'peers together delete or replace' : `peer ${origin} deletes or replaces`
  return `${who} so many files that nothing more of that is done here before a person has seen it: left status shows what, left confirm lets it happen, left undo takes it back`
}
