// Makes the keys of one target: its own, in a configuration folder of its own, and those of the peers that it trusts, knows
// or has never met.

import { join } from 'node:path'
import { utf8 } from '../base/bytes.js'
import { SystemRandom } from '../io/random.js'
import { configFolder, IDENTITY_FILE, PINS_FILE } from '../seal/config-folder.js'
import { makeX25519 } from '../seal/exchange.js'
import { openIdentity } from '../seal/identity.js'
import { Pins } from '../seal/pins.js'
import { hardenedGenerator } from '../seal/secret.js'
import { type MakeGuise, plainGuise, sealedGuise } from './guise.js'

/** `--encryption` of the target, and of whoever attacks it. */
export type Encryption = 'yes' | 'no'

/** Somebody whose key the target's user has trusted by hand. */
export interface Trusted {
  readonly fingerprint: string
  readonly guise: MakeGuise
}

/** The identities that an attacker can show. Without encryption there are none, and all guises are the same. */
export interface Guises {
  /** Known to the target, which has pinned it. */
  readonly friend: MakeGuise
  /** With a key that the target does not know. */
  readonly stranger: MakeGuise
  /** The same, who holds secrets; `generators` are of those. */
  strangerWith(generators: readonly Uint8Array[]): Promise<MakeGuise>
  /** The same, who knows the key of the target. */
  readonly acquaintance: MakeGuise
  /** Trusted beside the friend, and know the key of the target; none without encryption. */
  readonly trusted: readonly Trusted[]
}

/** The target has a user of its own, as far as configuration goes. */
export const CONFIG = 'target/config/left'
export const STATE = 'state/left'

export function environmentIn(folder: string): NodeJS.ProcessEnv {
  const { LEFT_PASSPHRASE: _, ...others } = process.env
  return { ...others, XDG_CONFIG_HOME: join(folder, CONFIG, '..'), XDG_STATE_HOME: join(folder, STATE, '..') }
}

/** Makes all keys: of the target, of whom it knows, and of whom it does not. */
export async function guisesIn(encryption: Encryption, folder: string, secret?: string): Promise<Guises> {
  const random = new SystemRandom()
  if (encryption === 'no') {
    const plain = plainGuise(random)
    const strangerWith = async () => plain
    return { friend: plain, stranger: plain, strangerWith, acquaintance: plain, trusted: [] }
  }
  const config = configFolder(environmentIn(folder))
  const generators = secret === undefined ? [] : [await hardenedGenerator(utf8(secret))]
  const strangerFile = join(folder, 'stranger.pem')
  const trustedFiles = ['trusted-1.pem', 'trusted-2.pem'].map((name) => join(folder, name))
  const [target, friend, stranger, ...identities] = await Promise.all([
    openIdentity({ file: join(config, IDENTITY_FILE) }),
    sealedGuise(random, join(folder, 'friend.pem'), { generators }),
    sealedGuise(random, strangerFile),
    ...trustedFiles.map((file) => openIdentity({ file })),
  ])
  const { fingerprint, staticSeed } = target
  const known = { fingerprint, staticKey: makeX25519(staticSeed).publicKey }
  const pins = new Pins(join(config, PINS_FILE))
  const trusted: Trusted[] = []
  for (const [index, identity] of identities.entries()) {
    await pins.trust(identity.fingerprint, {})
    const guise = await sealedGuise(random, trustedFiles[index]!, { knows: known })
    trusted.push({ fingerprint: identity.fingerprint, guise })
  }
  const acquaintance = await sealedGuise(random, strangerFile, { knows: known })
  const strangerWith = (held: readonly Uint8Array[]) =>
    sealedGuise(random, strangerFile, { generators: held })
  return { friend, stranger, strangerWith, acquaintance, trusted }
}
