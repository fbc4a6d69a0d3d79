/** The answer of a decoder: bytes from a peer never throw. */
export type Decoded<T, Reason extends string = DecodeFailure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason }

export type DecodeFailure =
  | 'empty'
  | 'truncated'
  | 'trailing-bytes'
  | 'unknown-kind'
  | 'bad-field'
  | 'too-long'
  | 'not-utf8'

export function decoded<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function undecoded<Reason extends string>(
  reason: Reason,
): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason }
}
