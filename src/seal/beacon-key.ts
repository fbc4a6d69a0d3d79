// The keys that beacons are tagged with (src/beacons), of the secrets that a group shares. Used when a peer starts.

import { textOf, utf8 } from '../base/bytes.js'
import { expand, extract } from './keys.js'
import { strengthOf } from './secret.js'

export interface BeaconKeys {
  readonly keys: readonly Uint8Array[]
  /** Whether a beacon of the group may have none of these tags. */
  readonly takesAny: boolean
}

const SALT = utf8('LEFT 2 beacon')

/** Only a secret that `left secret` made gives a key: whoever hears a tag could try sentences that people think up, for as long
 *  as he likes. Without such a secret peers know each other by pins, or by a handshake that lets nobody try. */
export function beaconKeys(secrets: readonly Uint8Array[]): BeaconKeys {
  const made = secrets.filter((secret) => strengthOf(textOf(secret) ?? '').strength === 'made')
  const keys = made.map((secret) => expand(extract(SALT, secret), 'beacon', new Uint8Array(0)))
  return { keys, takesAny: made.length === 0 || made.length < secrets.length }
}
