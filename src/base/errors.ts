/** The kind of failure, for code that must decide on it. The message is for the person. */
export type ErrorCode =
  | 'usage' // the command line is wrong; exit code 2
  | 'port-in-use'
  | 'share-unusable' // not a folder, not writable, or not makeable
  | 'share-in-use' // another left runs on it
  | 'state-newer' // .left was written by a newer left
  | 'identity-unusable'
  | 'secret-unusable'
  | 'pins-unusable'
  | 'not-available' // an option that this version does not carry out yet
  | 'disk-full'
  | 'disk-failed'
  | 'watcher-failed'
  | 'not-running' // no peer runs on the share; exit code 1
  | 'control-failed' // one runs, and could not be asked or did not do it

/** The one error class. The message is one line and says what to do next; wrap with `cause` where a
 *  layer is crossed. */
export class LeftError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LeftError'
    this.code = code
  }

  /** Also of another copy of this class: the front of the program and each command are bundled apart (scripts/build.mjs). */
  static override [Symbol.hasInstance](value: unknown): value is LeftError {
    return value instanceof Error && value.name === 'LeftError'
  }
}
