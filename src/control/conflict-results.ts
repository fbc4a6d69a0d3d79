// Results of the commands about conflicts. README.md documents the fields.

import type { Listed, PathWithReason } from './status.js'

export interface ConflictResult {
  readonly path: string
  readonly this: SideResult | null
  readonly others: Listed<SideResult>
}

export interface SideResult {
  readonly path: string
  readonly kind: string
  readonly bytes: number
  readonly mtimeMs: number
  readonly author: string
}

export type ConflictsListed = Listed<ConflictResult>

export interface ConflictsSettled {
  readonly settled: readonly { readonly path: string; readonly as: string }[]
  readonly refused: readonly PathWithReason[]
}
