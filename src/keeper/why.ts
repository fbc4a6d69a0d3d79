// Answers of a person's question about one path: what is known of it here, what stands, and why that is not the same as at the peers.
// Reads the parts of the keeper and changes none. Commands call it.

import type { Reason } from '../base/reason.js'
import type { EntryFacts, PathState } from '../pipe/commands.js'
import { peerOf } from '../share/dots.js'
import { mtimeOf } from '../share/edit.js'
import type { Entry } from '../share/entry.js'
import type { Catalogue } from './index/catalogue.js'
import type { Intake } from './intake/intake.js'
import type { PeerBook } from './peers/peer-book.js'
import type { ScanSchedule } from './scan/scan-schedule.js'
import type { Scanner } from './scan/scanner.js'

export interface WhyOptions {
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly scans: ScanSchedule
  readonly peers: PeerBook
  readonly intake: Intake
}

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
      isHeld: known !== undefined && catalogue.isHeld(path) && !catalogue.isHidden(path),
      wanted: wanted === undefined ? null : factsOf(wanted),
      reasons: this.reasonsAt(path, nowMs),
      peers: [...peers.standings()].map((standing) => ({
        ...standing,
        wantedCount: intake.wantedOf(standing.peer),
      })),
    }
  }

  private reasonsAt(path: string, nowMs: number): readonly Reason[] {
    return this.options.scanner.reasons.at(path, nowMs)
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
