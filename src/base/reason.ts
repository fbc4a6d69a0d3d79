// Reasons for which a path, or a peer, is not in step yet: codes that cross the pipe, the control socket and the wire. The words of
// each are in src/control/reason-words.ts, and how each comes about in src/control/README.md.

/** Said of a path. */
export const PATH_REASONS = [
  // — Changed here, and not told yet —
  'reading',
  'unnoticed',
  'settling',
  'growing',
  'restless',
  'leaving',
  'not-told',
  // — Here, and not shared —
  'ignored',
  'no-right-to-read',
  'unreadable',
  'unseen',
  'private',
  'other-share',
  'own-folder',
  'not-a-file',
  'too-large',
  'too-deep',
  'name-not-allowed',
  'name-too-long',
  'name-not-utf8',
  'link-to-nothing',
  'link-cycle',
  'link-left-out',
  'rules-unread',
  // — Held until a person decides —
  'held',
  'held-here',
  'receive-only',
  'send-only',
  'away',
  'conflict',
  // — Known, and not had —
  'no-source',
  'not-held-there',
  'no-right-to-write',
  'disk-failed',
  'same-name',
  'other-encoding',
  'link-refused',
  'behind-link',
  'place-taken',
  'place-restless',
  'waits-for-folder',
  'folder-remains',
  // — Wanted, and on its way —
  'disk-full',
  'min-free',
  'fetching',
  'preparing',
  'placing',
  'queued',
  'same-content',
  'waits-for-comparison',
  'waits-for-order',
  'waits-for-removals',
  'waits-for-content',
] as const

/** Said of a peer. */
export const PEER_REASONS = [
  // — Without a session —
  'not-reached',
  'name-unknown',
  'own-address-gone',
  'bind-gone',
  'not-let-in',
  'refused',
  'key-changed',
  'left',
  'not-called',
  // — With one —
  'paused-here',
  'paused-there',
  'full-there',
  'comparing',
  'reading-there',
  'forgotten-edits',
  'wanted-of-it',
  'untold-there',
  'behind-there',
  'unanswered-there',
] as const

export const REASON_CODES = [...PATH_REASONS, ...PEER_REASONS] as const

export type ReasonCode = (typeof REASON_CODES)[number]

/** Reasons of a path that one peer tells another. The others tell what stands on a disk and in no tree: a private file, a link that is
 *  left out, something that cannot be read. */
const TOLD_TO_PEERS: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'reading',
  'settling',
  'growing',
  'restless',
  'leaving',
  'not-told',
  'ignored',
  'held',
  'held-here',
  'receive-only',
  'send-only',
  'conflict',
  'no-source',
  'not-held-there',
  'no-right-to-write',
  'disk-failed',
  'name-not-allowed',
  'name-too-long',
  'same-name',
  'other-encoding',
  'link-refused',
  'place-taken',
  'place-restless',
  'waits-for-folder',
  'folder-remains',
  'disk-full',
  'min-free',
  'fetching',
  'preparing',
  'placing',
  'queued',
  'same-content',
  'waits-for-comparison',
  'waits-for-order',
  'waits-for-removals',
  'waits-for-content',
])

const DETAIL_IS_PATH: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'waits-for-folder',
  'same-content',
  'same-name',
  'other-encoding',
])

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

/** Whether one peer tells it another, and is believed: with a detail only where that is a path. */
export function isToldToPeers(code: string): code is ReasonCode {
  return (TOLD_TO_PEERS as ReadonlySet<string>).has(code)
}

export function isDetailPath(code: ReasonCode): boolean {
  return DETAIL_IS_PATH.has(code)
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
