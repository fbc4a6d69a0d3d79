// Tells a running peer's story in lines, for both views that people read: what matters at once, what is
// frequent summed up. It writes nowhere itself; the plain view adds a time to each line, the terminal
// view puts them above its bars.

import type { PeerEvent } from '../app/events.js'
import { formatBytes, formatCount, formatFiles } from './format.js'
import { SMALL_FILE_BYTES } from './limits.js'
import { printable, printableName } from './names.js'
import { Tally, type TallyMember, type TallySum } from './tally.js'
import { sentence } from './wording.js'

export interface NarratorOptions {
  readonly verbose: boolean
  /** Between two summed-up lines. */
  readonly tallyMs: number
  readonly print: (line: string) => void
}

export class Narrator {
  private readonly verbose: boolean
  private readonly print: (line: string) => void
  private readonly tally: Tally
  /** Addresses of connected peers, which say more than their ids; as many as there are peers. */
  private readonly addresses = new Map<string, string>()

  /** What was told last of being in step, by address, since something else was told. */
  private readonly inStep = new Map<string, string>()

  constructor(options: NarratorOptions) {
    this.verbose = options.verbose
    this.print = options.print
    this.tally = new Tally(options.tallyMs, options.print)
  }

  /** `nowMs` never steps back: a monotonic clock. Progress, totals and the beginning of a fetch are the
   *  views' own to draw. */
  show(event: PeerEvent, nowMs: number): void {
    if (event.event === 'connected') this.addresses.set(event.peer, event.address)
    if (event.event === 'fetching' || (FOR_THE_CURIOUS.has(event.event) && !this.verbose)) return
    // "changed here" and "in step" tell enough of a small one.
    if (event.event === 'sent' && event.bytes < SMALL_FILE_BYTES && !this.verbose) return
    const line = this.lineOf(event)
    if (line === undefined) return
    if (event.event === 'in-step') {
      // Again with the same counts, and nothing told between: the person knows.
      if (this.inStep.get(event.address) === line) return
      this.inStep.set(event.address, line)
    } else if (!QUIET.has(event.event)) this.inStep.clear()
    const member = tallied(event, line)
    if (member !== undefined) {
      this.tally.add(member, nowMs)
    } else {
      // "in step" after the files that made it so; elsewhere order does not tell anything.
      if (CLOSING.has(event.event)) this.tally.flush(nowMs)
      this.print(line)
    }
    if (event.event === 'disconnected') this.addresses.delete(event.peer)
  }

  /** The sentence for an event, with peers named by address. */
  lineOf(event: PeerEvent): string | undefined {
    return sentence(event, (peer) => this.addresses.get(peer) ?? peer)
  }

  tick(nowMs: number): void {
    this.tally.tick(nowMs)
  }

  close(nowMs: number): void {
    this.tally.flush(nowMs)
  }
}

/** Told with --verbose only. */
const FOR_THE_CURIOUS: ReadonlySet<PeerEvent['event']> = new Set<PeerEvent['event']>(['debug', 'receipt'])

/** They change nothing about being in step. */
const QUIET: ReadonlySet<PeerEvent['event']> = new Set<PeerEvent['event']>([
  'debug',
  'receipt',
  'note',
  'waiting',
])

const CLOSING: ReadonlySet<PeerEvent['event']> = new Set<PeerEvent['event']>([
  'receipt',
  'in-step',
  'disconnected',
  'paused',
  'summary',
  'stopped',
])

/** How an event is summed up, or undefined for one that always has its own line. */
function tallied(event: PeerEvent, alone: string): TallyMember | undefined {
  switch (event.event) {
    case 'received':
      if (event.bytes >= SMALL_FILE_BYTES) return undefined
      return {
        group: 'received',
        name: printableName(event.path),
        bytes: event.bytes,
        alone,
        together: (sum) => `received ${formatFiles(sum.count)}, ${formatBytes(sum.bytes)}`,
      }
    case 'changed':
      return {
        group: `changed ${event.kind}`,
        name: printableName(event.path),
        bytes: event.bytes,
        alone,
        together: CHANGED_TOGETHER[event.kind],
      }
    case 'removed':
      return {
        group: `removed ${event.peer}`,
        name: printableName(event.path),
        bytes: event.bytes,
        alone,
        together: (sum) => `removed what was deleted there: ${listed(sum)}`,
      }
    case 'problem':
    case 'abandoned': {
      const [before, after] =
        event.event === 'problem' ? ['skipped', ''] : ['stopped fetching', '; they will be tried again']
      const reason = printable(event.reason)
      return {
        group: `${event.event} ${event.reason}`,
        name: printableName(event.path),
        bytes: 0,
        alone,
        together: (sum) => `${before} ${listed(sum)}: ${reason}${after}`,
      }
    }
    default:
      return undefined
  }
}

const CHANGED_TOGETHER = {
  file: (sum: TallySum) => `changed here: ${formatFiles(sum.count)}, ${formatBytes(sum.bytes)}`,
  folder: (sum: TallySum) => `changed here: ${formatCount(sum.count)} folders`,
  link: (sum: TallySum) => `changed here: ${formatCount(sum.count)} links`,
  tombstone: (sum: TallySum) => `deleted here: ${listed(sum)}`,
} as const

function listed(sum: TallySum): string {
  const rest = sum.count - sum.names.length
  return sum.names.join(', ') + (rest > 0 ? ` and ${formatCount(rest)} more` : '')
}
