// Changes that peers tell of. Each entry of a claim or a listing is considered: it is wanted, taken over, only taken note of, or loses,
// and is considered anew when what it lost against changes. Outcomes of the intake are carried from here to the parts that wait for
// them: many decide what is considered again, or which peer is asked again. The keeper owns it.
//
//     claim, tree ─▶ PeerBook ─▶┐             ┌─ ours stays, or is told of anew
//     NotHeldTries ────────────▶├─ consider ──┼─ beaten ─▶ Superseded ─▶ consider, when the path has changed
//     StoppedChanges ──────────▶┘             └─ wanted ─▶ Intake ─▶ outcomes

import { earliest } from '../base/earliest.js'
import type { EngineToKeeper, PeerClaim } from '../pipe/messages.js'
import type { LinkPolicy } from '../pipe/settings.js'
import { holds, type PeerId } from '../share/dots.js'
import type { Entry } from '../share/entry.js'
import { TREE_MOVE_THINGS_MAX } from '../share/limits.js'
import type { TreeMove } from '../share/tree-move.js'
import type { Away } from './away.js'
import { Comparing, deletionsFirst, runsOf } from './comparing.js'
import type { Catalogue } from './index/catalogue.js'
import type { Expiry } from './index/expiry.js'
import type { OwnEdits } from './index/own-edits.js'
import type { Intake } from './intake/intake.js'
import type { IntakeOutcome } from './intake/outcomes.js'
import type { LocalChanges } from './local-changes.js'
import type { NotHeldTries } from './not-held.js'
import type { Outbox } from './outbox.js'
import type { Announcer } from './peers/announcer.js'
import { asIncomplete, type Listed, type PeerBook, type PeerProblem } from './peers/peer-book.js'
import type { Superseded } from './peers/superseded.js'
import { isRulesFile } from './scan/ignoring.js'
import type { OwnWrites } from './scan/own-writes.js'
import type { Scanner } from './scan/scanner.js'
import type { StoppedChanges } from './stopped-changes.js'

export interface ReceivingOptions {
  readonly catalogue: Catalogue
  readonly edits: Pick<OwnEdits, 'author'>
  readonly scanner: Scanner
  readonly ownWrites: OwnWrites
  readonly peers: PeerBook
  readonly intake: Intake
  readonly superseded: Superseded
  readonly notHeld: NotHeldTries
  readonly stopped: StoppedChanges
  readonly local: LocalChanges
  readonly away: Away
  readonly expiry: Expiry
  readonly links: LinkPolicy
  readonly announcer: Announcer
  readonly outbox: Outbox
}

export class Receiving {
  private readonly options: ReceivingOptions
  private readonly comparing: Comparing

  constructor(options: ReceivingOptions) {
    this.options = options
    this.comparing = new Comparing(options)
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    const { intake, peers, notHeld, stopped } = this.options
    return intake.busy || peers.busy || notHeld.busy || stopped.busy
  }

  pollTimeout(): number | undefined {
    const { intake, peers } = this.options
    return earliest(intake.pollTimeout(), peers.pollTimeout())
  }

  handleClaim(claim: PeerClaim, nowMs: number): void {
    const { peers, intake, notHeld } = this.options
    const before = peers.notHeldCount(claim.peer)
    const found = peers.handleClaim(claim)
    if (before === undefined || claim.notHeldCount < before) {
      intake.handleHoldsMore(claim.peer)
      notHeld.handleHoldsMore()
    }
    this.handleFound(found, nowMs)
  }

  handleTree({ peer, digest, bytes }: EngineToKeeper & { type: 'tree' }, nowMs: number): void {
    this.handleFound(this.options.peers.handleTree(peer, digest, bytes, nowMs), nowMs)
  }

  handlePeerGone(peer: PeerId): void {
    const { peers, superseded, intake } = this.options
    peers.handleGone(peer)
    superseded.handlePeerGone(peer)
    intake.handlePeerGone(peer)
  }

  /** Does a bounded piece of fetching, placing and comparing. */
  step(nowMs: number): void {
    const { intake, peers, notHeld, stopped } = this.options
    intake.step(nowMs)
    this.drainIntake(nowMs)
    this.handleFound(peers.step(nowMs), nowMs)
    for (const { entry, peer } of notHeld.take()) this.consider(peer, entry, nowMs)
    for (const { entry, peer } of stopped.take()) this.consider(peer, entry, nowMs)
    peers.handleTimeout(nowMs)
  }

  /** After each call of the keeper: what lost is considered anew, and the intake orders and commits. */
  settle(nowMs: number): void {
    const { superseded, intake } = this.options
    this.drainIntake(nowMs)
    for (const { peer, remote } of superseded.takeChanged()) this.considerAgain(peer, remote, nowMs)
    intake.settle(nowMs)
    this.drainIntake(nowMs)
  }

  /** Why a link of a peer is not taken, for the person; undefined where it is no link, or is taken. */
  linkRefusal(remote: Entry): string | undefined {
    return this.comparing.refusalOf(remote)
  }

  /** Considers an entry of which the tree of the peer tells nothing new. */
  considerAgain(peer: PeerId, remote: Entry, nowMs: number): void {
    if (!this.consider(peer, remote, nowMs)) this.options.peers.askAgain(peer, nowMs)
  }

  /** The peer goes on in another name, and may have lost what it told before; its session need not have been seen to end. Its versions
   *  that lost here are given up: one that is nowhere any more would beat what it tells now. The comparison begins at the top again. */
  handleRenewed(peer: PeerId): void {
    const { peers, superseded } = this.options
    superseded.handlePeerGone(peer)
    peers.handleGone(peer)
  }

  // — Outcomes of the intake —

  /** Carries them to the parts that wait for them. `settle` does so too. */
  drainIntake(nowMs: number): void {
    const { intake } = this.options
    for (let outcome = intake.pollOutcome(); outcome !== undefined; outcome = intake.pollOutcome())
      this.handleOutcome(outcome, nowMs)
  }

  private handleOutcome(outcome: IntakeOutcome, nowMs: number): void {
    const { outbox, scanner, ownWrites, announcer, notHeld, peers, superseded } = this.options
    switch (outcome.type) {
      case 'message':
        outbox.push(outcome.message)
        return
      case 'placed':
        if (isRulesFile(outcome.path)) scanner.hint(outcome.path)
        ownWrites.handlePlaced(outcome.path, nowMs)
        return
      case 'changed':
        announcer.handleChange(outcome.by === 'own' || outcome.isLast, nowMs)
        return
      case 'retry':
        notHeld.handleRetry(outcome.path)
        superseded.handleChange(outcome.path)
        return
      case 'source-failed':
        peers.askAgain(outcome.peer, nowMs)
        return
      case 'beaten':
        superseded.add(outcome.peer, outcome.remote)
        return
      case 'abandoned':
        superseded.handleChange(outcome.path)
        return
      case 'refused':
        outbox.refuse(outcome.peer, outcome.notice, nowMs)
        return
    }
  }

  // — Entries of peers —

  private handleFound(found: Listed | PeerProblem | undefined, nowMs: number): void {
    if (found === undefined) return
    if (found.type === 'problem') {
      const message = `peer ${found.peer} sent a listing that cannot be read (${found.reason})`
      this.options.outbox.notifyOf(found.peer, message, nowMs)
      return
    }
    let [all, fits, things] = [true, true, 0]
    for (const run of runsOf(found.changes))
      if (!('entries' in run)) {
        // All moves of one message together keep other peers waiting for no longer than one may.
        things += run.things
        if (things > TREE_MOVE_THINGS_MAX || !this.considerMove(found.peer, run, nowMs)) fits = false
      } else
        for (const entry of deletionsFirst(run.entries))
          if (!this.consider(found.peer, entry, nowMs)) all = false
    this.options.peers.handleConsidered(fits ? found : asIncomplete(found), all, nowMs)
  }

  /** A folder that a peer moved. Answers false where that is not to be done as it was there. */
  private considerMove(peer: PeerId, move: TreeMove, nowMs: number): boolean {
    const { edits, intake } = this.options
    if (move.author === edits.author) return false
    const refuses = (entry: Entry) => this.comparing.refusal(entry) !== undefined
    return intake.handleTreeMove(move, peer, refuses, nowMs)
  }

  /** One entry of a peer that differs from ours. Answers false where what stands at the path is not what we know: it is
   *  read, and then compared with the peer again. */
  private consider(peer: PeerId, remote: Entry, nowMs: number): boolean {
    const { intake, superseded } = this.options
    const { path } = remote
    superseded.handleTold(remote)
    const wasWanted = intake.wantedAt(path) !== undefined
    const isKnown = this.considerAlone(peer, remote, wasWanted, nowMs)
    // While something better is wanted, what lost before waits for the end of that: of versions that beat each other in turn, one would
    // give way to the next without end.
    if (wasWanted && intake.wantedAt(path) === undefined) superseded.handleChange(path)
    return isKnown
  }

  private considerAlone(peer: PeerId, remote: Entry, wasWanted: boolean, nowMs: number): boolean {
    const { away, scanner, outbox, stopped, local, intake, superseded, catalogue } = this.options
    if (away.handleTold(remote)) this.changed(nowMs)
    // A deletion of what is left out removes nothing, and is known like any other.
    if (scanner.leavesOut(remote) && remote.kind !== 'tombstone') return this.takeNote(peer, remote, nowMs)
    const { reason, isTold } = this.comparing.refusal(remote) ?? {}
    if (reason !== undefined) {
      if (!isTold) outbox.refuse(peer, { event: 'problem', path: remote.path, reason }, nowMs)
      return this.takeNote(peer, remote, nowMs)
    }
    const stoppedBefore = stopped.handleTold(remote)
    // Ours may win against what is told now, and then nothing else tells the peers of it.
    if (stoppedBefore === 'renewed' || stoppedBefore === 'taken-back') this.changed(nowMs)
    if (stoppedBefore === 'beaten') superseded.add(peer, remote)
    if (stoppedBefore !== 'free' && stoppedBefore !== 'taken-back') return true
    const localBefore = local.handleTold(remote)
    if (localBefore === 'held') this.changed(nowMs)
    if (localBefore !== 'free') return true
    const standing = intake.standing(remote, peer)
    this.drainIntake(nowMs)
    if (standing === 'refused') return this.takeNote(peer, remote, nowMs)
    if (standing === 'beaten') superseded.add(peer, remote)
    if (standing !== 'free') return true
    const comparison = this.comparing.compare(remote, wasWanted)
    switch (comparison.type) {
      case 'ours':
        return true
      case 'adopted':
        intake.handleMade(comparison.entry)
        break
      case 'beaten':
        superseded.add(peer, remote)
        if (comparison.entry === undefined) return true
        catalogue.record(comparison.entry, undefined, catalogue.mode(remote.path))
        break
      case 'wanted':
        return this.want(peer, remote, nowMs)
      case 'unread':
        scanner.hint(remote.path)
        return false
    }
    this.changed(nowMs)
    return true
  }

  private want(peer: PeerId, remote: Entry, nowMs: number): boolean {
    const { intake, scanner, catalogue, peers } = this.options
    const result = intake.want(remote, peer, nowMs)
    this.drainIntake(nowMs)
    if (result === 'unread') scanner.hint(remote.path)
    // The person was told that what is tried again is not held.
    else if (result === 'wanted' && catalogue.isHeld(remote.path)) peers.outOfStep(peer)
    return result !== 'unread'
  }

  /** Records an entry of a peer as known, and not had: that is all there is to do about it. Where something that is not read yet
   *  stands there, or what has not seen the entry, it is considered again with the next change or try of the path: its peer will not say
   *  so a second time. */
  private takeNote(peer: PeerId, remote: Entry, nowMs: number): true {
    const { intake, superseded, catalogue } = this.options
    const noted = intake.knowing.know(remote)
    if (noted === 'news') this.changed(nowMs)
    const known = catalogue.get(remote.path)
    const isUnseen = known !== undefined && !holds(known.version.seen, remote.version.content)
    if (noted === 'unread' || isUnseen) superseded.add(peer, remote)
    return true
  }

  /** Passed on when nothing more is coming, or now and then. */
  private changed(nowMs: number): void {
    const { announcer, intake } = this.options
    announcer.handleChange(intake.size === 0, nowMs)
  }
}
