// One path here and at each peer, for whoever asks: what the keeper knows, put together with how each peer stands. Used by Steering.

import type { Reason } from '../base/reason.js'
import { remedyOf, wordsOf } from '../control/reason-words.js'
import type { Status } from '../control/status.js'
import type { WhyReason, WhyResult } from '../control/why-results.js'
import type { PathState } from '../pipe/commands.js'

export interface WhyFacts {
  readonly state: PathState
  readonly status: Status
  readonly wallMs: number
}

export function whyOf({ state, status, wallMs }: WhyFacts): WhyResult {
  const { path, known, isHeld, wanted } = state
  const reasons = state.reasons.map((reason) => resultOf(reason, null, wallMs))
  const peers = status.peers.map(({ address, peer, state: standing }) => ({ address, peer, state: standing }))
  const isSame = reasons.length === 0 && status.isInStep
  return { path, isSame, here: { known, isHeld, wanted }, peers, reasons }
}

export function resultOf(reason: Reason, address: string | null, wallMs: number): WhyReason {
  const { code, detail, forMs, againMs } = reason
  return {
    code,
    address,
    detail,
    words: wordsOf(reason),
    remedy: remedyOf(reason),
    since: forMs === undefined ? null : new Date(wallMs - forMs).toISOString(),
    again: againMs === undefined ? null : new Date(wallMs + againMs).toISOString(),
  }
}
