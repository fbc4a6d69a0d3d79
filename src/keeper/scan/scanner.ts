// Finds out what changed in the share: folders are listed, what looks different waits until it has settled, is read
// and hashed, and then stands in the catalogue with a new version. Hints of a watch only say where to look first;
// the truth is the scan. One bounded step at a time; the keeper drives it.
//
//     hint ─▶ look ──┐ differs            same for SETTLE_MS           digest
//                    ├────────▶ settling ───────────────────▶ hashing ───────▶ catalogue
//     scan ─▶ list ──┘              ▲      changed meanwhile      │
//                                   └─────────────────────────────┘

import { earliest } from '../../base/earliest.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { Direction, LinkPolicy } from '../../pipe/settings.js'
import type { Entry } from '../../share/entry.js'
import type { MovedTree } from '../../share/tree-move.js'
import type { Breaker } from '../breaker/breaker.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { type Signature, sameSignature, signatureOf } from '../index/signature.js'
import { STEP_BYTES, STEP_FILES } from '../limits.js'
import { Absence } from './absence.js'
import { Departures } from './departures.js'
import { type Finding, Findings } from './findings.js'
import { type Beginning, Growing } from './growing.js'
import { HashJob } from './hashing.js'
import { Ignoring } from './ignoring.js'
import { HASH_CHUNK_BLOCKS, LISTED_FIRST_MS_MAX } from './limits.js'
import { Locals } from './locals.js'
import { LookQueue } from './look-queue.js'
import { Looking } from './looking.js'
import { Missing } from './missing.js'
import { Moved } from './moved.js'
import { MovedTrees } from './moved-trees.js'
import { ReadAhead } from './read-ahead.js'
import { Recording } from './recording.js'
import { SameNames } from './same-names.js'
import { Settling } from './settling.js'
import { type Comparison, Sighting, unreadableReason } from './sight.js'

export interface ScannerOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly edits: OwnEdits
  readonly breaker: Breaker
  readonly links: LinkPolicy
  readonly direction: Direction
  readonly wallMs: () => number
  /** A folder is there (or no longer) and its changes should be hinted at. A call and no finding: the watch must begin before
   *  the folder is listed, or what comes into it between the two is lost. */
  readonly onFolder: (path: string, present: boolean) => void
}

export class Scanner {
  private readonly options: ScannerOptions
  private readonly queue: LookQueue
  private readonly findings = new Findings()
  private readonly ignoring: Ignoring
  private readonly sighting: Sighting
  private readonly settling: Settling
  private readonly growing: Growing
  readonly recording: Recording
  /** Changes made here, on a machine that only receives; elsewhere there are none. */
  readonly locals = new Locals()
  private readonly ahead: ReadAhead
  private readonly departures: Departures
  private readonly moved: Moved
  private readonly movedTrees: MovedTrees
  private readonly missing: Missing
  private readonly sameNames: SameNames
  private readonly looking: Looking
  private job: HashJob | undefined
  private jobStartedMs = 0
  /** Rules changed, and not all that they are about has been looked at. */
  private isRulesNews = false
  private readonly buffer = new Uint8Array(HASH_CHUNK_BLOCKS * BLOCK_BYTES)

  constructor(options: ScannerOptions) {
    this.options = options
    const { disk, hash, catalogue, edits, breaker, links, wallMs, onFolder } = options
    const isReceiveOnly = options.direction === 'receive-only'
    const { findings } = this
    this.ahead = new ReadAhead(disk, hash)
    this.queue = new LookQueue(this.ahead)
    this.ignoring = new Ignoring({ disk, findings })
    const { ignoring } = this
    this.sighting = new Sighting({ disk, catalogue, links, findings, ignoring })
    this.growing = new Growing(hash)
    const isKnown = (path: string) => catalogue.live(path) !== undefined
    this.settling = new Settling({ ahead: this.ahead, growing: this.growing, wallMs, isKnown })
    const onRecordedFolder = (path: string, present: boolean) => {
      if (!present) ignoring.forget(path)
      onFolder(path, present)
    }
    this.moved = new Moved(options)
    const { moved, sighting, settling, queue } = this
    const absence = new Absence({ disk, catalogue, sighting })
    const onRecorded = { onFolder: onRecordedFolder, findings, moved }
    const locals = isReceiveOnly ? this.locals : undefined
    this.recording = new Recording({ catalogue, edits, wallMs, locals, ...onRecorded })
    const { recording } = this
    this.sameNames = new SameNames({ disk, catalogue, sighting, recording, findings, queue })
    const departing = { catalogue, breaker, sighting, absence, recording, moved, findings, isReceiveOnly }
    this.departures = new Departures(departing)
    const moving = { sighting, absence, ignoring, isReceiveOnly, onFolder: onRecordedFolder }
    this.movedTrees = new MovedTrees({ ...options, ...moving })
    const { movedTrees } = this
    this.missing = new Missing({ catalogue, settling, moved, movedTrees })
    const { missing, sameNames } = this
    this.looking = new Looking({
      ...{ disk, catalogue, onFolder, queue, findings, ignoring, sighting, absence, settling, recording },
      ...{ locals: this.locals, moved, movedTrees, missing, sameNames },
      guarded: (path, work) => this.guarded(path, work),
    })
  }

  /** Nothing to list, look at, hash or wait for. */
  get idle(): boolean {
    const { settling, departures, movedTrees } = this
    return !this.busy && settling.size + departures.size + movedTrees.size === 0
  }

  /** There is work for the next step now. */
  get busy(): boolean {
    return this.isReading || this.departures.busy
  }

  private get isReading(): boolean {
    return !this.queue.isEmpty || this.job !== undefined
  }

  /** Paths that changed and are not at rest yet. */
  get unsettled(): { readonly count: number; readonly paths: Iterable<string> } {
    const { settling, departures } = this
    return { count: settling.size + departures.size, paths: [...departures.paths(), ...settling.paths()] }
  }

  /** Paths that are there and cannot be shared, with the reason of each. */
  get problems(): ReadonlyMap<string, string> {
    return this.findings.problems
  }

  /** Whether one half of a move is recorded and the other one comes in a moment: they are told together. */
  isMoving(nowMs: number): boolean {
    return this.moved.isOpen(nowMs)
  }

  /** Reads the whole share again. */
  scanAll(): void {
    this.queue.addFolder('')
    // No folder tells that one of these is missing.
    for (const path of this.options.catalogue.aside.paths()) this.queue.addPath(path)
  }

  /** Something may have changed at `path` (or anywhere in it, where it is a folder). */
  hint(path: string): void {
    this.queue.hint(path)
  }

  /** Whether rules leave an entry of a peer out; what is here of it is released. */
  leavesOut(remote: Entry): boolean {
    if (!this.ignoring.leavesOut(remote)) return false
    const held = this.options.catalogue.live(remote.path)
    if (held === undefined) return true
    // The entry that is here may be of another kind, of which the rules say nothing.
    if (!this.ignoring.leavesOut(held)) return false
    this.recording.leaveOut(held)
    return true
  }

  pollTimeout(): number | undefined {
    const { settling, ahead, ignoring, departures, movedTrees } = this
    const awaitedUntilMs = departures.size > 0 ? settling.awaitedUntilMs() : Number.POSITIVE_INFINITY
    return earliest(
      movedTrees.pollTimeout(),
      settling.pollTimeout(),
      ahead.pollTimeout(),
      ignoring.pollTimeout(),
      departures.pollTimeout(),
      Number.isFinite(awaitedUntilMs) ? awaitedUntilMs : undefined,
    )
  }

  /** Take them after each call of `step`, and of `matches` and `isWithheld`. */
  takeFindings(): readonly Finding[] {
    return this.findings.take()
  }

  /** Does one bounded piece of work; answers whether there is more right now. */
  step(nowMs: number): boolean {
    for (const folder of this.ignoring.takeChanged(nowMs)) {
      this.queue.addFolder(folder)
      this.isRulesNews = true
    }
    for (const path of this.queue.takePaths(STEP_FILES)) {
      if (this.movedTrees.covers(path)) continue
      this.guarded(path, () => {
        if (this.looking.look(path, nowMs)) this.queue.addFolder(path, { renew: true })
      })
    }
    if (this.queue.hasPaths) return true
    if (!this.isLookingFirst(nowMs) && this.hashSome(nowMs)) return true
    const folder = this.queue.takeFolder()
    if (folder !== undefined) this.guarded(folder.path, () => this.looking.listFolder(folder, nowMs))
    if (!this.busy) this.ahead.readSome(this.buffer, nowMs, (path, work) => this.guarded(path, work))
    if (!this.isReading) for (const path of this.movedTrees.takeDue(nowMs)) this.queue.hint(path)
    const isQuiet = !this.isReading && this.settling.awaitedUntilMs() <= nowMs && this.movedTrees.size === 0
    if (this.departures.size > 0) this.departures.step(isQuiet, nowMs)
    if (this.idle) {
      this.moved.handleIdle()
      this.movedTrees.handleIdle()
    }
    if (this.settling.size === 0) this.growing.sweep(nowMs)
    const isMore = this.busy || (this.pollTimeout() ?? Number.POSITIVE_INFINITY) <= nowMs
    if (!isMore && this.isRulesNews) {
      this.isRulesNews = false
      this.findings.addRules()
    }
    return isMore
  }

  /** Whether rules leave something out at the path to which a peer moved it. */
  leavesOutSome(moved: MovedTree): boolean {
    return this.movedTrees.leavesOutSome(moved)
  }

  /** Whether what stands at `path` is what the catalogue says, so that it may be replaced. */
  matches(path: string): boolean {
    return this.sighting.matches(path) || this.isLocal(path)
  }

  /** Whether what stands at `path` is what was changed here, on a machine that only receives, and has been read. */
  isLocal(path: string): boolean {
    const local = this.locals.get(path)
    if (local === undefined) return false
    const sight = this.sighting.at(path)
    if (sight.type === 'file') return sameSignature(local.signature, signatureOf(sight.stat))
    return sight.type === local.kind && (sight.type !== 'link' || sight.target === local.target)
  }

  /** Whether what stands at `path` is what was set aside there. */
  isAsSetAside(path: string): boolean {
    const aside = this.options.catalogue.aside.get(path)
    if (aside === undefined) return false
    const sight = this.sighting.at(path)
    if (sight.type === 'file') return sameSignature(aside.signature, signatureOf(sight.stat))
    const { kind, target } = aside.entry
    return sight.type === kind && (sight.type !== 'link' || sight.target === target)
  }

  /** Compares what stands at `path` with the catalogue; a change made here, on a machine that only receives, is the 'same'. */
  compare(path: string): Comparison {
    const seen = this.sighting.compare(path)
    const own = seen.type === 'differs' && this.isLocal(path) ? this.options.disk.statLink(path) : undefined
    return own === undefined ? seen : { type: 'same', own }
  }

  /** Whether this path is neither read nor written: the user's own secrets, LEFT's own folder of another share, and what rules
   *  leave out. */
  isWithheld(path: string): boolean {
    const { type } = this.sighting.at(path)
    return type === 'withheld' || type === 'ignored'
  }

  /** The path that this disk takes for the same as `path`, and at which something of ours stands. */
  clashAt(path: string): string | undefined {
    return this.sighting.clashAt(path)
  }

  /** Whether something is there that is not shared now, or never. */
  isUnshared(path: string): boolean {
    return this.sighting.isUnshared(path)
  }

  /** Notes that what was at the path has been removed because a peer said so. */
  handleRemoved(path: string, isFolder: boolean): void {
    this.settling.disarm(path)
    this.moved.handleRecorded(path)
    this.findings.forgetProblem(path)
    if (isFolder) this.options.onFolder(path, false)
  }

  /** Whether folders are listed first: what is due is told after what is older, and some of that may stand in one not listed yet. */
  private isLookingFirst(nowMs: number): boolean {
    if (this.job !== undefined || !this.queue.hasFolders) return false
    const dueMs = this.settling.pollTimeout()
    return dueMs !== undefined && nowMs - dueMs < LISTED_FIRST_MS_MAX
  }

  private hashSome(nowMs: number): boolean {
    let budgetBytes = STEP_BYTES
    for (let files = 0; files < STEP_FILES && budgetBytes > 0; files++) {
      if (this.job === undefined) {
        const path = this.settling.pollPath(nowMs)
        if (path === undefined) return false
        this.guarded(path, () => this.handleDue(path, nowMs))
        continue
      }
      const { job } = this
      budgetBytes -= Math.max(job.signature.sizeBytes, 1)
      this.guarded(job.path, () => this.stepJob(job, nowMs))
    }
    return true
  }

  private handleDue(path: string, nowMs: number): void {
    const candidate = this.settling.get(path)
    if (candidate === undefined) return
    const moved = candidate.signature === undefined ? undefined : this.moved.digestOf(candidate.signature)
    if (candidate.isRipe && moved === undefined && candidate.signature !== undefined) {
      // Whether it is still what was seen is what the job ends with.
      this.beginJob(path, candidate.signature, nowMs)
      return
    }
    const sight = this.sighting.at(path)
    const signature = sight.type === 'file' ? signatureOf(sight.stat) : undefined
    if (signature !== undefined && moved === undefined && this.settling.isReadNow(path, nowMs)) {
      const beginning = this.growing.beginning(path, signature, this.knownAt(path))
      this.beginJob(path, signature, nowMs, { beginning })
      return
    }
    if (!sameSignature(signature, candidate.signature)) {
      this.settling.arm(path, signature, nowMs)
      return
    }
    const digest = this.ahead.take(path) ?? moved
    if (signature !== undefined && digest === undefined) {
      this.beginJob(path, signature, nowMs)
      return
    }
    if (sight.type === 'nothing' && this.movedTree(path)) return
    const isLooking = !this.queue.isEmpty
    if (sight.type === 'nothing' && this.missing.mustWait(path, candidate, isLooking, nowMs)) return
    this.settling.handleSettled(path)
    this.growing.forget(path)
    if (signature !== undefined && digest !== undefined) this.recordFile(path, signature, digest, nowMs)
    else if (sight.type !== 'nothing') this.looking.look(path, nowMs)
    else if (this.sameNames.giveUp(path)) this.settling.disarm(path)
    else this.departures.add(path, candidate.sinceMs)
  }

  /** Answers whether the folder that is missing at the path was moved as a whole; else where it seemed to be is looked at. */
  private movedTree(path: string): boolean {
    const place = this.movedTrees.placeOf(path)
    if (place === undefined) return false
    const moved = this.movedTrees.take(path)
    if (moved === undefined) {
      this.queue.hint(place)
      return false
    }
    this.settling.handleSettled(path)
    // Things in the folder may have been found to be missing before.
    for (const { deletion } of moved.parts) {
      this.settling.disarm(deletion.path)
      this.moved.handleRecorded(deletion.path)
    }
    this.findings.addMove(moved)
    return true
  }

  private beginJob(
    path: string,
    signature: Signature,
    nowMs: number,
    restless?: { readonly beginning: Beginning | undefined },
  ): void {
    const { disk, hash, catalogue } = this.options
    this.job = new HashJob(disk, hash, path, signature, { former: catalogue.blocksAt(path), restless })
    this.jobStartedMs = nowMs
  }

  /** The content that a file was told with last. */
  private knownAt(path: string): Beginning | undefined {
    const { catalogue } = this.options
    const entry = catalogue.live(path)
    if (entry?.kind !== 'file' || entry.digest === '') return undefined
    const { sizeBytes, digest } = entry
    const list = catalogue.list(digest)
    return sizeBytes > BLOCK_BYTES && list === undefined ? undefined : { sizeBytes, digest, list }
  }

  private recordFile(path: string, signature: Signature, digest: Digest, nowMs: number): void {
    const from = this.moved.handleFile(path, signature, digest, nowMs)
    this.recording.recordFile(path, signature, digest)
    this.departures.handleRecorded(path, digest)
    this.sameNames.hintOther(path)
    if (from !== undefined && !this.settling.expedite(from, nowMs)) this.queue.addPath(from)
  }

  private stepJob(job: HashJob, nowMs: number): void {
    const result = job.step(this.buffer, STEP_BYTES)
    if (result.type === 'more') return
    this.closeJob()
    if (job.isRestless) this.handleRestless(job, result.type === 'grown', nowMs)
    if (result.type === 'changed') {
      const sight = this.sighting.at(job.path)
      this.settling.rearm(job.path, sight.type === 'file' ? signatureOf(sight.stat) : undefined, nowMs)
      return
    }
    this.settling.handleSettled(job.path)
    if (this.ignoring.isIgnored(job.path, false)) return
    const { digest, list } = result
    const sums = result.type === 'done' ? result.sums : undefined
    if (result.type === 'done') this.growing.forget(job.path)
    else this.queue.addPath(job.path)
    if (list.length > DIGEST_BYTES) this.options.catalogue.putList(digest, list, sums)
    this.recordFile(job.path, job.signature, digest, nowMs)
  }

  /** A file was read while it changed, since it does not rest. */
  private handleRestless({ path, signature, read }: HashJob, isGrown: boolean, nowMs: number): void {
    const reading = { startedMs: this.jobStartedMs, signature, list: read }
    if (this.growing.handleRead(path, reading, nowMs)) this.findings.addRestless(path, isGrown)
  }

  /** Runs `work`; what the disk refuses is said once and the path is left as it is until it changes. */
  private guarded(path: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (this.job?.path === path) this.closeJob()
      this.settling.disarm(path)
      // A file that vanished since it was seen, or became something else, is found so by the next look.
      if (error.code === 'missing' || error.code === 'changed-kind') this.queue.addPath(path)
      else this.findings.addProblem(path, unreadableReason(error))
    }
  }

  private closeJob(): void {
    this.job?.close()
    this.job = undefined
  }
}
