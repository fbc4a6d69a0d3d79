// Deletions that were found here, gathered until nothing is read or settles any more: what goes at once is counted at once, and where it
// is too much (keeper/breaker), or the whole share, nobody is told of it. The scanner owns this.

import type { Digest } from '../../base/item.js'
import { DiskError } from '../../base/ports.js'
import { causeOf } from '../../base/reason.js'
import { nameOf, parentOf } from '../../share/path.js'
import { type Breaker, OWN } from '../breaker/breaker.js'
import type { Catalogue } from '../index/catalogue.js'
import { STEP_FILES } from '../limits.js'
import type { Absence, Doubt } from './absence.js'
import type { Findings } from './findings.js'
import { DEPARTURE_WAIT_MS, SAME_CONTENT_LOOKED_AT_MAX } from './limits.js'
import type { Moved } from './moved.js'
import type { Recording } from './recording.js'
import type { Sighting } from './sight.js'

export interface DeparturesOptions {
  readonly catalogue: Catalogue
  readonly breaker: Breaker
  readonly sighting: Sighting
  readonly absence: Absence
  readonly recording: Recording
  readonly moved: Moved
  readonly findings: Findings
  /** Nobody is told of any. */
  readonly isReceiveOnly: boolean
}

export class Departures {
  private readonly options: DeparturesOptions
  private readonly gone = new Set<string>()
  /** Deleted, and to be told. */
  private told: string[] = []
  private sinceMs: number | undefined

  constructor(options: DeparturesOptions) {
    this.options = options
  }

  get size(): number {
    return this.gone.size + this.told.length
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    return this.told.length > 0
  }

  paths(): Iterable<string> {
    return this.gone
  }

  /** Whether nothing stands at the path, and that is not told yet. */
  has(path: string): boolean {
    return this.gone.has(path) || this.told.includes(path)
  }

  pollTimeout(): number | undefined {
    return this.sinceMs === undefined ? undefined : this.sinceMs + DEPARTURE_WAIT_MS
  }

  /** Nothing has stood at the path since then. */
  add(path: string, sinceMs: number): void {
    this.gone.add(path)
    this.sinceMs = Math.min(this.sinceMs ?? sinceMs, sinceMs)
  }

  /** `isQuiet`: nothing more of what happened is about to be found. */
  step(isQuiet: boolean, nowMs: number): void {
    for (const path of this.told.splice(0, STEP_FILES)) this.options.recording.markDeleted(path)
    const isDue = this.sinceMs !== undefined && (isQuiet || nowMs >= this.sinceMs + DEPARTURE_WAIT_MS)
    if (!isDue || this.told.length > 0) return
    const { breaker } = this.options
    const { departed, isEmptied } = this.judge()
    if (this.options.isReceiveOnly) {
      this.told = departed
      return
    }
    const files = this.filesIn(departed)
    if (isEmptied || breaker.isTripped(OWN) || breaker.exceeds(OWN, files.size)) {
      this.stop(departed, isEmptied)
      return
    }
    breaker.handleDeleted([OWN], files)
    this.told = departed
  }

  /** Tells what was deleted from what only cannot be seen, which is hidden. */
  private judge(): { readonly departed: string[]; readonly isEmptied: boolean } {
    const departed: string[] = []
    let isEmptied = false
    /** By folder: as many paths may be gone as a folder holds. */
    const doubts = new Map<string, Doubt | undefined>()
    for (const path of this.gone) {
      const doubt = this.doubtAt(path, doubts)
      if (doubt === 'there') continue
      const isAll = doubt?.isEmptied === true && this.options.breaker.isOn
      if (isAll) isEmptied = true
      if (doubt === undefined || isAll) departed.push(path)
      else this.hide(path, doubt)
    }
    this.gone.clear()
    this.sinceMs = undefined
    return { departed, isEmptied }
  }

  /** 'there': something is at the path again, or nobody may look. */
  private doubtAt(path: string, doubts: Map<string, Doubt | undefined>): Doubt | 'there' | undefined {
    try {
      if (this.options.sighting.at(path).type !== 'nothing') return 'there'
      const folder = parentOf(path)
      if (!doubts.has(folder)) doubts.set(folder, this.options.absence.doubtAt(path))
      return doubts.get(folder)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return 'there'
    }
  }

  private stop(paths: readonly string[], isAll: boolean): void {
    const { breaker, findings } = this.options
    let isAnyHeld = false
    for (const path of paths) if (this.stopOne(path) === 'held') isAnyHeld = true
    if (isAnyHeld && breaker.trip(OWN)) findings.addStopped(isAll)
  }

  /** Stops the deletion at the path. A moved file is told all the same, and so is a folder of which nothing else was left. */
  private stopOne(path: string): 'held' | 'moved' | 'nothing' {
    const { catalogue, recording, moved, findings } = this.options
    const entry = catalogue.live(path)
    if (entry !== undefined && entry.kind !== 'folder' && moved.targetOf(entry) !== '') {
      this.told.push(path)
      return 'moved'
    }
    const toldCount = this.told.length
    const inside = new Set([...catalogue.manifest.children(path)].map((child) => this.stopOne(child.path)))
    if (inside.has('moved') && !inside.has('held')) {
      // With all that is in it.
      this.told.splice(toldCount, this.told.length, path)
      return 'moved'
    }
    moved.handleRecorded(path)
    recording.dropKept(path)
    if (entry === undefined) return inside.has('held') ? 'held' : 'nothing'
    if (!catalogue.isMissing(path)) {
      catalogue.stopDeletion(path)
      findings.addHeld(path)
    }
    return 'held'
  }

  /** A file was recorded at a path: where the deletion of the same content is held, that was one half of a move, and this is the other.
   *  Folders go with what was in them. */
  handleRecorded(path: string, digest: Digest): void {
    const { catalogue, moved, recording, isReceiveOnly } = this.options
    if (isReceiveOnly) return
    const from = this.lateHalfOf(path, digest)
    if (from === undefined) return
    moved.handleLate(from, path)
    recording.markDeleted(from)
    for (let folder = parentOf(from); catalogue.isMissing(folder); folder = parentOf(folder)) {
      if (catalogue.hasHeldBelow(folder)) return
      recording.markDeleted(folder)
    }
  }

  private lateHalfOf(path: string, digest: Digest): string | undefined {
    const { catalogue } = this.options
    if (catalogue.stoppedPaths.missing.size === 0) return undefined
    let found: string | undefined
    for (const holder of catalogue.holdersOf(digest, SAME_CONTENT_LOOKED_AT_MAX)) {
      if (holder === path || !catalogue.isMissing(holder)) continue
      if (nameOf(holder) === nameOf(path)) return holder
      // Empty files are alike and nothing more.
      if (catalogue.live(holder)!.sizeBytes > 0) found ??= holder
    }
    return found
  }

  private hide(path: string, { path: at, reason }: Doubt): void {
    const { catalogue, recording, moved, findings } = this.options
    moved.handleRecorded(path)
    findings.addProblem(at, reason, causeOf('unseen', reason))
    const entry = catalogue.live(path)
    if (entry !== undefined) recording.hide(entry)
  }

  /** Files and links that went with these paths. What was moved is not gone. */
  private filesIn(paths: readonly string[]): ReadonlySet<string> {
    const files = new Set<string>()
    for (const path of paths) this.addFiles(path, files)
    return files
  }

  private addFiles(path: string, files: Set<string>): void {
    const { catalogue, breaker, moved } = this.options
    const entry = catalogue.live(path)
    const isFile = entry !== undefined && entry.kind !== 'folder' && !catalogue.isMissing(path)
    const isMoved = entry !== undefined && moved.targetOf(entry) !== ''
    if (isFile && !isMoved && !breaker.wasCounted(OWN, path)) files.add(path)
    if (entry?.kind === 'folder' || catalogue.hasHeldBelow(path))
      for (const child of catalogue.manifest.children(path)) this.addFiles(child.path, files)
  }
}
