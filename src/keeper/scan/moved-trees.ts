// Finds folders that were moved with all that is in them, so that they need not be looked at path by path, nor told so: a new folder
// in which the first file of a missing one stands, at the same place and with the same inode. The new one is left alone until the
// other has been missing for as long as any path. By then exactly what was known must stand there, or all goes on as if this were not here.
// The scanner asks it.
//
//     missing ──┐ its first file is there                     missing for SETTLE_MS, and all stands there
//               ├────────────────────────▶ awaited at a place ───────────────────────────────────────────▶ catalogue
//     came ─────┘                                 │ not so
//       └─ nothing of it is missing ──────────────┴─▶ looked at like any other

import { earliest } from '../../base/earliest.js'
import { type Disk, DiskError, type FileStat } from '../../base/ports.js'
import { sameMode } from '../../share/edit.js'
import { parentOf } from '../../share/path.js'
import { type MovedTree, movedTree, stateOfPlaces, thingsToMove } from '../../share/tree-move.js'
import { type Breaker, OWN } from '../breaker/breaker.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { SETTLE_MS } from '../limits.js'
import type { Absence } from './absence.js'
import type { Ignoring } from './ignoring.js'
import { CAME_MAX } from './limits.js'
import type { Sighting } from './sight.js'
import { standsAs } from './standing-tree.js'

export interface MovedTreesOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly edits: OwnEdits
  readonly breaker: Breaker
  readonly sighting: Sighting
  readonly absence: Absence
  readonly ignoring: Ignoring
  readonly wallMs: () => number
  readonly onFolder: (path: string, present: boolean) => void
  /** Nothing that is found gets a version. */
  readonly isReceiveOnly: boolean
}

interface FirstFile {
  /** From its folder on. */
  readonly path: string
  readonly inode: number
}

export class MovedTrees {
  private readonly options: MovedTreesOptions
  /** Folders that are missing, with a file that each had. */
  private readonly missing = new Map<string, FirstFile>()
  /** Where missing folders seem to be, by the path that they had. */
  private readonly places = new Map<string, string>()
  /** New folders that were renamed just now, and until when it is waited for one that is missing for that. */
  private readonly came = new Map<string, number>()
  /** Folders that came and for which none was missing: looked at like any other now, with all that is in them. */
  private readonly released = new Set<string>()
  /** A share that is read for the first time misses nothing. */
  private mayMiss: boolean

  constructor(options: MovedTreesOptions) {
    this.options = options
    this.mayMiss = options.catalogue.manifest.folderCount > 0
  }

  /** Nothing is at the path any more, where the catalogue knows something. */
  handleMissing(path: string): void {
    const { catalogue } = this.options
    if (this.options.isReceiveOnly) return
    if (this.missing.has(path) || catalogue.live(path)?.kind !== 'folder') return
    const first = this.firstFile(path, path)
    if (first === undefined) return
    this.missing.set(path, first)
    for (const place of this.came.keys()) if (this.isAwaited(place)) this.came.delete(place)
  }

  /** Something stands at the path, or what was there is recorded. Answers where it seemed to be, which is to be looked at. */
  handleRecorded(path: string): string | undefined {
    const place = this.places.get(path)
    this.missing.delete(path)
    this.places.delete(path)
    return place
  }

  /** Nothing is missing any more. */
  handleIdle(): void {
    this.missing.clear()
    this.places.clear()
    this.released.clear()
    this.mayMiss = true
  }

  /** A folder stands at the path, of which nothing is known. Answers whether it is left alone for now: a missing one seems to be
   *  there, or may yet turn out to be missing. */
  isLeftAlone(path: string, stat: FileStat, nowMs: number): boolean {
    if (this.isAwaited(path)) return true
    if (
      !this.mayMiss ||
      this.options.isReceiveOnly ||
      !wasRenamed(stat) ||
      this.came.size >= CAME_MAX ||
      this.isReleased(path)
    )
      return false
    this.came.set(path, nowMs + SETTLE_MS)
    return true
  }

  /** Whether the path is in a folder that is left alone. */
  covers(path: string): boolean {
    const isIn = (folder: string) => path.startsWith(`${folder}/`)
    for (const folder of this.came.keys()) if (isIn(folder)) return true
    for (const folder of this.places.values()) if (isIn(folder)) return true
    return false
  }

  /** How many folders are left alone that may yet be one that is missing. */
  get size(): number {
    return this.came.size
  }

  pollTimeout(): number | undefined {
    return earliest(...this.came.values())
  }

  /** Takes the folders for which none is missing by now: they are to be looked at. */
  takeDue(nowMs: number): readonly string[] {
    const due: string[] = []
    for (const [path, untilMs] of this.came) {
      if (nowMs < untilMs) continue
      this.came.delete(path)
      this.released.add(path)
      due.push(path)
    }
    return due
  }

  private isReleased(path: string): boolean {
    for (let folder = path; folder !== ''; folder = parentOf(folder))
      if (this.released.has(folder)) return true
    return false
  }

  private isAwaited(path: string): boolean {
    const { disk } = this.options
    for (const [from, first] of this.missing) {
      if (disk.statLink(`${path}${first.path}`)?.inode !== first.inode) continue
      this.places.set(from, path)
      return true
    }
    return false
  }

  /** Where a folder seems to be that is missing at the path. */
  placeOf(path: string): string | undefined {
    return this.places.get(path)
  }

  /** The folder has been missing for long enough. Records that it was moved, or answers undefined: then it is gone like any other. */
  take(from: string): MovedTree | undefined {
    const to = this.handleRecorded(from)
    try {
      const moved = to !== undefined && this.isMove(from, to) ? this.found(from, to) : undefined
      if (moved !== undefined) this.record(moved)
      return moved
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return undefined
    }
  }

  private found(from: string, to: string): MovedTree | undefined {
    const { catalogue, edits, wallMs } = this.options
    const { manifest } = catalogue
    const things = thingsToMove(manifest, from, to)
    if (things === undefined || !this.stands(from, to)) return undefined
    const [first, timeMs] = [edits.nextCounts(2 * things), Math.round(wallMs())]
    const state = stateOfPlaces(manifest, from, to)
    const { author } = edits
    const moved = movedTree(manifest, { kind: 'tree-move', from, to, author, first, timeMs, state, things })
    if (moved === undefined || this.leavesOutSome(moved)) return undefined
    return this.areLinks(moved) && this.showModes(moved) ? moved : undefined
  }

  /** Before the index says that it is elsewhere, the disk must: a loss of power that brought it back would make it an edit. */
  private record(moved: MovedTree): void {
    const { disk, catalogue } = this.options
    for (const path of [moved.move.from, moved.move.to]) disk.syncFolder(parentOf(path))
    catalogue.recordMove(moved)
  }

  /** Whether rules leave something out at its new path. */
  leavesOutSome({ parts }: MovedTree): boolean {
    const { ignoring } = this.options
    return !ignoring.isEmpty && parts.some(({ creation }) => ignoring.leavesOut(creation))
  }

  private isMove(from: string, to: string): boolean {
    const { breaker, absence, sighting } = this.options
    if (breaker.isOn && breaker.isTripped(OWN)) return false
    if (sighting.at(from).type !== 'nothing' || absence.doubtAt(from) !== undefined) return false
    const parent = parentOf(to)
    return sighting.at(to).type === 'folder' && (parent === '' || sighting.at(parent).type === 'folder')
  }

  /** The watch of a folder is for its old path, and only then for the new one: a disk may take the two for one. */
  private stands(from: string, to: string): boolean {
    const { disk, catalogue, onFolder } = this.options
    onFolder(from, false)
    for (const { kind, path } of catalogue.manifest.below(from)) if (kind === 'folder') onFolder(path, false)
    return standsAs({ disk, catalogue, from, at: to, onFolder: (path) => onFolder(path, true) })
  }

  /** A link may lead elsewhere from its new path, and is perhaps followed there. */
  private areLinks({ parts }: MovedTree): boolean {
    const { sighting } = this.options
    return parts.every(({ creation: { kind, path, target } }) => {
      const sight = kind === 'link' ? sighting.at(path) : undefined
      return sight === undefined || (sight.type === 'link' && sight.target === target)
    })
  }

  /** Whether the disk shows the modes that the entries have. What a umask takes from a new thing is its mode, and nobody opens it to
   *  more elsewhere. */
  private showModes({ parts }: MovedTree): boolean {
    const { catalogue } = this.options
    return parts.every(({ before }) => {
      const seen = before.kind === 'link' ? undefined : catalogue.mode(before.path)
      return seen === undefined || seen.access === 'none' || sameMode(seen, before)
    })
  }

  private firstFile(folder: string, top: string): FirstFile | undefined {
    const { catalogue } = this.options
    for (const { path, kind } of catalogue.manifest.children(folder)) {
      const inode = kind === 'file' ? catalogue.signature(path)?.inode : undefined
      if (inode !== undefined) return { path: path.slice(top.length), inode }
      const below = kind === 'folder' ? this.firstFile(path, top) : undefined
      if (below !== undefined) return below
    }
    return undefined
  }
}

/** Its own times tell: whatever is made in a folder changes both. */
function wasRenamed({ ctimeMs, mtimeMs }: FileStat): boolean {
  return ctimeMs > mtimeMs
}
