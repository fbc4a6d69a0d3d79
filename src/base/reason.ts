// Reasons for which a path, or a peer, is not in step yet: codes that cross the pipe, the control socket and the wire. The words of
// each are in src/control/reason-words.ts, and how each comes about in src/control/README.md.

export const REASON_CODES = [
  // — Found at the path itself —
  'settling',
  'ignored',
] as const

export type ReasonCode = (typeof REASON_CODES)[number]

/** A reason without its time. `detail`: the name, the path or the words of the system that belong to it; '' for none. */
export interface Cause {
  readonly code: ReasonCode
  readonly detail: string
}

export interface Reason extends Cause {
  /** How long it has been so, ms; undefined where nobody knows. */
  readonly forMs: number | undefined
  /** In how many ms it is tried again by itself; undefined where that is not known, or it is not. */
  readonly againMs: number | undefined
}

export function causeOf(code: ReasonCode, detail = ''): Cause {
  return { code, detail }
}

export function isReasonCode(text: string): text is ReasonCode {
  return (REASON_CODES as readonly string[]).includes(text)
}

/** `sinceMs` and `againAtMs` are on the clock of `nowMs`. */
export function reasonAt(
  cause: Cause,
  nowMs: number,
  times: { readonly sinceMs?: number | undefined; readonly againAtMs?: number | undefined } = {},
): Reason {
  const { sinceMs, againAtMs } = times
  return {
    ...cause,
    forMs: sinceMs === undefined ? undefined : Math.max(0, nowMs - sinceMs),
    againMs: againAtMs === undefined ? undefined : Math.max(0, againAtMs - nowMs),
  }
}
