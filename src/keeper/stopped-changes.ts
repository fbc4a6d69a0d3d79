// Changes that the breaker stopped: more is told of one, or a person says what becomes of all. The keeper owns it, and Receiving
// considers what `take` answers.

import type { PathWithReason, ReleasedCounts } from '../pipe/commands.js'
import type { Direction } from '../pipe/settings.js'
import { holds, type PeerId, peerOf } from '../share/dots.js'
import { confirmRemoval, sameContent } from '../share/edit.js'
import type { Entry } from '../share/entry.js'
import { sameEntry } from '../share/entry-line.js'
import { parentOf } from '../share/path.js'
import { type Breaker, type Origin, OWN, PEERS } from './breaker/breaker.js'
import type { Catalogue } from './index/catalogue.js'
import type { OwnEdits } from './index/own-edits.js'
import type { Intake } from './intake/intake.js'
import { STEP_FILES } from './limits.js'
import type { LocalChanges } from './local-changes.js'
import type { NotHeldTries } from './not-held.js'
import type { PeerBook } from './peers/peer-book.js'
import type { Superseded } from './peers/superseded.js'
import type { Scanner } from './scan/scanner.js'

export interface StoppedChangesOptions {
  readonly catalogue: Catalogue
  readonly breaker: Breaker
  readonly scanner: Scanner
  readonly edits: OwnEdits
  readonly peers: PeerBook
  readonly superseded: Pick<Superseded, 'addOfAll'>
  readonly intake: Intake
  readonly notHeld: NotHeldTries
  readonly local: LocalChanges
  readonly direction: Direction
}

type Released = Omit<ReleasedCounts, 'away' | 'staying'>

interface Told {
  readonly entry: Entry
  readonly peer: PeerId
}

export class StoppedChanges {
  private readonly options: StoppedChangesOptions
  /** Confirmed, and to be considered as if it were told now. */
  private confirmed: Told[] = []
  /** Kept paths whose content may be elsewhere by now, as the peer that deleted it says; and folders in which nothing may be left. */
  private readonly moved = new Set<string>()

  constructor(options: StoppedChangesOptions) {
    this.options = options
  }

  get count(): number {
    const { missing, keptPaths } = this.options.catalogue.stoppedPaths
    return (this.isReceiveOnly ? 0 : missing.size) + keptPaths.size
  }

  /** For the person, at the start: what a run before this one said of it may be forgotten by now. Undefined where nothing is held, and on a
   *  machine that only sends, which holds what it does not take over. */
  get standingWords(): string | undefined {
    const { count } = this
    if (count === 0 || this.options.direction === 'send-only') return undefined
    const what = count === 1 ? '1 change is held' : `${count} changes are held`
    return `${what}, as before, because so much was deleted or replaced at once: left status shows which, and what can be done`
  }

  /** Whether this machine only receives: what is deleted here is then a local change like any other. */
  private get isReceiveOnly(): boolean {
    return this.options.direction === 'receive-only'
  }

  /** Lists what is held, for the person. */
  *described(): Generator<PathWithReason> {
    const { catalogue } = this.options
    const { missing, keptPaths } = catalogue.stoppedPaths
    if (!this.isReceiveOnly)
      for (const path of missing) yield { path, reason: 'deleted here, and nobody was told' }
    for (const path of keptPaths.keys()) {
      const { kind, version } = catalogue.get(path)!
      const what = kind === 'tombstone' ? 'deleted' : 'replaced'
      yield { path, reason: `${what} by peer ${peerOf(version.content)}, and still here as it was` }
    }
  }

  /** Whether `take` has something. */
  get busy(): boolean {
    return this.confirmed.length > 0 || this.moved.size > 0
  }

  take(): readonly Told[] {
    const moved = [...this.moved].flatMap((path) => this.releaseMoved(path))
    this.moved.clear()
    return [...moved, ...this.confirmed.splice(0, STEP_FILES)]
  }

  /** The entry at a path became another one: it may be the late half of a move, or the last that was left in a folder. */
  handleRecorded(path: string): void {
    const { catalogue } = this.options
    const { stoppedPaths } = catalogue
    if (stoppedPaths.isEmpty || this.options.direction === 'send-only') return
    const from = stoppedPaths.keptMovedTo(path)
    if (from !== undefined) this.moved.add(from)
    const folder = parentOf(path)
    if (catalogue.kept(folder)?.entry.kind === 'folder') this.moved.add(folder)
  }

  /** Takes back a kept path whose content a peer moved: that is no deletion that a person need be asked about. */
  private releaseMoved(path: string): readonly Told[] {
    const { catalogue } = this.options
    const ours = catalogue.kept(path)?.entry
    const told = catalogue.get(path)
    if (ours === undefined || told?.kind !== 'tombstone') return []
    const moved = catalogue.live(told.target)
    const isGone =
      ours.kind === 'folder'
        ? !catalogue.stoppedPaths.isKeptBelow(path) && !catalogue.hasHeldBelow(path)
        : moved !== undefined && sameContent(moved, ours)
    return isGone ? this.toldOf(catalogue.keptEntries.takeBack(path)!) : []
  }

  /** A peer tells of something at a path. 'free': nothing is stopped there, and it is to be considered. 'taken-back': the same, and
   *  ours counts again. 'renewed': it is the change that was stopped, of which more is known now. 'beaten': what stands or is known
   *  there wins, until a person decides. */
  handleTold(remote: Entry): 'free' | 'taken-back' | 'known' | 'beaten' | 'renewed' {
    const { catalogue, intake, breaker } = this.options
    const { path } = remote
    if (catalogue.isMissing(path)) return this.handleToldOfMissing(remote)
    const known = catalogue.kept(path) === undefined ? undefined : catalogue.get(path)
    if (known === undefined) return 'free'
    const decision = intake.placing.decide(remote)
    if (decision.type === 'keep') return decision.wins ? 'beaten' : 'known'
    const isConfirmed = remote.confirmed && !known.confirmed && breaker.trustsConfirmed
    // More may be known of an older content too: who may read it, say.
    if (!isConfirmed && (sameContent(known, remote) || decision.type === 'adopt')) {
      if ((decision.type !== 'adopt' && decision.type !== 'take') || sameEntry(decision.entry, known))
        return 'known'
      catalogue.keptEntries.renew(decision.entry)
      return 'renewed'
    }
    this.rememberUnseen(known, remote)
    if (decision.type === 'take' && this.isBeatenByReplaced(known, remote)) {
      catalogue.keptEntries.replace(remote)
      return 'renewed'
    }
    catalogue.keptEntries.takeBack(path)
    return 'taken-back'
  }

  /** Whether a change that beats the stopped one loses against what that one replaced, and has seen neither. Taken back, what is kept here
   *  would win against this change, be replaced by the stopped one again, and that be beaten by this change, for ever. */
  private isBeatenByReplaced(known: Entry, remote: Entry): boolean {
    const ours = this.options.catalogue.kept(remote.path)!.entry
    if (!holds(known.version.seen, ours.version.content)) return false
    if (holds(remote.version.seen, known.version.content)) return false
    const decision = this.options.intake.placing.compare(ours, remote)
    return decision.type === 'keep' && decision.wins
  }

  /** Another peer's change takes the place of one that it has not seen. Nothing is here that could be kept as the loser, and it may win
   *  against what a person makes of the path. Whoever told of it will not do so again. */
  private rememberUnseen(known: Entry, remote: Entry): void {
    const { peers, superseded } = this.options
    if (holds(remote.version.seen, known.version.content)) return
    superseded.addOfAll(peers.all(), known)
  }

  /** Handles a path that is gone here. An edit of a peer brings it back; that a peer deleted it too is all there is to say. */
  private handleToldOfMissing(remote: Entry): 'free' | 'known' | 'beaten' {
    const { catalogue, intake } = this.options
    const decision = intake.placing.decide(remote)
    if (decision.type === 'keep') return decision.wins ? 'beaten' : 'known'
    if (decision.type !== 'adopt') catalogue.releaseMissing(remote.path)
    return 'free'
  }

  /** All that is held happens: deletions of ours are told, with a mark by which no other machine asks again; changes of peers are
   *  carried out. A machine that only receives tells nobody of anything, and one that only sends takes nothing over. */
  confirm(): Released {
    const { catalogue, breaker, scanner, edits, intake, direction } = this.options
    const { stoppedPaths } = catalogue
    const missing = this.isReceiveOnly ? NONE : stoppedPaths.missing
    const keptPaths = direction === 'send-only' ? NONE : stoppedPaths.keptPaths
    const counts = { own: missing.size, received: keptPaths.size, local: 0 }
    const origins = this.originsOfKept()
    breaker.close(new Map([...origins].map((origin) => [origin, keptPaths.size])))
    for (const path of [...missing]) scanner.recording.confirmDeleted(path)
    for (const path of [...keptPaths.keys()]) {
      const stopped = catalogue.keptEntries.takeBack(path)!
      const isDeleted = stopped.kind === 'tombstone' && !stopped.confirmed && !this.isReceiveOnly
      const entry = isDeleted ? confirmRemoval(stopped, edits.nextDot()).entry : stopped
      intake.handleConfirmed(entry)
      this.confirmed.push(...this.toldOf(entry))
    }
    return counts
  }

  /** Origins that may tell again of what is kept, now or when they are back. */
  private originsOfKept(): ReadonlySet<Origin> {
    const { catalogue, breaker, peers } = this.options
    const origins = new Set<Origin>([...breaker.trippedOrigins, PEERS, ...peers.all()])
    for (const path of catalogue.stoppedPaths.keptPaths.keys())
      origins.add(peerOf(catalogue.get(path)!.version.content))
    origins.delete(OWN)
    return origins
  }

  /** All that is held is taken back: what was deleted here is fetched again, and what peers deleted or replaced is an edit on top of
   *  that. A machine that only receives takes back what was changed here, and makes no edit of the rest: that is held on. */
  undo(): Released {
    const { catalogue, breaker, scanner, intake, notHeld, local } = this.options
    const { stoppedPaths } = catalogue
    const { missing } = stoppedPaths
    const keptPaths = this.isReceiveOnly ? NONE : stoppedPaths.keptPaths
    const own = missing.size
    const localCount = this.isReceiveOnly ? local.undo() + own : 0
    const counts = { own: this.isReceiveOnly ? 0 : own, received: keptPaths.size, local: localCount }
    for (const path of [...missing]) {
      catalogue.release(path)
      notHeld.handleRetry(path)
    }
    for (const path of [...keptPaths.keys()]) {
      if (scanner.isKeptChanged(path)) {
        // Told as it was, it would be a version that nobody has any more, and the loser of a conflict somewhere.
        stoppedPaths.markUndone(path)
        scanner.hint(path)
        continue
      }
      scanner.recording.restoreKept(path)
      intake.placing.close(path)
    }
    if (stoppedPaths.isDecided) breaker.close()
    return counts
  }

  /** Nothing is fetched for a deletion, so that nobody need be there who told of it. */
  private toldOf(entry: Entry): readonly Told[] {
    if (entry.kind === 'tombstone') return [{ entry, peer: peerOf(entry.version.content) }]
    return [...this.options.peers.all()].map((peer) => ({ entry, peer }))
  }
}

const NONE: ReadonlySet<string> = new Set()
