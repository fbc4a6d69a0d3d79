// Shares out the blocks of one file among the peers that hold it, or some of it. Each session takes its next block when
// its window has room for one, so that the fast ones take more. Used by LargeFiles, one for each file in flight.
//
//              take                          arrived
//     free ───────────▶ taken, by a session ─────────▶ (over)
//       ▲                 │        │
//       └─────────────────┘        └──▶ taken by a second one too: the last blocks, of a slow session
//         given back: the session closed, fell silent, or said that it has it not
//
// Peers that are building the file themselves are partners. Where there are any, each takes from the whole sources
// the pieces that are its own, by rendezvous hashing over all partners (Thaler and Ravishankar, 1998), and passes them
// on: so one source sends little more than one copy, and nobody has to agree on anything. Who is done with his own goes
// on with those that he is the second for, then the third: two that are early do not take the same ones.

import { BlockSet } from '../../../base/blockset.js'
import { blockBytes } from '../../../base/item.js'
import { pieceBlocks, pieceCount } from '../../../base/pieces.js'
import type { SessionId } from '../../../rdt/endpoint.js'
import type { PeerId } from '../../../share/dots.js'
import { SILENT_MS, SILENT_RTTS } from './limits.js'
import { judgePartners } from './partner-policy.js'
import { PieceRank } from './piece-rank.js'
import { type BlockPicker, type SessionFacts, Source } from './source.js'
import { askAgain, judgeTail } from './tail-policy.js'

/** A block that a session need not go on with. */
export interface Needless {
  readonly session: SessionId
  readonly blockIndex: number
}

export interface PiecePickerOptions {
  readonly sizeBytes: number
  /** Blocks that are to come. */
  readonly needed: BlockSet
  readonly self: PeerId
  /** There is one peer and no other that might build it too. */
  readonly isAlone: boolean
}

export class PiecePicker implements BlockPicker {
  /** Blocks that have not arrived. */
  readonly missing: BlockSet
  private readonly sizeBytes: number
  private readonly sources = new Map<SessionId, Source>()
  private readonly pieceBlocks: number
  /** Missing blocks that no source was asked for. */
  private readonly free: BlockSet
  private readonly freeIn: Uint16Array
  private readonly rank: PieceRank
  /** Counts whatever may give a source something to take. */
  private changes = 0
  private tickedAtMs: number

  constructor(options: PiecePickerOptions, nowMs: number) {
    const { sizeBytes, needed, self, isAlone } = options
    this.sizeBytes = sizeBytes
    this.missing = needed
    this.free = new BlockSet(needed.blockCount, needed.toBytes())
    this.pieceBlocks = pieceBlocks(sizeBytes)
    const count = pieceCount(sizeBytes)
    this.freeIn = new Uint16Array(count)
    this.rank = new PieceRank(count, { self, isAlone })
    for (const blockIndex of needed) this.freeIn[this.pieceOf(blockIndex)]!++
    this.tickedAtMs = nowMs
  }

  get sourceCount(): number {
    return this.sources.size
  }

  get hasWholeSource(): boolean {
    for (const source of this.sources.values()) if (source.isWhole) return true
    return false
  }

  all(): Iterable<Source> {
    return this.sources.values()
  }

  source(session: SessionId): Source | undefined {
    return this.sources.get(session)
  }

  pieceOf(blockIndex: number): number {
    return Math.floor(blockIndex / this.pieceBlocks)
  }

  /** This session has these pieces: all that the file has, some, or none while its peer is only building it. */
  setHolder(session: SessionId, peer: PeerId, pieces: BlockSet): void {
    const known = this.sources.get(session)
    if (known === undefined) this.sources.set(session, new Source(this, session, peer, pieces))
    else known.pieces = pieces
    this.handlePartners()
  }

  /** The session is over, or has nothing of it any more: its blocks are free at once. */
  drop(session: SessionId): Source | undefined {
    const source = this.sources.get(session)
    if (source === undefined) return undefined
    this.sources.delete(session)
    for (const blockIndex of source.taken) this.release(blockIndex)
    this.handlePartners()
    return source
  }

  /** Sources came or went, hold other pieces, or are judged otherwise. */
  private handlePartners(): void {
    this.rank.handlePartners()
    this.changes++
  }

  // — Blocks —

  nextOf(source: Source): number | undefined {
    if (source.isTooSlow || (source.isDoubted && source.taken.size > 0)) return undefined
    for (; source.again.length > 0; source.again.shift()) {
      const blockIndex = source.again[0]!
      if (this.missing.has(blockIndex) && !source.taken.has(blockIndex)) return blockIndex
    }
    if (source.idleSinceChange === this.changes) return undefined
    if (source.piece === undefined || this.freeIn[source.piece] === 0)
      source.piece = this.rank.choose(source, [...this.sources.values()], this.freeIn)
    if (source.piece !== undefined) return this.free.next(source.piece * this.pieceBlocks)
    source.idleSinceChange = this.changes
    return undefined
  }

  take(source: Source): number {
    const blockIndex = this.nextOf(source)!
    if (source.again[0] === blockIndex) source.again.shift()
    if (this.free.delete(blockIndex)) this.freeIn[this.pieceOf(blockIndex)]!--
    source.taken.add(blockIndex)
    return blockIndex
  }

  /** A block that this source was asked for before there was a picker. Answers false where it is not missing. */
  takeThis(source: Source, blockIndex: number): boolean {
    if (!this.missing.has(blockIndex)) return false
    if (this.free.delete(blockIndex)) this.freeIn[this.pieceOf(blockIndex)]!--
    source.taken.add(blockIndex)
    return true
  }

  giveBack(source: Source, blockIndex: number): void {
    source.taken.delete(blockIndex)
    this.release(blockIndex)
  }

  /** The block is here, from this session. Answers who need not go on with it. */
  handleArrived(blockIndex: number, source: Source): readonly Needless[] {
    source.taken.delete(blockIndex)
    source.deliveredBytes += blockBytes(this.sizeBytes, blockIndex)
    if (source.isDoubted) this.trustAgain(source)
    return this.handleHere(blockIndex)
  }

  /** The block is here. Answers who need not go on with it. */
  handleHere(blockIndex: number): readonly Needless[] {
    this.missing.delete(blockIndex)
    if (this.free.delete(blockIndex)) this.freeIn[this.pieceOf(blockIndex)]!--
    const needless: Needless[] = []
    for (const other of this.sources.values())
      if (other.taken.delete(blockIndex)) needless.push({ session: other.session, blockIndex })
    return needless
  }

  /** The bytes that came were not the block: it is missing again. */
  handleRefused(blockIndex: number, source: Source | undefined): void {
    if (source !== undefined) source.deliveredBytes -= blockBytes(this.sizeBytes, blockIndex)
    this.missing.add(blockIndex)
    this.makeFree(blockIndex)
  }

  /** Something came of it after all: what is left with it is not for others any more. */
  private trustAgain(source: Source): void {
    source.isDoubted = false
    for (const blockIndex of source.taken)
      if (this.free.delete(blockIndex)) this.freeIn[this.pieceOf(blockIndex)]!--
    this.handlePartners()
  }

  /** Nobody is asked for it, unless a second source is. */
  private release(blockIndex: number): void {
    if (!this.isTakenByOther(blockIndex, undefined)) this.makeFree(blockIndex)
  }

  private isTakenByOther(blockIndex: number, source: Source | undefined): boolean {
    for (const other of this.sources.values())
      if (other !== source && other.taken.has(blockIndex)) return true
    return false
  }

  private makeFree(blockIndex: number): void {
    if (!this.missing.has(blockIndex) || !this.free.add(blockIndex)) return
    this.freeIn[this.pieceOf(blockIndex)]!++
    this.changes++
  }

  // — Time —

  /** To be called every SOURCES_TICK_MS. Answers what sessions need not go on with. */
  tick(factsOf: (session: SessionId) => SessionFacts, nowMs: number): readonly Needless[] {
    const elapsedMs = Math.max(1, nowMs - this.tickedAtMs)
    this.tickedAtMs = nowMs
    for (const source of this.sources.values()) {
      source.srttMs = factsOf(source.session).srttMs
      source.measure(elapsedMs)
    }
    if (this.sources.size < 2) return []
    const needless: Needless[] = []
    for (const source of this.sources.values()) {
      const { silentSinceMs } = factsOf(source.session)
      if (
        silentSinceMs !== undefined &&
        nowMs - silentSinceMs > Math.max(SILENT_MS, SILENT_RTTS * source.srttMs)
      )
        this.doubt(source, needless)
    }
    const sources = [...this.sources.values()]
    judgePartners(sources, { freeBlocks: this.free.size, freeIn: this.freeIn })
    judgeTail(sources, this.free.size)
    if (this.free.size === 0) askAgain(sources, (blockIndex) => this.pieceOf(blockIndex))
    this.handlePartners()
    return needless
  }

  /** Its blocks are free, where somebody else can give them. One stays with it, to see whether it comes back. */
  private doubt(source: Source, needless: Needless[]): void {
    const isAlone = ![...this.sources.values()].some((other) => other !== source && !other.isDoubted)
    if (isAlone || source.taken.size === 0) return
    source.isDoubted = true
    source.again.length = 0
    const [oldest, ...others] = source.taken
    for (const blockIndex of others) {
      needless.push({ session: source.session, blockIndex })
      source.taken.delete(blockIndex)
      this.release(blockIndex)
    }
    if (!this.isTakenByOther(oldest!, source)) this.makeFree(oldest!)
  }
}
