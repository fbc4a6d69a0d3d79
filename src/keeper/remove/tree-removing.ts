// A folder that a peer deleted goes into the trash by one rename, with all that is in it, where all of it is deleted alike and stands
// as the catalogue says. Whatever is not exactly so is removed one by one (removing.ts). The intake finds the folder.
//
//     plan: all below is as the catalogue says, and to be deleted ─▶ log, once ─▶ rename ─▶ look again ─▶ record
//                                                                                             └─ changed ─▶ back

import { type Disk, DiskError, type FileStat } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import type { Entry } from '../../share/entry.js'
import { joinPath, nameOf, parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { announce } from '../place/announcing.js'
import { decideHere } from '../place/deciding.js'
import type { Scanner } from '../scan/scanner.js'
import type { Trash } from '../trash/trash.js'
import { isSame } from './seen.js'

/** One thing that goes with the folder. */
export interface RemovedPart {
  readonly local: Entry
  readonly deletion: Entry
  readonly stat: FileStat
}

export type TreePlan =
  | { readonly type: 'whole'; readonly parts: readonly RemovedPart[] }
  /** Not all of it goes, because of what is at this path. */
  | { readonly type: 'partial'; readonly path: string }

/** The deletion of a path that is to be carried out with others, if it is. */
export type DeletionAt = (path: string) => Entry | undefined

export interface TreeRemovingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly scanner: Scanner
  readonly trash: Trash
}

export class TreeRemoving {
  private readonly options: TreeRemovingOptions

  constructor(options: TreeRemovingOptions) {
    this.options = options
  }

  /** All that one rename of the folder into the trash takes, folders before what is in them. Throws a DiskError. */
  plan(folder: string, deletionAt: DeletionAt): TreePlan {
    if (!this.options.trash.isKept || this.isBehindLink(folder)) return { type: 'partial', path: folder }
    const parts: RemovedPart[] = []
    const path = this.add(parts, folder, deletionAt)
    return path === undefined ? { type: 'whole', parts } : { type: 'partial', path }
  }

  /** Answers false where something in the folder was changed in the moment before it was renamed: then nothing was removed. Throws a
   *  DiskError, and the same is true then. */
  carryOut(parts: readonly RemovedPart[]): boolean {
    const { catalogue, scanner, trash } = this.options
    const { path } = parts[0]!.deletion
    announce(
      this.options,
      parts.map(({ deletion, local }) => ({ kind: 'placing', entry: deletion, replaces: local.digest })),
    )
    try {
      const place = trash.take(path)
      if (!this.isAsPlanned(parts, place)) {
        trash.giveFolderBack(place, path)
        this.withdraw(parts)
        return false
      }
    } catch (error) {
      this.withdraw(parts)
      throw error
    }
    for (const { deletion, local } of parts) {
      catalogue.record(deletion, undefined)
      scanner.handleRemoved(deletion.path, local.kind === 'folder')
    }
    return true
  }

  /** Answers the path that keeps the whole from going, the thing itself or something below it. */
  private add(parts: RemovedPart[], path: string, deletionAt: DeletionAt): string | undefined {
    const { disk, catalogue, scanner } = this.options
    const local = catalogue.live(path)
    const wanted = deletionAt(path)
    if (local === undefined || wanted === undefined || catalogue.isHidden(path)) return path
    const seen = scanner.compare(path)
    // A followed link stands for what is not in this folder.
    if (seen.type !== 'same' || seen.own.kind !== local.kind) return path
    const decision = decideHere(catalogue, wanted)
    if (decision.type !== 'remove') return path
    parts.push({ local, deletion: decision.entry, stat: seen.own })
    if (local.kind !== 'folder') return undefined
    const names = new Set(disk.list(path).names)
    for (const child of catalogue.manifest.children(path)) {
      if (child.kind === 'tombstone') continue
      if (!names.delete(nameOf(child.path))) return child.path
      const fault = this.add(parts, child.path, deletionAt)
      if (fault !== undefined) return fault
    }
    // Things that nobody has told of would go with the folder.
    for (const name of names) return joinPath(path, name)
    return undefined
  }

  /** A folder that is seen through a followed link is not ours to rename. */
  private isBehindLink(path: string): boolean {
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder))
      if (this.options.disk.statLink(folder)?.kind !== 'folder') return true
    return false
  }

  /** Whether the trash has exactly what was looked at, and nothing that came into a folder since. */
  private isAsPlanned(parts: readonly RemovedPart[], place: string): boolean {
    const { disk } = this.options
    const [{ deletion }] = parts as [RemovedPart]
    let names = 1
    for (const { deletion: each, local, stat } of parts) {
      const now = `${place}${each.path.slice(deletion.path.length)}`
      if (local.kind === 'folder') names += disk.list(now).names.length
      if (local.kind === 'folder' ? disk.statLink(now)?.kind !== 'folder' : !isSame(stat, disk.statLink(now)))
        return false
    }
    return names === parts.length
  }

  private withdraw(parts: readonly RemovedPart[]): void {
    try {
      this.options.journal.append(parts.map(({ deletion }) => ({ kind: 'unplaced', path: deletion.path })))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }
}
