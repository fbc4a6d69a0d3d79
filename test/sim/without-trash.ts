// A product without the trash, which would keep what another fault loses.

import { vi } from 'vitest'
import { Trash } from '../../src/keeper/trash/trash.js'
import { TrashCheck } from '../../src/sim/checks/trash.js'

/** No version that is replaced goes to the trash, and I14 does not tell: what is lost by that is found at rest. Undone by
 *  `vi.restoreAllMocks`. */
export function withoutTrash(): void {
  vi.spyOn(Trash.prototype, 'keepVersion').mockReturnValue(undefined)
  vi.spyOn(TrashCheck.prototype, 'handleTaking').mockReturnValue(() => false)
}
