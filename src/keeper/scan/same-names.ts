// On a disk that takes names for one which differ in case or Unicode form alone: what had a name before, and what has it now. The scanner
// owns this.

import type { Disk } from '../../base/ports.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import type { Findings } from './findings.js'
import type { LookQueue } from './look-queue.js'
import type { Recording } from './recording.js'
import { type Sighting, sameNameCause, sameNameReason } from './sight.js'

export interface SameNamesOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly sighting: Sighting
  readonly recording: Recording
  readonly findings: Findings
  readonly queue: LookQueue
}

export class SameNames {
  private readonly options: SameNamesOptions

  constructor(options: SameNamesOptions) {
    this.options = options
    const { disk, catalogue } = options
    if (disk.foldsNames()) catalogue.twins.enable([...catalogue.manifest.entries()].map(({ path }) => path))
  }

  /** Hints at another path of ours that this disk may take for `path`: it had the name before, and may be gone with that. */
  hintOther(path: string): void {
    const { catalogue, queue } = this.options
    const twin = catalogue.twins.find(path, (other) => catalogue.live(other) !== undefined)
    if (twin !== undefined) queue.hint(twin.other)
  }

  /** Nothing stands under the name of what is known at `path`. Where something else has the name on this disk, since the share came
   *  here, that is no deletion: it is known and not held from now on. */
  giveUp(path: string): boolean {
    const { catalogue, sighting, recording, findings } = this.options
    const other = sighting.clashAt(path)
    const entry = catalogue.live(path)
    if (other === undefined || entry === undefined || this.isRespelt(entry)) return false
    recording.leaveOut(entry)
    findings.addProblem(path, sameNameReason(other), sameNameCause(path, other))
    return true
  }

  /** Whether the very thing that was known there stands there under its new name. */
  private isRespelt({ path, kind }: Entry): boolean {
    const { disk, catalogue } = this.options
    if (kind === 'link') return true
    if (kind === 'file') return catalogue.signature(path)?.inode === disk.statLink(path)?.inode
    for (const child of catalogue.manifest.children(path))
      if (child.kind === 'file' && catalogue.isHeld(child.path)) return this.isRespelt(child)
    return true
  }
}
