// Takes each path whose settling is over to the catalogue: one more look, and then a file is read and recorded, one at a time, and what
// is missing is handed to the departures. The scanner drives it.
//
//     settling ──▶ look again ─┬─ a file ──▶ read ──▶ recorded        one of a move, or read ahead: recorded at once
//         ▲                    ├─ nothing, and nowhere else ──▶ departures
//         └── it differs ◀─────┘

import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import type { Disk } from '../../base/ports.js'
import type { Catalogue } from '../index/catalogue.js'
import { type Signature, sameSignature, signatureOf } from '../index/signature.js'
import { STEP_BYTES, STEP_FILES } from '../limits.js'
import type { Departures } from './departures.js'
import type { Findings } from './findings.js'
import type { Beginning, Growing } from './growing.js'
import { HashJob } from './hashing.js'
import type { Ignoring } from './ignoring.js'
import { HASH_CHUNK_BLOCKS } from './limits.js'
import type { LookQueue } from './look-queue.js'
import type { Looking } from './looking.js'
import type { Missing } from './missing.js'
import type { Moved } from './moved.js'
import type { ReadAhead } from './read-ahead.js'
import type { ReadSoFar } from './reading-progress.js'
import type { Recording } from './recording.js'
import type { SameNames } from './same-names.js'
import type { Settling } from './settling.js'
import type { Sighting } from './sight.js'

export interface DuePathsOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly queue: LookQueue
  readonly findings: Findings
  readonly ignoring: Ignoring
  readonly sighting: Sighting
  readonly settling: Settling
  readonly ahead: ReadAhead
  readonly growing: Growing
  readonly recording: Recording
  readonly moved: Moved
  readonly missing: Missing
  readonly sameNames: SameNames
  readonly departures: Departures
  readonly looking: Looking
  /** Runs `work`, and takes note of the DiskErrors of each path. */
  readonly guarded: (path: string, work: () => void) => void
}

export class DuePaths {
  private readonly options: DuePathsOptions
  private job: HashJob | undefined
  private jobStartedMs = 0
  private readFiles = 0
  private readBytes = 0
  private readonly buffer = new Uint8Array(HASH_CHUNK_BLOCKS * BLOCK_BYTES)

  constructor(options: DuePathsOptions) {
    this.options = options
  }

  /** A file is read at the moment. */
  get isReading(): boolean {
    return this.job !== undefined
  }

  /** The file that is read at the moment, and since when. */
  get reading(): (ReadSoFar['file'] & { readonly sinceMs: number }) | undefined {
    const { file } = this.readSoFar
    return file && { ...file, sinceMs: this.jobStartedMs }
  }

  get readSoFar(): ReadSoFar {
    const { job } = this
    const file = job && { path: job.path, bytes: job.signature.sizeBytes, doneBytes: job.doneBytes }
    return { files: this.readFiles, bytes: this.readBytes + (job?.doneBytes ?? 0), file }
  }

  /** Does one bounded piece of work; answers whether there may be more right now. */
  step(nowMs: number): boolean {
    const { settling, guarded } = this.options
    let budgetBytes = STEP_BYTES
    for (let files = 0; files < STEP_FILES && budgetBytes > 0; files++) {
      if (this.job === undefined) {
        const path = settling.pollPath(nowMs)
        if (path === undefined) return false
        guarded(path, () => this.handleDue(path, nowMs))
        continue
      }
      const { job } = this
      budgetBytes -= Math.max(job.signature.sizeBytes, 1)
      guarded(job.path, () => this.stepJob(job, nowMs))
    }
    return true
  }

  /** Reads some of what settles and is small. */
  readAhead(nowMs: number): void {
    const { ahead, guarded } = this.options
    ahead.readSome(this.buffer, nowMs, guarded)
  }

  /** The disk refused something at the path. */
  handleFailed(path: string): void {
    if (this.job?.path === path) this.closeJob()
  }

  private handleDue(path: string, nowMs: number): void {
    const { settling, moved, missing, sighting, growing, ahead } = this.options
    const candidate = settling.get(path)
    if (candidate === undefined) return
    const known = candidate.signature === undefined ? undefined : moved.digestOf(candidate.signature)
    if (candidate.isRipe && known === undefined && candidate.signature !== undefined) {
      // Whether it is still what was seen is what the job ends with.
      this.beginJob(path, candidate.signature, nowMs)
      return
    }
    const sight = sighting.at(path)
    const signature = sight.type === 'file' ? signatureOf(sight.stat) : undefined
    if (signature !== undefined && known === undefined && settling.isReadNow(path, nowMs)) {
      const beginning = growing.beginning(path, signature, this.knownAt(path))
      this.beginJob(path, signature, nowMs, { beginning })
      return
    }
    if (!sameSignature(signature, candidate.signature)) {
      settling.arm(path, signature, nowMs)
      return
    }
    const digest = ahead.take(path) ?? known
    if (signature !== undefined && digest === undefined) {
      this.beginJob(path, signature, nowMs)
      return
    }
    if (sight.type === 'nothing' && missing.handleMovedTree(path)) return
    if (sight.type === 'nothing' && missing.mustWait(path, candidate, nowMs)) return
    settling.handleSettled(path)
    growing.forget(path)
    if (known === undefined) this.readBytes += signature?.sizeBytes ?? 0 // read ahead
    if (signature !== undefined && digest !== undefined) this.recordFile(path, signature, digest, nowMs)
    else if (sight.type !== 'nothing') this.options.looking.look(path, nowMs)
    else if (this.options.sameNames.giveUp(path)) settling.disarm(path)
    else this.options.departures.add(path, candidate.sinceMs)
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
    const { settling, moved, sameNames, departures, queue, recording } = this.options
    const from = moved.handleFile(path, signature, digest, nowMs)
    recording.recordFile(path, signature, digest)
    this.readFiles++
    departures.handleRecorded(path, digest)
    sameNames.hintOther(path)
    if (from !== undefined && !settling.expedite(from, nowMs)) queue.addPath(from)
  }

  private stepJob(job: HashJob, nowMs: number): void {
    const { catalogue, settling, sighting, growing, ignoring, queue } = this.options
    const result = job.step(this.buffer, STEP_BYTES)
    if (result.type === 'more') return
    this.closeJob()
    if (job.isRestless) this.handleRestless(job, result.type === 'grown', nowMs)
    if (result.type === 'changed') {
      const sight = sighting.at(job.path)
      settling.rearm(job.path, sight.type === 'file' ? signatureOf(sight.stat) : undefined, nowMs)
      return
    }
    settling.handleSettled(job.path)
    if (ignoring.isIgnored(job.path, false)) return
    const { digest, list } = result
    const sums = result.type === 'done' ? result.sums : undefined
    if (result.type === 'done') growing.forget(job.path)
    else queue.addPath(job.path)
    if (list.length > DIGEST_BYTES) catalogue.putList(digest, list, sums)
    this.recordFile(job.path, job.signature, digest, nowMs)
  }

  /** A file was read while it changed, since it does not rest. */
  private handleRestless({ path, signature, read }: HashJob, isGrown: boolean, nowMs: number): void {
    const { growing, findings } = this.options
    const reading = { isGrowing: isGrown, startedMs: this.jobStartedMs, signature, list: read }
    if (growing.handleRead(path, reading, nowMs)) findings.addRestless(path, isGrown)
  }

  private closeJob(): void {
    this.readBytes += this.job?.doneBytes ?? 0
    this.job?.close()
    this.job = undefined
  }
}
