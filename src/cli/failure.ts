// How a failure reaches the person: one line on stderr and an exit code. Called by main.ts and run.ts.

import { type ErrorCode, LeftError } from '../base/errors.js'
import { printable } from './names.js'

/** Exit codes. 0 also means: stopped because somebody asked for it. */
export const EXIT_STOPPED = 0
export const EXIT_FAILED = 1
export const EXIT_REFUSED = 2
/** Exit code of --once: something was missing when the time was over, or when it was stopped. */
export const EXIT_NOT_IN_STEP = 3

/** Codes that mean "it did not start, and the person can change that". */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'usage',
  'port-in-use',
  'share-unusable',
  'share-in-use',
  'state-newer',
  'identity-unusable',
  'pins-unusable',
  'secret-unusable',
  'not-available',
  'watcher-failed',
])

/** 2 for a refusal to start, 1 for anything else. What would be a refusal at the start, a share that has
 *  become unusable say, is a failure once the peer runs. */
export function exitCodeOf(error: unknown, phase: 'starting' | 'running'): number {
  return phase === 'starting' && error instanceof LeftError && REFUSALS.has(error.code)
    ? EXIT_REFUSED
    : EXIT_FAILED
}

/** `left: <message>` on one line; with `verbose` one more line for each cause, and where it was thrown.
 *  Ends in a newline. */
export function failureText(error: unknown, verbose: boolean): string {
  let text = `left: ${messageOf(error)}\n`
  if (!verbose) return text
  let cause = error instanceof Error ? error.cause : undefined
  // A chain may be a ring: eight links are more than anybody wraps.
  for (let depth = 0; cause !== undefined && cause !== null && depth < 8; depth++) {
    text += `left:   because: ${messageOf(cause)}\n`
    cause = cause instanceof Error ? cause.cause : undefined
  }
  const stack = error instanceof Error && !(error instanceof LeftError) ? (error.stack ?? '') : ''
  for (const line of stack.split('\n').slice(1)) text += `left:   ${printable(line.trim())}\n`
  return text
}

function messageOf(error: unknown): string {
  if (error instanceof LeftError) return printable(error.message)
  if (error instanceof Error) return printable(`${error.name}: ${error.message}`)
  return printable(String(error))
}
