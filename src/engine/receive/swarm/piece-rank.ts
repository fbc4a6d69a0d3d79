// Which piece of a file a source does best to go on with: the rank of each piece, by who owns it (rendezvous hashing over all
// partners) and by how many partners hold it. Used by PiecePicker.

import type { PeerId } from '../../../share/dots.js'
import { hashOfPeer, type Source } from './source.js'

/** Apart by more than there are pieces, and by less than makes numbers inexact. */
const CLASS_RANK = 1 << 20
/** Beyond the turns of as many partners as there can be. */
const HELD_RANK = 2 ** 40
const DRAWN_RANK = 2 ** 45

export class PieceRank {
  /** By piece: the rank that rendezvous hashing gives us; its place in an order that is our own; and see `countHolders`. */
  private readonly ownIn: Uint32Array
  private readonly orderIn: Uint32Array
  private readonly holdersIn: Uint16Array
  private readonly turnIn: Uint16Array
  private isCountDue = true
  /** Where to begin while it is not known whether others build the file too: not where all of them do. */
  private readonly firstPiece: number

  constructor(pieceCount: number, { self, isAlone }: { readonly self: PeerId; readonly isAlone: boolean }) {
    const ownHash = hashOfPeer(self)
    this.ownIn = Uint32Array.from({ length: pieceCount }, (_, piece) => mix(ownHash, piece))
    this.orderIn = this.ownIn.map((own) => own % CLASS_RANK)
    this.holdersIn = new Uint16Array(pieceCount)
    this.turnIn = new Uint16Array(pieceCount)
    this.firstPiece = isAlone ? 0 : this.ownIn[0]! % Math.max(1, pieceCount)
  }

  /** Partners came or went, hold other pieces, or are judged otherwise. */
  handlePartners(): void {
    this.isCountDue = true
  }

  /** The piece with free blocks that this source does best to go on with. */
  choose(source: Source, sources: readonly Source[], freeIn: Uint16Array): number | undefined {
    if (this.isCountDue) this.countHolders(sources)
    const drawn: number[] = []
    let partnerCount = 0
    let partnersBytesPerMs = 0
    for (const other of sources) {
      if (other === source) continue
      if (other.piece !== undefined) drawn.push(other.piece)
      if (other.isWhole || !other.isUsable) continue
      partnerCount++
      partnersBytesPerMs += other.bytesPerMs
    }
    // Pieces that partners hold need not come from a whole source, where partners are as fast.
    const isSpared = source.isWhole && partnersBytesPerMs > 0 && partnersBytesPerMs >= source.bytesPerMs
    const { holdersIn } = this
    let best: number | undefined
    let bestRank = Number.POSITIVE_INFINITY
    for (let piece = 0; piece < freeIn.length; piece++) {
      if (freeIn[piece] === 0 || (isSpared && holdersIn[piece]! > 0) || !source.pieces.has(piece)) continue
      let rank = partnerCount === 0 ? this.distanceOf(piece) : this.rank(source, piece)
      if (rank >= bestRank) continue
      // Pieces that another source is busy with come last.
      if (drawn.includes(piece)) rank += DRAWN_RANK
      if (rank >= bestRank) continue
      best = piece
      bestRank = rank
    }
    return best
  }

  /** From where we begin. A piece's number, seen from either end, keeps what one session reads in order. */
  private distanceOf(piece: number): number {
    const count = this.ownIn.length
    return (piece - this.firstPiece + count) % count
  }

  /** The lower the better. Of what a partner holds, the rarest first: whoever lacks it can have it from us then. (That the
   *  partner itself counts as a holder is the same for all its pieces.) */
  private rank(source: Source, piece: number): number {
    const holders = this.holdersIn[piece]!
    if (!source.isWhole) return holders * CLASS_RANK + this.orderIn[piece]!
    if (holders > 0) return HELD_RANK + holders * CLASS_RANK + this.orderIn[piece]!
    // An owner begins with its first pieces; a peer that is done with its own begins with the last ones of others.
    const turn = this.turnIn[piece]!
    return turn === 0 ? piece : (turn + 1) * CLASS_RANK - piece
  }

  /** Counts by piece how many partners hold it, and before how many it is not ours to take. Read for each piece
   *  that is done, and changes only with the partners. */
  private countHolders(sources: readonly Source[]): void {
    this.isCountDue = false
    const { holdersIn, turnIn, ownIn } = this
    holdersIn.fill(0)
    turnIn.fill(0)
    for (const { isWhole, isUsable, isBehind, pieces, hash } of sources) {
      if (isWhole || !isUsable) continue
      for (let piece = 0; piece < turnIn.length; piece++)
        if (mix(hash, piece) > ownIn[piece]!) turnIn[piece]!++
      if (isBehind) continue
      for (let piece = pieces.next(); piece !== undefined; piece = pieces.next(piece + 1)) holdersIn[piece]!++
    }
  }
}

/** A number that a peer and a piece have together and no other two: the finaliser of MurmurHash3. */
function mix(peer: number, piece: number): number {
  let hash = (peer ^ Math.imul(piece + 1, 0x9e37_79b1)) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
