// Counts the files that each origin deletes or replaces over 24 hours, and trips where they are too many: from then on, until a person
// confirms or undoes, nothing of that origin is deleted or replaced. An origin is this machine, the author of an edit, the peer that
// told of it, and all peers together, which may delete twice as much: one machine can show any number of authors and peer ids. Decides; the scanner (scan/departures.ts) and the intake
// (intake/gate.ts) carry out. Both counts and trips are in the index.
//
//     closed ── counted + pending > max(20, 25% of the files) ──▶ tripped ── confirm, undo, nothing is stopped any more ──▶ closed

import type { Index } from '../../base/index-port.js'
import type { MaxDelete } from '../../pipe/settings.js'
import { COUNTED_HOURS, COUNTED_PATHS_MAX, COUNTED_TEXT_MAX, HOUR_MS, ORIGINS_MAX } from './limits.js'

/** A peer id, OWN or PEERS. */
export type Origin = string

/** Origin of what is deleted on this machine. */
export const OWN: Origin = 'own'
/** All other machines together. */
export const PEERS: Origin = 'peers'
/** All origins that there is no room for. */
const OTHERS: Origin = 'others'
/** Counted as one of them: files that were deleted, by whomever. */
const GONE: Origin = 'gone'
/** No peer takes their places. */
const OURS: ReadonlySet<Origin> = new Set([OWN, PEERS, GONE])

export interface BreakerOptions {
  readonly index: Pick<Index, 'getMeta' | 'putMeta'>
  readonly wallMs: () => number
  readonly maxDelete: MaxDelete
  /** Files that are in this share right now. */
  readonly files: () => number
}

/** In the index: `<origin> <hour>:<count>,<hour>:<count>…` a line, and the origins that are tripped. */
const COUNTS = 'breaker-counts'
const TRIPPED = 'breaker-tripped'

export class Breaker {
  private readonly options: BreakerOptions
  /** By origin and hour since 1970. Below zero is what a person has confirmed and what is still to come. */
  private readonly counts: Map<Origin, Map<number, number>>
  private readonly tripped: Set<Origin>
  /** When a path was counted for an origin: what changes all day counts once. Not in the index. */
  private readonly countedPaths = new Map<string, number>()
  private countedTextUnits = 0

  constructor(options: BreakerOptions) {
    this.options = options
    this.counts = countsOf(options.index.getMeta(COUNTS) ?? '')
    this.tripped = new Set(
      (options.index.getMeta(TRIPPED) ?? '').split(' ').filter((origin) => origin !== ''),
    )
  }

  /** Whether anything is ever stopped. */
  get isOn(): boolean {
    return this.options.maxDelete.percent < 100
  }

  /** Whether a confirmation of another machine counts. */
  get trustsConfirmed(): boolean {
    return !this.options.maxDelete.isStrict
  }

  get trippedOrigins(): ReadonlySet<Origin> {
    return this.tripped
  }

  isTripped(origin: Origin): boolean {
    return this.isOn && this.tripped.has(this.known(origin))
  }

  /** Whether so many files more would be too many; `pending` are about to go and not counted yet. */
  exceeds(origin: Origin, pending: number): boolean {
    if (!this.isOn) return false
    // The percentage is of the files that there were before any went.
    const files = this.options.files() + this.countOf(GONE)
    const { percent, filesMin } = this.options.maxDelete
    const countMax = Math.max(filesMin, Math.floor((files * percent) / 100))
    return this.countOf(origin) + pending > (origin === PEERS ? 2 * countMax : countMax)
  }

  /** Whether what this origin does at the path was counted in the last 24 hours. */
  wasCounted(origin: Origin, path: string): boolean {
    const hour = this.countedPaths.get(keyOf(origin, path))
    return hour !== undefined && isRecent(hour, this.hour())
  }

  /** Answers whether that is news. */
  trip(origin: Origin): boolean {
    const known = this.known(origin)
    if (this.tripped.has(known)) return false
    this.tripped.add(known)
    this.writeTripped()
    return true
  }

  /** Files were deleted because these origins said so. */
  handleDeleted(origins: readonly Origin[], paths: Iterable<string>): void {
    this.count(GONE, this.handleLost(origins, paths))
  }

  handleReplaced(origins: readonly Origin[], path: string): void {
    this.handleLost(origins, [path])
  }

  private handleLost(origins: readonly Origin[], paths: Iterable<string>): number {
    let files = 0
    for (const path of paths) {
      files++
      for (const origin of origins) this.notePath(keyOf(origin, path))
    }
    for (const origin of origins) this.count(origin, files)
    return files
  }

  private notePath(key: string): void {
    if (!this.isOn) return
    this.forgetPath(key)
    this.countedPaths.set(key, this.hour())
    this.countedTextUnits += key.length
    for (const [oldest] of this.countedPaths) {
      if (this.countedPaths.size <= COUNTED_PATHS_MAX && this.countedTextUnits <= COUNTED_TEXT_MAX) return
      this.forgetPath(oldest)
    }
  }

  private forgetPath(key: string): void {
    if (this.countedPaths.delete(key)) this.countedTextUnits -= key.length
  }

  private count(origin: Origin, files: number): void {
    if (!this.isOn || files === 0) return
    const hour = this.hour()
    const known = this.known(origin)
    const hours = this.counts.get(known) ?? new Map<number, number>()
    hours.set(hour, (hours.get(hour) ?? 0) + files)
    for (const counted of hours.keys()) if (!isRecent(counted, hour)) hours.delete(counted)
    this.counts.set(known, hours)
    this.writeCounts()
  }

  /** Nothing is stopped any more, or a person said what becomes of it: counting begins anew. `confirmed` files of each origin may
   *  still go. */
  close(confirmed: ReadonlyMap<Origin, number> = new Map()): void {
    if (this.tripped.size === 0 && this.counts.size === 0) return
    this.tripped.clear()
    this.counts.clear()
    this.countedPaths.clear()
    this.countedTextUnits = 0
    for (const [origin, files] of confirmed) this.count(origin, -files)
    this.writeTripped()
    this.writeCounts()
  }

  /** Closes all trips where what was stopped is all gone or came back, by edits: the counts stand. */
  handleNoneStopped(): void {
    if (this.tripped.size === 0) return
    this.tripped.clear()
    this.writeTripped()
  }

  private countOf(origin: Origin): number {
    const now = this.hour()
    let sum = 0
    for (const [hour, files] of this.counts.get(this.known(origin)) ?? [])
      if (isRecent(hour, now)) sum += files
    return sum
  }

  private known(origin: Origin): Origin {
    if (OURS.has(origin) || this.counts.has(origin) || this.tripped.has(origin)) return origin
    return this.counts.size + this.tripped.size < ORIGINS_MAX ? origin : OTHERS
  }

  private hour(): number {
    return Math.floor(this.options.wallMs() / HOUR_MS)
  }

  private writeCounts(): void {
    const lines = [...this.counts].map(
      ([origin, hours]) => `${origin} ${[...hours].map(([hour, files]) => `${hour}:${files}`).join(',')}`,
    )
    this.options.index.putMeta(COUNTS, lines.join('\n'))
  }

  private writeTripped(): void {
    this.options.index.putMeta(TRIPPED, [...this.tripped].join(' '))
  }
}

function keyOf(origin: Origin, path: string): string {
  return `${origin} ${path}`
}

/** A clock that was set back makes nothing uncounted. */
function isRecent(hour: number, now: number): boolean {
  return hour > now - COUNTED_HOURS
}

/** The index is a file that anything may have happened to: what is no line of it is none. */
function countsOf(text: string): Map<Origin, Map<number, number>> {
  const counts = new Map<Origin, Map<number, number>>()
  for (const line of text.split('\n').slice(0, ORIGINS_MAX)) {
    const [origin, hours] = line.split(' ')
    if (origin === undefined || origin === '' || hours === undefined) continue
    const byHour = new Map<number, number>()
    for (const part of hours.split(',')) {
      const [hour, files] = part.split(':').map(Number)
      if (Number.isSafeInteger(hour) && Number.isSafeInteger(files)) byHour.set(hour!, files!)
    }
    counts.set(origin, byHour)
  }
  return counts
}
