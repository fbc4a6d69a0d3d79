import type { ItemRef } from '../../../src/base/item.js'
import type { OwnState } from '../../../src/engine/talk/own-state.js'
import type { Entry } from '../../../src/share/entry.js'
import type { OwnCounts } from '../../../src/share/own-counts.js'

/** Of a share that remembers all that it ever edited. */
export const OWN_COUNTS: OwnCounts = { author: 'a'.repeat(16), gaps: [], highest: 9e15 }

/** What the keeper tells of the share. */
export function tell(
  own: OwnState,
  root: ItemRef,
  changes: readonly Entry[] | undefined,
  whole: readonly Entry[] | undefined,
  notHeldCount = 0,
): void {
  own.update({ root, own: OWN_COUNTS, changes, whole, notHeldCount })
}
