// Answers of a person's question about one path: what is known of it here, what stands, and why that is not the same as at the peers.
// Reads the parts of the keeper and changes none. Commands call it, and peers that ask.
//
//     what stands, and is not told ─▶ what is wanted, and not in place ─▶ what is held back ─▶ what is known, and not had

import { type Cause, causeOf, isDetailPath, isToldToPeers, type Reason, reasonAt } from '../base/reason.js'
import type { EntryFacts, PathState, PathWithReasons, Sample } from '../pipe/commands.js'
import { SAMPLE_MAX } from '../pipe/limits.js'
import type { ToldStanding } from '../pipe/messages.js'
import type { Direction } from '../pipe/settings.js'
import { peerOf } from '../share/dots.js'
import { mtimeOf } from '../share/edit.js'
import type { Entry } from '../share/entry.js'
import { isWithin, parentOf } from '../share/path.js'
import type { Catalogue } from './index/catalogue.js'
import type { Intake } from './intake/intake.js'
import { WHY_PATHS_MAX } from './limits.js'
import type { Announcer } from './peers/announcer.js'
import type { PeerBook } from './peers/peer-book.js'
import type { Receiving } from './receiving.js'
import type { ScanSchedule } from './scan/scan-schedule.js'
import type { Scanner } from './scan/scanner.js'
import { sameNameCause } from './scan/sight.js'

export interface WhyOptions {
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly scans: ScanSchedule
  readonly peers: PeerBook
  readonly intake: Intake
  readonly receiving: Receiving
  readonly announcer: Announcer
  readonly direction: Direction
}

/** What has the name of a path on this disk. */
type ClashOf = () => Cause | undefined

export class Why {
  constructor(private readonly options: WhyOptions) {}

  /** The state of a path of the share; '' is the share. */
  at(path: string, nowMs: number): PathState {
    const { catalogue, scans, intake, peers } = this.options
    const known = catalogue.get(path)
    const wanted = intake.wantedAt(path)
    return {
      path,
      isRead: scans.ready,
      known: known === undefined ? null : factsOf(known),
      isHeld: this.isHeld(path),
      wanted: wanted === undefined ? null : factsOf(wanted),
      wantedOf: [...intake.sourcesAt(path)],
      reasons: this.reasonsAt(path, nowMs),
      isAskable: path !== '' && this.isAskable(path, nowMs),
      below: this.below(path, nowMs),
      peers: [...peers.standings()].map((standing) => ({
        ...standing,
        wantedCount: intake.wantedOf(standing.peer),
      })),
    }
  }

  /** The same for a peer that asks, without a look at the disk: of what is in no tree it hears nothing, and details only where they are
   *  paths of one. */
  told(path: string, nowMs: number): ToldStanding {
    const entry = this.options.catalogue.get(path)
    if (entry === undefined) return { stands: undefined, isHeld: false, reason: undefined }
    const { kind, deletedKind, sizeBytes: bytes, version } = entry
    const first = this.toldReasonAt(entry, nowMs)
    return {
      stands: {
        kind: kind === 'tombstone' ? (deletedKind ?? 'file') : kind,
        isDeleted: kind === 'tombstone',
        bytes,
        mtimeMs: mtimeOf(entry),
        edit: version.content,
      },
      isHeld: this.isHeld(path),
      reason: first && {
        code: first.code,
        detail: isDetailPath(first.code) && this.isInTree(first.detail) ? first.detail : '',
        seconds: first.forMs === undefined ? undefined : Math.floor(first.forMs / 1_000),
      },
    }
  }

  /** The first that a peer may hear. */
  private toldReasonAt(entry: Entry, nowMs: number): Reason | undefined {
    const { catalogue, scanner, intake } = this.options
    const { path, kind, deletedKind } = entry
    const clashOf = () => {
      const twin = catalogue.twins.find(path, (other) => catalogue.live(other) !== undefined)
      return twin && sameNameCause(path, twin.other)
    }
    const isFolder = kind === 'folder' || deletedKind === 'folder'
    const reasons = [
      scanner.reasons.toldAt(path, isFolder, nowMs),
      intake.reasons.at(path, nowMs) ?? this.heldAt(path, nowMs) ?? this.notHadAt(path, clashOf, nowMs),
      this.conflictAt(path, nowMs),
      ...this.untold(nowMs),
    ]
    return reasons.find((reason) => reason !== undefined && isToldToPeers(reason.code))
  }

  /** Ours, or that of a peer from which it is to come. */
  private isInTree(path: string): boolean {
    const { catalogue, intake } = this.options
    return catalogue.get(path) !== undefined || intake.wantedAt(path) !== undefined
  }

  /** All that keeps the path back, the first of which is what to do something about. */
  reasonsAt(path: string, nowMs: number): readonly Reason[] {
    const { scans } = this.options
    if (path === '') return scans.ready ? [] : [reasonAt(causeOf('reading'), nowMs)]
    const reasons = this.keptBackAt(path, nowMs)
    return reasons.length > 0 ? reasons : this.untold(nowMs)
  }

  private keptBackAt(path: string, nowMs: number): readonly Reason[] {
    const { scanner, scans, intake } = this.options
    const local = scanner.reasons.at(path, nowMs, scans.pollTimeout())
    // A path that is left out, or cannot be, is wanted of nobody.
    if (local?.code === 'ignored' || local?.code === 'own-folder') return [local]
    const ofPeers =
      intake.reasons.at(path, nowMs) ??
      this.heldAt(path, nowMs) ??
      this.unseenAt(path, nowMs) ??
      this.notHadAt(path, () => scanner.clashCause(path), nowMs)
    const reasons = [local, ofPeers, this.conflictAt(path, nowMs)].filter((reason) => reason !== undefined)
    // The scan and the disk may say the same.
    return reasons.filter(({ code }, index) => reasons.findIndex((each) => each.code === code) === index)
  }

  /** Whether a question about the path tells a peer no name that it may not know: it is in a tree, or nothing stands there. */
  private isAskable(path: string, nowMs: number): boolean {
    if (this.isInTree(path) || this.options.intake.refusedAt(path) !== undefined) return true
    return this.keptBackAt(path, nowMs).length === 0
  }

  /** Whether what is known is here too, and is what stands. */
  private isHeld(path: string): boolean {
    const { catalogue } = this.options
    if (catalogue.get(path) === undefined || !catalogue.isHeld(path)) return false
    return !catalogue.isHidden(path) && catalogue.kept(path) === undefined
  }

  /** The first of those that are wanted of peers. */
  waiting(nowMs: number): Sample<PathWithReasons> {
    const first: PathWithReasons[] = []
    for (const { path } of this.options.intake.wantedEntries()) {
      if (first.length === SAMPLE_MAX) break
      first.push({ path, reasons: this.reasonsAt(path, nowMs) })
    }
    return { count: this.options.intake.size, first }
  }

  /** Paths in a folder that something keeps back: those that are wanted, and the first of each kind of the others. */
  private below(folder: string, nowMs: number): Sample<PathWithReasons> {
    const first: PathWithReasons[] = []
    let count = 0
    if (folder !== '' && this.isLeaf(folder)) return { count, first }
    for (const path of this.pathsOfInterest()) {
      if (path === folder || !isWithin(path, folder)) continue
      count++
      if (first.length < SAMPLE_MAX) first.push({ path, reasons: this.reasonsAt(path, nowMs) })
    }
    return { count, first }
  }

  private isLeaf(path: string): boolean {
    const kind = this.options.catalogue.live(path)?.kind
    return kind === 'file' || kind === 'link'
  }

  /** The first of many. */
  private pathsOfInterest(): ReadonlySet<string> {
    const { catalogue, scanner, intake } = this.options
    const { missing, keptPaths } = catalogue.stoppedPaths
    const paths = new Set<string>()
    for (const { path } of intake.wantedEntries()) paths.add(path)
    for (const several of [
      scanner.unsettled.paths,
      scanner.problems.keys(),
      missing,
      keptPaths.keys(),
      scanner.locals.paths(),
      catalogue.aside.paths(),
      catalogue.hiddenPaths(),
      catalogue.notHeldPaths(),
    ])
      for (const path of several) {
        if (paths.size >= WHY_PATHS_MAX) return paths
        if (path !== '') paths.add(path)
      }
    return paths
  }

  /** Held until a person decides, or by how this machine was started. */
  private heldAt(path: string, nowMs: number): Reason | undefined {
    const { catalogue, direction } = this.options
    if (catalogue.kept(path) !== undefined) {
      const { kind, version } = catalogue.get(path)!
      const what = `${kind === 'tombstone' ? 'deleted' : 'replaced'} by peer ${peerOf(version.content)}`
      return reasonAt(causeOf(direction === 'send-only' ? 'send-only' : 'held', what), nowMs)
    }
    if (catalogue.isMissing(path))
      return reasonAt(causeOf(direction === 'receive-only' ? 'receive-only' : 'held-here'), nowMs)
    if (catalogue.aside.get(path) !== undefined) return reasonAt(causeOf('away'), nowMs)
    return catalogue.isRemaining(path) ? reasonAt(causeOf('folder-remains'), nowMs) : undefined
  }

  private unseenAt(path: string, nowMs: number): Reason | undefined {
    const { catalogue, scanner } = this.options
    const isUnseen = catalogue.isHidden(path) && scanner.reasons.at(path, nowMs, undefined) === undefined
    return isUnseen ? reasonAt(causeOf('unseen'), nowMs) : undefined
  }

  /** Known, and nothing of it is here. */
  private notHadAt(path: string, clashOf: ClashOf, nowMs: number): Reason | undefined {
    const { catalogue, scanner, direction, receiving } = this.options
    const entry = catalogue.get(path)
    if (entry === undefined || catalogue.isHeld(path) || scanner.locals.get(path) !== undefined)
      return this.refusedAt(path, clashOf, nowMs)
    if (direction === 'send-only') return reasonAt(causeOf('send-only'), nowMs)
    const link = receiving.linkRefusal(entry)
    if (link !== undefined) return reasonAt(causeOf('link-refused', link), nowMs)
    return this.refusedAt(path, clashOf, nowMs) ?? reasonAt(this.unhadCause(path), nowMs)
  }

  /** Wanted before, and refused by the disk or by the peers. */
  private refusedAt(path: string, clashOf: ClashOf, nowMs: number): Reason | undefined {
    const { intake, peers } = this.options
    const refused = intake.refusedAt(path)
    if (refused === undefined) return undefined
    if (refused.isOfSources && [...peers.all()].length === 0) return reasonAt(causeOf('no-source'), nowMs)
    return reasonAt(this.asNamed(path, refused.cause, clashOf), nowMs, refused)
  }

  private asNamed(path: string, cause: Cause, clashOf: ClashOf): Cause {
    if (cause.code === 'waits-for-folder') return causeOf('waits-for-folder', this.missingFolder(path) ?? '')
    return cause.code === 'same-name' ? (clashOf() ?? cause) : cause
  }

  private unhadCause(path: string): Cause {
    if ([...this.options.peers.all()].length === 0) return causeOf('no-source')
    const folder = this.missingFolder(path)
    return folder === undefined ? causeOf('queued') : causeOf('waits-for-folder', folder)
  }

  /** The nearest folder of the path that is not here itself. */
  private missingFolder(path: string): string | undefined {
    const { catalogue } = this.options
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
      const known = catalogue.get(folder)
      if (known !== undefined && !(known.kind === 'folder' && catalogue.isHeld(folder))) return folder
    }
    return undefined
  }

  private conflictAt(path: string, nowMs: number): Reason | undefined {
    const copies = [...this.options.catalogue.conflictCopies.of(path)]
    return copies.length === 0 ? undefined : reasonAt(causeOf('conflict', copies.join(', ')), nowMs)
  }

  /** Known here, and the peers are told in a moment. */
  private untold(nowMs: number): readonly Reason[] {
    const { announcer, scans } = this.options
    const dueMs = announcer.pollTimeout()
    if (!scans.ready) return [reasonAt(causeOf('reading'), nowMs)]
    return dueMs === undefined ? [] : [reasonAt(causeOf('not-told'), nowMs, { againAtMs: dueMs })]
  }
}

export function factsOf(entry: Entry): EntryFacts {
  const { kind, sizeBytes, deletedKind, version } = entry
  return {
    kind,
    deletedKind: deletedKind ?? null,
    bytes: sizeBytes,
    mtimeMs: kind === 'folder' ? null : mtimeOf(entry),
    author: peerOf(version.content),
    edit: version.content,
  }
}
