// Notices that this machine was away for as long as deletions are remembered: it was in step with nobody, and hardly ran. What it holds
// may have been deleted meanwhile, and nobody knows that any more: told, it would come back everywhere. So all that peers may have
// deleted leaves the tree (setAside in index/catalogue.ts), and comes back path by path as peers tell of it. What none of them knows is
// held until a person confirms or undoes it. The keeper owns this.
//
//     at home ── 400 days away ──▶ set aside ── a peer tells of the path, an edit, confirm ──▶ told as ever
//                                      ├─────── a peer was compared that knows none of it ──▶ told as ever
//                                      └─────── undo ──▶ in the trash
//
// A machine that runs and meets nobody is at home: of two machines it is the other one that was away. A peer that knows nothing of what
// is here is new, or was away as long, and tells nothing of what was deleted.

import { dayOf } from '../base/calendar.js'
import { type Disk, DiskError } from '../base/ports.js'
import type { Direction } from '../pipe/settings.js'
import type { Entry } from '../share/entry.js'
import type { Catalogue } from './index/catalogue.js'
import { HOME_DAYS, TOMBSTONE_DAYS } from './index/limits.js'
import type { OwnEdits } from './index/own-edits.js'
import type { Intake } from './intake/intake.js'
import type { PeerBook } from './peers/peer-book.js'
import type { Scanner } from './scan/scanner.js'
import type { Trash } from './trash/trash.js'

export interface AwayOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly edits: OwnEdits
  readonly scanner: Scanner
  readonly peers: PeerBook
  readonly intake: Intake
  readonly trash: Trash
  readonly wallMs: () => number
  readonly direction: Direction
}

/** In the index, joined by ',': the last day, since 1970, on which all that some peer knew had been considered here; the last one on
 *  which this machine ran; on how many it ran since the first. */
const DAYS = 'days-away'

export class Away {
  private readonly options: AwayOptions
  private metDay: number
  private ranDay: number
  private ranDays: number
  /** In this life, and no peer was compared since. */
  private isSetAside = false
  private isAnyTold = false

  constructor(options: AwayOptions) {
    this.options = options
    const days = (options.catalogue.meta.getMeta(DAYS) ?? '').split(',').map(Number)
    const isKnown = days.length === 3 && days.every(Number.isSafeInteger)
    const today = this.today()
    // Nothing tells how long it was away before: from now on it is known.
    const [metDay, ranDay, ranDays] = isKnown ? days : [today, Number.NaN, 0]
    this.metDay = metDay!
    this.ranDay = ranDay!
    this.ranDays = ranDays!
  }

  /** Deletions may have been made and forgotten meanwhile. A day early: clocks differ. */
  get isAway(): boolean {
    return this.ranDays < HOME_DAYS && this.today() - this.metDay >= TOMBSTONE_DAYS
  }

  /** Call it once the share is read. Answers words for the person where there is news. */
  step(): string | undefined {
    if (this.options.intake.size > 0) return undefined
    if (this.isAway) {
      if (!this.isSetAside) return this.setAllAside()
      return this.options.peers.isAnyCompared ? this.handleBack() : undefined
    }
    const today = this.today()
    if (today === this.metDay && today === this.ranDay) return undefined
    if (this.options.peers.isAnyCompared) this.write({ metDay: today, ranDays: 0 })
    else if (today !== this.ranDay) this.write({ metDay: this.metDay, ranDays: this.ranDays + 1 })
    return undefined
  }

  /** A peer tells of something at the path, or in it. Answers whether what was set aside there counts again. */
  handleTold({ path }: Entry): boolean {
    const isAside = this.options.scanner.recording.takeUp(path)
    if (isAside) this.isAnyTold = true
    return isAside
  }

  /** Paths of what nobody else is known to have: it is here and told to nobody. */
  paths(): Iterable<string> {
    return this.options.catalogue.aside.paths()
  }

  get count(): number {
    return this.options.catalogue.aside.size
  }

  /** All of it is kept, and told as an edit of this machine. Answers how many; a machine that only receives tells of none. */
  confirm(): number {
    const { scanner, direction } = this.options
    if (direction === 'receive-only') return 0
    const paths = [...this.paths()]
    for (const path of paths) scanner.recording.confirmAside(path)
    return paths.length
  }

  /** All of it goes to the trash. Answers how many; what is being written at this moment stays, and all of it before a peer was met:
   *  it would be the whole share. */
  undo(): number {
    if (this.isAway) return 0
    let count = 0
    for (const path of deepestFirst(this.paths())) if (this.take(path)) count++
    return count
  }

  /** Answers false where it cannot go. */
  private take(path: string): boolean {
    const { disk, catalogue, scanner, trash } = this.options
    try {
      if (!scanner.isAsSetAside(path)) {
        scanner.hint(path)
        return false
      }
      const stat = disk.statLink(path)
      if (stat?.kind === 'folder') {
        disk.removeFolder(path)
        trash.takeFolder(path, stat.access)
      } else trash.settle(trash.take(path))
    } catch (error) {
      // The folder holds something that is shared, or left out, or nobody may change it.
      if (!(error instanceof DiskError)) throw error
      return false
    }
    catalogue.aside.drop(path)
    scanner.handleRemoved(path, true)
    return true
  }

  /** Sets aside what is held, and forgets what is only known, until a peer tells of it. An edit of ours that no peer has told of was
   *  deleted by nobody, and stays told. Deletions stay too: they are not older than others remember them. */
  private setAllAside(): string | undefined {
    const { catalogue, edits, peers, direction } = this.options
    const { manifest } = catalogue
    this.isSetAside = true
    this.isAnyTold = false
    const known: string[] = []
    for (const { path, kind, version } of manifest.entries())
      if (kind !== 'tombstone' && !edits.isUntold(version.content)) known.push(path)
    let isAny = false
    for (const path of deepestFirst(known)) {
      // About these a person is asked already.
      const isStopped = catalogue.isMissing(path) || catalogue.kept(path) !== undefined
      if (isStopped || catalogue.isRemaining(path) || manifest.liveCountBelow(path) > 0) continue
      if (catalogue.isHeld(path)) catalogue.setAside(path)
      // Told again, it would be news, and take the place of what was changed here.
      else if (direction === 'receive-only') continue
      else catalogue.forget(path)
      isAny = true
    }
    manifest.forgetReplaced()
    for (const peer of [...peers.all()]) peers.compareAnew(peer)
    return isAny ? AWAY_WORDS : undefined
  }

  /** All that a peer knows has been considered. */
  private handleBack(): string | undefined {
    const { catalogue } = this.options
    this.isSetAside = false
    if (!this.isAnyTold) for (const path of [...this.paths()]) catalogue.takeUp(path)
    this.write({ metDay: this.today(), ranDays: 0 })
    return catalogue.aside.size > 0 ? HELD_WORDS : BACK_WORDS
  }

  private write({ metDay, ranDays }: { readonly metDay: number; readonly ranDays: number }): void {
    const { catalogue } = this.options
    this.metDay = metDay
    this.ranDay = this.today()
    this.ranDays = ranDays
    catalogue.meta.putMeta(DAYS, [metDay, this.ranDay, ranDays].join(','))
    catalogue.commits.handleChange()
  }

  private today(): number {
    return dayOf(this.options.wallMs())
  }
}

/** Sorts paths so that what is in a folder comes before it. */
function deepestFirst(paths: Iterable<string>): readonly string[] {
  return [...paths].sort((left, right) => (left < right ? 1 : -1))
}

const AWAY_WORDS = `this machine was away for ${TOMBSTONE_DAYS} days or more: what it holds may have been deleted meanwhile, and is told to nobody before a peer was compared with it`
const BACK_WORDS = 'this machine is back: nothing is held of what is here'
const HELD_WORDS =
  'some of what is here is known to no peer, and may have been deleted while this machine was away: it is held; left status lists it, left confirm keeps it, left undo moves it to the trash'
