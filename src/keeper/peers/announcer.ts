// When the peers are told that the share changed: the first change at once, a stream of changes in batches, what came
// from a peer only when nothing more is coming. What is told is on the disk before.

import { earliest } from '../../base/earliest.js'
import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { FULL_DISK_RETRY_MS } from '../limits.js'
import { ANNOUNCE_MS, ANNOUNCE_SPACING_MS, ANNOUNCE_SPACING_MS_MIN, RELAY_ANNOUNCE_MS } from './limits.js'

export class Announcer {
  private readonly catalogue: Catalogue
  private readonly edits: OwnEdits
  private dueMs: number | undefined
  private announcedAtMs = Number.NEGATIVE_INFINITY
  private announcedRoot = ''
  private announcedNotHeldCount = 0
  private announcedAuthor = ''
  /** Between the last news and the next: grows while they keep coming. */
  private spacingMs = 0

  constructor(catalogue: Catalogue, edits: OwnEdits) {
    this.catalogue = catalogue
    this.edits = edits
  }

  /** The catalogue changed. */
  handleChange(urgent: boolean, nowMs: number): void {
    const spacedMs = Math.max(nowMs + ANNOUNCE_MS, this.announcedAtMs + this.spacingMs)
    this.dueMs = earliest(this.dueMs, urgent ? spacedMs : nowMs + RELAY_ANNOUNCE_MS)
  }

  /** The share is known for the first time. */
  handleReady(nowMs: number): void {
    this.dueMs = nowMs
  }

  pollTimeout(): number | undefined {
    return this.dueMs
  }

  /** Whether the index is to be committed now, and then `take` called, or `handleFull`. */
  isDue(nowMs: number): boolean {
    return this.dueMs !== undefined && nowMs >= this.dueMs
  }

  /** Puts it off for a moment where what is to be told is only one half of something. Answers `isHalf`. */
  isPostponed(isHalf: boolean, nowMs: number): boolean {
    if (isHalf) this.dueMs = nowMs + ANNOUNCE_MS
    return isHalf
  }

  /** The index could not be committed: the disk is full. */
  handleFull(nowMs: number): void {
    this.dueMs = nowMs + FULL_DISK_RETRY_MS
  }

  /** The news, where there is any. */
  take(nowMs: number): (KeeperToEngine & { type: 'root' }) | undefined {
    this.dueMs = undefined
    const { manifest } = this.catalogue
    const root = manifest.root()
    const changes = this.catalogue.takeChanges()
    const { notHeldCount } = this.catalogue
    const own = this.edits.counts
    const isSameShare = root.digest === this.announcedRoot && notHeldCount === this.announcedNotHeldCount
    if (isSameShare && own.author === this.announcedAuthor) return undefined
    this.announcedAuthor = own.author
    this.announcedRoot = root.digest
    this.announcedNotHeldCount = notHeldCount
    const isStream = nowMs - this.announcedAtMs < 2 * ANNOUNCE_SPACING_MS
    this.spacingMs = isStream ? Math.min(2 * this.spacingMs, ANNOUNCE_SPACING_MS) : ANNOUNCE_SPACING_MS_MIN
    this.announcedAtMs = nowMs
    const whole = manifest.size <= CHANGES_LISTED_MAX ? [...manifest.entries()] : undefined
    return { type: 'root', root, own, changes, whole, files: manifest.fileCount, notHeldCount }
  }
}
