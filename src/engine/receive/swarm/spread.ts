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
import { BLOCK_BYTES } from '../../../base/limits.js'
import { pieceBlocks, pieceCount } from '../../../base/pieces.js'
import type { BlockSupply, SessionId } from '../../../rdt/endpoint.js'
import type { PeerId } from '../../../share/version.js'
import { SPREAD_TICK_MS } from '../limits.js'
import {
  AGAIN_BLOCKS_MAX,
  AGAIN_FACTOR,
  BEHIND_FACTOR,
  BEHIND_MS,
  SILENT_MS,
  SILENT_RTTS,
  SOURCE_RATE_WEIGHT,
  TAIL_BLOCKS,
} from './limits.js'

/** How a session does, as rdt measures it. */
export interface SessionFacts {
  readonly srttMs: number
  /** Since when nothing has come of what was asked for; undefined where nothing is outstanding. */
  readonly silentSinceMs: number | undefined
}

/** A block that a session need not go on with. */
export interface Needless {
  readonly session: SessionId
  readonly blockIndex: number
}

/** One peer that holds the file, or is building it. */
export class Source implements BlockSupply {
  /** Blocks asked of it, the oldest first. */
  readonly taken = new Set<number>()
  /** Blocks that it is to take although another has: those are expected later. */
  readonly again: number[] = []
  /** Whose blocks it goes on with. */
  piece: number | undefined
  /** It was found to have nothing to take, and no change since could have given it something. */
  idleSinceChange = -1
  /** Nothing came of it for too long: one block at a time until something does. */
  isDoubted = false
  /** What is left comes sooner from others. */
  isTooSlow = false
  /** What it alone holds of the missing ones would come long after the rest: it does not spare the whole sources. */
  isBehind = false
  /** Blocks of it that were not what the file has there. */
  wrongCount = 0
  deliveredBytes = 0
  /** Measured while blocks were asked of it; 0 until then. */
  bytesPerMs = 0
  srttMs = 0
  countedBytes = 0
  wasBusy = false
  readonly hash: number

  constructor(
    private readonly spread: Spread,
    readonly session: SessionId,
    readonly peer: PeerId,
    /** The pieces that it holds. */
    public pieces: BlockSet,
  ) {
    this.hash = hashOfPeer(peer)
  }

  get isWhole(): boolean {
    return this.pieces.size === this.pieces.blockCount
  }

  get isUsable(): boolean {
    return !this.isDoubted && !this.isTooSlow
  }

  get hasNext(): boolean {
    return this.spread.nextOf(this) !== undefined
  }

  take(): number {
    return this.spread.take(this)
  }

  giveBack(blockIndex: number): void {
    this.spread.giveBack(this, blockIndex)
  }

  /** When a block that `ahead` others come before would be here, from now. */
  expectedMs(ahead: number): number {
    return this.srttMs + ((ahead + 1) * BLOCK_BYTES) / this.bytesPerMs
  }
}

export interface SpreadOptions {
  readonly sizeBytes: number
  /** Blocks that are to come. */
  readonly needed: BlockSet
  readonly self: PeerId
  /** There is one peer and no other that might build it too. */
  readonly isAlone: boolean
}

export class Spread {
  /** Blocks that have not arrived. */
  readonly missing: BlockSet
  private readonly sizeBytes: number
  private readonly sources = new Map<SessionId, Source>()
  private readonly pieceBlocks: number
  /** Of the missing ones, those that nobody was asked for. */
  private readonly free: BlockSet
  private readonly freeIn: Uint16Array
  /** Of each piece, what rendezvous hashing gives us; its place in an order that is our own; and see `countHolders`. */
  private readonly ownIn: Uint32Array
  private readonly orderIn: Uint32Array
  private readonly holdersIn: Uint16Array
  private readonly turnIn: Uint16Array
  private isCountDue = true
  /** Where to begin while it is not known whether others build the file too: not where all of them do. */
  private readonly firstPiece: number
  /** Counts whatever may give a source something to take. */
  private changes = 0
  private tickedAtMs: number

  constructor(options: SpreadOptions, nowMs: number) {
    const { sizeBytes, needed, self, isAlone } = options
    this.sizeBytes = sizeBytes
    this.missing = needed
    this.free = new BlockSet(needed.blockCount, needed.toBytes())
    this.pieceBlocks = pieceBlocks(sizeBytes)
    const count = pieceCount(sizeBytes)
    this.freeIn = new Uint16Array(count)
    const ownHash = hashOfPeer(self)
    this.ownIn = Uint32Array.from({ length: count }, (_, piece) => mix(ownHash, piece))
    this.orderIn = this.ownIn.map((own) => own % CLASS_RANK)
    this.holdersIn = new Uint16Array(count)
    this.turnIn = new Uint16Array(count)
    for (const blockIndex of needed) this.freeIn[this.pieceOf(blockIndex)]!++
    this.firstPiece = isAlone ? 0 : this.ownIn[0]! % Math.max(1, count)
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

  /** Who they are, what they hold or what is to be thought of them has changed. */
  private handlePartners(): void {
    this.isCountDue = true
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
    if (source.piece === undefined || this.freeIn[source.piece] === 0) source.piece = this.choose(source)
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

  /** A block that this source was asked for before there was a spread. Answers false where it is not missing. */
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
    this.missing.delete(blockIndex)
    if (this.free.delete(blockIndex)) this.freeIn[this.pieceOf(blockIndex)]!--
    if (this.sources.size === 1) return []
    const needless: Needless[] = []
    for (const other of this.sources.values())
      if (other.taken.delete(blockIndex)) needless.push({ session: other.session, blockIndex })
    return needless
  }

  /** What came of it was not the block: it is missing again. */
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

  // — Which piece —

  /** The piece with free blocks that this source does best to go on with. */
  private choose(source: Source): number | undefined {
    if (this.isCountDue) this.countHolders()
    const drawn: number[] = []
    let partnerCount = 0
    let partnersBytesPerMs = 0
    for (const other of this.sources.values()) {
      if (other === source) continue
      if (other.piece !== undefined) drawn.push(other.piece)
      if (other.isWhole || !other.isUsable) continue
      partnerCount++
      partnersBytesPerMs += other.bytesPerMs
    }
    // What partners hold need not come from a whole source, where they are as fast.
    const isSpared = source.isWhole && partnersBytesPerMs > 0 && partnersBytesPerMs >= source.bytesPerMs
    const { freeIn, holdersIn } = this
    let best: number | undefined
    let bestRank = Number.POSITIVE_INFINITY
    for (let piece = 0; piece < freeIn.length; piece++) {
      if (freeIn[piece] === 0 || (isSpared && holdersIn[piece]! > 0) || !source.pieces.has(piece)) continue
      let rank = partnerCount === 0 ? this.distanceOf(piece) : this.rank(source, piece)
      if (rank >= bestRank) continue
      // What another source is busy with comes last.
      if (drawn.includes(piece)) rank += DRAWN_RANK
      if (rank >= bestRank) continue
      best = piece
      bestRank = rank
    }
    return best
  }

  /** From where we begin. A piece's number, seen from either end, keeps what one session reads in order. */
  private distanceOf(piece: number): number {
    const count = this.freeIn.length
    return (piece - this.firstPiece + count) % count
  }

  /** The lower the better. Of what a partner holds, the rarest first: whoever lacks it can have it from us then. (That the
   *  partner itself counts as a holder is the same for all its pieces.) */
  private rank(source: Source, piece: number): number {
    const holders = this.holdersIn[piece]!
    if (!source.isWhole) return holders * CLASS_RANK + this.orderIn[piece]!
    if (holders > 0) return HELD_RANK + holders * CLASS_RANK + this.orderIn[piece]!
    // Who owns a piece begins with its first ones: who has done with his own begins with the last ones of others.
    const turn = this.turnIn[piece]!
    return turn === 0 ? piece : (turn + 1) * CLASS_RANK - piece
  }

  /** Of each piece, how many partners hold it, and before how many it is not ours to take. It is looked at for each piece
   *  that is done, and changes only with the partners. */
  private countHolders(): void {
    this.isCountDue = false
    const { holdersIn, turnIn, ownIn } = this
    holdersIn.fill(0)
    turnIn.fill(0)
    for (const { isWhole, isUsable, isBehind, pieces, hash } of this.sources.values()) {
      if (isWhole || !isUsable) continue
      for (let piece = 0; piece < turnIn.length; piece++)
        if (mix(hash, piece) > ownIn[piece]!) turnIn[piece]!++
      if (isBehind) continue
      for (let piece = pieces.next(); piece !== undefined; piece = pieces.next(piece + 1)) holdersIn[piece]!++
    }
  }

  // — Time —

  /** To be called every SPREAD_TICK_MS. Answers what sessions need not go on with. */
  tick(factsOf: (session: SessionId) => SessionFacts, nowMs: number): readonly Needless[] {
    const elapsedMs = Math.max(1, nowMs - this.tickedAtMs)
    this.tickedAtMs = nowMs
    for (const source of this.sources.values()) {
      source.srttMs = factsOf(source.session).srttMs
      measure(source, elapsedMs)
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
    this.judgePartners()
    this.judgeTail()
    if (this.free.size === 0) this.askAgain()
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

  /** A partner that gives less than it keeps to itself holds up nobody: what only it has comes from a whole source. */
  private judgePartners(): void {
    let allBytesPerMs = 0
    for (const { bytesPerMs, isDoubted } of this.sources.values()) if (!isDoubted) allBytesPerMs += bytesPerMs
    const allMs = (this.free.size * BLOCK_BYTES) / allBytesPerMs
    const aloneBlocks = this.countAlone()
    for (const source of this.sources.values()) {
      const aloneMs = ((aloneBlocks.get(source) ?? 0) * BLOCK_BYTES) / source.bytesPerMs
      source.isBehind = source.bytesPerMs > 0 && aloneMs > BEHIND_FACTOR * allMs + BEHIND_MS
    }
  }

  /** Free blocks that one partner holds and no other. */
  private countAlone(): Map<Source, number> {
    const aloneBlocks = new Map<Source, number>()
    const partners = [...this.sources.values()].filter(({ isWhole, isUsable }) => !isWhole && isUsable)
    for (const partner of partners) aloneBlocks.set(partner, this.countAloneAt(partner, partners))
    return aloneBlocks
  }

  private countAloneAt(partner: Source, partners: readonly Source[]): number {
    const { freeIn } = this
    const { pieces } = partner
    let blocks = 0
    for (let piece = pieces.next(); piece !== undefined; piece = pieces.next(piece + 1)) {
      if (freeIn[piece]! > 0 && !partners.some((other) => other !== partner && other.pieces.has(piece!)))
        blocks += freeIn[piece]!
    }
    return blocks
  }

  /** Towards the end, a source that would deliver a block later than the others all that is left takes no more. */
  private judgeTail(): void {
    for (const source of this.sources.values()) {
      source.isTooSlow = false
      if (this.free.size > TAIL_BLOCKS || source.bytesPerMs === 0) continue
      let othersBytesPerMs = 0
      let isWholeElsewhere = false
      for (const other of this.sources.values()) {
        if (other === source || other.isDoubted) continue
        othersBytesPerMs += other.bytesPerMs
        isWholeElsewhere ||= other.isWhole && other.bytesPerMs > source.bytesPerMs
      }
      const elsewhereMs = (this.free.size * BLOCK_BYTES) / othersBytesPerMs
      source.isTooSlow =
        isWholeElsewhere && source.expectedMs(source.taken.size) > AGAIN_FACTOR * elsewhereMs + SPREAD_TICK_MS
    }
  }

  /** Everything is asked for. What is expected late from one source is asked of another that would have it sooner. */
  private askAgain(): void {
    let roomBlocks = AGAIN_BLOCKS_MAX
    for (const source of this.sources.values()) roomBlocks -= source.again.length
    for (const source of this.sources.values()) {
      if (!source.isUsable || source.bytesPerMs === 0) continue
      for (const slow of this.sources.values()) {
        if (slow === source || (slow.bytesPerMs === 0 && !slow.isDoubted)) continue
        let ahead = slow.taken.size
        for (const blockIndex of [...slow.taken].reverse()) {
          ahead--
          const hereMs = source.expectedMs(source.taken.size + source.again.length)
          const thereMs = slow.isDoubted ? Number.POSITIVE_INFINITY : slow.expectedMs(ahead)
          if (roomBlocks <= 0 || thereMs <= AGAIN_FACTOR * hereMs + SPREAD_TICK_MS) break
          if (!source.pieces.has(this.pieceOf(blockIndex)) || this.isAskedTwice(blockIndex)) continue
          source.again.push(blockIndex)
          roomBlocks--
        }
      }
    }
  }

  private isAskedTwice(blockIndex: number): boolean {
    let count = 0
    for (const { taken, again } of this.sources.values())
      if (taken.has(blockIndex) || again.includes(blockIndex)) count++
    return count > 1
  }
}

/** Apart by more than there are pieces, and by less than makes numbers inexact. */
const CLASS_RANK = 1 << 20
/** Beyond the turns of as many partners as there can be. */
const HELD_RANK = 2 ** 40
const DRAWN_RANK = 2 ** 45

/** A time in which nothing was asked of it says nothing. */
function measure(source: Source, elapsedMs: number): void {
  const bytes = Math.max(0, source.deliveredBytes - source.countedBytes)
  source.countedBytes = source.deliveredBytes
  const isBusy = source.taken.size > 0
  const counts = bytes > 0 || (isBusy && source.wasBusy)
  source.wasBusy = isBusy
  if (!counts) return
  const newest = bytes / elapsedMs
  source.bytesPerMs =
    source.bytesPerMs === 0 ? newest : source.bytesPerMs + SOURCE_RATE_WEIGHT * (newest - source.bytesPerMs)
}

function hashOfPeer(peer: PeerId): number {
  return Number.parseInt(peer.slice(0, 8), 16) >>> 0
}

/** A number that a peer and a piece have together and no other two: the finaliser of MurmurHash3. */
function mix(peer: number, piece: number): number {
  let hash = (peer ^ Math.imul(piece + 1, 0x9e37_79b1)) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
