// From whom the blocks of large files are pulled: which peers hold what of each, who is asked for it, and who is not asked
// any more. Answers why a fetch cannot go on where its last source is lost. Used by LargeFiles.

import type { Digest } from '../../base/item.js'
import type { HoldingMessage } from '../../ecp/message.js'
import type { SourceFailure } from '../../pipe/messages.js'
import type { Endpoint, SessionId } from '../../rdt/endpoint.js'
import type { PeerId } from '../../share/dots.js'
import type { Outbox } from '../outbox.js'
import type { FileBuilding, LargeFetch } from './large-fetch.js'
import { ORPHANED_MS, WRONG_BLOCKS_MAX } from './limits.js'
import type { ReceivedBlock } from './received-block.js'
import { BanList } from './swarm/ban-list.js'
import type { SessionFacts, Source } from './swarm/source.js'

export interface FetchSourcesOptions {
  readonly endpoint: Endpoint
  readonly toKeeper: Outbox
}

export class FetchSources {
  private readonly endpoint: Endpoint
  private readonly toKeeper: Outbox
  private readonly sessions = new Map<SessionId, PeerId>()
  private readonly banned = new BanList()

  constructor({ endpoint, toKeeper }: FetchSourcesOptions) {
    this.endpoint = endpoint
    this.toKeeper = toKeeper
  }

  get sessionCount(): number {
    return this.sessions.size
  }

  handleOpened(session: SessionId, peer: PeerId): void {
    this.sessions.set(session, peer)
  }

  handleClosed(session: SessionId): void {
    this.sessions.delete(session)
  }

  /** Has every source look whether there is something for it. */
  pullMore(fetch: LargeFetch, { picker }: FileBuilding): void {
    for (const source of picker.all())
      if (source.hasNext)
        this.endpoint.pullFrom(source.session, fetch.file, fetch.supplyOf(source), { priority: 'bulk' })
  }

  /** Whether it is this peer's turn to say what it holds of the file: asked by saying what is here. */
  pollHolding({ building, file }: LargeFetch, session: SessionId, nowMs: number): HoldingMessage | undefined {
    if (building === undefined || building.pieces.blockCount < 2) return undefined
    if (!building.availability.isDue(session, nowMs) || this.isBanned(session, file.digest, nowMs))
      return undefined
    building.availability.handleAsked(session)
    return { type: 'holding', file, pieces: building.pieces }
  }

  /** A peer said which pieces of a file it holds, asked or not. */
  handleHolding(
    fetch: LargeFetch,
    building: FileBuilding,
    session: SessionId,
    { file, pieces }: HoldingMessage,
    nowMs: number,
  ): void {
    const peer = this.sessions.get(session)
    if (peer === undefined || file.sizeBytes !== building.sizeBytes) return
    const isWhole = pieces.size === pieces.blockCount
    if (!building.availability.handleHolding(session, isWhole, nowMs)) return
    if (building.picker.source(session) === undefined && this.isBanned(session, file.digest, nowMs)) return
    building.picker.setHolder(session, peer, pieces)
    this.pullMore(fetch, building)
  }

  /** The sender made this block wrong: damage on the way is refused before. */
  blame(
    fetch: LargeFetch,
    building: FileBuilding,
    source: Source,
    { session, kind, digest, blockIndex }: ReceivedBlock,
    nowMs: number,
  ): SourceFailure | undefined {
    if (++source.wrongCount >= WRONG_BLOCKS_MAX)
      return this.bar(fetch, building, session, 'unservable', nowMs)
    this.endpoint.rejectBlock(session, kind, digest, blockIndex, 'wrong')
    return undefined
  }

  /** The peer lacks what it said that it has, or sends wrong blocks: it is not asked for this file for a while. */
  bar(
    fetch: LargeFetch,
    building: FileBuilding,
    session: SessionId,
    reason: 'gone' | 'unservable',
    nowMs: number,
  ): SourceFailure | undefined {
    if (reason === 'gone') building.availability.bar(session, nowMs)
    else this.banned.add(this.nameOf(session), fetch.file.digest, nowMs)
    return this.lose(fetch, building, session, reason)
  }

  /** Blocks that were asked of it are asked of the others at once. */
  lose(
    fetch: LargeFetch,
    building: FileBuilding,
    session: SessionId,
    reason: SourceFailure,
  ): SourceFailure | undefined {
    const source = building.picker.drop(session)
    if (source === undefined) return undefined
    building.countDelivered(source)
    this.endpoint.cancelPull(session, 'file', fetch.file.digest)
    const { picker } = building
    // Peers that are building it too may have all of it together.
    const isComplete = picker.missing.size === 0
    const goesOn = isComplete || picker.hasWholeSource || (reason === 'peer-gone' && picker.sourceCount > 0)
    if (source.isWhole && (goesOn || source.peer !== fetch.peer))
      this.toKeeper.push({ type: 'source-lost', fetch: fetch.fetch, peer: source.peer, reason })
    if (!goesOn) return reason
    this.pullMore(fetch, building)
    return undefined
  }

  /** Looks at the sources of a file: who fell silent, who is slow, whether anybody has it whole. */
  tick(fetch: LargeFetch, building: FileBuilding, nowMs: number): SourceFailure | undefined {
    const { picker } = building
    for (const { session, blockIndex } of picker.tick((session) => this.factsOf(session), nowMs))
      this.endpoint.cancelBlock(session, 'file', fetch.file.digest, blockIndex)
    const isOrphan = !picker.hasWholeSource && picker.missing.size > 0
    building.orphanedSinceMs = isOrphan ? (building.orphanedSinceMs ?? nowMs) : undefined
    if (nowMs - (building.orphanedSinceMs ?? nowMs) >= ORPHANED_MS) return 'peer-gone'
    this.pullMore(fetch, building)
    return undefined
  }

  private isBanned(session: SessionId, digest: Digest, nowMs: number): boolean {
    return this.banned.has(this.nameOf(session), digest, nowMs)
  }

  /** Name that a peer cannot change between sessions: its key, or without one the id that it gives itself. */
  private nameOf(session: SessionId): string {
    return this.endpoint.fingerprintOf(session) ?? this.sessions.get(session) ?? ''
  }

  private factsOf(session: SessionId): SessionFacts {
    const srttMs = this.endpoint.stats(session)?.srttMs ?? 0
    return { srttMs, silentSinceMs: this.endpoint.silentSinceMs(session) }
  }
}
