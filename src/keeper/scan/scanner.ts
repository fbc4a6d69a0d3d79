// Finds out what changed in the share: folders are listed, what looks different waits until it has settled, is read
// and hashed, and then stands in the catalogue with a new version. Hints of a watch only say where to look first;
// the truth is the scan. One bounded step at a time; the keeper drives it. `LookQueue` says what comes
// next, `Looking` lists and looks, `Settling` waits, `DuePaths` hashes.
//
//     hint ─▶ look ──┐ differs            same for SETTLE_MS           digest
//                    ├────────▶ settling ───────────────────▶ hashing ───────▶ catalogue
//     scan ─▶ list ──┘              ▲      changed meanwhile      │
//                                   └─────────────────────────────┘

import { earliest } from '../../base/earliest.js'
import type { Hash } from '../../base/item.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { Cause } from '../../base/reason.js'
import type { Direction, LinkPolicy } from '../../pipe/settings.js'
import type { Entry } from '../../share/entry.js'
import type { MovedTree } from '../../share/tree-move.js'
import type { Breaker } from '../breaker/breaker.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { sameSignature, signatureOf } from '../index/signature.js'
import { STEP_FILES } from '../limits.js'
import { Absence } from './absence.js'
import { Departures } from './departures.js'
import { DuePaths } from './due-paths.js'
import { type Finding, Findings, type Problem } from './findings.js'
import { Growing } from './growing.js'
import { Ignoring } from './ignoring.js'
import { LISTED_FIRST_MS_MAX } from './limits.js'
import { Locals } from './locals.js'
import { LookQueue } from './look-queue.js'
import { Looking } from './looking.js'
import { Missing } from './missing.js'
import { Moved } from './moved.js'
import { MovedTrees } from './moved-trees.js'
import { ReadAhead } from './read-ahead.js'
import type { ReadSoFar } from './reading-progress.js'
import { Recording } from './recording.js'
import { SameNames } from './same-names.js'
import { ScanReasons } from './scan-reasons.js'
import { Settling } from './settling.js'
import { type Comparison, Sighting, sameNameCause, unreadableCause, unreadableReason } from './sight.js'

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
  private readonly looking: Looking
  private readonly duePaths: DuePaths
  /** For the person. */
  readonly reasons: ScanReasons
  /** Rules changed, and not all that they are about has been looked at. */
  private isRulesNews = false

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
    const { direction } = options
    this.recording = new Recording({ catalogue, edits, wallMs, locals, direction, ...onRecorded })
    const { recording } = this
    const sameNames = new SameNames({ disk, catalogue, sighting, recording, findings, queue })
    const departing = { catalogue, breaker, sighting, absence, recording, moved, findings, isReceiveOnly }
    this.departures = new Departures(departing)
    const moving = { sighting, absence, ignoring, isReceiveOnly, onFolder: onRecordedFolder }
    this.movedTrees = new MovedTrees({ ...options, ...moving })
    const { movedTrees } = this
    const missing = new Missing({ catalogue, settling, moved, movedTrees, findings, queue })
    const guarded = (path: string, work: () => void) => this.guarded(path, work)
    const seeing = { disk, catalogue, queue, findings, ignoring, sighting, settling, recording, guarded }
    const pairing = { moved, missing, sameNames }
    this.looking = new Looking({ ...seeing, ...pairing, onFolder, absence, locals: this.locals, movedTrees })
    const { looking, departures, ahead, growing } = this
    this.duePaths = new DuePaths({ ...seeing, ...pairing, hash, looking, departures, ahead, growing })
    const { locals: changedHere, duePaths } = this
    this.reasons = new ScanReasons({
      ...seeing,
      links,
      growing,
      departures,
      duePaths,
      movedTrees,
      locals: changedHere,
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
    return !this.queue.isEmpty || this.duePaths.isReading
  }

  get readSoFar(): ReadSoFar {
    return this.duePaths.readSoFar
  }

  /** Paths that changed and are not at rest yet. */
  get unsettled(): { readonly count: number; readonly paths: Iterable<string> } {
    const { settling, departures } = this
    return { count: settling.size + departures.size, paths: [...departures.paths(), ...settling.paths()] }
  }

  /** Paths that are there and cannot be shared, with the reason of each. */
  get problems(): ReadonlyMap<string, Problem> {
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
    this.findings.handleTurn(nowMs)
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
    if (!this.isLookingFirst(nowMs) && this.duePaths.step(nowMs)) return true
    const folder = this.queue.takeFolder()
    if (folder !== undefined) this.guarded(folder.path, () => this.looking.listFolder(folder, nowMs))
    if (!this.busy) this.duePaths.readAhead(nowMs)
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

  /** Whether the file at `path`, which is kept against a change of a peer, has been changed since it was read. */
  isKeptChanged(path: string): boolean {
    const signature = this.options.catalogue.kept(path)?.signature
    if (signature === undefined) return false
    const sight = this.sighting.at(path)
    return sight.type === 'file' && !sameSignature(signature, signatureOf(sight.stat))
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

  /** The same for a person; undefined where nothing does, or nobody may look. */
  clashCause(path: string): Cause | undefined {
    try {
      const other = this.sighting.clashAt(path)
      return other === undefined ? undefined : sameNameCause(path, other)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return undefined
    }
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
    if (this.duePaths.isReading || !this.queue.hasFolders) return false
    const dueMs = this.settling.pollTimeout()
    return dueMs !== undefined && nowMs - dueMs < LISTED_FIRST_MS_MAX
  }

  /** Runs `work`; what the disk refuses is said once and the path is left as it is until it changes. */
  private guarded(path: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.duePaths.handleFailed(path)
      this.settling.disarm(path)
      // A file that vanished since it was seen, or became something else, is found so by the next look.
      if (error.code === 'missing' || error.code === 'changed-kind') this.queue.addPath(path)
      else this.findings.addProblem(path, unreadableReason(error), unreadableCause(error))
    }
  }
}
