// Reasons, as far as the scan knows them, for which what stands at a path is not told as it stands. The scanner owns it; commands of a
// person ask it through the scanner, one path at a time.

import { type Disk, DiskError } from '../../base/ports.js'
import { causeOf, type Reason, reasonAt } from '../../base/reason.js'
import type { Catalogue } from '../index/catalogue.js'
import type { Ignoring } from './ignoring.js'
import type { Settling } from './settling.js'

export interface ScanReasonsOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly ignoring: Ignoring
  readonly settling: Settling
}

export class ScanReasons {
  constructor(private readonly options: ScanReasonsOptions) {}

  at(path: string, nowMs: number): readonly Reason[] {
    const ignored = this.ignoredAt(path, nowMs)
    // Nothing else is looked at there.
    if (ignored !== undefined) return [ignored]
    const settling = this.settlingAt(path, nowMs)
    return settling === undefined ? [] : [settling]
  }

  private ignoredAt(path: string, nowMs: number): Reason | undefined {
    const found = this.options.ignoring.lineFor(path, this.isFolder(path))
    if (found === undefined) return undefined
    const { file, line } = found
    return reasonAt(causeOf('ignored', `${file}, line ${line.lineNumber}: ${line.text}`), nowMs)
  }

  private settlingAt(path: string, nowMs: number): Reason | undefined {
    const candidate = this.options.settling.get(path)
    if (candidate === undefined) return undefined
    return reasonAt(causeOf('settling'), nowMs, { sinceMs: candidate.sinceMs })
  }

  /** As it is known, else as it stands. */
  private isFolder(path: string): boolean {
    const known = this.options.catalogue.get(path)
    if (known !== undefined) return known.kind === 'folder' || known.deletedKind === 'folder'
    try {
      return this.options.disk.statLink(path)?.kind === 'folder'
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return false
    }
  }
}
