// Changes that were recorded since the peers were told last: entries, and folders that were moved with all that is in them; too many
// to list are not listed. The catalogue owns it.

import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import type { Change } from '../../share/tree-move.js'

export class Changes {
  private listed: Change[] | undefined = []

  add(change: Change): void {
    if (this.listed === undefined) return
    this.listed.push(change)
    if (this.listed.length > CHANGES_LISTED_MAX) this.listed = undefined
  }

  /** Something changed that no entry tells. */
  handleMany(): void {
    this.listed = undefined
  }

  /** Since the last call, in their order, or undefined where they are too many. */
  take(): readonly Change[] | undefined {
    const { listed } = this
    this.listed = []
    return listed
  }
}
