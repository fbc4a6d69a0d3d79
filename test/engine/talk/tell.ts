import type { ItemRef } from '../../../src/base/item.js'
import type { OwnState } from '../../../src/engine/talk/own-state.js'
import type { Entry } from '../../../src/share/entry.js'

/** What the keeper tells of the share. */
export function tell(
  own: OwnState,
  root: ItemRef,
  changes: readonly Entry[] | undefined,
  whole: readonly Entry[] | undefined,
  notHeldCount = 0,
): void {
  own.update({ root, knows: '', changes, whole, notHeldCount })
}
