// Fetches under way, and copies of content that the share has: what the engine is asked for and what it answers, until the whole
// content of a want is handed to Placements or the want ends. Owns the builds of files of several blocks. The intake owns it and
// begins each; the keeper brings the engine's messages.

import { BLOCK_BYTES } from '../../base/limits.js'
import { DiskError } from '../../base/ports.js'
import { causeOf } from '../../base/reason.js'
import { runsOf } from '../../journal/record.js'
import { largeTemporary } from '../../pipe/layout.js'
import type { Delivered, EngineToKeeper, FetchFailure, FetchId, SourceFailure } from '../../pipe/messages.js'
import type { PeerId } from '../../share/dots.js'
import type { Scanner } from '../scan/scanner.js'
import { type BuildResult, Builds, type BuildsOptions } from './builds.js'
import type { Outcomes } from './outcomes.js'
import type { Placements } from './placements.js'
import type { Temporaries } from './temporaries.js'
import type { WantEnd } from './want-end.js'
import type { FetchOrder, Want } from './wants.js'

export interface FetchesOptions extends BuildsOptions {
  readonly scanner: Scanner
  readonly temporaries: Temporaries
  readonly placements: Placements
  readonly end: WantEnd
  readonly outcomes: Outcomes
  /** Whether a peer has said that it does not hold all that it knows. */
  readonly lacksSome: (peer: PeerId) => boolean
}

/** A message of the engine about fetches. */
export type FetchMessage = EngineToKeeper & {
  readonly type: 'list' | 'blocks' | 'fetched' | 'contents' | 'source-lost' | 'fetch-failed'
}

interface FetchedBytes {
  readonly crossedBytes: number
  readonly savedBytes: number
  readonly sources: readonly Delivered[]
}

export class Fetches {
  private readonly options: FetchesOptions
  private readonly builds: Builds

  constructor(options: FetchesOptions) {
    this.options = options
    this.builds = new Builds(options)
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    return this.builds.busy
  }

  /** Whether the temporary file of a fetch is prepared, so that its blocks are asked for after that. */
  isPreparing(want: Want): boolean {
    return want.fetch !== undefined && this.builds.isPreparing(want.fetch)
  }

  /** Asks the engine for the content of a want. */
  begin(order: FetchOrder & { type: 'fetch' }): void {
    const { outcomes } = this.options
    const { want, peer, file, large } = order
    const common = { fetch: want.fetch!, peer, file, path: want.remote.path }
    if (large) outcomes.message({ type: 'fetch-list', ...common, isNew: this.builds.isNew(want) })
    else outcomes.message({ type: 'fetch-small', ...common })
  }

  /** The same content is in the share already, one block of it: read, prove, write. */
  copy(want: Want, from: string, nowMs: number): void {
    const { temporaries, placements, scanner, wants } = this.options
    const bytes = temporaries.readFrom(from, want)
    if (bytes !== undefined) {
      placements.placeContent(want, bytes, nowMs)
      return
    }
    // The holder is not what the index says; until the scan has seen it, the network is the source.
    scanner.hint(from)
    const order = wants.forceFetch(want)
    if (order !== undefined) this.begin(order)
  }

  handle(message: FetchMessage, nowMs: number): void {
    switch (message.type) {
      case 'list':
        this.builds.handleList(message.fetch, message.list, message.sums)
        break
      case 'blocks':
        this.handleBlocks(message.fetch, message.blockIndices)
        break
      case 'fetched':
        this.handleFetched(message.fetch, message, nowMs)
        break
      case 'contents':
        for (const { fetch, bytes, savedBytes } of message.files)
          this.handleContent(fetch, bytes, savedBytes, nowMs)
        break
      case 'source-lost':
        this.handleSourceLost(message.fetch, message.peer)
        break
      case 'fetch-failed':
        this.handleFailed(message.fetch, message.reason, nowMs)
        break
    }
  }

  /** Does a bounded piece of building. */
  step(nowMs: number): void {
    const result = this.builds.step()
    if (result !== undefined) this.handleBuilt(result, nowMs)
  }

  private handleBuilt(result: BuildResult, nowMs: number): void {
    const { outcomes, scanner, end } = this.options
    switch (result.type) {
      case 'built':
        for (const message of result.messages) outcomes.message(message)
        break
      case 'copied':
        this.handleFetched(result.fetch, { crossedBytes: 0, savedBytes: 0, sources: [] }, nowMs)
        break
      case 'not-copied':
        if (result.from !== undefined) scanner.hint(result.from)
        this.handleSourceFailed(result.fetch, 'gone', nowMs)
        break
      case 'failed':
        end.handleUnwritable(result.want, result.error, nowMs)
    }
  }

  private handleContent(fetch: FetchId, bytes: Uint8Array, savedBytes: number, nowMs: number): void {
    const want = this.options.wants.byFetchId(fetch)
    if (want === undefined) return
    want.crossedBytes = bytes.length
    want.delivered = want.source === undefined ? [] : [{ peer: want.source, bytes: bytes.length }]
    want.savedBytes = savedBytes
    this.options.placements.placeContent(want, bytes, nowMs)
  }

  private handleBlocks(fetch: FetchId, blockIndices: readonly number[]): void {
    const { wants, room, journal } = this.options
    const want = wants.byFetchId(fetch)
    if (want === undefined) return
    room.handleWritten(fetch, blockIndices.length)
    this.builds.handleBlocks(fetch, blockIndices.length)
    const sorted = [...blockIndices].sort((left, right) => left - right)
    try {
      journal.append({ kind: 'blocks', digest: want.remote.digest, runs: runsOf(sorted) })
    } catch (error) {
      // The log may lag behind the disk: then a restart fetches these blocks again.
      if (!(error instanceof DiskError)) throw error
    }
  }

  private handleFetched(
    fetch: FetchId,
    { crossedBytes, savedBytes, sources }: FetchedBytes,
    nowMs: number,
  ): void {
    const { wants, placements } = this.options
    const want = wants.byFetchId(fetch)
    this.builds.handleFetched(fetch)
    if (want === undefined) return
    want.delivered = sources
    want.crossedBytes = crossedBytes
    want.savedBytes = savedBytes
    want.temporary = { path: largeTemporary(want.remote.digest), looks: undefined }
    wants.handleFetched(want)
    placements.place(want, nowMs)
  }

  private handleFailed(fetch: FetchId, reason: FetchFailure, nowMs: number): void {
    const want = this.options.wants.byFetchId(fetch)
    if (want === undefined) return
    const { digest, sizeBytes } = want.remote
    if (reason === 'no-space' || reason === 'disk') {
      const cause = causeOf('disk-failed')
      const noSpace = reason === 'no-space'
      this.options.end.handleFailure(want, { noSpace, reason: 'the disk failed', cause }, nowMs)
      return
    }
    const isCopied = reason === 'gone' && digest !== '' && sizeBytes > BLOCK_BYTES
    if (!isCopied || !this.builds.copy(fetch, digest)) this.handleSourceFailed(fetch, reason, nowMs)
  }

  /** Where its session is over, the peer may have another: then it still has what it told there. */
  private handleSourceFailed(fetch: FetchId, reason: SourceFailure, nowMs: number): void {
    const { wants, end, outcomes } = this.options
    const want = wants.byFetchId(fetch)
    if (want === undefined) return
    const { source } = want
    wants.endFetch(want)
    const isNotHeld = source !== undefined && this.isNotHeldBy(source, want, reason)
    // A deletion that stands here has not seen what is wanted, which the peer may have told of long ago. Taken note of, it would win against
    // the deletion; asked anew, the peer tells what it knows by now.
    const isDeleted = this.options.catalogue.get(want.remote.path)?.kind === 'tombstone'
    if (isNotHeld) end.handleNotHeld(want, source, nowMs)
    if (source !== undefined) {
      wants.removeSource(want, source)
      if (!isNotHeld || isDeleted) outcomes.sourceFailed(source)
    }
    if (want.sources.size > 0) wants.queue(want)
    else if (isNotHeld && !isDeleted) end.abandonKnown(want)
    else
      end.abandon(
        want,
        reason === 'unservable' ? 'what the peer sends does not match its digest' : undefined,
        source,
      )
  }

  /** Its tree tells of the content all the same, so that asking it anew would tell nothing new. */
  private isNotHeldBy(peer: PeerId, { remote }: Want, reason: SourceFailure): boolean {
    const { lacksSome, catalogue } = this.options
    return (reason === 'gone' && lacksSome(peer)) || !catalogue.isHeld(remote.path)
  }

  /** One of several sources is none any more; the fetch goes on. */
  private handleSourceLost(fetch: FetchId, peer: PeerId): void {
    const { wants, outcomes } = this.options
    const want = wants.byFetchId(fetch)
    if (want === undefined) return
    wants.removeSource(want, peer)
    if (want.source === peer) want.source = undefined
    outcomes.sourceFailed(peer)
  }
}
