// Keeps the share: knows what it holds, compares it with what peers say, decides what is lacking, has it fetched by the
// engine, and puts it in place. In a running peer this is the heart of the watcher process (src/watcher/main.ts); in the
// simulator it stands beside the engine. Works on the disk through its port, synchronously, in bounded steps.
//
//     Scanner ──▶ Catalogue ──▶ root ─────────────────────▶ engine ══▶ peers
//                    ▲                                          │
//                    │ placed                                   ▼ claims, tree items
//     Placing ◀── Intake ◀── Receiving ◀───────────────────── PeerBook
//                    │  ▲
//                    └──┴── fetch, content ───────────────── engine

import { earliest } from '../base/earliest.js'
import type { EngineToKeeper, KeeperToEngine, PeerClaim, ShareHoldings } from '../pipe/messages.js'
import { MAX_DELETE, NO_MIN_FREE, TRASH_POLICY } from '../pipe/settings.js'
import type { PeerId } from '../share/dots.js'
import type { Entry } from '../share/entry.js'
import type { MovedTree } from '../share/tree-move.js'
import { Away } from './away.js'
import { Breaker } from './breaker/breaker.js'
import { Commands } from './commands.js'
import type { Catalogue } from './index/catalogue.js'
import { Expiry } from './index/expiry.js'
import type { PeerAuthors } from './index/peer-authors.js'
import { Intake } from './intake/intake.js'
import type { KeeperOptions } from './keeper-options.js'
import { LocalChanges } from './local-changes.js'
import { NotHeldTries } from './not-held.js'
import { Outbox } from './outbox.js'
import { Announcer } from './peers/announcer.js'
import { PeerBook } from './peers/peer-book.js'
import { Superseded } from './peers/superseded.js'
import { Vetting, wordsOf } from './peers/vetting.js'
import { Receiving } from './receiving.js'
import { closeShare, type OpenShare } from './recover/recovery.js'
import { noticeOf, restlessWords, stoppedWords } from './scan/findings.js'
import { OwnWrites } from './scan/own-writes.js'
import { ReadingProgress } from './scan/reading-progress.js'
import { ScanSchedule } from './scan/scan-schedule.js'
import { Scanner } from './scan/scanner.js'
import { holdingsOf } from './serve/holdings.js'
import { Locator } from './serve/locator.js'
import { StoppedChanges } from './stopped-changes.js'
import { Trash } from './trash/trash.js'
import { Why } from './why.js'

/** After each `handle*` and `step`, carry `takeMessages` to the engine. Call `step` soon after each `handle*`, again at once
 *  while it answers true, else at `pollTimeout`. */
export class Keeper {
  private readonly share: OpenShare
  private readonly catalogue: Catalogue
  private readonly scanner: Scanner
  private readonly scans = new ScanSchedule()
  private readonly reading = new ReadingProgress()
  private readonly locator: Locator
  private readonly peers: PeerBook
  private readonly intake: Intake
  private readonly notHeld: NotHeldTries
  private readonly ownWrites = new OwnWrites()
  private readonly receiving: Receiving
  private readonly expiry: Expiry
  private readonly vetting: Vetting
  private readonly authors: PeerAuthors
  private readonly breaker: Breaker
  private readonly stopped: StoppedChanges
  private readonly away: Away
  private readonly outbox = new Outbox()
  private readonly announcer: Announcer
  /** Peers that may be told of entries once these are announced under the new name. */
  private readonly vettedOnceTold = new Set<PeerId>()
  /** Commands of the person. */
  readonly commands: Commands
  /** For questions about a path. */
  readonly why: Why

  constructor(options: KeeperOptions, nowMs: number) {
    const { disk, catalogue, edits, authors, links } = options
    const { minFree = NO_MIN_FREE, trash = TRASH_POLICY, maxDelete = MAX_DELETE, wallMs } = options
    const { direction = 'both' } = options
    this.share = options
    this.catalogue = catalogue
    this.locator = new Locator(disk, catalogue)
    const superseded = new Superseded()
    // Called as it is recorded: only an entry that lost before that is decided anew, not one that loses after it.
    catalogue.onRecorded((path, unseen) => {
      superseded.handleChange(path)
      // The loser of a conflict that is not held may win against what comes next, and its peer will not tell of it again.
      if (unseen !== undefined) superseded.addOfAll(this.peers.all(), unseen)
      this.stopped.handleRecorded(path)
    })
    this.announcer = new Announcer(catalogue, edits)
    this.authors = authors
    this.vetting = new Vetting(edits, catalogue)
    // With what is set aside, folders too, for it is here.
    const files = () => catalogue.filesHeldMin + catalogue.aside.size
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
    const { peers, intake, scans, notHeld, expiry, ownWrites, announcer, outbox } = this
    const trashed = { disk, policy: trash, wallMs }
    const place = { disk, catalogue, scanner, intake, trash: new Trash(trashed) }
    const local = new LocalChanges({ ...place, notHeld })
    this.away = new Away({ ...place, edits, peers, wallMs, direction })
    const { away } = this
    const told = { catalogue, scanner, edits, peers, superseded, intake, notHeld, local }
    this.stopped = new StoppedChanges({ ...told, breaker, direction })
    const { stopped } = this
    this.receiving = new Receiving({ ...told, stopped, away, expiry, links, ownWrites, announcer, outbox })
    const { receiving } = this
    const why = { catalogue, scanner, scans, peers, intake, receiving, announcer, direction }
    this.why = new Why(why)
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
      unwatchedCount: options.unwatchedCount ?? (() => 0),
      why: this.why,
      trash: trashed,
    })
    this.outbox.notify({ event: 'scanning' })
    const held = stopped.standingWords
    if (held !== undefined) this.outbox.notify({ event: 'note', message: held })
    this.startScan(nowMs)
  }

  handle(message: EngineToKeeper, nowMs: number): void {
    switch (message.type) {
      case 'claim':
        this.handleClaim(message, nowMs)
        break
      case 'peer-gone':
        this.receiving.handlePeerGone(message.peer)
        break
      case 'tree':
        this.receiving.handleTree(message, nowMs)
        break
      case 'list':
      case 'blocks':
      case 'fetched':
      case 'source-lost':
      case 'fetch-failed':
        this.intake.fetches.handle(message, nowMs)
        break
      case 'contents':
        this.intake.fetches.handle(message, nowMs)
        this.receiving.drainIntake(nowMs)
        // Put in place by the next step: what has come until then shares one sync of the log and one order for more.
        return
      case 'locate': {
        const { items, unreadable } = this.locator.locateAll(message.items)
        for (const path of unreadable) this.scanner.hint(path)
        this.outbox.push({ type: 'located', items })
        break
      }
      case 'visit':
        this.outbox.push({ type: 'visited', question: message.question, holdings: this.holdings() })
        break
      case 'why':
        this.outbox.push({
          type: 'stands',
          question: message.question,
          ...this.why.told(message.path, nowMs),
        })
        break
      case 'suspect':
        // Its times may not tell: it is read again whatever they say.
        this.catalogue.doubt(message.path)
        this.scanner.hint(message.path)
        break
    }
    this.settle(nowMs)
  }

  /** Something may have changed at this path of the share. */
  handleHint(path: string): void {
    if (!this.ownWrites.keeps(path)) this.scanner.hint(path)
  }

  /** Does one bounded piece of what is waiting; answers whether there is more right now. */
  step(nowMs: number): boolean {
    if (this.scans.isDue(nowMs)) this.startScan(nowMs)
    for (const path of this.ownWrites.take(this.intake.size === 0, nowMs)) this.scanner.hint(path)
    const more = this.scanner.step(nowMs)
    this.drainScanner(nowMs)
    const reading = this.reading.poll(this.scanner.readSoFar, this.scanner.busy, nowMs)
    if (reading !== undefined) this.outbox.notify(reading)
    this.receiving.step(nowMs)
    if (this.expiry.step(nowMs)) this.announcer.handleChange(this.intake.size === 0, nowMs)
    this.outbox.handleTimeout(nowMs)
    this.settle(nowMs)
    if (!this.scanner.busy) this.finishScan(nowMs)
    if (this.scans.ready) this.lookAway(nowMs)
    if (this.scans.ready) this.announce(nowMs)
    return more || this.receiving.busy || this.expiry.busy
  }

  pollTimeout(): number | undefined {
    return earliest(
      this.scanner.pollTimeout(),
      this.ownWrites.pollTimeout(),
      this.receiving.pollTimeout(),
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
    this.receiving.settle(nowMs)
    this.drainScanner(nowMs)
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

  private drainScanner(nowMs: number): void {
    for (const finding of this.scanner.takeFindings()) {
      if (finding.type === 'changed') this.handleLocalChange(finding.entry, finding.unseen, nowMs)
      else if (finding.type === 'moved') this.handleLocalMove(finding.moved, nowMs)
      else if (finding.type === 'held') this.handleHeld(finding.path, nowMs)
      else if (finding.type === 'wider') this.intake.placing.close(finding.path)
      else if (finding.type === 'released') this.changed(nowMs)
      else if (finding.type === 'dropped') this.handleDropped(finding.path, nowMs)
      else if (finding.type === 'stopped')
        this.outbox.notify({ event: 'note', message: stoppedWords(finding) })
      else if (finding.type === 'restless')
        this.outbox.notify({ event: 'note', message: restlessWords(finding) })
      else if (finding.type === 'rules') this.notHeld.handleRules()
      else if (finding.type === 'emptied') this.intake.removing.tidy(finding.path)
      else this.outbox.notify(noticeOf(finding))
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
    this.receiving.handleClaim(claim, nowMs)
  }

  /** Before the peer is told of any entry, and before one of its entries is considered. */
  private vet({ peer, author, theyKnow }: PeerClaim, nowMs: number): void {
    if (author !== undefined && this.authors.handleTold(peer, author)) this.receiving.handleRenewed(peer)
    this.tellKnown()
    const verdict = this.vetting.handleClaim(theyKnow)
    if (verdict.type === 'unsaid') return
    const message = wordsOf(verdict, peer)
    const isRefused = verdict.type === 'refused'
    if (message !== undefined && isRefused) this.outbox.notifyOf(peer, message, nowMs)
    else if (message !== undefined) this.outbox.notify({ event: 'note', message })
    if (verdict.type === 'renewed') {
      // The engine has the entries under the old name until then, and would tell the peer of those.
      this.vettedOnceTold.add(peer)
      this.announcer.handleReady(nowMs)
      this.announce(nowMs)
      return
    }
    if (isRefused) this.vettedOnceTold.delete(peer)
    this.outbox.push({ type: verdict.type, peer })
  }

  private holdings(): ShareHoldings | 'working' {
    return this.scans.ready ? holdingsOf(this.catalogue) : 'working'
  }

  private tellKnown(): void {
    const known = this.authors.takeNews()
    if (known.length > 0) this.outbox.push({ type: 'knows', known })
  }

  // — What changed here —

  private handleHeld(path: string, nowMs: number): void {
    // An edit that was wanted when the deletion was held brings the path back, like one that comes later.
    const wanted = this.intake.wantedAt(path)
    if (wanted !== undefined && this.catalogue.isMissing(path)) this.stopped.handleTold(wanted)
    // Things that stood in the way there may be gone.
    this.intake.handleLocalChange(path)
    this.changed(nowMs)
  }

  /** Wants the content that a peer has at the path again, where it is not a deletion. */
  private handleDropped(path: string, nowMs: number): void {
    this.notHeld.handleRetry(path)
    this.changed(nowMs)
  }

  private handleLocalChange(entry: Entry, unseen: Entry | undefined, nowMs: number): void {
    this.intake.handleLocalChange(entry.path)
    // The peers' trees tell nothing new, and now it is a conflict.
    if (unseen !== undefined)
      for (const peer of this.peers.all()) this.receiving.considerAgain(peer, unseen, nowMs)
    this.intake.handleMade(entry)
    this.receiving.drainIntake(nowMs)
    if (this.scans.ready)
      this.outbox.notify({ event: 'changed', path: entry.path, kind: entry.kind, bytes: entry.sizeBytes })
    this.changed(nowMs)
  }

  private handleLocalMove({ move: { from, to } }: MovedTree, nowMs: number): void {
    for (const path of [from, to]) this.intake.handleLocalChange(path)
    this.intake.removing.handleTreeMoved(from, to)
    this.outbox.notify({ event: 'changed', path: to, kind: 'folder', bytes: 0 })
    this.outbox.notify({ event: 'changed', path: from, kind: 'tombstone', bytes: 0 })
    this.changed(nowMs)
  }

  private changed(nowMs: number): void {
    this.announcer.handleChange(true, nowMs)
  }

  // — What peers are told —

  private announce(nowMs: number): void {
    if (!this.announcer.isDue(nowMs) || this.announcer.isPostponed(this.scanner.isMoving(nowMs), nowMs))
      return
    const isCommitted = this.intake.commit(nowMs)
    this.receiving.drainIntake(nowMs)
    if (!isCommitted) this.announcer.handleFull(nowMs)
    const message = isCommitted ? this.announcer.take(nowMs) : undefined
    if (message === undefined) return
    this.outbox.push(message)
    for (const peer of this.vettedOnceTold) this.outbox.push({ type: 'vetted', peer })
    this.vettedOnceTold.clear()
  }

  private lookAway(nowMs: number): void {
    const message = this.away.step()
    if (message === undefined) return
    this.outbox.notify({ event: 'note', message })
    this.changed(nowMs)
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
