// The result of `why`: one path here and at each peer. README.md documents the fields; the peer fills them in (src/app/why.ts), the
// command line shows them.

import type { ReasonCode } from '../base/reason.js'
import type { Listed, PeerState } from './status.js'

export interface WhyResult {
  readonly path: string
  /** Something is known of it here, or at a peer that answered. */
  readonly isKnown: boolean
  /** Nothing keeps it from being the same here and at every peer, and each that is connected says that it is. */
  readonly isSame: boolean
  readonly here: WhyHere
  readonly peers: readonly WhyPeer[]
  readonly reasons: readonly WhyReason[]
  /** Paths in it that something here keeps back. */
  readonly below: Listed<WhyBelow>
}

export interface WhyBelow {
  readonly path: string
  readonly reasons: readonly WhyReason[]
}

export interface WhyHere {
  /** The id of this machine's peer, as that of an author. */
  readonly peer: string
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
  /** Whether it said how the path stands there. */
  readonly isAnswered: boolean
  /** As it said; null where it knows nothing of it, or did not say. */
  readonly known: EntryResult | null
  /** Null where it did not say. */
  readonly isHeld: boolean | null
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
