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
import type { Digest, Hash } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { type Disk, DiskError } from '../base/ports.js'
import type { Journal } from '../journal/journal.js'
import type { EngineToKeeper, ItemName, KeeperNotice, KeeperToEngine, Location } from '../pipe/messages.js'
import type { LinkPolicy, MinFree } from '../pipe/settings.js'
import { NO_MIN_FREE } from '../pipe/settings.js'
import type { Entry } from '../share/entry.js'
import type { PeerId } from '../share/version.js'
import type { Catalogue } from './index/catalogue.js'
import { Intake } from './intake/intake.js'
import type { IntakeOutcome, RefusalNotice } from './intake/outcomes.js'
import { INLINE_BYTES_MAX, REFUSED_PATHS_MAX, RESCAN_DUTY, RESCAN_MS_MIN, SETTLE_MS } from './limits.js'
import { Announcer } from './peers/announcer.js'
import { NoticeThrottle } from './peers/notice-throttle.js'
import { type Listed, PeerBook, type PeerProblem } from './peers/peer-book.js'
import { Superseded } from './peers/superseded.js'
import { closeShare } from './recover/recovery.js'
import { Echoes } from './scan/echoes.js'
import { Scanner } from './scan/scanner.js'

export interface KeeperOptions {
  readonly disk: Disk
  readonly hash: Hash
  /** Opened and recovered (src/keeper/recover/recovery.ts), as is the catalogue. */
  readonly journal: Journal<Entry>
  readonly catalogue: Catalogue
  readonly peer: PeerId
  readonly links: LinkPolicy
  readonly wallMs: () => number
  /** Of the disk, whatever peers send; nothing unless given. */
  readonly minFree?: MinFree
  /** A folder is there (or no longer) and hints about it are welcome. */
  readonly onFolder: (path: string, present: boolean) => void
}

/** A file of this share whose content is known for sure. */
interface Held {
  readonly path: string
  readonly sizeBytes: number
  readonly mtimeMs: number
}

/** After each `handle*` and `step`, carry `takeMessages` to the engine. Call `step` soon after each `handle*`, again at once
 *  while it answers true, else at `pollTimeout`. */
export class Keeper {
  private readonly disk: Disk
  private readonly catalogue: Catalogue
  private readonly journal: Journal<Entry>
  private readonly scanner: Scanner
  private readonly peers: PeerBook
  private readonly intake: Intake
  private readonly superseded = new Superseded()
  private readonly echoes = new Echoes()
  private readonly links: LinkPolicy
  private readonly refusedLinks = new Set<string>()
  private readonly throttle = new NoticeThrottle()
  private readonly announcer: Announcer
  private messages: KeeperToEngine[] = []
  /** The first scan is over: what the share holds is known. */
  private ready = false
  private scanStartedMs: number | undefined
  private rescanAtMs: number | undefined
  /** As of the call under way, for what happens inside it. */
  private nowMs: number

  constructor(options: KeeperOptions, nowMs: number) {
    const { disk, hash, catalogue, journal, peer, links, wallMs, minFree = NO_MIN_FREE, onFolder } = options
    this.nowMs = nowMs
    this.disk = disk
    this.catalogue = catalogue
    this.links = links
    this.journal = journal
    catalogue.onRecorded((path) => this.superseded.handleChange(path))
    this.announcer = new Announcer(catalogue)
    this.scanner = new Scanner({
      disk,
      hash,
      catalogue,
      peer,
      links,
      wallMs,
      onFolder,
      onChanged: (entry) => this.handleLocalChange(entry),
      onProblem: (path, reason) => this.notify({ event: 'problem', path, reason }),
    })
    this.peers = new PeerBook({
      manifest: catalogue.manifest,
      isSated: (from) => this.intake.isSated(from),
    })
    this.intake = new Intake(
      {
        disk,
        hash,
        catalogue,
        journal,
        scanner: this.scanner,
        peer,
        minFree,
      },
      nowMs,
    )
    this.notify({ event: 'scanning' })
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
        this.intake.handleList(message.fetch, message.list)
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
      case 'locate':
        this.push({
          type: 'located',
          items: message.items.map((name) => ({ name, location: this.locate(name) })),
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
  handleHint(path: string, nowMs: number): void {
    this.nowMs = nowMs
    if (!this.echoes.keeps(path)) this.scanner.hint(path)
  }

  /** Does one bounded piece of what is waiting; answers whether there is more right now. */
  step(nowMs: number): boolean {
    this.nowMs = nowMs
    if (this.rescanAtMs !== undefined && nowMs >= this.rescanAtMs) this.startScan(nowMs)
    for (const path of this.echoes.take(this.intake.size === 0, nowMs)) this.scanner.hint(path)
    const more = this.scanner.step(nowMs)
    this.intake.step(nowMs)
    this.drainIntake(nowMs)
    this.handleFound(this.peers.step(nowMs), nowMs)
    this.peers.handleTimeout(nowMs)
    for (const notice of this.throttle.takeDue(nowMs)) this.notify(notice)
    this.settle(nowMs)
    if (this.scanStartedMs !== undefined && !this.scanner.busy) this.finishScan(this.scanStartedMs, nowMs)
    if (this.ready) this.announce(nowMs)
    return more || this.intake.busy || this.peers.busy
  }

  pollTimeout(): number | undefined {
    return earliest(
      this.scanner.pollTimeout(),
      this.echoes.pollTimeout(),
      this.intake.pollTimeout(),
      this.peers.pollTimeout(),
      this.announcer.pollTimeout(),
      this.throttle.pollTimeout(),
      this.rescanAtMs,
    )
  }

  /** An orderly end: everything that is known is on the disk. Throws a DiskError; not used afterwards. */
  stop(): void {
    closeShare(this.catalogue, this.journal)
  }

  takeMessages(): readonly KeeperToEngine[] {
    const { messages } = this
    this.messages = []
    return messages
  }

  /** Carries what one part produced to the parts that wait for it. */
  private settle(nowMs: number): void {
    this.drainIntake(nowMs)
    for (const { peer, remote } of this.superseded.takeChanged())
      if (!this.consider(peer, remote)) this.peers.askAgain(peer, nowMs)
    this.intake.settle(nowMs)
    this.drainIntake(nowMs)
    for (let pull = this.peers.pollPull(); pull !== undefined; pull = this.peers.pollPull()) {
      this.push({ type: 'pull-tree', peer: pull.peer, item: pull.item })
    }
    for (let peer = this.peers.pollAsk(); peer !== undefined; peer = this.peers.pollAsk())
      this.push({ type: 'ask', peer })
    if (!this.ready || this.intake.size > 0) return
    for (const { peer, equal } of this.peers.newlyInStep()) {
      this.push({ type: 'in-step', peer, equal, files: this.catalogue.manifest.fileCount })
    }
  }

  private drainIntake(nowMs: number): void {
    for (let outcome = this.intake.pollOutcome(); outcome !== undefined; outcome = this.intake.pollOutcome())
      this.handleOutcome(outcome, nowMs)
  }

  private handleOutcome(outcome: IntakeOutcome, nowMs: number): void {
    switch (outcome.type) {
      case 'message':
        this.push(outcome.message)
        return
      case 'placed':
        this.echoes.handlePlaced(outcome.path, nowMs)
        return
      case 'changed':
        this.announcer.handleChange(outcome.by === 'own' || outcome.isLast, nowMs)
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
        this.notifyThrottled(outcome.peer, outcome.notice)
        return
    }
  }

  // — What peers say —

  private handleClaim({ question, claim }: EngineToKeeper & { type: 'claim' }, nowMs: number): void {
    if (!this.ready) {
      this.push({ type: 'answer', question, answer: 'working' })
      return
    }
    const same = claim.root.digest === this.catalogue.manifest.root().digest
    this.push({ type: 'answer', question, answer: same ? 'same' : 'differs' })
    this.handleFound(this.peers.handleClaim(claim), nowMs)
  }

  private handleFound(found: Listed | PeerProblem | undefined, nowMs: number): void {
    if (found === undefined) return
    const { peer } = found
    if (found.type === 'problem') {
      const message = `peer ${peer} sent a listing that cannot be read (${found.reason})`
      this.notify(this.throttle.handle(peer, 'listing', { event: 'note', message }, nowMs))
      return
    }
    let all = true
    for (const entry of found.entries) if (!this.consider(peer, entry)) all = false
    this.peers.handleConsidered(found, all, nowMs)
  }

  /** One entry of a peer that differs from ours. Answers false where what stands at the path is not what we know: it is
   *  read, and then compared with the peer again. */
  private consider(peer: PeerId, remote: Entry): boolean {
    if (remote.kind === 'link' && this.links !== 'keep') {
      // Followed, as links here are, it would share whatever file of ours the peer names.
      this.refuseLink(peer, remote.path)
      return true
    }
    const standing = this.intake.standing(remote, peer)
    this.drainIntake(this.nowMs)
    if (standing === 'beaten') this.superseded.add(peer, remote)
    if (standing !== 'free') return true
    const decision = this.intake.placing.decide(remote)
    switch (decision.type) {
      case 'keep':
        return true
      case 'adopt':
        if (!this.intake.placing.adopt(decision.entry)) {
          this.scanner.hint(remote.path)
          return false
        }
        this.intake.handleMade(decision.entry)
        this.changed('received')
        return true
      case 'take':
        break
      case 'conflict':
        if (decision.winner === 'remote') break
        this.superseded.add(peer, remote)
        // Recorded only where it says something new, or two peers would tell each other for ever.
        if (decision.entry.version !== this.catalogue.get(remote.path)?.version) {
          this.catalogue.record(decision.entry, this.catalogue.signature(remote.path))
          this.changed('received')
        }
        return true
    }
    this.intake.want(remote, peer)
    this.peers.outOfStep(peer)
    return true
  }

  private refuseLink(peer: PeerId, path: string): void {
    if (this.refusedLinks.has(path)) return
    if (this.refusedLinks.size < REFUSED_PATHS_MAX) this.refusedLinks.add(path)
    const reason = 'it is a link; links of peers are only taken with --links keep'
    this.notifyThrottled(peer, { event: 'problem', path, reason })
  }

  private notifyThrottled(peer: PeerId, notice: RefusalNotice): void {
    const kind = notice.event === 'problem' ? 'path' : 'fetch'
    this.notify(this.throttle.handle(peer, kind, notice, this.nowMs))
  }

  // — What peers are told —

  private handleLocalChange(entry: Entry): void {
    this.intake.handleLocalChange(entry.path)
    this.intake.handleMade(entry)
    this.drainIntake(this.nowMs)
    if (this.ready)
      this.notify({ event: 'changed', path: entry.path, kind: entry.kind, bytes: entry.sizeBytes })
    this.changed('own')
  }

  private changed(by: 'own' | 'received'): void {
    // What came from peers is passed on when nothing more is coming, or now and then.
    this.announcer.handleChange(by === 'own' || this.intake.size === 0, this.nowMs)
  }

  private announce(nowMs: number): void {
    if (!this.announcer.isDue(nowMs)) return
    const isCommitted = this.intake.commit(nowMs)
    this.drainIntake(nowMs)
    if (!isCommitted) {
      this.announcer.handleFull(nowMs)
      return
    }
    const message = this.announcer.take(nowMs)
    if (message !== undefined) this.push(message)
  }

  // — Scans —

  private startScan(nowMs: number): void {
    this.rescanAtMs = undefined
    this.scanStartedMs = nowMs
    this.scanner.scanAll()
  }

  private finishScan(startedMs: number, nowMs: number): void {
    // The first scan is over when everything that was there is known or still settling; what is being written all
    // the time is not waited for.
    const dueMs = this.scanner.pollTimeout()
    if (!this.ready && dueMs !== undefined && dueMs <= nowMs + SETTLE_MS) return
    this.scanStartedMs = undefined
    const durationMs = nowMs - startedMs
    // The first scan reads files that the next ones need not read again: it says little about what they cost.
    const restMs = this.ready ? durationMs / RESCAN_DUTY : 0
    this.rescanAtMs = nowMs + Math.max(RESCAN_MS_MIN, restMs)
    if (this.ready) return
    this.ready = true
    const { fileCount: files, folderCount: folders, totalBytes: bytes } = this.catalogue.manifest
    this.notify({ event: 'scanned', files, folders, bytes, durationMs })
    this.announcer.handleReady(nowMs)
  }

  // — Serving —

  private locate(name: ItemName): Location {
    if (name.kind === 'tree') {
      const bytes = this.catalogue.manifest.item(name.digest)
      return bytes === undefined ? { type: 'gone' } : { type: 'bytes', bytes }
    }
    if (name.kind === 'list') {
      const list = this.catalogue.list(name.digest)
      return list === undefined ? { type: 'gone' } : { type: 'bytes', bytes: list }
    }
    if (name.kind === 'pack') return this.locatePack(name.members ?? [])
    const held = this.held(name.digest)
    if (held === undefined) return { type: 'gone' }
    const { path, sizeBytes, mtimeMs } = held
    if (sizeBytes <= INLINE_BYTES_MAX) {
      const bytes = new Uint8Array(sizeBytes)
      return this.readWhole(path, bytes) ? { type: 'content', path, bytes } : { type: 'gone' }
    }
    const list = this.catalogue.list(name.digest) ?? new Uint8Array(0)
    return { type: 'file', path, sizeBytes, mtimeMs, list }
  }

  /** All of its files or nothing: what one of them lacks is asked for one by one. */
  private locatePack(members: readonly Digest[]): Location {
    const files: Held[] = []
    let totalBytes = 0
    for (const digest of members) {
      const held = this.held(digest)
      if (held === undefined) return { type: 'gone' }
      files.push(held)
      totalBytes += held.sizeBytes
      // Who asks may claim what it likes, and is not read for.
      if (totalBytes > BLOCK_BYTES) return { type: 'gone' }
    }
    const bytes = new Uint8Array(totalBytes)
    let at = 0
    for (const { path, sizeBytes } of files) {
      if (!this.readWhole(path, bytes.subarray(at, at + sizeBytes))) return { type: 'gone' }
      at += sizeBytes
    }
    return { type: 'pack', files: files.map(({ path, sizeBytes }) => ({ path, sizeBytes })), bytes }
  }

  /** Where content stands that is known for sure. */
  private held(digest: Digest): Held | undefined {
    const path = this.catalogue.holderOf(digest)
    const entry = path === undefined ? undefined : this.catalogue.live(path)
    const signature = path === undefined ? undefined : this.catalogue.signature(path)
    if (path === undefined || entry === undefined || signature === undefined) return undefined
    return { path, sizeBytes: entry.sizeBytes, mtimeMs: signature.mtimeMs }
  }

  /** Fills `target`; false where the file is shorter or cannot be read, and then it is looked at. The engine proves what
   *  was read, as it does with what it reads itself. */
  private readWhole(path: string, target: Uint8Array): boolean {
    const { disk } = this
    try {
      const handle = disk.open(path)
      try {
        if (disk.read(handle, target, 0) === target.length) return true
      } finally {
        disk.close(handle)
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
    this.scanner.hint(path)
    return false
  }

  private notify(notice: KeeperNotice | undefined): void {
    if (notice !== undefined) this.push({ type: 'notice', notice })
  }

  private push(message: KeeperToEngine): void {
    this.messages.push(message)
  }
}
