// The result of `why`: one path here and at each peer. README.md documents the fields; the peer fills them in (src/app/why.ts), the
// command line shows them.

import type { ReasonCode } from '../base/reason.js'
import type { PeerState } from './status.js'

export interface WhyResult {
  readonly path: string
  /** Nothing keeps it from being the same here and at every peer, and each that is connected says that it is. */
  readonly isSame: boolean
  readonly here: WhyHere
  readonly peers: readonly WhyPeer[]
  readonly reasons: readonly WhyReason[]
}

export interface WhyHere {
  /** Null where nothing is known of it. */
  readonly known: EntryResult | null
  readonly isHeld: boolean
  /** Better than what is known, and to come from peers. */
  readonly wanted: EntryResult | null
}

export interface WhyPeer {
  readonly address: string
  readonly peer: string | null
  readonly state: PeerState
}

export interface EntryResult {
  readonly kind: string
  readonly deletedKind: string | null
  readonly bytes: number
  readonly mtimeMs: number | null
  readonly author: string
  readonly edit: string
}

export interface WhyReason {
  readonly code: ReasonCode
  /** The address of the peer that it is about; null where it is about this machine. */
  readonly address: string | null
  readonly detail: string
  /** For a person: what it is, and what would change it. */
  readonly words: string
  readonly remedy: string
  /** ISO 8601, UTC: since when; null where nobody knows. */
  readonly since: string | null
  /** When it is tried again by itself; null where that is not known, or it is not. */
  readonly again: string | null
}
