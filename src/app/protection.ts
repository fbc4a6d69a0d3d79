// Makes the protection of a running peer from what the person chose: has the identity opened, opens the pins and hardens the
// shared secrets. Called once, before anything is sent.

import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import type { Random } from '../base/ports.js'
import type { IdentityRequest, OpenedIdentity } from '../pipe/watcher-protocol.js'
import type { Protection } from '../rdt/protection.js'
import { type BeaconKeys, beaconKeys } from '../seal/beacon-key.js'
import { IDENTITY_FILE, openConfigFolder, PINS_FILE } from '../seal/config-folder.js'
import { makeX25519 } from '../seal/exchange.js'
import { loadCodec } from '../seal/frames/codec.js'
import { useNativeCrypto } from '../seal/gcm.js'
import { type GroupKeys, groupKeysOf } from '../seal/group-keys.js'
import { SHARED_SECRET_BYTES_MIN } from '../seal/limits.js'
import type { Pin } from '../seal/pin-file.js'
import { Pins } from '../seal/pins.js'
import { PlainProtection } from '../seal/plain.js'
import { readSecretLine, shellWord } from '../seal/private-file.js'
import { SealedProtection } from '../seal/sealed.js'
import { hardenedGenerator, strengthOf } from '../seal/secret.js'
import type { PeerEvent } from './events.js'
import type { PeerOptions } from './options.js'
import { PinnedTrust } from './trust.js'

/** The options of a peer that a visitor has too. */
export type ProtectionOptions = Pick<
  PeerOptions,
  'encryption' | 'compression' | 'identity' | 'passphraseFile' | 'trust' | 'secretFiles'
>

export interface ProtectionRequest {
  readonly options: ProtectionOptions
  /** Settles the peer id under our own key. Throws a LeftError. */
  readonly settlePeerId: (fingerprint: string | undefined) => string
  readonly random: Random
  readonly crc32: (bytes: Uint8Array, seed?: number) => number
  readonly isNamed: (address: string) => boolean
  readonly isFound: (address: string) => boolean
  /** Whether no peer is named: then a secret or a trusted key is needed to know one by. */
  readonly isFoundOnly: boolean
  /** Whether trackers are asked: then each secret must be one that nobody can guess. */
  readonly isTracked: boolean
  readonly nameOf: (address: string) => string
  readonly onEvent: (event: PeerEvent) => void
  /** The key to ask for at an address where none was met; see PinnedTrustOptions. */
  readonly expectedAt?: (address: string, known: KnownKeys) => string | undefined
  /** In the watcher process, which carries out the slow steps too. */
  readonly openIdentity: (request: IdentityRequest, onMaking: () => void) => Promise<OpenedIdentity>
}

export interface KnownKeys {
  /** Fingerprint of our own key. */
  readonly own: string
  readonly pins: readonly Pin[]
}

export interface OpenProtection {
  readonly protection: Protection
  readonly peerId: string
  /** Fingerprint of our own key; undefined without encryption. */
  readonly fingerprint: string | undefined
  readonly beacons: BeaconKeys
  /** Of the shared secrets, for trackers; none without --tracker. */
  readonly groups: readonly GroupKeys[]
  /** Whether a session of this key may go on: the pins, as the file has them now. */
  isTrusted(fingerprint: string): boolean
  /** Resolves when what was learned of peers is on the disk, or cannot be had there. */
  settled(): Promise<void>
}

/** @throws LeftError 'identity-unusable', 'pins-unusable', 'secret-unusable', 'share-unusable', 'watcher-failed'. */
export async function openProtection(request: ProtectionRequest): Promise<OpenProtection> {
  const { options, onEvent, openIdentity } = request
  if (options.encryption === 'no') {
    onEvent({
      event: 'note',
      message:
        'no encryption: whoever reads the link reads the share, and whoever forges an address of --ip writes it',
    })
    const peerId = request.settlePeerId(undefined)
    return {
      protection: new PlainProtection({ ...request, peerId }),
      peerId,
      fingerprint: undefined,
      beacons: { keys: [], takesAny: true },
      groups: [],
      isTrusted: () => true,
      settled: async () => {},
    }
  }
  const folder = openConfigFolder()
  const file = options.identity ?? join(folder, IDENTITY_FILE)
  // All files are read before an identity is made: what is refused leaves nothing behind.
  const passphrase = passphraseOf(options)
  const { isTracked } = request
  const secrets = options.secretFiles.map((secretFile) => secretOf(secretFile, isTracked))
  const pins = new Pins(join(folder, PINS_FILE))
  if (request.isFoundOnly && secrets.length === 0 && pins.list().length === 0)
    throw new LeftError('usage', NOBODY_TO_FIND)
  const [identity, ...generators] = await Promise.all([
    openIdentity({ file, passphrase }, () =>
      onEvent({ event: 'note', message: `making an identity for this user: ${file}` }),
    ),
    ...secrets.map(hardenedGenerator),
  ])
  if (identity.note !== undefined) onEvent({ event: 'note', message: identity.note })
  const peerId = request.settlePeerId(identity.fingerprint)
  const staticKey = makeX25519(identity.staticSeed)
  useNativeCrypto()
  const trust = new PinnedTrust({
    pins,
    own: identity.fingerprint,
    ownStatic: staticKey.publicKey,
    peerId,
    policy: options.trust,
    hasSecret: generators.length > 0,
    isNamed: request.isNamed,
    isFound: request.isFound,
    nameOf: request.nameOf,
    onEvent,
    expectedAt: (address) => request.expectedAt?.(address, { own: identity.fingerprint, pins: pins.list() }),
  })
  const protection = new SealedProtection({
    peerId,
    random: request.random,
    modulus: identity.modulus,
    staticKey,
    trust,
    generators,
    codec: loadCodec(),
    compresses: options.compression === 'auto',
  })
  return {
    protection,
    peerId,
    fingerprint: identity.fingerprint,
    beacons: beaconKeys(secrets),
    groups: isTracked ? secrets.map(groupKeysOf) : [],
    isTrusted: (fingerprint) => trust.isTrusted(fingerprint),
    settled: () => pins.settled(),
  }
}

function passphraseOf({ passphraseFile }: ProtectionOptions): string | undefined {
  const text =
    passphraseFile === undefined
      ? process.env.LEFT_PASSPHRASE
      : readSecretLine(passphraseFile, '--passphrase-file')
  return text === '' ? undefined : text
}

/** For trackers only one that `left secret` made. */
function secretOf(file: string, isTracked: boolean): Uint8Array {
  const line = readSecretLine(file, '--secret-file')
  const secret = Buffer.from(line)
  if (isTracked && strengthOf(line).strength !== 'made')
    throw new LeftError(
      'secret-unusable',
      `--tracker needs a secret that left made: with the one in ${file} a tracker, or somebody between you and it, could try sentences until one fits. ` +
        `Make one: left secret ${shellWord(file)}.new`,
    )
  if (secret.length >= SHARED_SECRET_BYTES_MIN) return new Uint8Array(secret)
  throw new LeftError(
    'secret-unusable',
    `the secret in ${file} is shorter than ${SHARED_SECRET_BYTES_MIN} bytes and could be guessed; make one with: left secret ${shellWord(file)}.new`,
  )
}

const NOBODY_TO_FIND =
  '--discover finds machines and trusts none of them for that: make a secret with left secret left.secret, copy it to all machines ' +
  'and add --secret-file left.secret on each; or trust the key of each with left trust'
