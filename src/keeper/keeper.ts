// Keeps the share: knows what it holds, compares it with what peers say, decides what is lacking, has it fetched by the
// engine, and puts it in place. In a running peer this is the heart of the watcher process (src/watcher/main.ts); in the
// simulator it stands beside the engine. Works on the disk through its port, synchronously, in bounded steps.
//
//     Scanner ──▶ Catalogue ──▶ root ─────────────────────▶ engine ══▶ peers
//                    ▲                                          │
//                    │ placed                                   ▼ claims, tree items
//     Placing ◀── Intake ◀── decide ◀──────────────────────── PeerBook
//                    │  ▲
//                    └──┴── fetch, content ───────────────── engine

import { earliest } from '../base/earliest.js'
import type { EngineToKeeper, KeeperToEngine, PeerClaim } from '../pipe/messages.js'
import { MAX_DELETE, NO_MIN_FREE, TRASH_POLICY } from '../pipe/settings.js'
import type { PeerId } from '../share/dots.js'
import type { Entry } from '../share/entry.js'
import { TREE_MOVE_THINGS_MAX } from '../share/limits.js'
import type { MovedTree, TreeMove } from '../share/tree-move.js'
import { Away } from './away.js'
import { Breaker } from './breaker/breaker.js'
import { Commands } from './commands.js'
import { Comparing, deletionsFirst, runsOf } from './comparing.js'
import type { Catalogue } from './index/catalogue.js'
import { Expiry } from './index/expiry.js'
import type { PeerAuthors } from './index/peer-authors.js'
import { Intake } from './intake/intake.js'
import type { IntakeOutcome } from './intake/outcomes.js'
import type { KeeperOptions } from './keeper-options.js'
import { LocalChanges } from './local-changes.js'
import { NotHeldTries } from './not-held.js'
import { Outbox } from './outbox.js'
import { Announcer } from './peers/announcer.js'
import { asIncomplete, type Listed, PeerBook, type PeerProblem } from './peers/peer-book.js'
import { Superseded } from './peers/superseded.js'
import { Vetting, wordsOf } from './peers/vetting.js'
import { closeShare, type OpenShare } from './recover/recovery.js'
import { noticeOf, restlessWords, stoppedWords } from './scan/findings.js'
import { isRulesFile } from './scan/ignoring.js'
import { OwnWrites } from './scan/own-writes.js'
import { ScanSchedule } from './scan/scan-schedule.js'
import { Scanner } from './scan/scanner.js'
import { Locator } from './serve/locator.js'
import { StoppedChanges } from './stopped-changes.js'
import { Trash } from './trash/trash.js'

/** After each `handle*` and `step`, carry `takeMessages` to the engine. Call `step` soon after each `handle*`, again at once
 *  while it answers true, else at `pollTimeout`. */
export class Keeper {
  private readonly share: OpenShare
  private readonly catalogue: Catalogue
  private readonly scanner: Scanner
  private readonly scans = new ScanSchedule()
  private readonly locator: Locator
  private readonly peers: PeerBook
  private readonly intake: Intake
  private readonly superseded = new Superseded()
  private readonly notHeld: NotHeldTries
  private readonly ownWrites = new OwnWrites()
  private readonly comparing: Comparing
  private readonly expiry: Expiry
  private readonly vetting: Vetting
  private readonly authors: PeerAuthors
  private readonly breaker: Breaker
  private readonly stopped: StoppedChanges
  private readonly local: LocalChanges
  private readonly away: Away
  private readonly outbox = new Outbox()
  private readonly announcer: Announcer
  /** Commands of the person. */
  readonly commands: Commands
  /** As of the call under way, for what happens inside it. */
  private nowMs: number

  constructor(options: KeeperOptions, nowMs: number) {
    const { disk, catalogue, edits, authors, links } = options
    const { minFree = NO_MIN_FREE, trash = TRASH_POLICY, maxDelete = MAX_DELETE, wallMs } = options
    const { direction = 'both' } = options
    this.nowMs = nowMs
    this.share = options
    this.catalogue = catalogue
    this.locator = new Locator(disk, catalogue)
    // Called as it is recorded: only an entry that lost before that is decided anew, not one that loses after it.
    catalogue.onRecorded((path) => {
      this.superseded.handleChange(path)
      this.stopped.handleRecorded(path)
    })
    this.announcer = new Announcer(catalogue, edits)
    this.authors = authors
    this.vetting = new Vetting(edits, catalogue)
    const files = () => catalogue.filesHeldMin
    this.breaker = new Breaker({ index: catalogue.meta, wallMs, maxDelete, files })
    const { breaker } = this
    this.scanner = new Scanner({ ...options, breaker, direction })
    const { scanner } = this
    this.peers = new PeerBook({ manifest: catalogue.manifest, isSated: (from) => this.intake.isSated(from) })
    const lacksSome = (peer: PeerId) => (this.peers.notHeldCount(peer) ?? 0) > 0
    const isComparing = () => this.peers.isComparing
    const comparisonWith = (peer: PeerId) => this.peers.comparisonWith(peer)
    const lookups = { lacksSome, isComparing, comparisonWith }
    const given = { ...options, minFree, trash, direction }
    this.intake = new Intake({ ...given, breaker, scanner, ...lookups }, nowMs)
    this.notHeld = new NotHeldTries({ catalogue, scanner, peers: this.peers, intake: this.intake })
    this.expiry = new Expiry({ catalogue, wallMs }, nowMs)
    const { peers, superseded, intake, scans, notHeld, expiry } = this
    this.comparing = new Comparing({ intake, links, expiry })
    const trashed = { disk, policy: trash, wallMs }
    const place = { disk, catalogue, scanner, intake, trash: new Trash(trashed) }
    const local = new LocalChanges({ ...place, notHeld })
    this.local = local
    this.away = new Away({ ...place, edits, peers, wallMs, direction })
    const { away } = this
    const held = { catalogue, breaker, scanner, edits, peers, superseded, intake, notHeld, local, direction }
    this.stopped = new StoppedChanges(held)
    const { stopped } = this
    this.commands = new Commands({
      catalogue,
      scanner,
      scans,
      peers,
      intake,
      notHeld,
      stopped,
      away,
      local,
      direction,
      trash: trashed,
    })
    this.outbox.notify({ event: 'scanning' })
    this.startScan(nowMs)
  }

  handle(message: EngineToKeeper, nowMs: number): void {
    this.nowMs = nowMs
    switch (message.type) {
      case 'claim':
        this.handleClaim(message, nowMs)
        break
      case 'peer-gone':
        this.peers.handleGone(message.peer)
        this.superseded.handlePeerGone(message.peer)
        this.intake.handlePeerGone(message.peer)
        break
      case 'tree':
        this.handleFound(this.peers.handleTree(message.peer, message.digest, message.bytes, nowMs), nowMs)
        break
      case 'list':
        this.intake.handleList(message.fetch, message.list, message.sums)
        break
      case 'blocks':
        this.intake.handleBlocks(message.fetch, message.blockIndices)
        break
      case 'fetched':
        this.intake.handleFetched(message.fetch, message, nowMs)
        break
      case 'contents':
        for (const { fetch, bytes, savedBytes } of message.files)
          this.intake.handleContent(fetch, bytes, savedBytes, nowMs)
        this.drainIntake(nowMs)
        // Put in place by the next step: what has come until then shares one sync of the log and one order for more.
        return
      case 'source-lost':
        this.intake.handleSourceLost(message.fetch, message.peer)
        break
      case 'fetch-failed':
        this.intake.handleFetchFailed(message.fetch, message.reason, nowMs)
        break
      case 'locate': {
        const { items, unreadable } = this.locator.locateAll(message.items)
        for (const path of unreadable) this.scanner.hint(path)
        this.outbox.push({ type: 'located', items })
        break
      }
      case 'suspect':
        // Its times may not tell: it is read again whatever they say.
        this.catalogue.doubt(message.path)
        this.scanner.hint(message.path)
        break
    }
    this.settle(nowMs)
  }

  /** Something may have changed at this path of the share. */
  handleHint(path: string, nowMs: number): void {
    this.nowMs = nowMs
    if (!this.ownWrites.keeps(path)) this.scanner.hint(path)
  }

  /** Does one bounded piece of what is waiting; answers whether there is more right now. */
  step(nowMs: number): boolean {
    this.nowMs = nowMs
    if (this.scans.isDue(nowMs)) this.startScan(nowMs)
    for (const path of this.ownWrites.take(this.intake.size === 0, nowMs)) this.scanner.hint(path)
    const more = this.scanner.step(nowMs)
    this.drainScanner()
    this.intake.step(nowMs)
    this.drainIntake(nowMs)
    this.handleFound(this.peers.step(nowMs), nowMs)
    for (const { entry, peer } of this.notHeld.take()) this.consider(peer, entry)
    for (const { entry, peer } of this.stopped.take()) this.consider(peer, entry)
    this.peers.handleTimeout(nowMs)
    if (this.expiry.step(nowMs)) this.changed('received')
    this.outbox.handleTimeout(nowMs)
    this.settle(nowMs)
    if (!this.scanner.busy) this.finishScan(nowMs)
    if (this.scans.ready) this.lookAway()
    if (this.scans.ready) this.announce(nowMs)
    const { intake, peers, notHeld, stopped, expiry } = this
    return more || intake.busy || peers.busy || notHeld.busy || stopped.busy || expiry.busy
  }

  pollTimeout(): number | undefined {
    return earliest(
      this.scanner.pollTimeout(),
      this.ownWrites.pollTimeout(),
      this.intake.pollTimeout(),
      this.peers.pollTimeout(),
      this.announcer.pollTimeout(),
      this.outbox.pollTimeout(),
      this.scans.pollTimeout(),
      this.expiry.pollTimeout(),
    )
  }

  /** An orderly end: all that is known is on the disk. Throws a DiskError; not used afterwards. */
  stop(): void {
    closeShare(this.share)
  }

  takeMessages(): readonly KeeperToEngine[] {
    return this.outbox.take()
  }

  /** Carries what one part produced to the parts that wait for it. */
  private settle(nowMs: number): void {
    this.drainIntake(nowMs)
    for (const { peer, remote } of this.superseded.takeChanged())
      if (!this.consider(peer, remote)) this.peers.askAgain(peer, nowMs)
    this.intake.settle(nowMs)
    this.drainIntake(nowMs)
    this.drainScanner()
    for (const notice of this.catalogue.folded.takeNotices()) this.outbox.notify(notice)
    for (let pull = this.peers.pollPull(); pull !== undefined; pull = this.peers.pollPull())
      this.outbox.push({ type: 'pull-tree', peer: pull.peer, item: pull.item })
    for (let peer = this.peers.pollAsk(); peer !== undefined; peer = this.peers.pollAsk())
      this.outbox.push({ type: 'ask', peer })
    // A root waits until the share is read, and for what is still coming. By then an author may be back with an older copy, and would
    // not hear of what is here.
    if (this.catalogue.stoppedPaths.isEmpty) this.breaker.handleNoneStopped()
    this.tellKnown()
    if (!this.scans.ready || this.intake.size > 0) return
    const { manifest, notHeldCount } = this.catalogue
    for (const inStep of this.peers.newlyInStep(notHeldCount))
      this.outbox.push({ type: 'in-step', files: manifest.fileCount, ...inStep })
  }

  private drainScanner(): void {
    for (const finding of this.scanner.takeFindings()) {
      if (finding.type === 'changed') this.handleLocalChange(finding.entry, finding.unseen)
      else if (finding.type === 'moved') this.handleLocalMove(finding.moved)
      else if (finding.type === 'held') this.handleHeld(finding.path)
      else if (finding.type === 'released') this.changed('own')
      else if (finding.type === 'dropped') this.handleDropped(finding.path)
      else if (finding.type === 'stopped')
        this.outbox.notify({ event: 'note', message: stoppedWords(finding) })
      else if (finding.type === 'restless')
        this.outbox.notify({ event: 'note', message: restlessWords(finding) })
      else if (finding.type === 'rules') this.notHeld.handleRules()
      else if (finding.type === 'emptied') this.intake.removing.tidy(finding.path)
      else this.outbox.notify(noticeOf(finding))
    }
  }

  private drainIntake(nowMs: number): void {
    for (let outcome = this.intake.pollOutcome(); outcome !== undefined; outcome = this.intake.pollOutcome())
      this.handleOutcome(outcome, nowMs)
  }

  private handleOutcome(outcome: IntakeOutcome, nowMs: number): void {
    switch (outcome.type) {
      case 'message':
        this.outbox.push(outcome.message)
        return
      case 'placed':
        if (isRulesFile(outcome.path)) this.scanner.hint(outcome.path)
        this.ownWrites.handlePlaced(outcome.path, nowMs)
        return
      case 'changed':
        this.announcer.handleChange(outcome.by === 'own' || outcome.isLast, nowMs)
        return
      case 'retry':
        this.notHeld.handleRetry(outcome.path)
        return
      case 'source-failed':
        this.peers.askAgain(outcome.peer, nowMs)
        return
      case 'beaten':
        this.superseded.add(outcome.peer, outcome.remote)
        return
      case 'abandoned':
        this.superseded.handleChange(outcome.path)
        return
      case 'refused':
        this.outbox.refuse(outcome.peer, outcome.notice, nowMs)
        return
    }
  }

  // — What peers say —

  private handleClaim({ question, claim }: EngineToKeeper & { type: 'claim' }, nowMs: number): void {
    if (!this.scans.ready) {
      this.outbox.push({ type: 'answer', question, answer: 'working' })
      return
    }
    this.vet(claim, nowMs)
    const same = claim.root.digest === this.catalogue.manifest.root().digest
    this.outbox.push({ type: 'answer', question, answer: same ? 'same' : 'differs' })
    const before = this.peers.notHeldCount(claim.peer)
    const found = this.peers.handleClaim(claim)
    if (before === undefined || claim.notHeldCount < before) {
      this.intake.handleHoldsMore(claim.peer)
      this.notHeld.handleHoldsMore()
    }
    this.handleFound(found, nowMs)
  }

  /** Before the peer is told of any entry, and before one of its entries is considered. */
  private vet({ peer, author, theyKnow }: PeerClaim, nowMs: number): void {
    if (author !== undefined) this.authors.handleTold(peer, author)
    this.tellKnown()
    const verdict = this.vetting.handleClaim(theyKnow)
    if (verdict.type === 'unsaid') return
    const message = wordsOf(verdict, peer)
    const isRefused = verdict.type === 'refused'
    if (message !== undefined && isRefused) this.outbox.notifyOf(peer, message, nowMs)
    else if (message !== undefined) this.outbox.notify({ event: 'note', message })
    if (verdict.type === 'renewed') {
      this.announcer.handleReady(nowMs)
      this.announce(nowMs)
    }
    this.outbox.push({ type: isRefused ? 'refused' : 'vetted', peer })
  }

  private tellKnown(): void {
    const known = this.authors.takeNews()
    if (known.length > 0) this.outbox.push({ type: 'knows', known })
  }

  private handleFound(found: Listed | PeerProblem | undefined, nowMs: number): void {
    if (found === undefined) return
    if (found.type === 'problem') {
      const message = `peer ${found.peer} sent a listing that cannot be read (${found.reason})`
      this.outbox.notifyOf(found.peer, message, nowMs)
      return
    }
    let [all, fits, things] = [true, true, 0]
    for (const run of runsOf(found.changes))
      if (!('entries' in run)) {
        // All moves of one message together keep other peers waiting for no longer than one may.
        things += run.things
        if (things > TREE_MOVE_THINGS_MAX || !this.considerMove(found.peer, run, nowMs)) fits = false
      } else
        for (const entry of deletionsFirst(run.entries)) if (!this.consider(found.peer, entry)) all = false
    this.peers.handleConsidered(fits ? found : asIncomplete(found), all, nowMs)
  }

  /** A folder that a peer moved. Answers false where that is not to be done as it was there. */
  private considerMove(peer: PeerId, move: TreeMove, nowMs: number): boolean {
    if (move.author === this.vetting.author) return false
    const refuses = (entry: Entry) => this.comparing.refusal(entry) !== undefined
    return this.intake.handleTreeMove(move, peer, refuses, nowMs)
  }

  /** One entry of a peer that differs from ours. Answers false where what stands at the path is not what we know: it is
   *  read, and then compared with the peer again. */
  private consider(peer: PeerId, remote: Entry): boolean {
    if (this.away.handleTold(remote)) this.changed('received')
    // A deletion of what is left out removes nothing, and is known like any other.
    if (this.scanner.leavesOut(remote) && remote.kind !== 'tombstone') return this.takeNote(remote)
    const { reason, isTold } = this.comparing.refusal(remote) ?? {}
    if (reason !== undefined) {
      if (!isTold) this.outbox.refuse(peer, { event: 'problem', path: remote.path, reason }, this.nowMs)
      return this.takeNote(remote)
    }
    const stoppedBefore = this.stopped.handleTold(remote)
    // Ours may win against what is told now, and then nothing else tells the peers of it.
    if (stoppedBefore === 'renewed' || stoppedBefore === 'taken-back') this.changed('received')
    if (stoppedBefore === 'beaten') this.superseded.add(peer, remote)
    if (stoppedBefore !== 'free' && stoppedBefore !== 'taken-back') return true
    const localBefore = this.local.handleTold(remote)
    if (localBefore === 'held') this.changed('received')
    if (localBefore !== 'free') return true
    const standing = this.intake.standing(remote, peer)
    this.drainIntake(this.nowMs)
    if (standing === 'refused') return this.takeNote(remote)
    if (standing === 'beaten') this.superseded.add(peer, remote)
    if (standing !== 'free') return true
    const comparison = this.comparing.compare(remote)
    switch (comparison.type) {
      case 'ours':
        return true
      case 'adopted':
        this.intake.handleMade(comparison.entry)
        break
      case 'beaten':
        this.superseded.add(peer, remote)
        if (comparison.entry === undefined) return true
        this.catalogue.record(comparison.entry, undefined, this.catalogue.mode(remote.path))
        break
      case 'wanted':
        return this.want(peer, remote)
      case 'unread':
        this.scanner.hint(remote.path)
        return false
    }
    this.changed('received')
    return true
  }

  private handleHeld(path: string): void {
    // An edit that was wanted when the deletion was held brings the path back, like one that comes later.
    const wanted = this.intake.wantedAt(path)
    if (wanted !== undefined && this.catalogue.isMissing(path)) this.stopped.handleTold(wanted)
    // Things that stood in the way there may be gone.
    this.intake.handleLocalChange(path)
    this.changed('own')
  }

  private want(peer: PeerId, remote: Entry): boolean {
    const result = this.intake.want(remote, peer)
    this.drainIntake(this.nowMs)
    if (result === 'unread') this.scanner.hint(remote.path)
    // The person was told that what is tried again is not held.
    else if (result === 'wanted' && this.catalogue.isHeld(remote.path)) this.peers.outOfStep(peer)
    return result !== 'unread'
  }

  /** Wants the content that a peer has at the path again, where it is not a deletion. */
  private handleDropped(path: string): void {
    this.notHeld.handleRetry(path)
    this.changed('own')
  }

  /** Records an entry of a peer as known, and not had: that is all there is to do about it. */
  private takeNote(remote: Entry): true {
    if (this.intake.knowing.know(remote)) this.changed('received')
    return true
  }

  // — What peers are told —

  private handleLocalChange(entry: Entry, unseen: Entry | undefined): void {
    this.intake.handleLocalChange(entry.path)
    // The peers' trees tell nothing new, and now it is a conflict.
    if (unseen !== undefined)
      for (const peer of this.peers.all())
        if (!this.consider(peer, unseen)) this.peers.askAgain(peer, this.nowMs)
    this.intake.handleMade(entry)
    this.drainIntake(this.nowMs)
    if (this.scans.ready)
      this.outbox.notify({ event: 'changed', path: entry.path, kind: entry.kind, bytes: entry.sizeBytes })
    this.changed('own')
  }

  private handleLocalMove({ move: { from, to } }: MovedTree): void {
    for (const path of [from, to]) this.intake.handleLocalChange(path)
    this.intake.removing.handleTreeMoved(from, to)
    this.outbox.notify({ event: 'changed', path: to, kind: 'folder', bytes: 0 })
    this.outbox.notify({ event: 'changed', path: from, kind: 'tombstone', bytes: 0 })
    this.changed('own')
  }

  private changed(by: 'own' | 'received'): void {
    // Changes that came from peers are passed on when nothing more is coming, or now and then.
    this.announcer.handleChange(by === 'own' || this.intake.size === 0, this.nowMs)
  }

  private announce(nowMs: number): void {
    if (!this.announcer.isDue(nowMs) || this.announcer.isPostponed(this.scanner.isMoving(nowMs), nowMs))
      return
    const isCommitted = this.intake.commit(nowMs)
    this.drainIntake(nowMs)
    if (!isCommitted) this.announcer.handleFull(nowMs)
    const message = isCommitted ? this.announcer.take(nowMs) : undefined
    if (message !== undefined) this.outbox.push(message)
  }

  private lookAway(): void {
    const message = this.away.step()
    if (message === undefined) return
    this.outbox.notify({ event: 'note', message })
    this.changed('own')
  }

  // — Scans —

  private startScan(nowMs: number): void {
    this.scans.start(nowMs)
    this.scanner.scanAll()
  }

  private finishScan(nowMs: number): void {
    const finished = this.scans.handleIdle(this.scanner.pollTimeout(), nowMs)
    if (finished === undefined || !finished.isFirst) return
    this.outbox.notify({ event: 'scanned', ...this.catalogue.heldTotals(), durationMs: finished.durationMs })
    this.announcer.handleReady(nowMs)
  }
}
