// Waits until a running peer is in step with all that it names, for `left --once`.
//
//                    in step                for ONCE_LINGER_MS
//   waiting ──────────────────────▶ lingering ───────────────▶ 'in-step'
//      │ ◀─────────────────────────────┘ not any more
//      └─ the time is over, or somebody asked to stop ────────▶ 'late', 'stopped'

import { lackingOf, type Status } from '../control/status.js'
import { nowMs } from '../io/clock.js'
import { ONCE_LINGER_MS, ONCE_POLL_MS } from './limits.js'

export interface OnceOptions {
  readonly status: () => Promise<Status | undefined>
  /** By the clock of `nowMs`; undefined for no limit. */
  readonly endMs: number | undefined
  /** Resolves where somebody asks to stop. */
  readonly stopped: Promise<void>
}

export interface OnceOutcome {
  readonly end: 'in-step' | 'late' | 'stopped'
  /** Statements of what is missing, for a person; none in step. */
  readonly lacking: readonly string[]
}

/** The peer goes on for a moment once it is in step: the last answer that it gave may be lost, and whoever waits for it asks
 *  again. */
export async function untilInStep({ status, endMs, stopped }: OnceOptions): Promise<OnceOutcome> {
  let isStopped = false
  const stop = stopped.then(() => {
    isStopped = true
  })
  let sinceMs: number | undefined
  let now: Status | undefined
  for (;;) {
    // Somebody who asks to stop does not wait for an answer.
    const before = now
    now = await Promise.race([status(), stop.then(() => before)])
    const isInStep = now?.isInStep === true
    sinceMs = isInStep ? (sinceMs ?? nowMs()) : undefined
    const isLate = endMs !== undefined && nowMs() >= endMs
    if (isInStep && (isLate || isStopped || nowMs() - sinceMs! >= ONCE_LINGER_MS))
      return { end: 'in-step', lacking: [] }
    if (isLate || isStopped) return { end: isLate ? 'late' : 'stopped', lacking: lackingWords(now) }
    await Promise.race([stop, sleep(Math.max(0, Math.min(ONCE_POLL_MS, (endMs ?? Infinity) - nowMs())))])
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function lackingWords(status: Status | undefined): string[] {
  return status === undefined ? ['this share: left is still starting'] : lackingOf(status)
}
