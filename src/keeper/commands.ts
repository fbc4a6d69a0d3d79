// Commands of a person that the keeper carries out: a row each (src/pipe/commands.ts). Each reads or changes the parts of the
// keeper within one call.

import type {
  PathWithReason,
  Sample,
  ShareCommand,
  ShareCommandName,
  ShareCommands,
  ShareState,
} from '../pipe/commands.js'
import { SAMPLE_MAX } from '../pipe/limits.js'
import type { Catalogue } from './index/catalogue.js'
import type { Intake } from './intake/intake.js'
import type { NotHeldTries } from './not-held.js'
import type { PeerBook } from './peers/peer-book.js'
import type { ScanSchedule } from './scan/scan-schedule.js'
import type { Scanner } from './scan/scanner.js'
import type { StoppedChanges } from './stopped-changes.js'

export interface CommandsOptions {
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly scans: ScanSchedule
  readonly peers: PeerBook
  readonly intake: Intake
  readonly notHeld: NotHeldTries
  readonly stopped: StoppedChanges
}

type Table = {
  readonly [Name in ShareCommandName]: (given: ShareCommands[Name]['given']) => ShareCommands[Name]['result']
}

export class Commands {
  private readonly table: Table

  constructor(options: CommandsOptions) {
    const { stopped } = options
    this.table = {
      state: () => stateOf(options),
      confirm: () => stopped.confirm(),
      undo: () => stopped.undo(),
    }
  }

  carryOut<Command extends ShareCommand>(command: Command): ShareCommands[Command['name']]['result'] {
    return this.table[command.name](command)
  }
}

function stateOf(options: CommandsOptions): ShareState {
  const { catalogue, scanner, scans, peers, intake, notHeld, stopped } = options
  const { unsettled, problems } = scanner
  const reasons = firstOf(catalogue.notHeldPaths()).map((path) => {
    const isLeftOut = scanner.leavesOut(catalogue.get(path)!)
    return { path, reason: isLeftOut ? 'ignore rules leave it out' : intake.refusalAt(path) }
  })
  return {
    root: catalogue.manifest.root().digest,
    isRead: scans.ready,
    isBusy: scanner.busy || peers.busy || intake.busy || notHeld.busy || stopped.busy,
    ...catalogue.heldTotals(),
    unsettled: { count: unsettled.count, first: firstOf(unsettled.paths) },
    skipped: { count: problems.size, first: firstOf(problems).map(withReason) },
    notHeld: { count: catalogue.notHeldCount, first: reasons },
    stopped: { count: stopped.count, first: firstOf(stopped.described()) },
    conflicts: sampleOf(catalogue.conflictCopies),
    wantedCount: intake.size,
    pause: intake.pause,
    peers: [...peers.standings()].map((standing) => ({
      ...standing,
      wantedCount: intake.wantedOf(standing.peer),
    })),
  }
}

function withReason([path, reason]: readonly [string, string]): PathWithReason {
  return { path, reason }
}

function sampleOf<T>(all: ReadonlySet<T>): Sample<T> {
  return { count: all.size, first: firstOf(all) }
}

function firstOf<T>(all: Iterable<T>): T[] {
  const first: T[] = []
  for (const each of all) {
    if (first.length === SAMPLE_MAX) break
    first.push(each)
  }
  return first
}
