// Entries that were recorded since the peers were told last; too many to list are not listed. The catalogue owns it.

import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import type { Entry } from '../../share/entry.js'

export class Changes {
  private entries: Entry[] | undefined = []

  add(entry: Entry): void {
    if (this.entries === undefined) return
    this.entries.push(entry)
    if (this.entries.length > CHANGES_LISTED_MAX) this.entries = undefined
  }

  /** Something changed that no entry tells. */
  handleMany(): void {
    this.entries = undefined
  }

  /** The entries since the last call, or undefined where they are too many. */
  take(): readonly Entry[] | undefined {
    const { entries } = this
    this.entries = []
    return entries
  }
}
