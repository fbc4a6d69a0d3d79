// Results of the commands about the trash. README.md documents the fields.

import type { Listed, PathWithReason } from './status.js'

/** What was taken in last at the front. */
export interface TrashListed
  extends Listed<{
    readonly path: string
    readonly kind: string
    readonly bytes: number
    readonly takenMs: number
  }> {
  /** Of all of them. */
  readonly bytes: number
}

export interface TrashRestored {
  /** Paths that are back. */
  readonly restored: Listed<string>
  /** Something stands at these paths by now: given back beside it. */
  readonly beside: Listed<{ readonly path: string; readonly as: string }>
  /** Still in the trash. */
  readonly refused: Listed<PathWithReason>
}

export interface TrashEmptied {
  readonly things: number
  readonly bytes: number
}
