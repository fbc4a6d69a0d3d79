// Carries out what a peer tells in one line: a folder of ours takes another path, with all that is in it. It does so only where all of
// that is known, held and at rest here as it was there, and nothing else is to become of it. Otherwise what the line stands for is found
// by a walk over the peer's tree, path by path. The intake owns it.

import { type Disk, DiskError } from '../../base/ports.js'
import type { Direction } from '../../pipe/settings.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import {
  type MovedTree,
  movedTree,
  stateOfPlaces,
  type TreeMove,
  thingsToMove,
} from '../../share/tree-move.js'
import { type Breaker, PEERS } from '../breaker/breaker.js'
import type { Catalogue } from '../index/catalogue.js'
import type { TreeMoving } from '../place/tree-moving.js'
import type { Scanner } from '../scan/scanner.js'
import { standsAs } from '../scan/standing-tree.js'
import type { Wants } from './wants.js'

export interface ToldMovesOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly breaker: Breaker
  readonly direction: Direction
  readonly wants: Wants
  readonly treeMoving: TreeMoving
  /** Makes what was placed before survive a kill. Answers false where the disk is too full for it. */
  readonly commit: (nowMs: number) => boolean
}

/** Whether an entry of a peer is not taken at all. */
export type Refuses = (entry: Entry) => boolean

export class ToldMoves {
  private readonly options: ToldMovesOptions

  constructor(options: ToldMovesOptions) {
    this.options = options
  }

  /** Answers what was done, undefined where nothing was. */
  carryOut(move: TreeMove, peer: string, refuses: Refuses, nowMs: number): MovedTree | undefined {
    try {
      const moved = this.isFree(move, peer) ? this.derived(move, refuses) : undefined
      // Records of the log about things in the folder are over by then.
      if (moved === undefined || !this.options.commit(nowMs)) return undefined
      this.options.treeMoving.carryOutTold(moved)
      return moved
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return undefined
    }
  }

  /** Whether nothing else is to become of what is at both places. */
  private isFree({ from, to, author }: TreeMove, peer: string): boolean {
    const { breaker, wants, direction } = this.options
    if (direction === 'send-only') return false
    if (breaker.isOn && [peer, author, PEERS].some((origin) => breaker.isTripped(origin))) return false
    const isInside = (path: string) => `${path}/`.startsWith(`${from}/`) || `${path}/`.startsWith(`${to}/`)
    for (const { remote } of wants.all()) if (isInside(remote.path)) return false
    return true
  }

  private derived(move: TreeMove, refuses: Refuses): MovedTree | undefined {
    const { disk, catalogue, scanner } = this.options
    const { manifest } = catalogue
    const { from, to } = move
    if (thingsToMove(manifest, from, to) !== move.things) return undefined
    if (stateOfPlaces(manifest, from, to) !== move.state || !this.isRoomAt(to)) return undefined
    const moved = movedTree(manifest, move)
    if (moved === undefined || scanner.leavesOutSome(moved)) return undefined
    if (moved.parts.some(({ creation }) => refuses(creation))) return undefined
    return standsAs({ disk, catalogue, from, at: from }) ? moved : undefined
  }

  /** Whether nothing is at the path, nor a name that this disk takes for the same, in a folder of this share. */
  private isRoomAt(to: string): boolean {
    const { disk, catalogue, scanner } = this.options
    const parent = parentOf(to)
    if (parent !== '' && (catalogue.live(parent)?.kind !== 'folder' || scanner.isUnshared(parent)))
      return false
    return (
      disk.statLink(to) === undefined && disk.statLink(parent)?.kind === 'folder' && !scanner.isUnshared(to)
    )
  }
}
