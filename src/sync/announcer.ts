// When the peers are told that the share changed: the first change at once, a stream of changes in batches, what came
// from a peer only when nothing more is coming. What is told is on the disk before.

import type { Catalogue } from './catalogue.js'
import { ANNOUNCE_MS, ANNOUNCE_SPACING_MS, CHANGES_LISTED_MAX, RELAY_ANNOUNCE_MS } from './limits.js'
import type { KeeperToEngine } from './messages.js'

export class Announcer {
  private readonly catalogue: Catalogue
  private dueMs: number | undefined
  private announcedAtMs = Number.NEGATIVE_INFINITY
  private announcedRoot = ''

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue
  }

  /** The catalogue changed. */
  handleChange(urgent: boolean, nowMs: number): void {
    const spacedMs = Math.max(nowMs + ANNOUNCE_MS, this.announcedAtMs + ANNOUNCE_SPACING_MS)
    const dueMs = urgent ? spacedMs : nowMs + RELAY_ANNOUNCE_MS
    if (this.dueMs === undefined || dueMs < this.dueMs) this.dueMs = dueMs
  }

  /** The share is known for the first time. */
  handleReady(nowMs: number): void {
    this.dueMs = nowMs
  }

  pollTimeout(): number | undefined {
    return this.dueMs
  }

  /** The news, once it is due and where there is any. */
  poll(nowMs: number): (KeeperToEngine & { type: 'root' }) | undefined {
    if (this.dueMs === undefined || nowMs < this.dueMs) return undefined
    this.dueMs = undefined
    this.catalogue.commit()
    const { manifest } = this.catalogue
    const root = manifest.root()
    const changes = this.catalogue.takeChanges()
    if (root.digest === this.announcedRoot) return undefined
    this.announcedRoot = root.digest
    this.announcedAtMs = nowMs
    const whole = manifest.size <= CHANGES_LISTED_MAX ? [...manifest.entries()] : undefined
    return { type: 'root', root, changes, whole, files: manifest.fileCount }
  }
}
