// One file of several blocks on its way: first its list, then its blocks, from everybody who holds some of it. Says
// which of its pieces are here, so that they can be served while the others are still missing. Used by LargeFiles.

import { BlockSet } from '../../base/blockset.js'
import { blockBytes, type ItemRef } from '../../base/item.js'
import { pieceBlocks, pieceCount } from '../../base/pieces.js'
import type { Delivered, FetchId } from '../../pipe/messages.js'
import type { BlockSupply, SessionId } from '../../rdt/endpoint.js'
import type { PeerId } from '../../share/dots.js'
import { FILE_MAP_CELLS_MAX } from './limits.js'
import type { Prefetch } from './prefetch.js'
import { PeerAvailability } from './swarm/peer-availability.js'
import { PiecePicker, type PiecePickerOptions } from './swarm/piece-picker.js'
import type { Source } from './swarm/source.js'

/** A large file in flight, for the progress view. */
export interface FileInFlight {
  readonly path: string
  readonly sizeBytes: number
  doneBytes: number
}

/** Where each part of a file is, and who gives it. */
export interface FileMap {
  readonly path: string
  /** At most FILE_MAP_CELLS_MAX parts of the same size: `#` all was here already, `A` to `Z` all is here, last from that one of `sources`, `a`
   *  to `z` under way from it, `+` some is here, `.` none. */
  readonly cells: string
  /** Those that gave something or are asked, in the order in which they came. */
  readonly sources: readonly Delivered[]
}

export interface BuildingPlace {
  /** Of the temporary file. */
  readonly path: string
  /** Of the share, where it is to stand. */
  readonly target: string
}

/** A file that is being built: what of it can be served, and from where. */
export interface Building extends BuildingPlace {
  readonly sizeBytes: number
  readonly list: Uint8Array
  /** Whether the block is written, proved. */
  holds(blockIndex: number): boolean
}

export class LargeFetch {
  readonly progress: FileInFlight
  list: Uint8Array | undefined
  /** Weak sums of its blocks; undefined where the peer has none, or they have not come. */
  sums: Uint8Array | undefined
  awaitsSums = false
  /** Blocks pulled before the list is here; undefined where something of the file is here already. */
  prefetch: Prefetch | undefined
  /** Undefined until the keeper has prepared the temporary file. */
  building: FileBuilding | undefined
  /** Written and not told to the log. */
  readonly written: number[] = []
  writing = 0
  crossedBytes = 0
  savedBytes = 0
  finishing = false

  constructor(
    readonly fetch: FetchId,
    /** Whom the list is pulled from, and the blocks first. */
    readonly session: SessionId,
    readonly peer: PeerId,
    readonly file: ItemRef,
    path: string,
  ) {
    this.progress = { path, sizeBytes: file.sizeBytes, doneBytes: 0 }
  }

  /** How rdt knows what is asked of a source. */
  supplyOf(source: Source): BlockSupply {
    return this.prefetch?.isOf(source) === true ? this.prefetch : source
  }
}

export class FileBuilding implements Building {
  readonly path: string
  readonly target: string
  readonly sizeBytes: number
  readonly picker: PiecePicker
  readonly availability = new PeerAvailability()
  /** Pieces that are wholly written. */
  readonly pieces: BlockSet
  /** Since when nothing came while nobody was left who holds the whole file. */
  orphanedSinceMs: number | undefined
  private readonly unwritten: BlockSet
  private readonly unwrittenIn: Uint16Array
  private readonly pieceBlocks: number
  private readonly deliveredBytes = new Map<PeerId, number>()
  /** Those that have a letter in the picture of the file. */
  private readonly givers: PeerId[] = []
  /** By piece, one more than the letter of who gave of it last; 0 for nobody. */
  private readonly givenBy: Uint8Array

  constructor(
    { path, target }: BuildingPlace,
    readonly list: Uint8Array,
    options: PiecePickerOptions,
    nowMs: number,
  ) {
    const { sizeBytes, needed } = options
    this.path = path
    this.target = target
    this.sizeBytes = sizeBytes
    this.picker = new PiecePicker(options, nowMs)
    this.unwritten = new BlockSet(needed.blockCount, needed.toBytes())
    this.pieceBlocks = pieceBlocks(sizeBytes)
    this.unwrittenIn = new Uint16Array(pieceCount(sizeBytes))
    this.givenBy = new Uint8Array(this.unwrittenIn.length)
    for (const blockIndex of needed) this.unwrittenIn[this.pieceOf(blockIndex)]!++
    this.pieces = new BlockSet(this.unwrittenIn.length)
    for (let piece = 0; piece < this.unwrittenIn.length; piece++)
      if (this.unwrittenIn[piece] === 0) this.pieces.add(piece)
  }

  holds(blockIndex: number): boolean {
    return blockIndex < this.unwritten.blockCount && !this.unwritten.has(blockIndex)
  }

  /** `peer` gave it; undefined where it was here. Answers whether it was not written before. */
  handleWritten(blockIndex: number, peer?: PeerId): boolean {
    if (!this.unwritten.delete(blockIndex)) return false
    const piece = this.pieceOf(blockIndex)
    if (peer !== undefined) this.givenBy[piece] = this.letterOf(peer) + 1
    this.unwrittenIn[piece]!--
    if (this.unwrittenIn[piece] === 0) this.pieces.add(piece)
    return true
  }

  /** Keeps the count of bytes that a former source gave. */
  countDelivered({ peer, deliveredBytes }: Source): void {
    addTo(this.deliveredBytes, peer, deliveredBytes)
  }

  /** Bytes by peer, most first. */
  delivered(): Delivered[] {
    const total = new Map(this.deliveredBytes)
    for (const { peer, deliveredBytes } of this.picker.all()) addTo(total, peer, deliveredBytes)
    return [...total]
      .map(([peer, bytes]) => ({ peer, bytes }))
      .sort((left, right) => right.bytes - left.bytes)
  }

  /** A picture of the file for a person. */
  map(): Omit<FileMap, 'path'> {
    const delivered = new Map(this.delivered().map(({ peer, bytes }) => [peer, bytes]))
    for (const { peer } of this.picker.all()) this.letterOf(peer)
    const count = Math.min(FILE_MAP_CELLS_MAX, this.unwrittenIn.length)
    const cellOf = (piece: number) => Math.floor((piece * count) / this.unwrittenIn.length)
    const cells = new Array<string | undefined>(count)
    for (let piece = 0; piece < this.unwrittenIn.length; piece++) {
      const cell = cellOf(piece)
      cells[cell] = together(cells[cell], this.standingOf(piece))
    }
    for (const { peer, taken } of this.picker.all())
      for (const blockIndex of taken) cells[cellOf(this.pieceOf(blockIndex))] = LETTERS[this.letterOf(peer)]
    const sources = this.givers.map((peer) => ({ peer, bytes: delivered.get(peer) ?? 0 }))
    return { cells: cells.join(''), sources }
  }

  /** `#` or the letter of who gave it last, where all of it is here. */
  private standingOf(piece: number): string {
    const unwritten = this.unwrittenIn[piece]!
    if (unwritten === 0)
      return this.givenBy[piece] === 0 ? '#' : LETTERS[this.givenBy[piece]! - 1]!.toUpperCase()
    const blocks = Math.min(this.pieceBlocks, this.unwritten.blockCount - piece * this.pieceBlocks)
    return unwritten === blocks ? '.' : '+'
  }

  /** The index of its letter. Those that come when all letters are given share the last one. */
  private letterOf(peer: PeerId): number {
    const known = this.givers.indexOf(peer)
    if (known >= 0) return known
    if (this.givers.length === LETTERS.length) return LETTERS.length - 1
    return this.givers.push(peer) - 1
  }

  private pieceOf(blockIndex: number): number {
    return Math.floor(blockIndex / this.pieceBlocks)
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** Of two parts that share a cell: whole ones stay whole, whoever gave them. */
function together(before: string | undefined, here: string): string {
  if (before === undefined || before === here) return here
  return isWhole(before) && isWhole(here) ? here : '+'
}

function isWhole(cell: string): boolean {
  return cell !== '.' && cell !== '+'
}

function addTo(bytesOf: Map<PeerId, number>, peer: PeerId, bytes: number): void {
  if (bytes > 0) bytesOf.set(peer, (bytesOf.get(peer) ?? 0) + bytes)
}

/** Bytes of blocks of a file that are not among `needed`. */
export function hereBytes(sizeBytes: number, needed: BlockSet): number {
  let bytes = sizeBytes
  for (const blockIndex of needed) bytes -= blockBytes(sizeBytes, blockIndex)
  return bytes
}
