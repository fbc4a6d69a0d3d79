// A file of the share takes another path without being copied, because a deletion of a peer says that its content was moved there.
// The target is a hint and no more: a deletion and a creation stand on their own, and where the file is not exactly what is wanted
// they are carried out one by one. Placing uses it; the intake finds the pairs (intake/moves.ts).
//
//     the old path is deleted      rename of the file itself: the deletion is recorded with the new path
//     the old path is alive again  a second name in `.left/tmp` is renamed, so that the path is at no moment empty

import type { Disk, FileStat } from '../../base/ports.js'
import type { Temporary } from '../../pipe/layout.js'
import { mtimeOf, sameMode } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import { isKeptTime, sameSignature, signatureOf } from '../index/signature.js'
import type { Scanner } from '../scan/scanner.js'
import { decideHere } from './deciding.js'

/** A file of the share that is to be had under another path as it is. */
export interface Standing extends Temporary {
  readonly isStanding: true
  /** Its path in the share. */
  readonly from: string
  /** The deletion of the path that it has, recorded with the new one; undefined where it keeps that and this is a second name. */
  readonly vacates: Entry | undefined
}

export interface MovingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly scanner: Scanner
}

export class Moving {
  private readonly options: MovingOptions

  constructor(options: MovingOptions) {
    this.options = options
  }

  /** The file at the path of a deletion, if it is to be removed and is all that `wanted` says. Throws a DiskError. */
  standingFor(wanted: Entry, tombstone: Entry): Standing | undefined {
    const decision = decideHere(this.options.catalogue, tombstone)
    if (decision.type !== 'remove' || !this.fits(tombstone.path, wanted)) return undefined
    const { path } = tombstone
    return { path, from: path, looks: undefined, isStanding: true, vacates: decision.entry }
  }

  /** A second name of the file at `from`, which is about to be replaced. Throws a DiskError. */
  linkFor(wanted: Entry, from: string, name: string): Standing | undefined {
    if (!this.fits(from, wanted)) return undefined
    this.options.disk.linkFile(from, name)
    this.handleRenamed(from)
    return { path: name, from, looks: undefined, isStanding: true, vacates: undefined }
  }

  /** Another name of the file at this path came or went, which changes its ctime. Throws a DiskError. */
  private handleRenamed(path: string): void {
    const { disk, catalogue } = this.options
    const before = catalogue.signature(path)
    const stat = disk.statLink(path)
    const after = stat && signatureOf(stat)
    if (after !== undefined && sameSignature(before, { ...after, ctimeMs: before?.ctimeMs ?? 0 }))
      catalogue.refreshSignature(path, after)
  }

  /** Notes that the file has its new path. Throws a DiskError. */
  handlePlaced({ vacates, from }: Standing): void {
    if (vacates === undefined) this.handleRenamed(from)
  }

  /** As it looks now; undefined where it is no more what it was taken for. Throws a DiskError. */
  prepare(standing: Standing, entry: Entry): Standing | undefined {
    const { vacates, path } = standing
    if (vacates !== undefined && !this.fits(path, entry)) return undefined
    return { ...standing, looks: this.options.disk.statLink(path) }
  }

  /** Whether nobody has touched it since. Throws a DiskError. */
  isUntouched({ vacates, path }: Standing): boolean {
    return vacates === undefined || this.options.scanner.matches(path)
  }

  /** Whether the file at `from` may stand for `wanted` without a change of its time or mode, which its old path would show. */
  private fits(from: string, wanted: Entry): boolean {
    const { disk, catalogue, scanner } = this.options
    const local = catalogue.live(from)
    // Content that was changed here, where that is told to nobody, is another one.
    if (!catalogue.isHeld(from)) return false
    if (local?.kind !== 'file' || wanted.kind !== 'file' || local.digest !== wanted.digest) return false
    // A followed link is not the file.
    const stat = disk.statLink(from)
    if (stat?.kind !== 'file' || !sameMode(local, wanted)) return false
    if (!isTimeOf(wanted, stat, local) || !scanner.matches(from)) return false
    const replaced = catalogue.live(wanted.path)
    // A user who could not read the file that it takes the place of cannot read this one.
    return replaced?.kind !== 'file' || disk.statLink(wanted.path)?.mode === stat.mode
  }
}

/** Whether the file shows the time that it would be given as `wanted`. A time of another entry is not rounded to it: each time at a full
 *  second may be one of that second that a coarse disk keeps. */
function isTimeOf(wanted: Entry, { mtimeMs }: FileStat, local: Entry): boolean {
  const wantedMs = mtimeOf(wanted)
  return Math.round(mtimeMs) === wantedMs || (mtimeOf(local) === wantedMs && isKeptTime(mtimeMs, wantedMs))
}

export function isStanding(temporary: Temporary | undefined): temporary is Standing {
  return temporary !== undefined && 'isStanding' in temporary
}
