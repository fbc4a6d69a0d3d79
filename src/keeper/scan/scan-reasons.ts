// Reasons, as far as the scan knows them, for which what stands at a path is not told as it stands. The scanner owns it; commands of a
// person ask it through the scanner, one path at a time.

import { type Disk, DiskError, type FileStat } from '../../base/ports.js'
import { causeOf, isToldToPeers, type Reason, reasonAt } from '../../base/reason.js'
import type { LinkPolicy } from '../../pipe/settings.js'
import { checkPath, parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { sameSignature, signatureOf } from '../index/signature.js'
import type { Departures } from './departures.js'
import type { DuePaths } from './due-paths.js'
import type { Findings } from './findings.js'
import type { Growing } from './growing.js'
import type { Ignoring } from './ignoring.js'
import { DEPARTURE_WAIT_MS } from './limits.js'
import type { Locals } from './locals.js'
import type { LookQueue } from './look-queue.js'
import type { MovedTrees } from './moved-trees.js'
import type { Settling } from './settling.js'
import { FAULT_CODES } from './sight.js'

export interface ScanReasonsOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly links: LinkPolicy
  readonly queue: LookQueue
  readonly findings: Findings
  readonly ignoring: Ignoring
  readonly settling: Settling
  readonly growing: Growing
  readonly departures: Departures
  readonly duePaths: DuePaths
  readonly movedTrees: MovedTrees
  readonly locals: Locals
}

export class ScanReasons {
  constructor(private readonly options: ScanReasonsOptions) {}

  /** The first of those that hold, which is the one to do something about; undefined where what stands is told. `path` is not the
   *  share itself. `nextScanMs`: when the whole share is read again. */
  at(path: string, nowMs: number, nextScanMs: number | undefined): Reason | undefined {
    const fault = checkPath(path)
    if (fault !== undefined) return reasonAt(causeOf(FAULT_CODES[fault]), nowMs)
    return (
      this.ignoredAt(path, this.isFolder(path), nowMs) ??
      this.problemAt(path, nowMs) ??
      this.linkLeftOutAt(path, nowMs) ??
      this.changingAt(path, nowMs) ??
      this.leavingAt(path, nowMs) ??
      this.localAt(path, nowMs) ??
      this.unnoticedAt(path, nowMs, nextScanMs)
    )
  }

  /** The same of a path in the tree, as far as a peer may hear it: without a look at the disk. */
  toldAt(path: string, isFolder: boolean, nowMs: number): Reason | undefined {
    return [
      this.ignoredAt(path, isFolder, nowMs),
      this.problemAt(path, nowMs),
      this.changingAt(path, nowMs),
      this.leavingAt(path, nowMs),
      this.localAt(path, nowMs),
    ].find((reason) => reason !== undefined && isToldToPeers(reason.code))
  }

  private ignoredAt(path: string, isFolder: boolean, nowMs: number): Reason | undefined {
    const found = this.options.ignoring.lineFor(path, isFolder)
    if (found === undefined) return undefined
    const { file, line } = found
    return reasonAt(causeOf('ignored', `${file}, line ${line.lineNumber}: ${line.text}`), nowMs)
  }

  /** That of a folder holds for what is in it, but for rules that are not followed. */
  private problemAt(path: string, nowMs: number): Reason | undefined {
    const { problems } = this.options.findings
    for (let each = path; each !== ''; each = parentOf(each)) {
      const problem = problems.get(each)
      if (problem === undefined || (each !== path && problem.code === 'rules-unread')) continue
      const { code, detail, sinceMs } = problem
      const place = each === path ? '' : each
      return reasonAt(causeOf(code, [place, detail].filter((part) => part !== '').join(': ')), nowMs, {
        sinceMs,
      })
    }
    return undefined
  }

  private linkLeftOutAt(path: string, nowMs: number): Reason | undefined {
    const isLinkLeftOut = this.options.links === 'skip' && this.statAt(path)?.kind === 'link'
    return isLinkLeftOut ? reasonAt(causeOf('link-left-out'), nowMs) : undefined
  }

  private changingAt(path: string, nowMs: number): Reason | undefined {
    const { settling, growing, duePaths, movedTrees, queue } = this.options
    const { reading } = duePaths
    const candidate = settling.get(path)
    const sinceMs = candidate?.sinceMs
    const restless = growing.get(path)
    if (candidate?.signature !== undefined && restless !== undefined) {
      const { isGrowing, dueMs } = restless
      const times = { sinceMs, againAtMs: isGrowing ? dueMs : undefined }
      return reasonAt(causeOf(isGrowing ? 'growing' : 'restless'), nowMs, times)
    }
    if (reading?.path === path)
      return reasonAt(causeOf('reading', `${reading.doneBytes} of ${reading.bytes} bytes`), nowMs, {
        sinceMs: reading.sinceMs,
      })
    if (candidate?.signature !== undefined) {
      const dueMs = settling.dueAtMs(path)
      const isBehind = reading !== undefined && (dueMs === undefined || dueMs < nowMs)
      return isBehind
        ? reasonAt(causeOf('reading', `after ${reading.path}`), nowMs, { sinceMs })
        : reasonAt(causeOf('settling'), nowMs, { sinceMs, againAtMs: dueMs })
    }
    if (movedTrees.covers(path)) return reasonAt(causeOf('settling'), nowMs)
    return queue.has(path) ? reasonAt(causeOf('reading'), nowMs) : undefined
  }

  /** Gone by itself, or with a folder that it was in. */
  private leavingAt(path: string, nowMs: number): Reason | undefined {
    const { settling, departures } = this.options
    for (let each = path; each !== ''; each = parentOf(each)) {
      const candidate = settling.get(each)
      const isLeaving = candidate !== undefined && candidate.signature === undefined
      if (!isLeaving && !departures.has(each)) continue
      const sinceMs = candidate?.sinceMs
      return reasonAt(causeOf('leaving'), nowMs, {
        sinceMs,
        againAtMs: sinceMs === undefined ? departures.pollTimeout() : sinceMs + DEPARTURE_WAIT_MS,
      })
    }
    return undefined
  }

  private localAt(path: string, nowMs: number): Reason | undefined {
    const isLocal = this.options.locals.get(path) !== undefined
    return isLocal ? reasonAt(causeOf('receive-only'), nowMs) : undefined
  }

  /** The disk shows something else than what is known, and nobody has looked: a watch that tells nothing, say. */
  private unnoticedAt(path: string, nowMs: number, nextScanMs: number | undefined): Reason | undefined {
    const { catalogue } = this.options
    const isSetAside = catalogue.aside.get(path) !== undefined || catalogue.kept(path) !== undefined
    const isKnownAbsence = catalogue.isHidden(path) || !catalogue.isHeld(path)
    if (isSetAside || isKnownAbsence || catalogue.isRemaining(path)) return undefined
    const stat = this.statAt(path, 'followed')
    const known = catalogue.live(path)
    const isNoticed =
      known === undefined ? stat === undefined : stat !== undefined && !this.isOther(path, known.kind, stat)
    return isNoticed ? undefined : reasonAt(causeOf('unnoticed'), nowMs, { againAtMs: nextScanMs })
  }

  private isOther(path: string, kind: string, stat: FileStat): boolean {
    if (kind !== 'file' || stat.kind !== 'file') return false
    const signature = this.options.catalogue.signature(path)
    return signature !== undefined && !sameSignature(signature, signatureOf(stat))
  }

  /** As it is known, else as it stands. */
  private isFolder(path: string): boolean {
    const known = this.options.catalogue.get(path)
    if (known !== undefined) return known.kind === 'folder' || known.deletedKind === 'folder'
    return this.statAt(path)?.kind === 'folder'
  }

  /** Undefined where nobody may look, too. */
  private statAt(path: string, how: 'followed' | 'itself' = 'itself'): FileStat | undefined {
    const { disk } = this.options
    try {
      const own = disk.statLink(path)
      return how === 'followed' && own?.kind === 'link' ? (disk.stat(path) ?? own) : own
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return undefined
    }
  }
}
