// A folder of the share takes another path by one rename, with all that is in it, where a peer moved all of it alike. The plan is
// data: pairs of a creation and a deletion. Whatever is not exactly so is moved one by one (moving.ts). The intake finds the pairs.
//
//     plan: everything below is as the catalogue says, and wanted alike at the new path ─▶ log, once ─▶ rename ─▶ record

import type { Disk } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import { mtimeOf, sameContent, sameMode } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import { isOwnPath, joinPath, nameOf, parentOf } from '../../share/path.js'
import { encodeTreeMove, type MovedPart, type MovedTree } from '../../share/tree-move.js'
import type { Catalogue } from '../index/catalogue.js'
import type { Scanner } from '../scan/scanner.js'
import { announce } from './announcing.js'
import { decideHere } from './deciding.js'

/** Looks up the entry that a peer has at a path, where that is wanted. */
export type WantedAt = (path: string) => Entry | undefined

export interface TreeMovingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly scanner: Scanner
}

export class TreeMoving {
  private readonly options: TreeMovingOptions

  constructor(options: TreeMovingOptions) {
    this.options = options
  }

  /** Lists what one rename of the folder `from` to `to` does, folders before what is in them; undefined where it would do more or
   *  less than what is wanted. Throws a DiskError. */
  plan(from: string, to: string, wantedAt: WantedAt): readonly MovedPart[] | undefined {
    const { disk } = this.options
    if (`${to}/`.startsWith(`${from}/`) || disk.statLink(from)?.kind !== 'folder') return undefined
    if (disk.statLink(to) !== undefined || disk.statLink(parentOf(to))?.kind !== 'folder') return undefined
    const parts: MovedPart[] = []
    return this.add(parts, from, to, wantedAt) ? parts : undefined
  }

  /** Renames the folder and records the parts. Throws a DiskError, and then nothing was moved. */
  carryOut(parts: readonly MovedPart[]): void {
    const { disk, journal } = this.options
    const [{ creation, deletion }] = parts as [MovedPart]
    announce(this.options, parts.flatMap(recordsOf))
    journal.sync()
    try {
      disk.rename(deletion.path, creation.path)
    } catch (error) {
      const paths = parts.flatMap((part) => [part.creation.path, part.deletion.path])
      journal.append(paths.map((path) => ({ kind: 'unplaced', path })))
      throw error
    }
    for (const part of parts) this.record(part)
  }

  /** Renames a folder of which a peer told in one line, and records all of that. The index was committed: what the log tells of,
   *  recovery derives from that. Throws a DiskError, and then nothing was moved. */
  carryOutTold(moved: MovedTree): void {
    const { disk, catalogue, journal } = this.options
    const { from, to } = moved.move
    journal.append({ kind: 'moving', from, path: to, line: encodeTreeMove(moved.move) })
    journal.sync()
    try {
      disk.rename(from, to)
    } catch (error) {
      journal.append({ kind: 'unplaced', path: to })
      throw error
    }
    catalogue.recordMove(moved)
    for (const part of moved.parts) this.handleMoved(part)
  }

  /** Answers false where the thing at `from`, or something below it, is not to be moved alike. */
  private add(parts: MovedPart[], from: string, to: string, wantedAt: WantedAt): boolean {
    const { disk, catalogue, scanner } = this.options
    const local = catalogue.live(from)
    const wanted = wantedAt(to)
    const tombstone = wantedAt(from)
    if (local === undefined || wanted === undefined || tombstone?.kind !== 'tombstone') return false
    if (
      catalogue.live(to) !== undefined ||
      !catalogue.isHeld(from) ||
      catalogue.isHidden(from) ||
      !scanner.matches(from)
    )
      return false
    const creation = decideHere(catalogue, wanted)
    const deletion = decideHere(catalogue, tombstone)
    if (creation.type !== 'take' || deletion.type !== 'remove') return false
    if (!isAlike(local, creation.entry)) return false
    parts.push({ before: local, creation: creation.entry, deletion: deletion.entry })
    if (local.kind !== 'folder') return true
    const names = new Set(disk.list(from).names.filter((name) => !isOwnPath(joinPath(from, name))))
    for (const child of catalogue.manifest.children(from)) {
      if (child.kind === 'tombstone') continue
      const name = nameOf(child.path)
      if (!names.delete(name) || !this.add(parts, child.path, joinPath(to, name), wantedAt)) return false
    }
    // Things that nobody has told of would go with the folder.
    return names.size === 0
  }

  private record(part: MovedPart): void {
    const { catalogue } = this.options
    const { creation, deletion } = part
    const { path } = deletion
    catalogue.record(creation, catalogue.signature(path), catalogue.mode(path))
    catalogue.record(deletion, undefined)
    this.handleMoved(part)
  }

  private handleMoved({ creation, deletion }: MovedPart): void {
    const { scanner } = this.options
    // The new path was empty: what was made here there has just been removed, and the next look finds what was moved.
    scanner.locals.delete(creation.path)
    scanner.handleRemoved(deletion.path, creation.kind === 'folder')
  }
}

/** Whether a thing may stand for another without a change. */
function isAlike(local: Entry, wanted: Entry): boolean {
  const isTimed = local.kind !== 'file' || mtimeOf(local) === mtimeOf(wanted)
  return sameContent(local, wanted) && sameMode(local, wanted) && isTimed
}

function recordsOf({ creation, deletion }: MovedPart) {
  const isFile = creation.kind === 'file'
  return [
    {
      kind: 'placing',
      entry: creation,
      replaces: '',
      ...(isFile ? { temporary: deletion.path } : {}),
    } as const,
    { kind: 'placing', entry: deletion, replaces: creation.digest } as const,
  ]
}
