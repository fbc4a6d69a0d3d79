// The reason for which a peer is not in step, by its code: from how its session stands, or from what was told last of its address. Used by
// the status book.

import { type Cause, causeOf, type ReasonCode } from '../base/reason.js'
import type { PeerState } from '../control/status.js'
import type { EnginePeer } from '../engine/engine.js'

/** Told last of an address with which there is no session. */
export interface Absence {
  readonly code: ReasonCode
  readonly words: string
  readonly sinceMs: number
}

/** `bindGone`: the address of --bind, where this machine does not have it any more. Undefined where nothing keeps it from being in step. */
export function peerCause(
  state: PeerState,
  session: EnginePeer | undefined,
  absence: Absence | undefined,
  bindGone?: string,
): Cause | undefined {
  if (session === undefined) {
    if (state === 'self') return undefined
    if (bindGone !== undefined) return causeOf('bind-gone', bindGone)
    if (state === 'not-called') return causeOf('not-called')
    return absence === undefined ? causeOf('not-reached') : causeOf(absence.code, absence.words)
  }
  if (session.isPausedHere) return causeOf('paused-here')
  if (session.stopThere === 'paused') return causeOf('paused-there')
  if (session.isRefused) return causeOf('forgotten-edits')
  if (state === 'comparing') return causeOf(session.isReadingThere ? 'reading-there' : 'comparing')
  if (state === 'receiving') return causeOf('wanted-of-it')
  if (state !== 'behind') return undefined
  if (session.stopThere === 'full') return causeOf('full-there')
  return causeOf(session.isTold ? 'behind-there' : 'untold-there')
}
