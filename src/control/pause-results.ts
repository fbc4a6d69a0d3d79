// The result of `pause` and `resume`. README.md documents the fields.

import type { PauseStatus } from './status.js'

export interface PauseResult {
  /** As it is from now on; null where nothing is paused. */
  readonly pause: PauseStatus | null
}
