// Paths that differ from the catalogue and must stay the same for a while before they count: each change meanwhile makes
// that longer. Small files are read ahead. The scanner owns this.

import { parentOf } from '../../share/path.js'
import { DueQueue } from '../due-queue.js'
import { type Signature, sameSignature } from '../index/signature.js'
import { SETTLE_MS, SETTLE_MS_MAX } from '../limits.js'
import { FileClock } from './file-clock.js'
import type { Growing } from './growing.js'
import { DEPARTURE_SETTLE_MS, NEW_EARLIER_MS } from './limits.js'
import type { ReadAhead } from './read-ahead.js'

export interface Candidate {
  /** Undefined while it is the disappearance that has to settle. */
  readonly signature: Signature | undefined
  /** How long it must stay the same. */
  readonly settleMs: number
  /** When it was first seen to differ from the catalogue. */
  readonly sinceMs: number
  /** By its own times it has been the same for long enough already: it is read without another look. */
  readonly isRipe: boolean
}

export interface SettlingOptions {
  readonly ahead: ReadAhead
  readonly growing: Growing
  readonly wallMs: () => number
  /** Whether something stood at the path before. */
  readonly isKnown: (path: string) => boolean
}

export class Settling {
  private readonly candidates = new Map<string, Candidate>()
  /** How many candidates have each inode: a missing path is looked for among them, and there may be as many of either. */
  private readonly inodeCounts = new Map<number, number>()
  private readonly due = new DueQueue()
  private readonly ahead: ReadAhead
  private readonly clock: FileClock
  private readonly growing: Growing
  private readonly isKnown: (path: string) => boolean

  constructor({ ahead, growing, wallMs, isKnown }: SettlingOptions) {
    this.ahead = ahead
    this.growing = growing
    this.clock = new FileClock(wallMs)
    this.isKnown = isKnown
  }

  get size(): number {
    return this.candidates.size
  }

  /** Inodes of files that are not at rest, or not read yet. */
  get inodes(): Pick<ReadonlyMap<number, unknown>, 'has' | 'keys'> {
    return this.inodeCounts
  }

  /** Paths that are not at rest yet. */
  paths(): Iterable<string> {
    return this.candidates.keys()
  }

  pollTimeout(): number | undefined {
    return this.due.nextDueMs()
  }

  /** Until when a deletion waits for what has changed with it: at most until that has been changing for so long. A disappearance is waited
   *  for whatever it takes. */
  awaitedUntilMs(): number {
    let untilMs = Number.NEGATIVE_INFINITY
    for (const { signature, sinceMs } of this.candidates.values()) {
      if (signature === undefined) return Number.POSITIVE_INFINITY
      untilMs = Math.max(untilMs, sinceMs + DEPARTURE_SETTLE_MS)
    }
    return untilMs
  }

  /** The next path whose time is over: look whether it is still the same. */
  pollPath(nowMs: number): string | undefined {
    return this.due.take(nowMs)
  }

  get(path: string): Candidate | undefined {
    return this.candidates.get(path)
  }

  /** When the path is looked at next; undefined where its turn has come. */
  dueAtMs(path: string): number | undefined {
    return this.due.dueMs(path)
  }

  /** The polled path has stayed the same. */
  handleSettled(path: string): void {
    this.remove(path)
  }

  /** Puts off a polled path: it is looked at again at `untilMs`. */
  putOff(path: string, untilMs: number): void {
    this.due.set(path, untilMs)
  }

  /** Where the path, or a folder above it, has been missing for long enough, that is looked at now. Answers whether one is known
   *  to be missing. */
  expedite(path: string, nowMs: number): boolean {
    for (let each = path; each !== ''; each = parentOf(each)) {
      const candidate = this.candidates.get(each)
      if (candidate === undefined || candidate.signature !== undefined) continue
      if (nowMs - candidate.sinceMs >= candidate.settleMs) this.due.set(each, nowMs)
      return true
    }
    return false
  }

  /** Something that differs from the catalogue was seen at the path. */
  arm(path: string, signature: Signature | undefined, nowMs: number): void {
    const before = this.candidates.get(path)
    if (before !== undefined && sameSignature(before.signature, signature)) return
    if (hasShrunk(before?.signature, signature)) this.growing.handleShrunk(path)
    const quietMs = this.quietMs(signature, nowMs)
    // A change counts when it was made, and may be seen only when the path is due.
    const settleMs = settleAgainMs(before, nowMs - quietMs)
    const restMs = Math.max(settleMs - quietMs, 0)
    const sinceMs = before?.sinceMs ?? nowMs
    this.put(path, { signature, settleMs, sinceMs, isRipe: restMs === 0 })
    // In the order of their times, which is that in which they are told: an object stands before what refers to it.
    const earlierMs = signature === undefined || this.isKnown(path) ? 0 : NEW_EARLIER_MS
    const restedMs = nowMs - quietMs + settleMs - earlierMs
    this.due.set(path, this.dueMs(path, { sinceMs, restedMs }, nowMs))
    // A file that changes again and again is read once, when it has come to rest.
    if (settleMs === SETTLE_MS) this.ahead.handleArmed(path, signature, restMs, nowMs)
    else this.ahead.forget(path)
  }

  /** Whether what is heard of a file may be a change that its times do not tell: it has the same as before. */
  mayHideChange({ ctimeMs }: Signature, nowMs: number): boolean {
    return this.clock.comesAgain(ctimeMs, nowMs)
  }

  /** A file changed while it was read, or may have changed. Its times may be too coarse to tell, so they say nothing of how long ago. */
  rearm(path: string, signature: Signature | undefined, nowMs: number): void {
    const before = this.candidates.get(path)
    const settleMs = settleAgainMs(before, nowMs)
    const sinceMs = before?.sinceMs ?? nowMs
    this.put(path, { signature, settleMs, sinceMs, isRipe: false })
    this.due.set(path, this.dueMs(path, { sinceMs, restedMs: nowMs + settleMs }, nowMs))
  }

  /** When it has rested, or is read without. */
  private dueMs(
    path: string,
    { sinceMs, restedMs }: { sinceMs: number; restedMs: number },
    nowMs: number,
  ): number {
    return Math.min(restedMs, Math.max(this.growing.dueMs(path, sinceMs), nowMs))
  }

  /** Whether it is read now though it does not rest. */
  isReadNow(path: string, nowMs: number): boolean {
    const candidate = this.candidates.get(path)
    return candidate?.signature !== undefined && nowMs >= this.growing.dueMs(path, candidate.sinceMs)
  }

  /** How long a file has been as it is now, by its own timestamps; 0 where the clock that stamped it and ours disagree. */
  private quietMs(signature: Signature | undefined, nowMs: number): number {
    if (signature === undefined) return 0
    return Math.max(this.clock.at(nowMs) - Math.max(signature.mtimeMs, signature.ctimeMs), 0)
  }

  /** There is nothing to wait for at the path. */
  disarm(path: string): void {
    if (!this.remove(path)) return
    this.due.delete(path)
    this.ahead.forget(path)
  }

  private put(path: string, candidate: Candidate): void {
    const before = this.candidates.get(path)
    if (before !== undefined) this.countInode(before, -1)
    this.candidates.set(path, candidate)
    this.countInode(candidate, 1)
  }

  private remove(path: string): boolean {
    const candidate = this.candidates.get(path)
    if (candidate === undefined) return false
    this.countInode(candidate, -1)
    return this.candidates.delete(path)
  }

  private countInode({ signature }: Candidate, change: 1 | -1): void {
    if (signature === undefined) return
    const count = (this.inodeCounts.get(signature.inode) ?? 0) + change
    if (count === 0) this.inodeCounts.delete(signature.inode)
    else this.inodeCounts.set(signature.inode, count)
  }
}

function hasShrunk(before: Signature | undefined, now: Signature | undefined): boolean {
  if (before === undefined || now === undefined) return false
  return now.inode !== before.inode || now.sizeBytes < before.sizeBytes
}

/** How long what has changed once more must stay the same. The making of a file and the first writes into it come one after
 *  the other and are one change; what still changes after that is being written for longer. */
function settleAgainMs(before: Candidate | undefined, changedMs: number): number {
  if (before === undefined || changedMs - before.sinceMs < SETTLE_MS) return SETTLE_MS
  return Math.min(2 * before.settleMs, SETTLE_MS_MAX)
}
