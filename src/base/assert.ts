/** Throws when a fact that our own code guarantees does not hold. Never used on what a peer sent:
 *  that is decoded into a reason instead (see `Decoded`). */
export function assert(condition: boolean, message = 'assertion failed'): asserts condition {
  if (!condition) throw new Error(`left is broken: ${message}`)
}

/** For the `default` of a switch over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`left is broken: unexpected ${JSON.stringify(value)}`)
}
