// Commands of a person that the keeper carries out: a row each (src/pipe/commands.ts). Each reads or changes the parts of the
// keeper within one call, or is a generator that does a bounded piece of that at a time.

import type {
  ShareCommand,
  ShareCommandName,
  ShareCommands,
  ShareResult,
  ShareState,
} from '../pipe/commands.js'
import { SAMPLE_MAX } from '../pipe/limits.js'
import type { Direction } from '../pipe/settings.js'
import type { Away } from './away.js'
import { Conflicts } from './conflicts.js'
import type { Catalogue } from './index/catalogue.js'
import type { Intake } from './intake/intake.js'
import type { LocalChanges } from './local-changes.js'
import type { NotHeldTries } from './not-held.js'
import type { PeerBook } from './peers/peer-book.js'
import type { ScanSchedule } from './scan/scan-schedule.js'
import type { Scanner } from './scan/scanner.js'
import type { StoppedChanges } from './stopped-changes.js'
import { emptyTrash, list, restore } from './trash/restoring.js'
import { Trash, type TrashOptions } from './trash/trash.js'
import type { Why } from './why.js'

export interface CommandsOptions {
  readonly trash: TrashOptions
  readonly catalogue: Catalogue
  readonly scanner: Scanner
  readonly scans: ScanSchedule
  readonly peers: PeerBook
  readonly intake: Intake
  readonly notHeld: NotHeldTries
  readonly stopped: StoppedChanges
  readonly away: Away
  readonly local: LocalChanges
  readonly direction: Direction
  readonly unwatchedCount: () => number
  readonly why: Why
}

/** At once, or when the generator is at its end. */
export type Work<Result> = Result | Generator<undefined, Result>

type Table = {
  readonly [Name in ShareCommandName]: (
    given: ShareCommands[Name]['given'],
    nowMs: number,
  ) => Work<ShareCommands[Name]['result']>
}

export class Commands {
  private readonly table: Table

  constructor(options: CommandsOptions) {
    const { catalogue, scanner, trash, stopped, away } = options
    const { disk } = trash
    const conflicts = new Conflicts({ disk, catalogue, scanner, trash: new Trash(trash) })
    const { why } = options
    this.table = {
      state: (_given, nowMs) => stateOf(options, nowMs),
      why: ({ path }, nowMs) => why.at(path, nowMs),
      rescan: ({ path }) => ({ retried: rescan(options, path) }),
      confirm: () => ({ ...stopped.confirm(), away: away.confirm(), staying: away.count }),
      undo: () => ({ ...stopped.undo(), away: away.undo(), staying: away.count }),
      conflicts: ({ path }) => conflicts.list(path),
      'conflicts-keep': ({ path, choice }) => conflicts.settle(path, choice),
      'trash-list': (sought) => list(disk, sought),
      'trash-restore': (sought) => restore(disk, sought, (path) => scanner.hint(path)),
      'trash-empty': ({ beforeMs }) => emptyTrash(disk, beforeMs),
    }
  }

  carryOut(command: ShareCommand, nowMs: number): Work<ShareResult> {
    const row = this.table[command.name] as (given: ShareCommand, nowMs: number) => Work<ShareResult>
    return row(command, nowMs)
  }
}

/** Answers how many refused paths are tried again. */
function rescan({ scanner, intake }: CommandsOptions, path: string): number {
  if (path === '') scanner.scanAll()
  else scanner.hint(path)
  return intake.retryBelow(path)
}

function stateOf(options: CommandsOptions, nowMs: number): ShareState {
  const { catalogue, scanner, scans, peers, intake, notHeld, stopped, away, local, direction } = options
  const isReceiveOnly = direction === 'receive-only'
  const { unsettled, problems } = scanner
  const reasons = firstOf(catalogue.notHeldPaths()).map((path) => {
    const isLeftOut = scanner.leavesOut(catalogue.get(path)!)
    if (isLeftOut) return { path, reason: 'ignore rules leave it out' }
    const isLocal = scanner.locals.get(path) !== undefined
    return { path, reason: isLocal ? 'another one was made here' : intake.refusalAt(path) }
  })
  return {
    root: catalogue.manifest.root().digest,
    isRead: scans.ready,
    direction,
    isBusy: scanner.busy || peers.busy || intake.busy || notHeld.busy || stopped.busy,
    ...catalogue.heldTotals(),
    unwatchedCount: options.unwatchedCount(),
    waiting: options.why.waiting(nowMs),
    unsettled: { count: unsettled.count, first: firstOf(unsettled.paths) },
    skipped: {
      count: problems.size,
      first: firstOf(problems).map(([path, { reason }]) => ({ path, reason })),
    },
    notHeld: { count: catalogue.notHeldCount, first: reasons },
    local: {
      count: isReceiveOnly ? local.count : 0,
      first: isReceiveOnly ? firstOf(local.described()) : [],
    },
    stopped: { count: stopped.count, first: firstOf(stopped.described()) },
    away: { count: away.count, first: firstOf(away.paths()) },
    conflicts: { count: catalogue.conflictCopies.size, first: firstOf(catalogue.conflictCopies) },
    wantedCount: intake.size,
    pause: intake.pause,
    peers: [...peers.standings()].map((standing) => ({
      ...standing,
      wantedCount: intake.wantedOf(standing.peer),
    })),
  }
}

function firstOf<T>(all: Iterable<T>): T[] {
  const first: T[] = []
  for (const each of all) {
    if (first.length === SAMPLE_MAX) break
    first.push(each)
  }
  return first
}
