// The large files whose block digests are here: one after the other gets its temporary file prepared (build-job.ts), and
// the engine is told which blocks are missing. The intake owns it.
//
//     list ─▶ queued ─▶ building ─┬─ little is missing, or no weak sums came ─▶ fetch-blocks
//                                 └─▶ shifted blocks are looked for ─┬─ over ─▶ fetch-blocks
//                                                                    └─ little found for long ─▶ fetch-blocks, here … here

import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../base/limits.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { BlockSearch } from '../../delta/search-port.js'
import type { Journal } from '../../journal/journal.js'
import { runsOf } from '../../journal/record.js'
import { largeTemporary } from '../../pipe/layout.js'
import type { FetchId, KeeperToEngine } from '../../pipe/messages.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import { BuildJob, type BuildSource, type Built, bytesToWrite } from './build-job.js'
import { OUTRUN_BLOCKS_MAX } from './limits.js'
import type { Room } from './room.js'
import { beginShift, type ShiftJob } from './shift-job.js'
import type { Want, Wants } from './wants.js'

export interface BuildsOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly wants: Wants
  readonly room: Room
  /** Undefined where shifted blocks are not looked for. */
  readonly search: BlockSearch | undefined
}

/** How the preparation of a temporary file ended: what the engine is to know, or that the disk or the log refuses. */
export type BuildResult =
  | { readonly type: 'built'; readonly messages: readonly KeeperToEngine[] }
  /** Copied from the share, whole and synced. */
  | { readonly type: 'copied'; readonly fetch: FetchId }
  /** The source of the copy does not hold what the catalogue says. */
  | { readonly type: 'not-copied'; readonly fetch: FetchId; readonly from: string | undefined }
  | { readonly type: 'failed'; readonly want: Want; readonly error: DiskError }

interface Listed {
  readonly fetch: FetchId
  readonly list: Uint8Array
  readonly sums: Uint8Array | undefined
  /** Nobody gives the blocks that are not here. */
  readonly isCopy: boolean
}

interface ActiveBuild extends Listed {
  readonly job: BuildJob
  readonly want: Want
  readonly source: BuildSource | undefined
}

/** A file whose temporary file is prepared, and of which shifted blocks are looked for. */
interface ActiveShift {
  readonly job: ShiftJob
  readonly build: ActiveBuild
  readonly built: Built
  isFetching: boolean
  /** Blocks fetched since, less those found since. */
  aheadCount: number
}

export class Builds {
  private readonly options: BuildsOptions
  private readonly queued: Listed[] = []
  private active: ActiveBuild | undefined
  /** As many as large files are fetched at once, at most. */
  private readonly shifts = new Map<FetchId, ActiveShift>()

  constructor(options: BuildsOptions) {
    this.options = options
  }

  get busy(): boolean {
    if (this.active !== undefined || this.queued.length > 0) return true
    for (const { job } of this.shifts.values()) if (job.busy) return true
    return false
  }

  /** Whether no block of it is asked for yet, though its list is here. */
  isPreparing(fetch: FetchId): boolean {
    if (this.active?.fetch === fetch || this.shifts.get(fetch)?.isFetching === false) return true
    return this.queued.some((each) => each.fetch === fetch)
  }

  /** Whether nothing of it is here, as far as one can tell before its list has come. */
  isNew(want: Want): boolean {
    const logged = this.options.journal.fetches.get(want.remote.digest)?.blocks
    return (logged === undefined || logged.size === 0) && this.sourceFor(want) === undefined
  }

  /** The block digests of a file that is being fetched, proved, and the weak sums of its blocks, which are not. */
  handleList(fetch: FetchId, list: Uint8Array, sums: Uint8Array | undefined): void {
    this.queued.push({ fetch, list, sums, isCopy: false })
  }

  /** Handles a peer that was to give the list and has none of the file. Answers whether the catalogue has the same content, which is
   *  copied then. Not into a file that the engine was to write blocks into: some of them may still be on their way to the disk. */
  copy(fetch: FetchId, digest: Digest): boolean {
    const { catalogue, room } = this.options
    if (room.hasReserved(fetch) || catalogue.holderOf(digest) === undefined) return false
    const known = catalogue.blockList(digest)
    if (known === undefined) return false
    this.queued.push({ fetch, ...known, isCopy: true })
    return true
  }

  /** Its temporary file is whole, and is about to be put in place: nothing writes it any more. */
  handleFetched(fetch: FetchId): void {
    this.shifts.get(fetch)?.job.close()
    this.shifts.delete(fetch)
  }

  /** Counts blocks of a fetch that have come. Where the link gives more than the search does, that only takes the processor from it. */
  handleBlocks(fetch: FetchId, blockCount: number): void {
    const shift = this.shifts.get(fetch)
    if (shift === undefined) return
    shift.aheadCount += blockCount
    if (shift.aheadCount >= OUTRUN_BLOCKS_MAX && !shift.job.busy) this.handleFetched(fetch)
  }

  /** Does a bounded piece; answers what it led to where something ended with it. */
  step(): BuildResult | undefined {
    return this.stepBuild() ?? this.stepShifts()
  }

  private stepBuild(): BuildResult | undefined {
    if (this.active === undefined) {
      const next = this.queued.shift()
      const want = next === undefined ? undefined : this.options.wants.byFetchId(next.fetch)
      if (next === undefined || want === undefined) return undefined
      try {
        this.active = this.begin(want, next)
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        return { type: 'failed', want, error }
      }
    }
    const { active } = this
    if (this.options.wants.byFetchId(active.fetch) !== active.want) {
      this.close()
      return undefined
    }
    try {
      const built = active.job.step()
      if (built === undefined) return undefined
      if (active.isCopy && built.needed.size === 0) active.job.sync()
      this.close()
      if (active.isCopy) return this.handleCopied(active, built)
      return { type: 'built', messages: this.handleBuilt(active, built) }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.close()
      return { type: 'failed', want: active.want, error }
    }
  }

  /** Throws a DiskError. */
  private begin(want: Want, listed: Listed): ActiveBuild {
    const { fetch, list, sums } = listed
    const { disk, hash, journal, catalogue, room } = this.options
    const { digest, sizeBytes, path } = want.remote
    // The temporary file of the logged fetch was put in place, and the log is not told of that yet.
    if (journal.fetches.has(digest) && disk.stat(largeTemporary(digest)) === undefined)
      journal.append({ kind: 'dropped', digest })
    journal.append({ kind: 'fetch', digest, sizeBytes, path })
    const logged = journal.fetches.get(digest)?.blocks
    const bytes = bytesToWrite({ list, sizeBytes, logged, hash })
    want.roomBytes = bytes
    if (!room.has(bytes)) throw new DiskError('no-space', 'what is left of the disk is to stay free')
    want.roomBytes = 0
    room.reserve(fetch, bytes)
    const source = this.sourceFor(want)
    const job = new BuildJob({ disk, hash, digest, sizeBytes, list, logged, source })
    catalogue.putList(digest, list, sums)
    return { ...listed, job, want, source }
  }

  /** The file that most likely shares blocks: one of the same content, else the one that was moved there and edited, else the version
   *  that is replaced. */
  private sourceFor(want: Want): BuildSource | undefined {
    const { catalogue, wants } = this.options
    const { digest, path } = want.remote
    const likely = catalogue.holderOf(digest) ?? wants.oldPathOf(want)
    const entry = (likely === undefined ? undefined : catalogue.live(likely)) ?? catalogue.live(path)
    if (entry?.kind !== 'file' || entry.sizeBytes === 0) return undefined
    const list = catalogue.list(entry.digest)
    return list === undefined || list.length < 2 * DIGEST_BYTES
      ? undefined
      : { path: entry.path, list, sizeBytes: entry.sizeBytes }
  }

  /** Throws a DiskError. */
  private handleCopied(build: ActiveBuild, built: Built): BuildResult {
    const { fetch, source } = build
    this.logHeld(build, built)
    if (built.needed.size === 0) return { type: 'copied', fetch }
    return { type: 'not-copied', fetch, from: source?.path }
  }

  /** Throws a DiskError. */
  private logHeld({ fetch, want }: ActiveBuild, { held, needed }: Built): void {
    const { journal, room } = this.options
    const { digest } = want.remote
    if (held.size > 0) journal.append({ kind: 'blocks', digest, runs: runsOf(held) })
    room.reserve(fetch, needed.size * BLOCK_BYTES)
  }

  /** Throws a DiskError. */
  private handleBuilt(build: ActiveBuild, built: Built): readonly KeeperToEngine[] {
    const { disk, hash, search } = this.options
    const { fetch, list, sums, source, want } = build
    const { sizeBytes } = want.remote
    this.logHeld(build, built)
    const job =
      search &&
      sums &&
      source &&
      beginShift({ disk, hash, search, id: fetch, sizeBytes, list, sums, source, built })
    if (job === undefined) return this.fetch(build, built, 0)
    this.shifts.set(fetch, { job, build, built, isFetching: false, aheadCount: 0 })
    return []
  }

  /** Copies what the searches have found. */
  private stepShifts(): BuildResult | undefined {
    const { search, wants } = this.options
    for (let report = search?.poll(); report !== undefined; report = search?.poll())
      this.shifts.get(report.search)?.job.handleReport(report)
    for (const [fetch, shift] of this.shifts) {
      const { job, build } = shift
      if (wants.byFetchId(fetch) !== build.want) {
        this.handleFetched(fetch)
        continue
      }
      try {
        const messages = this.stepShift(shift)
        if (job.isOver) this.handleFetched(fetch)
        if (messages.length > 0) return { type: 'built', messages }
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        this.handleFetched(fetch)
        return { type: 'failed', want: build.want, error }
      }
    }
    return undefined
  }

  /** Throws a DiskError. */
  private stepShift(shift: ActiveShift): readonly KeeperToEngine[] {
    const { journal, room } = this.options
    const { job, build, built } = shift
    const { fetch, want } = build
    const written = [...job.step()].sort((left, right) => left - right)
    if (written.length > 0) {
      journal.append({ kind: 'blocks', digest: want.remote.digest, runs: runsOf(written) })
      room.handleWritten(fetch, written.length)
      shift.aheadCount -= shift.isFetching ? written.length : 0
      if (shift.isFetching) return [{ type: 'here', fetch, blockIndices: written }]
    }
    if (shift.isFetching || !job.mayFetch) return []
    shift.isFetching = true
    return this.fetch(build, built, job.foundBytes)
  }

  /** Has the engine fetch what is not here. */
  private fetch({ fetch, want }: ActiveBuild, built: Built, foundBytes: number): readonly KeeperToEngine[] {
    const { path, sizeBytes } = want.remote
    const { temporary, needed, resumedBytes } = built
    const reusedBytes = built.reusedBytes + foundBytes
    const peer = want.source ?? ''
    return [
      {
        type: 'notice',
        notice: { event: 'fetching', path, bytes: sizeBytes, resumedBytes, reusedBytes, peer },
      },
      { type: 'fetch-blocks', fetch, temporary, needed: needed.toBytes() },
    ]
  }

  private close(): void {
    this.active?.job.close()
    this.active = undefined
  }
}
